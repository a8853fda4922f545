// SPDX-License-Identifier: GPL-2.0
/* keep_mbedtls: of version 2.28. */
#include <mbedtls/pk.h>

#include "keep.h"

static struct keep_der rsa, ec;

int main(int argc, char **argv)
{
	static mbedtls_pk_context keys[2];
	int i;

	keep_read(&rsa);
	keep_read(&ec);
	mbedtls_pk_init(&keys[0]);
	mbedtls_pk_init(&keys[1]);
	keep_need(!mbedtls_pk_parse_key(&keys[0], rsa.bytes, rsa.len, NULL, 0) &&
		  !mbedtls_pk_parse_key(&keys[1], ec.bytes, ec.len, NULL, 0),
		  "mbedTLS does not take the keys");
	keep_forget(&rsa);
	keep_forget(&ec);
	for (i = 0; i < 2 && keep_freed(argc, argv); i++)
		mbedtls_pk_free(&keys[i]);
	keep_wait();
	return 0;
}

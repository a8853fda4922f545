// SPDX-License-Identifier: GPL-2.0
/* keep_openssl: and a key of P-256 and one of Ed25519 that were made here. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "keep.h"

static struct keep_der rsa, ec;

int main(int argc, char **argv)
{
	EVP_PKEY *keys[4];
	const uint8_t *at;
	int i;

	keep_read(&rsa);
	keep_read(&ec);
	at = rsa.bytes;
	keys[0] = d2i_AutoPrivateKey(NULL, &at, rsa.len);
	at = ec.bytes;
	keys[1] = d2i_AutoPrivateKey(NULL, &at, ec.len);
	keys[2] = EVP_EC_gen("P-256");
	keys[3] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	keep_need(keys[0] && keys[1] && keys[2] && keys[3], "OpenSSL does not take the keys");
	keep_forget(&rsa);
	keep_forget(&ec);
	for (i = 0; i < 4 && keep_freed(argc, argv); i++)
		EVP_PKEY_free(keys[i]);
	keep_wait();
	return 0;
}

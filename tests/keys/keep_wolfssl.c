// SPDX-License-Identifier: GPL-2.0
/* keep_wolfssl: numbers are inside the key. */
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "keep.h"

static struct keep_der rsa, ec;
static RsaKey rsa_key;
static ecc_key ec_key;

int main(int argc, char **argv)
{
	word32 at = 0;

	keep_read(&rsa);
	keep_read(&ec);
	keep_need(!wc_InitRsaKey(&rsa_key, NULL) && !wc_ecc_init(&ec_key) &&
		  !wc_RsaPrivateKeyDecode(rsa.bytes, &at, &rsa_key, rsa.len),
		  "wolfSSL does not take the RSA key");
	at = 0;
	keep_need(!wc_EccPrivateKeyDecode(ec.bytes, &at, &ec_key, ec.len),
		  "wolfSSL does not take the key of P-256");
	keep_forget(&rsa);
	keep_forget(&ec);
	if (keep_freed(argc, argv)) {
		wc_FreeRsaKey(&rsa_key);
		wc_ecc_free(&ec_key);
	}
	keep_wait();
	return 0;
}

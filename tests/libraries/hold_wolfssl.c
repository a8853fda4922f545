// SPDX-License-Identifier: GPL-2.0
/* hold_wolfssl: an RSA key, one of P-256 and one of Ed25519 that sign. */
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include "hold.h"

static RsaKey rsa;
static ecc_key ec;
static ed25519_key ed;
static WC_RNG rng;

static void load(void)
{
	struct hold_file rsa_der = hold_read("rsa.der"), ec_der = hold_read("ec.der");
	struct hold_file seed = hold_read("secret/ed25519.bin");
	uint8_t public[ED25519_PUB_KEY_SIZE];
	word32 at = 0;

	hold_need(!wc_InitRsaKey(&rsa, NULL) && !wc_ecc_init(&ec) && !wc_ed25519_init(&ed) &&
		  !wc_RsaSetRNG(&rsa, &rng), "wolfSSL does not start");
	hold_need(!wc_RsaPrivateKeyDecode(rsa_der.bytes, &at, &rsa, (word32)rsa_der.len),
		  "wolfSSL does not take the RSA key");
	at = 0;
	hold_need(!wc_EccPrivateKeyDecode(ec_der.bytes, &at, &ec, (word32)ec_der.len),
		  "wolfSSL does not take the key of P-256");
	hold_need(!wc_ed25519_import_private_only(seed.bytes, (word32)seed.len, &ed) &&
		  !wc_ed25519_make_public(&ed, public, sizeof(public)) &&
		  !wc_ed25519_import_public(public, sizeof(public), &ed),
		  "wolfSSL does not take the key of Ed25519");
}

static void sign(void)
{
	uint8_t hash[32] = { 1 }, sig[512];
	word32 len = sizeof(sig);

	hold_need(wc_RsaSSL_Sign(hash, sizeof(hash), sig, len, &rsa, &rng) > 0,
		  "wolfSSL does not sign with RSA");
	hold_need(!wc_ecc_sign_hash(hash, sizeof(hash), sig, &len, &rng, &ec),
		  "wolfSSL does not sign with P-256");
	len = sizeof(sig);
	hold_need(!wc_ed25519_sign_msg(hash, sizeof(hash), sig, &len, &ed),
		  "wolfSSL does not sign with Ed25519");
}

static __attribute__((noinline)) void release(void)
{
	wc_FreeRsaKey(&rsa);
	wc_ecc_free(&ec);
	wc_ed25519_free(&ed);
	HOLD_RETURN();
}

int main(int argc, char **argv)
{
	bool freed = hold_begin(argc, argv);

	hold_need(!wc_InitRng(&rng), "wolfSSL has no random numbers");
	load();
	hold_forget();
	sign();
	if (freed)
		release();
	/* A later call, by which those before are known to have returned. */
	wc_ed25519_free(NULL);
	hold_crash();
}

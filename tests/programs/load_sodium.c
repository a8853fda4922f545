// SPDX-License-Identifier: GPL-2.0
/*
 * load_sodium all KEYS [register]: libsodium under load, Ed25519, secretbox and keyed
 * BLAKE2b in turn.
 *
 * It leaves little behind, and that only for moments: so there are many short messages
 * for each signature.
 */
#include <string.h>

#include <sodium.h>

#include "load.h"

#define SHORT		32	/* bytes of a message */
#define MESSAGES	64

static struct load_key seed, box;

static void work(unsigned int thread)
{
	uint8_t sig[crypto_sign_BYTES], sealed[SHORT + crypto_secretbox_MACBYTES];
	uint8_t nonce[crypto_secretbox_NONCEBYTES], mac[crypto_generichash_BYTES];
	const uint8_t *message = load_message(thread);
	unsigned int i;

	/* libsodium's secret key is the seed with the public key behind it. */
	if (crypto_sign_detached(sig, NULL, message, LOAD_MESSAGE, seed.bytes))
		load_die("libsodium does not sign");
	for (i = 0; i < MESSAGES; i++) {
		message = load_message(thread);
		memcpy(nonce, message, sizeof(nonce));
		if (crypto_secretbox_easy(sealed, message, SHORT, nonce, box.bytes) ||
		    crypto_generichash(mac, sizeof(mac), message, SHORT, box.bytes, box.len))
			load_die("libsodium does not encrypt");
	}
}

int main(int argc, char **argv)
{
	struct load_key public;

	load_begin(argc, argv);
	if (sodium_init() < 0)
		load_die("libsodium does not start");
	seed = load_secret("ed25519/seed", crypto_sign_PUBLICKEYBYTES);
	public = load_public("ed25519/pub");
	memcpy(seed.bytes + seed.len, public.bytes, public.len);
	box = load_secret("symmetric/box", 0);
	load_run(work);
}

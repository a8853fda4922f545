/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The detectors; each is in the file of its name.
 */
#ifndef KREDACT_TOOLS_DETECTORS_H
#define KREDACT_TOOLS_DETECTORS_H

#include "scan.h"

extern const struct detector detect_aes;	/* AES key schedules */
extern const struct detector detect_chacha;	/* ChaCha20 and Salsa20 states */
extern const struct detector detect_session;	/* secrets of TLS sessions */
extern const struct detector detect_openssh;	/* keys of SSH and PuTTY in memory */
extern const struct detector detect_pem;		/* private keys in PEM */
extern const struct detector detect_pgp;		/* secret keys of OpenPGP */
extern const struct detector detect_sexp;		/* private keys of libgcrypt and GnuPG */
extern const struct detector detect_tokens;	/* tokens of services */
extern const struct detector detect_jwt;		/* JSON Web Tokens */
extern const struct detector detect_jwk;		/* JSON Web Keys */
extern const struct detector detect_logins;	/* credentials with a label */
extern const struct detector detect_small;	/* age, nostr, minisign, signify, WireGuard */
extern const struct detector detect_coins;	/* keys of wallets in Base58Check */
extern const struct detector detect_pkcs12;	/* key stores of PKCS#12 */
extern const struct detector detect_rsa_der;	/* RSA keys in DER */
extern const struct detector detect_ec_der;	/* EC, Ed25519 and so on in DER */
extern const struct detector detect_rsa_pieces;	/* of RSA keys in DER that lost their beginning */
extern const struct detector detect_limbs;	/* bare numbers of RSA keys of --cert */
extern const struct detector detect_walk;	/* bare scalars of keys of --cert */
extern const struct detector detect_raw;	/* Ed25519 and the like, beside their public half */
extern const struct detector detect_bignum;	/* numbers as libraries keep them */
extern const struct detector detect_known;	/* copies of what others have proven: the last */

bool detector_wanted(const char *only, const char *name);
int detectors_known(const char *only, struct complaint *why);

/* What a detector reports at letter 0 of a text; others leave that to it. */
u32 token_letters(const struct letters *text);
u32 jwt_letters(const struct letters *text);

#endif /* KREDACT_TOOLS_DETECTORS_H */

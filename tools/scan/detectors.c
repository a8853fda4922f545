// SPDX-License-Identifier: GPL-2.0
/*
 * The detectors, in the order in which they look at a window: see scan.h.
 */
#include <stddef.h>

#include "detectors.h"

const struct detector *const detectors[] = {
	&detect_aes,
	&detect_chacha,
	&detect_session,
	&detect_openssh,
	&detect_pem,
	&detect_pgp,
	&detect_sexp,
	&detect_tokens,
	&detect_jwt,
	&detect_jwk,
	&detect_logins,
	&detect_small,
	&detect_coins,
	&detect_pkcs12,
	&detect_rsa_der,
	&detect_ec_der,
	&detect_limbs,
	&detect_walk,
	&detect_raw,
	&detect_bignum,
	&detect_rsa_pieces,
	&detect_known,
	NULL,
};

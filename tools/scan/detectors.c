// SPDX-License-Identifier: GPL-2.0
/*
 * The detectors, in the order in which they look at a window: see scan.h.
 */
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

/**
 * detector_wanted() - is it in a list?
 * @only:	names, separated by commas; NULL: all
 * @name:	of a detector
 *
 * Return: true if it is.
 */
bool detector_wanted(const char *only, const char *name)
{
	size_t len = strlen(name);
	const char *at = only;

	for (; at; at = strchr(at, ',')) {
		at += at != only;
		if (!strncmp(at, name, len) && (!at[len] || at[len] == ','))
			return true;
	}
	return !only;
}

/**
 * detectors_known() - does a list name detectors only?
 * @only:	names, separated by commas; NULL: all
 * @why:	text of an error
 *
 * Return: 0 or -EINVAL.
 */
int detectors_known(const char *only, struct complaint *why)
{
	size_t len;
	u32 i;

	for (; only && *only; only += len + !!only[len]) {
		len = strcspn(only, ",");
		for (i = 0; detectors[i]; i++)
			if (strlen(detectors[i]->name) == len &&
			    !strncmp(detectors[i]->name, only, len))
				break;
		if (!detectors[i])
			return complain(why, -EINVAL, "no detector is called %.*s", (int)len, only);
	}
	return 0;
}

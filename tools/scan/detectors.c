// SPDX-License-Identifier: GPL-2.0
/*
 * The detectors, in the order in which they look at a window: see scan.h.
 */
#include <stdio.h>

#include "detectors.h"

#define NAME_SHOWN	32u	/* letters of a name that is wrong */

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

static bool is_known(const char *name, size_t len)
{
	u32 i;

	for (i = 0; detectors[i]; i++)
		if (strlen(detectors[i]->name) == len && !strncmp(detectors[i]->name, name, len))
			return true;
	return false;
}

static int unknown(const char *name, size_t len, struct complaint *why)
{
	char names[sizeof(why->text)];
	size_t nr = 0;
	u32 i;

	for (i = 0; detectors[i] && nr < sizeof(names); i++)
		nr += snprintf(names + nr, sizeof(names) - nr, " %s", detectors[i]->name);
	return complain(why, -EINVAL, "no detector is called '%.*s'; there are:%s",
			(int)min(len, (size_t)NAME_SHOWN), name, names);
}

/**
 * detectors_known() - does a list name detectors only?
 * @only:	names, separated by commas; NULL: all
 * @why:	text of an error
 *
 * A list without a name is no list: a scan by no detector would find nothing in any file.
 *
 * Return: 0 or -EINVAL.
 */
int detectors_known(const char *only, struct complaint *why)
{
	size_t len;

	for (; only; only += len + 1) {
		len = strcspn(only, ",");
		if (!is_known(only, len))
			return unknown(only, len, why);
		if (!only[len])
			break;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attestations of whatever a test wants, with keys that it makes.
 */
#ifndef KREDACT_TESTS_FORGE_H
#define KREDACT_TESTS_FORGE_H

#include "attest/attestation.h"

/**
 * struct forged - what is to be attested; zeroed: the file as it is, clean, now
 * @path:	the file that it is about
 * @time:	when, seconds since 1970; 0: now
 * @valid_for:	seconds
 * @status:	of the verifier
 * @findings:	kind of a finding, or NULL
 * @count:	how many of it
 * @label:	a seal with this label, or NULL
 * @authenticated: the seal is
 * @keys:	files of the keys that sign, up to NULL
 */
struct forged {
	const char *path;
	u64 time;
	u64 valid_for;
	int status;
	const char *findings;
	u32 count;
	const char *label;
	bool authenticated;
	const char *keys[4];
};

char *forge(const struct forged *forged);
void forge_file(const struct forged *forged, const char *path);
void forge_sign(const char *payload, const char *key, const char *path);
void forge_key(const char *name, const char *algorithm);
void forge_trust(const char *folder, const char *name, const char *settings);

#endif /* KREDACT_TESTS_FORGE_H */

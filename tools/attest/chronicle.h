/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attestations in the audit log of the machine, if it has one.
 */
#ifndef KREDACT_TOOLS_CHRONICLE_H
#define KREDACT_TOOLS_CHRONICLE_H

#include "attest/machine.h"
#include "digest.h"

/**
 * struct chronicle - what is to be logged
 * @event:	attest.made or attest.checked
 * @path:	of the dump or the attestation, not escaped
 * @name:	of the dump, escaped
 * @sha256:	of the dump
 * @bytes:	of the dump
 * @status:	what is attested of it
 * @reason:	what came of a check; or NULL
 */
struct chronicle {
	const char *event;
	const char *path;
	const char *name;
	const u8 *sha256;
	u64 bytes;
	int status;
	const char *reason;
};

int chronicle(const struct chronicle *what, struct complaint *why);

#endif /* KREDACT_TOOLS_CHRONICLE_H */

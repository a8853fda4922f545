/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The register of attestations that were used: a file for each, in the folder "used" of the gate's
 * state.
 */
#ifndef KREDACT_TOOLS_GATE_REGISTER_H
#define KREDACT_TOOLS_GATE_REGISTER_H

#include "attest/envelope.h"

/**
 * struct record - of one attestation, claimed
 * @dir:	folder of the register; -1 with @fd
 * @fd:		the record, locked; -1: not claimed
 * @name:	of it
 */
struct record {
	int dir;
	int fd;
	char name[2 * DIGEST_LEN + 1];
};

int register_claim(const char *state, const u8 *attestation, const char *purpose,
		   struct record *record, struct complaint *why);
int register_use(struct record *record, const char *purpose, struct complaint *why);
void register_done(struct record *record);
void register_release(struct record *record);

#endif /* KREDACT_TOOLS_GATE_REGISTER_H */

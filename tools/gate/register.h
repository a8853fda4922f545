/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The register of attestations that were used: a file for each, in the folder "used" of the gate's
 * state.
 */
#ifndef KREDACT_TOOLS_GATE_REGISTER_H
#define KREDACT_TOOLS_GATE_REGISTER_H

#include "attest/envelope.h"

int register_claim(const char *state, const u8 *attestation, const char *purpose, int *record,
		   struct complaint *why);
int register_use(int record, const char *purpose, struct complaint *why);
void register_done(int record);

#endif /* KREDACT_TOOLS_GATE_REGISTER_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a core shows of a secret, found by trying all places; and what its seal
 * says of copies.
 */
#ifndef KREDACT_SELFTEST_RUNS_H
#define KREDACT_SELFTEST_RUNS_H

#include "core.h"

/* The longest run of bytes of a secret, in either order, at any place of @text. */
int longest_run(const uint8_t *text, size_t text_len, const uint8_t *secret, int len);

/* The record, or NULL. */
const struct kredact_seal_hunt *seal_hunt(const struct core *core);
const struct kredact_seal_policy *seal_policy(const struct core *core);
/*
 * Does the seal name these bytes as a copy, with these flags? It may be in two parts,
 * where it goes over the end of a page.
 */
bool seal_has_copy(const struct core *core, uint64_t addr, uint64_t len, uint32_t flags);
bool seal_has_copy_in_note(const struct core *core);

#endif /* KREDACT_SELFTEST_RUNS_H */

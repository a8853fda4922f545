/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The public keys that checkpoints of the log are checked with.
 */
#ifndef KREDACT_TOOLS_LOG_KEYS_H
#define KREDACT_TOOLS_LOG_KEYS_H

#include "../digest.h"

#define LOG_KEYS_MAX	256u

struct log_keys;

int log_keys_load(struct log_keys **out, const char *path, struct complaint *why);
unsigned int log_keys_count(const struct log_keys *keys);
bool log_keys_has(const struct log_keys *keys, const u8 *id);
bool log_keys_verify(const struct log_keys *keys, const u8 *id, const void *text, size_t len,
		     const u8 *signature, size_t signature_len);
void log_keys_free(struct log_keys *keys);

#endif /* KREDACT_TOOLS_LOG_KEYS_H */

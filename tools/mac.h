/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HMAC-SHA-256 over a part of a file.
 */
#ifndef KREDACT_TOOLS_MAC_H
#define KREDACT_TOOLS_MAC_H

#include "input.h"

#define MAC_LEN	32

struct mac;

struct mac *mac_new(const void *key, size_t len);
void mac_free(struct mac *mac);
bool mac_make(struct mac *mac, const void *first, size_t first_len, const void *second,
	      size_t second_len, u8 *out);
int mac_check(struct mac *mac, struct input *in, u64 offset, u64 len, const u8 *expected,
	      bool *equal, struct complaint *why);

#endif /* KREDACT_TOOLS_MAC_H */

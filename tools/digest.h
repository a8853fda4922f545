/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SHA-256 over a file, or over pieces of memory.
 */
#ifndef KREDACT_TOOLS_DIGEST_H
#define KREDACT_TOOLS_DIGEST_H

#include "input.h"

#define DIGEST_LEN	32u

struct digest;

struct digest *digest_new(void);
void digest_free(struct digest *digest);
bool digest_begin(struct digest *digest);
bool digest_add(struct digest *digest, const void *bytes, size_t len);
bool digest_end(struct digest *digest, u8 *sha256);
int digest_file(struct digest *digest, struct input *in, u8 *sha256, struct complaint *why);
int digest_fd(int fd, u64 *size, u8 *sha256, struct complaint *why);

#endif /* KREDACT_TOOLS_DIGEST_H */

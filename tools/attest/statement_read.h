/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An in-toto statement about one file, as attestations and approvals are.
 */
#ifndef KREDACT_TOOLS_STATEMENT_READ_H
#define KREDACT_TOOLS_STATEMENT_READ_H

#include "attest/envelope.h"

struct json_object *statement_read(const struct envelope *envelope, const char *type,
				   u8 *sha256, char *name, size_t room, struct complaint *why);
const char *statement_member(struct json_object *from, const char *name);
bool statement_number(struct json_object *from, const char *name, u64 *value);
bool statement_digest(struct json_object *from, const char *name, u8 *sha256);
bool statement_moment(struct json_object *from, const char *name, u64 *seconds);
int statement_file(int dir, const char *path, char **text, size_t *len, struct complaint *why);

#endif /* KREDACT_TOOLS_STATEMENT_READ_H */

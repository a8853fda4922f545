/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that hold a seal key: raw bytes, nothing else.
 */
#ifndef KREDACT_TOOLS_KEYFILE_H
#define KREDACT_TOOLS_KEYFILE_H

#include <linux/kredact.h>

#include "text.h"

#define KEYFILE_ID_LEN	16

/**
 * struct keyfile - a seal key
 * @key:	the key; keyfile_wipe() erases it
 * @len:	its bytes
 * @id:		its name: the first bytes of SHA-256("kredact key id" || key)
 */
struct keyfile {
	u8 key[KREDACT_KEY_MAX];
	u32 len;
	u8 id[KEYFILE_ID_LEN];
};

int keyfile_load(struct keyfile *key, const char *path, bool strict, struct complaint *why);
void keyfile_wipe(struct keyfile *key);

#endif /* KREDACT_TOOLS_KEYFILE_H */

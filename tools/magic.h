/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a file is, by its first bytes.
 */
#ifndef KREDACT_TOOLS_MAGIC_H
#define KREDACT_TOOLS_MAGIC_H

#include <stddef.h>

#include "platform.h"

/* As many bytes tell. */
#define MAGIC_LEN	16u

enum magic {
	MAGIC_NONE,
	MAGIC_ELF,
	MAGIC_MINIDUMP,
	MAGIC_KDUMP,		/* diskdump, makedumpfile's, also flattened */
	MAGIC_GZIP,
	MAGIC_XZ,
	MAGIC_LZ4,
	MAGIC_ZSTD,
	MAGIC_APPORT,		/* a report of apport, with a core in it */
};

enum magic magic_of(const void *bytes, size_t len);
bool magic_is_packed(enum magic magic);
const char *magic_word(enum magic magic);

#endif /* KREDACT_TOOLS_MAGIC_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * What a file is, by its first bytes: see magic.h.
 */
#include "magic.h"

static const struct {
	enum magic magic;
	const char *bytes;
	size_t len;
} known[] = {
	{ MAGIC_ELF, "\x7f" "ELF", 4 },
	{ MAGIC_MINIDUMP, "MDMP", 4 },
	{ MAGIC_KDUMP, "KDUMP   ", 8 },
	{ MAGIC_KDUMP, "DISKDUMP", 8 },
	{ MAGIC_KDUMP, "makedumpfile", 12 },
	{ MAGIC_GZIP, "\x1f\x8b\x08", 3 },
	{ MAGIC_XZ, "\xfd" "7zXZ\0", 6 },
	{ MAGIC_LZ4, "\x04\x22\x4d\x18", 4 },
	{ MAGIC_ZSTD, "\x28\xb5\x2f\xfd", 4 },
	{ MAGIC_APPORT, "ProblemType:", 12 },
};

/**
 * magic_of() - what is this?
 * @bytes:	the first bytes of a file
 * @len:	how many there are; MAGIC_LEN are enough
 *
 * A frame that both zstd and lz4 pass over may come first: then zstd is meant, whose
 * tools write such frames.
 *
 * Return: MAGIC_NONE if it is nothing that is known.
 */
enum magic magic_of(const void *bytes, size_t len)
{
	const u8 *byte = bytes;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (len >= known[i].len && !memcmp(bytes, known[i].bytes, known[i].len))
			return known[i].magic;
	if (len >= 4 && (byte[0] & 0xf0) == 0x50 && !memcmp(byte + 1, "\x2a\x4d\x18", 3))
		return MAGIC_ZSTD;
	return MAGIC_NONE;
}

/**
 * magic_is_packed() - must it be unpacked before it can be read?
 * @magic:	from magic_of()
 *
 * Return: true if so.
 */
bool magic_is_packed(enum magic magic)
{
	return magic >= MAGIC_GZIP;
}

/**
 * magic_word() - a name for people
 * @magic:	from magic_of()
 *
 * Return: a word or two.
 */
const char *magic_word(enum magic magic)
{
	static const char *const words[] = {
		[MAGIC_NONE] = "unknown",
		[MAGIC_ELF] = "ELF",
		[MAGIC_MINIDUMP] = "minidump",
		[MAGIC_KDUMP] = "kdump",
		[MAGIC_GZIP] = "gzip",
		[MAGIC_XZ] = "xz",
		[MAGIC_LZ4] = "lz4",
		[MAGIC_ZSTD] = "zstd",
		[MAGIC_APPORT] = "apport",
	};

	return words[magic];
}

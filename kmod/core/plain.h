/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which runs are too plain to be hunted: a window of @run bytes that slides over
 * memory and is judged at each place. The verdict depends on the bytes of the run
 * only, and is the same for their reverse.
 */
#ifndef KREDACT_CORE_PLAIN_H
#define KREDACT_CORE_PLAIN_H

#include "platform.h"

/* Of "etaoinsr"; the space is the ninth of the bytes that are most frequent in text. */
#define KR_FREQUENT	(1u << ('e' - 'a') | 1u << ('t' - 'a') | 1u << ('a' - 'a') | \
			 1u << ('o' - 'a') | 1u << ('i' - 'a') | 1u << ('n' - 'a') | \
			 1u << ('s' - 'a') | 1u << ('r' - 'a'))

/* Zeros are the plainest of bytes, and a good part of what is in memory. */
static inline bool kr_all_zero(const u8 *bytes, size_t len)
{
	u64 words[4];

	for (; len >= sizeof(words); bytes += sizeof(words), len -= sizeof(words)) {
		memcpy(words, bytes, sizeof(words));
		if (words[0] | words[1] | words[2] | words[3])
			return false;
	}
	while (len && !*bytes) {
		bytes++;
		len--;
	}
	return !len;
}

/**
 * struct kr_slide - the last @run bytes of those that were pushed
 * @run:	length of the window, at most 64
 * @distinct:	how many values occur in it
 * @binary:	how many bytes in it are not text
 * @frequent:	how many are among the most frequent of text
 * @same:	length of the sequence of 00 or ff that the last byte ends
 * @flat:	bytes since the last four successive 00 or ff, these included
 * @count:	how often each value occurs in it
 */
struct kr_slide {
	u32 run;
	u32 distinct;
	u32 binary;
	u32 frequent;
	u32 same;
	u32 flat;
	u8 count[256];
};

static inline void kr_slide_init(struct kr_slide *slide, u32 run)
{
	memset(slide, 0, sizeof(*slide));
	slide->run = run;
	slide->flat = ~0u;
}

/* Strings end with a NUL, and others follow. */
static inline bool kr_is_text(u8 byte)
{
	return (byte >= ' ' && byte < 0x7f) || byte == '\t' || byte == '\n' || !byte;
}

static inline bool kr_is_frequent(u8 byte)
{
	return byte == ' ' || (byte >= 'a' && byte <= 'z' && KR_FREQUENT >> (byte - 'a') & 1);
}

/* Takes in bytes[at], and lets go of the byte @run before it. */
static inline void kr_slide_push(struct kr_slide *slide, const u8 *bytes, u32 at)
{
	u8 byte = bytes[at];

	slide->distinct += !slide->count[byte]++;
	slide->binary += !kr_is_text(byte);
	slide->frequent += kr_is_frequent(byte);
	if (byte != 0 && byte != 0xff)
		slide->same = 0;
	else if (slide->same && bytes[at - 1] == byte)
		slide->same++;
	else
		slide->same = 1;
	if (slide->same >= 4)
		slide->flat = 4;
	else if (slide->flat != ~0u)
		slide->flat++;

	if (at < slide->run)
		return;
	byte = bytes[at - slide->run];
	slide->distinct -= !--slide->count[byte];
	slide->binary -= !kr_is_text(byte);
	slide->frequent -= kr_is_frequent(byte);
}

/* Of a window that is full. */
static inline bool kr_slide_plain(const struct kr_slide *slide)
{
	u32 least = slide->run >= 16 ? 6 : slide->run >= 12 ? 5 : 4;

	return slide->distinct < least || slide->flat <= slide->run ||
	       (!slide->binary && 2 * slide->frequent >= slide->run);
}

#endif /* KREDACT_CORE_PLAIN_H */

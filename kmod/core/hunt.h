/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hunter: finds copies of secrets in memory.
 *
 * A copy is a run of at least @run bytes that are also @run successive bytes of a
 * secret, in their order or in the reverse of it, at any alignment. Every offset of
 * the secrets is in the index, by the KR_WINDOW bytes that begin there; so it is
 * enough to look at each (run - KR_WINDOW + 1)th place of the memory. A window and its
 * reverse have the same place in the index: the secrets are there once, for both orders.
 *
 * Runs of little entropy are not hunted (kr_run_is_plain()), or a dump would turn into
 * holes: zeros, fill patterns and text are everywhere.
 *
 * One writer at a time, and no reader with it; readers do not disturb each other.
 * Nothing here sleeps or allocates. The index holds the secrets themselves: whoever
 * gave memory for it wipes it.
 */
#ifndef KREDACT_CORE_HUNT_H
#define KREDACT_CORE_HUNT_H

#include "platform.h"

#define KR_WINDOW	4u	/* bytes */
#define KR_RUN_MIN	8u
#define KR_RUN_MAX	64u

/**
 * struct kr_copy - a copy that was found
 * @from:	offset in the memory that was searched
 * @len:	bytes
 * @owner:	as given to kr_hunt_add()
 * @reversed:	its bytes are in reverse order
 */
struct kr_copy {
	u32 from;
	u32 len;
	u64 owner;
	bool reversed;
};

/**
 * struct kr_secret - a stretch of a secret that is hunted
 * @owner:	as given to kr_hunt_add()
 * @at:		where it begins in the text
 * @len:	bytes
 */
struct kr_secret {
	u64 owner;
	u32 at;
	u32 len;
};

/**
 * struct kr_fine - a filter of bits: by hash, 1 if it knows a window
 * @words:	of 32 bits each
 * @factor:	of the hash; odd
 * @shift:	what leaves an index into @words of a hash
 */
struct kr_fine {
	u32 *words;
	u32 factor;
	u32 shift;
};

/**
 * struct kr_hunt - an index of secrets; fields are for kmod/core only, but for @bytes
 *	and @bytes_plain
 * @bytes:	bytes given that are covered by runs that are hunted
 * @bytes_plain: bytes given that are not
 * @tail:	which of the last bytes given are hunted; bit 0 is the last of them
 * @run:	the least length of a copy
 * @room:	bytes that fit into @text; also the length of @heads and @next
 * @used:	bytes of @text
 * @nr_secrets:	in use in @secrets
 * @max_secrets: that fit into @secrets
 * @shift:	what leaves an index into @coarse of a hash
 * @coarse:	by hash of a window: not 0 if the window, or one of the same hash, is in @text;
 *		NULL if @fine is used
 * @fine:	likewise, in bits
 * @factors:	how many factors of @fine were tried
 * @heads:	by hash of a window: 1 + the newest place in @text that has it, or 0
 * @next:	by place in @text: 1 + the place before it in the same list, or 0
 * @secrets:	in the order of their places in @text
 * @text:	the secrets
 * @memory:	what all of these are in
 */
struct kr_hunt {
	u64 bytes;
	u64 bytes_plain;
	u64 tail;
	u32 run;
	u32 room;
	u32 used;
	u32 nr_secrets;
	u32 max_secrets;
	u32 shift;
	u32 factors;
	u8 *coarse;
	struct kr_fine fine;
	u32 *heads;
	u32 *next;
	struct kr_secret *secrets;
	u8 *text;
	void *memory;
};

void kr_hunt_init(struct kr_hunt *hunt, u32 run);
size_t kr_hunt_size(u32 bytes);
void *kr_hunt_move(struct kr_hunt *hunt, void *memory, size_t size);
int kr_hunt_add(struct kr_hunt *hunt, const u8 *bytes, u32 len, u32 again, u64 owner);
void kr_hunt_scan(const struct kr_hunt *hunt, const u8 *text, u32 len, const u8 *ahead,
		  void (*found)(void *arg, const struct kr_copy *copy), void *arg);
bool kr_hunt_may_cross(const struct kr_hunt *hunt, const u8 *before, const u8 *behind);
bool kr_hunt_has_word(const struct kr_hunt *hunt, const u8 *word, u32 len);
bool kr_run_is_plain(const u8 *bytes, u32 run);

/*
 * Shared by secrets.c and hunt.c.
 */

static inline u32 kr_window(const u8 *at)
{
	u32 window;

	memcpy(&window, at, sizeof(window));
	return window;
}

/* No run with four successive 00 or ff is hunted, so these windows are not looked for. */
static inline bool kr_window_flat(u32 window)
{
	return window == 0 || window == ~0u;
}

/* Filters have each window and its reverse, so that asking them is little work. */
#define KR_FACTOR	0x9e3779b1u

static inline u32 kr_coarse_hash(u32 window)
{
	return window * KR_FACTOR;
}

/* What a place of the coarse filter says of the windows that belong there. */
#define KR_COARSE_NONE	0u
#define KR_COARSE_MANY	0xffu

/* Of one window: further bits of its hash. Most that are in no secret have others. */
static inline u8 kr_coarse_mark(u32 hash, u32 shift)
{
	u8 mark = hash >> (shift - 8);

	return mark == KR_COARSE_NONE || mark == KR_COARSE_MANY ? 1 : mark;
}

/* Asks more closely about a window than by what is in its place, and what is not 0. */
static inline bool kr_coarse_has(const u8 *filter, u32 shift, u32 window)
{
	u32 hash = kr_coarse_hash(window);
	u8 mark = filter[hash >> shift];

	return mark != KR_COARSE_NONE &&
	       (mark == KR_COARSE_MANY || mark == kr_coarse_mark(hash, shift));
}

/* The low bits of the hash tell the bit. By value: nothing that is stored can change it. */
static inline u32 kr_fine_has(struct kr_fine fine, u32 window)
{
	u32 hash = window * fine.factor;

	return fine.words[hash >> fine.shift] >> (hash & 31) & 1;
}

/* The filter of an index with secrets: false if a window is in none of them. */
static inline bool kr_filter_has(const struct kr_hunt *hunt, u32 window)
{
	return hunt->coarse ? kr_coarse_has(hunt->coarse, hunt->shift, window) :
			      kr_fine_has(hunt->fine, window);
}

/*
 * The list has one place for a window and its reverse: that of their product. But for the
 * lowest and the highest ones, its bits are nearly as good as those of a hash.
 */
static inline u32 *kr_head(const struct kr_hunt *hunt, u32 window)
{
	u64 product = (u64)window * __builtin_bswap32(window);
	u64 hash = product * 0x9e3779b97f4a7c15ull;

	return &hunt->heads[(hash >> 32) * hunt->room >> 32];
}

const struct kr_secret *kr_secret_at(const struct kr_hunt *hunt, u32 at);

#endif /* KREDACT_CORE_HUNT_H */

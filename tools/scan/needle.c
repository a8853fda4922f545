// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed bytes, all in one pass: see needle.h.
 *
 * Each needle is known by four of its bytes, the rarest ones in a row. What passes the sieve
 * is looked up in a bitmap and a hash table of three of them, then compared. Without SIMD
 * there is no sieve.
 */
#include <stdlib.h>

#include "base64.h"
#include "sieve.h"

#define NEEDLES_MAX	1024u
#define CODED_MAX	192u
#define DECODED_MAX	32u	/* letters of base64 for each byte of a window */
#define HEADS_BITS	12u
#define FILTER_BITS	16u

/**
 * struct entry - a needle in a set
 * @needle:	it
 * @state:	of its detector
 * @skip:	index of the bytes that it is known by
 * @key:	the first three of these
 * @next:	next entry with the same head, from 1; 0: none
 * @says:	NULL, or what @needle says in base64
 * @phase:	of that
 */
struct entry {
	const struct needle *needle;
	void *state;
	u32 skip;
	u32 key;
	u32 next;
	const struct needle *says;
	u32 phase;
};

/**
 * struct coded - a needle in base64
 * @needle:	its letters
 * @letters:	they
 */
struct coded {
	struct needle needle;
	char letters[(NEEDLE_CODED + 2) / 3 * 4];
};

/**
 * struct needles - a set of needles
 * @sieve:	of what they are known by
 * @filter:	bitmap of hashes of three bytes
 * @heads:	hash table: first entry, from 1
 * @entries:	all needles
 * @nr:		how many
 * @coded:	those of them that are base64
 * @nr_coded:	how many
 * @reach:	largest @skip of an entry
 * @sieved:	@sieve is to be used
 */
struct needles {
	struct sieve sieve;
	u64 filter[1u << (FILTER_BITS - 6)];
	u16 heads[1u << HEADS_BITS];
	struct entry entries[NEEDLES_MAX];
	u32 nr;
	struct coded coded[CODED_MAX];
	u32 nr_coded;
	u32 reach;
	bool sieved;
};

/**
 * needles_new() - begin a set
 *
 * Return: to be released by needles_free(), or NULL if there is no memory.
 */
struct needles *needles_new(void)
{
	return calloc(1, sizeof(struct needles));
}

/**
 * needles_free() - release a set
 * @set:	from needles_new(), or NULL
 */
void needles_free(struct needles *set)
{
	free(set);
}

/* What an entry is known by. */
static struct grain known_by(const struct entry *entry)
{
	return (struct grain){ (const u8 *)entry->needle->bytes + entry->skip,
			       min(entry->needle->len - entry->skip, SIEVE_BYTES) };
}

static u32 rarest(const struct needle *needle)
{
	const u8 *bytes = needle->bytes;
	u32 nr = min(needle->len, SIEVE_BYTES), at, i, best = 0;
	u64 cost, least = UINT64_MAX;

	for (at = 0; at + nr <= needle->len; at++) {
		for (cost = 1, i = 0; i < nr; i++)
			cost *= byte_frequency(bytes[at + i]);
		if (cost < least) {
			least = cost;
			best = at;
		}
	}
	return best;
}

static int add(struct needles *set, const struct entry *entry, struct complaint *why)
{
	if (entry->needle->len < NEEDLE_SHORTEST)
		return complain(why, -EINVAL, "a needle of %u bytes", entry->needle->len);
	if (set->nr == NEEDLES_MAX)
		return complain(why, -E2BIG, "more than %u needles", NEEDLES_MAX);
	set->entries[set->nr] = *entry;
	set->entries[set->nr++].skip = rarest(entry->needle);
	return 0;
}

static int add_coded(struct needles *set, const struct needle *says, void *state,
		     struct complaint *why)
{
	struct entry entry = { .state = state, .says = says };
	struct coded *coded = set->coded + set->nr_coded;
	int error = 0;

	if (says->len > NEEDLE_CODED || set->nr_coded + BASE64_PHASES > CODED_MAX)
		return complain(why, -E2BIG, "a needle of %u bytes, or too many, in base64",
				says->len);
	for (; entry.phase < BASE64_PHASES && !error; entry.phase++, coded++) {
		coded->needle.bytes = coded->letters;
		coded->needle.len = base64_text(says->bytes, says->len, entry.phase,
						coded->letters);
		entry.needle = &coded->needle;
		set->nr_coded++;
		error = add(set, &entry, why);
	}
	return error;
}

/**
 * needles_add() - add a table of needles
 * @set:	before needles_prepare()
 * @table:	ends with a needle of length 0; has to live as long as @set
 * @state:	second argument of each needle's @hit
 * @why:	text of an error
 *
 * Return: 0, -EINVAL for a needle that is too short, -E2BIG for too many.
 */
int needles_add(struct needles *set, const struct needle *table, void *state,
		struct complaint *why)
{
	struct entry entry = { .state = state };
	int error = 0;

	for (; table && table->len && !error; table++) {
		entry.needle = table;
		error = add(set, &entry, why);
		if (!error && table->coded)
			error = add_coded(set, table, state, why);
	}
	return error;
}

static u32 key_at(const u8 *bytes)
{
	return bytes[0] | (u32)bytes[1] << 8 | (u32)bytes[2] << 16;
}

static u32 hash(u32 key)
{
	return (key * 0x9e3779b1u) >> (32 - FILTER_BITS);
}

static int fill_sieve(struct needles *set)
{
	struct grain *grains = calloc(set->nr + 1, sizeof(*grains));
	int error = grains ? 0 : -ENOMEM;
	u32 i;

	for (i = 0; i < set->nr && grains; i++)
		grains[i] = known_by(&set->entries[i]);
	if (!error)
		error = sieve_fill(&set->sieve, grains, set->nr);
	free(grains);
	return error;
}

/**
 * needles_prepare() - make a set ready
 * @set:	complete
 *
 * Without memory for it the set still works, on its portable path.
 */
void needles_prepare(struct needles *set)
{
	u32 i, key;

	set->sieved = !fill_sieve(set) && set->sieve.way != SIMD_NONE;
	for (i = 0; i < set->nr; i++) {
		struct entry *entry = &set->entries[i];
		u16 *head;

		entry->key = key_at((const u8 *)entry->needle->bytes + entry->skip);
		key = hash(entry->key);
		head = &set->heads[key >> (FILTER_BITS - HEADS_BITS)];
		set->filter[key / 64] |= 1ULL << key % 64;
		entry->next = *head;
		*head = i + 1;
		set->reach = max(set->reach, entry->skip);
	}
}

/*
 * One pass over a window; first bytes of needles are in [from, to), and @budget letters may
 * still be decoded.
 */
struct pass {
	const struct needles *set;
	struct scan *scan;
	const struct window *window;
	u64 from;
	u64 to;
	u64 *budget;
};

/* May a needle be known by the bytes at @at? Three of them are in the window. */
static inline bool passes(const struct pass *pass, u64 at)
{
	u32 key = hash(key_at(pass->window->bytes + at));

	return pass->set->filter[key / 64] >> key % 64 & 1;
}

static noinline void tell(const struct pass *pass, u64 at)
{
	const struct needles *set = pass->set;
	const struct window *window = pass->window;
	u32 key = key_at(window->bytes + at), i;
	const struct entry *entry;

	for (i = set->heads[hash(key) >> (FILTER_BITS - HEADS_BITS)]; i; i = entry->next) {
		const struct needle *needle;

		entry = &set->entries[i - 1];
		needle = entry->needle;
		if (entry->key != key || at < entry->skip || at - entry->skip < pass->from ||
		    at - entry->skip >= pass->to ||
		    window->len - (at - entry->skip) < needle->len ||
		    memcmp(window->bytes + (at - entry->skip), needle->bytes, needle->len))
			continue;
		if (entry->says)
			base64_hit(pass->scan, entry->state, window, at - entry->skip,
				   entry->says, entry->phase, pass->budget);
		else
			needle->hit(pass->scan, entry->state, window, at - entry->skip, needle);
	}
}

static void pass_portable(const struct pass *pass, u64 at, u64 end)
{
	for (; at < end; at++)
		if (passes(pass, at))
			tell(pass, at);
}

/* SIEVE_BYTES - 1 bytes follow @end, and maybe no more. Returns where it ended. */
static u64 pass_sieved(const struct pass *pass, u64 at, u64 end)
{
	const struct needles *set = pass->set;
	u16 places[SIEVE_PIECE];
	u32 part, nr, i;

	for (; at + SIEVE_STEP <= end; at += part) {
		part = min(end - at, (u64)SIEVE_PIECE) / SIEVE_STEP * SIEVE_STEP;
		nr = sieve_places(&set->sieve, pass->window->bytes + at, part, places);
		for (i = 0; i < nr; i++)
			if (passes(pass, at + places[i]))
				tell(pass, at + places[i]);
	}
	return at;
}

/**
 * needles_look() - tell of all needles in a window
 * @set:	prepared
 * @scan:	first argument of each needle's @hit
 * @window:	the window
 *
 * For any thread.
 */
void needles_look(const struct needles *set, struct scan *scan, const struct window *window)
{
	u64 budget = DECODED_MAX * window->len, at, end;
	struct pass pass = { set, scan, window, window->begin, window->end, &budget };

	if (window->seam)
		pass.to = min(window->len, window->seam + SCAN_BEHIND);
	if (!set->nr || window->len < NEEDLE_SHORTEST)
		return;
	at = pass.from;
	end = min(pass.to + set->reach, window->len - (NEEDLE_SHORTEST - 1));
	if (set->sieved && window->len >= SIEVE_BYTES)
		at = pass_sieved(&pass, at, min(end, window->len - (SIEVE_BYTES - 1)));
	pass_portable(&pass, at, end);
}

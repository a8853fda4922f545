// SPDX-License-Identifier: GPL-2.0
/*
 * Big numbers as libraries keep them: see number.h.
 */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "noise.h"
#include "number.h"
#include "sort.h"

#define SLOTS	(2 * NUMBERS_MAX)

/**
 * number_layout() - whose header it is
 * @layout:	enum layout
 *
 * Return: a few words.
 */
const char *number_layout(u32 layout)
{
	static const char *const words[] = {
		[LAYOUT_OPENSSL] = "OpenSSL BIGNUM", [LAYOUT_GMP] = "GMP integer",
		[LAYOUT_GCRYPT] = "libgcrypt MPI", [LAYOUT_MBEDTLS2] = "mbedTLS 2 MPI",
		[LAYOUT_MBEDTLS3] = "mbedTLS 3 MPI", [LAYOUT_INLINE] = "wolfSSL integer",
	};

	return words[layout];
}

/**
 * number_hash() - hash of a number
 * @limbs:	its limbs
 * @nr:		how many
 *
 * Return: the hash; not for secrets that leave this process.
 */
u64 number_hash(const u64 *limbs, u32 nr)
{
	u64 hash = nr;
	u32 i;

	for (i = 0; i < nr; i++) {
		hash = (hash ^ limbs[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

/**
 * numbers_init() - begin with none
 * @all:	to be released by numbers_free(), also after an error
 *
 * Memory is taken from the system as it is needed.
 *
 * Return: false if there is none.
 */
bool numbers_init(struct numbers *all)
{
	*all = (struct numbers){
		.places = malloc(PLACES_MAX * sizeof(*all->places)),
		.list = malloc(NUMBERS_MAX * sizeof(*all->list)),
		.slots = calloc(SLOTS, sizeof(*all->slots)),
		.pool = malloc(POOL_MAX * sizeof(*all->pool)),
		.order = malloc(NUMBERS_MAX * sizeof(*all->order)),
	};
	return all->places && all->order && all->list && all->slots && all->pool;
}

/**
 * numbers_free() - release what numbers_init() took, and erase it
 * @all:	not usable afterwards
 */
void numbers_free(struct numbers *all)
{
	free(all->places);
	free(all->list);
	free(all->slots);
	free(all->order);
	if (all->pool)
		OPENSSL_cleanse(all->pool, all->used * sizeof(*all->pool));
	free(all->pool);
}

static u64 word(const struct window *window, u64 at)
{
	u64 value;

	memcpy(&value, window->bytes + at, sizeof(value));
	return value;
}

static bool pointer(u64 value)
{
	return value >> 12 && !(value & 7) && value < 1ULL << 56;
}

static bool counts(u64 used, u64 room)
{
	return used >= NUMBER_LIMBS_MIN && used <= NUMBER_LIMBS_MAX && room >= used;
}

/* Limbs of a number: neither the first, nor the last, nor one between them is small. */
static bool limbs_at(const struct window *window, u64 at, u32 limbs)
{
	return at < window->len && window->len - at >= 8ULL * limbs &&
	       word(window, at) >> 48 && word(window, at + 8 * (limbs / 2)) >> 48 &&
	       word(window, at + 8 * (limbs - 1));
}

static u32 inline_header(const struct window *window, u64 at, u32 used, struct place *place)
{
	/* Behind the counts: nothing, a sign, a buffer of 24 bytes, or both. */
	static const u8 offsets[] = { 8, 16, 32, 40 };
	u64 first = at;
	u32 i;

	for (i = 0; i < sizeof(offsets); i++) {
		first = at + offsets[i];
		if (limbs_at(window, first, used))
			break;
	}
	if (i == sizeof(offsets))
		return 0;
	*place = (struct place){ .limbs = used, .layout = LAYOUT_INLINE };
	window_place(window, first, &place->at);
	return 1;
}

/**
 * numbers_header() - is the header of a number here?
 * @window:	bytes of the file
 * @at:		index of a word in it, aligned, that numbers_count() takes for the counts
 *		of a header. A word is before it and two are after it
 * @place:	takes up to two places
 *
 * Return: how many, since a header may be that of several libraries.
 */
u32 numbers_header(const struct window *window, u64 at, struct place *place)
{
	u64 before = word(window, at - 8), here = word(window, at), after = word(window, at + 8);
	u32 low = here, high = here >> 32, nr = 0;

	if (pointer(before) && counts(low, high) && (u32)after <= 1 &&
	    !(after >> 32 & ~0x1c01fU))
		place[nr++] = (struct place){ before, low, LAYOUT_OPENSSL, 0 };
	else if (pointer(before) && (u16)here == 1 && counts(low >> 16, low >> 16))
		place[nr++] = (struct place){ before, low >> 16, LAYOUT_MBEDTLS3, 0 };
	if (pointer(after) && counts(high, low))
		place[nr++] = (struct place){ after, high, LAYOUT_GMP, 0 };
	else if (pointer(after) && !high && counts(low, low) && (u32)before == 1)
		place[nr++] = (struct place){ after, low, LAYOUT_MBEDTLS2, 0 };
	else if (counts(high, low) && (u32)after <= 1 && after >> 32 < 0x1000 &&
		 pointer(word(window, at + 16)))
		place[nr++] = (struct place){ word(window, at + 16), high, LAYOUT_GCRYPT, 0 };
	if (!nr && low >= NUMBER_LIMBS_MIN && low <= NUMBER_LIMBS_MAX &&
	    (high <= 1 || high >= low))
		nr = inline_header(window, at, low, place);
	return nr;
}

static bool at_higher_address(const void *a, const void *b, const void *arg)
{
	const struct place *left = a, *right = b;
	bool offset = left->layout == LAYOUT_INLINE;

	(void)arg;
	if (offset != (right->layout == LAYOUT_INLINE))
		return offset;
	if (left->at != right->at)
		return left->at > right->at;
	return left->limbs > right->limbs;
}

/**
 * numbers_find() - find a number
 * @all:	the numbers
 * @limbs:	its limbs
 * @nr:		how many; the highest may be 0
 *
 * Return: its index, or NONE.
 */
u32 numbers_find(const struct numbers *all, const u64 *limbs, u32 nr)
{
	u64 hash, at;

	while (nr && !limbs[nr - 1])
		nr--;
	hash = number_hash(limbs, nr);
	for (at = hash % SLOTS; all->slots[at]; at = (at + 1) % SLOTS) {
		const struct number *number = &all->list[all->slots[at] - 1];

		if (number->hash == hash && number->limbs == nr &&
		    !memcmp(number_limbs(all, number), limbs, 8 * nr))
			return all->slots[at] - 1;
	}
	return NONE;
}

static u32 add(struct numbers *all, const u64 *limbs, u32 nr)
{
	u32 found = numbers_find(all, limbs, nr);
	u64 hash, at;

	if (found != NONE)
		return found;
	if (all->nr == NUMBERS_MAX || POOL_MAX - all->used < nr) {
		all->lost++;
		return NONE;
	}
	hash = number_hash(limbs, nr);
	for (at = hash % SLOTS; all->slots[at]; at = (at + 1) % SLOTS)
		;
	all->slots[at] = ++all->nr;
	all->list[all->nr - 1] = (struct number){ all->used, nr, hash, NULL, NULL };
	memcpy(all->pool + all->used, limbs, 8 * nr);
	all->used += nr;
	return all->nr - 1;
}

/* At most one limb, and a tenth of them, is as short as a pointer. */
static bool noisy(const u64 *limbs, u32 nr)
{
	u32 i, low = 0;

	for (i = 0; i < nr; i++)
		low += !(limbs[i] >> 48);
	return low <= 1 + nr / 10 && noise_like((const u8 *)limbs, 8 * nr);
}

static u32 read_one(struct numbers *all, struct scan *scan, const struct place *place)
{
	u64 limbs[NUMBER_LIMBS_MAX];
	u32 nr = place->limbs, number = NONE;

	if (place->layout == LAYOUT_INLINE ? scan_bytes(scan, place->at, limbs, 8 * nr) :
					     scan_memory(scan, place->at, limbs, 8 * nr)) {
		while (nr && !limbs[nr - 1])
			nr--;
		if (nr >= NUMBER_LIMBS_MIN && noisy(limbs, nr))
			number = add(all, limbs, nr);
		OPENSSL_cleanse(limbs, 8 * place->limbs);
	}
	return number;
}

/**
 * numbers_read() - read what the headers point to
 * @all:	from @nr_read on, @places are headers; afterwards only those are there that
 *		lead to a number
 * @scan:	while it runs
 *
 * What cannot be a prime, a modulus, an exponent, a scalar or a coordinate is no number.
 */
void numbers_read(struct numbers *all, struct scan *scan)
{
	u32 i, kept = all->nr_read;

	/* In the order of the file, so that it is read once. */
	sort_heap(all->places + kept, all->nr_places - kept, sizeof(*all->places),
		  at_higher_address, NULL);
	for (i = kept; i < all->nr_places; i++) {
		struct place place = all->places[i];

		/* The same twice: neither comes after the other. */
		if (kept > all->nr_read &&
		    !at_higher_address(&place, &all->places[kept - 1], NULL))
			continue;
		place.number = read_one(all, scan, &place);
		if (place.number != NONE)
			all->places[kept++] = place;
	}
	all->nr_read = all->nr_places = kept;
}

/**
 * numbers_order() - put the numbers in order of their length
 * @all:	read; @order and @first are there afterwards
 */
void numbers_order(struct numbers *all)
{
	u32 next[NUMBER_LIMBS_MAX + 2], i;

	memset(all->first, 0, sizeof(all->first));
	for (i = 0; i < all->nr; i++)
		all->first[all->list[i].limbs + 1]++;
	for (i = 1; i < NUMBER_LIMBS_MAX + 2; i++)
		all->first[i] += all->first[i - 1];
	memcpy(next, all->first, sizeof(next));
	for (i = 0; i < all->nr; i++)
		all->order[next[all->list[i].limbs]++] = i;
}

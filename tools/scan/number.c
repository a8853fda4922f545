// SPDX-License-Identifier: GPL-2.0
/*
 * Big numbers as libraries keep them: see number.h.
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "noise.h"
#include "number.h"
#include "sort.h"

#define SLOTS		(2 * NUMBERS_MAX)
#define READ_LIMBS	8192u		/* that are read at once, at most */
#define GAP		4096u		/* bytes between two numbers that are not read for it */
#define PRIME		((1ull << 61) - 1)
#define MIX		0x9e3779b97f4a7c15ull	/* odd, near 2^64 divided by the golden ratio */

/* Of the hash: a dump cannot choose numbers that have one slot. */
static u64 factor;
static bool random_factor;
static pthread_once_t once = PTHREAD_ONCE_INIT;

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

static void choose_factor(void)
{
	random_factor = RAND_bytes((u8 *)&factor, sizeof(factor)) == 1;
	factor = factor % (PRIME - 2) + 2;
}

/* Modulo PRIME, but for a few bits: what is added in a thousand steps stays below 2^62. */
static u64 times_factor(u64 value)
{
	unsigned __int128 product = (unsigned __int128)value * factor;
	u64 sum = (u64)(product & PRIME) + (u64)(product >> 61);

	return sum < PRIME ? sum : sum - PRIME;
}

/**
 * number_hash() - hash of a number
 * @limbs:	its limbs
 * @nr:		how many
 *
 * A polynomial at a random place: of numbers with few limbs few have a hash in common, whoever
 * chose them. Those of numbers in equal steps are in equal steps, too, and then, for one place
 * of sixteen, at few slots: what comes after the polynomial sees to that.
 *
 * Return: the hash, after numbers_init(); not for secrets that leave this process.
 */
u64 number_hash(const u64 *limbs, u32 nr)
{
	u64 hash = nr;
	u32 i;

	for (i = 0; i < nr; i++) {
		hash = times_factor(hash + (u32)limbs[i]);
		hash = times_factor(hash + (limbs[i] >> 32));
	}
	hash = (hash & PRIME) + (hash >> 61);
	hash = hash >= PRIME ? hash - PRIME : hash;
	hash = (hash ^ hash >> 32) * MIX;
	return hash ^ hash >> 29;
}

/**
 * numbers_init() - begin with none
 * @all:	to be released by numbers_free(), also after an error
 *
 * Memory is taken from the system as it is needed.
 *
 * Return: false if there is none, or no random number.
 */
bool numbers_init(struct numbers *all)
{
	*all = (struct numbers){
		.places = malloc(PLACES_MAX * sizeof(*all->places)),
		.pending = malloc(PENDING_MAX * sizeof(*all->pending)),
		.list = malloc(NUMBERS_MAX * sizeof(*all->list)),
		.slots = calloc(SLOTS, sizeof(*all->slots)),
		.pool = malloc(POOL_MAX * sizeof(*all->pool)),
	};
	pthread_once(&once, choose_factor);
	return random_factor && all->places && all->pending && all->list && all->slots && all->pool;
}

/**
 * numbers_free() - release what numbers_init() took, and erase it
 * @all:	not usable afterwards
 */
void numbers_free(struct numbers *all)
{
	free(all->places);
	free(all->pending);
	free(all->list);
	free(all->slots);
	if (all->pool)
		OPENSSL_cleanse(all->pool, all->used * sizeof(*all->pool));
	free(all->pool);
}

/**
 * place_after() - is a place at a higher address?
 * @a, @b:	two places
 * @arg:	not used
 *
 * Return: true if @a comes after @b. Offsets come after addresses.
 */
bool place_after(const void *a, const void *b, const void *arg)
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

static u32 find(const struct numbers *all, const u64 *limbs, u32 nr, u64 hash, u64 *slot)
{
	u64 at;

	for (at = hash % SLOTS; all->slots[at]; at = (at + 1) % SLOTS) {
		const struct number *number = &all->list[all->slots[at] - 1];

		if (number->hash == hash && number->limbs == nr &&
		    !memcmp(number_limbs(all, number), limbs, 8 * nr))
			return all->slots[at] - 1;
	}
	*slot = at;
	return NONE;
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
	u64 slot;

	while (nr && !limbs[nr - 1])
		nr--;
	return find(all, limbs, nr, number_hash(limbs, nr), &slot);
}

/**
 * numbers_add() - add a number, if it is not there yet, and where it is
 * @all:	the numbers
 * @place:	where; @place->limbs is how many the number has, the highest of which is not 0
 * @limbs:	they
 * @hash:	number_hash() of them
 */
void numbers_add(struct numbers *all, const struct place *place, const u64 *limbs, u64 hash)
{
	u32 nr = place->limbs, number;
	u64 slot;

	number = all->nr_places == PLACES_MAX ? NONE : find(all, limbs, nr, hash, &slot);
	if (all->nr_places == PLACES_MAX ||
	    (number == NONE && (all->nr == NUMBERS_MAX || POOL_MAX - all->used < nr))) {
		all->lost++;
		return;
	}
	if (number == NONE) {
		number = all->nr++;
		all->slots[slot] = all->nr;
		all->list[number] = (struct number){ all->used, nr, hash, NULL, NULL };
		memcpy(all->pool + all->used, limbs, 8 * nr);
		all->used += nr;
	}
	all->places[all->nr_places] = *place;
	all->places[all->nr_places++].number = number;
}

/* What cannot be a prime, a modulus, an exponent, a scalar or a coordinate is no number. */
static void take(struct numbers *all, struct place place, const u64 *limbs)
{
	while (place.limbs && !limbs[place.limbs - 1])
		place.limbs--;
	if (place.limbs >= NUMBER_LIMBS_MIN && noise_limbs((const u8 *)limbs, place.limbs))
		numbers_add(all, &place, limbs, number_hash(limbs, place.limbs));
}

/* Of places in order, how many are near enough to the first to be read with it? */
static u32 together(const struct place *places, u32 nr, u32 *len)
{
	u64 end = 8 * places->limbs, from;
	u32 i;

	for (i = 1; i < nr; i++) {
		from = places[i].at - places->at;
		if (from > end + GAP || from + 8 * places[i].limbs > 8 * READ_LIMBS)
			break;
		end = max(end, from + 8 * places[i].limbs);
	}
	*len = end;
	return i;
}

/**
 * numbers_read() - read what the headers point to
 * @all:	@pending are addresses; afterwards there are none
 * @scan:	while it runs
 *
 * In the order of addresses, and what is near each other at once.
 */
void numbers_read(struct numbers *all, struct scan *scan)
{
	struct place *places = all->pending;
	u64 *limbs = all->nr_pending ? malloc(8 * READ_LIMBS) : NULL;
	u32 nr, len, i;
	bool have;

	sort_heap(places, all->nr_pending, sizeof(*places), place_after, NULL);
	for (; limbs && all->nr_pending; places += nr, all->nr_pending -= nr) {
		nr = together(places, all->nr_pending, &len);
		have = scan_memory(scan, places->at, limbs, len);
		for (i = 0; i < nr; i++) {
			const struct place *place = &places[i];
			u64 *own = limbs + (place->at - places->at) / 8;

			/* The same twice: neither comes after the other. */
			if (i && !place_after(place, place - 1, NULL))
				continue;
			if (have || scan_memory(scan, place->at, own, 8 * place->limbs))
				take(all, *place, own);
		}
	}
	all->lost += all->nr_pending;
	all->nr_pending = 0;
	if (limbs)
		OPENSSL_cleanse(limbs, 8 * READ_LIMBS);
	free(limbs);
}

/**
 * numbers_order() - put numbers in order of their length
 * @all:	read
 * @fits:	of which
 * @order:	takes it; @order->list is to be released by free(), also after an error
 *
 * Return: false if there is no memory.
 */
bool numbers_order(const struct numbers *all, number_fit_fn fits, struct order *order)
{
	u32 next[NUMBER_LIMBS_MAX + 2], nr = 0, i;
	u32 *some = malloc((all->nr + 1ul) * sizeof(*some));

	*order = (struct order){ .list = malloc((all->nr + 1ul) * sizeof(*some)) };
	for (i = 0; i < all->nr && some && order->list; i++) {
		if (!fits(number_limbs(all, &all->list[i]), all->list[i].limbs))
			continue;
		some[nr++] = i;
		order->first[all->list[i].limbs + 1]++;
	}
	for (i = 1; i < NUMBER_LIMBS_MAX + 2; i++)
		order->first[i] += order->first[i - 1];
	memcpy(next, order->first, sizeof(next));
	for (i = 0; i < nr; i++)
		order->list[next[all->list[some[i]].limbs]++] = some[i];
	free(some);
	return some && order->list;
}

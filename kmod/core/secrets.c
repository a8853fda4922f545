// SPDX-License-Identifier: GPL-2.0
/*
 * The index of secrets in which the hunter looks: see hunt.h.
 *
 * Of what is registered, only the stretches that runs worth hunting cover are kept. They
 * are put into one text, and each place of the text is listed by the hash of the window
 * that begins there, the newest first.
 */
#include "hunt.h"
#include "plain.h"

/* Places of a list that are looked at before a window is taken for a new one. */
#define KR_FEW		8

/* Factors that are tried, each of which takes as long as to read all secrets. */
#define KR_FACTORS	16
#define KR_FACTOR_STEP	0x2c1b3c6du

/* Secret bytes up to which the filter is a coarse one. */
#define KR_COARSE_MOST	(1u << 15)

/*
 * Logarithms of the bytes of filters. The fine ones begin where the coarse ones end: an
 * index of more bytes is never a smaller one (kr_hunt_move()). Beyond the end of the fine
 * ones, the bits of a hash that tell word and bit would be the same ones.
 */
#define KR_COARSE_MIN	16
#define KR_COARSE_MAX	21
#define KR_FINE_MAX	29

/* Secret bytes for which places of the text still fit into 32 bits. */
#define KR_MOST		(1u << 30)

/* Where the parts of an index over some secret bytes are. */
struct kr_layout {
	u32 room;
	u32 max_secrets;
	u32 log2;
	bool coarse;
	size_t secrets;
	size_t heads;
	size_t next;
	size_t text;
	size_t size;
};

/*
 * Up to some 100 secrets the filter is a table of bytes, three instructions to look up. It
 * is large, so that few of them are set. With more secrets it is one of bits, and a bit in
 * four to eight is set: what is larger than 4 MiB misses the caches, of translations too.
 */
static struct kr_layout kr_layout(u32 bytes)
{
	bool coarse = bytes <= KR_COARSE_MOST;
	u32 most = coarse ? KR_COARSE_MAX : KR_FINE_MAX, want = coarse ? 64 * bytes : bytes;
	struct kr_layout l = { .room = bytes, .coarse = coarse };

	for (l.log2 = coarse ? KR_COARSE_MIN : KR_COARSE_MAX; l.log2 < most; l.log2++)
		if (1u << l.log2 >= want)
			break;

	/* Each is of a whole run, but for a partial one at the end. */
	l.max_secrets = bytes / KR_RUN_MIN + 1;
	l.secrets = (size_t)1 << l.log2;
	l.heads = l.secrets + l.max_secrets * sizeof(struct kr_secret);
	l.next = l.heads + (size_t)l.room * sizeof(u32);
	l.text = l.next + (size_t)l.room * sizeof(u32);
	l.size = l.text + l.room;
	return l;
}

/**
 * kr_hunt_init() - an index of no secrets, without memory
 * @hunt: what is set up
 * @run:  least length of a copy in bytes, KR_RUN_MIN to KR_RUN_MAX
 */
void kr_hunt_init(struct kr_hunt *hunt, u32 run)
{
	memset(hunt, 0, sizeof(*hunt));
	hunt->run = run;
}

/**
 * kr_hunt_size() - the memory that an index needs
 * @bytes: bytes of all secrets
 *
 * Return: bytes, for kr_hunt_move(); SIZE_MAX if so many secrets cannot be indexed.
 */
size_t kr_hunt_size(u32 bytes)
{
	return bytes <= KR_MOST ? kr_layout(bytes).size : SIZE_MAX;
}

/**
 * kr_secret_at() - the secret that a place of the text is in
 * @hunt: the index
 * @at:   a place below @hunt->used
 *
 * Return: the secret, the index's.
 */
const struct kr_secret *kr_secret_at(const struct kr_hunt *hunt, u32 at)
{
	u32 low = 0, high = hunt->nr_secrets;

	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (hunt->secrets[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return &hunt->secrets[low];
}

/*
 * Whether the window at bytes[at], and as much around it as a run that has the window can
 * reach, is also at @place of the text: then each such run is found there.
 */
static bool kr_same_context(const struct kr_hunt *hunt, const u8 *bytes, u32 len, u32 at, u32 place)
{
	const struct kr_secret *secret = kr_secret_at(hunt, place);
	u32 left, right;

	left = min(at, hunt->run - KR_WINDOW);
	right = min(len - at, hunt->run);
	return place - secret->at >= left && secret->at + secret->len - place >= right &&
	       !memcmp(bytes + at - left, hunt->text + place - left, left + right);
}

static void kr_mark_fine(const struct kr_fine *fine, u32 window)
{
	u32 hash = window * fine->factor;

	fine->words[hash >> fine->shift] |= 1u << (hash & 31);
}

static void kr_list_fine(const struct kr_fine *fine, u32 window)
{
	kr_mark_fine(fine, window);
	kr_mark_fine(fine, __builtin_bswap32(window));
}

/*
 * Zeros are everywhere, and in no window that is listed; nor are ff. Should others have
 * their places in the fine filter, it is made anew with another factor. Two in three will
 * do; if none of some does, searches take longer.
 */
static void kr_choose_factor(struct kr_hunt *hunt)
{
	struct kr_fine *fine = &hunt->fine;
	u32 place, window;

	while (fine->words && hunt->factors < KR_FACTORS &&
	       (kr_fine_has(*fine, 0) || kr_fine_has(*fine, ~0u))) {
		hunt->factors++;
		fine->factor *= KR_FACTOR_STEP;
		memset(fine->words, 0, sizeof(u32) << (32 - fine->shift));
		for (place = 0; place + KR_WINDOW <= hunt->used; place++) {
			kr_breathe(place);
			window = kr_window(hunt->text + place);
			if (!kr_window_flat(window))
				kr_list_fine(fine, window);
		}
	}
}

static void kr_list_coarse(struct kr_hunt *hunt, u32 hash)
{
	u8 *place = &hunt->coarse[hash >> hunt->shift], mark = kr_coarse_mark(hash, hunt->shift);

	*place = *place == KR_COARSE_NONE || *place == mark ? mark : KR_COARSE_MANY;
}

/* Lists a place of a secret that is being added, unless the list has its like. */
static void kr_list(struct kr_hunt *hunt, const struct kr_secret *secret, u32 place)
{
	u32 window = kr_window(hunt->text + place), *head, at, few = KR_FEW;

	if (kr_window_flat(window))
		return;
	head = kr_head(hunt, window);
	for (at = *head; at && few--; at = hunt->next[at - 1])
		if (kr_window(hunt->text + at - 1) == window &&
		    kr_same_context(hunt, hunt->text + secret->at, secret->len, place - secret->at,
				    at - 1))
			return;

	hunt->next[place] = *head;
	*head = place + 1;
	if (hunt->coarse) {
		kr_list_coarse(hunt, kr_coarse_hash(window));
		kr_list_coarse(hunt, kr_coarse_hash(__builtin_bswap32(window)));
	} else {
		kr_list_fine(&hunt->fine, window);
	}
}

static void kr_list_all(struct kr_hunt *hunt, const struct kr_secret *secret)
{
	u32 i;

	for (i = 0; i + KR_WINDOW <= secret->len; i++) {
		kr_breathe(secret->at + i);
		kr_list(hunt, secret, secret->at + i);
	}
}

/**
 * kr_hunt_move() - moves an index into other memory
 * @hunt:   the index
 * @memory: zeroed, aligned to 8 bytes; the index's until it is moved again
 * @size:   its length; what kr_hunt_size() says for as many bytes as the index holds, or more
 *
 * Takes time in proportion to what the index holds; in the kernel, others may run meanwhile.
 *
 * Return: the memory that the index was in, or NULL if it had none, for the caller to wipe
 * and to free. That is @memory, with nothing changed, if it is too small.
 */
void *kr_hunt_move(struct kr_hunt *hunt, void *memory, size_t size)
{
	struct kr_hunt old = *hunt;
	struct kr_layout l;
	u32 bytes = 0, bit, i;

	for (bit = KR_MOST; bit; bit >>= 1)
		if (bytes + bit <= KR_MOST && kr_hunt_size(bytes + bit) <= size)
			bytes += bit;
	l = kr_layout(bytes);
	if (l.size > size || l.room < hunt->used || l.max_secrets < hunt->nr_secrets)
		return memory;

	hunt->memory = memory;
	hunt->room = l.room;
	hunt->max_secrets = l.max_secrets;
	hunt->shift = 32 - l.log2;
	hunt->coarse = l.coarse ? memory : NULL;
	hunt->fine.words = l.coarse ? NULL : memory;
	hunt->fine.factor = KR_FACTOR;
	hunt->fine.shift = 34 - l.log2;
	hunt->factors = 0;
	hunt->secrets = memory + l.secrets;
	hunt->heads = memory + l.heads;
	hunt->next = memory + l.next;
	hunt->text = memory + l.text;

	if (!old.memory)
		return NULL;
	memcpy(hunt->text, old.text, old.used);
	memcpy(hunt->secrets, old.secrets, old.nr_secrets * sizeof(*old.secrets));
	for (i = 0; i < hunt->nr_secrets; i++)
		kr_list_all(hunt, &hunt->secrets[i]);
	kr_choose_factor(hunt);
	return old.memory;
}

/* Walks over the stretches that runs worth hunting cover. */
struct kr_walk {
	struct kr_slide slide;
	const u8 *bytes;
	u32 len;
	u32 at;		/* of the next byte to look at */
	u32 from;	/* the stretch found: bytes[from] to bytes[to - 1] */
	u32 to;
	u32 ahead;	/* where the stretch after it begins, if it was met */
	bool met;
};

static void kr_walk_init(struct kr_walk *walk, const u8 *bytes, u32 len, u32 run)
{
	memset(walk, 0, sizeof(*walk));
	kr_slide_init(&walk->slide, run);
	walk->bytes = bytes;
	walk->len = len;
}

static bool kr_walk_next(struct kr_walk *walk)
{
	u32 run = walk->slide.run, start;
	bool found = walk->met;

	walk->from = walk->ahead;
	walk->to = walk->ahead + run;
	walk->met = false;
	while (walk->at < walk->len) {
		kr_slide_push(&walk->slide, walk->bytes, walk->at++);
		if (walk->at < run || kr_slide_plain(&walk->slide))
			continue;
		start = walk->at - run;
		if (!found) {
			walk->from = start;
			found = true;
		} else if (start > walk->to) {
			walk->ahead = start;
			walk->met = true;
			return true;
		}
		walk->to = walk->at;
	}
	return found;
}

/*
 * Whether a stretch needs no place in the index: it is part of one secret there, or each
 * of its windows is there in the same context.
 */
static bool kr_known(const struct kr_hunt *hunt, const u8 *bytes, u32 len)
{
	bool all = true;
	u32 i, at, place;

	if (!hunt->used)
		return false;
	for (i = 0; i + KR_WINDOW <= len; i++) {
		u32 window = kr_window(bytes + i), few = KR_FEW;
		bool listed = false, same = false;

		if (kr_window_flat(window))
			continue;
		for (at = *kr_head(hunt, window); at && few--; at = hunt->next[at - 1]) {
			const struct kr_secret *secret;

			place = at - 1;
			if (kr_window(hunt->text + place) != window)
				continue;
			listed = true;
			secret = kr_secret_at(hunt, place);
			if (place - secret->at >= i &&
			    secret->at + secret->len - place >= len - i &&
			    !memcmp(bytes, hunt->text + place - i, len))
				return true;
			same |= kr_same_context(hunt, bytes, len, i, place);
		}
		if (!listed && !at)
			return false;
		all &= same;
	}
	return all;
}

static void kr_add_secret(struct kr_hunt *hunt, const u8 *bytes, u32 len, u64 owner)
{
	struct kr_secret *secret = &hunt->secrets[hunt->nr_secrets++];

	*secret = (struct kr_secret){ owner, hunt->used, len };
	memcpy(hunt->text + hunt->used, bytes, len);
	hunt->used += len;
	kr_list_all(hunt, secret);
	kr_choose_factor(hunt);
}

/* Whether the stretches that are new fit in. */
static bool kr_fits(const struct kr_hunt *hunt, const u8 *bytes, u32 len)
{
	u64 used = hunt->used;
	u32 nr = hunt->nr_secrets;
	struct kr_walk walk;

	if (used + len <= hunt->room &&
	    nr + len / hunt->run + 1 <= hunt->max_secrets)
		return true;
	kr_walk_init(&walk, bytes, len, hunt->run);
	while (kr_walk_next(&walk)) {
		u32 stretch = walk.to - walk.from;

		if (kr_known(hunt, bytes + walk.from, stretch))
			continue;
		used += stretch;
		nr++;
		if (used > hunt->room || nr > hunt->max_secrets)
			return false;
	}
	return true;
}

/**
 * kr_hunt_add() - adds a secret, or the next part of one
 * @hunt:  the index
 * @bytes: the secret
 * @len:   its length in bytes
 * @again: how many of the first bytes were the last ones of the call before. A long secret
 *	   is given in parts that overlap by run - 1 bytes, so that no run is missed; these
 *	   are not counted again.
 * @owner: what kr_copy will say of copies
 *
 * What is too plain to be hunted is counted only. So is what the index has already,
 * whoever owns it.
 *
 * Return: 0, or -ENOSPC with nothing changed: move the index into more memory, and call
 * again.
 */
int kr_hunt_add(struct kr_hunt *hunt, const u8 *bytes, u32 len, u32 again, u64 owner)
{
	u32 run = hunt->run, skip, hunted = 0, i;
	struct kr_walk walk;
	bool zero;
	u64 tail;

	again = min(again, len);
	/* Runs that lie in what was given before are in the index, or are plain. */
	skip = again >= run ? again - run + 1 : 0;
	bytes += skip;
	len -= skip;
	again -= skip;
	/* Whoever registers a heap registers zeros most of all. */
	zero = kr_all_zero(bytes, len);
	if (!zero && !kr_fits(hunt, bytes, len))
		return -ENOSPC;

	tail = again && len - again < 64 ? hunt->tail << (len - again) : 0;
	kr_walk_init(&walk, bytes, len, run);
	while (!zero && kr_walk_next(&walk)) {
		u32 stretch = walk.to - walk.from;

		for (i = walk.from; i < min(walk.to, again); i++)
			hunted += !(hunt->tail >> (again - 1 - i) & 1);
		if (walk.to > again)
			hunted += walk.to - max(walk.from, again);
		for (i = max(walk.from, len > 64 ? len - 64 : 0); i < walk.to; i++)
			tail |= 1ull << (len - 1 - i);
		if (!kr_known(hunt, bytes + walk.from, stretch))
			kr_add_secret(hunt, bytes + walk.from, stretch, owner);
	}
	hunt->tail = tail;
	hunt->bytes += hunted;
	hunt->bytes_plain += len - again;
	hunt->bytes_plain -= hunted;
	return 0;
}

static bool kr_has_word(const struct kr_hunt *hunt, const u8 *word, u32 len)
{
	u32 skip = len > KR_WINDOW && kr_window_flat(kr_window(word)) ? KR_WINDOW : 0;
	u32 window = kr_window(word + skip), at, place;
	const struct kr_secret *secret;

	if (kr_window_flat(window))
		return false;
	for (at = *kr_head(hunt, window); at; at = hunt->next[at - 1]) {
		place = at - 1;
		if (kr_window(hunt->text + place) != window)
			continue;
		if (len == KR_WINDOW)
			return true;
		secret = kr_secret_at(hunt, place);
		if (place - secret->at >= skip &&
		    secret->at + secret->len - place >= len - skip &&
		    !memcmp(hunt->text + place - skip, word, len))
			return true;
	}
	return false;
}

/**
 * kr_hunt_has_word() - whether a value is part of a secret
 * @hunt: the index
 * @word: the value as in memory
 * @len:  its length, 4 or 8 bytes
 *
 * Looks in what is hunted, in both orders. Of 00000000 and ffffffff, and what consists of
 * these, it knows nothing, and says no.
 */
bool kr_hunt_has_word(const struct kr_hunt *hunt, const u8 *word, u32 len)
{
	u8 reverse[8];
	u32 i;

	if (!hunt->used)
		return false;
	for (i = 0; i < len; i++)
		reverse[i] = word[len - 1 - i];
	return kr_has_word(hunt, word, len) || kr_has_word(hunt, reverse, len);
}

/**
 * kr_run_is_plain() - whether a run has too little entropy to be hunted
 * @bytes: the run
 * @run:   its length, KR_RUN_MIN to KR_RUN_MAX
 *
 * Plain are: few distinct bytes (fewer than 6; than 5 in a run below 16, than 4 below 12);
 * four successive bytes 00, or ff; and text, that is printable ASCII, tabs and newlines, of
 * which at least half are among the nine bytes that are most frequent in English.
 */
bool kr_run_is_plain(const u8 *bytes, u32 run)
{
	struct kr_slide slide;
	u32 i;

	kr_slide_init(&slide, run);
	for (i = 0; i < run; i++)
		kr_slide_push(&slide, bytes, i);
	return kr_slide_plain(&slide);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Searches memory for copies of secrets: see hunt.h.
 *
 * Nearly all the time goes into asking the filter about one window in each stride. So the
 * answers of a group of them are gathered without a branch: loads that miss the cache
 * overlap, and the processor has little to guess. Only where the filter does not say no is
 * the index asked, and the bytes around compared.
 */
#include "hunt.h"
#include "plain.h"

/* Of the default policy. */
#define KR_USUAL_RUN	16

/* Windows that are asked about at once, in the coarse and in the fine filter. */
#define KR_GROUP	16
#define KR_BATCH	64u

/* What one call of kr_hunt_scan() knows. */
struct kr_search {
	const struct kr_hunt *hunt;
	const u8 *text;
	u32 len;
	void (*found)(void *arg, const struct kr_copy *copy);
	void *arg;
	struct kr_copy last;	/* found, but not yet reported: more of it may follow */
};

/* A copy around a window. */
struct kr_match {
	u32 from;
	u32 to;
	u64 owner;
	bool reversed;
};

static void kr_report(struct kr_search *search, u32 from, const struct kr_match *match)
{
	struct kr_copy *last = &search->last;
	u32 end = last->from + last->len;

	from = max(from, end);
	if (match->to <= from)
		return;
	if (last->len && from == end && last->owner == match->owner &&
	    last->reversed == match->reversed) {
		last->len += match->to - from;
		return;
	}
	if (last->len)
		search->found(search->arg, last);
	*last = (struct kr_copy){ from, match->to - from, match->owner, match->reversed };
}

/*
 * Narrows a match to the runs in it that are not plain. All of them have the window that
 * it was found by, so that there is nothing between them. False if there are none.
 */
static bool kr_not_plain(const struct kr_search *search, struct kr_match *match)
{
	u32 run = search->hunt->run, len = match->to - match->from, i;
	const u8 *bytes = search->text + match->from;
	struct kr_slide slide;
	bool any = false;

	kr_slide_init(&slide, run);
	for (i = 0; i < len; i++) {
		kr_slide_push(&slide, bytes, i);
		if (i + 1 < run || kr_slide_plain(&slide))
			continue;
		if (!any)
			match->from = bytes - search->text + i + 1 - run;
		match->to = bytes - search->text + i + 1;
		any = true;
	}
	return any;
}

/* How many bytes are equal, from @a and @b on, in the directions of @da and @db. */
static u32 kr_equal(const u8 *a, int da, const u8 *b, int db, u32 most)
{
	u32 nr = 0;

	for (; nr < most && *a == *b; a += da, b += db)
		nr++;
	return nr;
}

/*
 * Whether the text around @place equals the memory around @at so far that they share a run
 * that has the windows at both; they are known to be equal. Looks no further than such
 * runs reach.
 */
static bool kr_compare(const struct kr_search *search, u32 at, u32 place, bool reversed,
		       struct kr_match *match)
{
	const struct kr_hunt *hunt = search->hunt;
	const u8 *mine = search->text + at, *theirs = hunt->text + place;
	u32 reach = hunt->run - KR_WINDOW, before, after, left, right;
	const struct kr_secret *secret;

	/* Secrets beside it may be taken for parts of it, until it is worth to know better. */
	before = place;
	after = hunt->used - place - KR_WINDOW;
	right = min(reach, search->len - at - KR_WINDOW);
	left = min(reach, at);
	if (!reversed) {
		right = kr_equal(mine + KR_WINDOW, 1, theirs + KR_WINDOW, 1, min(right, after));
		left = kr_equal(mine - 1, -1, theirs - 1, -1, min(left, before));
	} else {
		right = kr_equal(mine + KR_WINDOW, 1, theirs - 1, -1, min(right, before));
		left = kr_equal(mine - 1, -1, theirs + KR_WINDOW, 1, min(left, after));
	}
	if (left + right < reach)
		return false;

	secret = kr_secret_at(hunt, place);
	before = place - secret->at;
	after = secret->at + secret->len - place - KR_WINDOW;
	left = min(left, reversed ? after : before);
	right = min(right, reversed ? before : after);
	if (left + right < reach)
		return false;
	*match = (struct kr_match){ at - left, at + KR_WINDOW + right, secret->owner, reversed };
	return kr_not_plain(search, match);
}

/*
 * Reports what copies there are around the window at @at, which is in the index, first at
 * @next. Of all that have it, the one that begins first and the one that ends last cover
 * the others. Windows are looked at in ascending order, and what is found by a later one
 * ends after its window: so copies come in ascending order, too.
 */
static noinline void kr_compare_all(struct kr_search *search, u32 at, u32 next)
{
	const struct kr_hunt *hunt = search->hunt;
	u32 window = kr_window(search->text + at), reverse = __builtin_bswap32(window);
	struct kr_match first = { at, at, 0, false }, last = first, match;
	int order;

	for (; next; next = hunt->next[next - 1]) {
		u32 theirs = kr_window(hunt->text + next - 1);

		for (order = 0; order < 2; order++) {
			if (theirs != (order ? reverse : window) ||
			    !kr_compare(search, at, next - 1, order, &match))
				continue;
			if (first.from == first.to || match.from < first.from ||
			    (match.from == first.from && match.to > first.to))
				first = match;
			if (match.to > last.to)
				last = match;
		}
	}
	kr_report(search, first.from, &first);
	kr_report(search, first.to, &last);
}

/* The filter did not say no to the window at @at. */
static void kr_look(struct kr_search *search, u32 at)
{
	const struct kr_hunt *hunt = search->hunt;
	u32 window = kr_window(search->text + at), next;

	for (next = *kr_head(hunt, window); next; next = hunt->next[next - 1]) {
		u32 theirs = kr_window(hunt->text + next - 1);

		if (theirs == window || theirs == __builtin_bswap32(window)) {
			kr_compare_all(search, at, next);
			return;
		}
	}
}

/* Zeros are in no window that is listed, and a good part of what is in a dump. */
static bool kr_all_zero(const u8 *bytes, size_t len)
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

static inline u8 kr_coarse(const u8 *filter, u32 shift, const u8 *at)
{
	return filter[kr_coarse_hash(kr_window(at)) >> shift];
}

/* Asks again, and more closely, about a window of which the filter did not say no. */
static inline bool kr_coarse_has(const u8 *filter, u32 shift, const u8 *at)
{
	u32 hash = kr_coarse_hash(kr_window(at));
	u8 mark = filter[hash >> shift];

	return mark != KR_COARSE_NONE &&
	       (mark == KR_COARSE_MANY || mark == kr_coarse_mark(hash, shift));
}

static inline u8 kr_coarse4(const u8 *filter, u32 shift, const u8 *at, size_t stride)
{
	return kr_coarse(filter, shift, at) | kr_coarse(filter, shift, at + stride) |
	       kr_coarse(filter, shift, at + 2 * stride) |
	       kr_coarse(filter, shift, at + 3 * stride);
}

static __always_inline const u8 *kr_skip_groups(const u8 *filter, u32 shift, size_t stride,
						const u8 *at, const u8 *end)
{
	for (; at < end; at += KR_GROUP * stride)
		if (kr_coarse4(filter, shift, at, stride) |
		    kr_coarse4(filter, shift, at + 4 * stride, stride) |
		    kr_coarse4(filter, shift, at + 8 * stride, stride) |
		    kr_coarse4(filter, shift, at + 12 * stride, stride))
			break;
	return at;
}

/*
 * The first group from @at to @end, all of whole groups, with a window that the filter
 * knows, or @end. By itself, so that all it needs is in registers, and with the usual
 * stride as a constant: three instructions for each window.
 */
static noinline const u8 *kr_next_group(const u8 *filter, u32 shift, size_t stride, const u8 *at,
					const u8 *end)
{
	if (stride == KR_USUAL_RUN - KR_WINDOW + 1)
		return kr_skip_groups(filter, shift, KR_USUAL_RUN - KR_WINDOW + 1, at, end);
	return kr_skip_groups(filter, shift, stride, at, end);
}

static void kr_scan_coarse(struct kr_search *search)
{
	u32 windows = (search->len - KR_WINDOW + 1) / (search->hunt->run - KR_WINDOW + 1), shift, i;
	size_t stride = search->hunt->run - KR_WINDOW + 1, group = KR_GROUP * stride;
	const u8 *text = search->text, *at = text + stride - 1, *end, *filter;

	filter = search->hunt->coarse;
	/* Where another window has the place of zeros, each of them would be looked at. */
	if (filter[0] && kr_all_zero(text, search->len))
		return;
	shift = search->hunt->shift;
	end = at + windows / KR_GROUP * group;
	for (;;) {
		at = kr_next_group(filter, shift, stride, at, end);
		if (at == end)
			break;
		for (i = 0; i < KR_GROUP; i++, at += stride)
			if (kr_coarse_has(filter, shift, at))
				kr_look(search, at - text);
	}
	for (i = windows % KR_GROUP; i--; at += stride)
		if (kr_coarse_has(filter, shift, at))
			kr_look(search, at - text);
}

/*
 * With many secrets the filter lets one in three windows pass. But a run that has one of
 * them has its neighbours as well, so the filter knows them all; that is as good as a
 * filter of long windows, and never leaves the cache. Looks if it is so.
 */
static void kr_look_fine(struct kr_search *search, const u8 *at)
{
	u32 from = at - search->text, reach = search->hunt->run - KR_WINDOW, nr, left, right;

	right = min(reach, search->len - from - KR_WINDOW);
	for (nr = 0; nr < right && kr_fine_has(search->hunt, kr_window(at + nr + 1)); nr++)
		;
	left = min(reach - nr, from);
	if (left + nr < reach)
		return;
	while (left && kr_fine_has(search->hunt, kr_window(at - left)))
		left--;
	if (!left)
		kr_look(search, from);
}

/* Whether the filter knows both neighbours at @d and @d + 1, to the right or to the left. */
static inline u32 kr_fine_has_both(const struct kr_hunt *hunt, const u8 *at, int d)
{
	return (kr_fine_has(hunt, kr_window(at + d)) & kr_fine_has(hunt, kr_window(at + d + 1))) |
	       (kr_fine_has(hunt, kr_window(at - d)) & kr_fine_has(hunt, kr_window(at - d - 1)));
}

/* The places of the bits of a mask, in which the highest is the first; how many there are. */
static u32 kr_places(u64 mask, const u8 *last, size_t stride, const u8 **places)
{
	u32 nr = 0;

	while (mask) {
		u32 bit = 63 - __builtin_clzll(mask);

		mask ^= 1ull << bit;
		places[nr++] = last - bit * stride;
	}
	return nr;
}

/*
 * First all windows of a batch, then neighbours of those that are left. Half of what a run
 * adds to its window is on one side of it: two bytes at least, and four from runs of 11 on.
 *
 * The answers of the filter are gathered in the bits of a mask, the first the highest, so
 * that nothing waits for them: no branch, no store to a place that depends on them, and no
 * search for a bit, which x86 makes wait for the last use of the register it sets.
 */
static void kr_scan_fine(struct kr_search *search)
{
	const struct kr_hunt *hunt = search->hunt;
	size_t stride = hunt->run - KR_WINDOW + 1, end;
	const u8 *text = search->text, *at, *last, *places[KR_BATCH];
	u32 rest = search->len, nr, i;
	u64 hits;

	/* The last window may have fewer neighbours in the memory, and is looked at alone. */
	for (; rest >= hunt->run + 4; rest -= end, text += end) {
		end = min((rest - KR_WINDOW - 3) / (u32)stride, KR_BATCH) * stride;
		if (kr_all_zero(text + stride - 1, end - stride + KR_WINDOW))
			continue;
		last = text + end - 1;
		for (at = text + stride - 1, hits = 0; at <= last; at += stride)
			hits = 2 * hits + kr_fine_has(hunt, kr_window(at));
		nr = kr_places(hits, last, stride, places);
		for (i = nr, hits = 0; i--;)
			hits = 2 * hits + kr_fine_has_both(hunt, places[i], 1);
		for (; hits; hits &= hits - 1) {
			at = places[__builtin_ctzll(hits)];
			if (hunt->run < 11 || kr_fine_has_both(hunt, at, 3))
				kr_look_fine(search, at);
		}
	}
	if (rest >= hunt->run && kr_fine_has(hunt, kr_window(text + stride - 1)))
		kr_look_fine(search, text + stride - 1);
}

/**
 * kr_hunt_scan() - finds the copies of secrets in memory
 * @hunt:  the index
 * @text:  the memory; nothing before or after it is read
 * @len:   its length in bytes; in less than a run there are no copies
 * @found: called for each copy, in ascending order; copies do not overlap
 * @arg:   for @found
 *
 * A byte is in a copy that is reported if, and only if, it is in a run of the index's
 * length that is part of a secret, in either order, and is not plain. Where copies of
 * several secrets overlap, each byte is reported for one of them.
 *
 * Copies that reach beyond @text are found only if a whole run of them is in it: whoever
 * searches page by page also searches the run - 1 bytes either side of each boundary.
 */
void kr_hunt_scan(const struct kr_hunt *hunt, const u8 *text, u32 len,
		  void (*found)(void *arg, const struct kr_copy *copy), void *arg)
{
	struct kr_search search = {
		.hunt = hunt,
		.text = text,
		.len = len,
		.found = found,
		.arg = arg,
	};

	if (!hunt->used || len < hunt->run)
		return;
	if (hunt->coarse)
		kr_scan_coarse(&search);
	else
		kr_scan_fine(&search);
	if (search.last.len)
		found(arg, &search.last);
}

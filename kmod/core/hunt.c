// SPDX-License-Identifier: GPL-2.0
/*
 * Searches memory for copies of secrets: see hunt.h.
 *
 * Nearly all the time goes into asking the filter about a window in each stride. So the
 * answers of a group of them are gathered without a branch: loads that miss the cache
 * overlap, and the processor has little to guess. Only where the filter does not say no is
 * the index asked, and the bytes around compared.
 */
#include "hunt.h"
#include "plain.h"

/* Those of the default policy, which has a least run of 16: of windows, and of pairs. */
#define KR_USUAL_STRIDE	13
#define KR_USUAL_PAIRS	12

/*
 * Windows that are asked about at once: in the coarse filter, and in the fine one, where
 * with the usual run it is all of a page.
 */
#define KR_GROUP	4
#define KR_BATCH	341u

/* How far behind a pair the fine filter is asked about neighbours first. */
#define KR_BESIDE	3u

/* What one call of kr_hunt_scan() knows. */
struct kr_search {
	const struct kr_hunt *hunt;
	const u8 *text;
	u32 len;
	const u8 *ahead;
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

static __always_inline u8 kr_coarse(const u8 *filter, u32 shift, const u8 *at)
{
	return filter[kr_coarse_hash(kr_window(at)) >> shift];
}

static __always_inline u8 kr_coarse4(const u8 *filter, u32 shift, const u8 *at, size_t stride)
{
	return kr_coarse(filter, shift, at) | kr_coarse(filter, shift, at + stride) |
	       kr_coarse(filter, shift, at + 2 * stride) |
	       kr_coarse(filter, shift, at + 3 * stride);
}

static __always_inline const u8 *kr_skip_groups(const u8 *filter, u32 shift, size_t stride,
						const u8 *at, const u8 *end)
{
	size_t group = KR_GROUP * stride;
	const u8 *last = end - group;

	for (; at < last; at += 2 * group) {
		if (kr_coarse4(filter, shift, at, stride))
			return at;
		if (kr_coarse4(filter, shift, at + group, stride))
			return at + group;
	}
	return at == last && kr_coarse4(filter, shift, at, stride) ? at : end;
}

/*
 * The first group from @at to @end, all of whole groups, with a window that the filter
 * knows, or @end. By itself, so that all it needs is in registers, and with the usual
 * stride as a constant: three instructions for each window.
 */
static noinline const u8 *kr_next_group_usual(const u8 *filter, u32 shift, const u8 *at,
					      const u8 *end)
{
	return kr_skip_groups(filter, shift, KR_USUAL_STRIDE, at, end);
}

static noinline const u8 *kr_next_group(const u8 *filter, u32 shift, size_t stride, const u8 *at,
					const u8 *end)
{
	return kr_skip_groups(filter, shift, stride, at, end);
}

/* Looks where the filter knows a window among @nr of them, from @at on. */
static const u8 *kr_look_coarse(struct kr_search *search, const u8 *at, size_t stride, u32 nr)
{
	const u8 *filter = search->hunt->coarse;
	u32 shift = search->hunt->shift;

	for (; nr--; at += stride)
		if (kr_coarse_has(filter, shift, kr_window(at)))
			kr_look(search, at - search->text);
	return at;
}

static void kr_scan_coarse(struct kr_search *search)
{
	const u8 *text = search->text, *filter = search->hunt->coarse, *at, *end;
	u32 windows, stride = search->hunt->run - KR_WINDOW + 1, shift = search->hunt->shift;

	/* Where another window has the place of zeros, each of them would be looked at. */
	if (filter[0] && kr_all_zero(text, search->len))
		return;
	windows = (search->len - KR_WINDOW + 1) / stride;
	at = text + stride - 1;
	end = at + windows / KR_GROUP * KR_GROUP * stride;
	for (;;) {
		at = stride == KR_USUAL_STRIDE ? kr_next_group_usual(filter, shift, at, end) :
						 kr_next_group(filter, shift, stride, at, end);
		if (at == end)
			break;
		at = kr_look_coarse(search, at, stride, KR_GROUP);
	}
	kr_look_coarse(search, at, stride, windows % KR_GROUP);
}

/*
 * With many secrets the filter lets one in six windows pass. But a run that has one of
 * them has its neighbours as well, so the filter knows them all; that is as good as a
 * filter of long windows, and takes no other memory. Looks if it is so.
 */
static void kr_look_fine(struct kr_search *search, u32 from)
{
	u32 reach = search->hunt->run - KR_WINDOW, nr, left, right;
	const struct kr_fine fine = search->hunt->fine;
	const u8 *at = search->text + from;

	right = min(reach, search->len - from - KR_WINDOW);
	for (nr = 0; nr < right && kr_fine_has(fine, kr_window(at + nr + 1)); nr++)
		;
	left = min(reach - nr, from);
	if (left + nr < reach)
		return;
	while (left && kr_fine_has(fine, kr_window(at - left)))
		left--;
	if (!left)
		kr_look(search, from);
}

/* Notes a place. Unless the filter knows the window there, the next note goes over it. */
static __always_inline u32 kr_note(struct kr_fine fine, const u8 *text, u32 at, u32 *place)
{
	*place = at;
	return kr_fine_has(fine, kr_window(text + at));
}

static __always_inline u32 kr_note_all(struct kr_fine fine, const u8 *text, const u8 *ahead,
				       u32 stride, u32 windows, u32 *places)
{
	u32 nr = 0, at = stride - 1;

	for (; windows >= 4; windows -= 4, at += 4 * stride) {
		__builtin_prefetch(ahead + at);
		nr += kr_note(fine, text, at, places + nr);
		nr += kr_note(fine, text, at + stride, places + nr);
		nr += kr_note(fine, text, at + 2 * stride, places + nr);
		nr += kr_note(fine, text, at + 3 * stride, places + nr);
	}
	for (; windows--; at += stride)
		nr += kr_note(fine, text, at, places + nr);
	return nr;
}

/*
 * The places, one in each stride, whose windows the filter knows; how many there are. No
 * branch waits for the filter, so that many answers are on their way at a time; and four
 * usual strides are less than the line of a cache, which is fetched ahead.
 */
static noinline u32 kr_ask(const struct kr_fine *fine, const u8 *text, const u8 *ahead, u32 stride,
			   u32 windows, u32 *places)
{
	if (stride == KR_USUAL_PAIRS)
		return kr_note_all(*fine, text, ahead, KR_USUAL_PAIRS, windows, places);
	return kr_note_all(*fine, text, ahead, stride, windows, places);
}

/* Keeps the places where it knows the second window of the pair as well. */
static __always_inline u32 kr_ask_second(struct kr_fine fine, const u8 *text, u32 *places, u32 nr)
{
	u32 kept = 0, i;

	for (i = 0; i < nr; i++) {
		u32 at = places[i];

		places[kept] = at;
		kept += kr_fine_has(fine, kr_window(text + at + 1));
	}
	return kept;
}

/* Does the filter know the window @d bytes before the pair at @at, or behind it? */
static __always_inline u32 kr_has_beside(struct kr_fine fine, const u8 *at, u32 d)
{
	return kr_fine_has(fine, kr_window(at - d)) | kr_fine_has(fine, kr_window(at + 1 + d));
}

/*
 * Each run has a pair of successive windows of which the first ends a stride, if strides
 * are one byte shorter than for windows alone. That is better where the filter lets many
 * pass: which neighbour there must be is known without looking on both sides, and what
 * this costs is loads from a filter that is larger than the nearer caches.
 *
 * First the first windows of a batch, then the second ones of those that are left, then
 * two neighbours: on one side of a pair is at least half of what a run adds to it, and the
 * least run adds three.
 */
static void kr_scan_fine(struct kr_search *search)
{
	const struct kr_fine fine = search->hunt->fine;
	u32 run = search->hunt->run, stride = run - KR_WINDOW, places[KR_BATCH];
	u32 rest = search->len, done = 0, pairs, nr, i;

	/* The last pair may have fewer neighbours in the memory, and is looked at alone. */
	for (; rest >= run + KR_BESIDE; rest -= pairs * stride, done += pairs * stride) {
		const u8 *text = search->text + done;

		pairs = min((rest - KR_WINDOW - KR_BESIDE) / stride, KR_BATCH);
		if (kr_all_zero(text + stride - 1, (pairs - 1) * stride + KR_WINDOW + 1))
			continue;
		nr = kr_ask(&fine, text, search->ahead + done, stride, pairs, places);
		nr = kr_ask_second(fine, text, places, nr);
		for (i = 0; i < nr; i++)
			if (kr_has_beside(fine, text + places[i], 1) &
			    kr_has_beside(fine, text + places[i], 2))
				kr_look_fine(search, done + places[i]);
	}
	if (rest >= run && kr_fine_has(fine, kr_window(search->text + done + stride - 1)))
		kr_look_fine(search, done + stride - 1);
}

/**
 * kr_hunt_may_cross() - may there be a copy of which a part is in each of two pages?
 * @hunt:   the index
 * @before: the end of the first, whose last KR_WINDOW bytes are read
 * @behind: the second, whose first KR_WINDOW bytes are
 *
 * A run that has neither window whole has less than twice KR_WINDOW bytes: there is none.
 *
 * Return: false if there is not.
 */
bool kr_hunt_may_cross(const struct kr_hunt *hunt, const u8 *before, const u8 *behind)
{
	return hunt->used && (kr_filter_has(hunt, kr_window(before - KR_WINDOW)) ||
			      kr_filter_has(hunt, kr_window(behind)));
}

/**
 * kr_hunt_scan() - finds the copies of secrets in memory
 * @hunt:  the index
 * @text:  the memory; nothing before or after it is read
 * @len:   its length in bytes; in less than a run there are no copies
 * @ahead: as much memory that is to be searched next, or NULL. It may come into the cache
 *	   meanwhile, but is not read: the pointer need not be valid
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
void kr_hunt_scan(const struct kr_hunt *hunt, const u8 *text, u32 len, const u8 *ahead,
		  void (*found)(void *arg, const struct kr_copy *copy), void *arg)
{
	struct kr_search search = {
		.hunt = hunt,
		.text = text,
		.len = len,
		.ahead = ahead ?: text,
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

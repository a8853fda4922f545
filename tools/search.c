// SPDX-License-Identifier: GPL-2.0
/*
 * Search for given bytes: see search.h.
 */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "broker.h"
#include "search.h"
#include "word_filter.h"

#define WORD		8u
#define CHUNK		(256u << 10)	/* read at once: stays in a cache */
#define WORK		(1ULL << 31)	/* bytes compared, a second or two of them, */
#define WORK_EACH	64u		/* and so many for each byte of the file */

/**
 * struct pattern - a secret in one direction
 * @at:		first byte in the text of all patterns
 * @len:	bytes
 * @shortest:	shortest run that counts
 * @secret:	number of the secret
 * @reversed:	in reverse order
 */
struct pattern {
	u32 at;
	u32 len;
	u32 shortest;
	u32 secret;
	bool reversed;
};

/**
 * struct search - see search.h
 * @shortest:	shortest run that the caller wants, 0 for whole secrets
 * @reverse:	search in both directions
 * @text:	all patterns, one after the other
 * @owner:	for each byte of @text, its pattern
 * @text_len:	bytes in @text
 * @patterns:	all patterns
 * @nr_patterns: how many
 * @nr_secrets:	how many secrets
 * @secret_bytes: bytes of all secrets, in one direction
 * @longest:	bytes of the longest pattern
 * @stride:	distance of two probes
 * @zeros:	longest run of zeros in a pattern
 * @index:	hash table of words: a place of each in @text, from 1
 * @index_bits:	log2 of its entries
 * @next:	for each byte of @text, another place of the word there, from 1; 0: none
 * @filter:	of these words: most words of a file end here
 * @buffer:	part of the file
 */
struct search {
	u32 shortest;
	bool reverse;
	u8 *text;
	u32 *owner;
	u32 text_len;
	struct pattern *patterns;
	u32 nr_patterns;
	u32 nr_secrets;
	u32 secret_bytes;
	u32 longest;
	u32 stride;
	u32 zeros;
	u32 *index;
	u32 index_bits;
	u32 *next;
	struct word_filter filter;
	u8 *buffer;
};

/* Where the bytes of a probe come from, and who wants to know. */
struct scan {
	struct search *search;
	const struct core *core;
	search_hit_fn hit;
	void *arg;
	u64 seam;		/* only runs across this place count; 0: all */
	u64 seam_offset;	/* where the bytes before it are in the file */
	u64 seam_vaddr;		/* and in memory */
	u64 work;		/* bytes that may still be compared */
};

/**
 * search_new() - begin a search
 * @shortest:	shortest run of a secret that counts, at least SECRET_MIN; 0:
 *		only whole secrets do
 * @reverse:	search for reversed secrets as well
 *
 * Return: to be released by search_free(), or NULL if there is no memory.
 */
struct search *search_new(u32 shortest, bool reverse)
{
	struct search *search = calloc(1, sizeof(*search));

	if (!search)
		return NULL;
	search->shortest = shortest;
	search->reverse = reverse;
	/* For all that may come: growing would leave copies of secrets behind. */
	search->text = malloc(2 * SECRETS_TOTAL_MAX);
	search->owner = malloc(2 * SECRETS_TOTAL_MAX * sizeof(*search->owner));
	if (!search->text || !search->owner) {
		search_free(search);
		return NULL;
	}
	return search;
}

/**
 * search_free() - release a search and erase its secrets
 * @search:	from search_new(), or NULL
 */
void search_free(struct search *search)
{
	if (!search)
		return;
	if (search->text_len)
		OPENSSL_cleanse(search->text, search->text_len);
	free(search->text);
	free(search->owner);
	free(search->patterns);
	free(search->index);
	free(search->next);
	word_filter_free(&search->filter);
	free(search->buffer);
	free(search);
}

static int add_pattern(struct search *search, const u8 *secret, u32 len, bool reversed)
{
	u32 i, run = 0, at = search->text_len, nr = search->nr_patterns;
	struct pattern *patterns = search->patterns;

	/* The array doubles at each power of two. */
	if (!(nr & (nr - 1))) {
		patterns = realloc(patterns, (nr ? nr * 2 : 1) * sizeof(*patterns));
		if (!patterns)
			return -ENOMEM;
		search->patterns = patterns;
	}
	for (i = 0; i < len; i++) {
		search->text[at + i] = secret[reversed ? len - 1 - i : i];
		search->owner[at + i] = nr;
		run = search->text[at + i] ? 0 : run + 1;
		search->zeros = max(search->zeros, run);
	}
	patterns[search->nr_patterns++] = (struct pattern){
		.at = at,
		.len = len,
		.shortest = search->shortest ? min(search->shortest, len) : len,
		.secret = search->nr_secrets,
		.reversed = reversed,
	};
	search->text_len = at + len;
	search->longest = max(search->longest, len);
	return 0;
}

/**
 * search_reverse() - say whether the reverse order of bytes counts, too
 * @search:	before search_prepare()
 * @reverse:	so of what is added from now on
 */
void search_reverse(struct search *search, bool reverse)
{
	search->reverse = reverse;
}

/**
 * search_add() - add a secret
 * @search:	before search_prepare()
 * @secret:	its bytes; a copy is made
 * @len:	SECRET_MIN to SECRET_MAX
 * @why:	text of an error
 *
 * Return: 0; -EINVAL if @secret is too short or all its bytes are zero;
 * -E2BIG if it is too long, or all together are; -ENOMEM.
 */
int search_add(struct search *search, const void *secret, u32 len, struct complaint *why)
{
	const u8 *bytes = secret;
	bool palindrome = true;
	u8 sum = 0;
	int error;
	u32 i;

	if (len < SECRET_MIN)
		return complain(why, -EINVAL, "a secret has at least %u bytes, this one has %u",
				SECRET_MIN, len);
	if (len > SECRET_MAX)
		return complain(why, -E2BIG, "a secret has at most %u bytes", SECRET_MAX);
	if (search->secret_bytes + len > SECRETS_TOTAL_MAX)
		return complain(why, -E2BIG, "all secrets together have at most %u bytes",
				SECRETS_TOTAL_MAX);
	for (i = 0; i < len; i++) {
		sum |= bytes[i];
		palindrome &= bytes[i] == bytes[len - 1 - i];
	}
	if (!sum)
		return complain(why, -EINVAL, "a secret whose bytes are all zero");
	error = add_pattern(search, bytes, len, false);
	if (!error && search->reverse && !palindrome)
		error = add_pattern(search, bytes, len, true);
	search->secret_bytes += len;
	search->nr_secrets++;
	return error ? complain(why, error, "out of memory for secrets") : 0;
}

/* Words of a whole secret are needed at @stride successive places only. */
static u32 indexed_words(const struct search *search, const struct pattern *pattern)
{
	if (pattern->shortest == pattern->len)
		return search->stride;
	return pattern->len - WORD + 1;
}

/* Of those places, the ones whose words are the least like padding. */
static u32 best_start(const struct search *search, const struct pattern *pattern)
{
	u32 nr = indexed_words(search, pattern), start, i, best = 0, least = UINT32_MAX;

	if (nr == pattern->len - WORD + 1)
		return 0;
	for (start = 0; start + nr <= pattern->len - WORD + 1; start += nr) {
		u32 dull = 0;

		for (i = 0; i < nr; i++) {
			u64 word = word_at(search->text + pattern->at + start + i);

			dull += word == (word << 8 | word >> 56);
		}
		if (dull < least) {
			least = dull;
			best = start;
		}
	}
	return best;
}

static void index_word(struct search *search, u32 at)
{
	u64 word = word_at(search->text + at);
	u32 mask = (1u << search->index_bits) - 1;
	u32 slot = word_hash(word) >> (64 - search->index_bits);

	while (search->index[slot] && word_at(search->text + search->index[slot] - 1) != word)
		slot = (slot + 1) & mask;
	search->next[at] = search->index[slot];
	search->index[slot] = at + 1;
	word_filter_add(&search->filter, word);
}

/**
 * search_prepare() - build the index
 * @search:	after the last search_add()
 * @why:	text of an error
 *
 * Return: 0, -EINVAL if there is no secret, -ENOMEM.
 */
int search_prepare(struct search *search, struct complaint *why)
{
	u32 shortest = UINT32_MAX, i, j, nr = 0;

	if (!search->nr_patterns)
		return complain(why, -EINVAL, "no secret to search for");
	for (i = 0; i < search->nr_patterns; i++)
		shortest = min(shortest, search->patterns[i].shortest);
	search->stride = word_filter_stride(shortest - WORD + 1);
	for (i = 0; i < search->nr_patterns; i++)
		nr += indexed_words(search, &search->patterns[i]);
	for (search->index_bits = 8; 1ULL << search->index_bits < 2ULL * nr;)
		search->index_bits++;
	search->index = calloc(1ULL << search->index_bits, sizeof(*search->index));
	search->next = calloc(search->text_len, sizeof(*search->next));
	search->buffer = input_buffer(CHUNK + 2 * SECRET_MAX);
	if (!word_filter_init(&search->filter, nr) || !search->index || !search->next ||
	    !search->buffer)
		return complain(why, -ENOMEM, "out of memory for the index of secrets");
	/* From the last to the first: the first place of a word is the first that is looked at. */
	for (i = search->nr_patterns; i--;) {
		const struct pattern *pattern = &search->patterns[i];
		u32 start = best_start(search, pattern);

		for (j = indexed_words(search, pattern); j--;)
			index_word(search, pattern->at + start + j);
	}
	return 0;
}

static void report(const struct scan *scan, const struct pattern *pattern, u64 offset, u32 from,
		   u32 len)
{
	struct hit hit = {
		.offset = offset,
		.reversed = pattern->reversed,
		.len = len,
		.from = from,
		.secret = pattern->secret,
	};
	const struct core_segment *segment;

	if (scan->seam) {
		if (offset >= scan->seam || offset + len <= scan->seam)
			return;
		hit.joined = true;
		hit.mapped = true;
		hit.vaddr = scan->seam_vaddr + offset;
		hit.offset = scan->seam_offset + offset;
	} else {
		segment = scan->core ? core_segment_of_offset(scan->core, offset) : NULL;
		if (segment) {
			hit.mapped = true;
			hit.vaddr = segment->vaddr + (offset - segment->offset);
		}
	}
	scan->hit(scan->arg, &hit);
}

static bool all_same(const u8 *bytes, u32 len)
{
	return !memcmp(bytes, bytes + 1, len - 1);
}

static void spend(struct scan *scan, u64 work)
{
	scan->work -= min(scan->work, work);
}

/*
 * The word at @probe of @bytes is the one at @at of the text. How far does the
 * run go? A run in which an earlier probe lies was reported from there.
 */
static void extend(struct scan *scan, const u8 *bytes, u64 len, u64 base, u64 probe, u32 at)
{
	const struct search *search = scan->search;
	const struct pattern *pattern = &search->patterns[search->owner[at]];
	const u8 *text = search->text + pattern->at;
	u32 from = at - pattern->at, to = from + WORD;
	bool runs = pattern->shortest != pattern->len;
	u64 first = probe, end = probe + WORD, most = runs ? search->stride : UINT64_MAX;

	while (from && first && probe - first < most && text[from - 1] == bytes[first - 1]) {
		from--;
		first--;
	}
	spend(scan, WORD + probe - first);
	if (probe - first == most)
		return;
	while (to < pattern->len && end < len && text[to] == bytes[end]) {
		to++;
		end++;
	}
	spend(scan, end - probe);
	if (to - from < pattern->shortest || (runs && all_same(text + from, to - from)))
		return;
	report(scan, pattern, base + first, from, to - from);
}

static noinline void look_up(struct scan *scan, const u8 *bytes, u64 len, u64 base, u64 probe)
{
	const struct search *search = scan->search;
	u64 word = word_at(bytes + probe);
	u32 mask = (1u << search->index_bits) - 1, at;
	u32 slot = word_hash(word) >> (64 - search->index_bits);

	while (search->index[slot] && word_at(search->text + search->index[slot] - 1) != word)
		slot = (slot + 1) & mask;
	for (at = search->index[slot]; at && scan->work; at = search->next[at - 1])
		extend(scan, bytes, len, base, probe, at - 1);
}

/* Index of the first byte from @at on that is not zero, or @len. */
static u64 skip_zeros(const u8 *bytes, u64 at, u64 len)
{
	while (len - at >= 32 && !(word_at(bytes + at) | word_at(bytes + at + 8) |
				   word_at(bytes + at + 16) | word_at(bytes + at + 24)))
		at += 32;
	while (at < len && !bytes[at])
		at++;
	return at;
}

/*
 * The next probe that matters after one of a word of zeros: no run contains more of them
 * than search->zeros, so that a probe matters only as far before their end.
 */
static u64 pass_zeros(const struct search *search, const u8 *bytes, u64 len, u64 probe)
{
	u64 left = skip_zeros(bytes, probe + WORD, len) - probe;
	u64 leap = left > search->zeros ? left - search->zeros : 0;

	return probe + max(leap - leap % search->stride, (u64)search->stride);
}

/*
 * Probes the words that begin in [probe, end) of @bytes, which are @len long;
 * @base is their offset in the file. Returns the first probe that was not made.
 */
static u64 probe_words(struct scan *scan, const u8 *bytes, u64 len, u64 base, u64 probe,
		       u64 end)
{
	const struct search *search = scan->search;
	u64 answers, next, at, past;
	u32 stride = search->stride;

	for (; probe < end && scan->work; probe = next) {
		u32 nr = min((end - 1 - probe) / stride + 1, WORD_FILTER_BATCH);

		nr = word_at(bytes + probe) ? nr : 1;
		next = probe + nr * stride;
		answers = word_filter_ask(&search->filter, bytes + probe, stride, nr);
		if (!word_at(bytes + probe))
			next = pass_zeros(search, bytes, len, probe);
		while (answers) {
			at = probe + (u64)__builtin_ctzll(answers) * stride;
			answers &= answers - 1;
			look_up(scan, bytes, len, base, at);
			if (word_at(bytes + at))
				continue;
			past = pass_zeros(search, bytes, len, at);
			answers &= past < next ? ~0ULL << (past - probe) / stride : 0;
			next = max(next, past);
		}
	}
	return probe;
}

/* Searches the file, from its first byte to @end, as one piece. */
static int search_file(struct scan *scan, struct input *in, u64 end, struct complaint *why)
{
	struct search *search = scan->search;
	u64 base = 0, have = 0, probe = 0, margin = search->longest, hole, drop, part;
	u8 *buffer = search->buffer;
	int error;

	while (base + have < end) {
		broker_progress(BROKER_SEARCHING, base, end);
		part = min(end - base - have, (u64)CHUNK + 2 * SECRET_MAX - have);
		error = input_copy(in, base + have, buffer + have, part, why);
		if (error)
			return error;
		have += part;
		if (have < WORD)
			break;
		/* A run that begins before the margin is whole in the buffer. */
		if (base + have != end && have <= margin)
			continue;
		part = base + have == end ? have - WORD + 1 : have - margin;
		probe = probe_words(scan, buffer, have, base, probe, part);
		if (base + have == end || !scan->work)
			break;
		/* Bytes before the next probe are kept as far as a run reaches back. */
		drop = min(probe, have) > margin ? min(probe, have) - margin : 0;
		drop -= drop % INPUT_ALIGN;
		memmove(buffer, buffer + drop, have - drop);
		base += drop;
		have -= drop;
		probe -= drop;
		if (input_is_hole(in, base + have, &hole) && hole > 2 * (u64)CHUNK &&
		    skip_zeros(buffer, 0, have) == have) {
			/* Only zeros here and far ahead; the grid of probes stays. */
			drop = hole - CHUNK;
			drop -= drop % (search->stride * INPUT_ALIGN);
			base += drop;
		}
	}
	return 0;
}

/*
 * Segments that are neighbours in memory are mostly so in the file. Where they
 * are not, a secret across the border is in two parts of the file.
 */
static int search_seams(struct scan *scan, struct input *in, struct complaint *why)
{
	struct search *search = scan->search;
	const struct core_segment *left, *right;
	u64 before, after;
	int error;
	u32 i;

	for (i = 0; i + 1 < scan->core->nr_segments; i++) {
		left = &scan->core->segments[i];
		right = left + 1;
		if (!core_segments_part(left, right))
			continue;
		before = min(left->filesz, (u64)search->longest - 1);
		after = min(right->filesz, (u64)search->longest - 1);
		if (before + after < WORD || !before || !after)
			continue;
		error = input_copy(in, left->offset + left->filesz - before, search->buffer,
				   before, why);
		if (!error)
			error = input_copy(in, right->offset, search->buffer + before, after, why);
		if (error)
			return error;
		scan->seam = before;
		scan->seam_offset = left->offset + left->filesz - before;
		scan->seam_vaddr = right->vaddr - before;
		probe_words(scan, search->buffer, before + after, 0, 0, before + after - WORD + 1);
	}
	return 0;
}

/**
 * search_run() - search a whole file
 * @search:	prepared
 * @in:		the file: every byte of it, whatever the headers of a core say
 * @core:	tells addresses, and which segments are neighbours; or NULL
 * @hit:	is called for each hit, in ascending order of probes
 * @arg:	first argument of @hit
 * @why:	text of an error
 *
 * Runs whose bytes are all the same are no hits unless they are a whole secret.
 *
 * Return: 0, -EBADMSG, -EIO, or -E2BIG if the file and the secrets repeat themselves so much
 * that the search was given up.
 */
int search_run(struct search *search, struct input *in, const struct core *core, search_hit_fn hit,
	       void *arg, struct complaint *why)
{
	struct scan scan = {
		.search = search,
		.core = core,
		.hit = hit,
		.arg = arg,
		.work = WORK + WORK_EACH * in->size,
	};
	int error;

	error = search_file(&scan, in, in->size, why);
	if (!error && core)
		error = search_seams(&scan, in, why);
	if (!error && !scan.work)
		error = complain(why, -E2BIG, "what is searched for is too often nearly there");
	return error;
}

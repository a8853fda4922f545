// SPDX-License-Identifier: GPL-2.0
/*
 * Search by fingerprints: see fingerprints.h.
 *
 * A copy of a piece has 17 windows, one after the other, of which one lies on the grid of
 * probes, whatever its alignment. The bitmap says no to most windows that are in no piece.
 * Where it does not, the windows around are asked about, all candidates of a part of the file
 * together, so that as many hashes are under way as the processor can take; and where 17 in a
 * row are known, the tag of the piece decides.
 *
 * Blocks of 16 bytes have one window: they are looked for at each byte, if there are any.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "fingerprints.h"
#include "mac.h"
#include "plain.h"
#include "print_tables.h"
#include "scan/simd.h"
#include "sort.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

#define PROBES		2048u			/* looked at together */
#define ROOM		16u			/* behind an array: written, and not read */
#define PART		(PROBES * KR_WINDOWS)	/* bytes of them */
#define STRETCH		(PART / 4)		/* passed over if it is zero */
#define CHUNK		(4u * PART)		/* read at once: stays in a cache */
#define BEFORE		(KR_PIECE - 1)		/* context of a chunk */
#define AFTER		(2 * KR_PIECE)
#define PAD		KR_PIECE		/* windows beside a probe may begin there */
#define BUFFER		(PAD + BEFORE + CHUNK + AFTER + PAD)

/* A window that the bitmap knows, and how many it knows on both sides of it. */
struct candidate {
	u32 at;
	u8 left;
	u8 right;
	bool leftwards;
};

struct found {
	u32 at;
	u32 len;
	u64 owner;
};

/**
 * struct fingerprints - see fingerprints.h
 * @mac:	makes the keys
 * @windows:	hashes windows
 * @tags:	hashes pieces and blocks
 * @tables:	the fingerprints
 * @buffer:	a part of the file, from PAD on
 * @level:	the path to take
 * @low:	hashes
 * @places:	of windows to be hashed
 * @probes:	that the bitmap knows
 * @right:	of these, those that may be in the left half of a piece
 * @left:	likewise in the right half
 * @candidates:	in a part
 * @found:	in a part
 * @nr_found:	how many
 */
struct fingerprints {
	struct mac *mac;
	struct hasher *windows;
	struct hasher *tags;
	struct print_tables tables;
	u8 *buffer;
	enum simd level;
	u64 low[STRETCH];
	u32 places[PROBES + ROOM];
	u32 probes[PROBES + ROOM];
	u32 right[PROBES + ROOM];
	u32 left[PROBES + ROOM];
	struct candidate candidates[PROBES];
	struct found found[2 * PART];
	u32 nr_found;
};

/* Where the bytes come from, and who wants to know. */
struct pass {
	struct fingerprints *prints;
	const struct core *core;
	print_hit_fn hit;
	void *arg;
	const u8 *bytes;
	u32 len;
	u64 base;		/* of @bytes in the file */
	u32 seam;		/* only what lies across this place counts; 0: all */
	u64 seam_vaddr;		/* of @bytes in memory, then */
	struct print_hit last;	/* not yet told: more of it may follow */
};

/**
 * fingerprints_new() - make ready to search
 * @key:	the auditor's, that of the seal; not needed any more after the call
 * @len:	its bytes
 * @way:	how to hash
 *
 * To be called before the sandbox closes.
 *
 * Return: to be released by fingerprints_free(), or NULL: no memory, or OpenSSL cannot.
 */
struct fingerprints *fingerprints_new(const void *key, size_t len, enum hasher_way way)
{
	struct fingerprints *prints = calloc(1, sizeof(*prints));

	if (!prints)
		return NULL;
	prints->level = way == HASHER_VAES ? simd_level() : SIMD_NONE;
	prints->mac = mac_new(key, len);
	prints->windows = hasher_new(way);
	prints->tags = hasher_new(way);
	if (prints->mac && prints->windows && prints->tags)
		return prints;
	fingerprints_free(prints);
	return NULL;
}

/**
 * fingerprints_free() - release a search, and erase its keys
 * @prints:	from fingerprints_new(), or NULL
 */
void fingerprints_free(struct fingerprints *prints)
{
	if (!prints)
		return;
	mac_free(prints->mac);
	hasher_free(prints->windows);
	hasher_free(prints->tags);
	print_tables_free(&prints->tables);
	if (prints->buffer)
		OPENSSL_cleanse(prints->buffer, BUFFER);
	free(prints->buffer);
	free(prints);
}

static int set_keys(struct fingerprints *prints, const struct seal_prints *from,
		    struct complaint *why)
{
	u8 keys[MAC_LEN];
	bool done;

	done = mac_make(prints->mac, KR_PRINTS_USE, strlen(KR_PRINTS_USE), from->salt,
			sizeof(from->salt), keys) &&
	       hasher_set(prints->windows, keys) && hasher_set(prints->tags, keys + KR_PRINTS_KEY);
	OPENSSL_cleanse(keys, sizeof(keys));
	return done ? 0 : complain(why, -EINVAL, "OpenSSL cannot make the keys of fingerprints");
}

/**
 * fingerprints_load() - take the fingerprints of a seal
 * @prints:	from fingerprints_new(), once
 * @seal:	with fingerprints; its HMAC was good
 * @why:	text of an error
 *
 * Return: 0, -EIO, -ENOMEM, or -EINVAL if OpenSSL failed.
 */
int fingerprints_load(struct fingerprints *prints, const struct seal *seal, struct complaint *why)
{
	int error = set_keys(prints, &seal->prints, why);

	if (error)
		return error;
	prints->buffer = calloc(1, BUFFER);
	if (!prints->buffer)
		return complain(why, -ENOMEM, "out of memory for fingerprints");
	return print_tables_load(&prints->tables, seal, why);
}

static void tell(struct pass *pass)
{
	if (pass->last.len)
		pass->hit(pass->arg, &pass->last);
	pass->last.len = 0;
}

/* Pieces that follow each other are told as one copy. */
static void take(struct pass *pass, const struct found *found)
{
	struct print_hit *last = &pass->last, hit = {
		.offset = pass->base + found->at,
		.joined = pass->seam,
		.others = found->owner & KREDACT_PRINT_OTHERS,
		.len = found->len,
		.handle = found->owner & ~KREDACT_PRINT_OTHERS,
	};
	const struct core_segment *segment;

	if (pass->seam && (found->at >= pass->seam || found->at + found->len <= pass->seam))
		return;
	if (last->len && !pass->seam && last->offset + last->len == hit.offset &&
	    last->handle == hit.handle && last->others == hit.others) {
		last->len += hit.len;
		return;
	}
	tell(pass);
	segment = pass->core && !pass->seam ? core_segment_of_offset(pass->core, hit.offset) : NULL;
	hit.mapped = pass->seam || segment;
	if (pass->seam)
		hit.vaddr = pass->seam_vaddr + found->at;
	else if (segment)
		hit.vaddr = segment->vaddr + (hit.offset - segment->offset);
	*last = hit;
}

static void note(struct fingerprints *prints, u32 at, u32 len, const struct print *print)
{
	prints->found[prints->nr_found++] = (struct found){ at, len, print->owner };
}

/* 17 windows from @at on are known: is it a piece? */
static void check_piece(struct pass *pass, u32 at)
{
	struct fingerprints *prints = pass->prints;
	struct kr_block first, second;
	const struct print *print;

	kr_piece_at(pass->bytes + at, &first, &second);
	first = hasher_block(prints->tags, first);
	second.low ^= first.low;
	second.high ^= first.high;
	print = print_find(&prints->tables.pieces, hasher_block(prints->tags, second).low);
	if (print)
		note(prints, at, KR_PIECE, print);
}

/* Is there a window to ask about next, first to the right and then to the left? */
static bool goes_on(const struct pass *pass, struct candidate *candidate)
{
	if (!candidate->leftwards && (candidate->right == KR_WINDOWS - 1 ||
				      pass->len - candidate->at - candidate->right <= KR_BLOCK))
		candidate->leftwards = true;
	return !candidate->leftwards ||
	       (candidate->left < KR_WINDOWS - 1 && candidate->left < candidate->at);
}

/* Of a candidate for which there is none. */
static void conclude(struct pass *pass, const struct candidate *candidate)
{
	u32 at = candidate->at - candidate->left;

	for (; at + KR_WINDOWS - 1 <= candidate->at + candidate->right; at++)
		check_piece(pass, at);
}

/* Asks about the next window of each candidate, until there is none left. */
static void follow(struct pass *pass, u32 nr)
{
	struct fingerprints *prints = pass->prints;
	struct candidate *all = prints->candidates;
	u32 i, kept;

	while (nr) {
		for (i = 0, kept = 0; i < nr; i++) {
			if (goes_on(pass, &all[i]))
				all[kept++] = all[i];
			else
				conclude(pass, &all[i]);
		}
		nr = kept;
		for (i = 0; i < nr; i++)
			prints->places[i] = all[i].leftwards ? all[i].at - all[i].left - 1 :
							       all[i].at + all[i].right + 1;
		hasher_places(prints->windows, pass->bytes, prints->places, nr, prints->low);
		for (i = 0, kept = 0; i < nr; i++) {
			struct candidate *candidate = &all[i];

			if (print_is_known(&prints->tables, prints->low[i])) {
				candidate->left += candidate->leftwards;
				candidate->right += !candidate->leftwards;
			} else if (!candidate->leftwards) {
				candidate->leftwards = true;
			} else {
				conclude(pass, candidate);
				continue;
			}
			all[kept++] = *candidate;
		}
		nr = kept;
	}
}

/* Nothing that a processor has to guess, but for each 64 places. */
static u32 keep_portable(const struct print_tables *tables, const u64 *low, const u32 *places,
			 u32 nr, u32 *to)
{
	u32 from, i, end, kept = 0;
	u64 answers;

	for (from = 0; from < nr; from = end) {
		end = min(from + 64, nr);
		for (answers = 0, i = from; i < end; i++)
			answers |= (u64)print_is_known(tables, low[i]) << (i - from);
		for (; answers; answers &= answers - 1)
			to[kept++] = places[from + __builtin_ctzll(answers)];
	}
	return kept;
}

#ifdef HAVE_SIMD
/* Which of these eight bits are set in a map, whose length is a multiple of 32? */
TARGET_AVX512
static inline u32 test_bits(const u8 *map, __m512i bits)
{
	__m256i words = _mm512_i64gather_epi32(_mm512_srli_epi64(bits, 5), map, 4);
	__m256i which = _mm256_and_si256(_mm512_cvtepi64_epi32(bits), _mm256_set1_epi32(31));

	return _mm256_test_epi32_mask(words, _mm256_sllv_epi32(_mm256_set1_epi32(1), which));
}

/* print_is_known() of eight. */
TARGET_AVX512
static inline u32 known_avx512(const struct print_tables *tables, const u64 *low)
{
	__m512i bits = _mm512_set1_epi64(tables->bits);

	bits = _mm512_srli_epi64(_mm512_mul_epu32(_mm512_loadu_si512(low), bits), 32);
	return test_bits(tables->bitmap, bits);
}

/* print_may_be_block() of 64. */
TARGET_AVX512
static u64 blocks_avx512(const struct print_tables *tables, const u64 *low)
{
	const __m512i mask = _mm512_set1_epi64((1u << tables->filter_bits) - 1);
	u64 answers = 0;
	u32 i;

	for (i = 0; i < 64; i += 8)
		answers |= (u64)test_bits(tables->filter, _mm512_and_si512(mask,
					  _mm512_loadu_si512(low + i))) << i;
	return answers;
}

/* Sixteen at a time; there is room for that behind all that is read and written. */
TARGET_AVX512
static u32 keep_avx512(const struct print_tables *tables, const u64 *low, const u32 *places,
		       u32 nr, u32 *to)
{
	u32 i, kept = 0, known;

	for (i = 0; i < nr; i += ROOM) {
		known = known_avx512(tables, low + i) | known_avx512(tables, low + i + 8) << 8;
		if (nr - i < ROOM)
			known &= (1u << (nr - i)) - 1;
		_mm512_storeu_si512(to + kept, _mm512_maskz_compress_epi32(known,
					_mm512_loadu_si512(places + i)));
		kept += __builtin_popcount(known);
	}
	return kept;
}
#endif

/* Keeps the places whose windows the bitmap knows. */
static u32 keep_known(const struct fingerprints *prints, const u32 *places, u32 nr, u32 *to)
{
#ifdef HAVE_SIMD
	if (prints->level == SIMD_AVX512)
		return keep_avx512(&prints->tables, prints->low, places, nr, to);
#endif
	return keep_portable(&prints->tables, prints->low, places, nr, to);
}

/* Likewise by the windows that are @way bytes from the places. */
static u32 keep_beside(struct pass *pass, const u32 *places, u32 nr, s32 way, u32 *to)
{
	struct fingerprints *prints = pass->prints;

	hasher_places(prints->windows, pass->bytes + way, places, nr, prints->low);
	return keep_known(prints, places, nr, to);
}

/*
 * A piece that has a window has all of the eight to the right of it, or all to the left: so
 * four of them are asked about, while most places are none.
 */
static u32 sift(struct pass *pass, const u32 *probes, u32 nr, u32 *places, s32 side)
{
	u32 *other = pass->prints->places;

	nr = keep_beside(pass, probes, nr, side * 8, other);
	nr = keep_beside(pass, other, nr, side * 4, places);
	nr = keep_beside(pass, places, nr, side * 2, other);
	return keep_beside(pass, other, nr, side * 6, places);
}

/* Pieces around probes that the bitmap knows. */
static void look_around(struct pass *pass, const u32 *probes, u32 nr)
{
	struct fingerprints *prints = pass->prints;
	struct candidate *candidates = prints->candidates;
	u32 *right = prints->right, *left = prints->left, nr_right, nr_left, i = 0, j = 0, kept = 0;

	nr_right = sift(pass, probes, nr, right, 1);
	nr_left = sift(pass, probes, nr, left, -1);
	while (i < nr_right || j < nr_left) {
		u32 at = j == nr_left || (i < nr_right && right[i] < left[j]) ? right[i] : left[j];

		i += i < nr_right && right[i] == at;
		j += j < nr_left && left[j] == at;
		candidates[kept++] = (struct candidate){ .at = at };
	}
	follow(pass, kept);
}

/* Pieces around the probes of a part. */
static void look_for_pieces(struct pass *pass, u32 nr)
{
	struct fingerprints *prints = pass->prints;

	hasher_places(prints->windows, pass->bytes, prints->places, nr, prints->low);
	nr = keep_known(prints, prints->places, nr, prints->probes);
	look_around(pass, prints->probes, nr);
}

/* Which of these tags, at most 64, may be of blocks? As keep_portable(), nothing to guess. */
static u64 may_be_blocks(const struct fingerprints *prints, const u64 *low, u32 nr)
{
	u64 answers = 0;
	u32 i;

#ifdef HAVE_SIMD
	if (prints->level == SIMD_AVX512 && nr == 64)
		return blocks_avx512(&prints->tables, low);
#endif
	for (i = 0; i < nr; i++)
		answers |= (u64)print_may_be_block(&prints->tables, low[i]) << i;
	return answers;
}

static void look_for_blocks(struct pass *pass, u32 at, u32 end)
{
	struct fingerprints *prints = pass->prints;
	u32 nr = end - at, from, i;
	const struct print *print;
	u64 answers;

	hasher_stride(prints->tags, pass->bytes + at, 1, nr, prints->low);
	for (from = 0; from < nr; from += 64) {
		answers = may_be_blocks(prints, prints->low + from, min(nr - from, 64u));
		for (; answers; answers &= answers - 1) {
			i = from + __builtin_ctzll(answers);
			print = print_find(&prints->tables.blocks, prints->low[i]);
			if (print)
				note(prints, at + i, KR_BLOCK, print);
		}
	}
}

static bool lies_behind(const void *a, const void *b, const void *arg)
{
	const struct found *left = a, *right = b;

	(void)arg;
	return left->at > right->at || (left->at == right->at && left->len < right->len);
}

/* Looks for blocks in each stretch of a part, and for pieces in all of them together. */
static void look_at_part(struct pass *pass, u32 at, u32 end)
{
	struct fingerprints *prints = pass->prints;
	u32 next, from, nr = 0;

	prints->nr_found = 0;
	for (; at < end; at = next) {
		next = min(at + STRETCH, end);
		from = at - min(at, BEFORE);
		if (kr_all_zero(pass->bytes + from, min(next + AFTER, pass->len) - from))
			continue;
		if (prints->tables.blocks.nr)
			look_for_blocks(pass, at, next);
		for (; at < next; at += KR_WINDOWS)
			prints->places[nr++] = at;
	}
	if (prints->tables.pieces.nr)
		look_for_pieces(pass, nr);
	sort_heap(prints->found, prints->nr_found, sizeof(*prints->found), lies_behind, NULL);
}

/* Looks at all windows that begin in [@at, @end), of which @at is on the grid. */
static void look(struct pass *pass, u32 at, u32 end)
{
	struct fingerprints *prints = pass->prints;
	u32 next, i;

	if (pass->len < KR_BLOCK)
		return;
	end = min(end, pass->len - KR_BLOCK + 1);
	for (; at < end; at = next) {
		next = min(at + PART, end);
		look_at_part(pass, at, next);
		for (i = 0; i < prints->nr_found; i++)
			take(pass, &prints->found[i]);
	}
}

static int look_at_file(struct pass *pass, struct input *in, struct complaint *why)
{
	u64 at = 0, next, last, hole;
	int error;

	for (; at < in->size; at = next) {
		next = min(at + CHUNK, in->size);
		/* No piece has so many zeros that it could begin in a hole, and not at its end. */
		if (input_is_hole(in, at, &hole) && hole >= CHUNK + AFTER) {
			next = at + (hole - AFTER) / CHUNK * CHUNK;
			continue;
		}
		pass->base = at - min(at, (u64)BEFORE);
		last = min(next + AFTER, in->size);
		pass->len = last - pass->base;
		error = input_copy(in, pass->base, pass->prints->buffer + PAD, pass->len, why);
		if (error)
			return error;
		look(pass, at - pass->base, next - pass->base);
	}
	tell(pass);
	return 0;
}

/* Neighbours in memory that are not neighbours in the file: see search.c. */
static int look_at_seams(struct pass *pass, struct input *in, struct complaint *why)
{
	const struct core *core = pass->core;
	u8 *buffer = pass->prints->buffer + PAD;
	u64 before, after;
	int error;
	u32 i;

	for (i = 0; i + 1 < core->nr_segments; i++) {
		const struct core_segment *left = &core->segments[i], *right = left + 1;

		if (!core_segments_part(left, right))
			continue;
		before = min(left->filesz, (u64)BEFORE);
		after = min(right->filesz, (u64)BEFORE);
		if (!before || !after)
			continue;
		pass->base = left->offset + left->filesz - before;
		error = input_copy(in, pass->base, buffer, before, why);
		if (!error)
			error = input_copy(in, right->offset, buffer + before, after, why);
		if (error)
			return error;
		pass->len = before + after;
		pass->seam = before;
		pass->seam_vaddr = right->vaddr - before;
		look(pass, 0, pass->len);
		tell(pass);
	}
	return 0;
}

/**
 * fingerprints_run() - search a whole file
 * @prints:	after fingerprints_load()
 * @in:		the file: every byte of it, whatever the headers of a core say
 * @core:	tells addresses, and which segments are neighbours; or NULL
 * @hit:	is called for each copy, in the order of their places
 * @arg:	first argument of @hit
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int fingerprints_run(struct fingerprints *prints, struct input *in, const struct core *core,
		     print_hit_fn hit, void *arg, struct complaint *why)
{
	struct pass pass = {
		.prints = prints,
		.core = core,
		.hit = hit,
		.arg = arg,
		.bytes = prints->buffer + PAD,
	};
	int error;

	error = look_at_file(&pass, in, why);
	if (!error && core && core->sound)
		error = look_at_seams(&pass, in, why);
	return error;
}

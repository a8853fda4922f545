// SPDX-License-Identifier: GPL-2.0
/*
 * The hash of fingerprints, of many windows: see hasher.h.
 *
 * One AES takes as long as ten side by side, so many are under way at a time. OpenSSL could do that
 * only with blocks that lie one after the other.
 */
#include <immintrin.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "hasher.h"
#include "scan/simd.h"

#define ROUNDS	10
#define AES	8u	/* windows at a time */
#define VAES	16u	/* likewise, four in a register */
#define TARGET_VAES __attribute__((target("aes,sse4.2,avx512f,avx512bw,vaes")))
#define BATCH	64u

/**
 * struct hasher - see hasher.h
 * @way:	how it is computed
 * @cipher:	AES-128 in ECB mode, as OpenSSL has it
 * @context:	with the key
 * @round:	round keys, unless @way is HASHER_OPENSSL
 */
struct hasher {
	enum hasher_way way;
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *context;
	__m128i round[ROUNDS + 1];
};

/* Where the windows are: at @at[0], @at[1] ..., or @stride apart if that is NULL. */
struct places {
	const u8 *bytes;
	const u32 *at;
	u32 stride;
};

static const u8 *place(struct places places, u32 nr)
{
	return places.bytes + (places.at ? places.at[nr] : (size_t)places.stride * nr);
}

/**
 * hasher_best() - the fastest way of this machine
 *
 * Return: it.
 */
enum hasher_way hasher_best(void)
{
	__builtin_cpu_init();
	if (simd_vaes())
		return HASHER_VAES;
	if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.2"))
		return HASHER_AES;
	return HASHER_OPENSSL;
}

/**
 * hasher_new() - make ready to hash
 * @way:	how; the machine must know it
 *
 * To be called before the sandbox closes, since OpenSSL may read files.
 *
 * Return: to be released by hasher_free(), or NULL if OpenSSL cannot.
 */
struct hasher *hasher_new(enum hasher_way way)
{
	struct hasher *hasher = aligned_alloc(64, (sizeof(*hasher) + 63) & ~63ul);

	if (!hasher)
		return NULL;
	memset(hasher, 0, sizeof(*hasher));
	hasher->way = way;
	hasher->cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	hasher->context = EVP_CIPHER_CTX_new();
	if (hasher->cipher && hasher->context)
		return hasher;
	hasher_free(hasher);
	return NULL;
}

/**
 * hasher_free() - release a hasher, and erase its key
 * @hasher:	from hasher_new(), or NULL
 */
void hasher_free(struct hasher *hasher)
{
	if (!hasher)
		return;
	EVP_CIPHER_CTX_free(hasher->context);
	EVP_CIPHER_free(hasher->cipher);
	OPENSSL_cleanse(hasher->round, sizeof(hasher->round));
	free(hasher);
}

/* The next round key, of the one before and of what AESKEYGENASSIST made of it. */
__attribute__((target("aes,sse4.2")))
static __m128i next_round(__m128i key, __m128i assist)
{
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
	return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

__attribute__((target("aes,sse4.2")))
static void expand(__m128i *round, const u8 *key)
{
	round[0] = _mm_loadu_si128((const __m128i *)key);
	round[1] = next_round(round[0], _mm_aeskeygenassist_si128(round[0], 0x01));
	round[2] = next_round(round[1], _mm_aeskeygenassist_si128(round[1], 0x02));
	round[3] = next_round(round[2], _mm_aeskeygenassist_si128(round[2], 0x04));
	round[4] = next_round(round[3], _mm_aeskeygenassist_si128(round[3], 0x08));
	round[5] = next_round(round[4], _mm_aeskeygenassist_si128(round[4], 0x10));
	round[6] = next_round(round[5], _mm_aeskeygenassist_si128(round[5], 0x20));
	round[7] = next_round(round[6], _mm_aeskeygenassist_si128(round[6], 0x40));
	round[8] = next_round(round[7], _mm_aeskeygenassist_si128(round[7], 0x80));
	round[9] = next_round(round[8], _mm_aeskeygenassist_si128(round[8], 0x1b));
	round[10] = next_round(round[9], _mm_aeskeygenassist_si128(round[9], 0x36));
}

/**
 * hasher_set() - set the key
 * @hasher:	from hasher_new()
 * @key:	KR_PRINTS_KEY bytes
 *
 * Return: false if OpenSSL cannot.
 */
bool hasher_set(struct hasher *hasher, const u8 *key)
{
	if (hasher->way != HASHER_OPENSSL)
		expand(hasher->round, key);
	return EVP_EncryptInit_ex2(hasher->context, hasher->cipher, key, NULL, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(hasher->context, 0) == 1;
}

/* Blocks that OpenSSL encrypts cannot fail once it has the key. */
static void encrypt(const struct hasher *hasher, const struct kr_block *from,
		    struct kr_block *to, u32 nr)
{
	int len;

	if (EVP_EncryptUpdate(hasher->context, (u8 *)to, &len, (const u8 *)from,
			      (int)(nr * sizeof(*from))) != 1)
		abort();
}

static void hash_openssl(const struct hasher *hasher, struct places places, u32 nr, u64 *low)
{
	struct kr_block from[BATCH], to[BATCH];
	u32 done, part, i;

	for (done = 0; done < nr; done += part) {
		part = min(nr - done, BATCH);
		for (i = 0; i < part; i++)
			from[i] = kr_block_at(place(places, done + i));
		encrypt(hasher, from, to, part);
		for (i = 0; i < part; i++)
			low[done + i] = from[i].low ^ to[i].low;
	}
}

/* The window or its reverse, of which the first half is the smaller number. */
__attribute__((target("aes,sse4.2")))
static inline __m128i canon(const u8 *at)
{
	const __m128i backwards = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
	const __m128i sign = _mm_set1_epi64x(INT64_MIN);
	__m128i window = _mm_loadu_si128((const __m128i *)at);
	__m128i reverse = _mm_shuffle_epi8(window, backwards);
	__m128i more = _mm_cmpgt_epi64(_mm_xor_si128(window, sign), _mm_xor_si128(reverse, sign));

	return _mm_blendv_epi8(window, reverse, _mm_unpacklo_epi64(more, more));
}

/* @nr is a multiple of AES. */
__attribute__((target("aes,sse4.2")))
static void hash_aes(const struct hasher *hasher, struct places places, u32 nr, u64 *low)
{
	__m128i from[AES], state[AES];
	u32 done, i, round;

	for (done = 0; done < nr; done += AES) {
#pragma GCC unroll 8
		for (i = 0; i < AES; i++) {
			from[i] = canon(place(places, done + i));
			state[i] = _mm_xor_si128(from[i], hasher->round[0]);
		}
#pragma GCC unroll 9
		for (round = 1; round < ROUNDS; round++)
#pragma GCC unroll 8
			for (i = 0; i < AES; i++)
				state[i] = _mm_aesenc_si128(state[i], hasher->round[round]);
#pragma GCC unroll 8
		for (i = 0; i < AES; i++) {
			state[i] = _mm_aesenclast_si128(state[i], hasher->round[ROUNDS]);
			_mm_storel_epi64((__m128i *)(low + done + i),
					 _mm_xor_si128(state[i], from[i]));
		}
	}
}

static inline __m128i load(struct places places, u32 nr)
{
	return _mm_loadu_si128((const __m128i *)place(places, nr));
}

/* Four windows, or their reverses. */
TARGET_VAES
static inline __m512i canon_four(struct places places, u32 nr)
{
	const __m512i backwards = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0001020304050607,
									0x08090a0b0c0d0e0f));
	__m512i window, reverse;
	u32 more;

	window = _mm512_castsi128_si512(load(places, nr));
	window = _mm512_inserti32x4(window, load(places, nr + 1), 1);
	window = _mm512_inserti32x4(window, load(places, nr + 2), 2);
	window = _mm512_inserti32x4(window, load(places, nr + 3), 3);
	reverse = _mm512_shuffle_epi8(window, backwards);
	more = _mm512_mask_cmpgt_epu64_mask(0x55, window, reverse);
	return _mm512_mask_blend_epi64(more | more << 1, window, reverse);
}

/* @nr is a multiple of VAES. */
TARGET_VAES
static void hash_vaes(const struct hasher *hasher, struct places places, u32 nr, u64 *low)
{
	const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
	__m512i from[VAES / 4], state[VAES / 4], round[ROUNDS + 1];
	u32 done, i, j;

	for (i = 0; i <= ROUNDS; i++)
		round[i] = _mm512_broadcast_i32x4(hasher->round[i]);
	for (done = 0; done < nr; done += VAES) {
#pragma GCC unroll 4
		for (i = 0; i < VAES / 4; i++) {
			from[i] = canon_four(places, done + 4 * i);
			state[i] = _mm512_xor_si512(from[i], round[0]);
		}
#pragma GCC unroll 9
		for (j = 1; j < ROUNDS; j++)
#pragma GCC unroll 4
			for (i = 0; i < VAES / 4; i++)
				state[i] = _mm512_aesenc_epi128(state[i], round[j]);
#pragma GCC unroll 4
		for (i = 0; i < VAES / 4; i++) {
			state[i] = _mm512_aesenclast_epi128(state[i], round[ROUNDS]);
			state[i] = _mm512_xor_si512(state[i], from[i]);
		}
#pragma GCC unroll 2
		for (i = 0; i < VAES / 4; i += 2) {
			state[i] = _mm512_permutex2var_epi64(state[i], even, state[i + 1]);
			_mm512_storeu_si512(low + done + 4 * i, state[i]);
		}
	}
}

static void hash(const struct hasher *hasher, struct places places, u32 nr, u64 *low)
{
	void (*way)(const struct hasher *hasher, struct places places, u32 nr, u64 *low);
	u32 each = hasher->way == HASHER_VAES ? VAES : AES, whole = nr - nr % each, i, at[VAES];
	u64 last[VAES];

	if (hasher->way == HASHER_OPENSSL) {
		hash_openssl(hasher, places, nr, low);
		return;
	}
	way = hasher->way == HASHER_VAES ? hash_vaes : hash_aes;
	way(hasher, places, whole, low);
	if (whole == nr)
		return;
	/* The rest, and the last of it again: one by one would take as long for each. */
	for (i = 0; i < each; i++)
		at[i] = place(places, min(whole + i, nr - 1)) - places.bytes;
	places.at = at;
	way(hasher, places, each, last);
	memcpy(low + whole, last, (nr - whole) * sizeof(*low));
}

/**
 * hasher_stride() - hash windows at equal distances
 * @hasher:	with a key
 * @bytes:	where the first one is
 * @stride:	their distance
 * @nr:		how many
 * @low:	takes the first 8 bytes of each hash
 */
void hasher_stride(const struct hasher *hasher, const u8 *bytes, u32 stride, u32 nr, u64 *low)
{
	hash(hasher, (struct places){ bytes, NULL, stride }, nr, low);
}

/**
 * hasher_places() - hash windows anywhere
 * @hasher:	with a key
 * @bytes:	what they are in
 * @at:		where in that each of them is
 * @nr:		how many
 * @low:	takes the first 8 bytes of each hash
 */
void hasher_places(const struct hasher *hasher, const u8 *bytes, const u32 *at, u32 nr, u64 *low)
{
	hash(hasher, (struct places){ bytes, at, 0 }, nr, low);
}

/**
 * hasher_block() - hash one block, as it is
 * @hasher:	with a key
 * @block:	the block
 *
 * Return: its hash.
 */
struct kr_block hasher_block(const struct hasher *hasher, struct kr_block block)
{
	struct kr_block hashed;

	encrypt(hasher, &block, &hashed, 1);
	return (struct kr_block){ hashed.low ^ block.low, hashed.high ^ block.high };
}

// SPDX-License-Identifier: GPL-2.0
/*
 * AES schedules of OpenSSL 3's random number generator (CTR_DRBG): see aes.h.
 *
 * Each process that uses OpenSSL has some, and a report that names them among the
 * keys of a service is soon not read. But a schedule is passed over only with a proof:
 * the generator's state is found, its K is the key of the schedule, and a cipher
 * context that the state points to points to the block that holds the schedule.
 *
 *	struct rand_drbg_ctr_st (providers/implementations/rands/drbg_ctr.c)
 *		EVP_CIPHER_CTX *ctx_ecb, *ctx_ctr, *ctx_df;
 *		EVP_CIPHER *cipher_ecb, *cipher_ctr;
 *		size_t keylen;
 *		int use_df;
 *		unsigned char K[32], V[16];
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "aes.h"

#define SUSPECTS	8192u
#define PAGE		4096u
#define BEFORE_K	52u	/* from ctx_ecb to K */
#define V_LEN		16u
#define PAGES_AROUND	256u	/* of a schedule in which its generator is looked for */
#define PAGES_MAX	(1u << 18)
#define CONTEXT		256u	/* bytes of an EVP_CIPHER_CTX, more or less */
#define BLOCK		1024u	/* most bytes of a cipher's context before its schedule */

static const struct kind kind = {
	.word = "drbg-state",
	.text = "state of a random number generator",
	.advice = "none if the process is dead: SP 800-90A keeps past output safe from it; of a "
		  "process that lives on it foretells the output until the next reseeding",
	.weight = WEIGHT_NOTE,
};

/**
 * struct suspect - a schedule that may be of a generator
 * @vaddr:	its address
 * @n:		words of its key
 * @detail:	what to say of it if it is not
 */
struct suspect {
	u64 vaddr;
	u32 n;
	char detail[AES_DETAIL];
};

/**
 * struct aes_drbg - schedules whose generator is to be looked for
 * @suspects:	they
 * @nr:		how many
 * @pages:	read on the search
 * @lock:	guards them while windows are looked at
 */
struct aes_drbg {
	struct suspect *suspects;
	u32 nr;
	u32 pages;
	pthread_mutex_t lock;
};

/**
 * aes_drbg_new() - begin to collect
 * @why:	text of an error
 *
 * Return: to be released by aes_drbg_free(), or NULL if there is no memory.
 */
struct aes_drbg *aes_drbg_new(struct complaint *why)
{
	struct aes_drbg *drbg = calloc(1, sizeof(*drbg));

	if (drbg)
		drbg->suspects = calloc(SUSPECTS, sizeof(*drbg->suspects));
	if (!drbg || !drbg->suspects) {
		complaint_set(why, "out of memory");
		free(drbg);
		return NULL;
	}
	pthread_mutex_init(&drbg->lock, NULL);
	return drbg;
}

/**
 * aes_drbg_free() - release a collection
 * @drbg:	from aes_drbg_new()
 */
void aes_drbg_free(struct aes_drbg *drbg)
{
	pthread_mutex_destroy(&drbg->lock);
	free(drbg->suspects);
	free(drbg);
}

/**
 * aes_drbg_suspect() - may a schedule be of a generator?
 * @drbg:	collects it
 * @scan:	the scan
 * @window:	where it was seen
 * @at:		index of its first byte
 * @form:	how it is kept
 * @detail:	what to say of it if it is not
 *
 * For any thread.
 *
 * Return: true if aes_drbg_resolve() will report it; otherwise the caller has to.
 */
bool aes_drbg_suspect(struct aes_drbg *drbg, struct scan *scan, const struct window *window,
		      u64 at, const struct aes_form *form, const char *detail)
{
	bool taken = false;
	u64 offset, vaddr;

	if (form->backward || form->mixed || form->swapped || window->seam)
		return false;
	window_place(window, at, &offset);
	if (!scan_vaddr(scan, offset, &vaddr))
		return false;
	pthread_mutex_lock(&drbg->lock);
	if (drbg->nr < SUSPECTS) {
		struct suspect *suspect = &drbg->suspects[drbg->nr++];

		suspect->vaddr = vaddr;
		suspect->n = form->n;
		strncpy(suspect->detail, detail, sizeof(suspect->detail) - 1);
		taken = true;
	}
	pthread_mutex_unlock(&drbg->lock);
	return taken;
}

static u64 word_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Does a cipher context point to the block in which the schedule at @vaddr is? */
static bool leads_to(struct scan *scan, u64 context, u64 vaddr)
{
	u8 bytes[CONTEXT];
	u32 i;

	if (!context || context % 8 || !scan_memory(scan, context, bytes, sizeof(bytes)))
		return false;
	for (i = 0; i < sizeof(bytes); i += 8) {
		u64 block = word_at(bytes + i);

		if (block && block <= vaddr && vaddr - block < BLOCK)
			return true;
	}
	return false;
}

/* Is the K of a generator at @k, with the key of this schedule? */
static bool is_state(struct scan *scan, const u8 *k, const u8 *key, u32 key_len, u64 vaddr)
{
	u32 use_df;

	if (word_at(k - 12) != key_len || memcmp(k, key, key_len))
		return false;
	memcpy(&use_df, k - 4, sizeof(use_df));
	return use_df <= 1 &&
	       (leads_to(scan, word_at(k - BEFORE_K), vaddr) ||
		leads_to(scan, word_at(k - BEFORE_K + 8), vaddr));
}

static bool in_page(struct scan *scan, u64 page, const u8 *key, u32 key_len, u64 vaddr)
{
	u8 bytes[BEFORE_K + PAGE + 32];
	bool is = false;
	u32 at;

	/* K may begin in this page and end in the next, or follow what ends the one before. */
	if (page < BEFORE_K)
		return false;
	if (!scan_memory(scan, page - BEFORE_K, bytes, sizeof(bytes))) {
		memset(bytes, 0, sizeof(bytes));
		if (!scan_memory(scan, page, bytes + BEFORE_K, PAGE))
			return false;
		scan_memory(scan, page - BEFORE_K, bytes, BEFORE_K);
		scan_memory(scan, page + PAGE, bytes + BEFORE_K + PAGE, 32);
	}
	for (at = BEFORE_K; at < BEFORE_K + PAGE && !is; at += 4)
		is = is_state(scan, bytes + at, key, key_len, vaddr);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return is;
}

/* Context and state were allocated together: the nearest pages first. */
static bool proven(struct aes_drbg *drbg, struct scan *scan, const struct suspect *suspect,
		   const u8 *key)
{
	u64 page = suspect->vaddr & ~(u64)(PAGE - 1);
	u32 i;

	for (i = 0; i < 2 * PAGES_AROUND && drbg->pages < PAGES_MAX; i++, drbg->pages++)
		if (in_page(scan, i % 2 ? page - (i + 1) / 2 * PAGE : page + i / 2 * PAGE, key,
			    4 * suspect->n, suspect->vaddr))
			return true;
	return false;
}

static void resolve_one(struct aes_drbg *drbg, struct scan *scan, const struct suspect *suspect,
			const struct kind *otherwise)
{
	const struct aes_form form = { .n = suspect->n };
	u8 bytes[AES_SIZE(8)], key[32];
	u32 size = AES_SIZE(suspect->n);

	if (!scan_memory(scan, suspect->vaddr, bytes, size))
		return;
	aes_key(bytes, &form, key);
	if (proven(drbg, scan, suspect, key))
		scan_report_memory(scan, suspect->vaddr, bytes, size, &kind, true,
				   "OpenSSL CTR_DRBG, %s", suspect->detail);
	else
		scan_report_memory(scan, suspect->vaddr, bytes, size, otherwise, true, "%s",
				   suspect->detail);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	OPENSSL_cleanse(key, sizeof(key));
}

/**
 * aes_drbg_resolve() - report what was collected
 * @drbg:	the collection
 * @scan:	the scan, in its resolve phase
 * @otherwise:	kind of a schedule that is not proven to be of a generator
 */
void aes_drbg_resolve(struct aes_drbg *drbg, struct scan *scan, const struct kind *otherwise)
{
	u32 i;

	for (i = 0; i < drbg->nr; i++)
		resolve_one(drbg, scan, &drbg->suspects[i], otherwise);
}

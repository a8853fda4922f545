// SPDX-License-Identifier: GPL-2.0
/*
 * Fingerprints of what is registered, for the seal: they who have its key find copies by
 * them that the hunt was not to look for, or has missed.
 *
 * They are made when the dump begins, of the same index of secrets. Where they cannot be
 * made the seal says why; no dump is worse redacted for that.
 */
#include <crypto/aes.h>
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>

#include "kredact.h"
#include "prints.h"
#include "seal.h"

/* Bytes of fingerprints in a seal: those of 11 MB of secrets. */
#define PRINTS_MAX	(8u << 20)

/**
 * struct kredact_prints - fingerprints until the seal is written
 * @salt:	of their keys
 * @key_id:	the key of seals that they were made with
 * @set:	they themselves
 * @memory:	what they are in
 */
struct kredact_prints {
	u8 salt[16];
	u8 key_id[16];
	struct kr_prints set;
	void *memory;
};

/* What they are made with, while they are. */
struct print_maker {
	struct crypto_aes_ctx windows;
	struct crypto_aes_ctx tags;
	struct kr_hasher hasher;
	u8 keys[SHA256_DIGEST_SIZE];
};

/* One block by AES-NI; the kernel's own code for that wants a transform for each key. */
static void kredact_aes_ni(const struct crypto_aes_ctx *aes, struct kr_block *block)
{
	asm volatile("movdqu (%1), %%xmm0\n\t"
		     "movdqu (%0), %%xmm1\n\t"
		     "pxor %%xmm1, %%xmm0\n\t"
		     ".irp at, 16, 32, 48, 64, 80, 96, 112, 128, 144\n\t"
		     "movdqu \\at(%0), %%xmm1\n\t"
		     "aesenc %%xmm1, %%xmm0\n\t"
		     ".endr\n\t"
		     "movdqu 160(%0), %%xmm1\n\t"
		     "aesenclast %%xmm1, %%xmm0\n\t"
		     "movdqu %%xmm0, (%1)\n\t"
		     "pxor %%xmm1, %%xmm1"
		     : : "r" (aes->key_enc), "r" (block) : "memory");
}

static void kredact_prints_encrypt(void *arg, bool tags, struct kr_block *blocks, u32 nr)
{
	struct print_maker *maker = arg;
	const struct crypto_aes_ctx *aes = tags ? &maker->tags : &maker->windows;

	if (boot_cpu_has(X86_FEATURE_AES)) {
		kernel_fpu_begin();
		for (; nr--; blocks++)
			kredact_aes_ni(aes, blocks);
		kernel_fpu_end();
	} else {
		for (; nr--; blocks++)
			aes_encrypt(aes, (u8 *)blocks, (const u8 *)blocks);
	}
	cond_resched();
}

static int kredact_prints_derive(struct print_maker *maker, struct kredact_key_ref *key,
				 const u8 *salt, u32 salt_len)
{
	static const char use[] = KR_PRINTS_USE;
	struct crypto_shash *shash = kredact_key_shash(key);
	SHASH_DESC_ON_STACK(hmac, shash);
	int ret;

	hmac->tfm = shash;
	ret = crypto_shash_init(hmac) ?:
	      crypto_shash_update(hmac, use, sizeof(use) - 1) ?:
	      crypto_shash_finup(hmac, salt, salt_len, maker->keys) ?:
	      aes_expandkey(&maker->windows, maker->keys, KR_PRINTS_KEY) ?:
	      aes_expandkey(&maker->tags, maker->keys + KR_PRINTS_KEY, KR_PRINTS_KEY);
	shash_desc_zero(hmac);
	maker->hasher.encrypt = kredact_prints_encrypt;
	maker->hasher.arg = maker;
	return ret;
}

/* Makes them of an index: 0 or KREDACT_UNINDEXED_*. */
static u32 kredact_prints_make(struct kredact_prints *prints, const struct kr_hunt *index,
			       struct kredact_key_ref *key)
{
	struct print_maker *maker;
	u32 failure = KREDACT_UNINDEXED_NOMEM;
	size_t size;

	size = kr_prints_measure(&prints->set, index, PRINTS_MAX);
	if (!size)
		return 0;
	maker = kzalloc(sizeof(*maker), KREDACT_GFP_DUMP);
	prints->memory = kvzalloc(size, KREDACT_GFP_DUMP);
	if (!maker || !prints->memory)
		goto out;
	get_random_bytes(prints->salt, sizeof(prints->salt));
	if (kredact_prints_derive(maker, key, prints->salt, sizeof(prints->salt)))
		goto out;
	kr_prints_make(&prints->set, index, prints->memory, &maker->hasher);
	failure = 0;
out:
	kfree_sensitive(maker);
	return failure;
}

/* Of all that is registered, also what is not to be hunted: 0 or KREDACT_UNINDEXED_*. */
static u32 kredact_prints_of_all(struct kredact_dump *dump, struct kredact_mm *kmm,
				 struct kredact_key_ref *key)
{
	struct kredact_search *search = kvzalloc(sizeof(*search), KREDACT_GFP_DUMP);
	u32 failure;

	if (!search)
		return KREDACT_UNINDEXED_NOMEM;
	search->policy = dump->policy;
	search->policy.hunt = KREDACT_HUNT_ALL;
	failure = kredact_secrets_index(search, kmm, dump->serial);
	if (!failure)
		failure = kredact_prints_make(dump->prints, &search->index, key);
	kredact_secrets_forget(search);
	kvfree_sensitive(search, sizeof(*search));
	return failure;
}

/**
 * kredact_prints_begin() - make the fingerprints of a dump
 * @dump:	with its policy, and its search if there is to be one
 * @kmm:	tags of the process whose secrets are meant, or NULL
 *
 * May sleep.
 */
void kredact_prints_begin(struct kredact_dump *dump, struct kredact_mm *kmm)
{
	struct kredact_key_ref *key = kredact_key_get();
	bool installed;
	const u8 *id = kredact_key_id(key, &installed);

	if (!installed)
		goto put;
	if (dump->flags & KREDACT_SEAL_ALL_LEFT_OUT) {
		dump->unprinted = KREDACT_UNINDEXED_LOOKUP;
		goto put;
	}
	dump->prints = kzalloc(sizeof(*dump->prints), KREDACT_GFP_DUMP);
	if (!dump->prints) {
		dump->unprinted = KREDACT_UNINDEXED_NOMEM;
		goto put;
	}
	memcpy(dump->prints->key_id, id, sizeof(dump->prints->key_id));
	if (dump->policy.hunt != KREDACT_HUNT_ALL)
		dump->unprinted = kredact_prints_of_all(dump, kmm, key);
	else if (dump->hunted.unindexed)
		dump->unprinted = dump->hunted.unindexed;
	else
		dump->unprinted = kredact_prints_make(dump->prints, &dump->search->index, key);
	if (dump->unprinted)
		kredact_prints_end(dump);
put:
	kredact_key_put(key);
}

/**
 * kredact_prints_end() - release them
 * @dump:	after kredact_prints_begin(), if that was called
 */
void kredact_prints_end(struct kredact_dump *dump)
{
	if (!dump->prints)
		return;
	kvfree(dump->prints->memory);
	kfree(dump->prints);
	dump->prints = NULL;
}

/**
 * kredact_prints_seal() - write them, or why there are none
 * @dump:	after kredact_prints_begin()
 * @key:	of this seal
 * @seal:	after kr_seal_begin()
 */
void kredact_prints_seal(struct kredact_dump *dump, struct kredact_key_ref *key,
			 struct kr_seal *seal)
{
	const struct kredact_prints *prints = dump->prints;
	struct kredact_seal_prints head = { };
	u32 failure = dump->unprinted, nr = 0, len = 0;
	bool installed;

	if (!prints && !failure)
		return;
	if (prints && memcmp(prints->key_id, kredact_key_id(key, &installed),
			     sizeof(prints->key_id)))
		failure = KREDACT_UNPRINTED_KEY;
	if (failure) {
		head.failure = cpu_to_le32(failure);
	} else {
		nr = prints->set.pieces + prints->set.blocks;
		len = prints->set.bits / 8;
		memcpy(head.salt, prints->salt, sizeof(head.salt));
		head.bytes = cpu_to_le64(prints->set.bytes);
		head.missing = cpu_to_le64(prints->set.missing);
		head.pieces = cpu_to_le32(prints->set.pieces);
		head.blocks = cpu_to_le32(prints->set.blocks);
		head.bits = cpu_to_le32(prints->set.bits);
	}
	kr_seal_prints(seal, &head, nr ? prints->set.prints : NULL, nr,
		       nr ? prints->set.bitmap : NULL, len);
}

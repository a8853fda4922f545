// SPDX-License-Identifier: GPL-2.0
/*
 * The key that seals are made with: one that the administrator installs, or a
 * random one that only this load of the module knows, so that a seal can never
 * be made by who does not have the key.
 */
#include <crypto/internal/hash.h>
#include <crypto/sha2.h>
#include <linux/kref.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kredact.h"

/**
 * struct kredact_key_ref - a key in use
 * @ref:	references
 * @shash:	hmac(sha256) with the key set
 * @context:	where it has the key
 * @context_size: bytes of that
 * @inner:	HMAC's inner hash, after the key; for where no crypto API can be used
 * @outer:	its outer one
 * @node:	in the list of all keys
 * @id:		first bytes of SHA-256("kredact key id" || key)
 * @installed:	by the administrator
 */
struct kredact_key_ref {
	struct kref ref;
	struct sha256_state inner, outer;
	struct list_head node;
	struct crypto_shash *shash;
	void *context;
	u32 context_size;
	u8 id[16];
	bool installed;
};

/* A list of more keys than there are dumps is broken. */
#define KEYS_MAX	65536

static struct kredact_key_ref *current_key;
/* That one, and those that dumps are sealed with which began before it was installed. */
static LIST_HEAD(keys);
static DEFINE_SPINLOCK(key_lock);

static void kredact_key_free(struct kref *ref)
{
	struct kredact_key_ref *key = container_of(ref, struct kredact_key_ref, ref);

	/* Wipes the key. */
	crypto_free_shash(key->shash);
	spin_lock(&key_lock);
	list_del(&key->node);
	spin_unlock(&key_lock);
	kfree_sensitive(key);
}

static void kredact_key_begin(struct sha256_state *state, const u8 *bytes, u32 len, u8 pad)
{
	u8 block[SHA256_BLOCK_SIZE];
	u32 i;

	BUILD_BUG_ON(KREDACT_KEY_MAX > sizeof(block));
	memset(block, pad, sizeof(block));
	for (i = 0; i < len; i++)
		block[i] ^= bytes[i];
	sha256_init(state);
	sha256_update(state, block, sizeof(block));
	memzero_explicit(block, sizeof(block));
}

static void kredact_key_compute_id(const u8 *bytes, u32 len, u8 *id)
{
	static const char prefix[] = "kredact key id";
	u8 digest[SHA256_DIGEST_SIZE];
	struct sha256_state state;

	sha256_init(&state);
	sha256_update(&state, prefix, sizeof(prefix) - 1);
	sha256_update(&state, bytes, len);
	sha256_final(&state, digest);
	memcpy(id, digest, 16);
	memzero_explicit(&state, sizeof(state));
}

static int kredact_key_replace(const u8 *bytes, u32 len, bool installed, u8 *id)
{
	struct kredact_key_ref *key, *old;
	int ret;

	key = kzalloc(sizeof(*key), GFP_KERNEL);
	if (!key)
		return -ENOMEM;
	kref_init(&key->ref);
	key->installed = installed;
	kredact_key_compute_id(bytes, len, key->id);
	key->shash = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(key->shash)) {
		ret = PTR_ERR(key->shash);
		goto err_free;
	}
	ret = crypto_shash_setkey(key->shash, bytes, len);
	if (ret)
		goto err_shash;
	key->context = crypto_shash_ctx(key->shash);
	key->context_size = crypto_shash_alg(key->shash)->base.cra_ctxsize;
	kredact_key_begin(&key->inner, bytes, len, 0x36);
	kredact_key_begin(&key->outer, bytes, len, 0x5c);
	memcpy(id, key->id, sizeof(key->id));
	spin_lock(&key_lock);
	list_add(&key->node, &keys);
	old = current_key;
	current_key = key;
	spin_unlock(&key_lock);
	if (old) {
		kredact_event_key(key->id, old->id);
		kredact_key_put(old);
	}
	return 0;

err_shash:
	crypto_free_shash(key->shash);
err_free:
	kfree_sensitive(key);
	return ret;
}

/**
 * kredact_key_install() - use the administrator's key from now on
 * @bytes:	the key; the caller wipes it
 * @len:	KREDACT_KEY_MIN to KREDACT_KEY_MAX
 * @id:		out: 16 bytes
 *
 * May sleep. Return: 0 or -ENOMEM.
 */
int kredact_key_install(const u8 *bytes, u32 len, u8 *id)
{
	return kredact_key_replace(bytes, len, true, id);
}

/**
 * kredact_key_info() - which key is in use
 * @id:		out: 16 bytes
 * @installed:	out: by the administrator
 */
void kredact_key_info(u8 *id, bool *installed)
{
	spin_lock(&key_lock);
	memcpy(id, current_key->id, sizeof(current_key->id));
	*installed = current_key->installed;
	spin_unlock(&key_lock);
}

/**
 * kredact_key_get() - the key in use
 *
 * Return: to be given back by kredact_key_put().
 */
struct kredact_key_ref *kredact_key_get(void)
{
	struct kredact_key_ref *key;

	spin_lock(&key_lock);
	key = current_key;
	kref_get(&key->ref);
	spin_unlock(&key_lock);
	return key;
}

void kredact_key_put(struct kredact_key_ref *key)
{
	kref_put(&key->ref, kredact_key_free);
}

struct crypto_shash *kredact_key_shash(struct kredact_key_ref *key)
{
	return key->shash;
}

const u8 *kredact_key_id(struct kredact_key_ref *key, bool *installed)
{
	*installed = key->installed;
	return key->id;
}

/**
 * kredact_key_mac() - an HMAC on a machine that has crashed, with the key in use
 * @text:	any bytes
 * @len:	how many
 * @mac:	out: 32 bytes
 *
 * In any context: neither locks nor the crypto API, which may want the FPU.
 */
void kredact_key_mac(const void *text, u32 len, u8 *mac)
{
	const struct kredact_key_ref *key = READ_ONCE(current_key);
	struct sha256_state state = key->inner;
	u8 digest[SHA256_DIGEST_SIZE];

	sha256_update(&state, text, len);
	sha256_final(&state, digest);
	state = key->outer;
	sha256_update(&state, digest, sizeof(digest));
	sha256_final(&state, mac);
	/* They tell nothing, but would make the same HMAC for a text that goes on. */
	memzero_explicit(&state, sizeof(state));
	memzero_explicit(digest, sizeof(digest));
}

/**
 * kredact_key_describe() - likewise: which key that is
 * @id:		out: 16 bytes
 *
 * Return: whether the administrator has installed it.
 */
bool kredact_key_describe(u8 *id)
{
	const struct kredact_key_ref *key = READ_ONCE(current_key);

	memcpy(id, key->id, sizeof(key->id));
	return key->installed;
}

/**
 * kredact_keys_wipe() - likewise: no key is in memory any more
 *
 * Return: bytes that were zeroed.
 */
u64 kredact_keys_wipe(void)
{
	struct list_head *at = &keys;
	struct kredact_key_ref *key;
	u64 bytes = 0;
	void *context;
	u32 size, left;

	/* A processor may have been stopped while it changed the list: forward it is sound. */
	for (left = KEYS_MAX; left; left--) {
		if (get_kernel_nofault(at, &at->next) || at == &keys)
			break;
		key = list_entry(at, struct kredact_key_ref, node);
		if (!get_kernel_nofault(context, &key->context) &&
		    !get_kernel_nofault(size, &key->context_size) && kredact_wipe(context, size))
			bytes += size;
		if (kredact_wipe(&key->inner, 2 * sizeof(key->inner)))
			bytes += 2 * sizeof(key->inner);
	}
	return bytes;
}

int kredact_key_init(void)
{
	u8 bytes[32], id[16];
	int ret;

	get_random_bytes(bytes, sizeof(bytes));
	ret = kredact_key_replace(bytes, sizeof(bytes), false, id);
	memzero_explicit(bytes, sizeof(bytes));
	return ret;
}

void kredact_key_exit(void)
{
	kredact_key_put(current_key);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The key that seals are made with: one that the administrator installs, or a
 * random one that only this load of the module knows, so that a seal can never
 * be made by who does not have the key.
 */
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <linux/kref.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "kredact.h"

/**
 * struct kredact_key_ref - a key in use
 * @ref:	references
 * @shash:	hmac(sha256) with the key set
 * @id:		first bytes of SHA-256("kredact key id" || key)
 * @installed:	by the administrator
 */
struct kredact_key_ref {
	struct kref ref;
	struct crypto_shash *shash;
	u8 id[16];
	bool installed;
};

static struct kredact_key_ref *current_key;
static DEFINE_SPINLOCK(key_lock);

static void kredact_key_free(struct kref *ref)
{
	struct kredact_key_ref *key = container_of(ref, struct kredact_key_ref, ref);

	/* Wipes the key. */
	crypto_free_shash(key->shash);
	kfree(key);
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
	memcpy(id, key->id, sizeof(key->id));
	spin_lock(&key_lock);
	old = current_key;
	current_key = key;
	spin_unlock(&key_lock);
	if (old)
		kredact_key_put(old);
	return 0;

err_shash:
	crypto_free_shash(key->shash);
err_free:
	kfree(key);
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

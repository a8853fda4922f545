// SPDX-License-Identifier: GPL-2.0
/*
 * Public keys, and what became of them: see question.h.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "curve.h"
#include "memory.h"
#include "question.h"
#include "spki.h"

#define ADVICE	"register the key, or erase it before the process can crash; if it was found " \
		"in a dump that left the machine, replace it"
#define SLOTS		(4 * QUESTIONS_MAX)
#define ROOM		(64u << 20)	/* bytes of all public keys */

const struct kind kind_rsa_prime = {
	.word = "rsa-prime",
	.text = "RSA prime",
	.advice = ADVICE,
	.weight = WEIGHT_KEY,
};

const struct kind kind_rsa_exponent = {
	.word = "rsa-private-exponent",
	.text = "RSA private exponent",
	.advice = ADVICE,
	.weight = WEIGHT_KEY,
};

const struct kind kind_rsa_crt = {
	.word = "rsa-crt",
	.text = "RSA CRT parameter",
	.advice = ADVICE,
	.weight = WEIGHT_KEY,
};

const struct kind kind_ec_scalar = {
	.word = "ec-scalar",
	.text = "EC private scalar",
	.advice = ADVICE,
	.weight = WEIGHT_KEY,
};

const struct kind kind_raw_key = {
	.word = "edwards-key",
	.text = "Ed25519, X25519, Ed448 or X448 private key",
	.advice = ADVICE,
	.weight = WEIGHT_KEY,
};

/**
 * struct questions - public keys
 * @list:	in the order in which they came
 * @nr:		how many
 * @slots:	1 + index in @list, by @id; 0: free
 * @moduli:	likewise, by the modulus, of the first key that has it
 * @random:	what places in @slots and @moduli depend on, so that a dump cannot choose them
 * @bytes:	of memory that they have
 * @lost:	those for which there was no room
 * @lock:	guards all, and the answers
 */
struct questions {
	struct question *list[QUESTIONS_MAX];
	u32 nr;
	u32 slots[SLOTS];
	u32 moduli[SLOTS];
	u64 random[QUESTION_ID_LEN / 4];
	u64 bytes;
	u64 lost;
	pthread_mutex_t lock;
};

/* What OpenSSL loads for keys without a curve, it loads now. */
static void load_raw(void)
{
	static const int raw[] = { NID_ED25519, NID_X25519, NID_ED448, NID_X448 };
	u8 key[57] = { 1 }, public[57];
	u32 i;

	for (i = 0; i < sizeof(raw) / sizeof(*raw); i++)
		raw_public(raw[i], key, public);
}

/**
 * questions_new() - begin with none
 *
 * To be called before the sandbox closes.
 *
 * Return: to be released by questions_free(), or NULL.
 */
struct questions *questions_new(void)
{
	struct questions *all = curves_init() ? calloc(1, sizeof(*all)) : NULL;
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!all)
		return NULL;
	if (RAND_bytes((u8 *)all->random, sizeof(all->random)) != 1) {
		free(all);
		return NULL;
	}
	pthread_mutex_init(&all->lock, NULL);
	pthread_once(&once, load_raw);
	return all;
}

/**
 * question_forget() - erase the private half that is known
 * @question:	whose; to be locked if others know it
 */
void question_forget(struct question *question)
{
	struct secret_part *part = question->parts;

	for (; question->nr_parts; question->nr_parts--, part++)
		OPENSSL_clear_free(part->bytes, part->len);
}

static void free_question(struct question *question)
{
	if (!question)
		return;
	question_forget(question);
	BN_free(question->n);
	BN_free(question->e);
	free(question->source);
	free(question);
}

/**
 * questions_free() - release all, and erase what is secret
 * @all:	from questions_new(), or NULL
 */
void questions_free(struct questions *all)
{
	if (!all)
		return;
	while (all->nr)
		free_question(all->list[--all->nr]);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/**
 * questions_nr() - how many there are
 * @all:	the keys
 *
 * Return: given ones and those of the dump; the given ones come first.
 */
u32 questions_nr(const struct questions *all)
{
	return all->nr;
}

/**
 * questions_lost() - for how many there was no room
 * @all:	the keys
 *
 * Return: how many; their private halves may be anywhere, and are not told of.
 */
u64 questions_lost(const struct questions *all)
{
	return all->lost;
}

/**
 * questions_given() - how many were given by --cert
 * @all:	the keys
 *
 * Return: they are the first ones.
 */
u32 questions_given(const struct questions *all)
{
	u32 i = 0;

	while (i < all->nr && all->list[i]->given)
		i++;
	return i;
}

/**
 * questions_get() - one of them
 * @all:	the keys
 * @i:		below questions_nr()
 *
 * Return: it; lives as long as @all.
 */
struct question *questions_get(const struct questions *all, u32 i)
{
	return all->list[i];
}

/* Where to begin to look for a hash: whoever made the keys of a dump cannot choose that. */
static u32 begin_of(const struct questions *all, const u8 *id)
{
	u32 words[QUESTION_ID_LEN / 4], i;
	u64 hash = 0;

	memcpy(words, id, sizeof(words));
	for (i = 0; i < QUESTION_ID_LEN / 4; i++)
		hash += all->random[i] * words[i];
	return (hash >> 32) % SLOTS;
}

static u32 *slot_of(struct questions *all, const u8 *id)
{
	u32 at;

	for (at = begin_of(all, id); all->slots[at]; at = (at + 1) % SLOTS)
		if (!memcmp(all->list[all->slots[at] - 1]->id, id, QUESTION_ID_LEN))
			break;
	return &all->slots[at];
}

/* Where a modulus is in @all->moduli, or is to be. */
static u32 slot_of_modulus(const struct questions *all, const BIGNUM *n)
{
	u8 id[QUESTION_ID_LEN];
	u32 at;

	spki_id_rsa(n, BN_value_one(), id);
	for (at = begin_of(all, id); all->moduli[at]; at = (at + 1) % SLOTS)
		if (!BN_cmp(all->list[all->moduli[at] - 1]->n, n))
			break;
	return at;
}

/*
 * Adds what is not there yet; @found is copied, with its numbers. An entry is complete
 * before others can see it, and does not move.
 */
static struct question *add(struct questions *all, const struct question *found,
			    const BIGNUM *n, const BIGNUM *e, const char *source)
{
	struct question *question = NULL;
	char hex[2 * QUESTION_ID_LEN + 1];
	u32 *slot;

	pthread_mutex_lock(&all->lock);
	slot = slot_of(all, found->id);
	if (*slot) {
		question = all->list[*slot - 1];
		goto out;
	}
	if (all->nr == QUESTIONS_MAX || all->bytes > ROOM)
		goto lost;
	question = malloc(sizeof(*question));
	if (!question) {
		memory_lost();
		goto lost;
	}
	*question = *found;
	question->source = strdup(source ? source : "");
	question->given = source;
	question->n = n ? BN_dup(n) : NULL;
	question->e = e ? BN_dup(e) : NULL;
	if (!question->source || (n && (!question->n || !question->e))) {
		free_question(question);
		question = NULL;
		memory_lost();
		goto lost;
	}
	text_hex(hex, found->id, 8);
	snprintf(question->text + strlen(question->text),
		 sizeof(question->text) - strlen(question->text), " key %.16s", hex);
	all->bytes += sizeof(*question) + (n ? BN_num_bytes(n) + BN_num_bytes(e) : 0);
	all->list[all->nr++] = question;
	*slot = all->nr;
	if (n) {
		slot = &all->moduli[slot_of_modulus(all, n)];
		*slot = *slot ? *slot : all->nr;
	}
	goto out;
lost:
	all->lost++;
out:
	pthread_mutex_unlock(&all->lock);
	return question;
}

/**
 * questions_add_rsa() - add a public key of RSA
 * @all:	the keys
 * @n:		modulus
 * @e:		public exponent
 * @source:	file of --cert, escaped; NULL: the dump
 *
 * For any thread.
 *
 * Return: it, which may have been there before; NULL if this is no key, or there
 * is no room.
 */
struct question *questions_add_rsa(struct questions *all, const BIGNUM *n, const BIGNUM *e,
				   const char *source)
{
	struct question found = { .family = FAMILY_RSA, .nid = NID_rsaEncryption };
	u32 bits = BN_num_bits(n);

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || !BN_is_odd(n) || !BN_is_odd(e) ||
	    BN_is_one(e) || BN_is_negative(n) || BN_is_negative(e) || BN_num_bits(e) > 256)
		return NULL;
	spki_id_rsa(n, e, found.id);
	snprintf(found.text, sizeof(found.text), "RSA-%u", bits);
	return add(all, &found, n, e, source);
}

/**
 * questions_add_ec() - add a point
 * @all:	the keys
 * @nid:	of its curve
 * @point:	uncompressed
 * @len:	its bytes
 * @source:	file of --cert, escaped; NULL: the dump
 *
 * For any thread.
 *
 * Return: as questions_add_rsa().
 */
struct question *questions_add_ec(struct questions *all, int nid, const u8 *point, u32 len,
				  const char *source)
{
	const struct curve *curve = curve_of_nid(nid);
	struct question found = { .family = FAMILY_EC, .nid = nid, .point_len = len };

	if (!curve || !curve_has_point(curve, point, len))
		return NULL;
	memcpy(found.point, point, len);
	spki_id_ec(curve, point, len, found.id);
	snprintf(found.text, sizeof(found.text), "%s", curve->name);
	return add(all, &found, NULL, NULL, source);
}

/**
 * questions_add_raw() - add a public key of Ed25519 and the like
 * @all:	the keys
 * @nid:	of the algorithm
 * @key:	raw_key_len(@nid) bytes
 * @source:	file of --cert, escaped; NULL: the dump
 *
 * For any thread.
 *
 * Return: as questions_add_rsa().
 */
struct question *questions_add_raw(struct questions *all, int nid, const u8 *key,
				   const char *source)
{
	struct question found = { .family = FAMILY_RAW, .nid = nid, .point_len = raw_key_len(nid) };

	if (!found.point_len)
		return NULL;
	memcpy(found.point, key, found.point_len);
	spki_id_raw(nid, key, found.id);
	snprintf(found.text, sizeof(found.text), "%s", raw_key_name(nid));
	return add(all, &found, NULL, NULL, source);
}

/**
 * questions_find_rsa() - find a key by its modulus
 * @all:	the keys, when no thread adds any
 * @n:		modulus
 *
 * Return: it, or NULL.
 */
struct question *questions_find_rsa(const struct questions *all, const BIGNUM *n)
{
	u32 found = 0;

	if ((u32)BN_num_bits(n) <= RSA_BITS_MAX)
		found = all->moduli[slot_of_modulus(all, n)];
	return found ? all->list[found - 1] : NULL;
}

/**
 * questions_find_key() - find a point, or a key of Ed25519 and the like
 * @all:	the keys, when no thread adds any
 * @nid:	of the curve or of the algorithm
 * @point:	uncompressed, or as the algorithm has it
 * @len:	its bytes
 *
 * Return: it, or NULL.
 */
struct question *questions_find_key(struct questions *all, int nid, const u8 *point, u32 len)
{
	const struct curve *curve = curve_of_nid(nid);
	u8 id[QUESTION_ID_LEN];
	u32 slot;

	if (curve)
		spki_id_ec(curve, point, len, id);
	else
		spki_id_raw(nid, point, id);
	slot = *slot_of(all, id);
	return slot ? all->list[slot - 1] : NULL;
}

/**
 * questions_lock() - change what is known of private halves
 * @all:	the keys, until questions_unlock()
 */
void questions_lock(struct questions *all)
{
	pthread_mutex_lock(&all->lock);
}

/**
 * questions_unlock() - be done with that
 * @all:	the keys
 */
void questions_unlock(struct questions *all)
{
	pthread_mutex_unlock(&all->lock);
}

/**
 * question_seen() - count a place of a private half
 * @question:	whose
 *
 * For any thread.
 */
void question_seen(struct question *question)
{
	__atomic_add_fetch(&question->places, 1, __ATOMIC_RELAXED);
}

/**
 * raw_key_len() - bytes of a key, of either half
 * @nid:	of the algorithm
 *
 * Return: how many; 0 for another algorithm.
 */
u32 raw_key_len(int nid)
{
	switch (nid) {
	case NID_ED25519:
	case NID_X25519:
		return 32;
	case NID_X448:
		return 56;
	case NID_ED448:
		return 57;
	default:
		return 0;
	}
}

/**
 * raw_key_name() - name of an algorithm
 * @nid:	its number
 *
 * Return: a word.
 */
const char *raw_key_name(int nid)
{
	return nid == NID_ED25519 ? "Ed25519" : nid == NID_X25519 ? "X25519" :
	       nid == NID_ED448 ? "Ed448" : "X448";
}

/**
 * raw_public() - the public half of a key
 * @nid:	of the algorithm
 * @key:	private half, raw_key_len(@nid) bytes
 * @public:	takes as many
 *
 * Return: false if OpenSSL failed.
 */
bool raw_public(int nid, const u8 *key, u8 *public)
{
	size_t len = raw_key_len(nid);
	EVP_PKEY *made = EVP_PKEY_new_raw_private_key(nid, NULL, key, len);
	bool done = made && EVP_PKEY_get_raw_public_key(made, public, &len) == 1;

	EVP_PKEY_free(made);
	return done;
}

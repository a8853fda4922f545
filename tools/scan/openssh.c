// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of SSH in memory: the private section of key files and of messages to an agent,
 * binary key files, PuTTY's files, and the shielded keys of ssh-agent and sshd, which
 * are as good as clear ones in a dump, since what they are shielded with is in it, too.
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "detectors.h"
#include "letters.h"
#include "openssh.h"

#ifdef HAVE_SIMD
#include <immintrin.h>
#endif

static const struct kind kind_private = {
	.word = "ssh-private",
	.text = "SSH private key",
	.advice = "register the buffers that keys are read and sent through",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_shielded = {
	.word = "ssh-shielded",
	.text = "shielded SSH private key",
	.advice = "register the shielded key or the 16 KiB that it is shielded with",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_putty = {
	.word = "putty-private",
	.text = "private key file of PuTTY",
	.advice = "register the buffers that key files are read through",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_encrypted = {
	.word = "ssh-encrypted",
	.text = "encrypted SSH private key",
	.advice = "as good as its passphrase",
	.weight = WEIGHT_NOTE,
};

/* sshkey.c of OpenSSH: what keys are shielded with. */
#define PREKEY_LEN	16384u
#define PREKEY_PLACE	24u	/* of its length, from the pointer to the shielded key on */
#define SHIELDED_MIN	64u
#define SHIELDED_MAX	16384u
#define SHIELDS		4096u
#define LINE_LETTERS	128	/* letters of a line of a file of PuTTY */
#define HALF_LETTERS	8192	/* likewise of half a key: RSA of 16384 bits */

/**
 * struct shields - what may be shielded keys
 * @lock:	guards the rest
 * @list:	they: address and length of a shielded key, and address of its pre-key
 * @nr:		how many
 * @lost:	those for which there was no room
 * @ctr:	AES-256-CTR
 * @hash:	SHA-512
 */
struct shields {
	pthread_mutex_t lock;
	u64 list[SHIELDS][3];
	u32 nr;
	u64 lost;
	EVP_CIPHER *ctr;
	EVP_MD *hash;
};

/**
 * openssh_file() - what is in a key file?
 * @bytes:	the file, decoded, from its magic on
 * @len:	how many
 * @key:	takes the key of OPENSSH_CLEAR, and the place of the secret of OPENSSH_CUT
 *
 * Return: what it is.
 */
enum openssh openssh_file(const u8 *bytes, u64 len, struct sshkey *key)
{
	struct wire wire = { bytes + sizeof(OPENSSH_MAGIC), len - sizeof(OPENSSH_MAGIC) };
	struct octets cipher, kdf, options, public;
	u32 keys, private_len, check[2];
	enum openssh cut = OPENSSH_CUT;

	*key = (struct sshkey){ .type = "unknown type" };
	if (len < sizeof(OPENSSH_MAGIC) || memcmp(bytes, OPENSSH_MAGIC, sizeof(OPENSSH_MAGIC)) ||
	    !wire_string(&wire, &cipher) || !wire_string(&wire, &kdf) ||
	    !wire_string(&wire, &options) || !wire_u32(&wire, &keys) || !keys ||
	    !wire_string(&wire, &public) || !wire_u32(&wire, &private_len))
		return OPENSSH_NOT;
	if (!wire_is(cipher, "none"))
		return OPENSSH_ENCRYPTED;
	if (private_len <= wire.len) {
		wire.len = private_len;
		cut = OPENSSH_NOT;
	}
	if (!wire_u32(&wire, &check[0]) || !wire_u32(&wire, &check[1]) || check[0] != check[1])
		return OPENSSH_NOT;
	if (sshkey_private(wire.bytes, wire.len, key)) {
		key->secret += wire.bytes - bytes;
		return OPENSSH_CLEAR;
	}
	/* The private section has the public key first. */
	key->type = "unknown type";
	key->secret = wire.bytes - bytes + min((u64)public.len, wire.len);
	key->secret_len = len - key->secret;
	return cut == OPENSSH_CUT && key->secret_len < 16 ? OPENSSH_NOT : cut;
}

static void found_private(struct scan *scan, void *state, const struct window *window, u64 at,
			  const struct needle *needle)
{
	struct sshkey key;

	(void)state;
	(void)needle;
	if (sshkey_private(window->bytes + at, window->len - at, &key))
		scan_report(scan, window, at + key.secret, key.secret_len, &kind_private, true,
			    "%s, %u bits", key.type, key.bits);
}

/* One in clear has its private section found by found_private(). */
static void found_file(struct scan *scan, void *state, const struct window *window, u64 at,
		       const struct needle *needle)
{
	struct sshkey key;

	(void)state;
	if (openssh_file(window->bytes + at, window->len - at, &key) == OPENSSH_ENCRYPTED)
		scan_report(scan, window, at, needle->len, &kind_encrypted, false, "binary");
}

/* Index of what follows @words, at most @max letters from @from on, or -1. */
static s64 after(const struct letters *text, s64 from, s64 max, const char *words)
{
	s64 i;

	for (i = from; from >= 0 && i < from + max && letter(text, i) >= 0; i++)
		if (letters_match(text, i, words))
			return i + strlen(words);
	return -1;
}

/* Without the newline before @end, which may be escaped. */
static s64 trim(const struct letters *text, s64 end)
{
	int c = letter(text, end - 1);

	for (; c == '\n' || c == '\r' || ((c == 'n' || c == 'r') && letter(text, end - 2) == '\\');
	     c = letter(text, end - 1))
		end -= c == '\n' || c == '\r' ? 1 : 2;
	return end;
}

static void putty(struct scan *scan, const struct letters *text, struct body bodies[2])
{
	s64 encryption = after(text, 0, LINE_LETTERS, "Encryption: ");
	s64 public = after(text, encryption, 2 * LINE_LETTERS, "Public-Lines: ");
	s64 private = after(text, public, HALF_LETTERS, "Private-Lines: ");
	s64 end = after(text, private, HALF_LETTERS, "Private-MAC: ");
	struct sshkey key;

	if (encryption < 0 || public < 0 || private < 0)
		return;
	if (!letters_match(text, encryption, "none")) {
		letters_report(scan, text, 0, 20, &kind_encrypted, false, "PuTTY");
		return;
	}
	public += letters_run(text, public, 3, ALPHABET_DIGITS);
	private += letters_run(text, private, 3, ALPHABET_DIGITS);
	body_decode(&bodies[0], text, public);
	body_decode(&bodies[1], text, private);
	if (!sshkey_putty((struct wire){ bodies[0].bytes, bodies[0].len },
			  (struct wire){ bodies[1].bytes, bodies[1].len }, &key))
		return;
	/* The first letters of "Private-MAC" look like base64. */
	end = end < 0 ? bodies[1].end :
			min(bodies[1].end, trim(text, end - (s64)strlen("Private-MAC: ")));
	letters_report(scan, text, bodies[1].first, end - bodies[1].first, &kind_putty, true,
		       "%s, %u bits", key.type, key.bits);
}

static void found_putty(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	struct letters text = { window, at };
	struct body bodies[2];

	(void)state;
	(void)needle;
	bodies[0].len = 0;
	bodies[1].len = 0;
	putty(scan, &text, bodies);
	body_erase(&bodies[1]);
}

static u64 load(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* struct sshkey of OpenSSH has: shielded_private, shielded_len, shield_prekey, and its length. */
static void candidate(struct scan *scan, struct shields *shields, const struct window *window,
		      u64 at)
{
	u64 shielded = load(window->bytes + at), len = load(window->bytes + at + 8);
	u64 prekey = load(window->bytes + at + 16), offset;

	if (len < SHIELDED_MIN || len > SHIELDED_MAX || len % 16 || !shielded || !prekey ||
	    !scan_offset(scan, shielded, &offset) || !scan_offset(scan, prekey, &offset))
		return;
	pthread_mutex_lock(&shields->lock);
	if (shields->nr < SHIELDS)
		memcpy(shields->list[shields->nr++], window->bytes + at, sizeof(*shields->list));
	else
		shields->lost++;
	pthread_mutex_unlock(&shields->lock);
}

/* The first of the words from @at on that is the length of a pre-key, if it is before @end. */
static u64 next_portable(const u8 *bytes, u64 at, u64 end)
{
	while (at < end && load(bytes + at) != PREKEY_LEN)
		at += 8;
	return at;
}

#ifdef HAVE_SIMD
TARGET_AVX2
static u64 next_avx2(const u8 *bytes, u64 at, u64 end)
{
	const __m256i length = _mm256_set1_epi64x(PREKEY_LEN);
	const __m256i *block;
	__m256i low, high;

	for (; at + 64 <= end; at += 64) {
		block = (const void *)(bytes + at);
		low = _mm256_cmpeq_epi64(_mm256_loadu_si256(block), length);
		high = _mm256_cmpeq_epi64(_mm256_loadu_si256(block + 1), length);
		low = _mm256_or_si256(low, high);
		if (!_mm256_testz_si256(low, low))
			break;
	}
	return next_portable(bytes, at, end);
}

TARGET_AVX512
static u64 next_avx512(const u8 *bytes, u64 at, u64 end)
{
	const __m512i length = _mm512_set1_epi64(PREKEY_LEN);

	for (; at + 128 <= end; at += 128)
		if (_mm512_cmpeq_epi64_mask(_mm512_loadu_si512(bytes + at), length) |
		    _mm512_cmpeq_epi64_mask(_mm512_loadu_si512(bytes + at + 64), length))
			break;
	return next_portable(bytes, at, end);
}
#endif /* HAVE_SIMD */

/* Seven bytes follow @end, or more. */
static u64 next_length(const u8 *bytes, u64 at, u64 end)
{
#ifdef HAVE_SIMD
	enum simd level = simd_level();

	if (level == SIMD_AVX512)
		return next_avx512(bytes, at, end);
	if (level == SIMD_AVX2)
		return next_avx2(bytes, at, end);
#endif
	return next_portable(bytes, at, end);
}

static void look(struct scan *scan, void *state, const struct window *window)
{
	u64 last = window->len < PREKEY_PLACE + 8 ? 0 :
		   min(window->end, window->len - PREKEY_PLACE - 7);
	u64 from = window->begin, at, end;

	/* Only what lies across it. */
	if (window->seam)
		from = window->seam - min(window->seam, (u64)PREKEY_PLACE);
	for (; from < last; from = end) {
		at = scan_aligned(scan, window, from, 8, &end) + PREKEY_PLACE;
		end = min(end, last);
		for (at = next_length(window->bytes, at, end + PREKEY_PLACE);
		     at < end + PREKEY_PLACE;
		     at = next_length(window->bytes, at + 8, end + PREKEY_PLACE))
			candidate(scan, state, window, at - PREKEY_PLACE);
	}
}

/* SHA-512 of the pre-key is key and counter of AES-256-CTR. */
static bool unshield(const struct shields *shields, const u8 *prekey, u8 *bytes, u32 len)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	u8 key[EVP_MAX_MD_SIZE];
	bool done;
	int n;

	done = context && EVP_Digest(prekey, PREKEY_LEN, key, NULL, shields->hash, NULL) == 1 &&
	       EVP_DecryptInit_ex(context, shields->ctr, NULL, key, key + 32) == 1 &&
	       EVP_DecryptUpdate(context, bytes, &n, bytes, len) == 1;
	EVP_CIPHER_CTX_free(context);
	OPENSSL_cleanse(key, sizeof(key));
	return done;
}

static void resolve_one(struct scan *scan, const struct shields *shields, const u64 *words,
			u8 *prekey, u8 *bytes, u8 *clear)
{
	struct sshkey key;

	if (!scan_memory(scan, words[0], bytes, words[1]) ||
	    !scan_memory(scan, words[2], prekey, PREKEY_LEN))
		return;
	memcpy(clear, bytes, words[1]);
	if (unshield(shields, prekey, clear, words[1]) && sshkey_private(clear, words[1], &key))
		scan_report_memory(scan, words[0], bytes, words[1], &kind_shielded, true,
				   "%s, %u bits, opened with what shields it", key.type, key.bits);
}

static int resolve(struct scan *scan, void *state, struct complaint *why)
{
	u8 *room = malloc(PREKEY_LEN + 2 * SHIELDED_MAX);
	struct shields *shields = state;
	u32 i;

	if (!room)
		return complain(why, -ENOMEM, "out of memory for shielded keys");
	for (i = 0; i < shields->nr; i++)
		resolve_one(scan, shields, shields->list[i], room, room + PREKEY_LEN,
			    room + PREKEY_LEN + SHIELDED_MAX);
	OPENSSL_cleanse(room, PREKEY_LEN + 2 * SHIELDED_MAX);
	free(room);
	if (!shields->lost)
		return 0;
	return complain(why, -E2BIG, "there are more shielded keys of ssh-agent than can be tried");
}

static void close_openssh(void *state)
{
	struct shields *shields = state;

	EVP_CIPHER_free(shields->ctr);
	EVP_MD_free(shields->hash);
	pthread_mutex_destroy(&shields->lock);
	free(shields);
}

/* One decryption here loads all that those in the sandbox need. */
static void *open_openssh(struct scan *scan, struct complaint *why)
{
	struct shields *shields = calloc(1, sizeof(*shields));
	static const u8 zeros[PREKEY_LEN];
	u8 block[16] = { 0 };

	(void)scan;
	if (!shields)
		return NULL;
	pthread_mutex_init(&shields->lock, NULL);
	shields->ctr = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	shields->hash = EVP_MD_fetch(NULL, "SHA512", NULL);
	if (shields->ctr && shields->hash && proof_init() &&
	    unshield(shields, zeros, block, sizeof(block)))
		return shields;
	complaint_set(why, "OpenSSL has no AES-256-CTR, SHA-512 or elliptic curves");
	close_openssh(shields);
	return NULL;
}

static const struct needle needles[] = {
	NEEDLE("\0\0\0\x07ssh-rsa\0\0", found_private),
	NEEDLE("\0\0\0\x07ssh-dss\0\0", found_private),
	NEEDLE("\0\0\0\x0bssh-ed25519\0\0\0\x20", found_private),
	NEEDLE("\0\0\0\x09ssh-ed448\0\0\0\x39", found_private),
	NEEDLE("\0\0\0\x13" "ecdsa-sha2-nistp", found_private),
	NEEDLE(OPENSSH_MAGIC "\0", found_file),
	NEEDLE("PuTTY-User-Key-File-", found_putty),
	{ 0 }
};

const struct detector detect_openssh = {
	.name = "openssh",
	.open = open_openssh,
	.needles = needles,
	.look = look,
	.resolve = resolve,
	.close = close_openssh,
};

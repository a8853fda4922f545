// SPDX-License-Identifier: GPL-2.0
/*
 * JSON Web Keys (RFC 7517, 7518, 8037) with their private half, also in JSON that is a string
 * in JSON, and as Python prints them. The object around "kty" is read member by member.
 */
#include <openssl/crypto.h>

#include "detectors.h"
#include "effort.h"
#include "letters.h"
#include "proof.h"
#include "published.h"

static const struct kind kind_key = {
	.word = "jwk-private",
	.text = "private JSON Web Key",
	.advice = "register the buffers that keys are read through",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_published = {
	.word = "jwk-published",
	.text = "JSON Web Key of an example",
	.advice = "none: it is in documentation",
	.weight = WEIGHT_NOTE,
};

#define BEFORE_MAX	4096	/* letters from "kty" back to the brace */
#define OBJECT_MAX	32768	/* letters of an object */
#define BROKEN		INT64_MIN	/* no index: those before "kty" are negative */
#define MEMBERS		64u
#define DEPTH_MAX	16u
#define BLANK_MAX	256u
#define LEVEL_MAX	63u
#define BYTES_MAX	1024u	/* of a member: RSA of 8192 bits */
#define OCT_LEAST	16u	/* bytes of a symmetric key */

/* Members that matter; the secret ones from D on. */
enum { KTY, CRV, N, E, X, Y, D, P, Q, DP, DQ, QI, K, WANTED };

static const char *const names[WANTED] = {
	"kty", "crv", "n", "e", "x", "y", "d", "p", "q", "dp", "dq", "qi", "k",
};

/**
 * struct member - a string
 * @name:	index of its name's quote
 * @at:		index of its first letter
 * @nr:		letters; 0: it is not there
 */
struct member {
	s64 name;
	s64 at;
	u32 nr;
};

/**
 * struct object - an object that is read
 * @text:	where
 * @level:	backslashes before a quote: 1 in JSON that is a string in JSON, then 3
 * @i:		index of the next letter
 * @end:	where it is too long
 */
struct object {
	const struct letters *text;
	u32 level;
	s64 i;
	s64 end;
};

static bool is_quote(int c)
{
	return c == '"' || c == '\'';
}

/* Does a quote behind @nr backslashes end a string, or is it in one? */
static bool is_end(const struct object *object, u32 nr)
{
	return nr % (2 * (object->level + 1)) == object->level;
}

/* Newlines may be escaped, as "\\n". */
static void blank(struct object *object)
{
	s64 from = object->i;
	int c;

	for (; object->i < from + BLANK_MAX; object->i++) {
		c = letter(object->text, object->i);
		if ((c == 'n' || c == 'r' || c == 't') &&
		    letter(object->text, object->i - 1) == '\\')
			continue;
		if (!is_space(c) && c != '\\' && c != ',')
			break;
	}
}

/* A string, in quotes of either kind. */
static bool string(struct object *object, struct member *member)
{
	int quote = letter(object->text, object->i), c;
	u32 escapes = 0;

	if (!is_quote(quote))
		return false;
	member->at = ++object->i;
	for (; object->i < object->end; object->i++) {
		c = letter(object->text, object->i);
		if (c < 0x20 || (c == quote && escapes < object->level))
			return false;
		if (c == quote && is_end(object, escapes)) {
			member->nr = object->i++ - object->level - member->at;
			return true;
		}
		escapes = c == '\\' ? escapes + 1 : 0;
	}
	return false;
}

/* What is no string is of no interest; lists may have others in them. */
static bool skip(struct object *object)
{
	struct member other;
	u32 depth = 0;
	int c;

	while (object->i < object->end) {
		c = letter(object->text, object->i);
		if (c < 0)
			return false;
		if (is_quote(c)) {
			if (!string(object, &other))
				return false;
			continue;
		}
		if (!depth && (c == ',' || c == '}'))
			return true;
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth)
			depth--;
		if (depth > DEPTH_MAX)
			return false;
		object->i++;
	}
	return false;
}

static bool read_object(struct object *object, struct member *members)
{
	const struct letters *text = object->text;
	struct member name, other;
	u32 count, k;

	for (count = 0; count < MEMBERS && object->i < object->end; count++) {
		blank(object);
		if (letter(text, object->i) == '}')
			return true;
		if (!string(object, &name))
			return false;
		blank(object);
		if (letter(text, object->i) != ':')
			return false;
		object->i++;
		blank(object);
		for (k = 0; k < WANTED; k++)
			if (strlen(names[k]) == name.nr && letters_match(text, name.at, names[k]))
				break;
		if (!is_quote(letter(text, object->i))) {
			if (!skip(object))
				return false;
			continue;
		}
		if (!string(object, k < WANTED ? &members[k] : &other))
			return false;
		if (k < WANTED)
			members[k].name = name.at - 1;
	}
	return false;
}

/*
 * Goes back from letter 0, the quote of a member's name, to the brace of its object: those in
 * strings do not count. Returns its index, or BROKEN; @object->i is where it ended.
 */
static s64 back(struct object *object)
{
	const struct letters *text = object->text;
	u32 depth = 0, escapes;
	int c, quote = 0;

	for (object->i = -1 - (s64)object->level; object->i > -BEFORE_MAX; object->i--) {
		c = letter(text, object->i);
		if (c < 0)
			break;
		if (is_quote(c) && (!quote || c == quote)) {
			for (escapes = 0; escapes < BEFORE_MAX; escapes++)
				if (letter(text, object->i - 1 - escapes) != '\\')
					break;
			if (escapes < object->level || (!quote && !is_end(object, escapes)))
				break;
			if (is_end(object, escapes))
				quote = quote ? 0 : c;
			object->i -= escapes;
			continue;
		}
		if (quote && c < 0x20)
			break;
		if (quote)
			continue;
		if (c == '}' || c == ']')
			depth++;
		else if ((c == '[' || c == '{') && depth)
			depth--;
		else if (c == '{')
			return object->i;
		else if (c == '[')
			break;
	}
	return BROKEN;
}

static bool is(const struct letters *text, const struct member *member, const char *word)
{
	return member->nr == strlen(word) && letters_match(text, member->at, word);
}

static struct octets decode(const struct letters *text, const struct member *member, u8 *to)
{
	char letters[BYTES_MAX / 3 * 4 + 4];
	struct octets octets = { to, 0 };

	if (member->nr && member->nr < sizeof(letters)) {
		letters_copy(text, member->at, member->nr, letters);
		octets.len = base64_tight(letters, member->nr, to);
		OPENSSL_cleanse(letters, member->nr);
	}
	return octets;
}

static enum proof prove_rsa(const struct letters *text, const struct member *members,
			    u8 (*bytes)[BYTES_MAX])
{
	struct octets n = decode(text, &members[N], bytes[0]);
	struct octets p = decode(text, &members[P], bytes[1]);
	struct octets q = decode(text, &members[Q], bytes[2]);
	struct octets d = decode(text, &members[D], bytes[3]);
	u8 exponent[BYTES_MAX];

	if (!n.len || !d.len)
		return PROOF_WRONG;
	if (p.len && q.len)
		return proof_rsa(n, p, q);
	return proof_rsa_d(n, decode(text, &members[E], exponent), d);
}

/* Is "d" the exponent of "n"? All of @bytes but the last one are scratch. */
static bool own_exponent(const struct letters *text, const struct member *members,
			 u8 (*bytes)[BYTES_MAX])
{
	return proof_rsa_d(decode(text, &members[N], bytes[0]), decode(text, &members[E], bytes[1]),
			   decode(text, &members[D], bytes[2])) == PROOF_DONE;
}

static enum ecc curve_of(const struct letters *text, const struct member *member)
{
	enum ecc curve;

	for (curve = ECC_P256; curve < ECCS; curve++)
		if (is(text, member, ecc_name(curve)))
			return curve;
	return ECC_UNKNOWN;
}

static enum proof prove_point(const struct letters *text, const struct member *members,
			      enum ecc curve, u8 (*bytes)[BYTES_MAX])
{
	struct octets x = decode(text, &members[X], bytes[0] + 1);
	struct octets y = decode(text, &members[Y], bytes[1]);
	struct octets d = decode(text, &members[D], bytes[2]);

	if (is(text, &members[KTY], "OKP"))
		return x.len && d.len ? proof_ecc(curve, d, x) : PROOF_WRONG;
	if (!d.len || x.len != ecc_bytes(curve) || y.len != x.len)
		return PROOF_WRONG;
	bytes[0][0] = 4;
	memcpy(bytes[0] + 1 + x.len, y.bytes, y.len);
	return proof_ecc(curve, d, (struct octets){ bytes[0], 1 + 2 * x.len });
}

/* From the first secret member to the last one. */
static void report(struct scan *scan, const struct letters *text, const struct member *members,
		   bool proven, const char *type, const struct octets *secret)
{
	s64 first = OBJECT_MAX, end = -BEFORE_MAX;
	u32 k;

	for (k = D; k < WANTED; k++) {
		if (!members[k].nr)
			continue;
		first = min(first, members[k].at);
		end = max(end, members[k].at + (s64)members[k].nr);
	}
	letters_report(scan, text, first, end - first,
		       published(secret->bytes, secret->len) ? &kind_published : &kind_key, proven,
		       "%s", type);
}

static void read_key(struct scan *scan, const struct letters *text, const struct member *members,
		     u8 (*bytes)[BYTES_MAX])
{
	enum ecc curve = curve_of(text, &members[CRV]);
	struct octets secret;
	bool proven;

	if (is(text, &members[KTY], "oct")) {
		secret = decode(text, &members[K], bytes[0]);
		if (secret.len >= OCT_LEAST)
			report(scan, text, members, false, "symmetric", &secret);
	} else if (is(text, &members[KTY], "RSA") && members[D].nr) {
		proven = prove_rsa(text, members, bytes) == PROOF_DONE;
		secret = decode(text, &members[D], bytes[3]);
		/* That of another key tells nothing of these primes. */
		if (proven && published(secret.bytes, secret.len) &&
		    !own_exponent(text, members, bytes))
			secret.len = 0;
		if (proven)
			report(scan, text, members, true, "RSA", &secret);
	} else if (curve && members[D].nr) {
		proven = prove_point(text, members, curve, bytes) == PROOF_DONE;
		secret = decode(text, &members[D], bytes[2]);
		if (proven)
			report(scan, text, members, true, ecc_name(curve), &secret);
	}
}

/* Is that the name of a member, with its quote at letter 0? */
static bool is_name(struct object *object, u32 letters)
{
	const struct letters *text = object->text;

	while (object->level <= LEVEL_MAX && letter(text, -1 - (s64)object->level) == '\\')
		object->level++;
	object->i = 1 + letters;
	object->i += letters_run(text, object->i, object->level, "\\");
	if (object->level > LEVEL_MAX || object->i != 1 + letters + object->level ||
	    letter(text, object->i) != letter(text, 0))
		return false;
	object->i++;
	blank(object);
	return letter(text, object->i) == ':';
}

/* Reads the object around a member. Returns the index of its brace, or BROKEN. */
static s64 around(const struct letters *text, struct member *members)
{
	struct object object = { .text = text };
	s64 first;
	bool whole;

	if (!is_name(&object, 3) || !effort_letters(1))
		return BROKEN;
	first = back(&object);
	effort_letters(-object.i);
	if (first == BROKEN)
		return BROKEN;
	object.i = first + 1;
	object.end = first + OBJECT_MAX;
	whole = read_object(&object, members);
	effort_letters(object.i - first);
	return whole ? first : BROKEN;
}

/* Reads the key around a member, if its "kty" is @least letters or more behind its brace. */
static void read_around(struct scan *scan, const struct window *window, u64 at, s64 least)
{
	struct letters text = { window, at };
	struct member members[WANTED] = { 0 };
	u8 bytes[4][BYTES_MAX];
	s64 first = around(&text, members);

	if (first == BROKEN || members[KTY].name - first < least)
		return;
	read_key(scan, &text, members, bytes);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void found(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	(void)state;
	(void)needle;
	read_around(scan, window, at, INT64_MIN);
}

/*
 * A chain of certificates is longer than what is before a window, and may come before "kty":
 * its own name is nearer to the brace. A key that found() sees is left to it.
 */
static void found_chain(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	(void)state;
	(void)needle;
	read_around(scan, window, at, BEFORE_MAX);
}

static const struct needle needles[] = {
	NEEDLE("\"kty", found),
	NEEDLE("'kty'", found),
	NEEDLE("\"x5c", found_chain),
	NEEDLE("'x5c'", found_chain),
	{ 0 }
};

const struct detector detect_jwk = {
	.name = "jwk",
	.open = published_open,
	.needles = needles,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * JSON Web Keys (RFC 7517, 7518, 8037) with their private half, also in JSON that is a string
 * in JSON, and as Python prints them. The object around "kty" is read member by member.
 */
#include <openssl/crypto.h>

#include "detectors.h"
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
#define OBJECT_MAX	16384	/* letters of an object */
#define BROKEN		INT64_MIN	/* no index: those before "kty" are negative */
#define MEMBERS		64u
#define BYTES_MAX	1024u	/* of a member: RSA of 8192 bits */
#define OCT_LEAST	16u	/* bytes of a symmetric key */

/* Members that matter; the secret ones from D on. */
enum { KTY, CRV, N, E, X, Y, D, P, Q, DP, DQ, QI, K, WANTED };

static const char *const names[WANTED] = {
	"kty", "crv", "n", "e", "x", "y", "d", "p", "q", "dp", "dq", "qi", "k",
};

/**
 * struct member - a string
 * @at:		index of its first letter
 * @nr:		letters; 0: it is not there
 */
struct member {
	s64 at;
	u32 nr;
};

static s64 blank(const struct letters *text, s64 i)
{
	return i + letters_run(text, i, 256, " \t\r\n\\,");
}

/* A string at @i, in quotes of either kind. Returns the index after it, or BROKEN. */
static s64 string(const struct letters *text, s64 i, struct member *member)
{
	int quote = letter(text, i), c;

	if (quote != '"' && quote != '\'')
		return BROKEN;
	member->at = ++i;
	for (c = letter(text, i); c >= 0x20 && c != quote && c != '\\'; c = letter(text, i))
		i++;
	member->nr = i - member->at;
	while (letter(text, i) == '\\')
		i++;
	return letter(text, i) == quote ? i + 1 : BROKEN;
}

/* What is no string is of no interest; lists may have others in them. */
static s64 skip(const struct letters *text, s64 i, s64 end)
{
	u32 depth = 0;
	int c;

	for (; i < end; i++) {
		c = letter(text, i);
		if (c < 0)
			return BROKEN;
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth)
			depth--;
		else if (!depth && (c == ',' || c == '}'))
			return i;
	}
	return BROKEN;
}

static bool read_object(const struct letters *text, s64 i, struct member *members)
{
	s64 end = i + OBJECT_MAX;
	struct member name, other;
	u32 count, k;

	for (count = 0; count < MEMBERS && i < end; count++) {
		i = blank(text, i);
		if (letter(text, i) == '}')
			return true;
		i = string(text, i, &name);
		if (i == BROKEN)
			return false;
		i = blank(text, i);
		if (letter(text, i) != ':')
			return false;
		i = blank(text, i + 1);
		for (k = 0; k < WANTED; k++)
			if (strlen(names[k]) == name.nr && letters_match(text, name.at, names[k]))
				break;
		if (letter(text, i) == '"' || letter(text, i) == '\'')
			i = string(text, i, k < WANTED ? &members[k] : &other);
		else
			i = skip(text, i, end);
		if (i == BROKEN)
			return false;
	}
	return false;
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

static void found(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	struct letters text = { window, at };
	struct member members[WANTED] = { 0 };
	u8 bytes[4][BYTES_MAX];
	u32 depth = 0;
	s64 i;
	int c;

	(void)state;
	(void)needle;
	for (i = -1; i > -BEFORE_MAX; i--) {
		c = letter(&text, i);
		if (c == '}' || c == ']')
			depth++;
		else if ((c == '[' || c == '{') && depth)
			depth--;
		else if (c == '{' || c < 0)
			break;
	}
	if (letter(&text, i) != '{' || !read_object(&text, i + 1, members))
		return;
	read_key(scan, &text, members, bytes);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static const struct needle needles[] = {
	NEEDLE("\"kty", found),
	NEEDLE("'kty'", found),
	{ 0 }
};

const struct detector detect_jwk = {
	.name = "jwk",
	.open = published_open,
	.needles = needles,
};

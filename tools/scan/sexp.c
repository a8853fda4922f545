// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys as libgcrypt and GnuPG have them, in S-expressions: the canonical form of
 * private-keys-v1.d and of what gpg and gpg-agent tell each other, the advanced form of later
 * key files, and the form that libgcrypt has in memory. Protected ones are notes.
 */
#include <openssl/crypto.h>

#include "detectors.h"
#include "needle.h"
#include "proof.h"
#include "published.h"

static const struct kind kind_private = {
	.word = "sexp-private",
	.text = "private key of libgcrypt",
	.advice = "register libgcrypt's secure memory, and the buffers of key files",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_protected = {
	.word = "sexp-protected",
	.text = "protected private key of GnuPG",
	.advice = "as good as its passphrase",
	.weight = WEIGHT_NOTE,
};

static const struct kind kind_published = {
	.word = "sexp-published",
	.text = "published private key of libgcrypt",
	.advice = "none: the library tests itself with it",
	.weight = WEIGHT_NOTE,
};

/* Of libgcrypt's sexp.c: each data has its length before it, as 16 bits. */
enum { ST_DATA = 1, ST_HINT, ST_OPEN, ST_CLOSE };

enum form { CANONICAL, ADVANCED, INTERNAL };

enum token { OPEN, CLOSE, DATA, END };

#define TOKENS		128u
#define SCRATCH		16384u	/* decoded numbers of the advanced form */
#define WORD_MAX	32u
#define VALUE_MAX	2048u

/**
 * struct reader - reads one expression
 * @form:	how it is written
 * @window:	where
 * @at:		next byte
 * @first:	of the last token of data: index in the window
 * @end:	after it
 * @data:	of the last token of data
 * @scratch:	what numbers in hex say
 * @used:	of it
 */
struct reader {
	enum form form;
	const struct window *window;
	u64 at;
	u64 first;
	u64 end;
	struct octets data;
	u8 *scratch;
	u32 used;
};

/* Parameters; the secret ones from D on. The curve's point is called q, as a prime is. */
enum { CURVE, N, E, Y, G, D, P, Q, U, X, PARAMETERS };

static const char *const names[PARAMETERS] = {
	"curve", "n", "e", "y", "g", "d", "p", "q", "u", "x",
};

struct parameter {
	struct octets value;
	u64 first;		/* index in the window */
	u64 end;
};

static int byte(const struct reader *reader, u64 at)
{
	return at < reader->window->len ? reader->window->bytes[at] : -1;
}

static int hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum token data(struct reader *reader, u64 len)
{
	if (len > VALUE_MAX || reader->window->len - reader->at < len)
		return END;
	reader->first = reader->at;
	reader->data = (struct octets){ reader->window->bytes + reader->at, len };
	reader->at += len;
	reader->end = reader->at;
	return DATA;
}

static enum token next_canonical(struct reader *reader)
{
	u32 len = 0, digits;
	int c = byte(reader, reader->at++);

	if (c == '(' || c == ')')
		return c == '(' ? OPEN : CLOSE;
	for (digits = 0; c >= '0' && c <= '9' && digits < 5; digits++) {
		len = 10 * len + c - '0';
		c = byte(reader, reader->at++);
	}
	return digits && c == ':' ? data(reader, len) : END;
}

static enum token next_internal(struct reader *reader)
{
	int type = byte(reader, reader->at++);
	int low = byte(reader, reader->at), high = byte(reader, reader->at + 1);

	if (type == ST_OPEN || type == ST_CLOSE)
		return type == ST_OPEN ? OPEN : CLOSE;
	if (type != ST_DATA || low < 0 || high < 0)
		return END;
	reader->at += 2;
	return data(reader, high << 8 | low);
}

/* #0123# with white space in it; decoded into the scratch. */
static enum token number(struct reader *reader)
{
	u8 *to = reader->scratch + reader->used;
	u32 digits = 0;
	int c;

	reader->first = reader->at;
	for (;; reader->at++) {
		c = byte(reader, reader->at);
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (hex(c) < 0 || digits / 2 == VALUE_MAX ||
		    reader->used + digits / 2 == SCRATCH)
			break;
		to[digits / 2] = digits % 2 ? to[digits / 2] | hex(c) : hex(c) << 4;
		digits++;
	}
	if (c != '#' || digits % 2)
		return END;
	reader->end = reader->at++;
	reader->data = (struct octets){ to, digits / 2 };
	reader->used += digits / 2;
	return DATA;
}

static enum token next_advanced(struct reader *reader)
{
	u32 len = 0;
	int c;

	for (c = byte(reader, reader->at); c == ' ' || c == '\t' || c == '\r' || c == '\n';
	     c = byte(reader, ++reader->at))
		;
	if (c == '(' || c == ')') {
		reader->at++;
		return c == '(' ? OPEN : CLOSE;
	}
	if (c == '#') {
		reader->at++;
		return number(reader);
	}
	if (c == '"') {
		reader->at++;
		while (len < WORD_MAX && byte(reader, reader->at + len) != '"')
			len++;
		if (data(reader, len) == END || byte(reader, reader->at++) != '"')
			return END;
		return DATA;
	}
	for (; len < WORD_MAX; len++) {
		c = byte(reader, reader->at + len);
		if (c <= ' ' || c == '(' || c == ')' || c == '#' || c > '~')
			break;
	}
	return len ? data(reader, len) : END;
}

static enum token next(struct reader *reader)
{
	switch (reader->form) {
	case CANONICAL:
		return next_canonical(reader);
	case INTERNAL:
		return next_internal(reader);
	default:
		return next_advanced(reader);
	}
}

static bool is(struct octets octets, const char *word)
{
	return octets.len == strlen(word) && !memcmp(octets.bytes, word, octets.len);
}

/* The algorithm's list, from after its name on: names and values, one list each. */
static bool read_parameters(struct reader *reader, struct parameter *parameters)
{
	enum token token, before = OPEN;
	u32 depth = 0, count, k = PARAMETERS;

	for (count = 0; count < TOKENS; count++, before = token) {
		token = next(reader);
		if (token == END)
			return false;
		if (token == OPEN) {
			depth++;
		} else if (token == CLOSE) {
			if (!depth--)
				return true;
		} else if (before == OPEN) {
			for (k = 0; k < PARAMETERS && !is(reader->data, names[k]); k++)
				;
		} else if (k < PARAMETERS && depth == 1) {
			parameters[k] = (struct parameter){ reader->data, reader->first,
							    reader->end };
		}
	}
	return false;
}

static enum ecc curve_of(struct octets name)
{
	static const struct {
		const char *name;
		enum ecc curve;
	} others[] = {
		{ "Curve25519", ECC_X25519 }, { "NIST P-256", ECC_P256 },
		{ "NIST P-384", ECC_P384 }, { "NIST P-521", ECC_P521 },
		{ "nistp256", ECC_P256 }, { "nistp384", ECC_P384 }, { "nistp521", ECC_P521 },
		{ "secp256r1", ECC_P256 }, { "secp384r1", ECC_P384 }, { "secp521r1", ECC_P521 },
	};
	enum ecc curve;
	u32 i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (is(name, others[i].name))
			return others[i].curve;
	for (curve = ECC_P256; curve < ECCS; curve++)
		if (is(name, ecc_name(curve)))
			return curve;
	return ECC_UNKNOWN;
}

/* A leading zero is there or not; that of X25519 is the other way round. */
static enum proof prove_point(enum ecc curve, struct octets d, struct octets q)
{
	u32 len = ecc_bytes(curve), i;
	u8 padded[80] = { 0 };
	enum proof proof;

	while (d.len > len && !*d.bytes) {
		d.bytes++;
		d.len--;
	}
	if (d.len > len || !d.len)
		return PROOF_WRONG;
	memcpy(padded + len - d.len, d.bytes, d.len);
	if (curve >= ECC_ED25519 && q.len == len + 1 && *q.bytes == 0x40) {
		q.bytes++;
		q.len--;
	}
	for (i = 0; curve == ECC_X25519 && i < len / 2; i++) {
		u8 other = padded[i];

		padded[i] = padded[len - 1 - i];
		padded[len - 1 - i] = other;
	}
	proof = proof_ecc(curve, (struct octets){ padded, len }, q);
	OPENSSL_cleanse(padded, sizeof(padded));
	return proof;
}

/* Does everybody have it? The exponent of another key tells nothing of these primes. */
static bool is_published(const struct parameter *p, u32 first)
{
	return published(p[first].value.bytes, p[first].value.len) &&
	       (!p[N].first || proof_rsa_d(p[N].value, p[E].value, p[D].value) == PROOF_DONE);
}

/* @first and @last secret parameter: all from the one to the other. */
static void report(struct scan *scan, const struct window *window,
		   const struct parameter *parameters, u32 first, u32 last, const char *type)
{
	u64 from = parameters[first].first, end = parameters[last].end;

	if (end > from)
		scan_report(scan, window, from, end - from,
			    is_published(parameters, first) ? &kind_published : &kind_private,
			    true, "%s", type);
}

static void read_key(struct scan *scan, struct reader *reader)
{
	struct parameter p[PARAMETERS] = { 0 };
	enum token token = next(reader);
	struct octets algorithm;
	enum ecc curve;

	if (token != OPEN || next(reader) != DATA)
		return;
	algorithm = reader->data;
	if (!read_parameters(reader, p))
		return;
	if (is(algorithm, "rsa") || is(algorithm, "openpgp-rsa")) {
		if (proof_rsa(p[N].value, p[P].value, p[Q].value) == PROOF_DONE && p[D].first)
			report(scan, reader->window, p, D, p[U].first ? U : Q, "RSA");
	} else if (is(algorithm, "ecc") || is(algorithm, "ecdsa") || is(algorithm, "ecdh")) {
		curve = curve_of(p[CURVE].value);
		if (p[D].first && prove_point(curve, p[D].value, p[Q].value) == PROOF_DONE)
			report(scan, reader->window, p, D, D, ecc_name(curve));
	} else if (is(algorithm, "dsa") || is(algorithm, "elg")) {
		if (proof_dsa(p[P].value, p[G].value, p[Y].value, p[X].value) == PROOF_DONE)
			report(scan, reader->window, p, X, X, is(algorithm, "dsa") ? "DSA" :
									    "Elgamal");
	}
}

static void found(struct scan *scan, const struct window *window, u64 at, u32 len, enum form form)
{
	u8 scratch[SCRATCH];
	struct reader reader = { .form = form, .window = window, .at = at + len,
				 .scratch = scratch };

	read_key(scan, &reader);
	OPENSSL_cleanse(scratch, reader.used);
}

static void found_canonical(struct scan *scan, void *state, const struct window *window, u64 at,
			    const struct needle *needle)
{
	(void)state;
	found(scan, window, at, needle->len, CANONICAL);
}

static void found_advanced(struct scan *scan, void *state, const struct window *window, u64 at,
			   const struct needle *needle)
{
	(void)state;
	found(scan, window, at, needle->len, ADVANCED);
}

static void found_internal(struct scan *scan, void *state, const struct window *window, u64 at,
			   const struct needle *needle)
{
	(void)state;
	found(scan, window, at, needle->len, INTERNAL);
}

/* GnuPG has the word itself; a key has a list that says how it is protected. */
static void found_protected(struct scan *scan, void *state, const struct window *window, u64 at,
			    const struct needle *needle)
{
	static const char *const words[] = { "(9:protected", "(protected " };
	u64 end = min(at + 4096, window->len), i;
	u32 k;

	(void)state;
	for (i = at + needle->len; i + 12 <= end; i++)
		for (k = 0; k < 2; k++)
			if (!memcmp(window->bytes + i, words[k], strlen(words[k]))) {
				scan_report(scan, window, at, needle->len, &kind_protected, false,
					    "%s", "");
				return;
			}
}

static const struct needle needles[] = {
	NEEDLE("(11:private-key", found_canonical),
	NEEDLE("(private-key", found_advanced),
	NEEDLE("\3\1\x0b\0private-key", found_internal),
	NEEDLE("(21:protected-private-key(", found_protected),
	NEEDLE("(protected-private-key (", found_protected),
	{ 0 }
};

const struct detector detect_sexp = {
	.name = "sexp",
	.open = published_open,
	.needles = needles,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * JSON Web Tokens (RFC 7519) in compact form: a header that decodes to JSON with "alg", claims
 * that decode to JSON, and a signature as long as the algorithm makes it. Encrypted ones
 * (RFC 7516) have five parts and "enc". Who has one is who it names, so it is a credential.
 */
#include <openssl/crypto.h>

#include "detectors.h"
#include "letters.h"

static const struct kind kind_token = {
	.word = "token-jwt",
	.text = "JSON Web Token",
	.advice = "let it expire, and register the buffers of requests",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_example = {
	.word = "token-jwt-example",
	.text = "JSON Web Token of an example",
	.advice = "none: it is in documentation and names nobody",
	.weight = WEIGHT_NOTE,
};

#define HEADER_MAX	2048u	/* letters */
#define CLAIMS_MAX	65536u	/* what a window has for sure */
#define SIGNATURE_MAX	8192u	/* post-quantum ones are long */
#define CUT_LEAST	16384u	/* a token whose end is behind that of a window is as long */

static const struct {
	const char *name;
	u32 least;		/* letters of the signature */
	u32 most;
} algorithms[] = {
	{ "HS256", 43, 43 }, { "HS384", 64, 64 }, { "HS512", 86, 86 },
	{ "RS256", 171, 1366 }, { "RS384", 171, 1366 }, { "RS512", 171, 1366 },
	{ "PS256", 171, 1366 }, { "PS384", 171, 1366 }, { "PS512", 171, 1366 },
	{ "ES256", 86, 86 }, { "ES384", 128, 128 }, { "ES512", 176, 176 },
	{ "ES256K", 86, 86 }, { "EdDSA", 86, 152 }, { "Ed25519", 86, 86 },
};

/* Printable, and between braces: what serialisers write. */
static bool is_object(const char *json, u32 len)
{
	u32 i;

	if (len < 2 || json[0] != '{' || json[len - 1] != '}')
		return false;
	for (i = 0; i < len; i++)
		if ((u8)json[i] < 0x20 && json[i] != '\n' && json[i] != '\r' && json[i] != '\t')
			return false;
	return true;
}

/* The string of a member of a flat object, or NULL. */
static const char *member(const char *json, const char *name, u32 *len)
{
	const char *at = strstr(json, name);

	if (!at)
		return NULL;
	at += strlen(name);
	at += strspn(at, " \t\r\n");
	if (*at != ':')
		return NULL;
	at++;
	at += strspn(at, " \t\r\n");
	if (*at != '"')
		return NULL;
	*len = strcspn(at + 1, "\"");
	return at[*len + 1] ? at + 1 : NULL;
}

/* Letters [@i, @i + @nr), decoded; without the last few if they are no whole byte. */
static u32 decode(const struct letters *text, s64 i, u32 nr, char *json)
{
	/* In place: what was decoded is shorter. */
	letters_copy(text, i, nr, json);
	nr = base64_tight(json, nr, (u8 *)json);
	json[nr] = '\0';
	return nr;
}

static bool decode_object(const struct letters *text, s64 i, u32 nr, char *json)
{
	u32 len = decode(text, i, nr, json);

	return strlen(json) == len && is_object(json, len);
}

static bool fits(const char *algorithm, u32 len, u32 signature)
{
	u32 i;

	for (i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (strlen(algorithms[i].name) == len &&
		    !memcmp(algorithms[i].name, algorithm, len))
			return signature >= algorithms[i].least &&
			       signature <= algorithms[i].most;
	/* Others that are signed; "none" is not. */
	return signature >= 43;
}

/* All claims of the tokens of jwt.io, of RFC 7515 and 7519, and of PyJWT. */
static const char *const examples[] = {
	"{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"iat\":1516239022}",
	"{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"admin\":true}",
	"{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"admin\":true,\"iat\":1516239022}",
	"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
	"{\"hello\":\"world\"}",
	"{\"some\":\"payload\"}",
};

/* Who has one claim of them may have others: only the whole of them names nobody. */
static bool is_example(const char *claims)
{
	u32 i;

	for (i = 0; i < sizeof(examples) / sizeof(*examples); i++)
		if (!strcmp(claims, examples[i]))
			return true;
	return false;
}

/**
 * struct token - a token at letter 0 of a text
 * @len:	its letters; 0: there is none
 * @kind:	of it
 * @encrypted:	its claims are
 * @cut:	it goes on where nobody looks
 * @name:	of the algorithm
 */
struct token {
	u32 len;
	const struct kind *kind;
	bool encrypted;
	bool cut;
	char name[12];
};

/* Does a part of @nr letters that ends at @end go on where nobody looks? */
static bool is_cut(const struct letters *text, s64 end, u32 nr)
{
	return nr == CLAIMS_MAX || (nr >= CUT_LEAST && letter(text, end) < 0);
}

/* Behind key and vector, which end at @end: text and tag. */
static void read_encrypted(const struct letters *text, s64 end, struct token *token)
{
	u32 i, nr;

	for (i = 0; i < 2 && !token->cut; i++, end += nr) {
		nr = letter(text, end) == '.' ?
		     letters_run(text, ++end, CLAIMS_MAX, ALPHABET_URL) : 0;
		if (!nr)
			return;
		token->cut = is_cut(text, end + nr, nr);
	}
	token->len = end;
	token->encrypted = true;
}

/* Claims that are cut off: they begin as an object does. */
static bool begins_object(const struct letters *text, s64 i, u32 nr, char *json)
{
	return decode(text, i, nr / 4 * 4, json) && json[0] == '{' && memchr(json, '"', 16);
}

static void read_token(const struct letters *text, struct token *token)
{
	u32 head, claims, signature, len = 0, i;
	char json[CLAIMS_MAX + 1];
	const char *algorithm;
	s64 end;

	token->len = 0;
	if (!letters_begin(text, 0))
		return;
	head = letters_run(text, 0, HEADER_MAX, ALPHABET_URL);
	if (head < 16 || letter(text, head) != '.')
		return;
	claims = letters_run(text, head + 1, CLAIMS_MAX, ALPHABET_URL);
	end = head + 1 + claims;
	token->cut = is_cut(text, end, claims);
	if (!token->cut && letter(text, end) != '.')
		return;
	signature = token->cut ? 0 : letters_run(text, end + 1, SIGNATURE_MAX, ALPHABET_URL);
	if (!decode_object(text, 0, head, json))
		goto out;
	algorithm = member(json, "\"alg\"", &len);
	if (!algorithm)
		goto out;
	for (i = 0; i < len && i < sizeof(token->name) - 1 && strchr(ALPHABET_URL, algorithm[i]);
	     i++)
		token->name[i] = algorithm[i];
	token->name[i] = '\0';
	token->kind = &kind_token;
	token->encrypted = false;
	if (!token->cut && strstr(json, "\"enc\"")) {
		read_encrypted(text, end + 1 + signature, token);
		goto out;
	}
	if (!token->cut) {
		end += 1 + signature;
		token->cut = claims >= CUT_LEAST && letter(text, end) < 0;
	}
	if (!token->cut && !fits(algorithm, len, signature))
		goto out;
	if (!is_cut(text, head + 1 + claims, claims)) {
		if (!decode_object(text, head + 1, claims, json))
			goto out;
	} else if (!begins_object(text, head + 1, claims, json)) {
		goto out;
	}
	token->len = end;
	if (is_example(json))
		token->kind = &kind_example;
out:
	OPENSSL_cleanse(json, max(head, claims));
}

static bool may_begin(const struct letters *text)
{
	return letters_match(text, 0, "eyJ") || letters_match(text, 0, "ewog");
}

/**
 * jwt_letters() - is a JSON Web Token there?
 * @text:	it would be at letter 0
 *
 * Return: its letters if this detector reports one, otherwise 0.
 */
u32 jwt_letters(const struct letters *text)
{
	struct token token = { 0 };

	if (may_begin(text))
		read_token(text, &token);
	return token.len;
}

static void found(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	struct letters text = { window, at };
	struct token token;

	(void)state;
	(void)needle;
	read_token(&text, &token);
	if (token.len)
		letters_report(scan, &text, 0, token.len, token.kind, false, "%s%s%s",
			       token.encrypted ? "encrypted, " : "",
			       token.name, token.cut ? ", too long to be read whole" : "");
}

static const struct needle needles[] = {
	NEEDLE("eyJ", found),		/* {" */
	NEEDLE("ewog", found),		/* {, a newline and a space */
	{ 0 }
};

const struct detector detect_jwt = {
	.name = "jwt",
	.needles = needles,
};

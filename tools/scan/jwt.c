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
#define CLAIMS_MAX	16384u
#define SIGNATURE_MAX	8192u	/* post-quantum ones are long */

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

static bool decode(const struct letters *text, s64 i, u32 nr, char *json)
{
	char letters[CLAIMS_MAX + 1];
	u32 len;

	letters_copy(text, i, nr, letters);
	len = base64_tight(letters, nr, (u8 *)json);
	json[len] = '\0';
	OPENSSL_cleanse(letters, nr);
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

static void found(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	struct letters text = { window, at };
	u32 head, claims, signature, len = 0, more = 0, i;
	char json[CLAIMS_MAX], name[12] = "";
	const char *algorithm;
	s64 end;

	(void)state;
	(void)needle;
	if (!letters_begin(&text, 0))
		return;
	head = letters_run(&text, 0, HEADER_MAX, ALPHABET_URL);
	if (head < 16 || letter(&text, head) != '.')
		return;
	claims = letters_run(&text, head + 1, CLAIMS_MAX, ALPHABET_URL);
	if (letter(&text, head + 1 + claims) != '.')
		return;
	end = head + 1 + claims + 1;
	signature = letters_run(&text, end, SIGNATURE_MAX, ALPHABET_URL);
	end += signature;
	if (!decode(&text, 0, head, json))
		goto out;
	algorithm = member(json, "\"alg\"", &len);
	if (!algorithm)
		goto out;
	for (i = 0; i < len && i < sizeof(name) - 1 && strchr(ALPHABET_URL, algorithm[i]); i++)
		name[i] = algorithm[i];
	if (strstr(json, "\"enc\"")) {
		/* Key, vector, text and tag. */
		for (i = 0; i < 2; i++, end += more) {
			more = letter(&text, end) == '.' ?
			       letters_run(&text, ++end, CLAIMS_MAX, ALPHABET_URL) : 0;
			if (!more)
				goto out;
		}
		letters_report(scan, &text, 0, end, &kind_token, false, "encrypted, %s", name);
		goto out;
	}
	if (!fits(algorithm, len, signature) || !decode(&text, head + 1, claims, json))
		goto out;
	letters_report(scan, &text, 0, end, is_example(json) ? &kind_example : &kind_token, false,
		       "%s", name);
out:
	OPENSSL_cleanse(json, sizeof(json));
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

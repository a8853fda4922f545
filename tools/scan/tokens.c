// SPDX-License-Identifier: GPL-2.0
/*
 * Tokens of services whose form is published: a prefix, an alphabet, a length, and for
 * some a checksum. Documentation/verifying-formats.rst has the sources. Words that only
 * show the form, as documentation has them, are told by how few letters they use.
 */
#include <openssl/crypto.h>

#include "detectors.h"
#include "letters.h"

#define TOKEN_MAX	16384u	/* of those of any length: more than any has */
#define ENDLESS		UINT32_MAX
#define BACK_MAX	512u	/* letters before a token in which a longer one may begin */
#define MACAROON_MAX	1024u
#define LETTERS_LEAST	10u	/* different ones in a token */

/* How sure a check is. */
enum sure { SURE_NOT, SURE_FORM, SURE_SUM };

#define TOKEN(name, which, service) \
	static const struct kind name = { \
		.word = which, \
		.text = service, \
		.advice = "revoke it, and register the buffers of requests and configuration", \
		.weight = WEIGHT_KEY, \
	}

TOKEN(github, "token-github", "GitHub token");
TOKEN(gitlab, "token-gitlab", "GitLab token");
TOKEN(npm, "token-npm", "npm token");
TOKEN(pypi, "token-pypi", "PyPI token");
TOKEN(google, "token-google", "Google API key or token");
TOKEN(aws, "token-aws", "AWS session token");
TOKEN(slack, "token-slack", "Slack token");
TOKEN(stripe, "token-stripe", "Stripe key");
TOKEN(digitalocean, "token-digitalocean", "DigitalOcean token");
TOKEN(vault, "token-vault", "Vault token");
TOKEN(grafana, "token-grafana", "Grafana token");
TOKEN(sendgrid, "token-sendgrid", "SendGrid key");
TOKEN(shopify, "token-shopify", "Shopify token");
TOKEN(openai, "token-openai", "OpenAI key");
TOKEN(anthropic, "token-anthropic", "Anthropic key");
TOKEN(huggingface, "token-huggingface", "Hugging Face token");
TOKEN(databricks, "token-databricks", "Databricks token");
TOKEN(docker, "token-docker", "Docker Hub token");
TOKEN(atlassian, "token-atlassian", "Atlassian token");

static const struct kind kind_test = {
	.word = "token-test",
	.text = "token of a test mode",
	.advice = "of no use outside tests",
	.weight = WEIGHT_NOTE,
};

static u32 crc32_of(const char *at, u32 len)
{
	u32 crc = ~0u, bit;

	while (len--) {
		crc ^= (u8)*at++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static bool various(const char *token, u32 len)
{
	bool seen[256] = { false };
	u32 i, nr = 0;

	for (i = 0; i < len; i++) {
		nr += !seen[(u8)token[i]];
		seen[(u8)token[i]] = true;
	}
	return nr >= LETTERS_LEAST;
}

static enum sure check_form(const char *token, u32 len)
{
	return various(token, len) ? SURE_FORM : SURE_NOT;
}

/* The last six letters are the CRC-32 of those before, to base 62. */
static enum sure check_crc(const char *token, u32 len)
{
	static const char digits[] = ALPHABET_DIGITS ALPHABET_UPPER ALPHABET_LOWER;
	u32 crc = crc32_of(token, len - 6), i;

	for (i = 1; i <= 6; i++, crc /= 62)
		if (token[len - i] != digits[crc % 62])
			return SURE_NOT;
	return SURE_SUM;
}

/* 22 letters and 59, joined by '_'. */
static enum sure check_fine_grained(const char *token, u32 len)
{
	return token[22] == '_' && !memchr(token + 23, '_', len - 23) ? check_form(token, len) :
									SURE_NOT;
}

/* A field of a macaroon, version 2: type, length, bytes. Its length with them, or 0. */
static u32 macaroon_field(const u8 *at, u32 len, u8 type, u32 *bytes)
{
	u32 head = 2;

	if (len < 2 || at[0] != type)
		return 0;
	*bytes = at[1] & 0x7f;
	if (at[1] & 0x80) {
		if (len < 3 || at[2] & 0x80)
			return 0;
		*bytes |= at[2] << 7;
		head = 3;
	}
	return *bytes && len - head >= *bytes ? head + *bytes : 0;
}

/* Location and identifier, caveats, and a signature of 32 bytes, which ends it. */
static enum sure check_macaroon(const char *token, u32 len)
{
	u8 bytes[MACAROON_MAX];
	u32 nr = base64_tight(token, len, bytes), at = 1, part, size;
	enum sure sure = SURE_NOT;

	if (nr < 40 || bytes[0] != 2)
		goto out;
	part = macaroon_field(bytes + at, nr - at, 1, &size);
	at += part;
	if (!part)
		goto out;
	for (;;) {
		part = macaroon_field(bytes + at, nr - at, 2, &size);
		at += part;
		if (!part || at == nr || bytes[at])
			goto out;
		at++;
		if (at < nr && !bytes[at])
			break;
	}
	part = macaroon_field(bytes + at + 1, nr - at - 1, 6, &size);
	if (part && size == 32 && at + 1 + part == nr)
		sure = SURE_FORM;
out:
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return sure;
}

/* Numbers of a team and a user, of ten digits or more each, then the secret. */
static enum sure check_slack(const char *token, u32 len)
{
	size_t first = strspn(token, ALPHABET_DIGITS);
	size_t second = token[first] == '-' ? strspn(token + first + 1, ALPHABET_DIGITS) : 0;

	return first >= 10 && second >= 10 && len - first - second >= 20 ?
	       check_form(token, len) : SURE_NOT;
}

/* A service token has 24 letters, or is a long one that was signed. */
static enum sure check_vault(const char *token, u32 len)
{
	return len == 24 || len >= 90 ? check_form(token, len) : SURE_NOT;
}

static enum sure check_grafana(const char *token, u32 len)
{
	return token[32] == '_' && strspn(token + 33, ALPHABET_HEX) == 8 ?
	       check_form(token, len) : SURE_NOT;
}

static enum sure check_sendgrid(const char *token, u32 len)
{
	return token[22] == '.' && !strchr(token + 23, '.') ? check_form(token, len) : SURE_NOT;
}

static enum sure check_anthropic(const char *token, u32 len)
{
	return !strcmp(token + len - 2, "AA") ? check_form(token, len) : SURE_NOT;
}

/* Base64 of "OpenAI" is in the middle. */
static enum sure check_openai(const char *token, u32 len)
{
	return strstr(token, "T3BlbkFJ") ? check_form(token, len) : SURE_NOT;
}

/* A checksum of eight hex digits after a '='. */
static enum sure check_atlassian(const char *token, u32 len)
{
	return token[len - 9] == '=' && strspn(token + len - 8, "0123456789ABCDEF") == 8 ?
	       check_form(token, len) : SURE_NOT;
}

/* Prefix, kind, alphabet, least and most letters after the prefix, check. */
#define FORMATS(F) \
	F("ghp_", github, ALPHABET_WORD, 36, 36, check_crc) \
	F("gho_", github, ALPHABET_WORD, 36, 36, check_crc) \
	F("ghu_", github, ALPHABET_WORD, 36, 36, check_crc) \
	F("ghs_", github, ALPHABET_WORD, 36, 36, check_crc) \
	F("ghr_", github, ALPHABET_WORD, 36, 76, check_crc) \
	F("github_pat_", github, ALPHABET_WORD "_", 82, 82, check_fine_grained) \
	F("npm_", npm, ALPHABET_WORD, 36, 36, check_crc) \
	F("pypi-AgE", pypi, ALPHABET_URL, 80, 900, check_macaroon) \
	F("glpat-", gitlab, ALPHABET_URL ".", 20, 320, check_form) \
	F("gldt-", gitlab, ALPHABET_URL, 20, 20, check_form) \
	F("glrt-", gitlab, ALPHABET_URL ".", 20, 320, check_form) \
	F("AIza", google, ALPHABET_URL, 35, 35, check_form) \
	F("ya29.", google, ALPHABET_URL ".", 60, ENDLESS, check_form) \
	F("GOCSPX-", google, ALPHABET_URL, 28, 28, check_form) \
	F("IQoJb3JpZ2luX2Vj", aws, ALPHABET_BASE64 "=", 200, ENDLESS, check_form) \
	F("FwoGZXIvYXdz", aws, ALPHABET_BASE64 "=", 200, ENDLESS, check_form) \
	F("xoxb-", slack, ALPHABET_WORD "-", 40, 80, check_slack) \
	F("xoxp-", slack, ALPHABET_WORD "-", 40, 100, check_slack) \
	F("xoxa-", slack, ALPHABET_WORD "-", 40, 100, check_slack) \
	F("xoxr-", slack, ALPHABET_WORD "-", 40, 100, check_slack) \
	F("xoxs-", slack, ALPHABET_WORD "-", 40, 100, check_slack) \
	F("hooks.slack.com/services/T", slack, ALPHABET_WORD "/", 40, 60, check_form) \
	F("sk_live_", stripe, ALPHABET_WORD, 24, 247, check_form) \
	F("rk_live_", stripe, ALPHABET_WORD, 24, 247, check_form) \
	F("sk_test_", kind_test, ALPHABET_WORD, 24, 247, check_form) \
	F("rk_test_", kind_test, ALPHABET_WORD, 24, 247, check_form) \
	F("whsec_", stripe, ALPHABET_BASE64, 32, 64, check_form) \
	F("dop_v1_", digitalocean, "0123456789abcdef", 64, 64, check_form) \
	F("doo_v1_", digitalocean, "0123456789abcdef", 64, 64, check_form) \
	F("dor_v1_", digitalocean, "0123456789abcdef", 64, 64, check_form) \
	F("hvs.", vault, ALPHABET_URL, 24, 200, check_vault) \
	F("hvb.", vault, ALPHABET_URL, 90, 400, check_form) \
	F("hvr.", vault, ALPHABET_URL, 90, 200, check_form) \
	F("glsa_", grafana, ALPHABET_WORD "_", 41, 41, check_grafana) \
	F("SG.", sendgrid, ALPHABET_URL ".", 66, 66, check_sendgrid) \
	F("shpat_", shopify, ALPHABET_HEX, 32, 32, check_form) \
	F("shpss_", shopify, ALPHABET_HEX, 32, 32, check_form) \
	F("sk-ant-api03-", anthropic, ALPHABET_URL, 95, 95, check_anthropic) \
	F("sk-ant-admin01-", anthropic, ALPHABET_URL, 95, 95, check_anthropic) \
	F("sk-proj-", openai, ALPHABET_URL, 48, 200, check_openai) \
	F("sk-svcacct-", openai, ALPHABET_URL, 48, 200, check_openai) \
	F("hf_", huggingface, ALPHABET_UPPER ALPHABET_LOWER, 34, 34, check_form) \
	F("dapi", databricks, "0123456789abcdef", 32, 32, check_form) \
	F("dckr_pat_", docker, ALPHABET_URL, 27, 27, check_form) \
	F("ATATT3xFf", atlassian, ALPHABET_URL "=", 170, 220, check_atlassian)

static const struct format {
	const char *prefix;
	const struct kind *kind;
	const char *alphabet;
	u32 least;
	u32 most;
	enum sure (*check)(const char *token, u32 len);
} formats[] = {
#define F(prefix, kind, alphabet, least, most, check) \
	{ prefix, &(kind), alphabet, least, most, check },
	FORMATS(F)
#undef F
};

static const struct format *format_of(const struct letters *text)
{
	u32 i;

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (letters_match(text, 0, formats[i].prefix))
			return &formats[i];
	return NULL;
}

/*
 * Is it a part of a longer one, of those without an end? That one is reported, and a row of
 * prefixes is not read anew from each of them to its end.
 */
static bool is_part(const struct letters *text, const struct format *format)
{
	s64 i;
	int c;

	for (i = -1; i >= -(s64)BACK_MAX; i--) {
		c = letter(text, i);
		if (c <= 0 || !strchr(format->alphabet, c))
			return false;
		if (letters_match(text, i, format->prefix) && letters_begin(text, i))
			return true;
	}
	return false;
}

/* Letters of the token that is at letter 0, with its prefix; 0 if there is none. */
static u32 measure(const struct letters *text, const struct format *format, enum sure *sure)
{
	u32 prefix = strlen(format->prefix), most, len, more = 0;
	char token[TOKEN_MAX + 1];

	/* What is in the middle of a word is no prefix, unless a checksum says so. */
	if (format->check != check_crc && !letters_begin(text, 0))
		return 0;
	if (format->most == ENDLESS && is_part(text, format))
		return 0;
	most = min(format->most, TOKEN_MAX);
	len = letters_run(text, prefix, format->most == ENDLESS ? most : most + 1,
			  format->alphabet);
	/* A full stop ends a sentence, not a token. */
	while (len && letter(text, prefix + len - 1) == '.')
		len--;
	if (len < format->least || len > most)
		return 0;
	/* Macaroons begin in the prefix. */
	if (format->check == check_macaroon)
		more = 3;
	len += more;
	letters_copy(text, prefix - more, len, token);
	*sure = format->check(token, len);
	OPENSSL_cleanse(token, len);
	return *sure == SURE_NOT ? 0 : prefix - more + len;
}

/**
 * token_letters() - is a token there?
 * @text:	it would be at letter 0
 *
 * Return: its letters if this detector reports one, otherwise 0.
 */
u32 token_letters(const struct letters *text)
{
	const struct format *format = format_of(text);
	enum sure sure;

	return format ? measure(text, format, &sure) : 0;
}

static void found(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	struct letters text = { window, at };
	const struct format *format = format_of(&text);
	enum sure sure;
	u32 len;

	(void)state;
	(void)needle;
	len = format ? measure(&text, format, &sure) : 0;
	if (len)
		letters_report(scan, &text, 0, len, format->kind, sure == SURE_SUM, "%s%s",
			       format->prefix,
			       sure == SURE_SUM ? ", its checksum is right" : "");
}

static const struct needle needles[] = {
#define F(prefix, kind, alphabet, least, most, check) NEEDLE(prefix, found),
	FORMATS(F)
#undef F
	{ 0 }
};

const struct detector detect_tokens = {
	.name = "tokens",
	.needles = needles,
};

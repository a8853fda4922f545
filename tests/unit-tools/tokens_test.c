// SPDX-License-Identifier: GPL-2.0
/*
 * Tokens of services, JSON Web Tokens and labelled credentials: made from their published
 * forms, with letters by chance; and what only looks like them.
 */
#include <openssl/evp.h>

#include "scanned.h"
#include "tap.h"

#define ALL	"tokens,jwt,logins"
#define DIGITS	"0123456789"
#define UPPER	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER	"abcdefghijklmnopqrstuvwxyz"
#define WORD	DIGITS UPPER LOWER

static char text[200000];
static u32 len;
static u64 state = 0x082efa98ec4e6c89ULL;

static u32 below(u32 limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 33) % limit;
}

static void add(const char *words)
{
	len += sprintf(text + len, "%s", words);
}

/* Letters by chance, but with one of each kind among the first ones. */
static void add_random(const char *alphabet, u32 nr)
{
	u32 i, size = strlen(alphabet);

	for (i = 0; i < nr; i++)
		text[len++] = alphabet[i < 8 ? i * (size - 1) / 7 : below(size)];
	text[len] = '\0';
}

static u32 crc32_of(const char *from, u32 nr)
{
	u32 crc = ~0u, i, bit;

	for (i = 0; i < nr; i++)
		for (crc ^= (u8)from[i], bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	return ~crc;
}

static void test_checksum(const char *prefix, const char *kind)
{
	struct seen seen = { kind, 1, 40, true };
	u32 crc, i;

	len = 0;
	add(" ");
	add(prefix);
	add_random(WORD, 36);
	crc = crc32_of(text + 5, 30);
	for (i = 0; i < 6; i++, crc /= 62)
		text[40 - i] = WORD[crc % 62];
	add(" ");
	ok(text_seen(text, len, ALL, &seen), "%s: its checksum is right", prefix);
	for (i = 5; i < 41; i += 7) {
		text[i] ^= 1;
		if (!nothing(text, len, ALL))
			break;
		text[i] ^= 1;
	}
	ok(i >= 41, "%s: one letter changed: nothing", prefix);
}

static void test_forms(void)
{
	static const struct {
		const char *prefix;
		const char *alphabet;
		u32 nr;
		const char *kind;
	} forms[] = {
		{ "glpat-", WORD, 20, "token-gitlab" }, { "AIza", WORD "-_", 35, "token-google" },
		{ "ya29.a0", WORD "-_", 160, "token-google" },
		{ "GOCSPX-", WORD, 28, "token-google" },
		{ "IQoJb3JpZ2luX2Vj", WORD, 400, "token-aws" },
		{ "sk_live_", WORD, 24, "token-stripe" }, { "sk_test_", WORD, 24, "token-test" },
		{ "dop_v1_", "0123456789abcdef", 64, "token-digitalocean" },
		{ "hvs.CAES", WORD, 92, "token-vault" }, { "hvs.", WORD, 24, "token-vault" },
		{ "shpat_", "0123456789abcdef", 32, "token-shopify" },
		{ "hf_", UPPER LOWER, 34, "token-huggingface" },
		{ "dapi", "0123456789abcdef", 32, "token-databricks" },
		{ "dckr_pat_", WORD "-_", 27, "token-docker" },
	};
	struct seen seen;
	u32 i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		len = 0;
		add("\"");
		add(forms[i].prefix);
		add_random(forms[i].alphabet, forms[i].nr);
		seen = (struct seen){ forms[i].kind, 1, len - 1, false };
		add("\"");
		ok(text_seen(text, len, ALL, &seen), "%s: by its form", forms[i].prefix);
		memset(text + 1 + strlen(forms[i].prefix), '1', forms[i].nr);
		ok(nothing(text, len, ALL), "%s11111: nothing", forms[i].prefix);
		len = 0;
		add("a");
		add(forms[i].prefix);
		add_random(forms[i].alphabet, forms[i].nr);
		ok(nothing(text, len, ALL), "a%s in a longer word: nothing", forms[i].prefix);
		len = 0;
		add(forms[i].prefix);
		add_random(forms[i].alphabet, 12);
		ok(nothing(text, len, ALL), "%s, too short: nothing", forms[i].prefix);
	}
}

static void test_parts(void)
{
	struct seen seen = { "token-slack", 0, 0, false };

	len = 0;
	add("xoxb-");
	add_random(DIGITS, 12);
	add("-");
	add_random(DIGITS, 13);
	add("-");
	add_random(WORD, 24);
	seen.len = len;
	ok(text_seen(text, len, ALL, &seen), "xoxb-: two numbers and a secret");
	text[8] = 'x';
	ok(nothing(text, len, ALL), "xoxb-: no number: nothing");
	len = 0;
	add("github_pat_");
	add_random(WORD, 22);
	add("_");
	add_random(WORD, 59);
	seen = (struct seen){ "token-github", 0, len, false };
	ok(text_seen(text, len, ALL, &seen), "github_pat_");
	text[33] = 'x';
	ok(nothing(text, len, ALL), "github_pat_: not in two parts: nothing");
	len = 0;
	add("SG.");
	add_random(WORD, 22);
	add(".");
	add_random(WORD, 43);
	seen = (struct seen){ "token-sendgrid", 0, len, false };
	ok(text_seen(text, len, ALL, &seen), "SG.");
	len = 0;
	add("glsa_");
	add_random(WORD, 32);
	add("_");
	add_random("0123456789abcdef", 8);
	seen = (struct seen){ "token-grafana", 0, len, false };
	ok(text_seen(text, len, ALL, &seen), "glsa_");
	len = 0;
	add("sk-proj-");
	add_random(WORD, 40);
	add("T3BlbkFJ");
	add_random(WORD, 40);
	seen = (struct seen){ "token-openai", 0, len, false };
	ok(text_seen(text, len, ALL, &seen), "sk-proj-");
	len = 0;
	add("sk-ant-api03-");
	add_random(WORD, 93);
	add("AA");
	seen = (struct seen){ "token-anthropic", 0, len, false };
	ok(text_seen(text, len, ALL, &seen), "sk-ant-");
	text[len - 1] = 'B';
	ok(nothing(text, len, ALL), "sk-ant-: another end: nothing");
}

static u32 url_base64(const void *from, u32 nr, char *to)
{
	u32 total = EVP_EncodeBlock((u8 *)to, from, nr);
	char *at;

	while (total && to[total - 1] == '=')
		to[--total] = '\0';
	while ((at = strpbrk(to, "+/")))
		*at = *at == '+' ? '-' : '_';
	return total;
}

/* A macaroon: location, identifier, one caveat, signature. */
static void test_macaroon(void)
{
	struct seen seen = { "token-pypi", 0, 0, false };
	u8 bytes[200] = { 2, 1, 8 };
	u32 nr = 3, i;

	memcpy(bytes + nr, "pypi.org", 8);
	nr += 8;
	bytes[nr++] = 2;
	bytes[nr++] = 36;
	for (i = 0; i < 36; i++)
		bytes[nr++] = 'a' + i % 26;
	bytes[nr++] = 0;
	bytes[nr++] = 2;
	bytes[nr++] = 10;
	for (i = 0; i < 10; i++)
		bytes[nr++] = '0' + i;
	bytes[nr++] = 0;
	bytes[nr++] = 0;
	bytes[nr++] = 6;
	bytes[nr++] = 32;
	for (i = 0; i < 32; i++)
		bytes[nr++] = below(256);
	len = 0;
	add("pypi-");
	len += url_base64(bytes, nr, text + len);
	seen.len = len;
	ok(text_everywhere(text, len, ALL, &seen), "pypi-: a macaroon");
	bytes[nr - 33] = 31;
	len = 5;
	len += url_base64(bytes, nr, text + len);
	ok(nothing(text, len, ALL), "pypi-: a signature of another length: nothing");
}

static void make_jwt(const char *header, const char *claims, u32 signature)
{
	len = url_base64(header, strlen(header), text);
	add(".");
	len += url_base64(claims, strlen(claims), text + len);
	add(".");
	add_random(WORD "-_", signature);
}

static void test_jwt(void)
{
	static const char rs[] = "{\"alg\":\"RS256\",\"kid\":\"a\"}";
	static const char hs[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
	static const char claims[] = "{\"iss\":\"kubernetes/serviceaccount\",\"sub\":\"system\"}";
	struct seen seen = { "token-jwt", 0, 0, false };

	make_jwt(rs, claims, 342);
	seen.len = len;
	ok(text_everywhere(text, len, ALL, &seen), "a token of RS256");
	make_jwt("{\n \"alg\" : \"ES256\"\n}", claims, 86);
	seen.len = len;
	ok(text_seen(text, len, ALL, &seen), "one with white space in its header");
	make_jwt(hs, claims, 43);
	seen.len = len;
	ok(text_seen(text, len, ALL, &seen), "a token of HS256");
	make_jwt(hs, claims, 42);
	ok(nothing(text, len, ALL), "a signature of another length: nothing");
	make_jwt("{\"typ\":\"JWT\"}", claims, 43);
	ok(nothing(text, len, ALL), "no algorithm: nothing");
	make_jwt("{\"alg\":\"none\"}", claims, 0);
	ok(nothing(text, len, ALL), "not signed: nothing");
	make_jwt(hs, "no JSON at all, but letters", 43);
	ok(nothing(text, len, ALL), "no claims: nothing");
	make_jwt(hs, "{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"iat\":1516239022}", 43);
	seen = (struct seen){ "token-jwt-example", 0, len, false };
	ok(text_seen(text, len, ALL, &seen) && !scanned_keys, "the one of jwt.io: a note");
	make_jwt(hs, "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
		 "\"http://example.com/is_root\":true}", 43);
	seen.len = len;
	ok(text_seen(text, len, ALL, &seen) && !scanned_keys, "that of the RFCs: a note");
	make_jwt(hs, "{\"sub\":\"u-8812\",\"name\":\"John Doe\",\"scope\":\"admin\"}", 43);
	seen = (struct seen){ "token-jwt", 0, len, false };
	ok(text_seen(text, len, ALL, &seen), "of somebody who is called John Doe: a key");
	make_jwt(hs, "{\"sub\":\"1234567890\",\"hello\":\"world\","
		 "\"a\":{\"some\":\"payload\"}}", 43);
	seen.len = len;
	ok(text_seen(text, len, ALL, &seen), "of who put examples into other claims: a key");
	make_jwt("{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", "01234567890123456789", 16);
	add(".");
	add_random(WORD, 100);
	add(".");
	add_random(WORD, 22);
	seen = (struct seen){ "token-jwt", 0, len, false };
	ok(text_seen(text, len, ALL, &seen), "an encrypted token");
}

static void add_claims(char *claims, u32 nr)
{
	u32 at = sprintf(claims, "{\"sub\":\"u-8812\",\"groups\":\"");

	while (at < nr)
		claims[at++] = 'a' + below(26);
	sprintf(claims + nr, "\"}");
}

static void add_base64(const char *words)
{
	len += EVP_EncodeBlock((u8 *)text + len, (const u8 *)words, strlen(words));
}

/* One that begins like a token of others is left to them only if they know it. */
static void test_bearer(void)
{
	static const char *const begins[] = { "gh", "eyJ", "npm_", "hvs.", "ya29.", "xoxb-",
					      "sk_live_" };
	static const char claims[] = "{\"iss\":\"kubernetes/serviceaccount\",\"sub\":\"system\"}";
	struct seen seen = { "http-bearer", 0, 0, false };
	u32 i, known;

	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		len = 0;
		add("Authorization: Bearer ");
		seen.first = len;
		add(begins[i]);
		add_random(WORD, 22);
		seen.len = len - seen.first;
		add("\r\n");
		ok(text_seen(text, len, ALL, &seen), "a bearer token that begins with %s",
		   begins[i]);
	}
	len = 0;
	add("Authorization: Bearer ");
	seen.first = len;
	add_base64("{\"k\":\"9tQ!zz-k\",\"n\":\"x\",\"id\":1000001}");
	seen.len = len - seen.first;
	add("\r\n");
	ok(text_seen(text, len, ALL, &seen), "one that is JSON in base64");
	len = 0;
	add("Authorization: Bearer ");
	seen.first = len;
	add_random(WORD, 9000);
	seen.len = len - seen.first;
	add("\r\n");
	ok(text_everywhere(text, len, ALL, &seen), "a long one, to its end");
	len = 0;
	add("Authorization: Bearer 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\r\n");
	seen = (struct seen){ "token-github", 22, 40, true };
	ok(text_seen(text, len, ALL, &seen), "GitHub's: told once");
	make_jwt("{\"typ\":\"JWT\",\"alg\":\"HS256\"}", claims, 43);
	known = len;
	memmove(text + 22, text, known);
	memcpy(text, "Authorization: Bearer ", 22);
	memcpy(text + 22 + known, "\r\n", 2);
	seen = (struct seen){ "token-jwt", 22, known, false };
	ok(text_seen(text, known + 24, ALL, &seen), "a JSON Web Token: told once");
}

/* All letters are reported, however many are looked at. */
static void test_long_basic(void)
{
	static const char *const labels[] = { "Authorization: Basic ", "{\"auth\": \"" };
	char login[301] = "svc-account:";
	struct seen seen;
	u32 i, k;

	for (k = strlen(login); k < sizeof(login) - 1; k++)
		login[k] = 'a' + below(26);
	for (i = 0; i < 2; i++) {
		len = 0;
		add(labels[i]);
		seen = (struct seen){ "http-basic", len, 0, false };
		add_base64(login);
		seen.len = len - seen.first;
		add("\"\r\n");
		ok(text_everywhere(text, len, ALL, &seen), "%s: a long password, to its end",
		   labels[i]);
	}
}

/* What begins like an example is none. */
static void test_beginnings(void)
{
	static const struct {
		const char *login;
		bool example;
	} logins[] = {
		{ "user:pass", true }, { "user:password", true },
		{ "user:pass-4Kq9vXz82mNw", false },
		{ "username:password", true }, { "username:password1", false },
		{ "Aladdin:open sesame", true }, { "Aladdin:open sesame!", false },
	};
	struct seen seen;
	u32 i;

	for (i = 0; i < sizeof(logins) / sizeof(*logins); i++) {
		len = 0;
		add("Authorization: Basic ");
		seen = (struct seen){ logins[i].example ? "example" : "http-basic", len, 0, false };
		add_base64(logins[i].login);
		seen.len = len - seen.first;
		add("\r\n");
		ok(text_seen(text, len, ALL, &seen) && scanned_keys == !logins[i].example,
		   "%s: %s", logins[i].login, seen.word);
	}
	len = 0;
	add("aws_secret_access_key=wJalrXUtnFEMI/");
	seen = (struct seen){ "aws-secret", len - 14, 40, false };
	add_random(WORD, 26);
	add("\n");
	ok(text_seen(text, len, ALL, &seen), "a secret that begins like the manual's of AWS");
}

/* Where a limit is reached, what is in it is told. */
static void test_long(void)
{
	static const char *const prefixes[] = { "ya29.", "IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdz" };
	static const char hs[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
	static char claims[100010];
	struct seen seen = { NULL, 1, 0, false };
	u32 i;

	for (i = 0; i < 3; i++) {
		seen.word = i ? "token-aws" : "token-google";
		len = 0;
		add(" ");
		add(prefixes[i]);
		add_random(WORD, 1100);
		add(" ");
		seen.len = len - 2;
		ok(text_everywhere(text, len, ALL, &seen), "%s: a long one", prefixes[i]);
		len = 0;
		add(" ");
		add(prefixes[i]);
		seen.len = len - 1 + 16384;
		add_random(WORD, 20000);
		ok(seen_at(text, len, ALL, &seen, 77, len + 100), "%s: one without an end",
		   prefixes[i]);
	}
	len = 0;
	for (i = 0; i < 3000; i++)
		add("ya29.");
	add_random(WORD, 80);
	seen = (struct seen){ "token-google", 0, len, false };
	ok(seen_at(text, len, ALL, &seen, 77, len + 100), "prefixes in a row are one");
	seen = (struct seen){ "token-jwt", 0, 0, false };
	add_claims(claims, 14000);
	make_jwt(hs, claims, 43);
	seen.len = len;
	ok(text_everywhere(text, len, ALL, &seen), "a token with many claims");
	add_claims(claims, 45000);
	make_jwt(hs, claims, 43);
	seen.len = len;
	ok(seen_everywhere(text, len, ALL, &seen), "with very many");
	add_claims(claims, 100000);
	make_jwt(hs, claims, 43);
	seen.len = 36 + 1 + 65536;
	ok(seen_at(text, len, ALL, &seen, 77, len + 100), "with more than are looked at");
	make_jwt("{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", "01234567890123456789", 16);
	add(".");
	add_random(WORD, 60000);
	add(".");
	add_random(WORD, 22);
	seen.len = len;
	ok(seen_at(text, len, ALL, &seen, 77, len + 100), "an encrypted one of many");
}

static void test_label(const char *name, const char *before, const char *alphabet, u32 nr,
		       const char *end, const char *kind)
{
	struct seen seen = { kind, 0, nr + strlen(end), false };

	len = 0;
	add(before);
	seen.first = len;
	add_random(alphabet, nr);
	add(end);
	add("\n\n");
	ok(text_seen(text, len, ALL, &seen), "%s", name);
	memset(text + seen.first, 'x', nr);
	ok(nothing(text, len, ALL), "%s, xxxx: nothing", name);
}

static void test_labels(void)
{
	test_label("AWS, a file",
		   "aws_access_key_id = AKIAQ3EGRJ7T2YKLM4XB\naws_secret_access_key = ", WORD "+/",
		   40, "", "aws-secret");
	test_label("AWS, JSON",
		   "{\"AccessKeyId\": \"ASIAQ3EGRJ7T2YKLM4XB\", \"SecretAccessKey\": \"", WORD,
		   40, "", "aws-secret");
	test_label("AWS, environment", "AWS_SECRET_ACCESS_KEY=", WORD, 40, "", "aws-secret");
	test_label("Azure storage",
		   "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=", WORD "+/", 86, "==",
		   "azure-key");
	test_label("Azure service bus", "Endpoint=sb://a/;SharedAccessKey=", WORD "+/", 43, "=", "azure-key");
	test_label("a bearer token", "\r\nAuthorization: Bearer ", WORD "-", 40, "", "http-bearer");
}

static void test_near_labels(void)
{
	len = 0;
	add("AKIAQ3EGRJ7T2YKLM4XB 0123456789abcdef0123456789abcdef01234567 commit");
	ok(nothing(text, len, ALL), "an id, and a number in hex near it: nothing");
	len = 0;
	add("AKIAQ3EGRJ7T2YKLM4XB alone");
	ok(nothing(text, len, ALL), "an id alone: nothing");
	len = 0;
	add("Authorization: Bearer $TOKEN, or Authorization: Bearer <your-access-token>, or "
	    "Authorization: Bearer my-access-token-goes-here, Authorization: Basic realm");
	ok(nothing(text, len, ALL), "placeholders in headers: nothing");
}

static void test_basic(void)
{
	struct seen seen = { "http-basic", 0, 0, false };

	len = 0;
	add("GET / HTTP/1.1\r\nAuthorization: Basic ");
	seen.first = len;
	len += EVP_EncodeBlock((u8 *)text + len, (const u8 *)"admin:9tQ!zz-k", 14);
	seen.len = len - seen.first;
	add("\r\n");
	ok(text_everywhere(text, len, ALL, &seen), "a user and a password in a header");
	len = 0;
	add("{\"auths\": {\"registry.example.org\": {\"auth\": \"");
	seen.first = len;
	len += EVP_EncodeBlock((u8 *)text + len, (const u8 *)"admin:9tQ!zz-k", 14);
	seen.len = len - seen.first;
	add("\"}}}");
	ok(text_seen(text, len, ALL, &seen), "the password of a registry, as Docker has it");
	len = seen.first;
	len += EVP_EncodeBlock((u8 *)text + len, (const u8 *)"admin-9tQ!zz-k", 14);
	ok(nothing(text, len, ALL), "no colon: nothing");
	len = seen.first;
	add("QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	seen = (struct seen){ "example", seen.first, 28, false };
	ok(text_seen(text, len, ALL, &seen) && !scanned_keys, "Aladdin's: a note");
}

static void test_examples(void)
{
	struct seen seen = { "example", 0, 40, false };

	len = 0;
	add("aws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=");
	seen.first = len;
	add("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n");
	ok(text_seen(text, len, ALL, &seen) && !scanned_keys, "the manual's of AWS: a note");
	len = 0;
	add("AccountKey=");
	seen = (struct seen){ "example", len, 88, false };
	add("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
	ok(text_seen(text, len, ALL, &seen) && !scanned_keys, "the emulator's of Azure");
}

static void test_notes(void)
{
	struct seen seen = { "url-password", 0, 8, false };

	len = 0;
	add("postgres://app:");
	seen.first = len;
	add("h7Kz!q2w@db.internal:5432/app");
	ok(text_everywhere(text, len, ALL, &seen) && !scanned_keys, "a password in a URL: a note");
	len = 0;
	add("see http://www.example.org:8080/a@b, ftp://user:password@host, https://a.b/c:d");
	ok(nothing(text, len, ALL), "other URLs: nothing");
	len = 0;
	add("machine a.example.org login app password ");
	seen = (struct seen){ "netrc-password", len, 8, false };
	add("h7Kz!q2w\n");
	ok(text_seen(text, len, ALL, &seen) && !scanned_keys, ".netrc: a note");
	len = 0;
	add("This machine is where you login with a password of yours.");
	ok(nothing(text, len, ALL), "a machine in a sentence: nothing");
}

/* A list that names no detector would make any file clean. */
static void test_lists(void)
{
	static const char *const wrong[] = { "", ",", "jwt,", ",jwt", "jwt,,pem", "jw", "jwtx" };
	struct scan_options options = { .only = "jwt,pem" };
	struct complaint why = { "" };
	struct scan *scan = scan_new(&options, &why);
	u32 i, refused = 0;

	ok(scan, "a list of two detectors");
	scan_free(scan);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		options.only = wrong[i];
		scan = scan_new(&options, &why);
		refused += !scan && strstr(why.text, "there are: aes ") &&
			   strstr(why.text, " known");
		scan_free(scan);
	}
	ok(refused == i, "%u lists with a name that is empty or none: refused", i);
}

int main(void)
{
	/* A token that GitHub's own description shows, by its checksum. */
	struct seen seen = { "token-github", 0, 40, true };

	ok(text_everywhere("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", 40, ALL, &seen),
	   "a known checksum");
	test_checksum("ghp_", "token-github");
	test_checksum("gho_", "token-github");
	test_checksum("ghs_", "token-github");
	test_checksum("npm_", "token-npm");
	test_forms();
	test_parts();
	test_macaroon();
	test_jwt();
	test_long();
	test_labels();
	test_near_labels();
	test_basic();
	test_examples();
	test_beginnings();
	test_bearer();
	test_long_basic();
	test_notes();
	test_lists();
	return tap_end();
}

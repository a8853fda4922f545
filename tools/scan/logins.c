// SPDX-License-Identifier: GPL-2.0
/*
 * Credentials with a label beside them: keys of AWS and Azure, headers of HTTP, and
 * passwords in URLs and .netrc. Of the latter two the form says nothing about whether they
 * are real, and documentation is full of them: they are notes.
 */
#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "detectors.h"
#include "letters.h"

#define LOGIN(name, which, what, means, how) \
	static const struct kind name = { \
		.word = which, .text = what, .advice = how, .weight = means, \
	}

#define REVOKE	"revoke it, and register the buffers of requests and configuration"

LOGIN(kind_aws, "aws-secret", "AWS secret access key", WEIGHT_KEY, REVOKE);
LOGIN(kind_azure, "azure-key", "Azure storage or service bus key", WEIGHT_KEY, REVOKE);
LOGIN(kind_bearer, "http-bearer", "bearer token in a header of HTTP", WEIGHT_KEY, REVOKE);
LOGIN(kind_basic, "http-basic", "password of HTTP in base64", WEIGHT_KEY, REVOKE);
LOGIN(kind_url, "url-password", "password in a URL", WEIGHT_NOTE,
      "see whether it is a real one, and keep passwords out of URLs");
LOGIN(kind_netrc, "netrc-password", "password in .netrc", WEIGHT_NOTE,
      "see whether it is a real one");
LOGIN(kind_example, "example", "credential of an example", WEIGHT_NOTE,
      "none: it is in documentation and opens nothing");

#define SECRET_LETTERS	40u	/* of AWS */
#define NEAR		512	/* letters between the two halves of a key pair of AWS */
#define LABEL_NEAR	48	/* letters between a label and what it labels */
#define TOKEN_LEAST	20u
#define PASSWORD_MAX	128u
#define WINDOW_MAX	UINT32_MAX	/* as far as letters go */
#define USER_MAX	64u

/* Public: what documentation and emulators use, whole, without the '=' at its end. */
static const char *const examples[] = {
	"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	"je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
	"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
	"K1SZFPTOtr/KBHBeksoGMGw",
	"C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/"
	"Jw",
	"QWxhZGRpbjpvcGVuIHNlc2FtZQ",			/* Aladdin:open sesame */
	"QWxhZGRpbjpPcGVuU2VzYW1l",			/* Aladdin:OpenSesame */
	"YWxhZGRpbjpvcGVuc2VzYW1l",			/* aladdin:opensesame */
	"dGVzdDoxMjPCow",				/* RFC 7617 */
	"dXNlcjpwYXNz",					/* user:pass */
	"dXNlcjpwYXNzd2Q",				/* user:passwd */
	"dXNlcjpwYXNzd29yZA",				/* user:password */
	"dXNlcm5hbWU6cGFzc3dvcmQ",			/* username:password */
	"czZCaGRSa3F0MzpnWDFmQmF0M2JW",			/* RFC 6749 */
	"czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3",	/* RFC 6749, its client's secret */
};

static bool is_example(const struct letters *text, s64 i, u32 nr)
{
	u32 k;

	while (nr && letter(text, i + nr - 1) == '=')
		nr--;
	for (k = 0; k < sizeof(examples) / sizeof(*examples); k++)
		if (strlen(examples[k]) == nr && letters_match(text, i, examples[k]))
			return true;
	return false;
}

static void report(struct scan *scan, const struct letters *text, s64 i, u32 nr,
		   const struct kind *kind, const char *detail)
{
	letters_report(scan, text, i, nr, is_example(text, i, nr) ? &kind_example : kind, false, "%s",
		       detail);
}

/* Upper case, lower case and digits: neither a path, nor a number in hex. */
static bool mixed(const struct letters *text, s64 i, u32 nr)
{
	bool upper = false, lower = false, digit = false;
	int c;

	while (nr--) {
		c = letter(text, i++);
		upper = upper || (c > 'F' && c <= 'Z');
		lower = lower || (c > 'f' && c <= 'z');
		digit = digit || (c >= '0' && c <= '9');
	}
	return upper && lower && digit;
}

/* Exactly the letters of a secret of AWS, and nothing like them around? */
static bool is_secret(const struct letters *text, s64 i)
{
	int before = letter(text, i - 1);

	return (before <= 0 || !strchr(ALPHABET_BASE64, before) || letters_begin(text, i)) &&
	       letters_run(text, i, SECRET_LETTERS + 1, ALPHABET_BASE64 "=") == SECRET_LETTERS &&
	       mixed(text, i, SECRET_LETTERS);
}

/* Is "secret" before it, in any case? Or is it what follows the id in a line of its own? */
static bool labelled(const struct letters *text, s64 i, s64 id_end)
{
	static const char word[] = "ecret";
	s64 at;
	u32 k;

	if (i > id_end && i - id_end <= 4)
		return true;
	for (at = i - LABEL_NEAR; at < i; at++) {
		for (k = 0; k < 5 && (letter(text, at + k) | 0x20) == word[k]; k++)
			;
		if (k == 5 && letter(text, at) >= 0)
			return true;
	}
	return false;
}

/* An access key id; the secret that belongs to it is not far, with a label. */
static void found_aws(struct scan *scan, void *state, const struct window *window, u64 at,
		      const struct needle *needle)
{
	struct letters text = { window, at };
	u32 run = 0;
	char id[21];
	s64 i;

	(void)state;
	(void)needle;
	if (letters_run(&text, 0, 21, ALPHABET_UPPER ALPHABET_DIGITS) != 20 ||
	    !letters_begin(&text, 0))
		return;
	letters_copy(&text, 0, 20, id);
	/* A secret is the end of a run of letters: nothing else is looked at twice. */
	for (i = -NEAR; i <= NEAR + (s64)SECRET_LETTERS; i++) {
		s64 first = i - SECRET_LETTERS;

		if (base64_value(letter(&text, i)) >= 0) {
			run++;
			continue;
		}
		if (run >= SECRET_LETTERS && first < NEAR && is_secret(&text, first) &&
		    labelled(&text, first, 20))
			report(scan, &text, first, SECRET_LETTERS, &kind_aws, id);
		run = 0;
	}
}

/* Index of the value after a label: past quotes, and '=', ':' or a tag. */
static s64 value(const struct letters *text, s64 i)
{
	u32 gap = letters_run(text, i, 8, " \t\"'\\=:>");

	return gap ? i + gap : -1;
}

/* The label of a secret, with the id somewhere else. */
static void found_label(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	struct letters text = { window, at };
	s64 i = value(&text, needle->len);

	(void)state;
	if (i > 0 && is_secret(&text, i))
		report(scan, &text, i, SECRET_LETTERS, &kind_aws, "by its label");
}

/* 64 bytes of a storage account, or 32 of a service bus. */
static void found_azure(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	struct letters text = { window, at };
	u32 prefix = needle->len, nr;

	(void)state;
	nr = letters_run(&text, prefix, 89, ALPHABET_BASE64);
	if (nr == 86 && letters_match(&text, prefix + nr, "=="))
		nr += 2;
	else if ((nr == 43 || nr == 44) && letters_match(&text, prefix + nr, "="))
		nr++;
	else
		return;
	if (mixed(&text, prefix, nr))
		report(scan, &text, prefix, nr, &kind_azure, nr == 88 ? "storage" : "service bus");
}

/*
 * user:password in base64, printable, as far as it is decoded; what is reported are all its
 * letters, since they are erased by that.
 */
static void basic(struct scan *scan, const struct letters *text, s64 i)
{
	u32 nr = letters_run(text, i, PASSWORD_MAX, ALPHABET_BASE64), len, k, colon;
	char letters[PASSWORD_MAX + 1];
	u8 bytes[PASSWORD_MAX];

	letters_copy(text, i, nr, letters);
	len = nr >= 8 ? base64_tight(letters, nr, bytes) : 0;
	for (k = 0; k < len && bytes[k] >= 0x20 && bytes[k] != 0x7f; k++)
		;
	for (colon = 0; colon < len && bytes[colon] != ':'; colon++)
		;
	if (len && k == len && colon && colon + 1 < len) {
		nr += letters_run(text, i + nr, WINDOW_MAX, ALPHABET_BASE64);
		nr += letters_run(text, i + nr, 2, "=");
		report(scan, text, i, nr, &kind_basic, "user and password");
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	OPENSSL_cleanse(letters, sizeof(letters));
}

/* What others report whole is left to them. */
static void bearer(struct scan *scan, const struct letters *text, s64 i)
{
	u32 nr = letters_run(text, i, WINDOW_MAX, ALPHABET_URL ".~+/=");
	struct letters there = { text->window, text->at + (u64)i };

	if (nr >= TOKEN_LEAST && letters_run(text, i, nr, ALPHABET_DIGITS) < nr &&
	    letters_run(text, i, nr, ALPHABET_UPPER ALPHABET_LOWER "-_.") < nr &&
	    token_letters(&there) < nr && jwt_letters(&there) < nr)
		report(scan, text, i, nr, &kind_bearer, "Bearer");
}

static void found_header(struct scan *scan, void *state, const struct window *window, u64 at,
			 const struct needle *needle)
{
	struct letters text = { window, at };
	s64 i = value(&text, needle->len);

	(void)state;
	if (i > 0 && (letters_match(&text, i, "Bearer ") || letters_match(&text, i, "bearer ")))
		bearer(scan, &text, i + strlen("Bearer "));
	else if (i > 0 && (letters_match(&text, i, "Basic ") || letters_match(&text, i, "basic ")))
		basic(scan, &text, i + strlen("Basic "));
}

/* "auth": "...", as Docker has the password of a registry. */
static void found_auth(struct scan *scan, void *state, const struct window *window, u64 at,
		       const struct needle *needle)
{
	struct letters text = { window, at };
	s64 i = value(&text, needle->len);

	(void)state;
	if (i > 0)
		basic(scan, &text, i);
}

/* scheme://user:password@host */
static void found_url(struct scan *scan, void *state, const struct window *window, u64 at,
		      const struct needle *needle)
{
	static const char user[] = ALPHABET_URL ".~%!$&'()*+,;=";
	const u8 *after = window->bytes + at + needle->len;
	struct letters text = { window, at };
	u32 nr, password;

	(void)state;
	/* Most URLs have no second colon at all. */
	if (!memchr(after, ':', min(window->len - at - needle->len, USER_MAX + 1ULL)))
		return;
	nr = letters_run(&text, 3, USER_MAX, user);
	if (!nr || letter(&text, 3 + nr) != ':' ||
	    !letters_run(&text, -1, 1, ALPHABET_LOWER ALPHABET_DIGITS))
		return;
	nr += 4;
	password = letters_run(&text, nr, PASSWORD_MAX, ALPHABET_URL ".~%!&'()*+,;=:^#?");
	if (password < 4 || letter(&text, nr + password) != '@' ||
	    !letters_run(&text, nr + password + 1, 1, ALPHABET_WORD "[") ||
	    letters_match(&text, nr, "pass") || letters_match(&text, nr, "PASS") ||
	    letters_match(&text, nr, "secret") || letters_match(&text, nr, "pw"))
		return;
	letters_report(scan, &text, nr, password, &kind_url, false, "%s", "");
}

/* machine HOST login USER password WORD */
static void found_netrc(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	static const char word[] = ALPHABET_URL ".~%!$&'()*+,;=:@/#^";
	static const char *const labels[] = { "machine", "login", "password" };
	struct letters text = { window, at };
	u32 k, nr = 0, gap;
	s64 i = 0;

	(void)state;
	(void)needle;
	if (!letters_begin(&text, 0))
		return;
	for (k = 0; k < 3; k++, i += nr) {
		gap = k ? letters_run(&text, i, 32, " \t\r\n") : 0;
		if (k && !gap)
			return;
		i += gap;
		if (!letters_match(&text, i, labels[k]))
			return;
		i += strlen(labels[k]);
		gap = letters_run(&text, i, 8, " \t");
		i += gap;
		nr = letters_run(&text, i, PASSWORD_MAX, word);
		if (!gap || !nr)
			return;
	}
	if (!letters_match(&text, i - nr, "secret") && !letters_match(&text, i - nr, "pass"))
		letters_report(scan, &text, i - nr, nr, &kind_netrc, false, "%s", "");
}

static const struct needle needles[] = {
	NEEDLE("AKIA", found_aws),
	NEEDLE("ASIA", found_aws),
	NEEDLE("ecret_access_key", found_label),
	NEEDLE("ECRET_ACCESS_KEY", found_label),
	NEEDLE("ecretAccessKey", found_label),
	NEEDLE("AccountKey=", found_azure),
	NEEDLE("AccessKey=", found_azure),
	NEEDLE("uthorization", found_header),
	NEEDLE("\"auth\"", found_auth),
	NEEDLE("://", found_url),
	NEEDLE("machine ", found_netrc),
	{ 0 }
};

const struct detector detect_logins = {
	.name = "logins",
	.needles = needles,
};

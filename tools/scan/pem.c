// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys in PEM (RFC 7468), also indented, broken otherwise, escaped in JSON, C, URLs
 * XML, and in base64 once more. What is between the lines is decoded and read: a public key or
 * a certificate is nothing, an encrypted key a note.
 */
#include <stdio.h>
#include <string.h>

#include "detectors.h"
#include "effort.h"
#include "letters.h"
#include "openssh.h"
#include "privkey.h"
#include "published.h"

static const struct kind kind_key = {
	.word = "pem-private",
	.text = "private key in PEM",
	.advice = "register the buffers that key files are read through, or erase them after use",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_cut = {
	.word = "pem-private-cut",
	.text = "part of a private key in PEM",
	.advice = "erase buffers of key files whole, not only their beginning or end",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_encrypted = {
	.word = "pem-encrypted",
	.text = "encrypted private key in PEM",
	.advice = "as good as its passphrase",
	.weight = WEIGHT_NOTE,
};

static const struct kind kind_published = {
	.word = "pem-published",
	.text = "published private key in PEM",
	.advice = "none: a library has it in its text, or an example",
	.weight = WEIGHT_NOTE,
	.published = true,
};

#define LABEL_MAX	24	/* letters between "BEGIN " and "PRIVATE KEY" */
#define CUT_LEAST	96u	/* letters of base64 that make a part of a key a finding */
#define TAIL_MAX	16384	/* letters to go back from a line of END */
#define BEGIN_MAX	2048	/* and from there, over headers, to a line of BEGIN */

static void report(struct scan *scan, const struct letters *text, const struct body *body,
		   const struct kind *kind, bool proven, const char *type, u32 bits)
{
	char number[24] = "";

	if (bits)
		snprintf(number, sizeof(number), ", %u bits", bits);
	letters_report(scan, text, body->first, body->end - body->first, kind, proven,
		       "%s%s%s", type, number, kind == &kind_cut ? ", its end is missing" : "");
}

/* What is in @body, which is that of @text. Returns false if it is no key. */
static bool whole_key(struct scan *scan, const struct letters *text, const struct body *body)
{
	const char *where = published(body->bytes, body->len);
	struct privkey key;
	struct sshkey ssh;

	if (where) {
		report(scan, text, body, &kind_published, false, where, 0);
		return true;
	}
	switch (openssh_file(body->bytes, body->len, &ssh)) {
	case OPENSSH_CLEAR:
		report(scan, text, body, &kind_key, true, ssh.type, ssh.bits);
		return true;
	case OPENSSH_ENCRYPTED:
		report(scan, text, body, &kind_encrypted, false, "OpenSSH", 0);
		return true;
	case OPENSSH_CUT:
		report(scan, text, body, &kind_cut, false, "OpenSSH", 0);
		return true;
	case OPENSSH_NOT:
		break;
	}
	privkey_read(body->bytes, body->len, &key);
	switch (key.state) {
	case PRIVKEY_CLEAR:
		report(scan, text, body, &kind_key, key.proof == PROOF_DONE, key.type, key.bits);
		return true;
	case PRIVKEY_ENCRYPTED:
		report(scan, text, body, &kind_encrypted, false, "PKCS#8", 0);
		return true;
	case PRIVKEY_CUT:
		report(scan, text, body, &kind_cut, false, key.type, key.bits);
		return true;
	case PRIVKEY_NOT:
		break;
	}
	return false;
}

/*
 * Returns the index of the first letter of a line that begins with @word, or 0. In URLs a
 * space is "%20" or "+".
 */
static s64 label(const struct letters *text, const char *word)
{
	s64 i, len = strlen(word);
	int c;

	for (i = -1; i > -LABEL_MAX; i--) {
		if (letters_match(text, i - len, word))
			return i - len;
		c = letter(text, i);
		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '%' ||
		      c == '+'))
			break;
	}
	return 0;
}

/*
 * Is there a line of BEGIN, maybe with headers, before the letter @i, and the body from there on
 * read as its key, to @end? Who overwrites the beginning of a key may end with a '-', or even
 * with such a line, before what is left.
 */
static bool begun(const struct letters *text, s64 i, s64 end)
{
	static const char last[] = "PRIVATE KEY-----", openssh[] = "openssh-key-v1";
	struct letters line = *text;
	struct body body;
	bool ignored, key;
	s64 j;

	for (j = i; j > i - BEGIN_MAX; j--) {
		line.at = text->at + (u64)j - (sizeof(last) - 1);
		if (letters_match(&line, 0, last) && label(&line, "-----BEGIN"))
			break;
	}
	effort_letters(i - j);
	if (j == i - BEGIN_MAX)
		return false;
	body_decode(&body, text, letters_headers(text, j, "", &ignored));
	key = body.end == end && body.len >= sizeof(openssh) &&
	      (*body.bytes == 0x30 || !memcmp(body.bytes, openssh, sizeof(openssh)));
	body_erase(&body);
	return key;
}

/*
 * The letters before a line of END, without a line of BEGIN: the beginning was overwritten.
 * RSA has its secrets there, each an INTEGER, and the last one ends where the body does.
 */
static void tail(struct scan *scan, const struct letters *text, s64 end, struct body *body)
{
	s64 first = end, i;
	u32 letters = 0;
	u64 at;

	while (is_space(letter(text, end - 1)))
		end--;
	for (i = end; i > end - TAIL_MAX; i--) {
		int c = letter(text, i - 1);

		if (base64_value(c) >= 0 || (c == '=' && i > end - 2)) {
			letters++;
			/* Decoding begins at a multiple of four from the end. */
			if (letters % 4 == 0)
				first = i - 1;
		} else if (!is_space(c)) {
			break;
		}
	}
	if (letters < CUT_LEAST)
		return;
	body_decode(body, text, first);
	for (at = 0; at + 4 < body->len; at++) {
		struct wire wire = { body->bytes + at, body->len - at };
		struct element element;

		if (!element_is(&wire, 0x02, &element) || element.cut || wire.len ||
		    element.in.len < 32)
			continue;
		if (begun(text, i, body->end))
			return;
		letters_report(scan, text, body->first, body->end - body->first, &kind_cut,
			       false, "RSA, its beginning is missing");
		return;
	}
}

/*
 * The lines from the end of that of BEGIN on. Whether the key is encrypted it says itself: a
 * header may be anybody's comment.
 */
static void lines(struct scan *scan, const struct letters *text, s64 i)
{
	struct body body;
	bool encrypted;

	i = letters_headers(text, i, "ENCRYPTED", &encrypted);
	body_decode(&body, text, i);
	if (!whole_key(scan, text, &body) && encrypted && body.len >= 32)
		report(scan, text, &body, &kind_encrypted, false, "with a cipher in its header", 0);
	body_erase(&body);
}

static void found(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	struct letters text = { window, at };
	struct body body;
	s64 i;

	(void)state;
	i = label(&text, "-----END");
	if (i) {
		body.len = 0;
		tail(scan, &text, i, &body);
		body_erase(&body);
	} else if (label(&text, "-----BEGIN")) {
		lines(scan, &text, needle->len);
	}
}

static const struct needle needles[] = {
	/* In base64 once more, as Kubernetes has it. */
	NEEDLE_BASE64("PRIVATE KEY-----", found),
	NEEDLE("PRIVATE%20KEY-----", found),
	NEEDLE("PRIVATE+KEY-----", found),
	{ 0 }
};

const struct detector detect_pem = {
	.name = "pem",
	.open = published_open,
	.needles = needles,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * PKCS#12 (RFC 7292). A file is encrypted as a rule, and then a note; a bag with a key that
 * is not is a key, read as PKCS#8. Bags are found wherever they are, since programs decrypt
 * what they are in.
 */
#define _GNU_SOURCE
#include <string.h>

#include "detectors.h"
#include "needle.h"
#include "privkey.h"

static const struct kind kind_key = {
	.word = "pkcs12-key",
	.text = "private key in a bag of PKCS#12",
	.advice = "register the buffers that key stores are read through",
	.weight = WEIGHT_KEY,
};

static const struct kind kind_store = {
	.word = "pkcs12-store",
	.text = "key store of PKCS#12",
	.advice = "as good as its passphrase",
	.weight = WEIGHT_NOTE,
};

#define SHROUDED	"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\1\x0c\x0a\1\2"
#define TAG_0		0xa0
#define SEQUENCE	0x30

/* id-data: in a PFX a sequence, and the version 3 are before it. */
static void found_store(struct scan *scan, void *state, const struct window *window, u64 at,
			const struct needle *needle)
{
	const u8 *bytes = window->bytes;
	struct wire wire = { bytes + at + needle->len - 1, window->len - at - needle->len + 1 };
	struct element content;
	u32 head;
	u64 end;

	(void)state;
	for (head = 2; head <= 5; head++)
		if (at >= head + 3 && bytes[at - head] == SEQUENCE &&
		    !memcmp(bytes + at - head - 3, "\2\1\3", 3))
			break;
	if (head > 5 || !element_is(&wire, TAG_0, &content) || content.in.len < 16 ||
	    content.in.bytes[0] != 0x04)
		return;
	end = content.in.bytes + content.in.len - bytes;
	scan_report(scan, window, at, needle->len, &kind_store, false, "%s",
		    memmem(bytes + at, end - at, SHROUDED, sizeof(SHROUDED) - 1) ?
		    "with encrypted keys" : "without keys that can be seen");
}

static void found_bag(struct scan *scan, void *state, const struct window *window, u64 at,
		      const struct needle *needle)
{
	struct wire wire = { window->bytes + at + needle->len, window->len - at - needle->len };
	struct element content;
	struct privkey key;

	(void)state;
	if (!element_is(&wire, TAG_0, &content))
		return;
	privkey_read(content.in.bytes, content.in.len, &key);
	if (key.state == PRIVKEY_CLEAR)
		scan_report(scan, window, content.in.bytes - window->bytes, content.in.len,
			    &kind_key, key.proof == PROOF_DONE, "%s", key.type);
}

static const struct needle needles[] = {
	NEEDLE("\x06\x09\x2a\x86\x48\x86\xf7\x0d\1\7\1\xa0", found_store),
	NEEDLE("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\1\x0c\x0a\1\1", found_bag),
	{ 0 }
};

const struct detector detect_pkcs12 = {
	.name = "pkcs12",
	.open = proof_open,
	.needles = needles,
};

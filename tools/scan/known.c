// SPDX-License-Identifier: GPL-2.0
/*
 * All copies of what other detectors have proven: once one number of a private key is
 * known, so are the others, and the file is searched for each of them, in either order
 * of bytes, in base64 and in hexadecimal. Runs count, since memory that was freed has lost
 * some of its bytes; so does a line of text. Of keys that are published nobody needs a copy.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base64.h"
#include "detectors.h"
#include "memory.h"
#include "question.h"
#include "published.h"

#define SHORTEST	16u		/* bytes of a run: chance does not make them */
#define BATCH		8192u		/* numbers that are searched for at once */

/**
 * struct form - a way to write a number
 * @name:	in a few words; NULL: its bytes, in either order
 * @letters:	of it, that
 * @bytes:	so many bytes are
 */
struct form {
	const char *name;
	u32 letters;
	u32 bytes;
};

static const struct form plain = { NULL, 1, 1 }, base64 = { "in base64", 4, 3 },
			 hex = { "in hexadecimal", 2, 1 };

/**
 * struct copy - one number
 * @question:	whose
 * @part:	which of them it is
 * @form:	how it is written
 */
struct copy {
	struct question *question;
	const struct secret_part *part;
	const struct form *form;
};

/**
 * struct known - a batch of numbers
 * @scan:	the scan
 * @search:	for them
 * @copies:	what it searches for
 * @nr:		how many
 * @bytes:	of them all
 */
struct known {
	struct scan *scan;
	struct search *search;
	struct copy copies[BATCH];
	u32 nr;
	u32 bytes;
};

static void *open_known(struct scan *scan, struct complaint *why)
{
	struct known *known = calloc(1, sizeof(*known));

	if (known)
		known->scan = scan;
	else
		complaint_set(why, "out of memory");
	return known;
}

static void take(void *arg, const struct hit *hit)
{
	struct known *known = arg;
	const struct copy *copy = &known->copies[hit->secret];
	const char *order = copy->form->name ? copy->form->name :
			    hit->reversed ? "lowest byte first" : "as it is written";
	struct extent extent = { .offset = hit->offset, .len = hit->len, .form = "" };
	u32 len = hit->len * copy->form->bytes / copy->form->letters;
	char run[48] = "";
	u8 *bytes;

	if (scan_reported(known->scan, copy->question, hit->offset, hit->len))
		return;
	bytes = OPENSSL_malloc(hit->len);
	if (!bytes) {
		memory_lost();
		return;
	}
	if (len < copy->part->len)
		snprintf(run, sizeof(run), "%u of %u bytes of ", len, copy->part->len);
	if (hit->joined && scan_memory(known->scan, hit->vaddr, bytes, hit->len))
		scan_report_memory(known->scan, hit->vaddr, bytes, hit->len, copy->part->kind,
				   true, "%s%s, %s, of the %s", run, copy->part->name, order,
				   copy->question->text);
	else if (!hit->joined && scan_bytes(known->scan, hit->offset, bytes, hit->len))
		scan_report_extent(known->scan, &extent, bytes, hit->len, copy->part->kind,
				   true, "%s%s, %s, of the %s", run, copy->part->name, order,
				   copy->question->text);
	question_seen(copy->question);
	OPENSSL_clear_free(bytes, hit->len);
}

/* Searches for what was added, then forgets it. */
static int search_batch(struct known *known, struct complaint *why)
{
	int error = known->nr ? search_prepare(known->search, why) : 0;

	if (known->nr && !error)
		error = scan_search(known->scan, known->search, take, known, why);
	search_free(known->search);
	known->search = NULL;
	known->nr = 0;
	known->bytes = 0;
	return error;
}

static int add(struct known *known, const struct copy *copy, const void *bytes, u32 len,
	       struct complaint *why)
{
	int error = 0;

	if (known->nr == BATCH || known->bytes + len > SECRETS_TOTAL_MAX)
		error = search_batch(known, why);
	if (!known->search)
		known->search = search_new(SHORTEST, true);
	if (known->search)
		search_reverse(known->search, copy->form == &plain);
	if (!error)
		error = known->search ? search_add(known->search, bytes, len, why) :
					complain(why, -ENOMEM, "out of memory");
	if (!error) {
		known->copies[known->nr++] = *copy;
		known->bytes += len;
	}
	return error;
}

static int add_part(struct known *known, struct question *question,
		    const struct secret_part *part, struct complaint *why)
{
	struct copy copy = { question, part, &plain };
	char text[2 * RSA_BITS_MAX / 8 + 1];
	int error = add(known, &copy, part->bytes, part->len, why);
	u32 phase, len, i;

	copy.form = &base64;
	for (phase = 0; phase < BASE64_PHASES && !error; phase++) {
		len = base64_text(part->bytes, part->len, phase, text);
		error = add(known, &copy, text, len, why);
	}
	copy.form = &hex;
	text_hex(text, part->bytes, part->len);
	if (!error)
		error = add(known, &copy, text, 2 * part->len, why);
	for (i = 0; i < 2 * part->len; i++)
		text[i] = toupper(text[i]);
	if (!error)
		error = add(known, &copy, text, 2 * part->len, why);
	OPENSSL_cleanse(text, sizeof(text));
	return error;
}

static int resolve_known(struct scan *scan, void *arg, struct complaint *why)
{
	struct questions *all = scan_questions(scan);
	struct known *known = arg;
	struct complaint other;
	int error = 0, failed;
	u32 i, j;

	for (i = 0; i < questions_nr(all) && !error; i++) {
		struct question *question = questions_get(all, i);

		if (published_question(question))
			continue;
		for (j = 0; j < question->nr_parts && !error; j++)
			error = add_part(known, question, &question->parts[j], why);
	}
	failed = search_batch(known, error ? &other : why);
	return error ? error : failed;
}

const struct detector detect_known = {
	.name = "known",
	.open = open_known,
	.resolve = resolve_known,
	.close = free,
};

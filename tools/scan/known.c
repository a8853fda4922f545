// SPDX-License-Identifier: GPL-2.0
/*
 * All copies of what other detectors have proven: once one number of a private key is
 * known, so are the others, and the file is searched for each of them, in either order
 * of bytes. Runs count, since memory that was freed has lost some of its bytes.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "detectors.h"
#include "question.h"
#include "published.h"

#define SHORTEST	16u		/* bytes of a run: chance does not make them */
#define BATCH		1024u		/* numbers that are searched for at once */

/**
 * struct known - a batch of numbers
 * @scan:	the scan
 * @questions:	whose number @i is
 * @parts:	which of them it is
 * @nr:		how many
 * @bytes:	of them all
 */
struct known {
	struct scan *scan;
	struct question *questions[BATCH];
	const struct secret_part *parts[BATCH];
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
	struct question *question = known->questions[hit->secret];
	const struct secret_part *part = known->parts[hit->secret];
	const char *order = hit->reversed ? "lowest byte first" : "as it is written";
	struct window window = { .len = hit->len, .end = hit->len, .offset = hit->offset };
	char run[48] = "";
	u8 *bytes;

	if (scan_reported(known->scan, hit->offset, hit->len))
		return;
	bytes = OPENSSL_malloc(hit->len);
	if (!bytes)
		return;
	if (hit->len < part->len)
		snprintf(run, sizeof(run), "%u of %u bytes of ", hit->len, part->len);
	window.bytes = bytes;
	if (hit->joined && scan_memory(known->scan, hit->vaddr, bytes, hit->len))
		scan_report_memory(known->scan, hit->vaddr, bytes, hit->len,
				   published_kind(question, part->kind), true, "%s%s, %s, of the %s", run, part->name, order, question->text);
	else if (!hit->joined && scan_bytes(known->scan, hit->offset, bytes, hit->len))
		scan_report(known->scan, &window, 0, hit->len,
			    published_kind(question, part->kind), true, "%s%s, %s, of the %s", run, part->name, order, question->text);
	question_seen(question);
	OPENSSL_clear_free(bytes, hit->len);
}

static int search_batch(struct known *known, struct complaint *why)
{
	struct search *search = search_new(SHORTEST, true);
	int error = search ? 0 : complain(why, -ENOMEM, "out of memory");
	u32 i;

	for (i = 0; i < known->nr && !error; i++)
		error = search_add(search, known->parts[i]->bytes, known->parts[i]->len, why);
	if (!error)
		error = search_prepare(search, why);
	if (!error)
		error = scan_search(known->scan, search, take, known, why);
	search_free(search);
	known->nr = 0;
	known->bytes = 0;
	return error;
}

static int resolve_known(struct scan *scan, void *arg, struct complaint *why)
{
	struct questions *all = scan_questions(scan);
	struct known *known = arg;
	u32 i, j;
	int error = 0;

	for (i = 0; i < questions_nr(all) && !error; i++) {
		struct question *question = questions_get(all, i);

		for (j = 0; j < question->nr_parts && !error; j++) {
			const struct secret_part *part = &question->parts[j];

			if (known->nr == BATCH || known->bytes + part->len > SECRETS_TOTAL_MAX)
				error = search_batch(known, why);
			known->questions[known->nr] = question;
			known->parts[known->nr++] = part;
			known->bytes += part->len;
		}
	}
	return error || !known->nr ? error : search_batch(known, why);
}

const struct detector detect_known = {
	.name = "known",
	.open = open_known,
	.resolve = resolve_known,
	.close = free,
};

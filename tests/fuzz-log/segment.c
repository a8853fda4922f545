// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: a segment of the audit log that may be anything, plain or compressed. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>

#include "log/check.h"
#include "log/terms.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len);

static void on_finding(void *arg, const struct check_finding *finding)
{
	(void)arg;
	/* Printed, so that all of it is looked at. */
	if (strnlen(finding->text, sizeof(finding->text)) == sizeof(finding->text))
		abort();
}

static void on_term(void *arg, const struct term *term)
{
	*(u64 *)arg ^= term_hash(term);
}

static int open_bytes(const u8 *bytes, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
		abort();
	return fd;
}

static void read_lines(const u8 *bytes, size_t len)
{
	struct segment_reader *reader;
	struct complaint why;
	const char *text;
	u64 sum = 0;
	size_t n;

	if (segment_take(&reader, open_bytes(bytes, len), &why))
		return;
	while (segment_next(reader, &text, &n, &why) > 0) {
		struct line line;

		if (line_read(&line, text, n) != LINE_FORM) {
			struct json_object *data = line_json(line.data, line.data_len);

			terms_of(&line, data, on_term, &sum);
			json_object_put(data);
		}
	}
	segment_close(reader);
}

static void check_lines(const u8 *bytes, size_t len)
{
	const struct check_opts opts = { NULL, 1000000000, on_finding, NULL };
	struct segment_reader *reader;
	struct check_result result;
	struct complaint why;
	struct check *check = check_new(&opts, &why);

	if (!check)
		abort();
	if (!segment_take(&reader, open_bytes(bytes, len), &why)) {
		check_segment(check, reader, 1, &why);
		segment_close(reader);
	}
	check_end(check, &result);
	check_free(check);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	read_lines(bytes, len);
	check_lines(bytes, len);
	return 0;
}

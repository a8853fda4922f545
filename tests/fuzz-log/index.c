// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: the index of a segment of a hundred lines, with bits of it turned over. What it
 * tells has to have the term that is looked for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log/find.h"
#include "log/pack.h"
#include "log/writer.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len);

static int dir = -1;
static u8 whole[65536], turned[65536];
static size_t whole_len;
static char path[] = "/tmp/kredact-fuzz-XXXXXX";

static void remove_log(void)
{
	unlinkat(dir, "segment-0000000001.index", 0);
	unlinkat(dir, "segment-0000000001.jsonl.zst", 0);
	rmdir(path);
}

/* A folder with a compressed segment, and its index. */
static void make_log(void)
{
	char data[64];
	struct writer_opts opts = { .checkpoint_lines = 1000, .checkpoint_s = 1000,
				    .rotate_bytes = 1 << 20, .rotate_s = 1000, .retain_s = 1000 };
	struct writer *writer;
	struct complaint why;
	unsigned int i;
	int fd;

	if (!mkdtemp(path) || (dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		abort();
	atexit(remove_log);
	opts.dir = dir;
	if (writer_open(&writer, &opts, &why))
		abort();
	for (i = 0; i < 100; i++) {
		snprintf(data, sizeof(data), "{\"labels\":[\"key-%u\"]}", i % 5);
		writer_add(writer, "test.line", "{}", data, NULL, &why);
	}
	if (writer_close(writer, &why) || pack_segment(dir, 1, &why))
		abort();
	fd = openat(dir, "segment-0000000001.index", O_RDONLY | O_CLOEXEC);
	whole_len = (size_t)read(fd, whole, sizeof(whole));
	close(fd);
}

static bool on_hit(void *arg, const struct find_hit *hit)
{
	(void)arg;
	if (!memmem(hit->text, hit->len, "key-3", 5))
		abort();
	return true;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	struct find_query query = { .until_ns = UINT64_MAX, .count = 1 };
	struct find_result result;
	struct complaint why;
	size_t i;
	int fd;

	if (dir < 0)
		make_log();
	memcpy(turned, whole, whole_len);
	for (i = 0; i < len && i < whole_len; i++)
		turned[i] ^= bytes[i];
	fd = openat(dir, "segment-0000000001.index", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, turned, whole_len) != (ssize_t)whole_len)
		abort();
	close(fd);
	find_add(&query.all[0], TERM_LABEL, "key-3");
	find_run(dir, &query, on_hit, NULL, &result, &why);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Writing: what a crash leaves, full disks, segments and retention. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/pack.h"
#include "made.h"
#include "tap.h"

#define FIRST	"segment-0000000001.jsonl"
#define SECOND	"segment-0000000002.jsonl"

static u64 seq_of(struct made *made)
{
	return made->writer->synced.seq;
}

/* As a kill leaves it: nothing is said at the end. */
static void drop(struct made *made)
{
	close(made->writer->fd);
	free(made->writer->group);
	free(made->writer);
	made->writer = NULL;
}

static void test_torn(void)
{
	static const char *const ends[] = {
		"{\"seq\":", "\0\0\0\0\0\0\0\0", "{\"seq\":99,\"time\":\"2026\"}\n", "x\n", "\n",
	};
	static const size_t lens[] = { 7, 8, 25, 2, 1 };
	struct made_check check;
	struct made made;
	unsigned int i;

	made_init(&made);
	made_open(&made);
	made_lines(&made, 100);
	drop(&made);
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		int fd = openat(made.dir, FIRST, O_WRONLY | O_APPEND);

		if (write(fd, ends[i], lens[i]) < 0)
			perror("write");
		close(fd);
		ok(made_open(&made) && made.writer->repaired == lens[i], "a torn end of %zu bytes",
		   lens[i]);
		made_lines(&made, 3);
		drop(&made);
		made_check(&made, NULL, &check);
		ok(check.status == 0 && check.kinds[CHECK_TORN] == i + 1, "is cut off, and told of");
	}
	ok(check.result.lines == 102 + 3 * 5 + 2 + 2 * 5, "no line is missing (%llu)",
	   (unsigned long long)check.result.lines);
	made_free(&made);
}

/* Each length of the file: whatever a kill or a loss of power leaves of the last group. */
static void test_every_cut(void)
{
	unsigned int cut, bad = 0, cuts = 0;
	struct made_check check;
	struct made made;
	char *text;
	size_t len;

	made_init(&made);
	made_open(&made);
	made_lines(&made, 5);
	drop(&made);
	text = made_read(&made, FIRST, &len);
	for (cut = 1; cut < 700; cut += 7) {
		made_write(&made, FIRST, text, len - cut);
		bad += !made_open(&made);
		if (!made.writer)
			continue;
		drop(&made);
		made_check(&made, NULL, &check);
		bad += check.status != 0;
		cuts++;
	}
	ok(cuts == 100 && !bad, "wherever it was cut, it goes on");
	made_write(&made, FIRST, text, 10);
	ok(made_open(&made) && seq_of(&made) == 2, "also where nothing is left");
	free(text);
	made_free(&made);
}

static void test_damage(void)
{
	struct made_check check;
	struct made made;
	size_t len, after;
	char *text;

	made_init(&made);
	made_open(&made);
	made_lines(&made, 50);
	drop(&made);
	text = made_read(&made, FIRST, &len);
	strstr(text + len / 2, "key-")[4] ^= 1;
	made_write(&made, FIRST, text, len);
	free(text);
	ok(made_open(&made) && made.writer->damaged && made.writer->synced.segment == 2,
	   "a log that was changed is left as it is, and goes on in a new segment");
	made_lines(&made, 10);
	made_close(&made);
	text = made_read(&made, FIRST, &after);
	ok(after == len, "no byte of it is cut off");
	free(text);
	made_check(&made, NULL, &check);
	ok(check.status == 1 && check.kinds[CHECK_CHAIN] == 1 && check.kinds[CHECK_TREE] == 1 &&
	   check.result.findings[CHECK_CHANGED] == 2,
	   "verifying says of the change, and of nothing else");
	made_free(&made);
}

static void test_full(void)
{
	struct rlimit old, limit;
	struct made_check check;
	struct complaint why;
	struct made made;
	u64 seq, lost;
	int error;

	signal(SIGXFSZ, SIG_IGN);
	made_init(&made);
	made_open(&made);
	made_lines(&made, 100);
	seq = seq_of(&made);
	getrlimit(RLIMIT_FSIZE, &old);
	/* Room for a part of the group. */
	limit = old;
	limit.rlim_cur = made.writer->synced.size + 200;
	setrlimit(RLIMIT_FSIZE, &limit);
	made_put(&made, "test.full", "{}");
	made_put(&made, "test.full", "{}");
	made_put(&made, "test.full", "{}");
	error = writer_commit(made.writer, &why);
	ok(error == -EFBIG && seq_of(&made) == seq, "without room a group fails as a whole: %s",
	   why.text);
	made_put(&made, "test.full", "{}");
	error = writer_commit(made.writer, &why);
	lost = made.writer->now.lost;
	ok(error && lost == 4, "four lines are lost");
	ok(writer_tick(made.writer, &why), "and that cannot be told yet");
	made_check(&made, NULL, &check);
	ok(!check.status && check.result.last_seq == seq, "what is there is whole");
	setrlimit(RLIMIT_FSIZE, &old);
	ok(made_lines(&made, 1) && !made.writer->now.lost, "with room it goes on");
	made_close(&made);
	made_check(&made, NULL, &check);
	ok(!check.status && check.result.lost == 4 && check.kinds[CHECK_LOST] == 1,
	   "and the log says what it lost");
	made_free(&made);
}

/* A disk that is full when a segment is to begin. */
static void test_full_rotation(void)
{
	struct made_check check;
	struct complaint why;
	struct made made;
	int fd;

	made_init(&made);
	made_open(&made);
	made_lines(&made, 100);
	made.writer->opts.rotate_bytes = 1000;
	/* The name is taken. */
	fd = openat(made.dir, SECOND, O_WRONLY | O_CREAT | O_EXCL, 0400);
	close(fd);
	made_put(&made, "test.line", "{}");
	ok(!writer_commit(made.writer, &why) && made.writer->synced.segment == 1,
	   "if no segment can begin, the old one goes on");
	unlinkat(made.dir, SECOND, 0);
	made_put(&made, "test.line", "{}");
	ok(!writer_commit(made.writer, &why) && made.writer->synced.segment == 2,
	   "until the next one can");
	made_close(&made);
	made_check(&made, NULL, &check);
	ok(!check.status, "and the log is intact");
	made_free(&made);
}

static void test_time(void)
{
	struct made_check check;
	struct complaint why;
	struct made made;
	unsigned int day;

	made_init(&made);
	made_open(&made);
	made.writer->opts.retain_s = 20 * 86400;
	for (day = 0; day < 30; day++) {
		made_lines(&made, 5);
		made.now.realtime_ns += 86400 * NS_PER_S;
		made.now.boot_ns += 86400 * NS_PER_S;
		if (writer_tick(made.writer, &why))
			printf("# %s\n", why.text);
	}
	ok(made.writer->synced.segment >= 30, "a segment a day (%llu)",
	   (unsigned long long)made.writer->synced.segment);
	ok(made_count(&made, ".jsonl") >= 20 && made_count(&made, ".jsonl") <= 23,
	   "20 days are kept (%u segments)", made_count(&made, ".jsonl"));
	made_close(&made);
	made_check(&made, NULL, &check);
	ok(!check.status && check.result.first_seq > 1 && check.kinds[CHECK_RETIRED] == 1,
	   "verifying takes retired segments as such");
	made_free(&made);
}

/* Negative control of the one before: the same segments, removed by hand. */
static void test_not_retired(void)
{
	struct made_check check;
	struct made made;

	made_init(&made);
	made.opts.rotate_bytes = 65536;
	made_open(&made);
	made_lines(&made, 450);
	made_close(&made);
	unlinkat(made.dir, FIRST, 0);
	made_check(&made, NULL, &check);
	ok(check.status == 1 && check.kinds[CHECK_MISSING], "what was removed is not retired");
	made_free(&made);
}

static void test_wrong_century(void)
{
	struct complaint why;
	struct made made;
	unsigned int before;

	made_init(&made);
	made.opts.rotate_bytes = 65536;
	made_open(&made);
	made_lines(&made, 900);
	before = made_count(&made, ".jsonl");
	made.now.realtime_ns += 100ull * 365 * 86400 * NS_PER_S;
	writer_tick(made.writer, &why);
	writer_tick(made.writer, &why);
	writer_tick(made.writer, &why);
	/* The tick itself begins a new one, which is old enough. */
	ok(before >= 5 && made_count(&made, ".jsonl") == before,
	   "a clock in the wrong century costs one segment an hour (%u, %u)", before,
	   made_count(&made, ".jsonl"));
	made.now.boot_ns += 3601 * NS_PER_S;
	writer_tick(made.writer, &why);
	ok(made_count(&made, ".jsonl") == before - 1, "and the next one later");
	made_free(&made);
}

static void test_size(void)
{
	struct made_check check;
	struct complaint why;
	struct made made;

	made_init(&made);
	made.opts.rotate_bytes = 65536;
	made.opts.retain_bytes = 200000;
	made_open(&made);
	made_lines(&made, 2000);
	writer_tick(made.writer, &why);
	ok(made.writer->bytes <= 200000 + 65536 && made_count(&made, ".jsonl") <= 4,
	   "no more than 200,000 bytes are kept");
	made_close(&made);
	made_check(&made, NULL, &check);
	ok(!check.status && check.kinds[CHECK_RETIRED] > 3,
	   "and what went before its time is told of");
	made_free(&made);
}

static void test_second_writer(void)
{
	struct complaint why;
	struct writer *other;
	struct writer_opts opts;
	struct made made;

	made_init(&made);
	made_open(&made);
	opts = made.opts;
	opts.dir = open(made.path, O_RDONLY | O_DIRECTORY);
	ok(writer_open(&other, &opts, &why) == -EWOULDBLOCK, "one writer at a time: %s", why.text);
	close(opts.dir);
	made_free(&made);
}

int main(void)
{
	test_torn();
	test_every_cut();
	test_damage();
	test_full();
	test_full_rotation();
	test_time();
	test_not_retired();
	test_wrong_century();
	test_size();
	test_second_writer();
	return tap_end();
}

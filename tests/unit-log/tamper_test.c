// SPDX-License-Identifier: GPL-2.0
/*
 * What somebody may do to a log that lies there, and what verifying says of it. Each begins
 * with the same log, which is intact.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/pack.h"
#include "made.h"
#include "tap.h"

#define FIRST	"segment-0000000001.jsonl"
#define SECOND	"segment-0000000002.jsonl"
#define THIRD	"segment-0000000003.jsonl"

static struct made made;
static char saved[160];

/* Three segments: 1 and 2 are closed. */
static bool make(void)
{
	struct complaint why;

	if (!made_init(&made))
		return false;
	made.opts.rotate_bytes = 65536;
	snprintf(saved, sizeof(saved), "%s.saved", made.path);
	return made_open(&made) && made_lines(&made, 450) && made.writer->synced.segment == 3 &&
	       !writer_tick(made.writer, &why) && made_close(&made);
}

static void shell(const char *format, ...)
{
	char command[1024], out[16];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (made_run(command, out, sizeof(out)))
		printf("# failed: %s\n", command);
}

static void restore(void)
{
	shell("rm -rf %s/* && cp -a %s/. %s", made.path, saved, made.path);
}

/* The beginning of line n, from 1 on. */
static char *line_at(char *text, unsigned int n)
{
	while (--n)
		text = strchr(text, '\n') + 1;
	return text;
}

static void expect(const char *what, int status, enum check_kind kind, u64 line)
{
	struct made_check check;

	made_check(&made, NULL, &check);
	ok(check.status == status && check.kinds[kind] && check.first.kind == kind &&
	   (!line || check.first.line == line), "%s: %s, of line %llu", what,
	   check_kind_word(kind), (unsigned long long)line);
	restore();
}

static void edit(const char *name, void (*change)(char *text, size_t *len))
{
	size_t len;
	char *text = made_read(&made, name, &len);

	change(text, &len);
	made_write(&made, name, text, len);
	free(text);
}

static void change_byte(char *text, size_t *len)
{
	char *at = strstr(line_at(text, 20), "key-");

	(void)len;
	at[4] = at[4] == '0' ? '1' : '0';
}

static void change_form(char *text, size_t *len)
{
	(void)len;
	line_at(text, 20)[2] = 'X';
}

static void remove_line(char *text, size_t *len)
{
	char *from = line_at(text, 20), *to = line_at(text, 21);

	memmove(from, to, *len - (size_t)(to - text));
	*len -= (size_t)(to - from);
}

static void remove_lines(char *text, size_t *len)
{
	char *from = line_at(text, 20), *to = line_at(text, 60);

	memmove(from, to, *len - (size_t)(to - text));
	*len -= (size_t)(to - from);
}

static void swap_lines(char *text, size_t *len)
{
	char *a = line_at(text, 20), *b = line_at(text, 21), *c = line_at(text, 22);
	char *copy = strndup(a, (size_t)(b - a));

	(void)len;
	memmove(a, b, (size_t)(c - b));
	memcpy(a + (c - b), copy, strlen(copy));
	free(copy);
}

static void repeat_line(char *text, size_t *len)
{
	char *a = line_at(text, 20), *b = line_at(text, 21);

	/* Over the line behind it, which is as long. */
	(void)len;
	memcpy(b, a, (size_t)(b - a));
}

static void change_time(char *text, size_t *len)
{
	(void)len;
	memcpy(strstr(line_at(text, 20), "\"time\":\"2026"), "\"time\":\"2025", 12);
}

static void cut_end(char *text, size_t *len)
{
	(void)text;
	*len -= 10;
}

static void cut_half(char *text, size_t *len)
{
	*len = (size_t)(line_at(text, 60) - text);
}

static void put_nul(char *text, size_t *len)
{
	(void)len;
	line_at(text, 20)[40] = '\0';
}

/* The chain again from one line on, by somebody who has no key. */
static void chain_anew(char *text, size_t *len)
{
	char *at = text;
	u8 head[LINE_HASH_LEN];
	bool first = true;
	char hex[2 * LINE_HASH_LEN + 1];

	change_byte(text, len);
	while (at < text + *len) {
		char *next = strchr(at, '\n') + 1;

		if (!first) {
			text_hex(hex, head, LINE_HASH_LEN);
			memcpy(strstr(at, "\"prev\":\"") + 8, hex, 2 * LINE_HASH_LEN);
		}
		line_hash(at, (size_t)(next - at), head);
		first = false;
		at = next;
	}
}

static void test_lines(void)
{
	struct made_check check;

	made_check(&made, NULL, &check);
	ok(!check.status && check.result.lines > 350 && check.result.signed_seq ==
	   check.result.last_seq, "the log as it was written is intact");
	edit(FIRST, change_byte);
	expect("a byte of a line", 1, CHECK_CHAIN, 21);
	edit(FIRST, change_form);
	expect("a line that is none", 1, CHECK_FORM, 20);
	edit(FIRST, put_nul);
	expect("a NUL", 1, CHECK_FORM, 20);
	edit(FIRST, remove_line);
	expect("a line removed", 1, CHECK_MISSING, 20);
	edit(FIRST, remove_lines);
	expect("40 lines removed", 1, CHECK_MISSING, 20);
	edit(FIRST, swap_lines);
	expect("two lines in another order", 1, CHECK_MISSING, 20);
	edit(FIRST, repeat_line);
	expect("a line twice", 1, CHECK_ORDER, 21);
	edit(FIRST, change_time);
	expect("a time", 1, CHECK_FORM, 20);
	edit(FIRST, cut_end);
	expect("a closed segment without its end", 1, CHECK_FORM, 0);
	edit(FIRST, cut_half);
	expect("a closed segment without its second half", 1, CHECK_MISSING, 1);
	edit(FIRST, chain_anew);
	expect("a line changed and all of the segment chained anew", 1, CHECK_TREE, 0);
}

static void test_segments(void)
{
	unlinkat(made.dir, SECOND, 0);
	expect("a segment removed", 1, CHECK_MISSING, 0);
	unlinkat(made.dir, FIRST, 0);
	expect("the first segment removed", 1, CHECK_MISSING, 0);
	shell("cd %s && mv %s x && mv %s %s && mv x %s", made.path, FIRST, SECOND, FIRST, SECOND);
	expect("two segments in another order", 1, CHECK_SEGMENT, 1);
	shell("cd %s && cat %s >> %s && rm %s", made.path, SECOND, FIRST, SECOND);
	expect("two segments in one", 1, CHECK_SEGMENT, 0);
}

/* The tail: without what was published nobody knows; with it, it is seen. */
static void test_truncation(void)
{
	struct made_check check;
	char published[160], command[512], out[16];
	u64 last;

	made_check(&made, NULL, &check);
	last = check.result.last_seq;
	snprintf(published, sizeof(published), "%s.published", made.path);
	snprintf(command, sizeof(command), "grep -h log.checkpoint %s/*.jsonl | sed 's/^/Nov 26 host "
		 "kredact-log[7]: /' > %s", made.path, published);
	made_run(command, out, sizeof(out));
	made_check(&made, published, &check);
	ok(!check.status, "all that was published is in the log");
	edit(THIRD, cut_half);
	made_check(&made, NULL, &check);
	ok(check.status == 0 && check.result.last_seq < last, "a tail that was cut off is not seen");
	made_check(&made, published, &check);
	ok(check.status == 1 && check.kinds[CHECK_TRUNCATED], "unless a checkpoint of it was published");
	restore();
	shell("sed -i 's/\"sig\":\"..../\"sig\":\"AAAA/' %s", published);
	made_check(&made, published, &check);
	ok(check.status && check.kinds[CHECK_SIGNATURE], "what was published has to be signed");
	unlink(published);
}

static void test_keys(void)
{
	struct log_keys *keys = made.keys;
	struct made other;
	struct made_check check;

	made.keys = NULL;
	made_check(&made, NULL, &check);
	ok(check.status == 2 && check.kinds[CHECK_UNSIGNED], "without keys nothing is sure");
	ok(made_init(&other), "another key");
	made.keys = other.keys;
	made_check(&made, NULL, &check);
	ok(check.status == 1 && check.kinds[CHECK_SIGNATURE], "signatures of a foreign key");
	made.keys = keys;
	made_free(&other);
}

static void change_sig(char *text, size_t *len)
{
	char *at = strstr(text, "\"sig\":\"");

	(void)len;
	at[7] = at[7] == 'A' ? 'B' : 'A';
}

/* Signed by another key, within a chain that is whole: who has root but not the key. */
static void test_forged(void)
{
	struct signer *signer = made.signer;
	struct made other;

	edit(FIRST, change_sig);
	expect("a signature", 1, CHECK_SIGNATURE, 0);
	ok(made_init(&other), "another key");
	made.opts.signer = other.signer;
	ok(made_open(&made) && made_lines(&made, 60) && made_close(&made), "somebody goes on");
	expect("the log goes on with a foreign key", 1, CHECK_SIGNATURE, 0);
	made.opts.signer = signer;
	made_free(&other);
}

static void test_clock(void)
{
	made_open(&made);
	made.now.realtime_ns -= 3600 * NS_PER_S;
	made_lines(&made, 5);
	made_close(&made);
	made.now.realtime_ns += 3600 * NS_PER_S;
	expect("the clock is set back", 2, CHECK_CLOCK, 0);
	made_open(&made);
	made.now.realtime_ns += 7200 * NS_PER_S;
	made_lines(&made, 5);
	made_close(&made);
	made.now.realtime_ns -= 7200 * NS_PER_S;
	expect("the clock is set forward", 2, CHECK_CLOCK, 0);
	made_open(&made);
	made.now.boot_ns -= 5 * NS_PER_S;
	made_lines(&made, 5);
	made_close(&made);
	made.now.boot_ns += 5 * NS_PER_S;
	expect("CLOCK_BOOTTIME goes back", 1, CHECK_CLOCK, 0);
}

static void test_packed(void)
{
	struct made_check check;
	struct complaint why;
	size_t len;
	char *bytes;

	ok(!pack_segment(made.dir, 1, &why) && !pack_segment(made.dir, 2, &why) &&
	   made_count(&made, ".zst") == 2 && made_count(&made, ".jsonl") == 1, "compressed");
	made_check(&made, NULL, &check);
	ok(!check.status && check.result.lines > 350, "a compressed log is intact");
	bytes = made_read(&made, FIRST ".zst", &len);
	made_write(&made, FIRST ".zst", bytes, len / 2);
	made_check(&made, NULL, &check);
	ok(check.status == 1 && check.kinds[CHECK_SEGMENT], "cut");
	bytes[len / 2] ^= 0x10;
	made_write(&made, FIRST ".zst", bytes, len);
	made_check(&made, NULL, &check);
	ok(check.status == 1, "a changed byte");
	free(bytes);
	restore();
}

int main(void)
{
	ok(make(), "a log of three segments");
	shell("cp -a %s %s", made.path, saved);
	test_lines();
	test_segments();
	test_truncation();
	test_keys();
	test_forged();
	test_clock();
	test_packed();
	shell("rm -rf %s", saved);
	made_free(&made);
	return tap_end();
}

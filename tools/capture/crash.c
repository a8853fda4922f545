// SPDX-License-Identifier: GPL-2.0
/*
 * What is known of a crash: see crash.h.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <json-c/json.h>

#include "crash.h"
#include "report/report.h"

#define TEXT_MAX	255u

/**
 * struct source - where a fact is from
 * @word:	its name, also as an extended attribute user.kredact.WORD
 * @letter:	of the kernel's argument, or 0
 * @systemd:	what systemd-coredump calls it: user.coredump.WORD; or NULL
 * @number:	it is one
 */
static const struct source {
	const char *word;
	char letter;
	const char *systemd;
	bool number;
} sources[FACTS] = {
	[FACT_PID] = { "pid", 'P', "pid", true },
	[FACT_TID] = { "tid", 'I', NULL, true },
	[FACT_UID] = { "uid", 'u', "uid", true },
	[FACT_GID] = { "gid", 'g', "gid", true },
	[FACT_SIGNAL] = { "signal", 's', "signal", true },
	[FACT_TIME] = { "time", 't', "timestamp", true },
	[FACT_COMM] = { "comm", 'e', "comm", false },
	[FACT_EXE] = { "exe", 'E', "exe", false },
	[FACT_UNIT] = { "unit", 0, NULL, false },
	[FACT_BOOT] = { "boot", 0, NULL, false },
	[FACT_START_NS] = { "start_ns", 0, NULL, true },
};

/**
 * fact_word() - the name of a fact
 * @fact:	which
 *
 * Return: in lower case.
 */
const char *fact_word(enum fact fact)
{
	return sources[fact].word;
}

/**
 * specifiers_read() - take the kernel's arguments
 * @specifiers:	takes them
 * @arguments:	LETTER=VALUE, as "P=%P" in core_pattern
 * @nr:		how many
 * @why:	text of an error
 *
 * Return: 0, or -EINVAL.
 */
int specifiers_read(struct specifiers *specifiers, char **arguments, int nr,
		    struct complaint *why)
{
	int i;

	*specifiers = (struct specifiers){ 0 };
	for (i = 0; i < nr; i++) {
		if (!isalpha((u8)arguments[i][0]) || arguments[i][1] != '=')
			return complain(why, -EINVAL, "argument %d is not of the form P=%%P",
					i + 1);
		specifiers->values[(u8)arguments[i][0]] = arguments[i] + 2;
	}
	if (!specifiers->values['P'])
		return complain(why, -EINVAL, "P=%%P is missing");
	return 0;
}

/**
 * specifiers_expand() - put values in place of %P and so on
 * @specifiers:	values
 * @text:	an argument of another handler
 *
 * Return: to be released by free(), or NULL if there is no memory. What the kernel was not
 * asked for is empty.
 */
char *specifiers_expand(const struct specifiers *specifiers, const char *text)
{
	char *to = NULL, one[2] = { 0 };
	const char *value;
	size_t len = 0;
	FILE *out = open_memstream(&to, &len);

	if (!out)
		return NULL;
	for (; *text; text++) {
		value = one;
		one[0] = *text;
		if (*text == '%' && text[1]) {
			text++;
			one[0] = '%';
			if (*text != '%')
				value = (u8)*text < 128 ? specifiers->values[(u8)*text] : NULL;
		}
		fputs(value ?: "", out);
	}
	if (!fclose(out))
		return to;
	free(to);
	return NULL;
}

static void set(struct crash *crash, enum fact fact, const char *text, size_t len)
{
	size_t i;

	len = min(len, (size_t)TEXT_MAX);
	for (i = 0; sources[fact].number && i < len; i++)
		if (!isdigit((u8)text[i]))
			return;
	text_escape(crash->facts[fact], FACT_LEN, text, len);
}

/* A file of /proc, up to @room - 1 bytes. Return: how many, 0 if it cannot be read. */
static size_t read_proc(const char *pid, const char *name, char *to, size_t room)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? 0 : read(fd, to, room - 1);
	if (fd >= 0)
		close(fd);
	got = max(got, (ssize_t)0);
	to[got] = '\0';
	return got;
}

/* The last part of the path that is a unit. */
static void find_unit(struct crash *crash, const char *pid)
{
	static const char *const kinds[] = { ".service", ".scope" };
	char text[4096], *path, *part, *save, *found = NULL;
	size_t len, kind;
	u32 i;

	read_proc(pid, "cgroup", text, sizeof(text));
	path = strstr(text, "0::/");
	if (!path)
		return;
	path[strcspn(path, "\n")] = '\0';
	for (part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save))
		for (i = 0; i < 2; i++) {
			len = strlen(part);
			kind = strlen(kinds[i]);
			if (len > kind && !strcmp(part + len - kind, kinds[i]))
				found = part;
		}
	if (found)
		set(crash, FACT_UNIT, found, strlen(found));
}

/*
 * The start, in ticks since the boot: a hundredth of a second is as exact as /proc says it. And
 * the signal that ends it, if the kernel has not told: it is in the exit code, which is last.
 */
static void find_start(struct crash *crash, const char *pid)
{
	char text[4096], *at, *last;
	unsigned long long ticks = 0;
	unsigned int code;
	u32 i;

	read_proc(pid, "stat", text, sizeof(text));
	/* The name before may have anything in it. */
	at = strrchr(text, ')');
	last = at ? strrchr(at, ' ') : NULL;
	if (last && !*crash->facts[FACT_SIGNAL] && sscanf(last, "%u", &code) == 1 && code & 0x7f)
		snprintf(crash->facts[FACT_SIGNAL], FACT_LEN, "%u", code & 0x7f);
	for (i = 0; at && i < 20; i++)
		at = strchr(at + 1, ' ');
	if (at && sscanf(at, "%llu", &ticks) == 1)
		snprintf(crash->facts[FACT_START_NS], FACT_LEN, "%llu",
			 ticks * (1000000000ULL / sysconf(_SC_CLK_TCK)));
}

static void find_exe(struct crash *crash, const char *pid)
{
	char path[64], text[4096];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	len = readlink(path, text, sizeof(text));
	if (len > 0)
		set(crash, FACT_EXE, text, len);
}

/* Of the process; the kernel tells that of the thread. */
static void find_comm(struct crash *crash, const char *pid)
{
	char text[64];
	size_t len;

	if (*crash->facts[FACT_COMM])
		return;
	len = read_proc(pid, "comm", text, sizeof(text));
	if (len > 1)
		set(crash, FACT_COMM, text, len - 1);
}

/**
 * crash_of() - what is known of a process that is being dumped
 * @crash:	takes it
 * @specifiers:	from the kernel
 *
 * It is in /proc for as long as somebody has the kernel's pipe open.
 */
void crash_of(struct crash *crash, const struct specifiers *specifiers)
{
	const char *value, *pid = specifiers->values['P'];
	char boot[64];
	char *c;
	u32 i;

	*crash = (struct crash){ 0 };
	for (i = 0; i < FACTS; i++) {
		value = sources[i].letter ? specifiers->values[(u8)sources[i].letter] : NULL;
		if (value)
			set(crash, i, value, strlen(value));
	}
	/* The kernel writes a path with this for each slash. */
	for (c = crash->facts[FACT_EXE]; *c; c++)
		if (*c == '!')
			*c = '/';
	read_proc("sys", "kernel/random/boot_id", boot, sizeof(boot));
	for (c = boot, i = 0; *c && *c != '\n'; c++)
		if (*c != '-')
			boot[i++] = *c;
	set(crash, FACT_BOOT, boot, i);
	if (!*crash->facts[FACT_PID])
		return;
	find_comm(crash, pid);
	find_exe(crash, pid);
	find_unit(crash, pid);
	find_start(crash, pid);
}

/**
 * crash_name() - the name of a dump, in the form of systemd-coredump
 * @crash:	of this
 * @name:	takes core.COMM.UID.BOOT.PID.SECONDS, of plain characters only
 * @room:	CRASH_NAME
 */
void crash_name(const struct crash *crash, char *name, size_t room)
{
	char comm[24];
	char *c;

	snprintf(comm, sizeof(comm), "%.23s", crash->facts[FACT_COMM]);
	for (c = comm; *c; c++)
		if (!isalnum((u8)*c) && !strchr("_-+", *c))
			*c = '_';
	snprintf(name, room, "core.%s.%.10s.%.32s.%.10s.%.20s", *comm ? comm : "unknown",
		 crash->facts[FACT_UID], crash->facts[FACT_BOOT], crash->facts[FACT_PID],
		 crash->facts[FACT_TIME]);
}

/**
 * crash_store() - put facts into extended attributes
 * @crash:	facts
 * @fd:		a dump
 *
 * A file system without them has just the name.
 */
void crash_store(const struct crash *crash, int fd)
{
	char name[64];
	u32 i;

	for (i = 0; i < FACTS; i++) {
		snprintf(name, sizeof(name), "user.kredact.%s", sources[i].word);
		if (*crash->facts[i])
			fsetxattr(fd, name, crash->facts[i], strlen(crash->facts[i]), 0);
	}
}

/* As escaping leaves it. */
static bool is_plain(const char *text, size_t len)
{
	while (len && *text >= ' ' && *text <= '~')
		len--, text++;
	return !len;
}

/**
 * crash_load() - take facts from extended attributes
 * @crash:	takes them; what was escaped stays as it is
 * @fd:		a dump of ours or of systemd-coredump
 */
void crash_load(struct crash *crash, int fd)
{
	char name[64], text[FACT_LEN];
	ssize_t len;
	u32 i;

	*crash = (struct crash){ 0 };
	for (i = 0; i < FACTS; i++) {
		snprintf(name, sizeof(name), "user.kredact.%s", sources[i].word);
		len = fgetxattr(fd, name, text, sizeof(text) - 1);
		if (len < 0 && sources[i].systemd) {
			snprintf(name, sizeof(name), "user.coredump.%s", sources[i].systemd);
			len = fgetxattr(fd, name, text, sizeof(text) - 1);
			/* It counts microseconds. */
			if (i == FACT_TIME && len > 6)
				len -= 6;
		}
		if (len <= 0)
			continue;
		text[len] = '\0';
		if (!strncmp(name, "user.kredact.", 13) && is_plain(text, len))
			memcpy(crash->facts[i], text, len + 1);
		else
			set(crash, i, text, len);
	}
}

/**
 * crash_json() - the process, as all lines of the log have it
 * @crash:	facts
 *
 * Return: an object, which is the caller's.
 */
struct json_object *crash_json(const struct crash *crash)
{
	static const enum fact facts[] = { FACT_PID, FACT_START_NS, FACT_COMM, FACT_EXE, FACT_UID,
					   FACT_UNIT, FACT_SIGNAL };
	struct json_object *object = json_object_new_object();
	const char *text;
	u32 i;

	for (i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		text = crash->facts[facts[i]];
		if (*text && sources[facts[i]].number)
			json_number(object, sources[facts[i]].word, strtoull(text, NULL, 10));
		else if (*text)
			json_text(object, sources[facts[i]].word, text);
	}
	return object;
}

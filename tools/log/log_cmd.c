// SPDX-License-Identifier: GPL-2.0
/* kredact log: finds the subcommand; without one it is a query. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../commands.h"
#include "log_cmd.h"

#define NS_PER_S	1000000000ull

/**
 * log_number() - read a number
 * @text:	decimal digits only
 * @most:	that it may be
 * @value:	takes it
 *
 * Return: false if it is none, or too large.
 */
bool log_number(const char *text, u64 most, u64 *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= most;
}

/* "30d", "12h", "5m", "90s": so long ago. */
static bool ago(const char *text, u64 now_ns, u64 *realtime_ns)
{
	static const struct {
		char unit;
		u64 seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	u64 n = strtoull(text, &end, 10), i;

	for (i = 0; i < 4; i++)
		if (*end == units[i].unit && !end[1] && n < 1000000) {
			n *= units[i].seconds * NS_PER_S;
			*realtime_ns = n < now_ns ? now_ns - n : 0;
			return true;
		}
	return false;
}

/**
 * log_moment() - read a moment
 * @text:	"2026-11-26", "2026-11-26T12:00:00", with "Z" behind or not: UTC; "@SECONDS" since
 *		1970; or "2h": so long ago (s, m, h, d)
 * @now_ns:	what time it is
 * @realtime_ns: takes it
 *
 * Return: false if it is none.
 */
bool log_moment(const char *text, u64 now_ns, u64 *realtime_ns)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					     "%Y-%m-%dT%H:%M" };
	unsigned int i;
	u64 seconds;

	if (*text == '@') {
		if (!log_number(text + 1, UINT64_MAX / NS_PER_S, &seconds))
			return false;
		*realtime_ns = seconds * NS_PER_S;
		return true;
	}
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && (!*end || (*end == 'Z' && !end[1]))) {
			*realtime_ns = (u64)timegm(&tm) * NS_PER_S;
			return true;
		}
	}
	return *text >= '0' && *text <= '9' && ago(text, now_ns, realtime_ns);
}

/**
 * cmd_log() - kredact log
 * @argc:	of its arguments
 * @argv:	its name first
 *
 * Return: exit status.
 */
int cmd_log(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "verify", log_cmd_verify },
		{ "reindex", log_cmd_reindex },
		{ "prove", log_cmd_prove },
	};
	unsigned int i;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return log_cmd_query(argc, argv);
}

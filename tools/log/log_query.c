// SPDX-License-Identifier: GPL-2.0
/* kredact log: lines that are looked for, as text, JSON or CSV. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../commands.h"
#include "find.h"
#include "log_cmd.h"
#include "logd_conf.h"
#include "show_line.h"

#define FOLLOW_NS	200000000	/* between two looks at what is new */

struct output {
	enum show_form form;
	u64 last_seq;
	u64 left;		/* lines that are still wanted */
};

static int usage(FILE *to)
{
	fputs("usage: kredact log [OPTION]...\n"
	      "       kredact log verify|reindex|prove [--help]\n"
	      "Lines of the audit log that have all of these:\n"
	      "  --label KEY        a key's label\n"
	      "  --process WHO      number, name, executable or unit of a process\n"
	      "  --dump WHICH       SHA-256, name, path or mark of a dump\n"
	      "  --person WHO       user id, login user id or name\n"
	      "  --event NAME       an event, or \"family.*\"; one of them if given again\n"
	      "  --since TIME, --until TIME\n"
	      "                     2026-11-26, 2026-11-26T12:00:00 (UTC), @SECONDS, or 2h (ago)\n"
	      "  --follow           then those that are new, until interrupted\n"
	      "  --limit N          no more than N lines\n"
	      "  --scan             read all lines, and trust no index\n"
	      "  --json             lines as they are in the log\n"
	      "  --csv              for a spreadsheet\n"
	      "  --dir DIR          the log (default: " LOG_DIR ")\n"
	      "Nothing is verified: see kredact log verify. Exit code 0, 1 on an error, 3: usage.\n",
	      to);
	return to == stdout ? 0 : EXIT_USAGE;
}

static bool on_hit(void *arg, const struct find_hit *hit)
{
	struct output *output = arg;

	show_line(stdout, output->form, hit);
	output->last_seq = hit->line->stamp.seq;
	return --output->left && !ferror(stdout);
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

static int follow(int dir, struct find_query *query, struct find_tail *tail,
		  struct output *output, struct complaint *why)
{
	const struct timespec pause = { .tv_nsec = FOLLOW_NS };
	int error = 0;

	query->after_seq = max(output->last_seq, query->after_seq);
	while (!error && output->left && !ferror(stdout)) {
		error = find_more(dir, tail, query, on_hit, output, why);
		fflush(stdout);
		nanosleep(&pause, NULL);
	}
	return error;
}

/* Where the log ends before it is searched: what comes later is new. */
static int find_end(int dir, struct find_tail *tail, struct complaint *why)
{
	struct segments segments;
	int error = segments_list(&segments, dir, why);

	tail->segment = segments.count ? segments.list[segments.count - 1].number : 1;
	tail->at = 0;
	segments_free(&segments);
	return error;
}

static void add_event(struct find_group *group, char *name)
{
	size_t len = strlen(name);

	if (len > 2 && !strcmp(name + len - 2, ".*")) {
		name[len - 2] = '\0';
		find_add(group, TERM_FAMILY, name);
	} else {
		find_add(group, TERM_EVENT, name);
	}
}

/* Return: false if there are too many. */
static bool add_option(struct find_query *query, int opt, const char *value)
{
	struct find_group *group = &query->all[query->count];

	/* One is left for the events. */
	if (query->count >= FIND_GROUPS - 1)
		return false;
	query->count++;
	switch (opt) {
	case 'l':
		find_add(group, TERM_LABEL, value);
		break;
	case 'p':
		find_add(group, TERM_PROCESS, value);
		break;
	case 'w':
		find_add(group, TERM_PERSON, value);
		break;
	default:
		find_add(group, TERM_SHA256, value);
		find_add(group, TERM_NAME, value);
		find_add(group, TERM_PATH, value);
		find_add(group, TERM_MARK, value);
	}
	return group->count > 0;
}

static int query_dir(const char *path, struct find_query *query, struct output *output,
		     bool follows)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	struct line_stamp first, last = { 0 };
	struct find_result result;
	struct find_tail tail;
	struct complaint why;

	if (fd < 0) {
		fprintf(stderr, "kredact log: %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	if (output->form == SHOW_CSV)
		show_head(stdout);
	error = find_end(fd, &tail, &why);
	if (!error && follows)
		error = find_ends(fd, &first, &last, &why);
	if (!error)
		error = find_run(fd, query, on_hit, output, &result, &why);
	if (!error && result.broken)
		error = complain(&why, -EBADMSG, "%llu segments are broken: see kredact log verify",
				 (unsigned long long)result.broken);
	query->after_seq = last.seq;
	if (!error && follows)
		error = follow(fd, query, &tail, output, &why);
	close(fd);
	if (error)
		fprintf(stderr, "kredact log: %s\n", why.text);
	return error ? EXIT_FAILED : 0;
}

/**
 * log_cmd_query() - kredact log
 * @argc:	of its arguments
 * @argv:	its name first
 *
 * Return: exit status.
 */
int log_cmd_query(int argc, char **argv)
{
	static const struct option options[] = {
		{ "label", required_argument, NULL, 'l' },
		{ "process", required_argument, NULL, 'p' },
		{ "dump", required_argument, NULL, 'm' },
		{ "person", required_argument, NULL, 'w' },
		{ "event", required_argument, NULL, 'e' },
		{ "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' },
		{ "follow", no_argument, NULL, 'f' },
		{ "limit", required_argument, NULL, 'n' },
		{ "scan", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "csv", no_argument, NULL, 'c' },
		{ "dir", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct find_query query = { .until_ns = UINT64_MAX };
	struct output output = { .left = UINT64_MAX };
	struct find_group events = { .count = 0 };
	const char *dir = LOG_DIR;
	bool follows = false, good = true;
	int opt;

	optind = 1;
	while (good && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
		case 'p':
		case 'm':
		case 'w':
			good = add_option(&query, opt, optarg);
			break;
		case 'e':
			good = events.count < FIND_TERMS;
			add_event(&events, optarg);
			break;
		case 's':
			good = log_moment(optarg, now_ns(), &query.since_ns);
			break;
		case 'u':
			good = log_moment(optarg, now_ns(), &query.until_ns);
			break;
		case 'f':
			follows = true;
			break;
		case 'n':
			good = log_number(optarg, INT64_MAX, &output.left) && output.left;
			break;
		case 'a':
			query.scans = true;
			break;
		case 'j':
			output.form = SHOW_JSON;
			break;
		case 'c':
			output.form = SHOW_CSV;
			break;
		case 'd':
			dir = optarg;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (!good || optind != argc)
		return usage(stderr);
	if (events.count)
		query.all[query.count++] = events;
	return query_dir(dir, &query, &output, follows);
}

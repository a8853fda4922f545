// SPDX-License-Identifier: GPL-2.0
/* kredact log verify: is the log as it was written? */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../commands.h"
#include "check.h"
#include "log_cmd.h"
#include "logd_conf.h"

#define SHOWN_MAX	1000u	/* findings of one level that are shown */
#define TOLERANCE_NS	1000000000ull

struct report {
	bool json;
	bool quiet;
	struct json_object *list;
	u64 shown[CHECK_CHANGED + 1];
};

static int usage(FILE *to)
{
	fputs("usage: kredact log verify [OPTION]... [FILE]...\n"
	      "Checks the audit log, or copies of its segments in order.\n"
	      "  --dir DIR          the log (default: " LOG_DIR ")\n"
	      "  --trust PATH       public keys: a file, or a folder of *.pem (default:\n"
	      "                     " LOG_TRUST ")\n"
	      "  --checkpoint FILE  checkpoints that were published: the log must have them\n"
	      "  --tolerance S      by how much the clocks may differ (default: 1)\n"
	      "  --json             as JSON\n"
	      "  --quiet            nothing but the exit code\n"
	      "Exit code 0: it is as it was written. 1: it was changed. 2: something cannot be\n"
	      "relied on (no signature, a clock that was set), or cannot be read. 3: usage.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

static void show(const struct check_finding *finding)
{
	static const char *const words[] = { "note", "unsure", "CHANGED" };

	printf("%s: ", words[finding->level]);
	if (finding->segment)
		printf("segment %" PRIu64 ", ", finding->segment);
	if (finding->line)
		printf("line %" PRIu64 " of it, ", finding->line);
	if (finding->seq)
		printf("seq %" PRIu64 ": ", finding->seq);
	printf("%s: %s\n", check_kind_word(finding->kind), finding->text);
}

static void add_number(struct json_object *to, const char *name, u64 value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void on_finding(void *arg, const struct check_finding *finding)
{
	struct report *report = arg;
	struct json_object *item;

	if (report->shown[finding->level]++ >= SHOWN_MAX || report->quiet)
		return;
	if (!report->json) {
		show(finding);
		return;
	}
	item = json_object_new_object();
	json_object_object_add(item, "level",
			       json_object_new_string(check_level_word(finding->level)));
	json_object_object_add(item, "kind",
			       json_object_new_string(check_kind_word(finding->kind)));
	add_number(item, "segment", finding->segment);
	add_number(item, "line", finding->line);
	add_number(item, "seq", finding->seq);
	json_object_object_add(item, "text", json_object_new_string(finding->text));
	json_object_array_add(report->list, item);
}

static int check_files(struct check *check, char **names, int count, struct complaint *why)
{
	int i, error = 0;

	for (i = 0; !error && i < count; i++) {
		struct segment_reader *reader;
		const char *base = strrchr(names[i], '/') ? strrchr(names[i], '/') + 1 : names[i];
		u64 number = (u64)i + 1;
		int fd = open(names[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0)
			return complain(why, -errno, "%s: %s", names[i], strerror(errno));
		if (!strncmp(base, "segment-", 8))
			number = strtoull(base + 8, NULL, 10);
		error = segment_take(&reader, fd, why);
		if (!error)
			error = check_segment(check, reader, number, why);
		segment_close(reader);
	}
	return error;
}

static void print_result(const struct check_result *result, const char *verdict)
{
	char first[LINE_TIME_LEN + 1], last[LINE_TIME_LEN + 1];

	line_time(first, result->first_ns);
	line_time(last, result->last_ns);
	printf("%s: %" PRIu64 " lines (%" PRIu64 " to %" PRIu64 ") of %" PRIu64
	       " segments, from %s to %s\n", verdict, result->lines, result->first_seq,
	       result->last_seq, result->segments, first, last);
	printf("signed up to line %" PRIu64 "; %" PRIu64 " lost, %" PRIu64 " refused, %" PRIu64
	       " starts; %" PRIu64 " changed, %" PRIu64 " unsure, %" PRIu64 " notes\n",
	       result->signed_seq, result->lost, result->refused, result->starts,
	       result->findings[CHECK_CHANGED], result->findings[CHECK_UNSURE],
	       result->findings[CHECK_NOTE]);
}

static void print_json(struct report *report, const struct check_result *result,
		       const char *verdict)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "verdict", json_object_new_string(verdict));
	add_number(root, "segments", result->segments);
	add_number(root, "lines", result->lines);
	add_number(root, "bytes", result->bytes);
	add_number(root, "first_seq", result->first_seq);
	add_number(root, "last_seq", result->last_seq);
	add_number(root, "first_realtime_ns", result->first_ns);
	add_number(root, "last_realtime_ns", result->last_ns);
	add_number(root, "signed_seq", result->signed_seq);
	add_number(root, "lost", result->lost);
	add_number(root, "refused", result->refused);
	add_number(root, "starts", result->starts);
	json_object_object_add(root, "findings", json_object_get(report->list));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

static int finish(struct check *check, struct report *report, int error,
		  const struct complaint *why)
{
	static const char *const verdicts[] = { "intact", "changed", "unsure" };
	struct check_result result;
	int status;

	check_end(check, &result);
	status = result.findings[CHECK_CHANGED] ? EXIT_FAILED :
		 result.findings[CHECK_UNSURE] || error ? EXIT_CANNOT : 0;
	if (error)
		fprintf(stderr, "kredact log verify: %s\n", why->text);
	if (report->json)
		print_json(report, &result, verdicts[status]);
	else if (!report->quiet)
		print_result(&result, verdicts[status]);
	return status;
}

/**
 * log_cmd_verify() - kredact log verify
 * @argc:	of its arguments
 * @argv:	its name first
 *
 * Return: exit status.
 */
int log_cmd_verify(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "trust", required_argument, NULL, 't' },
		{ "checkpoint", required_argument, NULL, 'c' },
		{ "tolerance", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct report report = { .list = json_object_new_array() };
	struct check_opts opts = { .tolerance_ns = TOLERANCE_NS, .found = on_finding,
				   .arg = &report };
	const char *dir = LOG_DIR, *trust = NULL, *published[16];
	unsigned int nr_published = 0, i;
	struct log_keys *keys = NULL;
	struct check *check = NULL;
	struct complaint why = { "" };
	int opt, fd = -1, error = 0, status = EXIT_CANNOT;
	u64 seconds;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			dir = optarg;
			break;
		case 't':
			trust = optarg;
			break;
		case 'c':
			if (nr_published == sizeof(published) / sizeof(*published))
				return usage(stderr);
			published[nr_published++] = optarg;
			break;
		case 'o':
			if (!log_number(optarg, 1000000, &seconds))
				return usage(stderr);
			opts.tolerance_ns = seconds * 1000000000;
			break;
		case 'j':
			report.json = true;
			break;
		case 'q':
			report.quiet = true;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (trust || !access(LOG_TRUST, R_OK))
		error = log_keys_load(&keys, trust ?: LOG_TRUST, &why);
	opts.keys = keys;
	check = error ? NULL : check_new(&opts, &why);
	if (!check)
		error = -EINVAL;
	for (i = 0; !error && i < nr_published; i++)
		error = check_expect(check, published[i], &why);
	if (!error && optind == argc) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			error = complain(&why, -errno, "%s: %s", dir, strerror(errno));
	}
	if (error) {
		fprintf(stderr, "kredact log verify: %s\n", why.text);
	} else {
		error = fd >= 0 ? check_dir(check, fd, &why) :
			check_files(check, argv + optind, argc - optind, &why);
		status = finish(check, &report, error, &why);
	}
	if (fd >= 0)
		close(fd);
	check_free(check);
	log_keys_free(keys);
	json_object_put(report.list);
	return status;
}

// SPDX-License-Identifier: GPL-2.0
/* kredact watch: tag the key buffers of programs that know nothing of kredact. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/tag.h"
#include "commands.h"

#define LIBRARY		"libcrypto.so.3"

/* This kernel cannot do it. The other exit statuses are those of every subcommand. */
#define EXIT_CANNOT	2

static void usage(FILE *to)
{
	fputs("usage: kredact watch [--library PATH] [--pid N] [--comm NAME] [--exact] [--verbose]\n"
	      "Tags the key buffers of unmodified programs that use OpenSSL 3, until interrupted.\n"
	      "  --library PATH  the libcrypto to watch (default: the system's " LIBRARY ")\n"
	      "  --pid N         this process only\n"
	      "  --comm NAME     processes of this name only\n"
	      "  --exact         zero the buffers in a dump, not their pages\n"
	      "  --verbose       libbpf's messages, too\n"
	      "Prints \"watching\" once it is at work. Exit code 0, 1 on an error, 2 if this\n"
	      "kernel or its kredact.ko cannot do it, 3 for wrong usage.\n", to);
}

static void print_counters(const struct tag_counters *c)
{
	size_t i;

	printf("tagged %llu buffers of %llu bytes, ended %llu tags\n", (unsigned long long)c->tagged,
	       (unsigned long long)c->bytes, (unsigned long long)c->untagged);
	if (c->kept)
		printf("%llu buffers were taken again before their tag could end\n",
		       (unsigned long long)c->kept);
	if (c->unread)
		printf("%llu numbers could not be read: if secret, they are NOT tagged\n",
		       (unsigned long long)c->unread);
	if (c->waited_out)
		printf("%llu waits for the end of an older tag took too long\n",
		       (unsigned long long)c->waited_out);
	for (i = 0; i < TAG_ERRNOS; i++)
		if (c->failed[i])
			printf("%llu calls of the module failed: %s\n",
			       (unsigned long long)c->failed[i],
			       i ? strerror((int)i) : "unknown error");
}

static int explain(enum tag_why why, const char *library)
{
	int err = errno;

	switch (why) {
	case TAG_NO_BTF:
	case TAG_NO_MODULE:
	case TAG_NO_KFUNC:
	case TAG_NO_CALL:
		fprintf(stderr, "kredact watch: %s.\n"
			"This needs Linux 6.12 or later with BTF, and kredact.ko built for it.\n",
			tag_why_str(why));
		return EXIT_CANNOT;
	case TAG_NO_LIBRARY:
		fprintf(stderr, "kredact watch: %s: %s\n", library, tag_why_str(why));
		return EXIT_FAILED;
	default:
		fprintf(stderr, "kredact watch: %s (%s)\n", tag_why_str(why), strerror(err));
		return EXIT_FAILED;
	}
}

static bool parse_pid(const char *text, pid_t *pid)
{
	char *end;
	long n = strtol(text, &end, 10);

	*pid = (pid_t)n;
	return end != text && !*end && n > 0 && n == *pid;
}

int cmd_watch(int argc, char **argv)
{
	static const struct option options[] = {
		{ "library", required_argument, NULL, 'l' },
		{ "pid", required_argument, NULL, 'p' },
		{ "comm", required_argument, NULL, 'c' },
		{ "exact", no_argument, NULL, 'e' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct tag_opts opts = { .library = LIBRARY };
	struct tag_counters counters;
	struct tagger *tagger;
	enum tag_why why;
	sigset_t stop;
	int opt, sig;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			opts.library = optarg;
			break;
		case 'p':
			if (!parse_pid(optarg, &opts.pid)) {
				fprintf(stderr, "kredact watch: %s is not a process\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'c':
			if (!*optarg || strlen(optarg) >= TAG_COMM_LEN) {
				fprintf(stderr, "kredact watch: a name has 1 to %d bytes\n",
					TAG_COMM_LEN - 1);
				return EXIT_USAGE;
			}
			opts.comm = optarg;
			break;
		case 'e':
			opts.exact = true;
			break;
		case 'v':
			opts.log = stderr;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return EXIT_USAGE;
	}

	/* Blocked first: a signal that comes while the probes are being set is not lost. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);

	tagger = tag_open(&opts, &why);
	if (!tagger)
		return explain(why, opts.library);
	puts("watching");
	fflush(stdout);
	sigwait(&stop, &sig);
	tag_read_counters(tagger, &counters);
	tag_close(tagger);
	print_counters(&counters);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * kredact gate: lets dumps pass from where they were made to where they are debugged.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "gate/approve.h"
#include "gate/passage.h"

#define FAILED	2

/**
 * struct wish - what the command line says
 * @config:	file of the policy
 * @source:	the dump
 * @attestation: its attestation; NULL: the one beside it
 * @destination: folder where it is to go
 * @remove:	it is removed from where it was
 * @check:	only the policy is read
 */
struct wish {
	const char *config;
	const char *source;
	const char *attestation;
	const char *destination;
	bool remove;
	bool check;
};

static int usage(const char *text)
{
	fprintf(stderr, "kredact gate: %s\n"
		"Usage: kredact gate [--config FILE] [--attestation FILE] [--remove] DUMP FOLDER\n"
		"       kredact gate approve [OPTION]... DUMP\n"
		"       kredact gate --check [--config FILE]\n", text);
	return EXIT_USAGE;
}

static int parse(struct wish *wish, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "attestation", required_argument, NULL, 'a' },
		{ "remove", no_argument, NULL, 'r' },
		{ "check", no_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			wish->config = optarg;
			break;
		case 'a':
			wish->attestation = optarg;
			break;
		case 'r':
			wish->remove = true;
			break;
		case 'k':
			wish->check = true;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (argc - optind != (wish->check ? 0 : 2))
		return usage("a dump, and a folder");
	if (!wish->check) {
		wish->source = argv[optind];
		wish->destination = argv[optind + 1];
	}
	return 0;
}

static void print_reasons(const struct passage *p)
{
	u32 i;

	for (i = 0; i < GATE_RULES; i++) {
		const struct outcome_of *outcome = &p->decision.rules[i];

		if (outcome->excepted)
			printf("set aside %s: %s\n", rule_word(i), outcome->why.text);
		else if (rule_failed(&p->decision, i))
			fprintf(stderr, "kredact gate: refused: %s: %s\n", rule_word(i),
				outcome->why.text);
	}
}

/* Removes the file that was read, if its name is still its own. */
static int remove_source(const char *path, int fd)
{
	char *copy = strdup(path), *beside = NULL;
	struct stat open, named;
	int dir = -1, status = FAILED;

	if (copy)
		dir = openat(AT_FDCWD, dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && !fstat(fd, &open) && !lstat(path, &named) &&
	    open.st_dev == named.st_dev && open.st_ino == named.st_ino && !unlink(path)) {
		if (asprintf(&beside, "%s" ATTESTATION_SUFFIX, path) >= 0)
			unlink(beside);
		status = fsync(dir) ? FAILED : 0;
	}
	if (status)
		fprintf(stderr, "kredact gate: passed, but could not be removed\n");
	if (dir >= 0)
		close(dir);
	free(beside);
	free(copy);
	return status;
}

static int pass(const struct wish *wish, const struct policy *policy, const struct trust *trust)
{
	const struct asker asker = { NULL };
	char *name = strdup(wish->source), *beside = NULL;
	struct passage *p = calloc(1, sizeof(*p));
	char hex[2 * DIGEST_LEN + 1];
	int status = FAILED;

	if (!p || !name || asprintf(&beside, "%s" ATTESTATION_SUFFIX, wish->source) < 0)
		goto out;
	p->policy = policy;
	p->trust = trust;
	p->asker = &asker;
	p->source = wish->source;
	p->attestation_dir = AT_FDCWD;
	p->attestation = wish->attestation ? wish->attestation : beside;
	p->destination = wish->destination;
	p->name = basename(name);
	p->fd = source_open(wish->source, &p->decision);
	status = passage_run(p) ? 0 : EXIT_FAILED;
	print_reasons(p);
	text_hex(hex, p->sha256, DIGEST_LEN);
	if (!status)
		printf("passed %s sha256 %s\n", p->name, hex);
	if (!status && wish->remove)
		status = remove_source(wish->source, p->fd);
	if (p->fd >= 0)
		close(p->fd);
	passage_close(p);
out:
	free(beside);
	free(name);
	free(p);
	return status;
}

/**
 * cmd_gate() - the subcommand gate
 * @argc:	arguments, from its name on
 * @argv:	likewise
 *
 * Return: 0 it passed, 1 it was refused, 2 it failed, 3 for wrong arguments.
 */
int cmd_gate(int argc, char **argv)
{
	struct wish wish = { .config = POLICY_FILE };
	struct policy *policy;
	struct trust *trust;
	int status;

	if (argc > 1 && !strcmp(argv[1], "approve"))
		return approve(argc - 1, argv + 1);
	status = parse(&wish, argc, argv);
	if (status)
		return status;
	policy = policy_load(wish.config, stderr);
	if (!policy)
		return FAILED;
	trust = trust_load(policy->trust, stderr);
	if (!trust)
		status = FAILED;
	else if (!wish.check)
		status = pass(&wish, policy, trust);
	trust_free(trust);
	policy_free(policy);
	return status;
}

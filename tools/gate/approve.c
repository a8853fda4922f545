// SPDX-License-Identifier: GPL-2.0
/*
 * kredact gate approve: see approve.h. It needs no rights but those to read the dump and to
 * write the approval, since it counts by its signature.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attest/publish.h"
#include "attest/still.h"
#include "attest/token.h"
#include "commands.h"
#include "gate/approval.h"
#include "gate/approve.h"
#include "gate/policy.h"

#define FAILED		2
#define HOURS_MAX	(30 * 24u)

/**
 * struct consent - what the command line says
 * @dump:	the dump
 * @key:	who approves
 * @reason:	why
 * @rules:	what is set aside
 * @hours:	for so long
 * @state:	folder of the gate's state
 * @out:	file of the approval; NULL: in @state
 */
struct consent {
	const char *dump;
	const char *key;
	const char *reason;
	bool rules[GATE_RULES];
	bool any;
	u32 hours;
	const char *state;
	const char *out;
};

static int usage(const char *text)
{
	fprintf(stderr, "kredact gate approve: %s\n"
		"Usage: kredact gate approve --rule RULE... --reason TEXT --key KEY [--hours N]\n"
		"       [--state FOLDER] [-o FILE] DUMP\n", text);
	return EXIT_USAGE;
}

static int add_rule(struct consent *consent, const char *word)
{
	enum gate_rule rule;

	if (!rule_of_word(word, &rule))
		return usage("there is no such rule");
	if (!rule_can_be_excepted(rule))
		return usage("nobody can set that rule aside");
	consent->rules[rule] = true;
	consent->any = true;
	return 0;
}

static int parse(struct consent *consent, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rule", required_argument, NULL, 'r' },
		{ "reason", required_argument, NULL, 'w' },
		{ "key", required_argument, NULL, 'k' },
		{ "hours", required_argument, NULL, 'h' },
		{ "state", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int option, error = 0;
	char *end;

	optind = 1;
	while (!error && (option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			error = add_rule(consent, optarg);
			break;
		case 'w':
			consent->reason = optarg;
			break;
		case 'k':
			consent->key = optarg;
			break;
		case 'h':
			consent->hours = strtoul(optarg, &end, 10);
			if (*end || !consent->hours || consent->hours > HOURS_MAX)
				error = usage("--hours: a number from 1 to 720");
			break;
		case 's':
			consent->state = optarg;
			break;
		case 'o':
			consent->out = optarg;
			break;
		default:
			error = EXIT_USAGE;
		}
	}
	if (error)
		return error;
	if (optind + 1 != argc || !consent->any || !consent->key)
		return usage("a dump, a rule, a key");
	if (!consent->reason || !*consent->reason || strlen(consent->reason) > APPROVAL_REASON)
		return usage("a reason, of at most 200 bytes");
	consent->dump = argv[optind];
	return 0;
}

static int digest_dump(const char *path, u8 *sha256, struct complaint *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct digest *digest = digest_new();
	struct input in = { .fd = -1 };
	struct complaint change;
	struct still still;
	int error;

	if (fd < 0 || !digest) {
		digest_free(digest);
		return complain(why, -EIO, "%s", strerror(errno));
	}
	error = still_begin(&still, fd, false, why);
	if (!error) {
		error = input_open(&in, fd, true, why);
		if (!error)
			error = digest_file(digest, &in, sha256, why);
		if (!still_end(&still, &change))
			error = complain(why, -EBUSY, "%s", change.text);
		input_close(&in);
	}
	digest_free(digest);
	close(fd);
	return error;
}

static int write_approval(const struct consent *consent, struct signer *signer, const u8 *sha256,
			  const char *envelope, struct complaint *why)
{
	char hex[2 * DIGEST_LEN + 1], id[2 * DIGEST_LEN + 1], *path = NULL;
	int error;

	text_hex(hex, sha256, DIGEST_LEN);
	text_hex(id, signer_id(signer), DIGEST_LEN);
	if (!consent->out && asprintf(&path, "%s/approvals/%s.%.16s.jsonl", consent->state, hex,
				      id) < 0)
		return complain(why, -ENOMEM, "out of memory");
	error = publish(consent->out ? consent->out : path, envelope, strlen(envelope), why);
	free(path);
	return error;
}

/**
 * approve() - the subcommand
 * @argc:	arguments, from "approve" on
 * @argv:	likewise
 *
 * Return: exit status.
 */
int approve(int argc, char **argv)
{
	struct consent consent = { .hours = 24, .state = POLICY_STATE };
	struct signer *signer = NULL;
	char *name = NULL, *envelope = NULL;
	struct machine machine;
	u8 sha256[DIGEST_LEN];
	struct complaint why = { "out of memory" };
	int status = parse(&consent, argc, argv);
	bool done = false;

	if (status)
		return status;
	name = strdup(consent.dump);
	signer = token_signer(consent.key, &why);
	if (name && signer && !digest_dump(consent.dump, sha256, &why)) {
		machine_this(&machine);
		envelope = approval_make(&(struct approving){
				.dump = basename(name),
				.sha256 = sha256,
				.rules = consent.rules,
				.reason = consent.reason,
				.valid_for = consent.hours * 3600ULL,
				.machine = &machine,
			}, signer, &why);
		done = envelope && !write_approval(&consent, signer, sha256, envelope, &why);
	}
	if (!done)
		fprintf(stderr, "kredact gate approve: %s\n", why.text);
	signer_free(signer);
	free(envelope);
	free(name);
	return done ? 0 : FAILED;
}

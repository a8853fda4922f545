// SPDX-License-Identifier: GPL-2.0
/*
 * kredact verify-attestation: is what is said of a dump said by someone trusted, and of this dump?
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "attest/attestation.h"
#include "attest/chronicle.h"
#include "attest/moment.h"
#include "attest/still.h"
#include "attest/trust.h"
#include "commands.h"

#define UNVERIFIED	2

/**
 * struct question - what the command line says
 * @path:	file of the attestation
 * @dump:	the dump that it is to be of, or NULL
 * @trust:	folder of the keys
 * @threshold:	keys that must have signed
 * @quiet:	nothing is printed
 */
struct question {
	const char *path;
	const char *dump;
	const char *trust;
	u32 threshold;
	bool quiet;
};

static int usage(const char *text)
{
	fprintf(stderr, "kredact verify-attestation: %s\n"
		"Usage: kredact verify-attestation FILE [--dump DUMP] [--trust FOLDER]\n"
		"       [--threshold N] [--quiet]\n", text);
	return EXIT_USAGE;
}

static int parse(struct question *question, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dump", required_argument, NULL, 'd' },
		{ "trust", required_argument, NULL, 't' },
		{ "threshold", required_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	char *end;

	optind = 1;
	while ((option = getopt_long(argc, argv, "q", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			question->dump = optarg;
			break;
		case 't':
			question->trust = optarg;
			break;
		case 'n':
			question->threshold = strtoul(optarg, &end, 10);
			if (*end || !question->threshold ||
			    question->threshold > ENVELOPE_SIGNATURES)
				return usage("--threshold: a number from 1 to 16");
			break;
		case 'q':
			question->quiet = true;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc)
		return usage("which attestation?");
	question->path = argv[optind];
	return 0;
}

static int fail(const char *what, const char *text)
{
	fprintf(stderr, "kredact verify-attestation: %s: %s\n", what, text);
	return UNVERIFIED;
}

static int check_dump(const struct attestation *a, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct digest *digest = digest_new();
	struct complaint why = { "out of memory" };
	struct input in = { .fd = -1 };
	u8 sha256[DIGEST_LEN];
	struct still still;
	int error = -ENOMEM;

	if (fd < 0)
		error = complain(&why, -errno, "%s", errno == ELOOP ? "is a symbolic link" :
				 strerror(errno));
	else if (digest)
		error = still_begin(&still, fd, false, &why);
	if (!error) {
		error = input_open(&in, fd, true, &why);
		if (!error)
			error = digest_file(digest, &in, sha256, &why);
		if (!still_end(&still, &why))
			error = -EBUSY;
		if (!error && (in.size != a->bytes || memcmp(sha256, a->sha256, DIGEST_LEN)))
			error = complain(&why, -EBADMSG, "the attestation is of other bytes");
	}
	input_close(&in);
	digest_free(digest);
	if (fd >= 0)
		close(fd);
	return error ? fail("--dump", why.text) : 0;
}

static void print_findings(struct json_object *list)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *kind = json_object_get_string(json_object_object_get(item, "kind"));
		char text[TEXT_ESCAPED(64)];

		text_escape(text, sizeof(text), kind, strnlen(kind, 64));
		printf("%-12s %s: %llu\n", i ? "" : "findings", text, (unsigned long long)
		       json_object_get_uint64(json_object_object_get(item, "count")));
	}
}

static void print(const struct attestation *a, const struct trust_result *trusted)
{
	static const char *const verdicts[] = {
		"clean", "key material found", "could not be verified"
	};
	char hex[2 * DIGEST_LEN + 1], when[32];
	u32 i;

	text_hex(hex, a->sha256, DIGEST_LEN);
	moment_text(when, a->time);
	printf("dump         %s\nsha256       %s\nbytes        %llu\nverdict      %s\ntime         %s\n",
	       a->name, hex, (unsigned long long)a->bytes, verdicts[a->status], when);
	if (a->expires) {
		moment_text(when, a->expires);
		printf("expires      %s\n", when);
	}
	print_findings(json_object_object_get(a->predicate, "findings"));
	text_hex(hex, a->rules_sha256, DIGEST_LEN);
	printf("rules        %s\n", hex);
	for (i = 0; i < trusted->nr; i++)
		printf("%-12s %s\n", i ? "" : "signed by", trusted->signers[i]->name);
}

/* Returns the status of the verifier that is attested, or 2. */
static int check(const struct question *question, const struct trust *trust)
{
	struct trust_result trusted;
	struct attestation a;
	struct complaint why;
	int status = UNVERIFIED;
	u64 now = moment_now();

	if (attestation_load(&a, AT_FDCWD, question->path, NULL, &why)) {
		fail("it cannot be read", why.text);
		goto out;
	}
	trust_check(trust, &a.envelope, TRUST_ATTEST, a.time, question->threshold, &trusted);
	if (trusted.verdict != TRUST_GOOD) {
		fail("it is not trusted", trust_text(trusted.verdict));
		goto out;
	}
	if (a.time > now + MOMENT_SKEW) {
		fail("it is not valid", "it is of the future");
		goto out;
	}
	if (a.expires && a.expires <= now) {
		fail("it is not valid", "it has expired");
		goto out;
	}
	if (question->dump && check_dump(&a, question->dump))
		goto out;
	if (chronicle(&(struct chronicle){
			.event = "attest.checked",
			.path = question->dump ? question->dump : question->path,
			.name = a.name,
			.sha256 = a.sha256,
			.bytes = a.bytes,
			.status = a.status,
			.reason = "trusted",
		}, &why)) {
		fail("the log", why.text);
		goto out;
	}
	status = a.status;
	if (!question->quiet)
		print(&a, &trusted);
out:
	attestation_free(&a);
	return status;
}

/**
 * cmd_verify_attestation() - the subcommand verify-attestation
 * @argc:	arguments, from its name on
 * @argv:	likewise
 *
 * Return: 0, 1, 2: what is attested, 2 also if that is not to be believed; 3 for wrong arguments.
 */
int cmd_verify_attestation(int argc, char **argv)
{
	struct question question = { .trust = TRUST_DIR, .threshold = 1 };
	int status = parse(&question, argc, argv);
	struct trust *trust;

	if (status)
		return status;
	trust = trust_load(question.trust, stderr);
	if (!trust)
		return UNVERIFIED;
	status = check(&question, trust);
	trust_free(trust);
	return status;
}

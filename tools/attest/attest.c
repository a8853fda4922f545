// SPDX-License-Identifier: GPL-2.0
/*
 * kredact attest: verifies a dump and signs what came of it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/chronicle.h"
#include "attest/publish.h"
#include "attest/token.h"
#include "commands.h"

#define SIGNERS_MAX	4u
#define VALID_MAX	(100ULL * 366 * 86400)

/**
 * struct request - what the command line says
 * @dump:	file
 * @keys:	who signs
 * @nr_keys:	how many
 * @out:	file of the attestation; NULL: beside the dump; "-": standard output
 * @opts:	how the dump is examined
 * @certs:	of @opts
 * @labels:	of @opts
 * @valid_for:	seconds
 */
struct request {
	const char *dump;
	const char *keys[SIGNERS_MAX];
	u32 nr_keys;
	const char *out;
	struct examine_opts opts;
	const char *certs[EXAMINE_CERTS];
	const char *labels[EXAMINE_LABELS];
	u64 valid_for;
};

static int usage(const char *text)
{
	fprintf(stderr, "kredact attest: %s\n"
		"Usage: kredact attest DUMP --key KEY [--seal-key FILE] [--cert FILE]...\n"
		"       [--label TEXT]... [--seal FILE] [--unsealed] [--detect LIST]\n"
		"       [--valid-for DAYS] [-o FILE]\n",
		text);
	return EXIT_USAGE;
}

static int parse_days(const char *text, u64 *seconds)
{
	char *end;
	unsigned long days;

	errno = 0;
	days = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || !days || days > VALID_MAX / 86400)
		return usage("--valid-for: a number of days");
	*seconds = days * 86400;
	return 0;
}

static int parse(struct request *request, int argc, char **argv)
{
	enum { OPT_KEY = 256, OPT_SEAL_KEY, OPT_SEAL, OPT_CERT, OPT_UNSEALED, OPT_DETECT,
	       OPT_VALID, OPT_LABEL };
	static const struct option options[] = {
		{ "key", required_argument, NULL, OPT_KEY },
		{ "seal-key", required_argument, NULL, OPT_SEAL_KEY },
		{ "seal", required_argument, NULL, OPT_SEAL },
		{ "cert", required_argument, NULL, OPT_CERT },
		{ "unsealed", no_argument, NULL, OPT_UNSEALED },
		{ "detect", required_argument, NULL, OPT_DETECT },
		{ "valid-for", required_argument, NULL, OPT_VALID },
		{ "label", required_argument, NULL, OPT_LABEL },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct examine_opts *opts = &request->opts;
	int option, error = 0;

	opts->certs = request->certs;
	opts->labels = request->labels;
	optind = 1;
	while (!error && (option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		switch (option) {
		case OPT_KEY:
			if (request->nr_keys == SIGNERS_MAX)
				error = usage("too many keys");
			else
				request->keys[request->nr_keys++] = optarg;
			break;
		case OPT_SEAL_KEY:
			opts->key = optarg;
			break;
		case OPT_SEAL:
			opts->seal = optarg;
			break;
		case OPT_CERT:
			if (opts->nr_certs == EXAMINE_CERTS)
				error = usage("too many certificates");
			else
				request->certs[opts->nr_certs++] = optarg;
			break;
		case OPT_LABEL:
			if (opts->nr_labels == EXAMINE_LABELS)
				error = usage("too many labels");
			else
				request->labels[opts->nr_labels++] = optarg;
			break;
		case OPT_UNSEALED:
			opts->unsealed = true;
			break;
		case OPT_DETECT:
			opts->detect = optarg;
			break;
		case OPT_VALID:
			error = parse_days(optarg, &request->valid_for);
			break;
		case 'o':
			request->out = optarg;
			break;
		default:
			error = EXIT_USAGE;
		}
	}
	if (error)
		return error;
	if (optind + 1 != argc)
		return usage("one dump");
	if (!request->nr_keys)
		return usage("who signs? --key FILE or URI");
	request->dump = argv[optind];
	return 0;
}

static int open_signers(const struct request *request, struct signer **signers)
{
	struct complaint why;
	u32 i;

	for (i = 0; i < request->nr_keys; i++) {
		signers[i] = token_signer(request->keys[i], &why);
		if (!signers[i]) {
			fprintf(stderr, "kredact attest: --key: %s\n", why.text);
			return EXIT_USAGE;
		}
	}
	return 0;
}

static int fail(const char *name, const char *text)
{
	fprintf(stderr, "kredact attest: %s: %s\n", name, text);
	return 2;
}

static int put_out(const struct request *request, const char *envelope, const char *name)
{
	char *path = NULL;
	struct complaint why;
	int error;

	if (request->out && !strcmp(request->out, "-"))
		return fputs(envelope, stdout) < 0 ? 2 : 0;
	if (!request->out && asprintf(&path, "%s" ATTESTATION_SUFFIX, request->dump) < 0)
		return 2;
	error = publish(request->out ? request->out : path, envelope, strlen(envelope), &why);
	free(path);
	return error ? fail(name, why.text) : 0;
}

/* Returns the verifier's exit status, or 2 if there is no attestation. */
static int attest(const struct request *request, struct signer *const *signers, const char *name)
{
	int fd = open(request->dump, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char *envelope = NULL, *copy = strdup(request->dump);
	struct examination e = { 0 };
	struct machine machine;
	struct complaint why;
	int status = 2;

	if (fd < 0 || !copy) {
		status = fail(name, fd < 0 && errno == ELOOP ? "is a symbolic link" :
			      strerror(errno));
		goto out;
	}
	if (examine(&e, fd, &request->opts, &why)) {
		status = fail(name, why.text);
		goto out;
	}
	if (e.changed) {
		status = fail(name, e.change.text);
		goto out;
	}
	machine_this(&machine);
	envelope = attestation_make(&(struct attested){
			.name = basename(copy),
			.examination = &e,
			.opts = &request->opts,
			.machine = &machine,
			.valid_for = request->valid_for,
		}, signers, request->nr_keys, &why);
	if (!envelope || chronicle(&(struct chronicle){
			.event = "attest.made",
			.path = request->dump,
			.name = name,
			.sha256 = e.sha256,
			.bytes = e.size,
			.status = e.status,
		}, &why))
		status = fail(name, why.text);
	else
		status = put_out(request, envelope, name) ? 2 : e.status;
out:
	if (fd >= 0)
		close(fd);
	examination_free(&e);
	free(envelope);
	free(copy);
	return status;
}

/**
 * cmd_attest() - the subcommand attest
 * @argc:	arguments, from its name on
 * @argv:	likewise
 *
 * Return: 0, 1, 2: the verifier's, 2 also without an attestation; 3 for wrong arguments.
 */
int cmd_attest(int argc, char **argv)
{
	struct signer *signers[SIGNERS_MAX] = { NULL };
	struct request request = { 0 };
	int status = parse(&request, argc, argv);
	char *name = NULL;
	u32 i;

	if (!status)
		status = open_signers(&request, signers);
	if (!status) {
		name = text_escaped(request.dump);
		status = attest(&request, signers, name ? name : "");
	}
	for (i = 0; i < request.nr_keys; i++)
		signer_free(signers[i]);
	free(name);
	return status;
}

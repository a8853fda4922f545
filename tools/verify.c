// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-verify: audits dumps, on a machine that needs neither the module nor root. This
 * file only wires things up: each dump is read by a child in a sandbox.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cert.h"
#include "dumps.h"
#include "job.h"
#include "scan/memory.h"
#include "summary.h"

static int load_secret(struct search *search, const char *path, struct complaint *why)
{
	static u8 bytes[SECRET_MAX + 1];
	struct stat stat;
	size_t len = 0;
	ssize_t got = 0;
	int fd, error;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return complain(why, -errno, "%s", strerror(errno));
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		error = complain(why, -EINVAL, "not a regular file");
		goto out;
	}
	while (len < sizeof(bytes)) {
		got = read(fd, bytes + len, sizeof(bytes) - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += got;
	}
	error = got < 0 ? complain(why, -EIO, "%s", strerror(errno)) :
			  search_add(search, bytes, len, why);
	OPENSSL_cleanse(bytes, sizeof(bytes));
out:
	close(fd);
	return error;
}

static int load_secrets(struct audit *audit, struct options *options)
{
	struct complaint why;
	u32 i;

	if (!options->nr_secrets)
		return 0;
	audit->search = search_new(options->shortest, options->reverse);
	if (!audit->search)
		return -VERDICT_UNVERIFIED;
	for (i = 0; i < options->nr_secrets; i++) {
		options->names[i] = text_escaped(options->secrets[i]);
		if (!options->names[i])
			return -VERDICT_UNVERIFIED;
		if (load_secret(audit->search, options->secrets[i], &why))
			return usage("--secret %s: %s", options->names[i], why.text);
	}
	if (search_prepare(audit->search, &why)) {
		fprintf(stderr, "kredact-verify: %s\n", why.text);
		return -VERDICT_UNVERIFIED;
	}
	return 0;
}

static int load_certs(struct options *options)
{
	struct complaint why;
	char *name;
	int error = 0;
	u32 i;

	if (options->nr_certs)
		options->scan.questions = questions_new();
	if (options->nr_certs && !options->scan.questions)
		return -VERDICT_UNVERIFIED;
	for (i = 0; i < options->nr_certs && !error; i++) {
		name = text_escaped(options->certs[i]);
		if (!name)
			return -VERDICT_UNVERIFIED;
		if (cert_load(options->scan.questions, options->certs[i], name, &why))
			error = usage("--cert %s: %s", name, why.text);
		free(name);
	}
	return error;
}

static int make_scan(struct audit *audit, const struct options *options)
{
	struct complaint why;

	if (options->no_scan)
		return 0;
	audit->scan = scan_new(&options->scan, &why);
	return audit->scan ? 0 : usage("%s", why.text);
}

/* The key of the seal, which is the key of the scan's digests, too. */
static int load_key(struct audit *audit, struct options *options)
{
	struct keyfile key;
	struct complaint why;
	int error;

	audit->no_key = options->no_key;
	if (!options->key)
		return make_scan(audit, options);
	if (keyfile_load(&key, options->key, false, &why)) {
		keyfile_wipe(&key);
		return usage("--key: %s", why.text);
	}
	memcpy(audit->key_id, key.id, sizeof(audit->key_id));
	audit->mac = mac_new(key.key, key.len);
	audit->prints = fingerprints_new(key.key, key.len, hasher_best());
	if (audit->mac && audit->prints) {
		options->scan.key = key.key;
		options->scan.key_len = key.len;
		error = make_scan(audit, options);
	} else {
		fputs("kredact-verify: OpenSSL cannot compute HMAC-SHA-256 or AES-128\n", stderr);
		error = -VERDICT_UNVERIFIED;
	}
	keyfile_wipe(&key);
	return error;
}

static bool want_color(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->color != 2)
		return options->color;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

/* So that the key is known to be good before anything is done. */
static int check_signer(const struct options *options)
{
	struct signer *signer;
	struct complaint why;

	if (!options->sign)
		return 0;
	signer = signer_load(options->sign, &why);
	if (!signer)
		return usage("--sign: %s", why.text);
	signer_free(signer);
	return 0;
}

/* Audits all dumps, one after the other. */
static int verify_all(struct audit *audit, struct options *options, struct resolver *resolver,
		      const struct dumps *dumps)
{
	struct job job = {
		.options = options,
		.audit = audit,
		.resolver = resolver,
		.report = {
			.secrets = options->names,
			.nr_secrets = options->nr_secrets,
			.sandboxed = !options->no_sandbox,
			.color = want_color(options),
			.lines = dumps->several || dumps->nr != 1,
		},
	};
	struct summary summary = { 0 };
	bool no_copy = false;
	struct complaint why;
	char *name;
	int status;
	u32 i;

	if (options->redact && job.report.lines)
		return usage("--redact is for one dump");
	job.report.brief = job.report.lines && !options->verbose;
	if (!options->quiet && !options->outputs.nr)
		outputs_add(&options->outputs, "text", NULL, &why);
	/* What the C library would do behind our back later, it does now. */
	report_warm_up();
	if (outputs_open(&options->outputs, &why)) {
		fprintf(stderr, "kredact-verify: %s\n", why.text);
		return -VERDICT_UNVERIFIED;
	}
	audit->format = options->format;
	audit->unsealed = options->unsealed;
	audit->places.ask = resolver_ask;
	audit->places.ask_arg = resolver;
	outputs_begin(&options->outputs);
	for (i = 0; i < dumps->nr; i++) {
		name = strcmp(dumps->paths[i], "-") ? text_escaped(dumps->paths[i]) :
						      strdup("standard input");
		if (!name)
			return -VERDICT_UNVERIFIED;
		job.report.file = name;
		job.report.path = dumps->paths[i];
		job.report.number = i;
		status = job_run(&job, dumps->paths[i], &why);
		no_copy = status == JOB_NO_COPY;
		summary_count(&summary, no_copy ? VERDICT_UNVERIFIED : status);
		if (*why.text) {
			fprintf(stderr, "kredact-verify: %s: %s\n", name, why.text);
			outputs_failed(&options->outputs, &job.report, why.text);
		}
		free(name);
	}
	if (dumps->failed)
		summary_count(&summary, VERDICT_UNVERIFIED);
	if (job.report.lines)
		summary_print(&summary, &options->outputs, &job.report, dumps->passed_over);
	status = summary_verdict(&summary);
	if (!outputs_end(&options->outputs) && status == VERDICT_CLEAN) {
		fputs("kredact-verify: the report could not be written\n", stderr);
		status = VERDICT_UNVERIFIED;
	}
	return no_copy ? JOB_NO_COPY : status;
}

static int collect(struct dumps *dumps, char **arguments, int nr)
{
	struct complaint why;
	char *name;
	int i;

	for (i = 0; i < nr; i++) {
		if (!dumps_add(dumps, arguments[i], &why))
			continue;
		name = text_escaped(arguments[i]);
		fprintf(stderr, "kredact-verify: %s: %s\n", name ? name : "", why.text);
		free(name);
		dumps->failed++;
	}
	return dumps->nr ? 0 : -VERDICT_UNVERIFIED;
}

/*
 * A standard stream that is closed is taken, for reading: no file of ours gets its number,
 * and a report to it is seen to get lost.
 */
static bool take_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct resolver resolver = { .fd = -1 };
	struct dumps dumps = { 0 };
	struct options options;
	struct complaint why;
	struct audit *audit;
	int status;

	if (!take_streams())
		return VERDICT_UNVERIFIED;
	if (sandbox_privacy(&why)) {
		fprintf(stderr, "kredact-verify: %s\n", why.text);
		return VERDICT_UNVERIFIED;
	}
	if (!memory_watch()) {
		fputs("kredact-verify: OpenSSL does not tell of memory that is not there\n",
		      stderr);
		return VERDICT_UNVERIFIED;
	}
	/* Nothing but this program decides which algorithms are used. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	audit = calloc(1, sizeof(*audit));
	if (!audit)
		return VERDICT_UNVERIFIED;
	status = options_parse(&options, argc, argv);
	if (status == 1) {
		status = fflush(stdout) ? VERDICT_UNVERIFIED : 0;
		goto out;
	}
	/* Before there is a key or a secret that it could have. Without it there are no symbols. */
	if (!status && !options.quiet)
		resolver_start(&resolver, NULL);
	if (!status)
		status = load_secrets(audit, &options);
	if (!status)
		status = load_certs(&options);
	if (!status)
		status = load_key(audit, &options);
	if (!status)
		status = check_signer(&options);
	if (!status)
		status = collect(&dumps, argv + optind, argc - optind);
	if (!status)
		status = verify_all(audit, &options, &resolver, &dumps);
out:
	/* The resolver ends with this process: the sandbox has no close(). */
	audit_close(audit);
	free(audit);
	dumps_free(&dumps);
	questions_free(options.scan.questions);
	options_free(&options);
	return status < 0 ? -status : status;
}

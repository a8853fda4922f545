// SPDX-License-Identifier: GPL-2.0
/*
 * The audit of one dump: see job.h. This process opens its files, and a child reads them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dumps.h"
#include "jail.h"
#include "job.h"
#include "summary.h"

static int print(struct job *job)
{
	struct outputs *outputs = &job->options->outputs;
	int status = audit_verdict(job->audit);
	bool done = outputs_print(outputs, &job->report, job->audit);

	/* A report that got lost must not end as "clean". */
	if (!(outputs_flush(outputs) && done) && status == VERDICT_CLEAN) {
		broker_complain("the report could not be written");
		status = VERDICT_UNVERIFIED;
	}
	return status;
}

/* In the child: enters the sandbox, parses, reports. */
static int audit_dump(void *arg, int broker)
{
	struct job *job = arg;
	struct audit *audit = job->audit;
	struct complaint why;
	int status;

	job->sandbox.broker = broker;
	if (!job->options->no_sandbox && sandbox_enter(&job->sandbox, &why)) {
		broker_complain(why.text);
		broker_complain("--no-sandbox does without it");
		return VERDICT_UNVERIFIED;
	}
	if (dump_open(&job->dump, &audit->in, !job->options->read_holes, &why)) {
		/* As what it is then: a dump of which nothing can be read. */
		complaint_set(&audit->in.cut, "%s", why.text);
		audit->in.size = 0;
	}
	audit->kdump = job->dump.kdump;
	audit->packed = job->dump.packed;
	audit_run(audit);
	if (job->options->redact) {
		redact_run(&job->redact, audit);
		job->report.redact = &job->redact;
		if (!job->redact.done)
			broker_complain(job->redact.why.text);
	}
	status = print(job);
	audit_close(audit);
	return status;
}

/* What is beside core.zst may be the seal of core.zst, or of core. */
static int try_sidecar(const char *core, char **path)
{
	static const char *const suffixes[] = { "", ".gz", ".xz", ".lz4", ".zst" };
	size_t len = strlen(core), suffix;
	int fd = -1;
	u32 i;

	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		suffix = strlen(suffixes[i]);
		if (len < suffix || strcmp(core + len - suffix, suffixes[i]))
			continue;
		if (asprintf(path, "%.*s%s", (int)(len - suffix), core, KREDACT_SIDECAR_SUFFIX) < 0)
			return -ENOMEM;
		fd = open(*path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd >= 0 || errno != ENOENT)
			return fd >= 0 ? fd : -errno;
		free(*path);
		*path = NULL;
	}
	return -ENOENT;
}

/*
 * Opens the file of a seal beside the core: the one that was named, or one that may be there.
 * Returns its descriptor, -1 to do without, or -2 if that is an error.
 */
static int open_sidecar(struct audit *audit, const struct options *options, const char *core,
			char **name)
{
	struct complaint why = { "out of memory" };
	char *path = NULL;
	int fd;

	audit->only_sidecar = options->seal;
	if (options->seal) {
		path = strdup(options->seal);
		fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
		fd = path && fd < 0 ? -errno : fd;
	} else {
		fd = try_sidecar(core, &path);
	}
	if (fd == -ENOENT && !options->seal)
		return -1;
	*name = path ? text_escaped(path) : NULL;
	free(path);
	if (fd < 0)
		complaint_set(&why, "%s", strerror(-fd));
	if (*name && audit->digest && fd >= 0 && !input_open(&audit->sidecar, fd, false, &why)) {
		audit->has_sidecar = true;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	fprintf(stderr, "kredact-verify: %s: %s\n", *name ? *name : "", why.text);
	/* What nobody asked for is in nobody's way: the core may have a seal of its own. */
	return options->seal ? -2 : -1;
}

static void allow(struct job *job, struct jail *jail, int fd)
{
	job->sandbox.inputs[job->sandbox.nr_inputs++] = fd;
	jail->files[jail->nr_files++] = fd;
}

static void allow_output(struct job *job, struct jail *jail, int fd)
{
	job->sandbox.outputs[job->sandbox.nr_outputs++] = fd;
	jail->files[jail->nr_files++] = fd;
}

/* Has a child audit a dump whose files are open. */
static int audit_files(struct job *job, const int *fds, struct complaint *why)
{
	struct options *options = job->options;
	struct jail jail = { .run = audit_dump, .arg = job };
	int reports[OUTPUTS_MAX];
	struct progress progress;
	u32 i, nr;

	jail.errors = options->no_sandbox || SANDBOX_NEEDS_STDERR;
	job->sandbox = (struct sandbox){ .spool = -1, .resolver = job->resolver->fd };
	allow(job, &jail, fds[0]);
	if (fds[1] >= 0)
		allow(job, &jail, fds[1]);
	if (job->dump.spool) {
		job->sandbox.spool = spool_fd(job->dump.spool);
		job->sandbox.file_max = spool_file_max(job->dump.spool);
		jail.files[jail.nr_files++] = job->sandbox.spool;
	}
	nr = outputs_files(&options->outputs, reports);
	for (i = 0; i < nr; i++)
		allow_output(job, &jail, reports[i]);
	if (options->redact) {
		allow_output(job, &jail, job->clean.out);
		allow_output(job, &jail, job->clean.list);
	}
	if (job->resolver->fd >= 0)
		jail.files[jail.nr_files++] = job->resolver->fd;
	progress_begin(&progress, options->progress == 1, !options->progress, job->report.file);
	return jail_run(&jail, &progress, why);
}

/* The key is read by who waits, after all is done: whoever reads the dump never has it. */
static int commit(struct job *job, int source)
{
	const char *path = job->options->sign;
	struct signer *signer = NULL;
	struct complaint why;
	int error = 0;

	if (path) {
		signer = signer_load(path, &why);
		error = signer ? 0 : -EINVAL;
	}
	if (!error)
		error = clean_commit(&job->clean, source, job->report.file, signer, &why);
	if (error)
		fprintf(stderr, "kredact-verify: --redact: %s\n", why.text);
	signer_free(signer);
	return error;
}

/* The same, and a cleaned copy. */
static int audit_and_clean(struct job *job, const int *fds, struct complaint *why)
{
	struct complaint no;
	int status = JOB_NO_COPY;

	if (clean_open(&job->clean, job->options->redact, &no)) {
		fprintf(stderr, "kredact-verify: --redact: %s\n", no.text);
		goto out;
	}
	job->redact = (struct redact){
		.out = job->clean.out,
		.list = job->clean.list,
		.notes = job->options->redact_notes,
	};
	job->audit->keep_hits = true;
	status = audit_files(job, fds, why);
	if (*why->text || commit(job, fds[0]))
		status = JOB_NO_COPY;
out:
	clean_close(&job->clean);
	return status;
}

/**
 * job_run() - audit a dump
 * @job:	@options, @audit and @report are set
 * @path:	its name, "-" for standard input
 * @why:	text if it could not be audited to the end; else empty
 *
 * Return: enum verdict, or JOB_NO_COPY.
 */
int job_run(struct job *job, const char *path, struct complaint *why)
{
	const struct options *options = job->options;
	struct audit *audit = job->audit;
	int fds[2] = { -1, -1 }, status = VERDICT_UNVERIFIED;
	char *seal = NULL;

	why->text[0] = '\0';
	fds[0] = dumps_open(path, why);
	if (fds[0] < 0)
		return status;
	if (dump_prepare(&job->dump, fds[0], options->format, options->unpacked_max, why))
		goto out;
	audit->digest = digest_new();
	fds[1] = strcmp(path, "-") || options->seal ?
		 open_sidecar(audit, options, path, &seal) : -1;
	job->report.seal = seal;
	if (fds[1] != -2)
		status = options->redact ? audit_and_clean(job, fds, why) :
					   audit_files(job, fds, why);
out:
	input_close(&audit->sidecar);
	digest_free(audit->digest);
	audit->digest = NULL;
	audit->has_sidecar = false;
	dump_close(&job->dump);
	if (fds[1] >= 0)
		close(fds[1]);
	if (fds[0] > STDIN_FILENO)
		close(fds[0]);
	free(seal);
	return status;
}


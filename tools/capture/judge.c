// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict on a dump: see judge.h.
 *
 * A thread waits for kredact-verify, so that the dump is named as soon as it is all on the
 * disk, and not only when there is a verdict.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "judge.h"

#define UNVERIFIED	2
#define PIPE_SIZE	(1 << 20)
/* From the first byte on. What hangs is killed then, and the dump is unverified. */
#define SECONDS_MOST	(4u * 3600)

/**
 * judge_user() - who reads dumps
 * @settings:	has the name
 * @uid, @gid:	take the numbers
 *
 * Return: 0, or -ENOENT: there is no such user, and it is nobody.
 */
int judge_user(const struct settings *settings, uid_t *uid, gid_t *gid)
{
	const struct passwd *user = getpwnam(settings->user);

	*uid = user && user->pw_uid ? user->pw_uid : 65534;
	*gid = user && user->pw_gid ? user->pw_gid : 65534;
	return user ? 0 : -ENOENT;
}

static void *wait_for_verifier(void *arg)
{
	struct judge *judge = arg;

	judge->error = verifier_run(&judge->result, judge->input, &judge->opts, &judge->why);
	/* If it did not even begin, who feeds it sees that. */
	close(judge->input);
	return NULL;
}

static void set_opts(struct judge *judge, const struct settings *settings)
{
	struct examine_opts *opts = &judge->opts;

	opts->key = settings->key;
	opts->certs = settings->certs;
	while (settings->certs[opts->nr_certs])
		opts->nr_certs++;
	opts->arguments = settings->verify;
	opts->seconds = SECONDS_MOST;
	opts->become = !geteuid();
	opts->uid = judge->stream.uid;
	opts->gid = judge->stream.gid;
}

/**
 * judge_begin() - begin to stream and to verify
 * @judge:	with @stream as far as it differs from one dump to the next; @tee of it is the
 *		child's alone afterwards. And with @opts.seal, or none
 * @settings:	how; outlives @judge
 * @why:	text of an error
 *
 * Return: 0, or a negative errno; then there is nothing to be ended.
 */
int judge_begin(struct judge *judge, const struct settings *settings, struct complaint *why)
{
	struct stream *stream = &judge->stream;
	int ends[2], error;

	judge_user(settings, &stream->uid, &stream->gid);
	stream->level = settings->level;
	stream->most = settings->most;
	stream->patience = settings->tee_patience;
	stream->silence = settings->silence;
	set_opts(judge, settings);
	if (pipe2(ends, O_CLOEXEC))
		return complain(why, -errno, "cannot start: %s", strerror(errno));
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	stream->verify = ends[1];
	judge->input = ends[0];
	/* Forked before there is a thread. It must not keep what it feeds from ending. */
	judge->from = stream_start(stream, &judge->child, why);
	if (judge->from < 0) {
		close(ends[0]);
		return judge->from;
	}
	error = pthread_create(&judge->thread, NULL, wait_for_verifier, judge);
	if (!error)
		return 0;
	close(ends[0]);
	kill(judge->child, SIGKILL);
	stream_end(judge->from, judge->child, &(struct streamed){ 0 }, why);
	return complain(why, -error, "cannot start: %s", strerror(error));
}

/**
 * judge_streamed() - wait until all bytes have gone where they were to go
 * @judge:	begun; to be ended in any case
 * @verdict:	takes what became of them: the size and the digest of what lies on the disk are
 *		those of what was read, or of what it was packed into
 * @why:	text of an error
 *
 * Return: 0, or -EPROTO.
 */
int judge_streamed(struct judge *judge, struct judgement *verdict, struct complaint *why)
{
	struct streamed *streamed = &verdict->streamed;
	int error = stream_end(judge->from, judge->child, streamed, why);
	bool packed = judge->stream.file >= 0;
	struct stat stat;

	if (error) {
		*streamed = (struct streamed){ 0 };
		streamed->cut = *why;
	} else if (packed && (fstat(judge->stream.file, &stat) ||
			      (u64)stat.st_size != streamed->packed.stored)) {
		complaint_set(&streamed->cut, "the file is not as long as was told");
	}
	verdict->examination = (struct examination){
		.status = UNVERIFIED,
		.size = packed ? streamed->packed.stored : streamed->packed.bytes,
	};
	memcpy(verdict->examination.sha256, packed ? streamed->packed.stored_sha256 :
						     streamed->packed.sha256, DIGEST_LEN);
	return error;
}

/* The first check that was not passed, in the verifier's own words. */
static void say_why(struct judgement *verdict)
{
	struct json_object *checks, *check;
	const char *state, *name, *text;
	size_t i;

	checks = json_object_object_get(verdict->examination.report, "checks");
	for (i = 0; i < (checks ? json_object_array_length(checks) : 0); i++) {
		check = json_object_array_get_idx(checks, i);
		state = json_object_get_string(json_object_object_get(check, "state"));
		name = json_object_get_string(json_object_object_get(check, "name"));
		text = json_object_get_string(json_object_object_get(check, "text"));
		if (state && strcmp(state, "passed") && strcmp(state, "not-done")) {
			complaint_set(&verdict->why, "%s: %s", name ?: "", text ?: state);
			return;
		}
	}
	complaint_set(&verdict->why, "kredact-verify ended with status %d",
		      verdict->examination.status);
}

/**
 * judge_end() - wait for the verdict
 * @judge:	begun
 * @verdict:	from judge_streamed(); to be released by judgement_free()
 *
 * Whatever goes wrong is a verdict: unverified.
 */
void judge_end(struct judge *judge, struct judgement *verdict)
{
	struct streamed *streamed = &verdict->streamed;
	struct examination *e = &verdict->examination;
	struct complaint why = { "" };
	struct timespec now;
	int error;

	pthread_join(judge->thread, NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	e->realtime_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	error = judge->error;
	why = judge->why;
	if (!error)
		error = examination_read(e, &judge->result, &why);
	verifier_free(&judge->result);
	/* A verdict on other bytes than those that are there is none. */
	if (!error && !*streamed->cut.text && streamed->verify != FED_ALL)
		error = complain(&why, -EIO, "the verifier did not read all of it");
	if (*streamed->cut.text)
		complaint_set(&verdict->why, "cut off: %.200s", streamed->cut.text);
	else if (error)
		verdict->why = why;
	else if (e->status)
		say_why(verdict);
	if (!error && !*streamed->cut.text)
		return;
	e->status = UNVERIFIED;
	json_object_put(e->report);
	e->report = NULL;
}

/**
 * judgement_free() - release a verdict
 * @verdict:	from judge_end()
 */
void judgement_free(struct judgement *verdict)
{
	examination_free(&verdict->examination);
}

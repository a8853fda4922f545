/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verdict on a dump: its bytes are streamed once, by a process without privileges, and
 * what kredact-verify is given is what the digest is of.
 */
#ifndef KREDACT_CAPTURE_JUDGE_H
#define KREDACT_CAPTURE_JUDGE_H

#include <pthread.h>

#include "attest/examine.h"
#include "attest/verifier.h"
#include "settings.h"
#include "stream.h"

/**
 * struct judge - a verdict in the making
 * @opts:	of kredact-verify
 * @stream:	of the bytes
 * @thread:	waits for kredact-verify
 * @input:	its standard input
 * @result:	takes what it says
 * @error:	it says nothing, ...
 * @why:	... and why
 * @from:	where the child that streams reports
 * @child:	this
 */
struct judge {
	struct examine_opts opts;
	struct stream stream;
	pthread_t thread;
	int input;
	struct verifier_result result;
	int error;
	struct complaint why;
	int from;
	pid_t child;
};

/**
 * struct judgement - the verdict
 * @streamed:	of the bytes
 * @examination: what kredact-verify says; @status is 2 if there is no report
 * @why:	why it is not clean, for people
 */
struct judgement {
	struct streamed streamed;
	struct examination examination;
	struct complaint why;
};

int judge_user(const struct settings *settings, uid_t *uid, gid_t *gid);
int judge_begin(struct judge *judge, const struct settings *settings, struct complaint *why);
int judge_streamed(struct judge *judge, struct judgement *verdict, struct complaint *why);
void judge_end(struct judge *judge, struct judgement *verdict);
void judgement_free(struct judgement *verdict);

#endif /* KREDACT_CAPTURE_JUDGE_H */

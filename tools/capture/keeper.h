/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keeping a dump: from its verdict to its place, with lines in the log and an attestation.
 */
#ifndef KREDACT_CAPTURE_KEEPER_H
#define KREDACT_CAPTURE_KEEPER_H

#include "judge.h"
#include "log/client.h"
#include "store.h"

/**
 * struct keeper - what is needed for that
 * @program:	name for complaints
 * @settings:	all
 * @store:	open
 * @log:	NULL: it cannot be reached
 */
struct keeper {
	const char *program;
	const struct settings *settings;
	struct store store;
	struct log_client *log;
};

/**
 * struct dump - a dump on its way
 * @fd:		of it
 * @name:	that it is to have, or has
 * @folder:	where it is; NULL: in a store of ours
 * @where:	in which store it is, or goes
 * @crash:	what is known of it
 * @verdict:	on it
 */
struct dump {
	int fd;
	char name[STORE_SIDECAR];
	const char *folder;
	enum where where;
	struct crash crash;
	struct judgement verdict;
};

int keeper_open(struct keeper *keeper, const char *program, const struct settings *settings,
		struct complaint *why);
void keeper_close(struct keeper *keeper);
int keeper_tell(struct keeper *keeper, const char *event, const struct dump *dump,
		const char *reason, struct complaint *why);
char *keeper_attest(struct keeper *keeper, const struct judge *judge, struct dump *dump,
		    struct complaint *why);
void keeper_mark(const struct dump *dump, const char *attestation);
void keeper_show(const struct dump *dump, const char *path);
int keeper_finish(struct keeper *keeper, const struct judge *judge, struct dump *dump,
		  struct complaint *why);
int keeper_remove(struct keeper *keeper, const struct stored *stored, const char *reason,
		  struct complaint *why);
int keeper_expire(struct keeper *keeper, u64 room, struct complaint *why);

#endif /* KREDACT_CAPTURE_KEEPER_H */

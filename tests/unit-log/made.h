/* SPDX-License-Identifier: GPL-2.0 */
/* A log that a test makes, by a clock of its own. */
#ifndef KREDACT_TESTS_UNIT_LOG_MADE_H
#define KREDACT_TESTS_UNIT_LOG_MADE_H

#include "log/check.h"
#include "log/writer.h"

#define MADE_SENDER	"{\"pid\":7,\"uid\":0,\"gid\":0,\"comm\":\"test\"}"

/**
 * struct made - a log
 * @path:	of its folder; @dir: the same, open
 * @key:	file of the private key; @public: of the public one
 * @writer:	of it, or NULL
 * @opts:	for the next made_open()
 * @now:	what time it is; each line takes a millisecond
 * @keys:	that are trusted
 */
struct made {
	char path[128];
	char key[160];
	char public[160];
	int dir;
	struct signer *signer;
	struct writer *writer;
	struct writer_opts opts;
	struct writer_now now;
	struct log_keys *keys;
};

/* What checking has found, by kind. */
struct made_check {
	struct check_result result;
	unsigned int kinds[CHECK_KINDS];
	struct check_finding first;	/* of the highest level */
	int status;
};

bool made_init(struct made *made);
bool made_open(struct made *made);
bool made_put(struct made *made, const char *event, const char *data);
bool made_lines(struct made *made, unsigned int count);
bool made_commit(struct made *made);
bool made_close(struct made *made);
void made_check(struct made *made, const char *published, struct made_check *check);
void made_free(struct made *made);

char *made_read(const struct made *made, const char *name, size_t *len);
bool made_write(const struct made *made, const char *name, const char *text, size_t len);
unsigned int made_count(const struct made *made, const char *ending);
int made_run(const char *command, char *out, size_t room);

#endif /* KREDACT_TESTS_UNIT_LOG_MADE_H */

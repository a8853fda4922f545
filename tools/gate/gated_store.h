/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Uploads that are under way: a table, and a folder that survives a restart.
 *
 * In the folder an upload ID has ID.info (who, what, how long), ID.data (the bytes so far),
 * ID.mark (while bytes are at its end that were not checked yet: from where on), ID.attestation
 * and, when it was decided, ID.result.
 */
#ifndef KREDACT_TOOLS_GATED_STORE_H
#define KREDACT_TOOLS_GATED_STORE_H

#include "gate/policy.h"

#define UPLOAD_ID	32u	/* hexadecimal digits */
#define UPLOAD_NAME	201u
#define UPLOAD_SUBJECT	512u
#define UPLOAD_RESULT	6000u

enum upload_state {
	UPLOAD_RECEIVING,
	UPLOAD_WAITING,		/* for its attestation */
	UPLOAD_QUEUED,
	UPLOAD_DECIDING,
	UPLOAD_PASSED,
	UPLOAD_REFUSED,
	UPLOAD_STATES,
};

/**
 * struct upload - a dump that a client sends
 * @id:		names it; empty: this entry is free
 * @subject:	of the client's certificate
 * @name:	of the dump
 * @length:	bytes that there will be
 * @offset:	bytes that there are
 * @fd:		the bytes, while it is not decided; else -1
 * @state:	how far it is
 * @attested:	its attestation is there
 * @busy:	a request is at it
 * @touched:	when something last came, seconds since 1970
 */
struct upload {
	char id[UPLOAD_ID + 1];
	char subject[UPLOAD_SUBJECT];
	char name[UPLOAD_NAME];
	u64 length;
	u64 offset;
	int fd;
	enum upload_state state;
	bool attested;
	bool busy;
	u64 touched;
};

/**
 * struct store - all of them
 * @dir:	the folder
 * @limits:	of the policy
 * @uploads:	the table
 * @nr:		its length
 */
struct gated_store {
	int dir;
	const struct uploads *limits;
	struct upload *uploads;
	u32 nr;
};

/* Why there is no new upload. */
enum upload_refusal { UPLOAD_OK, UPLOAD_TOO_MANY, UPLOAD_QUOTA, UPLOAD_FAILED };

int store_open(struct gated_store *store, const struct uploads *limits, struct complaint *why);
void store_close(struct gated_store *store);
struct upload *store_find(struct gated_store *store, const char *id, const char *subject);
enum upload_refusal store_new(struct gated_store *store, const char *subject, const char *name,
			      u64 length, struct upload **upload);
void store_remove(struct gated_store *store, struct upload *upload);
void store_sweep(struct gated_store *store, u64 now);
int store_mark(struct gated_store *store, struct upload *upload, bool set);
int store_put_file(struct gated_store *store, const struct upload *upload, const char *suffix,
		   const void *bytes, size_t len);
int store_result(struct gated_store *store, struct upload *upload, bool passed, const char *text);
char *store_read_result(struct gated_store *store, const struct upload *upload);
void store_advance(struct upload *upload);

#endif /* KREDACT_TOOLS_GATED_STORE_H */

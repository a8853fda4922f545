/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The store of clean dumps, and the quarantine of all others: see Documentation/capture.rst.
 *
 * A dump begins in the quarantine under no name (O_TMPFILE), is linked there as NAME.pending
 * when all of it is on the disk, and gets its own name, in the one folder or the other, when
 * everything that belongs to it is there.
 */
#ifndef KREDACT_CAPTURE_STORE_H
#define KREDACT_CAPTURE_STORE_H

#include <sys/types.h>

#include "crash.h"
#include "settings.h"

#define STORE_PENDING		".pending"
/* A name with all suffixes, and that of a sidecar. */
#define STORE_NAME		(CRASH_NAME + 40u)
#define STORE_SIDECAR		(STORE_NAME + 20u)

enum where {
	STORE_CLEAN,
	STORE_QUARANTINE,
	STORES,
};

/**
 * struct store - both folders, open
 * @paths:	of them
 * @dirs:	descriptors
 * @groups:	whom their files belong to
 * @quotas:	of them
 */
struct store {
	const char *paths[STORES];
	int dirs[STORES];
	gid_t groups[STORES];
	const struct quota *quotas[STORES];
};

/**
 * struct stored - a dump in one of the folders
 * @name:	of it
 * @where:	which
 * @pending:	it has no name of its own yet
 * @attested:	an attestation lies beside it
 * @bytes:	of the file
 * @disk:	bytes on the disk, with the attestation's
 * @mtime:	seconds since 1970
 */
struct stored {
	char name[STORE_SIDECAR];
	enum where where;
	bool pending;
	bool attested;
	u64 bytes;
	u64 disk;
	u64 mtime;
};

const char *where_word(enum where where);
int store_open(struct store *store, const struct settings *settings, struct complaint *why);
void store_close(struct store *store);
int store_new(const struct store *store, struct complaint *why);
u64 store_free(const struct store *store);
u64 store_room(const struct store *store);
int store_pend(const struct store *store, int fd, const char *stem, const char *suffix,
	       char *name, struct complaint *why);
int store_take(const struct store *store, int dir, const char *from, int *fd, char *name,
	       struct complaint *why);
int store_sidecar(const struct store *store, enum where where, const char *name,
		  const char *text, struct complaint *why);
int store_settle(const struct store *store, enum where where, int fd, const char *name,
		 struct complaint *why);
int store_remove(const struct store *store, enum where where, const char *name,
		 struct complaint *why);
int store_list(const struct store *store, enum where where, struct stored **list, u32 *nr,
	       struct complaint *why);
int store_tidy(const struct store *store, struct complaint *why);
int store_sync(const struct store *store, enum where where, struct complaint *why);
int sidecar_link(int dir, const char *path, const char *name, const char *text, mode_t mode,
		 gid_t group, struct complaint *why);

#endif /* KREDACT_CAPTURE_STORE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What capture.conf says: see capture.conf(5).
 */
#ifndef KREDACT_CAPTURE_SETTINGS_H
#define KREDACT_CAPTURE_SETTINGS_H

#include <libconfig.h>
#include <stdio.h>

#include "platform.h"

#define CAPTURE_CONF	"/etc/kredact/capture.conf"
#define CAPTURE_WORDS	32u	/* in one list */

/**
 * struct quota - how much is kept in a store
 * @bytes:	on the disk
 * @files:	dumps
 * @keep_free:	bytes of the file system that stay free
 * @age:	seconds after which a dump goes; 0: never
 */
struct quota {
	u64 bytes;
	u64 files;
	u64 keep_free;
	u64 age;
};

/**
 * struct settings - what is to be done with dumps
 * @store:	folder of clean dumps
 * @quarantine:	folder of all others, on the same file system
 * @store_quota, @quarantine_quota: of these
 * @sign:	private key that attests, a file or a URI; NULL: nothing can be stored
 * @key:	file of the key of seals; NULL: seals are not authenticated
 * @certs:	files of public keys whose private halves are searched for, ended by NULL
 * @verify:	further arguments of kredact-verify, ended by NULL
 * @log:	socket of kredact-logd; NULL: the usual one
 * @user:	who handles bytes of dumps
 * @most:	bytes of a core, before it is packed
 * @level:	of zstd
 * @tee:	arguments of another handler, ended by NULL; tee[0] is NULL: none
 * @tee_patience: seconds that it may hold up a dump, altogether
 * @silence:	seconds without a byte from the kernel after which a dump is cut off
 * @move:	what a scan finds to be unclean goes to the quarantine; else it is marked
 *
 * Texts belong to @file.
 */
struct settings {
	const char *store;
	const char *quarantine;
	struct quota store_quota;
	struct quota quarantine_quota;
	const char *sign;
	const char *key;
	const char *certs[CAPTURE_WORDS + 1];
	const char *verify[CAPTURE_WORDS + 1];
	const char *log;
	const char *user;
	u64 most;
	u64 level;
	const char *tee[CAPTURE_WORDS + 1];
	u64 tee_patience;
	u64 silence;
	bool move;
	config_t file;
};

struct settings *settings_default(void);
struct settings *settings_load(const char *path, FILE *errors);
void settings_free(struct settings *settings);

#endif /* KREDACT_CAPTURE_SETTINGS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* The programs that are crashed: how each is started, loaded, and its secrets registered. */
#ifndef PROGRAMS_PROGRAM_H
#define PROGRAMS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PLACES_MAX	16

/**
 * struct registered - a place that is registered, or would be
 * @secret:	index of the secret whose bytes it holds (scan.h)
 * @addr:	where
 * @len:	bytes
 * @reversed:	in reverse order
 */
struct registered {
	unsigned int secret;
	uint64_t addr;
	size_t len;
	bool reversed;
};

/**
 * struct running - a program under load
 * @pid:	the process to crash
 * @places:	what of it is registered, or would be
 * @nr_places:	0 where another process registers for the user (KREDACT_GROUP)
 */
struct running {
	pid_t pid;
	struct registered places[PLACES_MAX];
	unsigned int nr_places;
};

/**
 * struct program - a program to crash
 * @name:	as in the results
 * @what:	for people
 * @arg:	of a load program: its library and WHAT (load.h); NULL for a daemon
 * @secrets:	names of the files with what must not be in its cores: below KEYS, or
 *		for a daemon below KEYS/secret/NAME
 * @begin:	before the first crash of a series; with registration or without
 * @start:	bring it under load. False: it did not come to that
 * @end:	after the last crash
 * @keys:	the folder instead of NAME, or NULL
 * @watch:	its name as a process, if "kredact watch" is to tag its keys; NULL: they are
 *		registered
 * @preload:	all that OpenSSL has in it is registered, by LD_PRELOAD
 * @pick:	which process to crash, or NULL: that of start()
 *
 * A daemon's files, sockets and clients live from begin() to end().
 */
struct program {
	const char *name;
	const char *what;
	const char *arg;
	const char *const *secrets;
	bool (*begin)(const struct program *p, bool registers);
	bool (*start)(const struct program *p, bool registers, struct running *r);
	void (*end)(const struct program *p);
	const char *keys;
	const char *watch;
	bool preload;
	pid_t (*pick)(const struct running *r);
};

extern const struct program programs[];

/* The user that agents run as. */
#define AGENT_UID	1000

#define PATIENCE_MS	60000

#define KEYS		"/kredact/programs/keys"
#define BIN		"/kredact/programs"
#define WORK		"/tmp/programs"		/* sockets, homes and cores, on tmpfs */

/* start.c: end a process and reap it. */
void finish(pid_t pid);

/*
 * For the programs of watched.c, which are those of start.c.
 */
pid_t spawn(const char *const *argv, const char *const *env, uid_t uid, int out);
bool run_to_end(const char *const *argv, const char *const *env, uid_t uid);
bool next_line(int fd, char *line, size_t len, int timeout_ms);
pid_t last_child(pid_t parent, pid_t but);
bool wait_for_client(void);
bool start_client_pair(const char *const *const argv[2], uid_t uid);
void end_clients(void);
extern const char *const no_env[];
extern const char *const ssh_secrets[];
bool agent_begin(const struct program *p, bool registers);
void agent_end(const struct program *p);
bool ssh_start(const struct program *p, bool registers, struct running *r);
bool gpg_start(const struct program *p, bool registers, struct running *r);

/**
 * watch_begin - let kredact watch look after the processes of a name from now on
 *
 * Return: false if it does not come to that; it says why.
 */
bool watch_begin(const char *comm);

/* It ends, and what it says becomes comments. Return: false if it failed, or tags failed. */
bool watch_end(void);

/* watched.c: programs whose keys kredact watch tags, or a library that is preloaded. */
extern const struct program watched_programs[];

/* registrar.c: what an administrator can do for a program that knows nothing of kredact. */

/**
 * find_places - find one live place of each secret in a process's memory
 * @r:		in: pid; out: the places
 *
 * A place is live if a pointer to it is somewhere in that memory: a copy that was left
 * behind would not do, since what is registered is what is hunted.
 *
 * Return: false if a secret has no place.
 */
bool find_places(struct running *r);

/* Register the places of another process. */
bool register_places(const struct running *r);

/**
 * hold_secrets - register all secrets for all processes of a user
 *
 * Return: a process of that user that holds them until it is killed, or -1.
 */
pid_t hold_secrets(uid_t uid);

#endif /* PROGRAMS_PROGRAM_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols from outside the sandbox: see resolver.h.
 *
 * A query and its answer are one packet each. The process ends when nobody is left who
 * could ask. It is started before there are keys or secrets, and reads no dump.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "resolver.h"

/* Longer than any symbol table takes; then the report does without. */
#define PATIENCE	10

struct answer {
	u32 found;
	u32 reserved;
	struct symbol symbol;
};

/* Does not return. */
static void serve(int fd, const char *debug_folder)
{
	struct symbols *symbols = symbols_new(debug_folder);
	struct symbol_query query;
	struct answer answer;

	while (symbols && recv(fd, &query, sizeof(query), 0) == sizeof(query)) {
		answer = (struct answer){ 0 };
		answer.found = symbols_find(symbols, &query, &answer.symbol);
		if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer))
			break;
	}
	symbols_free(symbols);
	_exit(0);
}

/**
 * resolver_start() - start the process
 * @resolver:	to be released by resolver_stop()
 * @debug_folder: as for symbols_new()
 *
 * Return: 0 or a negative errno, after which asking finds nothing.
 */
int resolver_start(struct resolver *resolver, const char *debug_folder)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	pid_t pid, parent = getpid();
	int ends[2];

	resolver->fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Neither the reports nor the dump are its business. */
		if (getppid() != parent || dup2(ends[1], STDIN_FILENO) < 0 ||
		    close_range(STDERR_FILENO + 1, ~0U, 0) || close(STDOUT_FILENO) ||
		    close(STDERR_FILENO))
			_exit(1);
		serve(STDIN_FILENO, debug_folder);
	}
	close(ends[1]);
	if (pid < 0 || setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) {
		close(ends[0]);
		return -EAGAIN;
	}
	resolver->fd = ends[0];
	return 0;
}

/**
 * resolver_stop() - let the process end, which it does as well when this one ends
 * @resolver:	from resolver_start()
 */
void resolver_stop(struct resolver *resolver)
{
	if (resolver->fd >= 0)
		close(resolver->fd);
	resolver->fd = -1;
}

/**
 * resolver_ask() - ask for a symbol; see symbols_find()
 * @arg:	a struct resolver
 * @query:	which
 * @symbol:	takes it
 *
 * Works in the sandbox. Whoever did not answer in time is not asked again.
 *
 * Return: false if there is none.
 */
bool resolver_ask(void *arg, const struct symbol_query *query, struct symbol *symbol)
{
	struct resolver *resolver = arg;
	struct answer answer;

	if (resolver->fd < 0)
		return false;
	if (send(resolver->fd, query, sizeof(*query), MSG_NOSIGNAL) != sizeof(*query) ||
	    recv(resolver->fd, &answer, sizeof(answer), 0) != sizeof(answer)) {
		resolver->fd = -1;
		return false;
	}
	*symbol = answer.symbol;
	symbol->name[sizeof(symbol->name) - 1] = '\0';
	return answer.found;
}

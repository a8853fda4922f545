// SPDX-License-Identifier: GPL-2.0
/*
 * The process at the other end of a coredump socket: see peer.h.
 *
 * The kernel connects in the name of the process that crashes, and notes that this one dumps
 * before it does so. Of all others who can connect nobody is marked so.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "coredump_abi.h"
#include "peer.h"

static int find_pidfd(struct peer *peer, int fd, struct ucred *cred, struct complaint *why)
{
	socklen_t len = sizeof(*cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len))
		return complain(why, -errno, "no coredump socket: %s", strerror(errno));
	len = sizeof(peer->pidfd);
	if (getsockopt(fd, SOL_SOCKET, ABI_PEERPIDFD, &peer->pidfd, &len))
		return complain(why, -errno, "the kernel does not say who it is: %s",
				strerror(errno));
	return 0;
}

/**
 * peer_meet() - see who is at the other end, and whether it dumps
 * @peer:	takes the process; @pidfd is the caller's, -1 after an error
 * @fd:		a connection
 * @why:	text of an error
 *
 * Return: 0, or a negative errno: it is nobody that the kernel has connected for.
 */
int peer_meet(struct peer *peer, int fd, struct complaint *why)
{
	struct abi_info info = {
		.mask = ABI_INFO_COREDUMP | ABI_INFO_SIGNAL | ABI_INFO_EXIT,
	};
	struct ucred cred;
	int error;

	*peer = (struct peer){ .pidfd = -1 };
	error = find_pidfd(peer, fd, &cred, why);
	if (!error && ioctl(peer->pidfd, ABI_GET_INFO, &info))
		error = complain(why, -errno, "the kernel does not tell of process %d: %s",
				 (int)cred.pid, strerror(errno));
	/* Older kernels do not know the bit, and leave it out. */
	else if (!error && (!(info.mask & ABI_INFO_COREDUMP) ||
			    !(info.coredump_mask & ABI_COREDUMPED)))
		error = complain(why, -EPERM, "process %d does not dump", (int)cred.pid);
	if (error) {
		if (peer->pidfd >= 0)
			close(peer->pidfd);
		peer->pidfd = -1;
		return error;
	}
	/* If its parent has already buried it, that is what it was when it connected. */
	if (!(info.mask & ABI_INFO_PID))
		info.tgid = cred.pid;
	if (!(info.mask & ABI_INFO_CREDS)) {
		info.ruid = cred.uid;
		info.rgid = cred.gid;
	}
	snprintf(peer->pid, sizeof(peer->pid), "%u", info.tgid);
	snprintf(peer->uid, sizeof(peer->uid), "%u", info.ruid);
	snprintf(peer->gid, sizeof(peer->gid), "%u", info.rgid);
	if (info.mask & ABI_INFO_SIGNAL)
		snprintf(peer->signal, sizeof(peer->signal), "%u", info.coredump_signal);
	snprintf(peer->time, sizeof(peer->time), "%llu", (unsigned long long)time(NULL));
	return 0;
}

/* Whose number can be another's is asked by its pidfd. */
static bool is_there(const struct peer *peer)
{
	struct abi_info info = { .mask = ABI_INFO_PID };

	return !ioctl(peer->pidfd, ABI_GET_INFO, &info) && info.mask & ABI_INFO_PID;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

/**
 * peer_describe() - all that is known of a process that dumps
 * @peer:	from peer_meet(); outlives @specifiers
 * @specifiers:	take what the kernel would have given a handler, as far as it is known
 * @crash:	takes facts, also from /proc; outlives @specifiers
 */
void peer_describe(const struct peer *peer, struct specifiers *specifiers, struct crash *crash)
{
	static const enum fact of_proc[] = { FACT_COMM, FACT_EXE, FACT_UNIT, FACT_START_NS };
	u32 i;

	*specifiers = (struct specifiers){ 0 };
	specifiers->values['P'] = peer->pid;
	specifiers->values['u'] = peer->uid;
	specifiers->values['g'] = peer->gid;
	specifiers->values['s'] = or_null(peer->signal);
	specifiers->values['t'] = peer->time;
	crash_of(crash, specifiers);
	if (!is_there(peer)) {
		for (i = 0; i < sizeof(of_proc) / sizeof(*of_proc); i++)
			*crash->facts[of_proc[i]] = '\0';
		if (!*peer->signal)
			*crash->facts[FACT_SIGNAL] = '\0';
	}
	specifiers->values['s'] = crash->facts[FACT_SIGNAL];
	specifiers->values['e'] = crash->facts[FACT_COMM];
}

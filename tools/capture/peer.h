/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process at the other end of a coredump socket.
 */
#ifndef KREDACT_CAPTURE_PEER_H
#define KREDACT_CAPTURE_PEER_H

#include "crash.h"

/**
 * struct peer - a process that dumps
 * @pidfd:	of it
 * @pid, @uid, @gid, @signal, @time: in digits, as the kernel gives them to a handler; @signal
 *		is empty if it does not tell
 */
struct peer {
	int pidfd;
	char pid[12];
	char uid[12];
	char gid[12];
	char signal[12];
	char time[24];
};

int peer_meet(struct peer *peer, int fd, struct complaint *why);
void peer_describe(const struct peer *peer, struct specifiers *specifiers, struct crash *crash);

#endif /* KREDACT_CAPTURE_PEER_H */

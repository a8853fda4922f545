/* SPDX-License-Identifier: GPL-2.0 */
/* Being a daemon: one at a time, its messages, and what systemd is told. */
#ifndef KREDACT_TOOLS_DAEMON_H
#define KREDACT_TOOLS_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * daemon_lock - be the only one, until this process ends
 *
 * Return: success, or false with errno set; EWOULDBLOCK: there is another one.
 */
bool daemon_lock(void);

/**
 * daemon_pid - the daemon that is at work
 *
 * Return: its process, 0 if there is none, or -1 if that is not for this user to know.
 */
int daemon_pid(void);

/**
 * say - a line on standard error, with the name of the program in front
 * @format:	without a line feed
 */
__attribute__((format(printf, 1, 2)))
void say(const char *format, ...);

/**
 * notify - tell systemd how it stands (sd_notify(3)); nothing if it did not ask
 * @format:	assignments, one a line
 */
__attribute__((format(printf, 1, 2)))
void notify(const char *format, ...);

/**
 * end_child - SIGTERM to a child, and wait for its end
 * @pid:	negative: there is none, as afterwards
 */
void end_child(pid_t *pid);

#endif /* KREDACT_TOOLS_DAEMON_H */

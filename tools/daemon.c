// SPDX-License-Identifier: GPL-2.0
/* Being a daemon: see daemon.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"

#define LOCK_FILE	"/run/kredactd.lock"

bool daemon_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	/* Root's only: who can open it could keep the lock from the daemon. */
	int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return false;
	if (!fcntl(fd, F_SETLK, &lock))
		return true;
	if (errno == EACCES || errno == EAGAIN)
		errno = EWOULDBLOCK;
	close(fd);
	return false;
}

int daemon_pid(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW), err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	err = fcntl(fd, F_GETLK, &lock);
	close(fd);
	if (err)
		return -1;
	return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

void say(const char *format, ...)
{
	va_list ap;

	fputs("kredactd: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void notify(const char *format, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	char text[512];
	va_list ap;
	int fd;

	if (!len || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = 0;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
	       offsetof(struct sockaddr_un, sun_path) + len);
	close(fd);
}

void end_child(pid_t *pid)
{
	if (*pid < 0)
		return;
	kill(*pid, SIGTERM);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = -1;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Modules that go in and out: see module.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"

int module_open(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s.ko", getenv("KREDACT_MODULES") ?: "..", name);
	return open(path, O_RDONLY);
}

int module_insert(const char *name, const char *parameters)
{
	int fd = module_open(name), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return ret;
}

int module_remove(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

int module_remove_soon(const char *name)
{
	int tries, ret = -EAGAIN;

	for (tries = 0; tries < 100; tries++) {
		ret = module_remove(name);
		if (ret != -EAGAIN && ret != -EBUSY && ret != -EWOULDBLOCK)
			break;
		usleep(20000);
	}
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into a kredact for tests, in place of open() and ioctl(): what goes to
 * /dev/kredact goes to a file (device.h). It keeps to <linux/kredact.h>; what
 * the module does is tested in virtual machines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "device.h"

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long cmd, ...);

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if (!strcmp(path, KREDACT_DEVICE))
		return __real_open("device", O_RDWR | O_CLOEXEC);
	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	return __real_open(path, flags, mode);
}

static int set_policy(struct device *device, const struct kredact_policy *policy)
{
	if (policy->size != sizeof(*policy) || policy->flags || policy->reserved)
		return EINVAL;
	if (device->set_errno)
		return device->set_errno;
	device->policy = *policy;
	device->sets++;
	return 0;
}

/* The process of a pidfd; 0 if it has gone. */
static int pid_of(int pidfd)
{
	char path[64], line[128];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Pid: %d", &pid);
	if (file)
		fclose(file);
	return pid > 0 ? pid : 0;
}

static int list(struct device *device, struct kredact_list *list)
{
	struct kredact_tag *to = (struct kredact_tag *)(uintptr_t)list->tags;
	const struct device_process *process = NULL;
	__u32 room = list->nr, i;
	int pid = pid_of((int)list->pidfd);

	if (list->size != sizeof(*list) || list->flags != KREDACT_PIDFD)
		return EINVAL;
	list->nr = 0;
	if (device->interrupt) {
		device->interrupt--;
		return EINTR;
	}
	for (i = 0; i < DEVICE_PROCESSES; i++)
		if (pid && device->processes[i].pid == pid)
			process = &device->processes[i];
	if (!process)
		return pid ? 0 : ESRCH;
	if (process->error)
		return process->error;
	list->mm = process->mm;
	list->ranges = process->nr;
	if (room > device->most)
		room = device->most;
	for (; list->place[0] < process->nr && list->nr < room; list->place[0]++)
		to[list->nr++] = process->tags[list->place[0]];
	return 0;
}

static int call(struct device *device, unsigned long cmd, void *arg)
{
	struct kredact_policy *policy = arg;
	struct kredact_info *info = arg;
	/* An older module writes no more than the struct that it knows. */
	size_t known = device->old ? KREDACT_INFO_SIZE_VER1 : sizeof(*info);

	switch (cmd) {
	case KREDACT_IOC_INFO:
		if (info->size != sizeof(*info))
			return EINVAL;
		memcpy(info, &device->info, known);
		return 0;
	case KREDACT_IOC_GET_POLICY:
		if (device->old)
			return ENOTTY;
		if (policy->size != sizeof(*policy) || policy->flags || policy->reserved)
			return EINVAL;
		*policy = device->policy;
		return 0;
	case KREDACT_IOC_LIST:
		return device->old ? ENOTTY : list(device, arg);
	case KREDACT_IOC_SET_POLICY:
		return device->old ? ENOTTY : set_policy(device, policy);
	default:
		return ENOTTY;
	}
}

int __wrap_ioctl(int fd, unsigned long cmd, ...)
{
	struct device device;
	va_list args;
	void *arg;
	int ret;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	if (pread(fd, &device, sizeof(device), 0) != sizeof(device))
		abort();
	ret = call(&device, cmd, arg);
	if (pwrite(fd, &device, sizeof(device), 0) != sizeof(device))
		abort();
	errno = ret;
	return ret ? -1 : 0;
}

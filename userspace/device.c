// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /dev/kredact: opened when first needed, and again when somebody closed it or
 * put another file in its place. The descriptor carries no authority over
 * memory, so it does not matter that a child shares it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "internal.h"

pthread_mutex_t kr_device_lock = PTHREAD_MUTEX_INITIALIZER;
const char *kr_device_path = KREDACT_DEVICE;

/*
 * Written under the lock, the number of the device first; read without. A reader
 * that sees an old descriptor with a new device takes it for a stranger, and
 * comes to the lock.
 */
static int device_fd = -1;
static dev_t device_rdev;

static int ioctl_nointr(int fd, unsigned long cmd, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, cmd, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static int current_fd(void)
{
	int fd = __atomic_load_n(&device_fd, __ATOMIC_ACQUIRE);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != __atomic_load_n(&device_rdev, __ATOMIC_RELAXED))
		return -1;
	return fd;
}

/* Whatever open() finds wrong with the path itself means the same: no device there. */
static int open_error(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return -err;
	default:
		return -ENODEV;
	}
}

static int open_new(void)
{
	struct kredact_info info = { .size = sizeof(info) };
	struct stat st;
	int fd, high, err;

	do {
		fd = open(kr_device_path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return open_error(errno);

	/* A program that closed its standard streams expects to get these numbers itself. */
	if (fd <= STDERR_FILENO) {
		high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		err = errno;
		close(fd);
		if (high < 0)
			return open_error(err);
		fd = high;
	}

	err = -ENODEV;
	if (fstat(fd, &st) || !S_ISCHR(st.st_mode))
		goto close;
	if (ioctl_nointr(fd, KREDACT_IOC_INFO, &info))
		goto close;
	if (info.abi != KREDACT_ABI_VERSION) {
		err = -EPROTONOSUPPORT;
		goto close;
	}

	__atomic_store_n(&device_rdev, st.st_rdev, __ATOMIC_RELAXED);
	__atomic_store_n(&device_fd, fd, __ATOMIC_RELEASE);
	return fd;

close:
	close(fd);
	return err;
}

/* The descriptor, checked, or why there is none. It stays the library's. */
int kr_device_open(void)
{
	int fd = current_fd(), cancel;

	if (likely(fd >= 0))
		return fd;

	/* open() and close() are cancellation points, and the lock would stay taken. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&kr_device_lock);
	fd = current_fd();
	if (fd < 0)
		fd = open_new();
	pthread_mutex_unlock(&kr_device_lock);
	pthread_setcancelstate(cancel, NULL);
	return fd;
}

/*
 * Returns 0, the call's negative errno, or -ENODEV where the device cannot be
 * opened, whatever the reason. Another thread may have replaced the descriptor
 * since it was checked: EBADF and ENOTTY are worth a second look.
 */
int kr_device_ioctl(unsigned long cmd, void *arg)
{
	int fd, err = -ENODEV;

	for (int i = 0; i < 2; i++) {
		fd = kr_device_open();
		if (fd < 0)
			return -ENODEV;
		err = ioctl_nointr(fd, cmd, arg);
		if (err != -EBADF && err != -ENOTTY)
			return err;
	}
	return err == -EBADF ? -ENODEV : err;
}

KR_API int kredact_module(void)
{
	int fd;

	kr_init();
	fd = kr_device_open();
	return fd < 0 ? fd : 0;
}

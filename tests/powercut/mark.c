// SPDX-License-Identifier: GPL-2.0
/* Marks in the log of a disk's writes: see mark.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/fs.h>

#include "mark.h"

#define SECTOR	512

/**
 * mark_open() - open a disk for marks
 * @disk: its device, which may have a mounted file system at its begin
 *
 * Return: a descriptor, which the caller closes, or -1 with errno.
 */
int mark_open(const char *disk)
{
	return open(disk, O_WRONLY | O_DIRECT | O_CLOEXEC);
}

/**
 * mark_put() - write a mark, into the last sector of the disk
 * @fd: from mark_open()
 * @format: its text, of less than a sector
 *
 * When it returns, the mark is behind all that was complete when it was called.
 *
 * Return: 0, or -1 with errno.
 */
int mark_put(int fd, const char *format, ...)
{
	char sector[SECTOR] __attribute__((aligned(SECTOR))) = "";
	unsigned long long size;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(sector, sizeof(sector), format, ap);
	va_end(ap);
	if (len < 0 || len >= SECTOR) {
		errno = EMSGSIZE;
		return -1;
	}
	if (ioctl(fd, BLKGETSIZE64, &size))
		return -1;
	return pwrite(fd, sector, SECTOR, size - SECTOR) == SECTOR ? 0 : -1;
}

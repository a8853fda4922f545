/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks in the log of what is written to a disk: they tell the host, in the order of the
 * writes, what a program has been promised. They are sectors behind the file system, written
 * past the page cache.
 */
#ifndef KREDACT_POWERCUT_MARK_H
#define KREDACT_POWERCUT_MARK_H

int mark_open(const char *disk);
int mark_put(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that are under their name when they are whole and on the disk, and not before.
 */
#ifndef KREDACT_TOOLS_PUBLISH_H
#define KREDACT_TOOLS_PUBLISH_H

#include "text.h"

int publish(const char *path, const void *bytes, size_t len, struct complaint *why);
int publish_file(int dir, int *fd, mode_t mode, struct complaint *why);
int publish_link(int fd, int dir, const char *name, struct complaint *why);
int publish_write(int fd, const void *bytes, size_t len, struct complaint *why);

#endif /* KREDACT_TOOLS_PUBLISH_H */

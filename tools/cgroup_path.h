/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cgroup (version 2) by its number.
 */
#ifndef KREDACT_TOOLS_CGROUP_PATH_H
#define KREDACT_TOOLS_CGROUP_PATH_H

#include "platform.h"

#define CGROUP_PATH_LEN	1024

const char *cgroup_path(u64 id, char *to);

#endif /* KREDACT_TOOLS_CGROUP_PATH_H */

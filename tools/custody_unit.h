/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which unit and which container a cgroup belongs to, by its name.
 */
#ifndef KREDACT_TOOLS_CUSTODY_UNIT_H
#define KREDACT_TOOLS_CUSTODY_UNIT_H

#define CUSTODY_UNIT_LEN	256

const char *custody_unit(const char *cgroup, char *to);
const char *custody_container(const char *cgroup, char *to);

#endif /* KREDACT_TOOLS_CUSTODY_UNIT_H */

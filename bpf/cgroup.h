/* SPDX-License-Identifier: GPL-2.0 */
/* Cgroups (version 2), by what people call them. */
#ifndef KREDACT_BPF_CGROUP_H
#define KREDACT_BPF_CGROUP_H

#include <stdint.h>

/**
 * cgroup_id - the number by which the kernel knows a cgroup
 * @folder:	of it
 *
 * Return: that of the folder, or 0 if there is none.
 */
uint64_t cgroup_id(const char *folder);

/**
 * cgroup_of_unit - the cgroup of a unit of systemd that is active
 * @name:	of the unit; ".service" may be left out
 *
 * Return: a path for the caller to free(), or NULL if there is none.
 */
char *cgroup_of_unit(const char *name);

/**
 * cgroup_of_container - the cgroup of a container that runs
 * @id:		of the container, 12 hexadecimal digits of it at least
 *
 * Knows those that have the id in the name of their cgroup: Docker, Podman, containerd,
 * CRI-O, Kubernetes.
 *
 * Return: a path for the caller to free(), or NULL if there is none.
 */
char *cgroup_of_container(const char *id);

/**
 * cgroup_each - all cgroups whose folder has a name
 * @name:	the whole of it
 * @found:	called with the path of each; what it returns, if not 0, ends the search
 * @arg:	for @found
 *
 * Not thread-safe, as the others.
 *
 * Return: 0, or what @found returned.
 */
int cgroup_each(const char *name, int (*found)(const char *path, void *arg), void *arg);

#endif /* KREDACT_BPF_CGROUP_H */

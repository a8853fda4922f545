/* SPDX-License-Identifier: GPL-2.0 */
/* Folders of cgroups (version 2), by what people call them. */
#ifndef KREDACT_CGROUP_H
#define KREDACT_CGROUP_H

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

#endif /* KREDACT_CGROUP_H */

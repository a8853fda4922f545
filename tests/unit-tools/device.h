/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device for tests of kredact: the file "device" in the working directory.
 */
#ifndef KREDACT_TESTS_DEVICE_H
#define KREDACT_TESTS_DEVICE_H

#include <linux/kredact.h>

#define DEVICE_PROCESSES	3
#define DEVICE_TAGS		6

/**
 * struct device_process - a process that KREDACT_IOC_LIST knows; it has nothing to tell of others
 * @pid:	its number
 * @error:	why it may not be listed, or 0
 * @mm:		of its address space
 * @nr:		its tags
 * @tags:	by their addresses
 */
struct device_process {
	int pid;
	int error;
	__u64 mm;
	__u32 nr;
	struct kredact_tag tags[DEVICE_TAGS];
};

/**
 * struct device - what is in that file
 * @old:	a module from before policies
 * @set_errno:	of KREDACT_IOC_SET_POLICY; 0: works
 * @sets:	policies set
 * @policy:	the policy
 * @info:	what KREDACT_IOC_INFO says
 * @most:	tags that it tells in one call
 * @interrupt:	the next so many calls of KREDACT_IOC_LIST are interrupted
 * @processes:	those with tags
 */
struct device {
	int old;
	int set_errno;
	int sets;
	struct kredact_policy policy;
	struct kredact_info info;
	__u32 most;
	int interrupt;
	struct device_process processes[DEVICE_PROCESSES];
};

#endif /* KREDACT_TESTS_DEVICE_H */

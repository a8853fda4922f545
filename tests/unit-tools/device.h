/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device for tests of kredact: the file "device" in the working directory.
 */
#ifndef KREDACT_TESTS_DEVICE_H
#define KREDACT_TESTS_DEVICE_H

#include <linux/kredact.h>

/**
 * struct device - what is in that file
 * @old:	a module from before policies
 * @set_errno:	of KREDACT_IOC_SET_POLICY; 0: works
 * @sets:	policies set
 * @policy:	the policy
 * @info:	what KREDACT_IOC_INFO says
 */
struct device {
	int old;
	int set_errno;
	int sets;
	struct kredact_policy policy;
	struct kredact_info info;
};

#endif /* KREDACT_TESTS_DEVICE_H */

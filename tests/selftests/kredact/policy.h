/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The administrator's policy, for a test that changes it.
 */
#ifndef KREDACT_SELFTEST_POLICY_H
#define KREDACT_SELFTEST_POLICY_H

#include <errno.h>
#include <sys/ioctl.h>

#include "core.h"

/* 0, or -errno. */
static inline int policy_get(struct kredact_policy *policy)
{
	*policy = (struct kredact_policy){ .size = sizeof(*policy) };
	return ioctl(kredact_fd(), KREDACT_IOC_GET_POLICY, policy) ? -errno : 0;
}

static inline int policy_set(const struct kredact_policy *policy)
{
	return ioctl(kredact_fd(), KREDACT_IOC_SET_POLICY, policy) ? -errno : 0;
}

#endif /* KREDACT_SELFTEST_POLICY_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Things that a process does with its tags, each of which ends with a core:
 * done again and again by tests that make calls fail meanwhile.
 */
#ifndef KREDACT_SELFTEST_SCENARIO_H
#define KREDACT_SELFTEST_SCENARIO_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct faults - how calls are made to fail
 * @arm:	from now on the nth call for this process fails
 * @disarm:	no more; returns how many have failed
 * @failed:	likewise, of a process that died armed and was not reaped yet
 * @many:	more than one call fails
 * @kernel:	calls of the kernel itself fail too, and a core may be missing or cut short
 */
struct faults {
	void (*arm)(unsigned int nth);
	unsigned int (*disarm)(void);
	unsigned int (*failed)(pid_t pid);
	bool many;
	bool kernel;
};

/**
 * struct outcome - of one run
 * @failed:	calls that were made to fail
 * @dumped:	the kernel says that there is a core
 * @sealed:	with a seal that is whole
 * @left_out:	pages that the seal says were left out since something failed
 * @why:	what is wrong; empty if nothing is
 */
struct outcome {
	unsigned int failed;
	bool dumped;
	bool sealed;
	unsigned int left_out;
	char why[128];
};

struct scenario;
extern const struct scenario
	register_one, register_label, register_overlap, register_batch, register_many,
	register_pinned, unregister_one, watch_events, query_and_info,
	register_for_another, read_another,
	install_key, fork_tagged, move_middle, move_by_uffd, unmap_middle, crash_tagged,
	crash_strict, crash_plain, crash_child;

/* Runs it once, with the nth call failing. False if anything is wrong. */
bool scenario_run(const struct scenario *scenario, const struct faults *faults, unsigned int nth,
		  struct outcome *outcome);

#endif /* KREDACT_SELFTEST_SCENARIO_H */

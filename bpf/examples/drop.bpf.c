// SPDX-License-Identifier: GPL-2.0
/*
 * drop: no dumps of processes with registered secrets that are in a given cgroup, or
 * that have more registrations than is thought sound.
 *
 *	kredact rules load drop.bpf.o cgroup=/sys/fs/cgroup/system.slice/signer.service
 *	kredact rules load drop.bpf.o most_ranges=10000
 *
 * What a program returns decides: 0, and the dump is written.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/kredact_rules.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Cgroups may be nested as deep as that before one counts as any. */
#define LEVELS	32

/*
 * Settings: "kredact rules load" writes the values that it is given here before the
 * program is loaded. For the verifier they are constants: it drops what they make dead.
 */
const volatile __u64 cgroup;		/* id, by the path of its folder; 0: none */
const volatile __u64 most_ranges = ~0ULL;

/* Is the process in the cgroup, or in one below it? */
static __always_inline bool in_cgroup(void)
{
	__u64 id;
	int level;

	for (level = 0; level < LEVELS; level++) {
		id = bpf_get_current_ancestor_cgroup_id(level);
		/* The last of them was its own. */
		if (!id)
			return false;
		if (id == cgroup)
			return true;
	}
	/* It cannot be told: then rather no dump. */
	return true;
}

SEC("fmod_ret.s/kredact_policy_dump")
int BPF_PROG(drop, const struct kredact_dump_view *view, int ret)
{
	/* Another program has run before and wants no dump: it has the last word. */
	if (ret)
		return ret;
	/* It uses no kredact. */
	if (!view->ranges)
		return 0;
	/* If they cannot be counted they are as many as can be. */
	if (view->ranges > most_ranges)
		return -1;
	return cgroup && in_cgroup() ? -1 : 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0
/*
 * Programs of which the test rules_test.sh loads one at a time, by -DRULE_NAME: each is an
 * object of its own.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/kredact.h>
#include <linux/kredact_rules.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Only for processes of this name: the shell of the test may crash as it likes. */
const volatile char comm[16];
const volatile __u32 what;

static __always_inline bool wanted(const struct kredact_dump_view *view)
{
	int i;

	for (i = 0; i < 16 && comm[i]; i++)
		if (view->comm[i] != comm[i])
			return false;
	return true;
}

#ifdef RULE_EXEMPT
SEC("fmod_ret.s/kredact_policy_dump")
int BPF_PROG(exempt, const struct kredact_dump_view *view, int ret)
{
	if (wanted(view))
		kredact_bpf_exempt(view);
	return ret;
}
#endif

#ifdef RULE_FORCE
/* Not sleepable: that is allowed as well. */
SEC("fmod_ret/kredact_policy_dump")
int BPF_PROG(force, const struct kredact_dump_view *view, int ret)
{
	if (wanted(view))
		kredact_bpf_force(view, what);
	return ret;
}
#endif

#ifdef RULE_MAPPINGS
/* Without shared memory that somebody can write to. */
SEC("fmod_ret/kredact_policy_mapping")
int BPF_PROG(mappings, const struct kredact_dump_view *view,
	     const struct kredact_mapping_view *mapping, int ret)
{
	const __u32 flags = KREDACT_MAPPING_SHARED | KREDACT_MAPPING_WRITE;

	return wanted(view) && (mapping->flags & flags) == flags ? -1 : ret;
}
#endif

#ifdef RULE_ELSEWHERE
/* Not one of the hooks: the verifier must not let it call the module. */
SEC("tp_btf/sched_process_exit")
int elsewhere(__u64 *ctx)
{
	return kredact_bpf_drop_dump((const struct kredact_dump_view *)ctx[0]);
}
#endif

#ifdef RULE_WEAKEN
/* A view cannot be written to. */
SEC("fmod_ret.s/kredact_policy_dump")
int BPF_PROG(weaken, struct kredact_dump_view *view, int ret)
{
	view->registers = 0;
	return ret;
}
#endif

char LICENSE[] SEC("license") = "GPL";

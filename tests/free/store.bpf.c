// SPDX-License-Identifier: GPL-2.0
/* Tags what the tests say by calling store_tag() and store_untag(), as a watcher would. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pages.bpf.h"

SEC("uprobe.s")
int BPF_KPROBE(tag, __u64 addr, __u64 len)
{
	return pages_tag(addr, len, 0);
}

SEC("uprobe.s")
int BPF_KPROBE(untag, __u64 addr)
{
	return pages_untag(addr);
}

char LICENSE[] SEC("license") = "GPL";

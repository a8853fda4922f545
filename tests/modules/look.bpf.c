// SPDX-License-Identifier: GPL-2.0
/*
 * Looks on, from a BPF trampoline, where -DPLACE says: at the entry or the exit of
 * get_dump_page().
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC(PLACE)
int look(void *ctx)
{
	bpf_printk("looker was here");
	return 0;
}

const char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0
/*
 * One link for all probed functions of a file: see multi.h. libbpf can do it from 1.3 on;
 * until then the kernel is asked directly.
 */
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "kernel.h"
#include "multi.h"

/* Of <linux/bpf.h> of Linux 6.6. */
#define MULTI_ATTACH_TYPE	48	/* BPF_TRACE_UPROBE_MULTI */
#define MULTI_RETURN		1	/* BPF_F_UPROBE_MULTI_RETURN */

/* That part of its union bpf_attr. */
struct multi_attr {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__u64 path;
	__u64 offsets;
	__u64 ref_ctr_offsets;
	__u64 cookies;
	__u32 nr;
	__u32 multi_flags;
	__u32 pid;
	__u32 pad;
};

bool multi_is_there(void)
{
	return kernel_has("bpf_uprobe_multi_link");
}

void multi_prepare(struct bpf_program *prog)
{
	bpf_program__set_expected_attach_type(prog, (enum bpf_attach_type)MULTI_ATTACH_TYPE);
}

bool multi_is_for(const struct bpf_program *prog)
{
	return bpf_program__expected_attach_type(prog) == (enum bpf_attach_type)MULTI_ATTACH_TYPE;
}

int multi_link(const struct bpf_program *prog, const char *path, const __u64 *offsets,
	       const __u64 *cookies, unsigned int nr, bool is_return)
{
	struct multi_attr attr = {
		.prog_fd = (__u32)bpf_program__fd(prog),
		.attach_type = MULTI_ATTACH_TYPE,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.cookies = (uintptr_t)cookies,
		.nr = nr,
		.multi_flags = is_return ? MULTI_RETURN : 0,
	};

	/* The kernel opens it with O_CLOEXEC. */
	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

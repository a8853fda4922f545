// SPDX-License-Identifier: GPL-2.0
/*
 * What the verifier lets through: see verifier.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "verifier.h"

/* A descriptor of the module's BTF, or -errno. */
static int module_btf(void)
{
	char name[64];
	uint32_t id = 0;
	int fd;

	while (!bpf_btf_get_next_id(id, &id)) {
		struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
		uint32_t len = sizeof(info);

		fd = bpf_btf_get_fd_by_id(id);
		if (fd < 0)
			return -errno;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		    !strcmp(name, "kredact"))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

int drop_capabilities(uint64_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int i;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (i = 0; i < 2; i++) {
		data[i].effective &= ~(uint32_t)(mask >> 32 * i);
		data[i].permitted &= ~(uint32_t)(mask >> 32 * i);
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static int load_by(uint64_t without, int btf_fd, enum verifier_hook hook, int hook_id,
		   int kfunc_id)
{
	const struct bpf_insn insns[] = {
		/* r1 = the view; call; r0 = 0; exit */
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 1, .src_reg = 1 },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .off = 1,
		  .imm = kfunc_id },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	/* The first is the kernel's own. */
	int fds[] = { 0, btf_fd };
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = hook == HOOK_DUMP ? BPF_MODIFY_RETURN :
								BPF_TRACE_FENTRY,
		    .attach_btf_id = hook_id, .attach_btf_obj_fd = btf_fd, .fd_array = fds);
	int fd, ret = without ? drop_capabilities(without) : 0;

	if (ret)
		return ret;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "by_hand", "GPL", insns,
			   sizeof(insns) / sizeof(*insns), &opts);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int verifier_load_as(uint64_t without, enum verifier_hook hook, const char *kfunc)
{
	struct btf *kernel = btf__load_vmlinux_btf(), *module = NULL;
	int fd = module_btf(), ret = fd, status, hook_id, kfunc_id;
	pid_t pid;

	if (fd >= 0 && kernel)
		module = btf__parse_split("/sys/kernel/btf/kredact", kernel);
	if (!module)
		return ret < 0 ? ret : -ENODATA;
	hook_id = btf__find_by_name_kind(module, "kredact_policy_dump", BTF_KIND_FUNC);
	kfunc_id = btf__find_by_name_kind(module, kfunc, BTF_KIND_FUNC);
	btf__free(module);
	btf__free(kernel);
	if (hook_id < 0 || kfunc_id < 0)
		return -ESRCH;
	pid = fork();
	if (!pid)
		_exit(-load_by(without, fd, hook, hook_id, kfunc_id));
	close(fd);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

int verifier_load(enum verifier_hook hook, const char *kfunc)
{
	return verifier_load_as(0, hook, kfunc);
}

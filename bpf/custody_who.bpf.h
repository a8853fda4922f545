/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who it was: what an event of custody says of the process that made it, and names of
 * files and cgroups, which are lists of names that a program walks. Included by
 * kredact_custody.bpf.c only.
 */
#ifndef KREDACT_BPF_CUSTODY_WHO_BPF_H
#define KREDACT_BPF_CUSTODY_WHO_BPF_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "custody_shared.h"

#define PF_KTHREAD	0x00200000

/* 6.15 renamed it. */
struct kernfs_node___615 {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

/* A walk from a name to the names above it. */
struct walk {
	const void *at;
	struct custody_path *to;
};

static __always_inline long add_name(struct custody_path *to, const char *name)
{
	__u32 len = to->len;
	long n;

	if (len >= CUSTODY_NAMES) {
		to->cut = 1;
		return 1;
	}
	barrier_var(len);
	n = bpf_probe_read_kernel_str(&to->names[len & (CUSTODY_NAMES - 1)], CUSTODY_NAME_LEN,
				      name);
	if (n <= 0) {
		to->cut = 1;
		return 1;
	}
	to->len = len + n;
	return 0;
}

static long add_dentry(__u32 i, struct walk *w)
{
	const struct dentry *dentry = w->at;
	const struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

	if (!parent || parent == dentry)
		return 1;
	w->at = parent;
	if (i == CUSTODY_DEPTH - 1)
		w->to->cut = 1;
	return add_name(w->to, (const char *)BPF_CORE_READ(dentry, d_name.name));
}

static long add_kernfs(__u32 i, struct walk *w)
{
	const struct kernfs_node___615 *newer = w->at;
	const struct kernfs_node *kn = w->at, *parent;

	if (bpf_core_field_exists(newer->__parent))
		parent = BPF_CORE_READ(newer, __parent);
	else
		parent = BPF_CORE_READ(kn, parent);
	if (!parent)
		return 1;
	w->at = parent;
	if (i == CUSTODY_DEPTH - 1)
		w->to->cut = 1;
	return add_name(w->to, BPF_CORE_READ(kn, name));
}

/* The names of a file, from its own on up to that of its file system's root. */
static __always_inline void set_path(struct custody_path *to, const struct dentry *dentry)
{
	struct walk w = { .at = dentry, .to = to };

	to->dev = dentry ? BPF_CORE_READ(dentry, d_sb, s_dev) : 0;
	to->len = 0;
	to->cut = 0;
	if (dentry)
		bpf_loop(CUSTODY_DEPTH, add_dentry, &w, 0);
}

/* Likewise of the cgroup of version 2. */
static __always_inline void set_cgroup(struct custody_path *to, const struct task_struct *task)
{
	struct walk w = { .to = to };

	w.at = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	to->dev = 0;
	to->len = 0;
	to->cut = 0;
	if (w.at)
		bpf_loop(CUSTODY_DEPTH, add_kernfs, &w, 0);
}

/* The process's number in its own pid namespace, and that namespace. */
static __always_inline void set_pid_ns(struct custody_event *ev, const struct task_struct *task)
{
	const struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	const struct upid *at;
	__u32 level;

	ev->ns_pid = 0;
	ev->pid_ns = 0;
	if (!pid)
		return;
	level = BPF_CORE_READ(pid, level);
	at = (const void *)pid + bpf_core_field_offset(struct pid, numbers);
	at = (const void *)at + level * bpf_core_type_size(struct upid);
	ev->ns_pid = BPF_CORE_READ(at, nr);
	ev->pid_ns = BPF_CORE_READ(at, ns, ns.inum);
}

/* All that an event says of the process. */
static __always_inline void set_task(struct custody_event *ev)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 ids = bpf_get_current_pid_tgid();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	const struct file *exe = NULL;
	const struct nsproxy *ns;

	ev->pid = ids >> 32;
	ev->tid = (__u32)ids;
	ev->ppid = BPF_CORE_READ(task, real_parent, tgid);
	ev->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	ev->uid = BPF_CORE_READ(cred, uid.val);
	ev->euid = BPF_CORE_READ(cred, euid.val);
	ev->gid = BPF_CORE_READ(cred, gid.val);
	ev->egid = BPF_CORE_READ(cred, egid.val);
	ev->login_uid = bpf_core_field_exists(task->loginuid) ?
			BPF_CORE_READ(task, loginuid.val) : ~0U;
	ev->session = bpf_core_field_exists(task->sessionid) ?
		      BPF_CORE_READ(task, sessionid) : ~0U;
	bpf_get_current_comm(ev->comm, sizeof(ev->comm));
	set_pid_ns(ev, task);

	ns = BPF_CORE_READ(task, nsproxy);
	ev->mnt_ns = ns ? BPF_CORE_READ(ns, mnt_ns, ns.inum) : 0;
	if (!ns)
		ev->flags |= CUSTODY_NO_NS;

	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		ev->flags |= CUSTODY_KTHREAD;
	else
		exe = BPF_CORE_READ(task, mm, exe_file);
	if (!exe)
		ev->flags |= CUSTODY_NO_EXE;
	set_path(&ev->exe, exe ? BPF_CORE_READ(exe, f_path.dentry) : NULL);
	set_cgroup(&ev->cgroup, task);
}

#endif /* KREDACT_BPF_CUSTODY_WHO_BPF_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose calls count: the filters that the loader sets (probe.h, filter.h), and the cgroups
 * that they ask for. A part of kredact_tag.bpf.c, whose settings and counters it uses.
 */
#ifndef KREDACT_BPF_FILTER_BPF_H
#define KREDACT_BPF_FILTER_BPF_H

#define CGROUP_DEPTH	8

/* The filters that ask for a cgroup, by its id: a bit for each. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} cgroups SEC(".maps");

/* Likewise by its name: these may be made at any time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_FILTERS);
	__type(key, char[PROBE_NAME_LEN]);
	__type(value, __u64);
} names SEC(".maps");

/* The filters whose cgroups the current process is in or below. */
static __always_inline __u64 cgroup_filters(void)
{
	__u64 all = 0, id, *filters;
	int level;

	for (level = 0; level < CGROUP_DEPTH; level++) {
		id = bpf_get_current_ancestor_cgroup_id(level);
		filters = id ? bpf_map_lookup_elem(&cgroups, &id) : NULL;
		if (filters)
			all |= *filters;
	}
	return all;
}

/* What filters are compared with. */
struct caller {
	__u64 in_cgroups;	/* a bit for each filter */
	__u64 library;		/* a bit */
	__u64 exe;
	__u32 exe_dev;
	__u32 tgid;
	char comm[PROBE_COMM_LEN];	/* of the first thread */
	__u32 flags;		/* out: of its tags */
	bool counts;		/* out: a filter lets it */
};

static long try_filter(__u32 i, struct caller *c)
{
	const volatile struct probe_filter *f;
	int k;

	if (i >= PROBE_FILTERS || i >= settings.nr)
		return 1;
	f = &settings.filters[i];
	if (!(f->libraries & c->library) ||
	    (f->tgid && f->tgid != c->tgid) ||
	    (f->in_cgroup && !(c->in_cgroups >> i & 1)) ||
	    (f->exe && (f->exe != c->exe || f->exe_dev != c->exe_dev)))
		return 0;
	for (k = 0; f->comm[0] && k < PROBE_COMM_LEN; k++) {
		if (c->comm[k] != f->comm[k])
			return 0;
		if (!f->comm[k])
			break;
	}
	/* Of several, the one that has more left out. */
	c->flags = c->counts ? c->flags & f->flags : f->flags;
	c->counts = true;
	return 0;
}

/*
 * Is this call to be watched? Read directly: the helpers that read the kernel's memory are
 * closed by lockdown. On its own, for the sake of the stack of those who ask.
 */
static __noinline bool watched(__u64 cookie, __u32 *flags)
{
	struct caller c = {
		.tgid = bpf_get_current_pid_tgid() >> 32,
		.library = 1ull << (PROBE_COOKIE_LIBRARY(cookie) & (PROBE_LIBRARIES - 1)),
	};
	const struct task_struct *task = bpf_get_current_task_btf(), *leader = task->group_leader;
	/* A leader that has ended before its threads has no memory. */
	const struct inode *exe = task->mm->exe_file->f_inode;

	c.exe = exe->i_ino;
	c.exe_dev = exe->i_sb->s_dev;
	__builtin_memcpy(c.comm, leader->comm, sizeof(c.comm));
	if (settings.in_cgroup)
		c.in_cgroups = cgroup_filters();
	/* Not of settings.nr: the verifier of 6.12 trips over a loop that it knows to be none. */
	bpf_loop(PROBE_FILTERS, try_filter, &c, 0);
	*flags = c.flags;
	return c.counts;
}

/* Before any process can be in it. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *cgroup)
{
	char name[PROBE_NAME_LEN] = {};
	__u64 id = cgroup->kn->id, *filters;

	/* A longer name is none of ours, cut or not: those have a NUL before this one. */
	bpf_probe_read_kernel_str(name, sizeof(name), cgroup->kn->name);
	filters = bpf_map_lookup_elem(&names, name);
	if (filters && bpf_map_update_elem(&cgroups, &id, filters, BPF_ANY))
		count(&counters.lost);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_removed, struct cgroup *cgroup)
{
	__u64 id = cgroup->kn->id;

	bpf_map_delete_elem(&cgroups, &id);
	return 0;
}

#endif /* KREDACT_BPF_FILTER_BPF_H */

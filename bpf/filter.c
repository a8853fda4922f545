// SPDX-License-Identifier: GPL-2.0
/* Whose buffers are tagged, as the programs are told: see filter.h. */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/kredact.h>

#include "cgroup.h"
#include "filter.h"
#include "kernel.h"

/* No file system has it. */
#define NO_INODE	(~0ull)

static enum tag_why set_exe(const struct tag_opts *opts, const struct tag_filter *f,
			    struct probe_filter *out)
{
	struct stat st;

	if (!f->exe)
		return TAG_OK;
	if (!stat(f->exe, &st) && S_ISREG(st.st_mode)) {
		out->exe = st.st_ino;
		out->exe_dev = kernel_dev(major(st.st_dev), minor(st.st_dev));
		return TAG_OK;
	}
	out->exe = NO_INODE;
	return opts->patient ? TAG_OK : TAG_NO_EXE;
}

enum tag_why filter_settings(const struct tag_opts *opts, const __u64 *masks,
			     struct probe_settings *out, char **what)
{
	unsigned int i;

	memset(out, 0, sizeof(*out));
	out->nr = opts->nr_filters;
	for (i = 0; i < opts->nr_filters; i++) {
		const struct tag_filter *f = &opts->filters[i];
		struct probe_filter *to = &out->filters[i];

		to->tgid = f->pid;
		to->flags = f->exact ? KREDACT_EXACT : 0;
		to->libraries = masks[i];
		to->in_cgroup = f->unit || (f->cgroups && *f->cgroups);
		out->in_cgroup |= to->in_cgroup;
		if (f->comm)
			strncpy(to->comm, f->comm, PROBE_COMM_LEN - 1);
		if (set_exe(opts, f, to) == TAG_OK)
			continue;
		*what = strdup(f->exe);
		return TAG_NO_EXE;
	}
	return TAG_OK;
}

static int add_bit(int map, const void *key, unsigned int filter)
{
	__u64 filters = 0;

	bpf_map_lookup_elem(map, key, &filters);
	filters |= 1ull << filter;
	return bpf_map_update_elem(map, key, &filters, BPF_ANY);
}

static int map_of(struct bpf_object *object, const char *name)
{
	return bpf_map__fd(bpf_object__find_map_by_name(object, name));
}

bool filter_has_units(const struct tag_opts *opts)
{
	unsigned int i;

	for (i = 0; i < opts->nr_filters; i++)
		if (opts->filters[i].unit)
			return true;
	return false;
}

pid_t filter_pid(const struct tag_opts *opts)
{
	return opts->nr_filters == 1 ? opts->filters[0].pid : 0;
}

enum tag_why filter_names(const struct tag_opts *opts, struct bpf_object *object)
{
	unsigned int i;

	for (i = 0; i < opts->nr_filters; i++) {
		char name[PROBE_NAME_LEN] = "";

		if (!opts->filters[i].unit)
			continue;
		strncpy(name, opts->filters[i].unit, sizeof(name) - 1);
		if (add_bit(map_of(object, "names"), name, i))
			return TAG_NO_LOAD;
	}
	return TAG_OK;
}

/* Where cgroups go that are found by their name. */
struct finding {
	int map;
	unsigned int filter;
};

static int add_cgroup(const char *path, void *arg)
{
	struct finding *f = arg;
	__u64 id = cgroup_id(path);

	/* Gone again, perhaps. */
	return id && add_bit(f->map, &id, f->filter);
}

enum tag_why filter_cgroups(const struct tag_opts *opts, struct bpf_object *object, char **what)
{
	struct finding to = { .map = map_of(object, "cgroups") };

	for (to.filter = 0; to.filter < opts->nr_filters; to.filter++) {
		const struct tag_filter *f = &opts->filters[to.filter];
		const char *const *path;

		for (path = f->cgroups; path && *path; path++) {
			if (cgroup_id(*path) && !add_cgroup(*path, &to))
				continue;
			*what = strdup(*path);
			return TAG_NO_CGROUP;
		}
		if (f->unit && cgroup_each(f->unit, add_cgroup, &to)) {
			*what = strdup(f->unit);
			return TAG_NO_CGROUP;
		}
	}
	return TAG_OK;
}

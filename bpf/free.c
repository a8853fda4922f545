// SPDX-License-Identifier: GPL-2.0
/* Loads kredact_free.bpf.c, and shares its maps with programs that tag. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>

#include "free.h"
#include "kernel.h"
#include "log.h"
#include "pins.h"
#include "kredact_free.skel.h"	/* has the types of free_shared.h */

/* Not in the headers of old libcs. */
#ifndef CAP_PERFMON
#define CAP_PERFMON	38
#define CAP_BPF		39
#endif

#define NR_PROGRAMS	8

struct free_mode {
	struct kredact_free_bpf *skel;
	struct ring_buffer *events;
	struct dumps *dumps;
	int nr_dumped;
	struct bpf_link *links[NR_PROGRAMS];
	int nr_links;
	void (*dumped)(const struct free_event *event, void *arg);
	void *arg;
};

enum free_why free_possible(void)
{
	__u32 id;

	if (access(KERNEL_BTF, R_OK))
		return FREE_NO_BTF;
	if (strcmp(kernel_lockdown(), "none"))
		return FREE_LOCKED_DOWN;
	if (kernel_preempts())
		return FREE_PREEMPTED;
	/* bpf_probe_write_user() is for CAP_SYS_ADMIN. */
	if (!kernel_permits(CAP_SYS_ADMIN) || !kernel_permits(CAP_BPF) ||
	    !kernel_permits(CAP_PERFMON))
		return FREE_NO_PERMISSION;
	/* A filter of system calls may still be in the way, as in containers. */
	if (bpf_prog_get_next_id(0, &id) && errno != ENOENT)
		return FREE_NO_PERMISSION;
	return FREE_OK;
}

/* How many parameters a function has: -1, if there is no such function. */
static int parameters(const struct btf *btf, const char *function)
{
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	type = type ? btf__type_by_id(btf, type->type) : NULL;
	return type ? (int)btf_vlen(type) : -1;
}

/* Functions differ between kernels: take those that are known, and refuse others. */
static enum free_why choose_hooks(struct kredact_free_bpf *skel)
{
	struct btf *btf = btf__parse(KERNEL_BTF, NULL);
	enum free_why why = FREE_NO_HOOK;
	int n;

	if (!btf)
		return FREE_NO_BTF;
	/* (addr), and (addr, int *locked) from 6.18 on. */
	n = parameters(btf, "get_dump_page");
	if (n != 1 && n != 2)
		goto out;
	if (parameters(btf, "dump_user_range") != 3)
		goto out;
	/* do_coredump() became vfs_coredump() in 6.17. */
	if (parameters(btf, "do_coredump") < 0 &&
	    (bpf_program__set_attach_target(skel->progs.dump_begins, 0, "vfs_coredump") ||
	     bpf_program__set_attach_target(skel->progs.dump_ends, 0, "vfs_coredump")))
		goto out;
	if (parameters(btf, "exit_mmap") != 1)
		goto out;
	/* A seventh, for_stack, came with 6.6; one structure took the place of all in 6.17. */
	n = parameters(btf, "move_page_tables");
	if (n != 6 && n != 7)
		goto out;
	/* UFFDIO_MOVE came with 6.8. */
	n = parameters(btf, "move_pages");
	if (n > 0 && n != 5)
		goto out;
	bpf_program__set_autoload(skel->progs.uffd_moved, n > 0);
	why = FREE_OK;
out:
	btf__free(btf);
	return why;
}

/* Tags, and dumps that nobody was told of yet. */
static const char *const pinned_maps[] = {
	"kr_mms", "kr_pages", "kr_ranges", "kr_marks", "kr_counters", "kr_events", NULL
};

static enum free_why load(struct free_mode *f, const struct free_opts *opts)
{
	struct kredact_free_bpf *skel = kredact_free_bpf__open();
	enum free_why why;

	if (!skel)
		return FREE_NO_MEMORY;
	f->skel = skel;
	why = choose_hooks(skel);
	if (why != FREE_OK)
		return why;
	if (opts->max_processes)
		bpf_map__set_max_entries(skel->maps.kr_mms, opts->max_processes);
	if (opts->max_pages)
		bpf_map__set_max_entries(skel->maps.kr_pages, opts->max_pages);
	if (opts->max_ranges)
		bpf_map__set_max_entries(skel->maps.kr_ranges, opts->max_ranges);
	if (opts->pins && (pins_begin(opts->pins) ||
			   pins_share(opts->pins, skel->obj, pinned_maps)))
		return FREE_NO_PINS;
	return kredact_free_bpf__load(skel) ? FREE_NO_LOAD : FREE_OK;
}

/* Ask the kernel how it preempts: it may have been told after the boot. */
static enum free_why look_around(struct free_mode *f)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	if (bpf_prog_test_run_opts(bpf_program__fd(f->skel->progs.look_around), &run))
		return FREE_NO_LOAD;
	/* 0 is none, 1 is voluntary. */
	return f->skel->data->preempt_mode == 0 || f->skel->data->preempt_mode == 1 ?
	       FREE_OK : FREE_PREEMPTED;
}

static enum free_why attach(struct free_mode *f)
{
	/* What redacts before what makes tags follow: a tag without redaction is worse. */
	struct bpf_program *programs[] = {
		f->skel->progs.dump_page, f->skel->progs.dump_begins, f->skel->progs.dump_ends,
		f->skel->progs.mm_ends, f->skel->progs.mremapped, f->skel->progs.uffd_moved,
		f->skel->progs.core_grows, f->skel->progs.forked,
	};
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct bpf_link *link;

		if (!bpf_program__autoload(programs[i]))
			continue;
		link = bpf_program__attach(programs[i]);
		if (!link)
			return FREE_NO_ATTACH;
		f->links[f->nr_links++] = link;
	}
	return FREE_OK;
}

static int hand_on(void *arg, void *data, size_t size)
{
	struct free_mode *f = arg;

	if (!dumps_take(f->dumps, data, size))
		return 0;
	f->nr_dumped++;
	if (f->dumped)
		f->dumped(data, f->arg);
	return 0;
}

static int pin(const struct free_mode *f, const char *pins)
{
	int fds[NR_PROGRAMS], i;

	for (i = 0; i < f->nr_links; i++)
		fds[i] = bpf_link__fd(f->links[i]);
	return pins_keep(pins, PINS_REDACTION, fds, (unsigned int)f->nr_links);
}

struct free_mode *free_open(const struct free_opts *opts, enum free_why *why)
{
	struct free_mode *f;
	int err;

	bpf_log_to(opts->log);
	*why = free_possible();
	if (*why != FREE_OK) {
		errno = EPERM;
		return NULL;
	}
	*why = FREE_NO_MEMORY;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->dumped = opts->dumped;
	f->arg = opts->arg;
	f->dumps = dumps_new(opts->listed, opts->arg);
	if (!f->dumps)
		goto out;
	*why = load(f, opts);
	if (*why == FREE_OK)
		*why = look_around(f);
	if (*why == FREE_OK) {
		f->events = ring_buffer__new(bpf_map__fd(f->skel->maps.kr_events), hand_on, f,
					     NULL);
		if (!f->events)
			*why = FREE_NO_MEMORY;
	}
	if (*why == FREE_OK)
		*why = attach(f);
	if (*why == FREE_OK && opts->pins && pin(f, opts->pins))
		*why = FREE_NO_PINS;
	if (*why == FREE_OK)
		return f;
out:
	err = errno;
	free_close(f);
	errno = err;
	return NULL;
}

int free_share(struct free_mode *f, struct bpf_object *object)
{
	struct bpf_map *const maps[] = {
		f->skel->maps.kr_mms, f->skel->maps.kr_pages, f->skel->maps.kr_ranges,
		f->skel->maps.kr_marks, f->skel->maps.kr_counters,
	};
	struct bpf_map *map;
	size_t i;
	int err;

	for (i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		map = bpf_object__find_map_by_name(object, bpf_map__name(maps[i]));
		if (!map)
			return -ENOENT;
		err = bpf_map__reuse_fd(map, bpf_map__fd(maps[i]));
		if (err)
			return err;
	}
	return 0;
}

int free_fd(const struct free_mode *f)
{
	return ring_buffer__epoll_fd(f->events);
}

int free_poll(struct free_mode *f, int ms)
{
	int n;

	f->nr_dumped = 0;
	n = ring_buffer__poll(f->events, ms);
	return n < 0 ? n : f->nr_dumped;
}

int free_read_counters(const struct free_mode *f, struct free_counters *out)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(bpf_map__fd(f->skel->maps.kr_counters), &zero, out) ?
	       -errno : 0;
}

unsigned long long free_missed(const struct free_mode *f)
{
	unsigned long long missed = 0;
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, f->skel->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (bpf_program__fd(prog) >= 0 &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			missed += info.recursion_misses;
	}
	return missed;
}

const char *free_why_str(enum free_why why)
{
	switch (why) {
	case FREE_OK:
		return "all is well";
	case FREE_NO_PERMISSION:
		return "loading such BPF programs is not permitted to this user";
	case FREE_NO_BTF:
		return "this kernel has no BTF";
	case FREE_LOCKED_DOWN:
		return "the kernel is locked down: BPF programs may not zero memory";
	case FREE_PREEMPTED:
		return "the kernel preempts BPF programs (preempt=full or lazy), and could skip one";
	case FREE_NO_HOOK:
		return "this kernel has not the functions that have to be hooked";
	case FREE_NO_LOAD:
		return "this kernel refused the programs";
	case FREE_NO_ATTACH:
		return "a program could not be attached";
	case FREE_NO_PINS:
		return "programs could not be pinned in the BPF file system";
	case FREE_NO_MEMORY:
		return "not enough memory";
	}
	return "unknown";
}

const char *free_reason_str(enum free_reason reason)
{
	switch (reason) {
	case FREE_KEPT:
		return "not killed";
	case FREE_MARKED:
		return "a tag could not be stored";
	case FREE_UNWRITABLE:
		return "a tagged page could not be written";
	case FREE_NOT_PRIVATE:
		return "a tagged page may belong to others as well";
	case FREE_SHARED_MM:
		return "another process has the same memory";
	case FREE_NOT_ZERO:
		return "a tagged page did not become zero";
	case FREE_PREEMPTIBLE:
		return "the kernel was switched to full or lazy preemption";
	case FREE_REASONS:
		break;
	}
	return "unknown";
}

void free_close(struct free_mode *f)
{
	if (!f)
		return;
	/* The reverse of attach(). */
	while (f->nr_links)
		bpf_link__destroy(f->links[--f->nr_links]);
	ring_buffer__free(f->events);
	dumps_free(f->dumps);
	kredact_free_bpf__destroy(f->skel);
	free(f);
	bpf_log_to(NULL);
}

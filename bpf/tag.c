// SPDX-License-Identifier: GPL-2.0
/* Loads kredact_tag.bpf.c and attaches it to the functions of a table: see tag.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/kredact.h>

#include "attach.h"
#include "events.h"
#include "kernel.h"
#include "log.h"
#include "tag.h"
#include "tag_events.skel.h"
#include "tag_module.skel.h"

struct tagger {
	enum tag_backend backend;
	struct bpf_object *object;
	struct events *events;
	struct attachment *attachment;
};

/* What the steps of tag_open() share. */
struct opening {
	struct tagger *tagger;
	const struct tag_opts *opts;
	char *what;
};

static enum tag_why at(struct opening *o, enum tag_why why, const char *what)
{
	o->what = strdup(what);
	return why;
}

static struct bpf_object *open_object(enum tag_backend backend)
{
	const void *elf;
	size_t size;

	elf = backend == TAG_MODULE ? tag_module_bpf__elf_bytes(&size) :
				      tag_events_bpf__elf_bytes(&size);
	return bpf_object__open_mem(elf, size, NULL);
}

/* Load one small program that makes tags in the way of a backend, and nothing else. */
static enum tag_why try_backend(enum tag_backend backend)
{
	struct bpf_object *object = open_object(backend);
	struct bpf_program *prog;
	enum tag_why why = TAG_OK;

	if (!object)
		return TAG_NO_MEMORY;
	bpf_object__for_each_program(prog, object)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), "may_tag"));
	if (bpf_object__load(object))
		why = errno == EPERM ? TAG_NO_PERMISSION : TAG_NO_CALL;
	bpf_object__close(object);
	return why;
}

static enum tag_why choose_backend(struct opening *o)
{
	enum tag_why why;

	if (access(KERNEL_BTF, R_OK))
		return TAG_NO_BTF;
	if (access(KERNEL_MODULE_DIR, F_OK))
		return TAG_NO_MODULE;
	o->tagger->backend = TAG_DAEMON;
	if (o->opts->backend == TAG_DAEMON)
		return TAG_OK;
	why = TAG_NO_KFUNC;
	/* The other one is what is tried. */
	if (kernel_module_has("kredact_bpf_tag"))
		why = try_backend(TAG_MODULE);
	if (why == TAG_OK)
		o->tagger->backend = TAG_MODULE;
	if (why == TAG_NO_PERMISSION || o->opts->backend == TAG_MODULE)
		return why;
	return TAG_OK;
}

static enum tag_why set_exe(struct opening *o, struct probe_settings *settings)
{
	struct stat st;

	if (!o->opts->exe)
		return TAG_OK;
	if (stat(o->opts->exe, &st) || !S_ISREG(st.st_mode))
		return at(o, TAG_NO_EXE, o->opts->exe);
	settings->exe = st.st_ino;
	settings->exe_dev = kernel_dev(major(st.st_dev), minor(st.st_dev));
	return TAG_OK;
}

static enum tag_why set_cgroups(struct opening *o)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o->tagger->object, "cgroups");
	const char *const *path = o->opts->cgroups;
	__u8 one = 1;

	for (; path && *path; path++) {
		__u64 id = kernel_cgroup_id(*path);

		if (!id || bpf_map_update_elem(bpf_map__fd(map), &id, &one, BPF_ANY))
			return at(o, TAG_NO_CGROUP, *path);
	}
	return TAG_OK;
}

static enum tag_why set_probes(struct opening *o)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o->tagger->object, "probes");
	__u32 i;

	for (i = 0; i < o->opts->table->nr_probes; i++)
		if (bpf_map_update_elem(bpf_map__fd(map), &i, &o->opts->table->probes[i], BPF_ANY))
			return TAG_NO_LOAD;
	return TAG_OK;
}

static enum tag_why load(struct opening *o)
{
	struct tagger *t = o->tagger;
	struct probe_settings settings = {
		.tgid = (__u32)o->opts->pid,
		.flags = o->opts->exact ? KREDACT_EXACT : 0,
		.cgroups = o->opts->cgroups && *o->opts->cgroups,
	};
	struct bpf_program *prog;
	struct bpf_map *map;
	enum tag_why why;

	if (o->opts->comm)
		strncpy(settings.comm, o->opts->comm, PROBE_COMM_LEN - 1);
	why = set_exe(o, &settings);
	if (why != TAG_OK)
		return why;
	t->object = open_object(t->backend);
	if (!t->object)
		return TAG_NO_MEMORY;
	prog = bpf_object__find_program_by_name(t->object, "may_tag");
	bpf_program__set_autoload(prog, false);
	map = bpf_object__find_map_by_name(t->object, ".rodata.settings");
	if (!map || bpf_map__set_initial_value(map, &settings, sizeof(settings)) ||
	    bpf_object__load(t->object))
		return errno == EPERM ? TAG_NO_PERMISSION : TAG_NO_LOAD;
	why = set_cgroups(o);
	if (why == TAG_OK)
		why = set_probes(o);
	if (why != TAG_OK || t->backend == TAG_MODULE)
		return why;
	map = bpf_object__find_map_by_name(t->object, "events");
	t->events = events_open(bpf_map__fd(map), settings.flags);
	return t->events ? TAG_OK : TAG_NO_MODULE;
}

struct tagger *tag_open(const struct tag_opts *opts, enum tag_why *why, char **what)
{
	struct opening o = { .opts = opts };
	int err;

	*what = NULL;
	bpf_log_to(opts->log);
	o.tagger = calloc(1, sizeof(*o.tagger));
	if (!o.tagger) {
		*why = TAG_NO_MEMORY;
		return NULL;
	}
	*why = choose_backend(&o);
	if (*why == TAG_OK)
		*why = load(&o);
	if (*why == TAG_OK)
		o.tagger->attachment = attach(opts, o.tagger->object, why, &o.what);
	if (*why == TAG_OK)
		return o.tagger;
	err = errno;
	*what = o.what;
	tag_close(o.tagger);
	errno = err;
	return NULL;
}

const char *tag_why_str(enum tag_why why)
{
	switch (why) {
	case TAG_OK:
		return "all is well";
	case TAG_NO_PERMISSION:
		return "loading BPF programs is not permitted to this user";
	case TAG_NO_BTF:
		return "this kernel has no BTF";
	case TAG_NO_MODULE:
		return "kredact.ko is not in the kernel";
	case TAG_NO_KFUNC:
		return "this kernel's kredact.ko has no functions for BPF programs";
	case TAG_NO_CALL:
		return "this kernel does not let an uprobe program call the module";
	case TAG_NO_LOAD:
		return "this kernel refused the programs; --verbose shows why";
	case TAG_NO_LIBRARY:
		return "no such library here, or in the table of probes";
	case TAG_NO_FUNCTION:
		return "a function of the table is not in the library";
	case TAG_NO_EXE:
		return "no such executable";
	case TAG_NO_CGROUP:
		return "no such cgroup";
	case TAG_NO_ATTACH:
		return "a probe could not be set";
	case TAG_NO_MEMORY:
		return "not enough memory";
	}
	return "unknown";
}

enum tag_backend tag_backend(const struct tagger *t)
{
	return t->backend;
}

void tag_print_libraries(const struct tagger *t, FILE *to)
{
	attach_print(t->attachment, to);
}

int tag_fd(const struct tagger *t)
{
	return t->events ? events_fd(t->events) : -1;
}

void tag_poll(struct tagger *t)
{
	if (t->events)
		events_poll(t->events);
}

void tag_read_counters(const struct tagger *t, struct tag_counters *out)
{
	struct bpf_map *map = bpf_object__find_map_by_name(t->object, ".data.counters");
	__u32 zero = 0;

	memset(out, 0, sizeof(*out));
	if (map)
		bpf_map_lookup_elem(bpf_map__fd(map), &zero, &out->probe);
	if (t->events)
		events_add_counters(t->events, out);
}

void tag_close(struct tagger *t)
{
	if (!t)
		return;
	attach_end(t->attachment);
	/* What the ring has still. */
	tag_poll(t);
	events_close(t->events);
	bpf_object__close(t->object);
	free(t);
	bpf_log_to(NULL);
}

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

#include "events.h"
#include "kernel.h"
#include "log.h"
#include "symbol.h"
#include "tag.h"
#include "tag_events.skel.h"
#include "tag_module.skel.h"

/* A library that is watched. */
struct watched {
	char *path;
	unsigned int functions;
};

struct tagger {
	enum tag_backend backend;
	struct bpf_object *object;
	struct events *events;
	struct bpf_link **links;
	unsigned int nr_links;
	struct watched *watched;
	unsigned int nr_watched;
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

static enum tag_why attach_at(struct opening *o, const char *path, __u64 offset,
			      const struct table_function *f, bool is_return)
{
	struct tagger *t = o->tagger;
	LIBBPF_OPTS(bpf_uprobe_opts, uprobe, .retprobe = is_return,
		    .bpf_cookie = PROBE_COOKIE(f->first, f->nr, f->returns));
	struct bpf_link **links, *link;

	links = reallocarray(t->links, t->nr_links + 1, sizeof(*links));
	if (!links)
		return TAG_NO_MEMORY;
	t->links = links;
	link = bpf_program__attach_uprobe_opts(
		bpf_object__find_program_by_name(t->object, is_return ? "leave" : "enter"),
		o->opts->pid ?: -1, path, offset, &uprobe);
	if (!link)
		return at(o, errno == EPERM || errno == EACCES ? TAG_NO_PERMISSION : TAG_NO_ATTACH,
			  f->name);
	t->links[t->nr_links++] = link;
	return TAG_OK;
}

/*
 * Returns first: an entry without its return is a buffer without a tag, a return without
 * its entry is nothing.
 */
static enum tag_why attach(struct opening *o, const struct table_library *library,
			   const char *path, const struct symbol *symbols)
{
	const struct table_function *functions = &o->opts->table->functions[library->first];
	enum tag_why why = TAG_OK;
	unsigned int i, k;
	int is_return;

	for (is_return = 1; is_return >= 0; is_return--)
		for (i = 0; i < library->nr; i++)
			for (k = 0; k < symbols[i].nr && why == TAG_OK; k++)
				if (!is_return || functions[i].returns)
					why = attach_at(o, path, symbols[i].offset[k],
							&functions[i], is_return);
	return why;
}

/* The functions of one library of the table, in a file. */
static enum tag_why watch(struct opening *o, const struct table_library *library, const char *path)
{
	struct tagger *t = o->tagger;
	struct watched *watched = reallocarray(t->watched, t->nr_watched + 1, sizeof(*watched));
	struct symbol *symbols;
	enum tag_why why;
	unsigned int i;

	if (!watched)
		return TAG_NO_MEMORY;
	t->watched = watched;
	watched += t->nr_watched;
	*watched = (struct watched){ .path = strdup(path) };
	if (!watched->path)
		return TAG_NO_MEMORY;
	t->nr_watched++;

	symbols = table_symbols(o->opts->table, library, path);
	if (!symbols)
		return errno == ENOMEM ? TAG_NO_MEMORY : at(o, TAG_NO_LIBRARY, path);
	why = TAG_OK;
	for (i = 0; i < library->nr && why == TAG_OK; i++) {
		const struct table_function *f = &o->opts->table->functions[library->first + i];

		if (symbols[i].nr)
			watched->functions++;
		else if (!f->optional)
			why = at(o, TAG_NO_FUNCTION, f->name);
	}
	if (why == TAG_OK)
		why = attach(o, library, path, symbols);
	free(symbols);
	return why;
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Does the file at @path have the name of @library, before what a version adds to it? */
static bool is_library(const char *path, const char *library)
{
	size_t len = strlen(base(library));

	return !strncmp(base(path), base(library), len) &&
	       (!base(path)[len] || base(path)[len] == '.');
}

/* Is a library of the table for the processes that are watched? */
static bool is_wanted(const struct opening *o, const struct table_library *library)
{
	return !library->program || (o->opts->comm && !strcmp(o->opts->comm, library->program));
}

/* A library that was asked for. */
static enum tag_why watch_named(struct opening *o, const char *name)
{
	const struct table *table = o->opts->table;
	enum tag_why why = TAG_OK;
	bool known = false;
	unsigned int i;

	for (i = 0; i < table->nr_libraries && why == TAG_OK; i++) {
		char *path;

		if (!is_library(name, table->libraries[i].name))
			continue;
		known = true;
		if (!is_wanted(o, &table->libraries[i]))
			continue;
		path = symbol_library(name);
		why = path ? watch(o, &table->libraries[i], path) : at(o, TAG_NO_LIBRARY, name);
		free(path);
	}
	return known ? why : at(o, TAG_NO_LIBRARY, name);
}

static enum tag_why watch_all(struct opening *o)
{
	const struct table *table = o->opts->table;
	enum tag_why why = TAG_OK;
	unsigned int i;

	for (i = 0; i < table->nr_libraries && why == TAG_OK; i++) {
		char *path = symbol_library(table->libraries[i].name);

		if (path && is_wanted(o, &table->libraries[i]))
			why = watch(o, &table->libraries[i], path);
		free(path);
	}
	return why == TAG_OK && !o->tagger->nr_links ? TAG_NO_LIBRARY : why;
}

struct tagger *tag_open(const struct tag_opts *opts, enum tag_why *why, char **what)
{
	struct opening o = { .opts = opts };
	const char *const *name;
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
	for (name = opts->libraries; name && *name && *why == TAG_OK; name++)
		*why = watch_named(&o, *name);
	if (*why == TAG_OK && !opts->libraries)
		*why = watch_all(&o);
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
	unsigned int i;

	for (i = 0; i < t->nr_watched; i++)
		fprintf(to, "%s: %u functions\n", t->watched[i].path, t->watched[i].functions);
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
	unsigned int i;

	if (!t)
		return;
	/* Entries first, the reverse of attach(). */
	while (t->nr_links)
		bpf_link__destroy(t->links[--t->nr_links]);
	/* What the ring has still. */
	tag_poll(t);
	events_close(t->events);
	bpf_object__close(t->object);
	for (i = 0; i < t->nr_watched; i++)
		free(t->watched[i].path);
	free(t->watched);
	free(t->links);
	free(t);
	bpf_log_to(NULL);
}

// SPDX-License-Identifier: GPL-2.0
/* Loads kredact_tag.bpf.c and attaches it to the functions of a table: see tag.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach.h"
#include "events.h"
#include "filter.h"
#include "kernel.h"
#include "log.h"
#include "multi.h"
#include "pins.h"
#include "tag.h"
#include "tag_events.skel.h"
#include "tag_map.skel.h"
#include "tag_module.skel.h"

struct tagger {
	enum tag_backend backend;
	struct bpf_object *object;
	struct probe_settings settings;
	struct attachment *attachment;
	struct events *events;
	struct free_mode *free;
	int epoll;
	bool names_unseen;
};

/* What goes on when the process ends, and is there for the next one. */
static const char *const pinned_maps[] = { "bufs", "calls", "events", ".data.counters", NULL };

/* What the steps of tag_open() share. */
struct opening {
	struct tagger *tagger;
	struct tagger *before;
	const struct tag_opts *opts;
	char *what;
};

static struct bpf_object *open_object(enum tag_backend backend)
{
	const void *elf;
	size_t size;

	switch (backend) {
	case TAG_MODULE:
		elf = tag_module_bpf__elf_bytes(&size);
		break;
	case TAG_DAEMON:
		elf = tag_events_bpf__elf_bytes(&size);
		break;
	default:
		elf = tag_map_bpf__elf_bytes(&size);
	}
	return bpf_object__open_mem(elf, size, NULL);
}

/* Load one small program that calls the module, and nothing else. */
static enum tag_why try_module(void)
{
	struct bpf_object *object = open_object(TAG_MODULE);
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

enum tag_backend tag_choose(enum tag_backend wanted, enum tag_why *why)
{
	bool module = !access(KERNEL_MODULE_DIR, F_OK);

	*why = access(KERNEL_BTF, R_OK) ? TAG_NO_BTF : TAG_OK;
	if (*why != TAG_OK)
		return TAG_AUTO;
	if (wanted == TAG_MAP || (wanted == TAG_AUTO && !module)) {
		*why = free_possible() == FREE_OK ? TAG_OK : TAG_NO_FREE;
		return *why == TAG_OK ? TAG_MAP : TAG_AUTO;
	}
	if (!module) {
		*why = TAG_NO_MODULE;
		return TAG_AUTO;
	}
	if (wanted == TAG_DAEMON)
		return TAG_DAEMON;
	*why = kernel_module_has("kredact_bpf_tag") ? try_module() : TAG_NO_KFUNC;
	if (*why == TAG_OK)
		return TAG_MODULE;
	if (*why == TAG_NO_PERMISSION || wanted == TAG_MODULE)
		return TAG_AUTO;
	*why = TAG_OK;
	return TAG_DAEMON;
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

/* Programs that are not always wanted. */
static void choose_programs(struct opening *o)
{
	/* They read the name of a cgroup, which lockdown of the stricter level forbids. */
	bool units = filter_has_units(o->opts), locked = !strcmp(kernel_lockdown(), "confidentiality");
	/* For one process each function has a link: others shall not even trap. */
	bool multi = !filter_pid(o->opts) && multi_is_there();
	struct bpf_program *prog;

	o->tagger->names_unseen = units && locked;
	bpf_object__for_each_program(prog, o->tagger->object) {
		const char *name = bpf_program__name(prog);

		if (!strcmp(name, "may_tag"))
			bpf_program__set_autoload(prog, false);
		if (!strncmp(name, "cgroup_", 7))
			bpf_program__set_autoload(prog, units && !locked);
		if (multi && (!strcmp(name, "enter") || !strcmp(name, "leave")))
			multi_prepare(prog);
	}
}

/* What redacts, before what tags: it goes on from one tagger to the next. */
static enum tag_why open_free(struct opening *o)
{
	struct free_opts opts = {
		.pins = o->opts->pins, .dumped = o->opts->dumped, .listed = o->opts->listed,
		.arg = o->opts->arg, .log = o->opts->log,
	};
	enum free_why why;

	if (o->tagger->backend != TAG_MAP || (o->before && o->before->free))
		return TAG_OK;
	o->tagger->free = free_open(&opts, &why);
	bpf_log_to(o->opts->log);
	if (o->tagger->free)
		return TAG_OK;
	o->what = strdup(free_why_str(why));
	return TAG_NO_FREE;
}

static struct free_mode *free_of(const struct opening *o)
{
	return o->tagger->free ?: o->before ? o->before->free : NULL;
}

static enum tag_why load(struct opening *o)
{
	struct tagger *t = o->tagger;
	struct bpf_map *map;

	t->object = open_object(t->backend);
	if (!t->object)
		return TAG_NO_MEMORY;
	choose_programs(o);
	map = bpf_object__find_map_by_name(t->object, ".rodata.settings");
	if (!map || bpf_map__set_initial_value(map, &t->settings, sizeof(t->settings)))
		return TAG_NO_LOAD;
	if (t->backend == TAG_MAP && free_share(free_of(o), t->object))
		return TAG_NO_LOAD;
	if (o->opts->pins && (pins_begin(o->opts->pins) ||
			      pins_share(o->opts->pins, t->object, pinned_maps)))
		return TAG_NO_PINS;
	if (bpf_object__load(t->object))
		return errno == EPERM ? TAG_NO_PERMISSION :
		       o->opts->pins && errno == EINVAL ? TAG_NO_PINS : TAG_NO_LOAD;
	return set_probes(o);
}

static enum tag_why attach(struct opening *o)
{
	struct tagger *t = o->tagger;
	enum tag_why why = filter_names(o->opts, t->object);

	if (why == TAG_OK)
		why = attach_set(t->attachment, o->opts, t->object, &o->what);
	if (why == TAG_OK)
		why = filter_cgroups(o->opts, t->object, &o->what);
	return why;
}

static bool wait_for(struct tagger *t, int fd)
{
	struct epoll_event want = { .events = EPOLLIN };

	return !epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &want);
}

/* What has work to do: the ring is read by one tagger at a time. */
static enum tag_why take_over(struct opening *o)
{
	struct tagger *t = o->tagger, *before = o->before;
	struct bpf_map *map = bpf_object__find_map_by_name(t->object, "events");

	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll < 0)
		return TAG_NO_MEMORY;
	if (t->backend == TAG_DAEMON && !(before && before->events && o->opts->pins)) {
		t->events = events_open(bpf_map__fd(map));
		if (!t->events)
			return TAG_NO_MODULE;
	}
	if (o->opts->pins && attach_pin(t->attachment, o->opts->pins))
		return TAG_NO_PINS;
	/* Nothing fails from here on. */
	if (before && before->events && o->opts->pins) {
		t->events = before->events;
		before->events = NULL;
	}
	if (before && before->free) {
		t->free = before->free;
		before->free = NULL;
	}
	if ((t->events && !wait_for(t, events_fd(t->events))) ||
	    (t->free && !wait_for(t, free_fd(t->free))))
		return TAG_NO_MEMORY;
	return TAG_OK;
}

struct tagger *tag_open(const struct tag_opts *opts, struct tagger *before, enum tag_why *why,
			char **what)
{
	struct opening o = { .opts = opts, .before = before };
	__u64 masks[PROBE_FILTERS] = { 0 };
	int err;

	*what = NULL;
	bpf_log_to(opts->log);
	o.tagger = calloc(1, sizeof(*o.tagger));
	if (!o.tagger) {
		*why = TAG_NO_MEMORY;
		return NULL;
	}
	o.tagger->epoll = -1;
	o.tagger->backend = tag_choose(opts->backend, why);
	if (*why == TAG_OK)
		o.tagger->attachment = attach_plan(opts, masks, why, &o.what);
	if (*why == TAG_OK)
		*why = filter_settings(opts, masks, &o.tagger->settings, &o.what);
	if (*why == TAG_OK)
		*why = open_free(&o);
	if (*why == TAG_OK)
		*why = load(&o);
	if (*why == TAG_OK)
		*why = attach(&o);
	if (*why == TAG_OK)
		*why = take_over(&o);
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
	case TAG_NO_FREE:
		return "BPF cannot redact without kredact.ko on this machine";
	case TAG_NO_PINS:
		return "the BPF file system cannot be used, or has what another version left there";
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

const char *tag_text(enum tag_backend backend)
{
	switch (backend) {
	case TAG_MODULE:
		return "tags are made by the kernel, before a buffer has its key";
	case TAG_DAEMON:
		return "tags are made by this program, some time after a buffer was made";
	case TAG_MAP:
		return "tags are made without the module, and the kernel makes no seals";
	case TAG_AUTO:
		break;
	}
	return "nothing is tagged";
}

enum tag_backend tag_backend(const struct tagger *t)
{
	return t->backend;
}

void tag_print_libraries(const struct tagger *t, FILE *to)
{
	attach_print(t->attachment, to);
	if (t->names_unseen)
		fputs("units that start later are not seen: this kernel is locked down "
		      "(confidentiality)\n", to);
}

const char *tag_file(const struct tagger *t, unsigned int i)
{
	return attach_file(t->attachment, i);
}

bool tag_is_stale(const struct tagger *t, const struct tag_opts *opts)
{
	struct probe_settings now;
	__u64 masks[PROBE_FILTERS];
	char *what = NULL;
	unsigned int i;

	if (attach_is_stale(t->attachment, opts))
		return true;
	for (i = 0; i < opts->nr_filters; i++)
		masks[i] = t->settings.filters[i].libraries;
	/* What is not there is being replaced: there will be another time to ask. */
	if (filter_settings(opts, masks, &now, &what) != TAG_OK) {
		free(what);
		return false;
	}
	return memcmp(&now, &t->settings, sizeof(now));
}

int tag_fd(const struct tagger *t)
{
	return t->events || t->free ? t->epoll : -1;
}

void tag_poll(struct tagger *t)
{
	if (t->events)
		events_poll(t->events);
	if (t->free)
		free_poll(t->free, 0);
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

static void end(struct tagger *t, void (*end_probes)(struct attachment *a))
{
	if (!t)
		return;
	end_probes(t->attachment);
	/* What the ring has still. */
	tag_poll(t);
	events_close(t->events);
	bpf_object__close(t->object);
	free_close(t->free);
	if (t->epoll >= 0)
		close(t->epoll);
	free(t);
	bpf_log_to(NULL);
}

void tag_close(struct tagger *t)
{
	end(t, attach_end);
}

void tag_leave(struct tagger *t)
{
	end(t, attach_leave);
}

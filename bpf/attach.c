// SPDX-License-Identifier: GPL-2.0
/* Where the functions of a table are on this machine, and probes at them: see attach.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "attach.h"
#include "filter.h"
#include "multi.h"
#include "pins.h"
#include "symbol.h"

/* A library of the table, in a file that is there. */
struct place {
	unsigned int library;
	unsigned int functions;
	char *path;
	char *missing;		/* a function that the file has not, of the table */
	dev_t dev;
	ino_t ino;
};

/* Probes have links of libbpf, one for each, or those of multi.h, two for each file. */
struct attachment {
	struct bpf_link **links;
	unsigned int nr_links;
	int *multis;
	unsigned int nr_multis;
	struct place *places;
	unsigned int nr_places;
};

/* What the steps share. */
struct attaching {
	struct attachment *attachment;
	const struct tag_opts *opts;
	struct bpf_object *object;
	char *what;
};

static enum tag_why at(struct attaching *o, enum tag_why why, const char *what)
{
	o->what = strdup(what);
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

/* Is a library of the table for the processes that a filter is about? */
static bool is_for(const struct tag_filter *f, const struct table_library *library)
{
	return (!library->program || (f->comm && !strcmp(f->comm, library->program))) &&
	       (!library->thorough || f->thorough);
}

/*
 * A library, once, in the file at @path, which is the attachment's from now on; unless it is
 * about another version of it.
 */
static enum tag_why add_place(struct attaching *o, unsigned int library, char *path)
{
	struct attachment *a = o->attachment;
	struct place *places;
	struct stat st;
	unsigned int i;
	bool known = false;

	for (i = 0; i < a->nr_places && !known; i++)
		known = a->places[i].library == library && !strcmp(a->places[i].path, path);
	if (known || !table_is_for(&o->opts->table->libraries[library], path)) {
		free(path);
		return TAG_OK;
	}
	places = reallocarray(a->places, a->nr_places + 1, sizeof(*places));
	if (!places || stat(path, &st)) {
		free(path);
		return TAG_NO_MEMORY;
	}
	a->places = places;
	places[a->nr_places++] = (struct place){
		.library = library, .path = path, .dev = st.st_dev, .ino = st.st_ino,
	};
	return TAG_OK;
}

/* A library that a filter asks for by its name. */
static enum tag_why plan_named(struct attaching *o, const struct tag_filter *f, const char *name,
			       __u64 *mask)
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
		if (!is_for(f, &table->libraries[i]))
			continue;
		*mask |= 1ull << i;
		path = symbol_library(name);
		if (path)
			why = add_place(o, i, path);
		else if (!o->opts->patient)
			why = at(o, TAG_NO_LIBRARY, name);
	}
	return known ? why : at(o, TAG_NO_LIBRARY, name);
}

static enum tag_why plan_all(struct attaching *o, const struct tag_filter *f, __u64 *mask)
{
	const struct table *table = o->opts->table;
	enum tag_why why = TAG_OK;
	unsigned int i;

	for (i = 0; i < table->nr_libraries && why == TAG_OK; i++) {
		char *path;

		if (!is_for(f, &table->libraries[i]))
			continue;
		*mask |= 1ull << i;
		path = symbol_library(table->libraries[i].name);
		if (path)
			why = add_place(o, i, path);
	}
	return why;
}

static enum tag_why plan(struct attaching *o, __u64 *masks)
{
	enum tag_why why = TAG_OK;
	unsigned int i;

	for (i = 0; i < o->opts->nr_filters && why == TAG_OK; i++) {
		const struct tag_filter *f = &o->opts->filters[i];
		const char *const *name;

		masks[i] = 0;
		for (name = f->libraries; name && *name && why == TAG_OK; name++)
			why = plan_named(o, f, *name, &masks[i]);
		if (!f->libraries)
			why = plan_all(o, f, &masks[i]);
	}
	return why == TAG_OK && !o->attachment->nr_places && !o->opts->patient ?
	       TAG_NO_LIBRARY : why;
}

struct attachment *attach_plan(const struct tag_opts *opts, __u64 *masks, enum tag_why *why,
			       char **what)
{
	struct attaching o = { .opts = opts };
	int err;

	o.attachment = calloc(1, sizeof(*o.attachment));
	*why = o.attachment ? plan(&o, masks) : TAG_NO_MEMORY;
	if (*why == TAG_OK)
		return o.attachment;
	err = errno;
	*what = o.what;
	attach_end(o.attachment);
	errno = err;
	return NULL;
}

static enum tag_why keep(struct attachment *a, struct bpf_link *link)
{
	struct bpf_link **links = reallocarray(a->links, a->nr_links + 1, sizeof(*links));

	if (!links) {
		bpf_link__destroy(link);
		return TAG_NO_MEMORY;
	}
	a->links = links;
	links[a->nr_links++] = link;
	return TAG_OK;
}

static enum tag_why not_set(struct attaching *o, const char *what)
{
	return at(o, errno == EPERM || errno == EACCES ? TAG_NO_PERMISSION : TAG_NO_ATTACH, what);
}

static struct bpf_program *program(const struct attaching *o, bool is_return)
{
	return bpf_object__find_program_by_name(o->object, is_return ? "leave" : "enter");
}

static __u64 cookie(const struct place *place, const struct table_function *f)
{
	return PROBE_COOKIE(place->library, f->first, f->nr, f->returns);
}

static enum tag_why attach_at(struct attaching *o, const struct place *place, __u64 offset,
			      const struct table_function *f, bool is_return)
{
	LIBBPF_OPTS(bpf_uprobe_opts, uprobe, .retprobe = is_return,
		    .bpf_cookie = cookie(place, f));
	struct bpf_link *link;

	link = bpf_program__attach_uprobe_opts(program(o, is_return), filter_pid(o->opts) ?: -1,
					       place->path, offset, &uprobe);
	if (!link)
		return not_set(o, f->name);
	return keep(o->attachment, link);
}

/* All entries of a library, or all returns, each with a link. */
static enum tag_why attach_each(struct attaching *o, const struct place *place,
				const struct symbol *symbols, bool is_return)
{
	const struct table_library *library = &o->opts->table->libraries[place->library];
	const struct table_function *functions = &o->opts->table->functions[library->first];
	enum tag_why why = TAG_OK;
	unsigned int i, k;

	for (i = 0; i < library->nr; i++)
		for (k = 0; k < symbols[i].nr && why == TAG_OK; k++)
			if (!is_return || functions[i].returns)
				why = attach_at(o, place, symbols[i].offset[k], &functions[i],
						is_return);
	return why;
}

/* Likewise, with one link. */
static enum tag_why attach_multi(struct attaching *o, const struct place *place,
				 const struct symbol *symbols, bool is_return)
{
	const struct table_library *library = &o->opts->table->libraries[place->library];
	const struct table_function *functions = &o->opts->table->functions[library->first];
	size_t most = (size_t)library->nr * SYMBOL_PLACES;
	__u64 *offsets = calloc(2 * most, sizeof(*offsets)), *cookies = offsets + most;
	struct attachment *a = o->attachment;
	enum tag_why why = TAG_OK;
	unsigned int i, k, nr = 0;
	int *multis;

	multis = reallocarray(a->multis, a->nr_multis + 1, sizeof(*multis));
	if (multis)
		a->multis = multis;
	if (!multis || !offsets) {
		free(offsets);
		return TAG_NO_MEMORY;
	}
	for (i = 0; i < library->nr; i++)
		for (k = 0; k < symbols[i].nr && (!is_return || functions[i].returns); k++, nr++) {
			offsets[nr] = symbols[i].offset[k];
			cookies[nr] = cookie(place, &functions[i]);
		}
	if (nr) {
		multis[a->nr_multis] = multi_link(program(o, is_return), place->path, offsets,
						  cookies, nr, is_return);
		if (multis[a->nr_multis] < 0)
			why = not_set(o, place->path);
		else
			a->nr_multis++;
	}
	free(offsets);
	return why;
}

/*
 * Returns first: an entry without its return is a buffer without a tag, a return without
 * its entry is nothing.
 */
static enum tag_why attach_all(struct attaching *o, const struct place *place,
			       const struct symbol *symbols)
{
	bool multi = multi_is_for(program(o, false));
	enum tag_why why = TAG_OK;
	int is_return;

	for (is_return = 1; is_return >= 0 && why == TAG_OK; is_return--)
		why = multi ? attach_multi(o, place, symbols, is_return) :
			      attach_each(o, place, symbols, is_return);
	return why;
}

/* The functions of one library of the table, in a file. */
static enum tag_why attach_place(struct attaching *o, struct place *place)
{
	const struct table_library *library = &o->opts->table->libraries[place->library];
	struct symbol *symbols = table_symbols(o->opts->table, library, place->path);
	enum tag_why why = TAG_OK;
	unsigned int i;

	if (!symbols)
		return errno == ENOMEM ? TAG_NO_MEMORY : at(o, TAG_NO_LIBRARY, place->path);
	for (i = 0; i < library->nr && why == TAG_OK; i++) {
		const struct table_function *f = &o->opts->table->functions[library->first + i];

		if (symbols[i].nr)
			place->functions++;
		else if (!f->optional && o->opts->patient)
			place->missing = place->missing ?: strdup(f->name);
		else if (!f->optional)
			why = at(o, TAG_NO_FUNCTION, f->name);
	}
	if (why == TAG_OK)
		why = attach_all(o, place, symbols);
	free(symbols);
	return why;
}

/* Programs that are loaded and know themselves where they belong. */
static enum tag_why attach_others(struct attaching *o)
{
	enum tag_why why = TAG_OK;
	struct bpf_program *prog;
	struct bpf_link *link;

	bpf_object__for_each_program(prog, o->object) {
		if (!bpf_program__autoload(prog) ||
		    bpf_program__type(prog) != BPF_PROG_TYPE_TRACING)
			continue;
		link = bpf_program__attach(prog);
		why = link ? keep(o->attachment, link) : TAG_NO_ATTACH;
		if (why != TAG_OK)
			break;
	}
	return why;
}

enum tag_why attach_set(struct attachment *a, const struct tag_opts *opts,
			struct bpf_object *object, char **what)
{
	struct attaching o = { .attachment = a, .opts = opts, .object = object };
	enum tag_why why = attach_others(&o);
	unsigned int i;

	for (i = 0; i < a->nr_places && why == TAG_OK; i++)
		why = attach_place(&o, &a->places[i]);
	if (why != TAG_OK)
		*what = o.what;
	return why;
}

int attach_pin(struct attachment *a, const char *pins)
{
	int *fds = calloc(a->nr_links + a->nr_multis + 1, sizeof(*fds)), err;
	unsigned int i, nr = 0;

	if (!fds)
		return -ENOMEM;
	for (i = 0; i < a->nr_links; i++)
		fds[nr++] = bpf_link__fd(a->links[i]);
	for (i = 0; i < a->nr_multis; i++)
		fds[nr++] = a->multis[i];
	err = pins_keep(pins, PINS_PROBES, fds, nr);
	free(fds);
	return err;
}

bool attach_is_stale(const struct attachment *a, const struct tag_opts *opts)
{
	__u64 masks[PROBE_FILTERS];
	struct attachment *now;
	enum tag_why why;
	char *what = NULL;
	bool stale;
	unsigned int i;

	now = attach_plan(opts, masks, &why, &what);
	free(what);
	/* What cannot be found is being replaced: there will be another time to ask. */
	if (!now)
		return false;
	stale = now->nr_places != a->nr_places;
	for (i = 0; i < a->nr_places && !stale; i++)
		stale = a->places[i].library != now->places[i].library ||
			a->places[i].dev != now->places[i].dev ||
			a->places[i].ino != now->places[i].ino;
	attach_end(now);
	return stale;
}

const char *attach_file(const struct attachment *a, unsigned int i)
{
	return i < a->nr_places ? a->places[i].path : NULL;
}

void attach_print(const struct attachment *a, FILE *to)
{
	unsigned int i;

	for (i = 0; i < a->nr_places; i++)
		fprintf(to, "%s: %u functions%s%s\n", a->places[i].path, a->places[i].functions,
			a->places[i].missing ? ", and NOT " : "", a->places[i].missing ?: "");
}

void attach_end(struct attachment *a)
{
	unsigned int i;

	if (!a)
		return;
	/* Entries first, the reverse of attach_all(). */
	while (a->nr_links)
		bpf_link__destroy(a->links[--a->nr_links]);
	while (a->nr_multis)
		close(a->multis[--a->nr_multis]);
	for (i = 0; i < a->nr_places; i++) {
		free(a->places[i].path);
		free(a->places[i].missing);
	}
	free(a->places);
	free(a->multis);
	free(a->links);
	free(a);
}

void attach_leave(struct attachment *a)
{
	unsigned int i;

	if (!a)
		return;
	/* Else libbpf switches the event off that the link is about. */
	for (i = 0; i < a->nr_links; i++)
		bpf_link__disconnect(a->links[i]);
	attach_end(a);
}

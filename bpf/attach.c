// SPDX-License-Identifier: GPL-2.0
/* Sets the probes of a table at the functions of libraries: see attach.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "attach.h"
#include "symbol.h"

/* A library whose functions are probed. */
struct watched {
	char *path;
	unsigned int functions;
};

struct attachment {
	struct bpf_link **links;
	unsigned int nr_links;
	struct watched *watched;
	unsigned int nr_watched;
};

/* What the steps of attach() share. */
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

static enum tag_why attach_at(struct attaching *o, const char *path, __u64 offset,
			      const struct table_function *f, bool is_return)
{
	struct attachment *a = o->attachment;
	LIBBPF_OPTS(bpf_uprobe_opts, uprobe, .retprobe = is_return,
		    .bpf_cookie = PROBE_COOKIE(f->first, f->nr, f->returns));
	struct bpf_link **links, *link;

	links = reallocarray(a->links, a->nr_links + 1, sizeof(*links));
	if (!links)
		return TAG_NO_MEMORY;
	a->links = links;
	link = bpf_program__attach_uprobe_opts(
		bpf_object__find_program_by_name(o->object, is_return ? "leave" : "enter"),
		o->opts->pid ?: -1, path, offset, &uprobe);
	if (!link)
		return at(o, errno == EPERM || errno == EACCES ? TAG_NO_PERMISSION : TAG_NO_ATTACH,
			  f->name);
	a->links[a->nr_links++] = link;
	return TAG_OK;
}

/*
 * Returns first: an entry without its return is a buffer without a tag, a return without
 * its entry is nothing.
 */
static enum tag_why attach_all(struct attaching *o, const struct table_library *library,
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
static enum tag_why watch(struct attaching *o, const struct table_library *library, const char *path)
{
	struct attachment *a = o->attachment;
	struct watched *watched = reallocarray(a->watched, a->nr_watched + 1, sizeof(*watched));
	struct symbol *symbols;
	enum tag_why why;
	unsigned int i;

	if (!watched)
		return TAG_NO_MEMORY;
	a->watched = watched;
	watched += a->nr_watched;
	*watched = (struct watched){ .path = strdup(path) };
	if (!watched->path)
		return TAG_NO_MEMORY;
	a->nr_watched++;

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
		why = attach_all(o, library, path, symbols);
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
static bool is_wanted(const struct attaching *o, const struct table_library *library)
{
	return !library->program || (o->opts->comm && !strcmp(o->opts->comm, library->program));
}

/* A library that was asked for. */
static enum tag_why watch_named(struct attaching *o, const char *name)
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

static enum tag_why watch_all(struct attaching *o)
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
	return why == TAG_OK && !o->attachment->nr_links ? TAG_NO_LIBRARY : why;
}

struct attachment *attach(const struct tag_opts *opts, struct bpf_object *object,
			  enum tag_why *why, char **what)
{
	struct attaching o = { .opts = opts, .object = object };
	const char *const *name;
	int err;

	o.attachment = calloc(1, sizeof(*o.attachment));
	*why = o.attachment ? TAG_OK : TAG_NO_MEMORY;
	for (name = opts->libraries; name && *name && *why == TAG_OK; name++)
		*why = watch_named(&o, *name);
	if (*why == TAG_OK && !opts->libraries)
		*why = watch_all(&o);
	if (*why == TAG_OK)
		return o.attachment;
	err = errno;
	*what = o.what;
	attach_end(o.attachment);
	errno = err;
	return NULL;
}

void attach_print(const struct attachment *a, FILE *to)
{
	unsigned int i;

	for (i = 0; i < a->nr_watched; i++)
		fprintf(to, "%s: %u functions\n", a->watched[i].path, a->watched[i].functions);
}

void attach_end(struct attachment *a)
{
	unsigned int i;

	if (!a)
		return;
	/* Entries first, the reverse of attach_all(). */
	while (a->nr_links)
		bpf_link__destroy(a->links[--a->nr_links]);
	for (i = 0; i < a->nr_watched; i++)
		free(a->watched[i].path);
	free(a->watched);
	free(a->links);
	free(a);
}

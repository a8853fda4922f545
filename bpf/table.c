// SPDX-License-Identifier: GPL-2.0
/* The table of probes: see table.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kredact.h>

#include "conf.h"
#include "table.h"
#include "value.h"

/* What a length may be if the table does not say: more than any key, less than a heap. */
#define MOST_DEFAULT	(1u << 20)
#define MOST_MOST	(1u << 30)

/* Where files are read into. */
struct reader {
	struct table *table;
	struct conf conf;
};

/* Room for one more in an array, zeroed, or NULL. */
static void *more(void **array, unsigned int nr, size_t size)
{
	void *new = reallocarray(*array, nr + 1, size);

	if (!new)
		return NULL;
	*array = new;
	return memset((char *)new + nr * size, 0, size);
}

#define MORE(array, nr)	more((void **)&(array), nr, sizeof(*(array)))

static bool read_value(struct reader *r, const config_setting_t *setting, struct probe_value *out,
		       __u64 *mask)
{
	const char *text = conf_text(&r->conf, setting), *why;
	int bad;

	if (!text)
		return false;
	bad = value_parse(text, out, mask, &why);
	if (bad)
		conf_complain(&r->conf, setting, "%s = \"%s\": %s, at \"%s\"",
			      config_setting_name(setting), text, why, text + bad - 1);
	return !bad;
}

/* The settings of one probe. */
struct settings {
	const config_setting_t *function, *tag, *bytes, *release, *at, *when, *most, *hunt,
			       *optional, *pattern;
};

static bool sort_settings(struct reader *r, const config_setting_t *group, struct settings *s)
{
	const struct conf_known known[] = {
		{ "function", &s->function }, { "tag", &s->tag }, { "bytes", &s->bytes },
		{ "release", &s->release }, { "at", &s->at }, { "when", &s->when },
		{ "most", &s->most }, { "hunt", &s->hunt }, { "optional", &s->optional },
		{ "pattern", &s->pattern },
		{ NULL, NULL }
	};

	return conf_sort(&r->conf, group, known, "a probe has function, tag and bytes or release, "
			 "at, when, most, hunt, optional, pattern");
}

static bool read_at(struct reader *r, const config_setting_t *setting, struct key_probe *p)
{
	const char *at = setting ? conf_text(&r->conf, setting) : NULL;

	p->at_return = value_needs_return(&p->address) || value_needs_return(&p->length) ||
		       value_needs_return(&p->when);
	if (!setting)
		return true;
	if (at && !strcmp(at, "return")) {
		p->at_return = 1;
		return true;
	}
	if (!at || strcmp(at, "entry"))
		conf_complain(&r->conf, setting, "at is \"entry\" or \"return\"");
	else if (p->at_return)
		conf_complain(&r->conf, setting, "there is no result at the entry");
	else
		return true;
	return false;
}

static bool read_most(struct reader *r, const config_setting_t *setting, struct key_probe *p)
{
	long long most = setting ? config_setting_get_int64(setting) : MOST_DEFAULT;

	if (setting && config_setting_type(setting) == CONFIG_TYPE_INT)
		most = config_setting_get_int(setting);
	if (most < 1 || most > MOST_MOST) {
		conf_complain(&r->conf, setting, "most is a number of bytes, 1 to %u", MOST_MOST);
		return false;
	}
	p->most = most;
	return true;
}

static bool read_tag(struct reader *r, const config_setting_t *group, const struct settings *s,
		     struct key_probe *p)
{
	bool hunted = true;

	if (!s->bytes) {
		conf_complain(&r->conf, group, "tag without bytes: how long is it?");
		return false;
	}
	p->action = PROBE_TAG;
	conf_take_bool(&r->conf, s->hunt, &hunted);
	p->flags = hunted ? 0 : KREDACT_NOHUNT;
	return read_value(r, s->tag, &p->address, NULL) &&
	       read_value(r, s->bytes, &p->length, NULL) &&
	       (!s->when || read_value(r, s->when, &p->when, &p->mask)) &&
	       read_at(r, s->at, p) && read_most(r, s->most, p);
}

static bool read_release(struct reader *r, const config_setting_t *group, const struct settings *s,
			 struct key_probe *p)
{
	if (s->bytes || s->when || s->at || s->most || s->hunt) {
		conf_complain(&r->conf, group, "release goes with function and optional only");
		return false;
	}
	p->action = PROBE_RELEASE;
	if (!read_value(r, s->release, &p->address, NULL))
		return false;
	if (!value_needs_return(&p->address))
		return true;
	conf_complain(&r->conf, s->release,
		      "what is released is known at the entry, not by its result");
	return false;
}

/* The function of a probe: the one before, or a new one. NULL: that was complained about. */
static struct table_function *function_of(struct reader *r, const config_setting_t *setting)
{
	struct table *t = r->table;
	struct table_library *l = &t->libraries[t->nr_libraries - 1];
	const char *name = conf_text(&r->conf, setting);
	struct table_function *f;
	unsigned int i;

	if (!name)
		return NULL;
	for (i = l->first; i < t->nr_functions; i++) {
		f = &t->functions[i];
		if (strcmp(f->name, name))
			continue;
		if (i + 1 == t->nr_functions && f->nr < PROBE_MOST)
			return f;
		conf_complain(&r->conf, setting, i + 1 == t->nr_functions ?
			      "%s has more than 8 probes" :
			      "the probes of %s are not one after another", name);
		return NULL;
	}
	f = MORE(t->functions, t->nr_functions);
	if (!f || !(f->name = strdup(name))) {
		conf_complain(&r->conf, setting, "not enough memory");
		return NULL;
	}
	f->first = t->nr_probes;
	t->nr_functions++;
	l->nr++;
	return f;
}

static void read_pattern(struct reader *r, const config_setting_t *setting,
			 struct table_function *f)
{
	const char *text = conf_text(&r->conf, setting), *why;
	struct pattern *p;
	int bad;

	if (!text)
		return;
	p = MORE(f->patterns, f->nr_patterns);
	if (!p) {
		conf_complain(&r->conf, setting, "not enough memory");
		return;
	}
	bad = pattern_parse(text, p, &why);
	if (bad)
		conf_complain(&r->conf, setting, "a pattern of %s: %s, at \"%s\"", f->name, why,
			      text + bad - 1);
	f->nr_patterns++;
}

/* One, or a list of them. */
static void read_patterns(struct reader *r, const config_setting_t *setting,
			  struct table_function *f)
{
	int i;

	if (f->nr > 1)
		conf_complain(&r->conf, setting,
			      "a pattern goes with the first probe of a function");
	else if (!config_setting_is_list(setting))
		read_pattern(r, setting, f);
	else
		for (i = 0; i < config_setting_length(setting); i++)
			read_pattern(r, config_setting_get_elem(setting, i), f);
}

/* What its tags are called. A long name is cut off. */
static void set_label(struct key_probe *p, const struct table_library *l,
		      const struct table_function *f)
{
	const char *slash = strrchr(l->name, '/');

	snprintf(p->label, sizeof(p->label), "%s %s", slash ? slash + 1 : l->name, f->name);
}

static void read_probe(struct reader *r, const config_setting_t *group)
{
	struct table *t = r->table;
	struct table_function *f;
	bool optional = false;
	struct key_probe *p;
	struct settings s;

	if (!conf_is_group(&r->conf, group) || !sort_settings(r, group, &s))
		return;
	if (!s.function || !s.tag == !s.release) {
		conf_complain(&r->conf, group, "a probe has a function, and tag or release");
		return;
	}
	if (t->nr_probes == PROBES_MAX) {
		conf_complain(&r->conf, group, "more than %u probes in all", PROBES_MAX);
		return;
	}
	f = function_of(r, s.function);
	if (!f)
		return;
	p = MORE(t->probes, t->nr_probes);
	if (!p) {
		conf_complain(&r->conf, group, "not enough memory");
		return;
	}
	set_label(p, &t->libraries[t->nr_libraries - 1], f);
	t->nr_probes++;
	f->nr++;
	if (!(s.tag ? read_tag(r, group, &s, p) : read_release(r, group, &s, p)))
		return;
	f->returns |= p->at_return;
	if (s.pattern)
		read_patterns(r, s.pattern, f);
	conf_take_bool(&r->conf, s.optional, &optional);
	f->optional |= optional;
}

/* A text of the file for the table to keep; NULL if it is not there, or was complained about. */
static char *copy_of(struct reader *r, const config_setting_t *setting)
{
	const char *text = setting ? conf_text(&r->conf, setting) : NULL;
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		conf_complain(&r->conf, setting, "not enough memory");
	return copy;
}

static void read_config(struct reader *r, const config_setting_t *root)
{
	const config_setting_t *library, *probes, *program, *has, *lacks, *thorough;
	const struct conf_known known[] = {
		{ "library", &library }, { "probes", &probes }, { "program", &program },
		{ "has", &has }, { "lacks", &lacks }, { "thorough", &thorough }, { NULL, NULL }
	};
	struct table *t = r->table;
	struct table_library *l;
	const char *name;
	int i;

	if (!conf_sort(&r->conf, root, known,
		       "a file has library, probes, program, has, lacks, thorough"))
		return;
	name = library ? conf_text(&r->conf, library) : NULL;
	if (!name || !probes || !config_setting_is_list(probes)) {
		conf_complain(&r->conf, probes ?: root,
			      "a file has library = \"NAME\" and probes = ( ... )");
		return;
	}
	if (strchr(name, '/') && name[0] != '/') {
		conf_complain(&r->conf, library,
			      "a library is a name without a slash, or an absolute path");
		return;
	}
	l = MORE(t->libraries, t->nr_libraries);
	if (!l) {
		conf_complain(&r->conf, library, "not enough memory");
		return;
	}
	l->first = t->nr_functions;
	t->nr_libraries++;
	l->name = strdup(name);
	l->from = strdup(r->conf.path);
	if (!l->name || !l->from)
		conf_complain(&r->conf, library, "not enough memory");
	name = program ? conf_text(&r->conf, program) : NULL;
	if (name && strlen(name) < PROBE_COMM_LEN)
		l->program = strdup(name);
	else if (name)
		conf_complain(&r->conf, program, "the name of a process has 1 to %d bytes",
			      PROBE_COMM_LEN - 1);
	l->has = copy_of(r, has);
	l->lacks = copy_of(r, lacks);
	conf_take_bool(&r->conf, thorough, &l->thorough);
	if (t->nr_libraries > PROBE_LIBRARIES)
		conf_complain(&r->conf, library, "more than %d files", PROBE_LIBRARIES);
	for (i = 0; i < config_setting_length(probes); i++)
		read_probe(r, config_setting_get_elem(probes, i));
	if (!l->nr)
		conf_complain(&r->conf, probes, "no probes");
}

int table_read_file(struct table *t, const char *path, FILE *errors)
{
	struct reader r = { .table = t, .conf = { .path = path, .errors = errors } };
	const config_setting_t *root;
	config_t config;

	root = conf_read(&r.conf, &config);
	if (root)
		read_config(&r, root);
	config_destroy(&config);
	return r.conf.failed ? -1 : 0;
}

static int is_conf(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && dot != entry->d_name && !strcmp(dot, ".conf");
}

static bool is_in(struct dirent **entries, int nr, const char *name)
{
	while (nr-- > 0)
		if (!strcmp(entries[nr]->d_name, name))
			return true;
	return false;
}

/* The files of a directory, but for those that @others has, too. */
static int read_dir(struct table *t, const char *dir, struct dirent **entries, int nr,
		    struct dirent **others, int nr_others, FILE *errors)
{
	int i, ret = 0;
	char *path;

	for (i = 0; i < nr; i++) {
		if (is_in(others, nr_others, entries[i]->d_name))
			continue;
		if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0)
			return -1;
		ret |= table_read_file(t, path, errors);
		free(path);
	}
	return ret;
}

static void free_entries(struct dirent **entries, int nr)
{
	while (nr-- > 0)
		free(entries[nr]);
	free(entries);
}

int table_read_dirs(struct table *t, const char *dir, const char *admin, FILE *errors)
{
	struct dirent **files = NULL, **admins = NULL;
	int nr_files, nr_admins, ret = 0;

	nr_files = scandir(dir, &files, is_conf, alphasort);
	if (nr_files < 0) {
		fprintf(errors, "%s: %s\n", dir, strerror(errno));
		ret = -1;
	}
	nr_admins = scandir(admin, &admins, is_conf, alphasort);
	if (nr_admins < 0 && errno != ENOENT) {
		fprintf(errors, "%s: %s\n", admin, strerror(errno));
		ret = -1;
	}
	ret |= read_dir(t, dir, files, nr_files, admins, nr_admins, errors);
	ret |= read_dir(t, admin, admins, nr_admins, NULL, 0, errors);
	free_entries(files, nr_files);
	free_entries(admins, nr_admins);
	return ret;
}

bool table_is_for(const struct table_library *library, const char *path)
{
	struct symbol s[] = { { .name = library->has ?: "" }, { .name = library->lacks ?: "" } };

	/* Most files are for all versions: then the library need not be read. */
	if ((!library->has && !library->lacks) || symbol_find(path, s, 2))
		return true;
	return (!library->has || s[0].nr) && (!library->lacks || !s[1].nr);
}

struct symbol *table_symbols(const struct table *t, const struct table_library *library,
			     const char *path)
{
	struct symbol *symbols = calloc(library->nr, sizeof(*symbols));
	unsigned int i;
	int err;

	if (!symbols)
		return NULL;
	for (i = 0; i < library->nr; i++) {
		const struct table_function *f = &t->functions[library->first + i];

		symbols[i].name = f->name;
		symbols[i].patterns = f->patterns;
		symbols[i].nr_patterns = f->nr_patterns;
	}
	err = symbol_find(path, symbols, library->nr);
	if (!err)
		return symbols;
	free(symbols);
	errno = -err;
	return NULL;
}

void table_free(struct table *t)
{
	unsigned int i;

	for (i = 0; i < t->nr_libraries; i++) {
		free(t->libraries[i].name);
		free(t->libraries[i].from);
		free(t->libraries[i].program);
		free(t->libraries[i].has);
		free(t->libraries[i].lacks);
	}
	for (i = 0; i < t->nr_functions; i++) {
		free(t->functions[i].name);
		free(t->functions[i].patterns);
	}
	free(t->libraries);
	free(t->functions);
	free(t->probes);
	memset(t, 0, sizeof(*t));
}

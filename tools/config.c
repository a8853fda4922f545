// SPDX-License-Identifier: GPL-2.0
/* The configuration of kredactd: see config.h. */
#include <stdlib.h>
#include <string.h>

#include "../bpf/conf.h"
#include "config.h"
#include "log/client.h"
#include "setting.h"

#define ROOT_HAS	"there are mechanism, probes, key, seals, policy, watch, custody, audit"
#define WATCH_HAS	"to be watched are unit, comm, exe, library, thorough, exact"
#define POLICY_HAS	"a policy has hunt, run, registers, unhunted, strict"
#define CUSTODY_HAS	"custody has dirs, log, adopt, backend"
#define AUDIT_HAS	"audit has socket"

/* One of some words. */
static unsigned int read_word(struct conf *c, const config_setting_t *setting,
			      const char *const *words, unsigned int nr)
{
	const char *word = conf_text(c, setting);
	unsigned int i;

	for (i = 0; word && i < nr; i++)
		if (!strcmp(word, words[i]))
			return i;
	if (word)
		conf_complain(c, setting, "%s has no value \"%s\"", config_setting_name(setting),
			      word);
	return 0;
}

/* A text, or a list of them. Return: how many. */
static unsigned int read_texts(struct conf *c, const config_setting_t *setting, const char **to)
{
	unsigned int nr;

	if (!config_setting_is_aggregate(setting)) {
		to[0] = conf_text(c, setting);
		return to[0] ? 1 : 0;
	}
	nr = conf_take_texts(c, setting, to, CONFIG_MOST);
	if (!nr)
		conf_complain(c, setting, "%s is empty", config_setting_name(setting));
	return nr;
}

static void read_mechanism(struct conf *c, const config_setting_t *setting, struct config *config)
{
	static const char *const words[] = { "auto", "module", "daemon", "map", "library" };
	unsigned int word = read_word(c, setting, words, sizeof(words) / sizeof(words[0]));

	config->tags = word <= TAG_MAP;
	config->backend = config->tags ? word : TAG_AUTO;
}

static void read_filter(struct conf *c, const config_setting_t *group, struct config *config)
{
	const config_setting_t *unit, *comm, *exe, *library, *thorough, *exact;
	const struct conf_known known[] = {
		{ "unit", &unit }, { "comm", &comm }, { "exe", &exe }, { "library", &library },
		{ "thorough", &thorough }, { "exact", &exact }, { NULL, NULL }
	};
	struct tag_filter *f;

	if (!conf_is_group(c, group))
		return;
	if (config->nr_filters == PROBE_FILTERS) {
		conf_complain(c, group, "more than %d to watch", PROBE_FILTERS);
		return;
	}
	if (!conf_sort(c, group, known, WATCH_HAS))
		return;
	f = &config->filters[config->nr_filters];
	conf_take_text(c, unit, &f->unit);
	conf_take_text(c, comm, &f->comm);
	conf_take_text(c, exe, &f->exe);
	conf_take_bool(c, thorough, &f->thorough);
	conf_take_bool(c, exact, &f->exact);
	if (f->unit && (strchr(f->unit, '/') || !strchr(f->unit, '.') ||
			strlen(f->unit) >= PROBE_NAME_LEN))
		conf_complain(c, unit, "a unit is a whole name such as \"nginx.service\", of 1 to %d "
			      "bytes", PROBE_NAME_LEN - 1);
	if (f->comm && strlen(f->comm) >= PROBE_COMM_LEN)
		conf_complain(c, comm, "the name of a process has 1 to %d bytes",
			      PROBE_COMM_LEN - 1);
	if (f->exe && f->exe[0] != '/')
		conf_complain(c, exe, "an executable is an absolute path");
	if (library && read_texts(c, library, config->libraries[config->nr_filters]))
		f->libraries = config->libraries[config->nr_filters];
	config->nr_filters++;
}

static void read_watch(struct conf *c, const config_setting_t *list, struct config *config)
{
	int i;

	if (!config_setting_is_list(list)) {
		conf_complain(c, list, "watch is a list, in ( )");
		return;
	}
	for (i = 0; i < config_setting_length(list); i++)
		read_filter(c, config_setting_get_elem(list, i), config);
}

static bool read_setting(struct conf *c, const config_setting_t *from, enum setting setting,
			 u32 *to)
{
	const char *word = from ? conf_text(c, from) : NULL;

	if (!word)
		return false;
	if (setting_value(setting, word, to))
		return true;
	conf_complain(c, from, "%s has no value \"%s\"", config_setting_name(from), word);
	return false;
}

static bool read_run(struct conf *c, const config_setting_t *from, u32 *to)
{
	u64 run = 0;

	conf_take_number(c, from, KREDACT_RUN_MIN, KREDACT_RUN_MAX, &run);
	*to = run;
	return run;
}

static void read_policy(struct conf *c, const config_setting_t *group, struct config *config)
{
	const config_setting_t *hunt, *run, *registers, *unhunted, *strict;
	const struct conf_known known[] = {
		{ "hunt", &hunt }, { "run", &run }, { "registers", &registers },
		{ "unhunted", &unhunted }, { "strict", &strict }, { NULL, NULL }
	};
	struct policy_change *p = &config->policy;

	if (!conf_sort(c, group, known, POLICY_HAS))
		return;
	p->hunt = read_setting(c, hunt, SETTING_HUNT, &p->to.hunt);
	p->run = read_run(c, run, &p->to.run);
	p->registers = read_setting(c, registers, SETTING_REGISTERS, &p->to.registers);
	p->unhunted = read_setting(c, unhunted, SETTING_UNHUNTED, &p->to.unhunted);
	p->strict = read_setting(c, strict, SETTING_STRICT, &p->to.strict);
}

static void read_custody(struct conf *c, const config_setting_t *group, struct config *config)
{
	static const char *const words[] = { "auto", "bpf", "fanotify" };
	const config_setting_t *dirs, *log, *adopt, *backend;
	const struct conf_known known[] = {
		{ "dirs", &dirs }, { "log", &log }, { "adopt", &adopt }, { "backend", &backend },
		{ NULL, NULL }
	};

	if (!conf_sort(c, group, known, CUSTODY_HAS))
		return;
	if (!dirs || !log) {
		conf_complain(c, group, "custody needs dirs and log");
		return;
	}
	config->custody.nr_dirs = read_texts(c, dirs, (const char **)config->dirs);
	config->custody.dirs = config->dirs;
	conf_take_text(c, log, &config->log);
	conf_take_bool(c, adopt, &config->custody.adopt);
	if (backend)
		config->custody.how = read_word(c, backend, words,
						sizeof(words) / sizeof(words[0]));
}

static void read_audit(struct conf *c, const config_setting_t *group, struct config *config)
{
	const config_setting_t *socket;
	const struct conf_known known[] = { { "socket", &socket }, { NULL, NULL } };

	if (!conf_sort(c, group, known, AUDIT_HAS))
		return;
	config->audit = LOG_SOCKET;
	conf_take_path(c, socket, &config->audit);
}

static void read_root(struct conf *c, const config_setting_t *root, struct config *config)
{
	const config_setting_t *mechanism, *probes, *key, *seals, *policy, *watch, *custody,
		*audit;
	const struct conf_known known[] = {
		{ "mechanism", &mechanism }, { "probes", &probes }, { "key", &key },
		{ "seals", &seals }, { "policy", &policy }, { "watch", &watch },
		{ "custody", &custody }, { "audit", &audit }, { NULL, NULL }
	};

	if (!conf_sort(c, root, known, ROOT_HAS))
		return;
	config->tags = true;
	config->probes = TABLE_ADMIN_DIR;
	config->seals = CONFIG_SEALS;
	if (mechanism)
		read_mechanism(c, mechanism, config);
	conf_take_text(c, probes, &config->probes);
	conf_take_text(c, key, &config->key);
	conf_take_text(c, seals, &config->seals);
	if (policy)
		read_policy(c, policy, config);
	if (watch)
		read_watch(c, watch, config);
	if (custody)
		read_custody(c, custody, config);
	if (audit)
		read_audit(c, audit, config);
}

struct config *config_load(const char *path, FILE *errors)
{
	struct config *config = calloc(1, sizeof(*config));
	struct conf c = { .path = path, .errors = errors };
	const config_setting_t *root;

	if (!config) {
		fprintf(errors, "%s: not enough memory\n", path);
		return NULL;
	}
	root = conf_read(&c, &config->file);
	if (root)
		read_root(&c, root, config);
	if (!c.failed)
		return config;
	config_free(config);
	return NULL;
}

void config_free(struct config *config)
{
	if (config)
		config_destroy(&config->file);
	free(config);
}

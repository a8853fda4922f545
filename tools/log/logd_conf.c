// SPDX-License-Identifier: GPL-2.0
/* The configuration of kredact-logd: see logd_conf.h. */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "../../bpf/conf.h"
#include "line.h"
#include "logd_conf.h"

#define ROOT_HAS	"there are dir, socket, key, checkpoint, rotate, retain, senders, journald, " \
			"syslog, audit, metrics"
#define SENDERS_HAS	"senders have events, users, groups"
#define OUTPUT_HAS	"an output has events; syslog has to as well"
#define DAY_S		86400
#define NUMBER_MOST	(INT64_MAX / 1000000000)	/* seconds, as nanoseconds, fit as well */

static bool pattern_ok(const char *text)
{
	size_t len = strlen(text);

	if (!strcmp(text, "*"))
		return true;
	if (len > 2 && !strcmp(text + len - 2, ".*"))
		return !memchr(text, '*', len - 1);
	return line_event_ok(text, len);
}

static void read_events(struct conf *c, const config_setting_t *list, struct logd_events *events)
{
	unsigned int i;

	events->count = conf_take_texts(c, list, events->list, LOGD_MOST);
	for (i = 0; i < events->count; i++)
		if (!pattern_ok(events->list[i]))
			conf_complain(c, list, "\"%s\" is neither an event, nor \"family.*\", nor "
				      "\"*\"", events->list[i]);
}

static void read_users(struct conf *c, const config_setting_t *list, struct logd_senders *senders)
{
	const char *names[LOGD_MOST];
	unsigned int i, nr = conf_take_texts(c, list, names, LOGD_MOST);
	const struct passwd *user;

	for (i = 0; i < nr; i++) {
		user = getpwnam(names[i]);
		if (user)
			senders->uids[senders->nr_uids++] = user->pw_uid;
		else
			conf_complain(c, list, "there is no user %s", names[i]);
	}
}

static void read_groups(struct conf *c, const config_setting_t *list, struct logd_senders *senders)
{
	const char *names[LOGD_MOST];
	unsigned int i, nr = conf_take_texts(c, list, names, LOGD_MOST);
	const struct group *group;

	for (i = 0; i < nr; i++) {
		group = getgrnam(names[i]);
		if (group)
			senders->gids[senders->nr_gids++] = group->gr_gid;
		else
			conf_complain(c, list, "there is no group %s", names[i]);
	}
}

static void read_senders(struct conf *c, const config_setting_t *list, struct logd_conf *conf)
{
	const config_setting_t *events, *users, *groups;
	const struct conf_known known[] = {
		{ "events", &events }, { "users", &users }, { "groups", &groups }, { NULL, NULL }
	};
	int i;

	conf->nr_senders = 0;
	if (!config_setting_is_list(list)) {
		conf_complain(c, list, "senders is a list, in ( )");
		return;
	}
	for (i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned int)i);
		struct logd_senders *senders;

		if (i == (int)LOGD_MOST) {
			conf_complain(c, list, "more than %u senders", LOGD_MOST);
			return;
		}
		if (!conf_is_group(c, group) || !conf_sort(c, group, known, SENDERS_HAS))
			continue;
		senders = &conf->senders[conf->nr_senders++];
		memset(senders, 0, sizeof(*senders));
		if (!events || (!users && !groups))
			conf_complain(c, group, "senders need events, and users or groups");
		if (events)
			read_events(c, events, &senders->events);
		if (users)
			read_users(c, users, senders);
		if (groups)
			read_groups(c, groups, senders);
	}
}

/* The addresses that lines may go to are on this machine: a relay takes them further. */
static bool address_ok(const char *to)
{
	return !strncmp(to, "unix:/", 6) || !strncmp(to, "udp:127.", 8) ||
	       !strncmp(to, "udp:[::1]:", 10);
}

static void read_output(struct conf *c, const config_setting_t *group,
			struct logd_output_conf *output, bool has_address)
{
	const config_setting_t *events, *to;
	const struct conf_known known[] = {
		{ "events", &events }, { "to", &to }, { NULL, NULL }
	};

	if (!group || !conf_is_group(c, group) || !conf_sort(c, group, known, OUTPUT_HAS))
		return;
	output->on = true;
	output->events = (struct logd_events){ { "*" }, 1 };
	if (events)
		read_events(c, events, &output->events);
	if (has_address != !!to)
		conf_complain(c, group, "an address (to) is for syslog, which needs one");
	conf_take_text(c, to, &output->to);
	if (output->to && !address_ok(output->to))
		conf_complain(c, to, "an address is \"unix:/PATH\", \"udp:127.0.0.1:PORT\" or "
			      "\"udp:[::1]:PORT\"");
}

/* A group of two numbers, the second one in a unit of its own. */
static void read_pair(struct conf *c, const config_setting_t *group, const char *first_name,
		      u64 first_least, u64 *first, const char *second_name, u64 second_unit,
		      u64 *second)
{
	const config_setting_t *one, *two;
	const struct conf_known known[] = {
		{ first_name, &one }, { second_name, &two }, { NULL, NULL }
	};
	u64 units = *second / second_unit;
	char what[80];

	if (!group)
		return;
	snprintf(what, sizeof(what), "%s has %s, %s", config_setting_name(group), first_name,
		 second_name);
	if (!conf_is_group(c, group) || !conf_sort(c, group, known, what))
		return;
	conf_take_number(c, one, first_least, NUMBER_MOST, first);
	conf_take_number(c, two, 1, NUMBER_MOST / second_unit, &units);
	*second = units * second_unit;
}

static void read_root(struct conf *c, const config_setting_t *root, struct logd_conf *conf)
{
	const config_setting_t *dir, *socket, *key, *checkpoint, *rotate, *retain, *senders;
	const config_setting_t *journald, *syslog, *audit, *metrics;
	const struct conf_known known[] = {
		{ "dir", &dir }, { "socket", &socket }, { "key", &key },
		{ "checkpoint", &checkpoint }, { "rotate", &rotate }, { "retain", &retain },
		{ "senders", &senders }, { "journald", &journald }, { "syslog", &syslog },
		{ "audit", &audit }, { "metrics", &metrics }, { NULL, NULL }
	};

	if (!conf_sort(c, root, known, ROOT_HAS))
		return;
	conf_take_text(c, dir, &conf->dir);
	conf_take_text(c, socket, &conf->socket);
	conf_take_text(c, key, &conf->key);
	conf_take_text(c, metrics, &conf->metrics);
	read_pair(c, checkpoint, "lines", 1, &conf->checkpoint_lines, "seconds", 1,
		  &conf->checkpoint_s);
	read_pair(c, rotate, "bytes", 65536, &conf->rotate_bytes, "hours", 3600, &conf->rotate_s);
	read_pair(c, retain, "bytes", 0, &conf->retain_bytes, "days", DAY_S, &conf->retain_s);
	if (senders)
		read_senders(c, senders, conf);
	read_output(c, journald, &conf->outputs[OUTPUT_JOURNALD], false);
	read_output(c, syslog, &conf->outputs[OUTPUT_SYSLOG], true);
	read_output(c, audit, &conf->outputs[OUTPUT_AUDIT], false);
}

/**
 * logd_conf_load() - read a configuration
 * @path:	file; NULL: what holds without one
 * @errors:	where to say what is wrong, with the file and the line
 *
 * Return: for the caller to logd_conf_free(), or NULL if something is wrong.
 */
struct logd_conf *logd_conf_load(const char *path, FILE *errors)
{
	struct logd_conf *conf = calloc(1, sizeof(*conf));
	struct conf c = { .path = path, .errors = errors };
	const config_setting_t *root;

	if (!conf) {
		fputs("kredact-logd: out of memory\n", errors);
		return NULL;
	}
	conf->dir = LOG_DIR;
	conf->socket = LOG_SOCKET;
	conf->checkpoint_lines = 10000;
	conf->checkpoint_s = 60;
	conf->rotate_bytes = 32 << 20;
	conf->rotate_s = DAY_S;
	conf->retain_s = 400 * DAY_S;
	/* Root may send anything. */
	conf->senders[0].events = (struct logd_events){ { "*" }, 1 };
	conf->senders[0].nr_uids = 1;
	conf->nr_senders = 1;
	if (path) {
		root = conf_read(&c, &conf->file);
		if (root)
			read_root(&c, root, conf);
	} else {
		config_init(&conf->file);
	}
	if (!c.failed)
		return conf;
	logd_conf_free(conf);
	return NULL;
}

/**
 * logd_conf_free() - give it back
 * @conf:	from logd_conf_load(), or NULL
 */
void logd_conf_free(struct logd_conf *conf)
{
	if (conf)
		config_destroy(&conf->file);
	free(conf);
}

/**
 * logd_events_have() - is an event meant
 * @events:	of a configuration
 * @event:	name of the event
 * @len:	of it
 *
 * Return: true if it is.
 */
bool logd_events_have(const struct logd_events *events, const char *event, size_t len)
{
	unsigned int i;

	for (i = 0; i < events->count; i++) {
		const char *pattern = events->list[i];
		size_t stem = strlen(pattern);

		if (pattern[stem - 1] != '*') {
			if (stem == len && !memcmp(pattern, event, len))
				return true;
		} else if (stem - 1 <= len && !memcmp(pattern, event, stem - 1)) {
			return true;
		}
	}
	return false;
}

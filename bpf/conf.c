// SPDX-License-Identifier: GPL-2.0
/* Reading of configuration files: see conf.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "conf.h"

void conf_complain(struct conf *c, const config_setting_t *at, const char *format, ...)
{
	va_list ap;

	fprintf(c->errors, "%s:%u: ", c->path, at ? config_setting_source_line(at) : 0);
	va_start(ap, format);
	vfprintf(c->errors, format, ap);
	va_end(ap);
	fputc('\n', c->errors);
	c->failed = true;
}

const char *conf_text(struct conf *c, const config_setting_t *setting)
{
	const char *text = config_setting_get_string(setting);

	if (text && *text)
		return text;
	conf_complain(c, setting, "%s is not a text",
		      config_setting_name(setting) ?: "something in a list");
	return NULL;
}

bool conf_is_group(struct conf *c, const config_setting_t *setting)
{
	if (config_setting_is_group(setting))
		return true;
	conf_complain(c, setting, "%s is a group, in { }",
		      config_setting_name(setting) ?: "each of a list");
	return false;
}

void conf_take_text(struct conf *c, const config_setting_t *setting, const char **to)
{
	const char *text = setting ? conf_text(c, setting) : NULL;

	if (text)
		*to = text;
}

void conf_take_path(struct conf *c, const config_setting_t *setting, const char **to)
{
	const char *text = setting ? conf_text(c, setting) : NULL;

	if (text && *text != '/')
		conf_complain(c, setting, "%s is an absolute path", config_setting_name(setting));
	else if (text)
		*to = text;
}

void conf_take_bool(struct conf *c, const config_setting_t *setting, bool *to)
{
	if (setting && config_setting_type(setting) != CONFIG_TYPE_BOOL)
		conf_complain(c, setting, "%s is true or false", config_setting_name(setting));
	else if (setting)
		*to = config_setting_get_bool(setting);
}

void conf_take_number(struct conf *c, const config_setting_t *setting, uint64_t least,
		      uint64_t most, uint64_t *to)
{
	long long value = setting ? config_setting_get_int64(setting) : 0;

	if (!setting)
		return;
	/* Not a number with a point either, of which the value is cut. */
	if (config_setting_is_number(setting) &&
	    config_setting_type(setting) != CONFIG_TYPE_FLOAT &&
	    value >= 0 && (uint64_t)value >= least && (uint64_t)value <= most)
		*to = value;
	else
		conf_complain(c, setting, "%s is a number from %" PRIu64 " to %" PRIu64,
			      config_setting_name(setting), least, most);
}

unsigned int conf_take_texts(struct conf *c, const config_setting_t *list, const char **to,
			     unsigned int most)
{
	unsigned int nr = 0;
	int i;

	if (!config_setting_is_aggregate(list) || config_setting_is_group(list)) {
		conf_complain(c, list, "%s is a list of texts, in [ ]", config_setting_name(list));
		return 0;
	}
	for (i = 0; i < config_setting_length(list); i++) {
		if (nr == most) {
			conf_complain(c, list, "more than %u of %s", most,
				      config_setting_name(list));
			break;
		}
		to[nr] = conf_text(c, config_setting_get_elem(list, i));
		nr += !!to[nr];
	}
	return nr;
}

bool conf_sort(struct conf *c, const config_setting_t *group, const struct conf_known *known,
	       const char *what)
{
	const struct conf_known *k;
	bool good = true;
	int i;

	for (k = known; k->name; k++)
		*k->to = NULL;
	for (i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, i);
		const char *name = config_setting_name(member) ?: "";

		for (k = known; k->name && strcmp(k->name, name); k++)
			;
		if (k->name) {
			*k->to = member;
			continue;
		}
		conf_complain(c, member, "%s is not known; %s", name, what);
		good = false;
	}
	return good;
}

const config_setting_t *conf_read(struct conf *c, config_t *config)
{
	config_init(config);
	if (config_read_file(config, c->path))
		return config_root_setting(config);
	if (config_error_type(config) == CONFIG_ERR_FILE_IO)
		fprintf(c->errors, "%s: %s\n", c->path, strerror(errno));
	else
		fprintf(c->errors, "%s:%d: %s\n", c->path, config_error_line(config),
			config_error_text(config));
	c->failed = true;
	return NULL;
}

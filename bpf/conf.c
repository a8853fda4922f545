// SPDX-License-Identifier: GPL-2.0
/* Reading of configuration files: see conf.h. */
#include <errno.h>
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

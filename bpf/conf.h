/* SPDX-License-Identifier: GPL-2.0 */
/* Reading of configuration files (libconfig), with complaints that name file and line. */
#ifndef KREDACT_BPF_CONF_H
#define KREDACT_BPF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <libconfig.h>

/**
 * struct conf - a file that is being read
 * @path:	of it
 * @errors:	where complaints go
 * @failed:	there was one
 */
struct conf {
	const char *path;
	FILE *errors;
	bool failed;
};

/* A setting that is known: its name, and where it goes if it is there. */
struct conf_known {
	const char *name;
	const config_setting_t **to;
};

/* Something is wrong with a setting, or with the file if it is NULL. */
__attribute__((format(printf, 3, 4)))
void conf_complain(struct conf *c, const config_setting_t *at, const char *format, ...);

/* The text of a setting, which lives as long as the file; NULL: none, that was complained of. */
const char *conf_text(struct conf *c, const config_setting_t *setting);

/**
 * conf_sort - find the settings of a group
 * @group:	of the file
 * @known:	which there are, up to a NULL name; @to of each is set
 * @what:	what the group is, for people: "a probe has ..."
 *
 * Return: false if there are others, of which was complained.
 */
bool conf_sort(struct conf *c, const config_setting_t *group, const struct conf_known *known,
	       const char *what);

/**
 * conf_read - read a file
 * @c:		with @path and @errors
 * @config:	out: for the caller to config_destroy(), in any case
 *
 * Return: its root, or NULL, if it cannot be read or is no such file: that was complained of.
 */
const config_setting_t *conf_read(struct conf *c, config_t *config);

#endif /* KREDACT_BPF_CONF_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Reading of configuration files (libconfig), with complaints that name file and line. */
#ifndef KREDACT_BPF_CONF_H
#define KREDACT_BPF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* Is it a group? If not, that is complained of. */
bool conf_is_group(struct conf *c, const config_setting_t *setting);

/*
 * What follows reads one setting. @to stays as it is if that is NULL (it is not there), and
 * after a complaint.
 */
void conf_take_text(struct conf *c, const config_setting_t *setting, const char **to);
void conf_take_path(struct conf *c, const config_setting_t *setting, const char **to);
void conf_take_bool(struct conf *c, const config_setting_t *setting, bool *to);
void conf_take_number(struct conf *c, const config_setting_t *setting, uint64_t least,
		      uint64_t most, uint64_t *to);

/**
 * conf_take_texts - read a list of texts
 * @list:	of the file
 * @to:		takes them; they live as long as the file
 * @most:	how many there may be
 *
 * Return: how many there are; those that are no texts were complained of, and left out.
 */
unsigned int conf_take_texts(struct conf *c, const config_setting_t *list, const char **to,
			     unsigned int most);

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

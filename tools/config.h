/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration of kredactd: see kredactd.conf(5). */
#ifndef KREDACT_TOOLS_CONFIG_H
#define KREDACT_TOOLS_CONFIG_H

#include <stdbool.h>
#include <stdio.h>
#include <libconfig.h>

#include "../bpf/custody.h"
#include "../bpf/tag.h"
#include "policy.h"

#define CONFIG_FILE	"/etc/kredact/kredactd.conf"
#define CONFIG_SEALS	"/var/lib/kredact/seals"
#define CONFIG_MOST	32	/* of libraries or folders in one list */

/**
 * struct config - what kredactd is to do
 * @tags:	tagging is not switched off (mechanism = "library")
 * @backend:	how
 * @probes:	the administrator's folder of the table
 * @key:	file of the key for seals, or NULL
 * @seals:	folder for seals of dumps without the module that cannot lie beside their core
 * @policy:	what the policy of the module is to be, where it says so
 * @filters:	whose keys are tagged; @nr_filters of them
 * @custody:	folders of dumps; none: no custody
 * @log:	file for the records of custody
 * @audit:	socket of the audit log, or NULL: it is told nothing
 *
 * Texts belong to @file, which config_free() gives back.
 */
struct config {
	bool tags;
	enum tag_backend backend;
	const char *probes;
	const char *key;
	const char *seals;
	struct policy_change policy;
	struct tag_filter filters[PROBE_FILTERS];
	unsigned int nr_filters;
	const char *libraries[PROBE_FILTERS][CONFIG_MOST + 1];
	struct custody_opts custody;
	char *dirs[CONFIG_MOST];
	const char *log;
	const char *audit;
	config_t file;
};

/**
 * config_load - read a configuration
 * @path:	file
 * @errors:	where to say what is wrong, with the file and the line
 *
 * Return: for the caller to config_free(), or NULL if something is wrong.
 */
struct config *config_load(const char *path, FILE *errors);

/**
 * config_free - give it back
 * @config:	from config_load(), or NULL
 */
void config_free(struct config *config);

#endif /* KREDACT_TOOLS_CONFIG_H */

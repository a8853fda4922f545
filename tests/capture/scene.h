/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Folders, keys, cores and a log for tests of capturing.
 */
#ifndef KREDACT_TESTS_SCENE_H
#define KREDACT_TESTS_SCENE_H

#include <stdbool.h>

#include "run.h"

/* What is in a core. */
enum core {
	CORE_CLEAN,
	CORE_KEY,	/* somebody's private key */
	CORE_UNSEALED,
	CORE_LARGE,	/* clean; 3 MiB that cannot be compressed */
};

extern struct outcome outcome;

void scene_begin(void);
void scene_end(void);
void scene_configure(const char *more);
void scene_core(const char *path, enum core core);
void scene_clear(void);
bool may_mount(void);
int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *program(const char *name);
int capture(const char *core, const char *environment);
int kredact(const char *arguments, const char *environment);
unsigned int count(const char *pattern);
bool logged(const char *words);
bool is_whole(const char *dump, const char *core);
bool has_attribute(const char *dump, const char *name, const char *value);

#endif /* KREDACT_TESTS_SCENE_H */

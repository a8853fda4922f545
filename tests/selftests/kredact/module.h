/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Modules that go in and out. The file of one is NAME.ko in the parent folder,
 * or in $KREDACT_MODULES.
 */
#ifndef KREDACT_SELFTEST_MODULE_H
#define KREDACT_SELFTEST_MODULE_H

#define KREDACT	"kredact"

/* Its file, to be closed; -1 with errno. */
int module_open(const char *name);
/* 0 or -errno. */
int module_insert(const char *name, const char *parameters);
int module_remove(const char *name);
/* Nothing waits for anyone else to let go of the module: try for a while. */
int module_remove_soon(const char *name);

#endif /* KREDACT_SELFTEST_MODULE_H */

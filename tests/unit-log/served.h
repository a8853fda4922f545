/* SPDX-License-Identifier: GPL-2.0 */
/* A kredact-logd under the sanitizers, as a process that a test starts and ends. */
#ifndef KREDACT_TESTS_UNIT_LOG_SERVED_H
#define KREDACT_TESTS_UNIT_LOG_SERVED_H

#include <sys/resource.h>
#include <sys/types.h>

#include "made.h"

struct json_object;

extern struct made made;
extern char socket_path[160];
extern pid_t logd_pid;

void served_init(const char *program);
void served_free(void);
__attribute__((format(printf, 1, 2)))
void configure(const char *format, ...);
bool reachable(void);
bool start(rlim_t file_size);
int stop(int sig);
void clear_log(void);
struct json_object *data_of(unsigned int n);

#endif /* KREDACT_TESTS_UNIT_LOG_SERVED_H */

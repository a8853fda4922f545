/* SPDX-License-Identifier: GPL-2.0 */
/* Subcommands of "kredact log", and what they share. */
#ifndef KREDACT_TOOLS_LOG_CMD_H
#define KREDACT_TOOLS_LOG_CMD_H

#include "text.h"

int log_cmd_verify(int argc, char **argv);
int log_cmd_query(int argc, char **argv);
int log_cmd_reindex(int argc, char **argv);
int log_cmd_prove(int argc, char **argv);

bool log_number(const char *text, u64 most, u64 *value);
bool log_moment(const char *text, u64 now_ns, u64 *realtime_ns);

#endif /* KREDACT_TOOLS_LOG_CMD_H */

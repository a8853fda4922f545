/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subcommands of kredact. Each is in a file of its own, takes argv[0] as its
 * own name, and returns an exit status: 0, 1 (it failed), 3 (usage); watch and
 * rules also have 2 (this kernel cannot do it).
 */
#ifndef KREDACT_TOOLS_COMMANDS_H
#define KREDACT_TOOLS_COMMANDS_H

#define EXIT_FAILED	1
#define EXIT_CANNOT	2
#define EXIT_USAGE	3

int cmd_status(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_unseal(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_probes(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_custody(int argc, char **argv);
int cmd_attest(int argc, char **argv);
int cmd_verify_attestation(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_dumps(int argc, char **argv);

#endif /* KREDACT_TOOLS_COMMANDS_H */

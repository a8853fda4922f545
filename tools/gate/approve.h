/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kredact gate approve: a person sets rules aside for one dump.
 */
#ifndef KREDACT_TOOLS_GATE_APPROVE_H
#define KREDACT_TOOLS_GATE_APPROVE_H

int approve(int argc, char **argv);

#endif /* KREDACT_TOOLS_GATE_APPROVE_H */

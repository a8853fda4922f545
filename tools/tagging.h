/* SPDX-License-Identifier: GPL-2.0 */
/* What "kredact watch" and kredactd have in common. */
#ifndef KREDACT_TOOLS_TAGGING_H
#define KREDACT_TOOLS_TAGGING_H

#include <stdio.h>

#include "../bpf/tag.h"

/* What was done, and above all what was not. */
void tagging_report(const struct tag_counters *c, FILE *to);

/* Where there is no module, this is all that is told of a dump; for struct tag_opts. */
void tagging_print_dump(const struct free_event *event, void *arg);

/* Whoever makes tags goes before those who make keys. If it may not, windows are longer. */
void tagging_hurry(void);

#endif /* KREDACT_TOOLS_TAGGING_H */

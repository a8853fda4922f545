/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of an audit offer each other: see audit.h.
 */
#ifndef KREDACT_TOOLS_CHECKS_H
#define KREDACT_TOOLS_CHECKS_H

#include "audit.h"

/* audit.c */
void conclude(struct audit *audit, enum check_name name, enum check_state state);
struct complaint *text_of(struct audit *audit, enum check_name name);

/* audit_seal.c; each is one check */
bool excused(struct audit *audit, enum check_name name);
void check_seal(struct audit *audit);
void check_match(struct audit *audit);
void check_authenticity(struct audit *audit);

/* audit_machine.c; several checks */
bool check_machine(struct audit *audit);

/* audit_search.c; each is one check, or two */
void check_fingerprints(struct audit *audit);
void check_secrets(struct audit *audit);
void check_keys(struct audit *audit);

#endif /* KREDACT_TOOLS_CHECKS_H */

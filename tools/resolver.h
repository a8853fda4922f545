/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process outside the sandbox that can be asked for symbols, and knows nothing else.
 */
#ifndef KREDACT_TOOLS_RESOLVER_H
#define KREDACT_TOOLS_RESOLVER_H

#include "symbol.h"

/**
 * struct resolver - the way to it
 * @fd:		a socket, or -1: there is none
 */
struct resolver {
	int fd;
};

int resolver_start(struct resolver *resolver, const char *debug_folder);
void resolver_stop(struct resolver *resolver);
bool resolver_ask(void *resolver, const struct symbol_query *query, struct symbol *symbol);

#endif /* KREDACT_TOOLS_RESOLVER_H */

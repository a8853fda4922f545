/* SPDX-License-Identifier: GPL-2.0 */
/* The strongest mechanism that this machine allows, and what is in the way of a stronger one. */
#ifndef KREDACT_TOOLS_MECHANISM_H
#define KREDACT_TOOLS_MECHANISM_H

#include <linux/kredact.h>

#include "../bpf/free.h"

/* From the strongest to the weakest. */
enum mechanism {
	MECHANISM_KFUNC,	/* the module, and BPF programs that call it */
	MECHANISM_MODULE,	/* the module; BPF programs cannot call it */
	MECHANISM_BPF,		/* BPF alone */
	MECHANISM_LIBRARY,	/* MADV_DONTDUMP by libkredact, for its own callers only */
};

/**
 * struct mechanism_choice - the outcome
 * @which:	the strongest that is possible
 * @module:	why there is no module, or why BPF programs cannot call it; NULL: all is well
 * @bpf:	FREE_OK, or why BPF alone is not possible; FREE_OK where there is the module
 */
struct mechanism_choice {
	enum mechanism which;
	const char *module;
	enum free_why bpf;
};

/**
 * mechanism_ask - ask the module how it is
 * @info:	out; zeros if it does not answer
 *
 * Return: 0, or -errno of opening its device or asking it.
 */
int mechanism_ask(struct kredact_info *info);

/**
 * mechanism_choose - which mechanism this machine allows
 * @info:	of the module, if @error is 0
 * @error:	from mechanism_ask()
 *
 * Loads nothing, and changes nothing.
 */
struct mechanism_choice mechanism_choose(const struct kredact_info *info, int error);

/* A word for programs, and one for people. */
const char *mechanism_word(enum mechanism which);
const char *mechanism_text(enum mechanism which);

#endif /* KREDACT_TOOLS_MECHANISM_H */

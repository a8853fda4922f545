/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a line can be found by.
 */
#ifndef KREDACT_TOOLS_LOG_TERMS_H
#define KREDACT_TOOLS_LOG_TERMS_H

#include "line.h"

/* Kinds of terms. */
enum term_kind {
	TERM_EVENT = 'e',	/* name of the event */
	TERM_FAMILY = 'f',	/* what is before its first dot */
	TERM_LABEL = 'l',	/* of a key */
	TERM_SHA256 = 'd',	/* of a dump */
	TERM_NAME = 'n',	/* of its file */
	TERM_PATH = 'p',	/* of its file */
	TERM_MARK = 'm',	/* its mark of custody */
	TERM_PROCESS = 'c',	/* number, name, executable or unit of a process */
	TERM_START = 's',	/* number of a process, and its start in hundredths of a second */
	TERM_PERSON = 'w',	/* user, login user, or name */
};

#define TERM_VALUE_MAX	4096u

/**
 * struct term - something that a line has
 * @kind:	what it is
 * @value:	@len bytes, not all of it text
 */
struct term {
	enum term_kind kind;
	const char *value;
	size_t len;
};

struct json_object;

void terms_of(const struct line *line, struct json_object *data,
	      void (*take_term)(void *arg, const struct term *term), void *arg);
u64 term_hash(const struct term *term);

#endif /* KREDACT_TOOLS_LOG_TERMS_H */

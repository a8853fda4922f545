/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of a crash besides the core: from the kernel's arguments, from /proc, and
 * later from extended attributes of the dump.
 */
#ifndef KREDACT_CAPTURE_CRASH_H
#define KREDACT_CAPTURE_CRASH_H

#include "text.h"

/* Facts. All may be as the crashed process wants them to be, but for the numbers. */
enum fact {
	FACT_PID, FACT_TID, FACT_UID, FACT_GID, FACT_SIGNAL, FACT_TIME, FACT_COMM, FACT_EXE,
	FACT_UNIT, FACT_BOOT, FACT_START_NS, FACTS
};

#define FACT_LEN	TEXT_ESCAPED(255)
#define CRASH_NAME	200u	/* bytes of the name of a dump */

struct json_object;

/**
 * struct crash - facts, escaped; what is not known is empty
 * @facts:	each
 */
struct crash {
	char facts[FACTS][FACT_LEN];
};

/**
 * struct specifiers - what the kernel has put in place of %P and so on
 * @values:	by the letter; NULL if it was not given
 */
struct specifiers {
	const char *values[128];
};

const char *fact_word(enum fact fact);
int specifiers_read(struct specifiers *specifiers, char **arguments, int nr,
		    struct complaint *why);
char *specifiers_expand(const struct specifiers *specifiers, const char *text);
void crash_of(struct crash *crash, const struct specifiers *specifiers);
void crash_name(const struct crash *crash, char *name, size_t room);
void crash_store(const struct crash *crash, int fd);
void crash_load(struct crash *crash, int fd);
struct json_object *crash_json(const struct crash *crash);

#endif /* KREDACT_CAPTURE_CRASH_H */

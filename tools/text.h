/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Words for people: complaints of the parsers, and hostile text made harmless.
 */
#ifndef KREDACT_TOOLS_TEXT_H
#define KREDACT_TOOLS_TEXT_H

#include <stddef.h>

#include "platform.h"

/**
 * struct complaint - why something failed
 * @text:	one line without a full stop; empty if nothing failed
 */
struct complaint {
	char text[240];
};

void complaint_set(struct complaint *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * complain() - note why something failed
 * @why:	takes the text
 * @error:	what to return, a negative errno
 * @...:	format and arguments as of printf()
 *
 * A macro, so that the compiler sees that a failure is one.
 *
 * Return: @error, so that a caller fails in one line.
 */
#define complain(why, error, ...) ({		\
	int complain_error = (error);		\
						\
	complaint_set(why, __VA_ARGS__);	\
	complain_error;				\
})

#define TEXT_ESCAPED(len) ((len) * 4 + 1)

void text_escape(char *to, size_t room, const void *from, size_t len);
char *text_escaped(const char *name);
void text_hex(char *to, const u8 *from, size_t len);
void text_size(char *to, size_t room, u64 bytes);
void text_time(char *to, size_t room, u64 realtime_ns);

#endif /* KREDACT_TOOLS_TEXT_H */

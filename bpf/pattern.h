/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions without a symbol, by the code that they begin with: bytes in hexadecimal, and
 * ?? where any byte will do, such as in the distance of a call.
 */
#ifndef KREDACT_BPF_PATTERN_H
#define KREDACT_BPF_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define PATTERN_MOST	128	/* bytes */
#define PATTERN_LEAST	16	/* of them given: less would be in many functions */
#define PATTERN_ALIGN	16	/* where compilers let functions begin */

/**
 * struct pattern - how the code of a function begins
 * @len:	bytes
 * @byte:	them
 * @any:	true where it does not matter
 */
struct pattern {
	unsigned int len;
	__u8 byte[PATTERN_MOST];
	bool any[PATTERN_MOST];
};

/**
 * pattern_parse - read one
 * @text:	"55 48 89 e5 e8 ?? ?? ?? ??" and so on
 * @out:	out: the pattern
 * @why:	out: what is wrong, in static memory
 *
 * Return: 0, or 1 + the offset in @text of what is wrong.
 */
int pattern_parse(const char *text, struct pattern *out, const char **why);

/**
 * pattern_find - where code looks like this
 * @p:		a pattern
 * @code:	the code
 * @size:	bytes of it
 * @from:	first place to look at, a multiple of PATTERN_ALIGN
 *
 * Return: the first place from there on, a multiple of PATTERN_ALIGN; or @size, if there is none.
 */
size_t pattern_find(const struct pattern *p, const void *code, size_t size, size_t from);

#endif /* KREDACT_BPF_PATTERN_H */

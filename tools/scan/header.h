/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Headers of big numbers, in a window.
 */
#ifndef KREDACT_TOOLS_HEADER_H
#define KREDACT_TOOLS_HEADER_H

#include "number.h"

/**
 * typedef header_fn - a header was seen
 * @arg:	the caller's
 * @place:	where its number is
 * @limbs:	they, if they are in the window right behind it; NULL: @place has their address
 */
typedef void (*header_fn)(void *arg, const struct place *place, const u8 *limbs);

/**
 * struct headers - what is looked for
 * @first:	lowest address that was dumped
 * @end:	behind the highest one
 * @seen:	is called for each header
 * @arg:	its first argument
 */
struct headers {
	u64 first;
	u64 end;
	header_fn seen;
	void *arg;
};

void headers_find(const struct headers *headers, const struct window *window, u64 at, u64 last);

#endif /* KREDACT_TOOLS_HEADER_H */

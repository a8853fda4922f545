/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixed bytes that detectors want to be told of, all of them in one pass.
 *
 * A detector that begins with a literal ("-----BEGIN", "openssh-key-v1") does not
 * search the window itself. It lists its literals in @needles of its struct
 * detector; the engine looks for the literals of all detectors at once and calls
 * @hit for each. That costs the same for one literal and for a hundred.
 *
 *	static void found(struct scan *scan, void *state, const struct window *window,
 *			  u64 at, const struct needle *needle)
 *	{
 *		... the needle's first byte is window->bytes[at]; parse, scan_report() ...
 *	}
 *
 *	static const struct needle needles[] = {
 *		NEEDLE("-----BEGIN ", found),
 *		NEEDLE("\x02\x01\x00\x02\x82", found_der),
 *		{ 0 }
 *	};
 *
 *	const struct detector detect_pem = {
 *		.name = "pem",
 *		.needles = needles,
 *	};
 *
 * What @hit can rely on:
 *
 * - It is called once for each place of the file at which the needle's first byte
 *   lies in [begin, end) of a window; all bytes of the needle are in the window.
 *   Overlapping places and needles that contain each other are all told.
 * - In a window with a seam it is called on both sides of the seam, up to
 *   SCAN_BEHIND after it, since what begins before the seam may have its literal
 *   after it. What lies on one side comes twice, from there and from a window that
 *   has no seam: two reports that are alike become one, but what is collected for
 *   resolve is there twice, unless the detector looks at @seam itself.
 * - What is around the needle is in the window as struct window says: SCAN_BEFORE
 *   before it, SCAN_AFTER after it, as far as the file goes. Check both ends.
 * - Hits are in no order, and come from several threads.
 *
 * At its best a needle has four bytes or more that are rare together: the scan
 * picks the rarest three or four for its filter, wherever they are in it. What is
 * in every page ("\0\0\0", "the") slows the scan for all.
 */
#ifndef KREDACT_TOOLS_NEEDLE_H
#define KREDACT_TOOLS_NEEDLE_H

#include "scan.h"
#include "simd.h"

#define NEEDLE_SHORTEST	3u
#define NEEDLE_CODED	16u

/**
 * struct needle - bytes that a detector wants to be told of
 * @bytes:	they
 * @len:	how many, NEEDLE_SHORTEST or more; 0 ends a table
 * @coded:	it is looked for in base64, too: at most NEEDLE_CODED bytes
 * @hit:	is told of each place: index @at of the window
 */
struct needle {
	const void *bytes;
	u8 len;
	bool coded;
	void (*hit)(struct scan *scan, void *state, const struct window *window, u64 at,
		    const struct needle *needle);
};

/* A needle of a string literal, without its terminator. */
#define NEEDLE(literal, function) \
	{ .bytes = (literal), .len = sizeof(literal) - 1, .hit = (function) }

/* Likewise; in base64 @hit gets a window of what the text says. */
#define NEEDLE_BASE64(literal, function) \
	{ .bytes = (literal), .len = sizeof(literal) - 1, .coded = true, .hit = (function) }

struct needles;

struct needles *needles_new(void);
void needles_free(struct needles *set);
int needles_add(struct needles *set, const struct needle *table, void *state,
		struct complaint *why);
void needles_prepare(struct needles *set);
void needles_look(const struct needles *set, struct scan *scan, const struct window *window);

#endif /* KREDACT_TOOLS_NEEDLE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Windows, and where in the file their bytes are: see scan.h.
 */
#include "letters.h"

/**
 * window_place() - where a byte of a window is in the file
 * @window:	the window, not of what base64 says
 * @at:		index of the byte
 * @offset:	takes its place
 *
 * Return: true if the byte comes after the seam.
 */
bool window_place(const struct window *window, u64 at, u64 *offset)
{
	bool after = window->seam && at >= window->seam;

	*offset = after ? window->seam_offset + ((at - window->seam) << window->wide) :
			  window->offset + (at << window->wide);
	return after;
}

/**
 * window_crosses() - do some bytes of a window lie across its seam?
 * @window:	the window, not of what base64 says
 * @at:		index of the first one
 * @len:	how many, all in the window
 *
 * Return: true if so. What does not is in another window, too.
 */
bool window_crosses(const struct window *window, u64 at, u64 len)
{
	return at < window->seam && at + len > window->seam;
}

/**
 * window_extent() - where some bytes of a window are in the file
 * @window:	the window
 * @at:		index of the first one
 * @len:	how many, all in the window
 * @extent:	takes their place
 */
void window_extent(const struct window *window, u64 at, u32 len, struct extent *extent)
{
	const struct window *outer = window->text ? window->text->window : window;
	s64 letter;

	if (window->text) {
		len = body_letters(window->text, window->first, at, len, &letter);
		at = window->text->at + (u64)letter;
	}
	*extent = (struct extent){
		.len = outer->wide ? 2 * len - 1 : len,
		.joined = window_crosses(outer, at, len),
		.form = !window->text ? "" : outer->wide ? ", in base64, UTF-16" : ", in base64",
	};
	window_place(outer, at, &extent->offset);
}

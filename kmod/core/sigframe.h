/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signal frames: registers that the kernel has put on a stack for a handler.
 *
 * A frame ends with an XSAVE area, aligned to 64 bytes. At XSAVE_SW in it the kernel
 * notes what it has put there, behind a magic number: so an area is found by one
 * look at each 64 bytes. The general registers lie at a fixed distance below it, in a
 * struct sigcontext that points to the area.
 *
 * A frame may go over several pages; these are given in the order of their
 * addresses, each with the next one. Frames whose handler has returned are found too,
 * as long as nothing was written over that place; of these, words that are addresses
 * stay where the stack in use may have begun to cover them.
 */
#ifndef KREDACT_CORE_SIGFRAME_H
#define KREDACT_CORE_SIGFRAME_H

#include "platform.h"

#define KR_SIGFRAME_PAGE	4096u

/* Least and largest XSAVE area, in bytes; that of a processor with AMX has 11 KiB. */
#define KR_XSAVE_MIN		512u
#define KR_XSAVE_MAX		16384u

/* Blocks of 64 bytes in a page, and those of the next that may belong to a frame in it. */
#define KR_SIGFRAME_BLOCKS	64u
#define KR_SIGFRAME_AHEAD	20u

/**
 * struct kr_sigframe_ops - what is done with what is found
 * @zero:	zeroes bytes; they lie in the page at hand, but not necessarily in @page
 * @goes:	is a general register of @len bytes to be zeroed? With @frame, it may be
 *		the frame pointer
 * @is_address:	does a word point into the memory of the process? NULL: none does
 * @in_use:	is there a thread whose stack pointer is in these bytes? NULL: there is not
 */
struct kr_sigframe_ops {
	void (*zero)(void *arg, u64 from, u32 len);
	bool (*goes)(void *arg, u64 value, u32 len, bool frame);
	bool (*is_address)(void *arg, u64 value);
	bool (*in_use)(void *arg, u64 from, u32 len);
};

/**
 * struct kr_sigframe - one that was found
 * @area:	where its XSAVE area begins, from the begin of the page
 * @size:	bytes of the area
 * @compat:	of a 32-bit process
 * @covered:	something else may lie over it
 */
struct kr_sigframe {
	s32 area;
	u32 size;
	bool compat;
	bool covered;
};

/**
 * struct kr_sigframes - signal frames of one dump; all zero to begin with
 * @addr:	of the page before
 * @until:	end of an area that began in a page before, or 0
 * @covered:	as in struct kr_sigframe, of that
 * @ahead:	the page behind the last one
 * @ahead_until: as @until, of areas that begin in @ahead, should that be passed over
 * @word:	bytes of a pointer: 8, or 4
 * @keep_areas:	leave vector registers alone; only general ones may go
 * @nr:		frames at hand
 * @frames:	by their addresses
 */
struct kr_sigframes {
	u64 addr;
	u64 until;
	bool covered;
	u64 ahead;
	u64 ahead_until;
	u32 word;
	bool keep_areas;
	u32 nr;
	struct kr_sigframe frames[KR_SIGFRAME_BLOCKS + KR_SIGFRAME_AHEAD];
};

u32 kr_sigframe_page(struct kr_sigframes *state, u64 addr, const u8 *page, const u8 *next,
		     const struct kr_sigframe_ops *ops, void *arg);

#endif /* KREDACT_CORE_SIGFRAME_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Signal frames in the pages of a dump: see sigframe.h, and the kernel's
 * arch/x86/kernel/fpu/signal.c, signal.c, signal_64.c and signal_32.c, which write them.
 */
#include "sigframe.h"

/* struct _fpx_sw_bytes in an XSAVE area, and its members. */
#define XSAVE_SW		464u
#define XSAVE_SW_END		512u
#define SW_EXTENDED_SIZE	4u
#define SW_XFEATURES		8u
#define SW_XSTATE_SIZE		16u
#define SW_PADDING		20u
#define SW_LEN			48u

/* Offsets may be below the page. */
#define PAGE_END		((s32)KR_SIGFRAME_PAGE)

#define MAGIC1			0x46505853u
#define MAGIC2			0x46505845u
#define MAGIC2_LEN		4u

/* x87 and SSE are always there; no processor has features beyond these. */
#define XFEATURES_ALWAYS	3u
#define XFEATURES_BITS		32

/* 64-byte blocks of the area that come before the one with the magic number; its place there. */
#define BLOCK			64u
#define AREA_BEFORE		448
#define MAGIC1_IN_BLOCK		16u

/* A 32-bit frame has an FSAVE image before the area, with eight registers of 10 bytes. */
#define FSAVE_LEN		112
#define FSAVE_ST		28
#define FSAVE_ST_END		108

/*
 * Distances from the area to the (smallest) frame, and from the area, or the FSAVE image,
 * to struct sigcontext, which the layout of the frames and the alignment of the stack
 * leave no choice about; and the member fpstate in it.
 */
#define FRAME64			(-456)
#define FRAME32			(-388)
#define CONTEXT64		(-408)
#define CONTEXT64_FPSTATE	184
#define CONTEXT32_RT		(-112)
#define CONTEXT32		(-732)
#define CONTEXT32_FPSTATE	76

/* Places of general registers in struct sigcontext, in words. */
#define GENERAL64		0x7fffu		/* r8 to r15, di, si, bp, bx, dx, ax, cx */
#define GENERAL64_BP		10
#define GENERAL32		0x0f70u		/* di, si, bp; bx, dx, cx, ax */
#define GENERAL32_BP		6

/* What two pages show; offsets are from the begin of the first. */
struct view {
	u64 addr;
	const u8 *page;
	const u8 *next;
	const struct kr_sigframe_ops *ops;
	void *arg;
};

static __always_inline u32 load32(const u8 *at)
{
	u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline u64 load_word(const u8 *at, u32 len)
{
	u64 value = 0;

	memcpy(&value, at, len);
	return value;
}

/* Bytes at an offset that @len divides; NULL if they are in neither page. */
static const u8 *view_at(const struct view *view, s32 offset, u32 len)
{
	if (offset < 0)
		return NULL;
	if (offset + len <= KR_SIGFRAME_PAGE)
		return view->page + offset;
	offset -= KR_SIGFRAME_PAGE;
	if (offset < 0 || !view->next || offset + len > KR_SIGFRAME_PAGE)
		return NULL;
	return view->next + offset;
}

static __always_inline bool has_magic4(const u8 *at)
{
	return load32(at) == MAGIC1 || load32(at + BLOCK) == MAGIC1 ||
	       load32(at + 2 * BLOCK) == MAGIC1 || load32(at + 3 * BLOCK) == MAGIC1;
}

/* Nearly always there is no magic number in any block. Their number is a multiple of four. */
static __always_inline bool has_magic(const u8 *blocks, u32 nr)
{
	const u8 *at = blocks + MAGIC1_IN_BLOCK, *end = at + nr * BLOCK;

	for (; at + 12 * BLOCK < end; at += 16 * BLOCK)
		if (has_magic4(at) || has_magic4(at + 4 * BLOCK) ||
		    has_magic4(at + 8 * BLOCK) || has_magic4(at + 12 * BLOCK))
			return true;
	for (; at < end; at += 4 * BLOCK)
		if (has_magic4(at))
			return true;
	return false;
}

/* Is this what the kernel writes? */
static bool parse_frame(const u8 *sw, struct kr_sigframe *frame)
{
	u32 extended = load32(sw + SW_EXTENDED_SIZE), i;
	u64 features = load_word(sw + SW_XFEATURES, sizeof(u64));

	if (load32(sw) != MAGIC1)
		return false;
	frame->size = load32(sw + SW_XSTATE_SIZE);
	if (frame->size < KR_XSAVE_MIN || frame->size > KR_XSAVE_MAX || frame->size % sizeof(u64))
		return false;
	frame->compat = extended == frame->size + MAGIC2_LEN + FSAVE_LEN;
	if (!frame->compat && extended != frame->size + MAGIC2_LEN)
		return false;
	if ((features & XFEATURES_ALWAYS) != XFEATURES_ALWAYS || features >> XFEATURES_BITS)
		return false;
	for (i = SW_PADDING; i < SW_LEN; i += sizeof(u32))
		if (load32(sw + i))
			return false;
	frame->covered = false;
	return true;
}

static noinline void find_frames(struct kr_sigframes *state, const u8 *page, u32 blocks, s32 offset)
{
	u32 i;

	for (i = 0; i < blocks; i++, page += BLOCK, offset += BLOCK) {
		struct kr_sigframe *frame = &state->frames[state->nr];

		if (!parse_frame(page + MAGIC1_IN_BLOCK, frame))
			continue;
		frame->area = offset - AREA_BEFORE;
		state->nr++;
	}
}

static s32 frame_begin(const struct kr_sigframe *frame)
{
	return frame->area + (frame->compat ? FRAME32 : FRAME64);
}

/*
 * Frames whose handler has returned stay until something is written over them.
 * That was so if the end of the area is not as it was, if another frame begins in
 * it, or if a thread's stack ends in it.
 */
static void find_covered(struct kr_sigframes *state, const struct view *view)
{
	struct kr_sigframe *frame = state->frames, *end = frame + state->nr;

	if (frame < end && state->until > view->addr + (s64)frame_begin(frame))
		state->covered = true;
	for (; frame < end; frame++) {
		const u8 *magic2 = view_at(view, frame->area + (s32)frame->size, MAGIC2_LEN);

		/* Without XSAVE there is no second magic number. */
		if (magic2 && frame->size != KR_XSAVE_MIN && load32(magic2) != MAGIC2)
			frame->covered = true;
		if (frame + 1 < end &&
		    frame_begin(frame + 1) < frame->area + (s32)frame->size)
			frame->covered = true;
		if (view->ops->in_use &&
		    view->ops->in_use(view->arg, view->addr + (s64)frame->area, frame->size))
			frame->covered = true;
	}
}

/* Zeroes words that are no addresses. */
static void zero_words(const struct view *view, u32 word, s32 from, s32 to)
{
	const struct kr_sigframe_ops *ops = view->ops;
	s32 begin = from;

	for (; from < to; from += word) {
		u64 value = load_word(view->page + from, word);

		if (!ops->is_address || !ops->is_address(view->arg, value))
			continue;
		if (from > begin)
			ops->zero(view->arg, view->addr + begin, from - begin);
		begin = from + word;
	}
	if (to > begin)
		ops->zero(view->arg, view->addr + begin, to - begin);
}

static void zero_piece(const struct kr_sigframes *state, const struct view *view, s32 from,
		       s32 to, bool covered)
{
	if (from >= to)
		return;
	if (covered)
		zero_words(view, state->word, from, to);
	else
		view->ops->zero(view->arg, view->addr + from, to - from);
}

/* Zeroes what lies in this page, but for what frames are recognised by. */
static void zero_area(const struct kr_sigframes *state, const struct view *view, s32 from, s32 to,
		      bool covered)
{
	u32 i;

	if (state->keep_areas)
		return;
	from = max(from, 0);
	to = min(to, PAGE_END);
	for (i = 0; i < state->nr && from < to; i++) {
		s32 sw = state->frames[i].area + (s32)XSAVE_SW;

		if (sw + (s32)SW_LEN <= from)
			continue;
		zero_piece(state, view, from, min(sw, to), covered);
		from = sw + (s32)SW_LEN;
	}
	zero_piece(state, view, from, to, covered);
}

/* The general registers in this page of a context whose fpstate is @fpstate. */
static void zero_general(const struct view *view, s32 context, bool compat, u64 fpstate)
{
	u32 word = compat ? sizeof(u32) : sizeof(u64), i;
	u32 general = compat ? GENERAL32 : GENERAL64;
	const u8 *member;

	member = view_at(view, context + (compat ? CONTEXT32_FPSTATE : CONTEXT64_FPSTATE), word);
	if (!member || load_word(member, word) != fpstate)
		return;
	for (i = 0; general >> i; i++) {
		s32 at = context + (s32)(i * word);
		bool frame = i == (compat ? GENERAL32_BP : GENERAL64_BP);

		if (!(general >> i & 1) || at < 0 || at >= PAGE_END)
			continue;
		if (view->ops->goes(view->arg, load_word(view->page + at, word), word, frame))
			view->ops->zero(view->arg, view->addr + at, word);
	}
}

static void zero_contexts(const struct view *view, const struct kr_sigframe *frame)
{
	s32 fpstate = frame->area - (frame->compat ? FSAVE_LEN : 0);
	u64 addr = view->addr + (s64)fpstate;

	if (frame->compat) {
		zero_general(view, fpstate + CONTEXT32_RT, true, addr);
		zero_general(view, fpstate + CONTEXT32, true, addr);
	} else {
		zero_general(view, fpstate + CONTEXT64, false, addr);
	}
}

/* Redacts the frames that were found, @nr of them in the page itself, and the rest of others. */
static noinline void redact_frames(struct kr_sigframes *state, const struct view *view, u32 nr)
{
	const struct kr_sigframe *frame;
	u64 addr = view->addr;
	s32 done = 0;
	u32 i;

	find_covered(state, view);
	if (state->until > addr) {
		u64 left = state->until - addr;

		done = left < KR_SIGFRAME_PAGE ? (s32)left : PAGE_END;
		zero_area(state, view, 0, done, state->covered);
	}
	for (i = 0; i < state->nr; i++) {
		s32 end;

		frame = &state->frames[i];
		end = frame->area + (s32)frame->size;
		zero_contexts(view, frame);
		if (frame->compat)
			zero_area(state, view, max(done, frame->area - FSAVE_LEN + FSAVE_ST),
				  frame->area - FSAVE_LEN + FSAVE_ST_END, frame->covered);
		zero_area(state, view, max(done, frame->area), end, frame->covered);
		done = max(done, end);
		if (end <= PAGE_END)
			continue;
		if (i >= nr) {
			state->ahead_until = max(state->ahead_until, addr + end);
		} else if (addr + end > state->until) {
			bool longer = state->until > addr + KR_SIGFRAME_PAGE;

			state->covered = frame->covered || (longer && state->covered);
			state->until = addr + end;
		}
	}
}

/**
 * kr_sigframe_page() - redact the signal frames in one page
 * @state:	of the dump
 * @addr:	of the page; what begins in it goes on in the next call, if that is for a
 *		higher one
 * @page:	its bytes
 * @next:	the bytes of the page behind it, or NULL if these are not to be had: then
 *		what belongs to frames whose magic number is there stays
 * @ops:	what is done
 * @arg:	for @ops
 *
 * All frames are found before the first byte is zeroed, so @ops may write to @page.
 *
 * Return: frames whose magic number is in this page.
 */
u32 kr_sigframe_page(struct kr_sigframes *state, u64 addr, const u8 *page, const u8 *next,
		     const struct kr_sigframe_ops *ops, void *arg)
{
	u32 nr;

	/* Mappings may come in any order (core_sort_vma). */
	if (addr < state->addr)
		state->until = 0;
	state->addr = addr;
	state->nr = 0;
	if (has_magic(page, KR_SIGFRAME_BLOCKS))
		find_frames(state, page, KR_SIGFRAME_BLOCKS, 0);
	nr = state->nr;
	if (next && has_magic(next, KR_SIGFRAME_AHEAD))
		find_frames(state, next, KR_SIGFRAME_AHEAD, KR_SIGFRAME_PAGE);
	/* The page with a magic number is not in the dump: the rest of the area is. */
	if (addr > state->ahead && state->ahead_until > state->until)
		state->until = state->ahead_until;
	state->ahead = addr + KR_SIGFRAME_PAGE;
	state->ahead_until = 0;
	if (state->nr || state->until > addr) {
		const struct view view = { addr, page, next, ops, arg };

		redact_frames(state, &view, nr);
	}
	return nr;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is read in windows: any size, bounded memory, holes skipped. It is a file, or
 * what another source makes of one (unpacked, decrypted, the memory in a kernel dump).
 */
#ifndef KREDACT_TOOLS_INPUT_H
#define KREDACT_TOOLS_INPUT_H

#include "text.h"

#define INPUT_BUFFER	(1u << 20)
#define INPUT_ALIGN	64u

/**
 * struct input_source - what else than a file can be read; threads may do so at the same time
 * @read:	copies @len bytes, which @size of the input has, from @offset on; zeros for holes
 * @extent:	what there is at @offset: true for a hole; @end takes its end, or that of the data
 */
struct input_source {
	int (*read)(void *arg, u64 offset, u8 *to, u64 len, struct complaint *why);
	bool (*extent)(void *arg, u64 offset, u64 *end);
};

/**
 * struct input - an open file; all members but @size and @cut are private
 * @fd:		borrowed from the caller; -1 with @source
 * @source:	reads instead of @fd, or NULL
 * @source_arg:	its argument, borrowed
 * @skip_holes:	ask the file system for holes instead of reading their zeros
 * @no_holes:	it cannot tell
 * @extent_hole: what the file has from @extent_from on
 * @extent_from: last extent that was asked for
 * @extent_end:	its end
 * @size:	bytes in the file when it was opened
 * @cut:	why there should be more of them, or other ones; empty if all is well
 * @buffer:	INPUT_BUFFER bytes
 * @at:		offset of @buffer in the file
 * @have:	bytes in @buffer
 */
struct input {
	int fd;
	const struct input_source *source;
	void *source_arg;
	bool skip_holes;
	bool no_holes;
	bool extent_hole;
	u64 extent_from;
	u64 extent_end;
	u64 size;
	struct complaint cut;
	u8 *buffer;
	u64 at;
	u64 have;
};

u8 *input_buffer(u64 len);
int input_open(struct input *in, int fd, bool skip_holes, struct complaint *why);
int input_open_sized(struct input *in, int fd, u64 size, bool skip_holes, struct complaint *why);
int input_open_source(struct input *in, const struct input_source *source, void *arg, u64 size,
		      struct complaint *why);
int input_share(struct input *in, const struct input *from, struct complaint *why);
void input_close(struct input *in);
int input_read(struct input *in, u64 offset, void *to, u64 len, struct complaint *why);
int input_read_at(const struct input *in, u64 offset, void *to, u64 len, struct complaint *why);
int input_copy(struct input *in, u64 offset, u8 *to, u64 len, struct complaint *why);
int input_window(struct input *in, u64 offset, u64 most, const u8 **bytes, u64 *len,
		 struct complaint *why);
int input_feed(struct input *in, u64 offset, u64 len,
	       bool (*take)(void *arg, const void *bytes, size_t len), void *arg,
	       struct complaint *why);
bool input_is_hole(struct input *in, u64 offset, u64 *len);

#endif /* KREDACT_TOOLS_INPUT_H */

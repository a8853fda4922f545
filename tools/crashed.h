/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dump of a kernel that has crashed: the note that kredact has left in it, and the
 * frames of memory that it says were to be zeroed. Documentation/panic-note.rst.
 */
#ifndef KREDACT_TOOLS_CRASHED_H
#define KREDACT_TOOLS_CRASHED_H

#include <linux/kredact_panic.h>

#include "digest.h"
#include "kdump.h"
#include "notes.h"
#include "ranges.h"

/* Most maps of frames that are read: of 16 TiB. */
#define CRASHED_MAPS_MAX	(1u << 17)

/**
 * struct crashed - what such a dump says of itself
 * @has_info:	it has VMCOREINFO
 * @named:	which names a note of kredact's
 * @readable:	and that is in the dump, whole, of a version that is known
 * @address:	physical address of the note, if @named
 * @offset:	where that is in the input, if @readable
 * @note:	as it is in the dump, if @readable
 * @by_frame:	map of an ELF dump by physical addresses, if there is a note
 * @memory:	that, or the map of a dump that has no other addresses
 * @frames:	physical memory that the maps of the note name, after crashed_frames()
 * @nr_frames:	frames that they name
 * @bytes:	the same as offsets in the input: of what is there
 */
struct crashed {
	bool has_info;
	bool named;
	bool readable;
	u64 address;
	u64 offset;
	struct kredact_panic_note note;
	struct core by_frame;
	struct core *memory;
	struct spans frames;
	u64 nr_frames;
	struct spans bytes;
};

int crashed_open(struct crashed *crashed, struct core *core, const struct notes *notes,
		 struct kdump *kdump, struct complaint *why);
int crashed_frames(struct crashed *crashed, struct digest *digest, struct complaint *why);
void crashed_close(struct crashed *crashed);

#endif /* KREDACT_TOOLS_CRASHED_H */

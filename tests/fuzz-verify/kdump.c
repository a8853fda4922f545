// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: kernel dumps, flattened or not, the pages in them, and kredact's note.
 */
#include "fuzz.h"
#include "flat.h"
#include "kdump.h"

/* Pages that are read of each dump. */
#define PAGES	64u

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct input *file = fuzz_input(data, len), memory, ordered = { .fd = -1 };
	struct kdump *kdump = kdump_new();
	struct flat *flat = flat_new();
	struct core core = { .in = NULL };
	static const struct notes notes;
	struct complaint why;
	u8 page[4096];
	u32 i;

	if (flat_is(file) && !flat_open(flat, file, &ordered, &why))
		file = &ordered;
	if (!kdump_open(kdump, file, 1ULL << 40, &memory, &why)) {
		must(!kdump_read(kdump, &core, &memory, &why) || !core.sound);
		/* A page is as long as the dump says, however little packs it. */
		for (i = 0; i < core.nr_segments; i++)
			must(core.segments[i].offset <= memory.size &&
			     memory.size - core.segments[i].offset >= core.segments[i].filesz);
		for (i = 0; i < PAGES && i < core.nr_segments; i++)
			memory.source->read(memory.source_arg, core.segments[i].offset, page,
					    sizeof(page), &why);
		fuzz_machine(&core, &notes, kdump);
	}
	core_close(&core);
	input_close(&memory);
	kdump_free(kdump);
	input_close(&ordered);
	flat_free(flat);
	return 0;
}

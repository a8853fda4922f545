// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: headers and notes of ELF cores, and what they tell of a kernel that crashed.
 */
#include "fuzz.h"
#include "notes.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct complaint why;
	struct notes notes;
	struct core core;
	char name[256];
	int error;

	error = core_open_as(&core, fuzz_input(data, len), CORE_ELF, &why);
	must(!error == core.sound);
	fuzz_check_map(&core);
	if (!notes_read(&notes, &core, &why)) {
		notes_mapping(&notes, &core, core.nr_segments ? core.segments[0].vaddr : 0, name,
			      sizeof(name));
		if (core.physical)
			fuzz_machine(&core, &notes, NULL);
	}
	core_close(&core);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: minidumps.
 */
#include "fuzz.h"
#include "minidump.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct complaint why;
	struct notes notes;
	struct core core;
	char name[256];
	int error;

	error = core_open_as(&core, fuzz_input(data, len), CORE_MINIDUMP, &why);
	must(!error == core.sound);
	fuzz_check_map(&core);
	minidump_notes(&notes, &core, &why);
	if (minidump_mapping(&core, 0x400123, name, sizeof(name)))
		must(strlen(name) < sizeof(name));
	core_close(&core);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzz targets have in common. Each is one way that hostile bytes take into
 * kredact-verify; libFuzzer calls it with one input after the other.
 */
#ifndef KREDACT_TESTS_FUZZ_VERIFY_H
#define KREDACT_TESTS_FUZZ_VERIFY_H

#include <stdlib.h>

#include "crashed.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

struct input *fuzz_input(const u8 *data, size_t len);
void fuzz_check_map(const struct core *core);
void fuzz_machine(struct core *core, const struct notes *notes, struct kdump *kdump);

/* Something that must hold whatever the input is. */
#define must(condition) do {		\
	if (!(condition))		\
		abort();		\
} while (0)

#endif /* KREDACT_TESTS_FUZZ_VERIFY_H */

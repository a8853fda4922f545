/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps of a machine whose kernel crashed, with kredact's note in them.
 */
#ifndef KREDACT_TESTS_FIXTURE_MACHINE_H
#define KREDACT_TESTS_FIXTURE_MACHINE_H

#include <linux/kredact_panic.h>

#include "formats.h"

#define MACHINE_PAGES	128u
#define NOTE_PAGE	9u
#define MAP_PAGE	11u
#define MAPS		2u
#define FIRST_PINNED	40u
#define PINNED		30u
#define MACHINE_KINDS	6u	/* of files: ELF, and kdump packed in five ways */

/**
 * struct machine_fixture - a machine, and the file of its dump
 * @memory:	of it
 * @present:	pages that a kernel dump has
 * @base:	physical address of @memory
 * @note:	in @memory
 * @maps:	likewise
 * @info:	VMCOREINFO
 * @key:	of the note
 * @file:	made of all that
 */
struct machine_fixture {
	u8 memory[MACHINE_PAGES * PAGE];
	bool present[MACHINE_PAGES];
	u64 base;
	struct kredact_panic_note *note;
	struct kredact_panic_map *maps;
	char info[512];
	u8 key[32];
	struct fixture file;
};

void machine_make(struct machine_fixture *made, u32 kind);
void machine_sign(struct machine_fixture *made);
void machine_write(struct machine_fixture *made, u32 kind);

#endif /* KREDACT_TESTS_FIXTURE_MACHINE_H */

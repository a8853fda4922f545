/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files that a process had mapped, and the programs and libraries among them.
 */
#ifndef KREDACT_TOOLS_MAPPINGS_H
#define KREDACT_TOOLS_MAPPINGS_H

#include "notes.h"

/* Most mappings that are read: the kernel's own limit for a process is 65530. */
#define MAPPINGS_MAX		(1u << 18)
#define MAPPING_NAME		256u
#define BUILD_ID_MAX		32u

/**
 * struct mapping - a mapped file
 * @start:	first address
 * @last:	last address
 * @pgoff:	of @start in the mapped file
 * @name_at:	where the dump has its name
 */
struct mapping {
	u64 start;
	u64 last;
	u64 pgoff;
	u64 name_at;
};

/**
 * struct mappings - all of them
 * @core:	borrowed
 * @at:		in ascending order, disjoint
 * @nr:		how many
 * @names_end:	end of the names
 */
struct mappings {
	struct core *core;
	struct mapping *at;
	u32 nr;
	u64 names_end;
};

/**
 * struct module - a program or library in memory
 * @base:	address of its first byte
 * @last:	last address that its own headers claim, which is beyond its file: .bss
 * @build_id:	names its build
 * @build_id_len: bytes of it, 0 if it has none
 * @name:	of its file, not escaped; empty if too long
 */
struct module {
	u64 base;
	u64 last;
	u8 build_id[BUILD_ID_MAX];
	u32 build_id_len;
	char name[MAPPING_NAME];
};

void mappings_read(struct mappings *mappings, const struct notes *notes, struct core *core);
void mappings_free(struct mappings *mappings);
const struct mapping *mappings_find(const struct mappings *mappings, u64 vaddr);
bool mappings_name(const struct mappings *mappings, const struct mapping *mapping, char *name,
		   size_t room);
bool mappings_module(const struct mappings *mappings, u64 vaddr, struct module *module);

#endif /* KREDACT_TOOLS_MAPPINGS_H */

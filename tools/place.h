/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a byte of a dump is, for people: whose stack, which heap, which file, which symbol.
 */
#ifndef KREDACT_TOOLS_PLACE_H
#define KREDACT_TOOLS_PLACE_H

#include "heap.h"
#include "seal_reader.h"
#include "symbol.h"

enum place_region {
	PLACE_ABSENT,		/* an address that the core does not name */
	PLACE_STACK,		/* of a thread */
	PLACE_HEAP,
	PLACE_MAPPING,		/* of a file */
	PLACE_ANONYMOUS,
	PLACE_NOTE,		/* registers and the like; no memory */
	PLACE_HEADERS,		/* of the core */
	PLACE_SEAL,
	PLACE_FILE,		/* elsewhere in the file of the dump */
	PLACE_REGIONS,
};

/**
 * struct place - where a byte is
 * @region:	in what kind of memory, or of file
 * @start:	first address of its segment, or 0
 * @last:	last address of it
 * @tid:	thread of a stack
 * @main:	which is the first of its process
 * @sp:		its stack pointer
 * @vaddr:	of the byte
 * @chunk:	of a heap
 * @mapping:	name of the mapped file, or of the one that this memory belongs to, escaped
 * @module:	it is in a program or library
 * @module_offset: from the first byte of that
 * @build_id:	of that, in hexadecimal digits, or empty
 * @has_symbol:	the file of that is here, and has a symbol
 * @symbol:	it
 */
struct place {
	enum place_region region;
	u64 start;
	u64 last;
	u32 tid;
	bool main;
	u64 sp;
	u64 vaddr;
	struct heap_chunk chunk;
	char mapping[TEXT_ESCAPED(64)];
	bool module;
	u64 module_offset;
	char build_id[2 * BUILD_ID_MAX + 1];
	bool has_symbol;
	struct symbol symbol;
};

/**
 * struct places - what places are told by
 * @core:	borrowed
 * @notes:	likewise
 * @seal:	likewise
 * @mappings:	mapped files
 * @heap:	what was learned of heaps
 * @ask:	asks for symbols; NULL: nobody does
 * @ask_arg:	its first argument
 */
struct places {
	struct core *core;
	const struct notes *notes;
	const struct seal *seal;
	struct mappings mappings;
	struct heap heap;
	symbol_ask_fn ask;
	void *ask_arg;
};

void places_open(struct places *places, struct core *core, const struct notes *notes,
		 const struct seal *seal);
void places_close(struct places *places);
void place_of_address(struct places *places, u64 vaddr, struct place *place);
void place_of_offset(struct places *places, u64 offset, struct place *place);

void place_text(const struct place *place, char *text, size_t room);
const char *place_word(enum place_region region);
const char *place_advice(const struct place *place);

#endif /* KREDACT_TOOLS_PLACE_H */

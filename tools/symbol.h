/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Symbols of programs and libraries, by their build-id.
 *
 * Files are opened here: this is for a process outside the sandbox, which a sandboxed one
 * asks. A query and its answer have a fixed size and no pointers, so that they can be
 * sent as they are.
 */
#ifndef KREDACT_TOOLS_SYMBOL_H
#define KREDACT_TOOLS_SYMBOL_H

#include "mappings.h"

/**
 * struct symbol_query - which symbol is there?
 * @build_id:	of the program or library
 * @build_id_len: bytes of it
 * @offset:	of the address from the first byte of the module in memory
 * @path:	its file when the dump was made, not trusted, terminated; or empty
 */
struct symbol_query {
	u8 build_id[BUILD_ID_MAX];
	u32 build_id_len;
	u32 reserved;
	u64 offset;
	char path[MAPPING_NAME];
};

/**
 * struct symbol - the symbol
 * @name:	of it, escaped, terminated
 * @offset:	from its first byte
 */
struct symbol {
	char name[128];
	u64 offset;
};

/* Asks for a symbol: true if there is one. */
typedef bool (*symbol_ask_fn)(void *arg, const struct symbol_query *query, struct symbol *symbol);

struct symbols;

struct symbols *symbols_new(const char *debug_folder);
void symbols_free(struct symbols *symbols);
bool symbols_find(void *symbols, const struct symbol_query *query, struct symbol *symbol);

#endif /* KREDACT_TOOLS_SYMBOL_H */

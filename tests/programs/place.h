/* SPDX-License-Identifier: GPL-2.0 */
/* A core as its own headers describe it, and what an address in it was to the program. */
#ifndef PROGRAMS_PLACE_H
#define PROGRAMS_PLACE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kredact_seal.h>

/* What a byte of a dump was. */
enum place {
	PLACE_STACK,		/* a stack, at or above its thread's stack pointer */
	PLACE_STACK_BELOW,	/* below: left by functions that have returned */
	PLACE_HEAP,		/* malloc's: in an allocated chunk, or malloc's own */
	PLACE_FREED,		/* malloc's: in a chunk that is free */
	PLACE_STATIC,		/* writable data of the program or of a library */
	PLACE_MAPPED,		/* any other mapping */
	PLACE_REGISTERS,	/* registers in the notes */
	PLACE_NOTES,		/* other notes */
	PLACE_OUTSIDE,		/* neither memory nor notes */
	PLACES
};

extern const char *const place_names[PLACES];

/**
 * struct dump - a core file
 * @bytes:	its content, mapped
 * @len:	bytes
 * @fd:		the file
 * @ehdr:	its first bytes
 * @phdr:	@ehdr->e_phnum program headers
 * @chunks:	malloc's chunks, once place_of() wants them
 * @nr_chunks:	how many
 * @walked:	@chunks is there
 */
struct dump {
	uint8_t *bytes;
	size_t len;
	int fd;
	const Elf64_Ehdr *ehdr;
	const Elf64_Phdr *phdr;
	struct chunk *chunks;
	size_t nr_chunks;
	bool walked;
};

/**
 * dump_open - read a core file
 *
 * Return: false, with errno or 0 if it is no core; nothing to close then.
 */
bool dump_open(struct dump *dump, const char *path);
void dump_close(struct dump *dump);

/* Memory of the dead process at an address, or NULL where the core has none. */
const uint8_t *dump_at(const struct dump *dump, uint64_t addr, size_t len);

/* The address of an offset in the file, or 0 where it is no memory. */
uint64_t dump_addr(const struct dump *dump, size_t offset);

/* What an offset in the file was. */
enum place place_of(struct dump *dump, size_t offset);

/* The offset of an address in the file, or the file's length where it has none. */
size_t dump_offset(const struct dump *dump, uint64_t addr);

/* The seal: NULL unless it is there and ends the file. */
const struct kredact_seal_header *dump_seal(const struct dump *dump);

/* The payload of the record after @last (NULL: of the first), its type and length. */
const void *dump_record(const struct dump *dump, const void *last, uint32_t *type, size_t *len);

#endif /* PROGRAMS_PLACE_H */

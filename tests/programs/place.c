// SPDX-License-Identifier: GPL-2.0
/*
 * What an address in a core was: see place.h.
 *
 * All of it is told from the core itself: stacks by the stack pointers in the notes,
 * data by the list of mapped files, malloc's memory by walking its chunks as
 * glibc 2.36 lays them out. Chunks in bins are free by the next one's header; those
 * in thread caches and fast bins are not, and so these lists are walked too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"

/* <sys/procfs.h>'s struct elf_prstatus has the registers in pr_reg; RSP is the 20th. */
#define REG_RSP		19
#define RED_ZONE	128

/* glibc 2.36 on x86-64. */
#define ARENA_HEAP	(64ul << 20)	/* a heap of an arena starts at a multiple of this */
#define HEAP_INFO	48		/* struct _heap_info */
#define ARENA		2200		/* struct malloc_state */
#define ARENA_FAST	16		/* its fastbinsY[10] */
#define ARENA_TOP	96		/* its top */
#define ARENA_BINS	112		/* its bins */
#define FAST_BINS	10
#define CACHE_CHUNK	0x290		/* the chunk of struct tcache_perthread_struct */
#define CACHE_BINS	64
#define LIST_MAX	1024

struct chunk {
	uint64_t addr;		/* of its header; memory of the program begins 16 bytes later */
	uint64_t size;
	bool freed;
};

const char *const place_names[PLACES] = {
	"stack", "below_stack", "heap", "freed", "static", "mapped", "registers", "notes",
	"outside"
};

bool dump_open(struct dump *dump, const char *path)
{
	struct stat st;

	memset(dump, 0, sizeof(*dump));
	dump->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (dump->fd < 0)
		return false;
	if (fstat(dump->fd, &st))
		goto fail;
	errno = 0;
	if ((size_t)st.st_size < sizeof(Elf64_Ehdr))
		goto fail;
	dump->len = (size_t)st.st_size;
	dump->bytes = mmap(NULL, dump->len, PROT_READ, MAP_PRIVATE, dump->fd, 0);
	if (dump->bytes == MAP_FAILED)
		goto fail;
	dump->ehdr = (const void *)dump->bytes;
	dump->phdr = (const void *)(dump->bytes + dump->ehdr->e_phoff);
	if (!memcmp(dump->ehdr->e_ident, ELFMAG, SELFMAG) && dump->ehdr->e_type == ET_CORE &&
	    dump->ehdr->e_ident[EI_CLASS] == ELFCLASS64 && dump->ehdr->e_phoff < dump->len &&
	    (dump->len - dump->ehdr->e_phoff) / sizeof(Elf64_Phdr) >= dump->ehdr->e_phnum)
		return true;
	munmap(dump->bytes, dump->len);
	errno = 0;
fail:
	close(dump->fd);
	return false;
}

void dump_close(struct dump *dump)
{
	munmap(dump->bytes, dump->len);
	close(dump->fd);
	free(dump->chunks);
}

/* The segment that has an address in the file. */
static const Elf64_Phdr *segment_at(const struct dump *dump, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < dump->ehdr->e_phnum; i++) {
		const Elf64_Phdr *p = &dump->phdr[i];

		if (p->p_type == PT_LOAD && addr - p->p_vaddr < p->p_filesz &&
		    p->p_offset < dump->len && p->p_filesz <= dump->len - p->p_offset)
			return p;
	}
	return NULL;
}

const uint8_t *dump_at(const struct dump *dump, uint64_t addr, size_t len)
{
	const Elf64_Phdr *p = segment_at(dump, addr);

	if (!p || p->p_filesz - (addr - p->p_vaddr) < len)
		return NULL;
	return dump->bytes + p->p_offset + (addr - p->p_vaddr);
}

size_t dump_offset(const struct dump *dump, uint64_t addr)
{
	const uint8_t *at = dump_at(dump, addr, 1);

	return at ? (size_t)(at - dump->bytes) : dump->len;
}

uint64_t dump_addr(const struct dump *dump, size_t offset)
{
	unsigned int i;

	for (i = 0; i < dump->ehdr->e_phnum; i++) {
		const Elf64_Phdr *p = &dump->phdr[i];

		if (p->p_type == PT_LOAD && offset - p->p_offset < p->p_filesz)
			return p->p_vaddr + (offset - p->p_offset);
	}
	return 0;
}

static uint64_t word_at(const struct dump *dump, uint64_t addr)
{
	const uint8_t *at = dump_at(dump, addr, 8);
	uint64_t value = 0;

	if (at)
		memcpy(&value, at, 8);
	return value;
}

/* The nth note of a type (0: of any), its content, or NULL. */
static const uint8_t *note(const struct dump *dump, uint32_t type, unsigned int nth,
			   const Elf64_Nhdr **head)
{
	unsigned int i;
	size_t at, end;

	for (i = 0; i < dump->ehdr->e_phnum; i++) {
		if (dump->phdr[i].p_type != PT_NOTE)
			continue;
		at = dump->phdr[i].p_offset;
		end = at + dump->phdr[i].p_filesz;
		while (end <= dump->len && at + sizeof(**head) <= end) {
			const uint8_t *content;

			*head = (const void *)(dump->bytes + at);
			content = (const uint8_t *)(*head + 1) + (((*head)->n_namesz + 3) & ~3u);
			at = (size_t)(content - dump->bytes) + (((*head)->n_descsz + 3) & ~3u);
			if (at <= end && (!type || (*head)->n_type == type) && !nth--)
				return content;
		}
	}
	return NULL;
}

static enum place place_in_notes(const struct dump *dump, size_t offset)
{
	const Elf64_Nhdr *head;
	const uint8_t *content;
	unsigned int i;

	for (i = 0; (content = note(dump, 0, i, &head)); i++) {
		if (offset - (size_t)(content - dump->bytes) >= head->n_descsz)
			continue;
		switch (head->n_type) {
		case NT_PRSTATUS:
		case NT_FPREGSET:
		case NT_X86_XSTATE:
			return PLACE_REGISTERS;
		default:
			return PLACE_NOTES;
		}
	}
	return PLACE_OUTSIDE;
}

/* Whether it is a stack, and if so whether the address is below its stack pointer. */
static bool in_stack(const struct dump *dump, const Elf64_Phdr *segment, uint64_t addr,
		     bool *below)
{
	const Elf64_Nhdr *head;
	const uint8_t *content;
	bool is = false;
	unsigned int i;

	*below = true;
	for (i = 0; (content = note(dump, NT_PRSTATUS, i, &head)); i++) {
		uint64_t sp;

		memcpy(&sp, content + offsetof(struct elf_prstatus, pr_reg) + 8 * REG_RSP, 8);
		if (sp - segment->p_vaddr >= segment->p_memsz)
			continue;
		is = true;
		if (addr + RED_ZONE >= sp)
			*below = false;
	}
	return is;
}

/* Whether it is a mapping of a file, or begins where one ends: what follows .data is .bss. */
static bool is_static(const struct dump *dump, const Elf64_Phdr *segment)
{
	const Elf64_Nhdr *head;
	const uint8_t *content = note(dump, NT_FILE, 0, &head);
	uint64_t files, i, range[3];

	if (!content)
		return false;
	memcpy(&files, content, 8);
	for (i = 0; i < files && 16 + 24 * (i + 1) <= head->n_descsz; i++) {
		memcpy(range, content + 16 + 24 * i, 24);
		if (segment->p_vaddr >= range[0] && segment->p_vaddr <= range[1])
			return true;
	}
	return false;
}

static bool add_chunk(struct dump *dump, uint64_t addr, uint64_t size, bool freed)
{
	if (!(dump->nr_chunks & (dump->nr_chunks + 1))) {
		struct chunk *more = realloc(dump->chunks, 2 * (dump->nr_chunks + 1) *
							   sizeof(*more));

		if (!more)
			return false;
		dump->chunks = more;
	}
	dump->chunks[dump->nr_chunks++] = (struct chunk){ addr, size, freed };
	return true;
}

/* The chunk that has an address. Heaps are walked in order of addresses. */
static struct chunk *chunk_at(const struct dump *dump, uint64_t addr)
{
	size_t low = 0, high = dump->nr_chunks;

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct chunk *c = &dump->chunks[middle];

		if (addr < c->addr)
			high = middle;
		else if (addr - c->addr >= c->size)
			low = middle + 1;
		else
			return c;
	}
	return NULL;
}

/* The chunks from @addr to the top one, which is the last: it is returned. */
static uint64_t walk_chunks(struct dump *dump, uint64_t addr, uint64_t end)
{
	while (addr + 32 <= end) {
		uint64_t size = word_at(dump, addr + 8) & ~7ull, next;

		if (size < 32 || size % 16 || size > end - addr)
			return 0;
		next = addr + size;
		if (next + 32 > end) {
			add_chunk(dump, addr, size, true);
			return addr;
		}
		if (!add_chunk(dump, addr, size, !(word_at(dump, next + 8) & 1)))
			return 0;
		addr = next;
	}
	return 0;
}

/* A list of free chunks; its pointers are XORed with where they are, shifted. */
static void free_list(struct dump *dump, uint64_t addr, unsigned int next)
{
	unsigned int n;

	for (n = 0; addr && n < LIST_MAX; n++) {
		struct chunk *c = chunk_at(dump, addr);

		if (!c)
			return;
		c->freed = true;
		addr = word_at(dump, addr + next) ^ (addr + next) >> 12;
	}
}

static void free_cache(struct dump *dump, uint64_t chunk)
{
	unsigned int i;

	if ((word_at(dump, chunk + 8) & ~7ull) != CACHE_CHUNK)
		return;
	/* Its entries point to the memory of chunks, not to their headers. */
	for (i = 0; i < CACHE_BINS; i++)
		free_list(dump, word_at(dump, chunk + 16 + 2 * CACHE_BINS + 8 * i), 0);
}

static void free_fast(struct dump *dump, uint64_t arena)
{
	unsigned int i;

	for (i = 0; i < FAST_BINS; i++)
		free_list(dump, word_at(dump, arena + ARENA_FAST + 8 * i), 16);
}

/* Whether the first bins of what may be an arena are lists that lead back to them. */
static bool is_arena(const struct dump *dump, uint64_t arena)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		/* A bin is taken for a chunk whose list pointers it is. */
		uint64_t bin = arena + ARENA_BINS + 16 * i - 16, first = word_at(dump, bin + 16);

		if (!first || word_at(dump, first + 24) != bin)
			return false;
	}
	return true;
}

/* The C library's own arena is in its data: found by its pointer to the top chunk. */
static void free_main_fast(struct dump *dump, uint64_t top)
{
	unsigned int i;
	uint64_t at;

	for (i = 0; i < dump->ehdr->e_phnum; i++) {
		const Elf64_Phdr *p = &dump->phdr[i];
		const uint8_t *bytes = dump_at(dump, p->p_vaddr, p->p_filesz);

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_W) || !bytes || !is_static(dump, p))
			continue;
		for (at = 0; at + 8 <= p->p_filesz; at += 8)
			if (!memcmp(bytes + at, &top, 8) &&
			    is_arena(dump, p->p_vaddr + at - ARENA_TOP))
				free_fast(dump, p->p_vaddr + at - ARENA_TOP);
	}
}

static bool is_arena_heap(const struct dump *dump, const Elf64_Phdr *p)
{
	uint64_t arena = word_at(dump, p->p_vaddr);

	return !(p->p_vaddr % ARENA_HEAP) &&
	       ((arena == p->p_vaddr + HEAP_INFO && !word_at(dump, p->p_vaddr + 8)) ||
		(arena % ARENA_HEAP == HEAP_INFO && word_at(dump, p->p_vaddr + 8)));
}

static bool is_main_heap(const struct dump *dump, const Elf64_Phdr *p)
{
	return word_at(dump, p->p_vaddr) == 0 &&
	       word_at(dump, p->p_vaddr + 8) == (CACHE_CHUNK | 1) && !is_static(dump, p);
}

/*
 * Where a stretch of memory without gaps ends that begins with a segment: after a fork
 * what is added to a heap may be a mapping of its own.
 */
static uint64_t stretch_end(const struct dump *dump, const Elf64_Phdr *p)
{
	const Elf64_Phdr *last = dump->phdr + dump->ehdr->e_phnum - 1;

	while (p < last && p[1].p_type == PT_LOAD && p[1].p_filesz == p[1].p_memsz &&
	       p[1].p_vaddr == p->p_vaddr + p->p_filesz)
		p++;
	return p->p_vaddr + p->p_filesz;
}

static void walk_heaps(struct dump *dump)
{
	uint64_t main_top = 0;
	unsigned int i;

	dump->walked = true;
	/* Program headers are in order of addresses, and so are the chunks then. */
	for (i = 0; i < dump->ehdr->e_phnum; i++) {
		const Elf64_Phdr *p = &dump->phdr[i];
		uint64_t first = p->p_vaddr;

		if (p->p_type != PT_LOAD || !p->p_filesz)
			continue;
		if (is_arena_heap(dump, p)) {
			first += HEAP_INFO;
			if (word_at(dump, p->p_vaddr) == first)
				first += ARENA;
			first = (first + 15) & ~15ull;
			walk_chunks(dump, first, p->p_vaddr + p->p_filesz);
		} else if (is_main_heap(dump, p)) {
			main_top = walk_chunks(dump, first, stretch_end(dump, p));
		}
	}
	/* A thread's cache is the first chunk of its arena: there are fewer threads than arenas. */
	for (i = 0; i < dump->ehdr->e_phnum; i++) {
		const Elf64_Phdr *p = &dump->phdr[i];

		if (p->p_type != PT_LOAD || !p->p_filesz)
			continue;
		if (is_main_heap(dump, p))
			free_cache(dump, p->p_vaddr);
		if (!is_arena_heap(dump, p) || word_at(dump, p->p_vaddr) != p->p_vaddr + HEAP_INFO)
			continue;
		free_cache(dump, (p->p_vaddr + HEAP_INFO + ARENA + 15) & ~15ull);
		free_fast(dump, p->p_vaddr + HEAP_INFO);
	}
	if (main_top)
		free_main_fast(dump, main_top);
}

enum place place_of(struct dump *dump, size_t offset)
{
	uint64_t addr = dump_addr(dump, offset);
	const Elf64_Phdr *segment;
	struct chunk *chunk;
	bool below;

	if (!addr)
		return place_in_notes(dump, offset);
	segment = segment_at(dump, addr);
	if (!segment)
		return PLACE_OUTSIDE;
	if (in_stack(dump, segment, addr, &below))
		return below ? PLACE_STACK_BELOW : PLACE_STACK;
	if (is_static(dump, segment))
		return PLACE_STATIC;
	if (!dump->walked)
		walk_heaps(dump);
	chunk = chunk_at(dump, addr);
	if (chunk)
		return chunk->freed ? PLACE_FREED : PLACE_HEAP;
	/* What malloc had before the first chunk, or behind one that is not whole. */
	if (is_arena_heap(dump, segment) || is_main_heap(dump, segment))
		return PLACE_HEAP;
	return PLACE_MAPPED;
}

const struct kredact_seal_header *dump_seal(const struct dump *dump)
{
	const struct kredact_seal_trailer *trailer;
	const struct kredact_seal_header *header;

	if (dump->len < sizeof(*header) + sizeof(*trailer))
		return NULL;
	trailer = (const void *)(dump->bytes + dump->len - sizeof(*trailer));
	if (memcmp(trailer->magic, KREDACT_SEAL_END, sizeof(trailer->magic)) ||
	    trailer->core_len > dump->len - sizeof(*header) - sizeof(*trailer))
		return NULL;
	header = (const void *)(dump->bytes + trailer->core_len);
	return memcmp(header->magic, KREDACT_SEAL_MAGIC, sizeof(header->magic)) ? NULL : header;
}

const void *dump_record(const struct dump *dump, const void *last, uint32_t *type, size_t *len)
{
	const struct kredact_seal_header *header = dump_seal(dump);
	const struct kredact_seal_record *record;
	const uint8_t *end = dump->bytes + dump->len - sizeof(struct kredact_seal_trailer);

	if (!header)
		return NULL;
	if (last)
		record = (const void *)((const uint8_t *)last +
			 ((*len + KREDACT_SEAL_ALIGN - 1) & ~(size_t)(KREDACT_SEAL_ALIGN - 1)));
	else
		record = (const void *)(header + 1);
	if ((const uint8_t *)(record + 1) > end ||
	    record->len > (size_t)(end - (const uint8_t *)(record + 1)))
		return NULL;
	*type = record->type;
	*len = record->len;
	return record + 1;
}

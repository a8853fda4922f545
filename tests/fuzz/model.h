/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests' own bookkeeping says must be tagged and mapped: the oracle of
 * fuzz.c. It knows two areas, of whose pages it knows everything, and beside
 * them a buffer that is always there; no other address is ever used that could
 * be mapped.
 */
#ifndef KREDACT_FUZZ_MODEL_H
#define KREDACT_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kredact.h>

#define PAGE		4096ul
#define ARENA		0x40000000ul	/* where also 32-bit calls reach it */
#define ARENA_PAGES	64
#define HEAP_PAGES	16
#define BUFFER		0x50000000ul
#define BUFFER_LEN	(512 * PAGE)

#define UNPREDICTABLE	1	/* instead of 0 or -errno */

/* Descriptors that are told to be pidfds. */
struct pidfd {
	int fd;
	int result;	/* 0: ourselves, -errno, or UNPREDICTABLE: somebody else */
};

#define PIDFDS		8

extern struct pidfd pidfds[PIDFDS];

enum kind { UNMAPPED, ANON, SHARED, FILE_PRIVATE, FILE_SHARED, DEVICE };

struct page {
	uint8_t kind;
	uint8_t prot;
	bool odd;	/* may be left out of a core or empty in a child: MADV_DONTDUMP and such */
};

struct area {
	uint64_t start;
	unsigned int nr;
	struct page pages[ARENA_PAGES];
};

extern struct area areas[2];
extern uint64_t task_size;
/* A text for the last disagreement. */
extern char model_why[256];

/* @room: for KREDACT_BATCH_MAX of them. */
bool model_init(struct kredact_range *room);
struct page *model_page(uint64_t addr);
void model_map(uint64_t addr, uint64_t len, enum kind kind, int prot);
void model_unmap(uint64_t addr, uint64_t len);
void model_move(uint64_t from, uint64_t old_len, uint64_t to, uint64_t new_len, bool stays);
/* The kernel's view of what is mapped, after a call that failed half-way. */
void model_resync(void);

/* What a call must return: 0, -errno, or UNPREDICTABLE. */
int model_predict(unsigned int cmd, uint64_t addr);
/* What it has returned: false if that is wrong. Goes along with what it did. */
bool model_check(unsigned int cmd, uint64_t addr, int predicted, int ret);

uint64_t model_tagged(uint64_t addr, uint64_t last);
unsigned int model_nr(uint64_t addr, uint64_t last);
/* Are these all that is tagged? They come by address. */
bool model_check_list(const struct kredact_tag *tags, unsigned int nr);
/* Zeroes in a copy of a page what is tagged. */
void model_redact(uint64_t addr, uint8_t *copy);
/* A handle that is or was valid, or almost. */
uint64_t model_handle(uint32_t random);

/* Through /proc/self/mem, whatever the protection; how many bytes. */
size_t peek(uint64_t addr, void *to, size_t len);
size_t poke(uint64_t addr, const void *from, size_t len);
void mem_reopen(void);

#endif /* KREDACT_FUZZ_MODEL_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random choices of the fuzzer, each thread's own, and the history of calls that
 * a failure shows.
 */
#ifndef KREDACT_FUZZ_CHOICE_H
#define KREDACT_FUZZ_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

extern __thread uint64_t random_state;	/* never 0 */
extern __thread bool alone;		/* with the oracle, and no other thread */
extern unsigned long long steps;

uint32_t rnd(void);
uint64_t rnd64(void);
/* 0 to @nr - 1. */
uint32_t below(uint32_t nr);

/* What is about to be done. */
__attribute__((format(printf, 1, 2)))
void note(const char *format, ...);
/* Shows the history and what the model says, and ends the process. */
_Noreturn void disagree(const char *what);

/* A page of an area, mapped or not. */
uint64_t some_page(void);
/* Pages that lie in one area; at least one. */
uint64_t some_pages(uint64_t *len);
/* Bytes to register or ask about, some of them impossible. */
void some_range(uint64_t *addr, uint64_t *len);
uint64_t odd_number(void);

#endif /* KREDACT_FUZZ_CHOICE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Random choices, and the history that a failure shows: see choice.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "choice.h"
#include "model.h"

#define HISTORY		40	/* calls that a failure shows */

__thread uint64_t random_state;
__thread bool alone = true;
unsigned long long steps;
static char history[HISTORY][160];
static unsigned long long notes;

uint32_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state >> 16;
}

uint32_t below(uint32_t nr)
{
	return rnd() % nr;
}

uint64_t rnd64(void)
{
	return (uint64_t)rnd() << 32 | rnd();
}

void note(const char *format, ...)
{
	va_list args;

	if (!alone)
		return;
	va_start(args, format);
	vsnprintf(history[notes++ % HISTORY], sizeof(*history), format, args);
	va_end(args);
}

_Noreturn void disagree(const char *what)
{
	unsigned long long i;

	for (i = notes < HISTORY ? 0 : notes - HISTORY; i < notes; i++)
		printf("# %s\n", history[i % HISTORY]);
	printf("# process %d, step %llu: %s: %s\n", getpid(), steps, what, model_why);
	fflush(stdout);
	_exit(1);
}

/* A page of an area, mapped or not. */
uint64_t some_page(void)
{
	struct area *area = &areas[below(6) == 0];

	return area->start + below(area->nr) * PAGE;
}

/* Pages that lie in one area; at least one. */
uint64_t some_pages(uint64_t *len)
{
	uint64_t addr = ARENA + below(ARENA_PAGES) * PAGE;
	uint64_t most = (ARENA + ARENA_PAGES * PAGE - addr) / PAGE;

	*len = (1 + below(most < 12 ? most : 12)) * PAGE;
	return addr;
}

uint64_t odd_number(void)
{
	switch (below(12)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return PAGE;
	case 3: return KREDACT_LEN_MAX;
	case 4: return KREDACT_LEN_MAX + 1;
	case 5: return ~0ull;
	case 6: return 1ull << 63;
	case 7: return -PAGE;
	case 8: return task_size;
	case 9: return task_size - 1;
	case 10: return 0xffffffff81000000ull + below(PAGE);
	default: return rnd64();
	}
}

void some_range(uint64_t *addr, uint64_t *len)
{
	*addr = some_page();
	switch (below(8)) {
	case 0 ... 3:
		*addr += below(PAGE);
		*len = 1 + below(64);
		break;
	case 4: case 5:
		*addr += below(PAGE);
		*len = 1 + below(6 * PAGE);
		break;
	case 6:
		*len = (1 + below(8)) * PAGE;
		break;
	case 7:
		/* No other address may be used: the oracle does not know what is there. */
		if (below(2))
			*addr = odd_number();
		*len = odd_number();
		break;
	}
}

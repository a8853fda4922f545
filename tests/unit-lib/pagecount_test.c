// SPDX-License-Identifier: GPL-2.0
/*
 * The counts of pages, against an array of counts.
 */
#include "common.h"
#include "internal.h"

#define PAGES	300
#define RANGES	120
#define STEPS	20000

static unsigned int model[PAGES];
static bool told[PAGES];
static bool told_twice, told_split;
static size_t last_told;
static int tell_error;
static unsigned int calls;

static int note_zero(size_t first, size_t end)
{
	calls++;
	if (first == last_told)
		told_split = true;	/* should have been one call */
	last_told = end;
	for (size_t i = first; i < end; i++) {
		told_twice |= told[i];
		told[i] = true;
	}
	return tell_error;
}

static bool model_covers(size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (!model[i])
			return false;
	return true;
}

/* Every operation is followed by queries of everything near. */
static void test_random(void)
{
	struct { size_t first, end; } range[RANGES] = { 0 };
	bool same = true, zeros = true, empty = true;
	struct kr_pagecount pc = { 0 };
	uint64_t seed = 20260101;
	size_t first, end;

	for (int step = 0; step < STEPS; step++) {
		size_t i = next_random(&seed) % RANGES;

		if (!range[i].end) {
			first = next_random(&seed) % PAGES;
			end = first + 1 + next_random(&seed) % (PAGES - first);
			must(!kr_pagecount_add(&pc, first, end), "kr_pagecount_add");
			range[i].first = first;
			range[i].end = end;
			for (size_t p = first; p < end; p++)
				model[p]++;
		} else {
			memset(told, 0, sizeof(told));
			last_told = SIZE_MAX;
			kr_pagecount_sub(&pc, range[i].first, range[i].end, note_zero);
			for (size_t p = range[i].first; p < range[i].end; p++)
				model[p]--;
			for (size_t p = 0; p < PAGES; p++)
				zeros &= told[p] == (p >= range[i].first && p < range[i].end &&
						     !model[p]);
			range[i].end = 0;
		}
		for (int q = 0; q < 20; q++) {
			first = next_random(&seed) % PAGES;
			end = first + 1 + next_random(&seed) % (PAGES - first);
			if (q & 1 && end > first + 3)
				end = first + 3;
			same &= kr_pagecount_covers(&pc, first, end) == model_covers(first, end);
		}
	}
	ok(same, "coverage is that of the model after %d random steps", STEPS);
	ok(zeros, "each page is told when its last range goes, and no other page is");
	ok(!told_twice, "no page is told twice");
	ok(!told_split, "neighbouring pages are told in one call");

	for (size_t i = 0; i < RANGES; i++)
		if (range[i].end)
			kr_pagecount_sub(&pc, range[i].first, range[i].end, note_zero);
	for (size_t p = 0; p < PAGES; p++)
		empty &= !kr_pagecount_covers(&pc, p, p + 1);
	ok(empty && !pc.root, "nothing is left when all ranges are gone");
	/* at most a run for each page, and as many in reserve for one more range */
	ok(pc.nr_spare <= 2 * PAGES + 3, "runs are used again (%zu of them)", pc.nr_spare);
}

static size_t refused;

static int renew_some(size_t first, size_t end)
{
	return first <= refused && refused < end ? -12 : 0;
}

static void test_renew(void)
{
	struct kr_pagecount pc = { 0 };

	must(!kr_pagecount_add(&pc, 10, 20), "add");
	must(!kr_pagecount_add(&pc, 20, 30), "add");
	refused = 1000;
	ok_eq(kr_pagecount_renew(&pc, renew_some), 0, "renewing succeeds (control)");
	ok(kr_pagecount_covers(&pc, 10, 30), "and all is covered still (control)");
	refused = 25;
	ok_eq(kr_pagecount_renew(&pc, renew_some), -12, "an error of renewing is returned");
	ok(kr_pagecount_covers(&pc, 10, 20) && !kr_pagecount_covers(&pc, 20, 21) &&
	   !kr_pagecount_covers(&pc, 15, 25), "what was not renewed is not covered");
	must(!kr_pagecount_add(&pc, 22, 24), "add");
	ok(kr_pagecount_covers(&pc, 22, 24) && !kr_pagecount_covers(&pc, 21, 23) &&
	   !kr_pagecount_covers(&pc, 23, 25), "until it is added anew, and only there");

	calls = 0;
	tell_error = -5;
	ok_eq(kr_pagecount_sub(&pc, 10, 20, note_zero), -5, "an error of the callback is returned");
	ok(calls == 1 && !kr_pagecount_covers(&pc, 10, 11), "and the count is down all the same");
}

int main(void)
{
	test_random();
	test_renew();
	return tap_done();
}

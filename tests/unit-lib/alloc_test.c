// SPDX-License-Identifier: GPL-2.0
/*
 * The allocator in one thread: sizes, contents, wiping, what misuse it notices,
 * and what it gives back. (Threads and forks: threads_test.c.)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include "common.h"
#include "internal.h"

static size_t page;

static void test_classes(void)
{
	bool fits = true, tight = true, exact = true, runs = true;

	for (size_t len = 0; len <= KR_SMALL_MAX; len++) {
		unsigned int c = kr_class(len);

		fits &= c < KR_CLASSES && len + KR_CANARY_LEN <= kr_slot_size[c];
		tight &= !c || kr_slot_size[c - 1] < len + KR_CANARY_LEN;
	}
	ok(fits, "every length fits the slots of its class");
	ok(tight, "and not those of the class below");
	for (unsigned int c = 0; c < KR_CLASSES; c++) {
		uint64_t reciprocal = UINT32_MAX / kr_slot_size[c] + 1;
		unsigned int len = kr_slab_grains(c) << KR_GRAIN_SHIFT;

		for (uint64_t off = 0; off < KR_SLAB_GRAINS << KR_GRAIN_SHIFT; off++)
			exact &= (off * reciprocal >> 32) == off / kr_slot_size[c];
		runs &= len <= KR_ARENA_MIN && len >= kr_slot_size[c] &&
			len % kr_slot_size[c] * 8 <= len && kr_slot_size[c] % 16 == 0;
	}
	ok(exact, "the reciprocals divide exactly");
	ok(runs, "every slab fits the smallest arena and wastes at most an eighth");
}

static void test_contents(void)
{
	static const size_t lens[] = { 0, 1, 15, 16, 24, 25, 64, 72, 73, 100, 1000, 4096, 5112,
				       16384, 17000, 32760, 32761, 32768, 65536, 100001, 3 << 20 };
	bool aligned = true, zeroed = true, room = true, kept = true;
	char *p[KR_ARRAY_SIZE(lens)];
	volatile size_t half = SIZE_MAX / 2, huge = (size_t)1 << 62;

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < KR_ARRAY_SIZE(lens); i++) {
			p[i] = kredact_alloc(lens[i]);
			must(p[i], "alloc");
			aligned &= (uintptr_t)p[i] % 16 == 0;
			room &= kredact_usable_size(p[i]) >= lens[i];
			zeroed &= all_bytes(p[i], kredact_usable_size(p[i]), 0);
			memset(p[i], (int)i + 1, lens[i]);
		}
		for (size_t i = 0; i < KR_ARRAY_SIZE(lens); i++) {
			kept &= all_bytes(p[i], lens[i], (unsigned char)(i + 1));
			kredact_free(p[i]);
		}
	}
	ok(aligned, "aligned to 16 bytes");
	ok(kr_secret >> 63 && kr_secret << 1, "canaries are made with a secret that is never 0");
	ok(room, "usable size is at least the length");
	ok(zeroed, "filled with zeros, on second use too");
	ok(kept, "objects do not share memory");
	ok_eq(kredact_usable_size(NULL), 0, "usable size of NULL is 0");
	kredact_free(NULL);

	p[0] = kredact_calloc(10, 10);
	ok(p[0] && all_bytes(p[0], 100, 0), "calloc");
	kredact_free(p[0]);
	errno = 0;
	ok(!kredact_calloc(half, 3) && errno == ENOMEM, "calloc that overflows: ENOMEM");
	errno = 0;
	ok(!kredact_alloc(huge) && errno == ENOMEM, "alloc beyond all memory: ENOMEM");
	errno = 0;
	p[1] = kredact_alloc((size_t)1 << 48);
	ok(!p[1] && errno == ENOMEM, "alloc beyond the address space: ENOMEM");
}

/* Slots of an arena stay mapped, so what free() leaves behind can be read. */
static void test_wipe(void)
{
	static const size_t lens[] = { 1, 16, 64, 500, 4096, 16000, 32760 };
	bool was = true, is = true;
	unsigned char *p, buf[64];

	for (size_t i = 0; i < KR_ARRAY_SIZE(lens); i++) {
		size_t all;

		p = kredact_alloc(lens[i]);
		must(p, "alloc");
		all = kredact_usable_size(p);
		memset(p, 0xa5, all);
		was &= all_bytes(p, all, 0xa5);
		kredact_free(p);
		is &= all_bytes(p, all + KR_CANARY_LEN, 0);
	}
	ok(was, "control: the object is there before it is freed");
	ok(is, "nothing of it is there after");

	memset(buf, 0xa5, sizeof(buf));
	kredact_wipe(buf + 8, 16);
	kredact_wipe(NULL, 0);
	ok(all_bytes(buf, 8, 0xa5) && all_bytes(buf + 8, 16, 0) && all_bytes(buf + 24, 40, 0xa5),
	   "kredact_wipe() wipes its range and no more");

	p = kredact_alloc(64);
	must(p, "alloc");
	errno = 4711;
	kredact_free(p);
	p = kredact_alloc(1 << 20);
	must(p, "alloc");
	errno = 4711;
	kredact_free(p);
	ok_eq(errno, 4711, "free leaves errno alone");
}

static void test_realloc(void)
{
	volatile size_t huge = (size_t)1 << 62;
	unsigned char *p, *q;
	bool kept = true;

	p = kredact_realloc(NULL, 40);
	must(p, "realloc");
	memset(p, 0x11, 40);
	for (size_t len = 41; len < 300000; len += len / 3) {
		p = kredact_realloc(p, len);
		must(p, "realloc");
		kept &= all_bytes(p, 40, 0x11);
	}
	ok(kept, "growing from 40 to 300,000 bytes keeps the contents");
	memset(p, 0x22, kredact_usable_size(p));
	for (size_t len = 200000; len > 10; len /= 2) {
		p = kredact_realloc(p, len);
		must(p, "realloc");
		kept &= all_bytes(p, len, 0x22);
	}
	ok(kept, "and so does shrinking");
	kredact_free(p);

	p = kredact_alloc(64);
	must(p, "alloc");
	memset(p, 0x33, 64);
	q = kredact_realloc(p, 50);
	ok(q == p && all_bytes(q, 50, 0x33) && all_bytes(q + 50, 22, 0),
	   "where it stays, the part cut off is wiped");
	q = kredact_realloc(p, 1000);
	must(q, "realloc");
	ok(q != p && all_bytes(p, 72, 0), "where it moves, the old place is wiped");
	ok(!kredact_realloc(q, 0), "length 0 frees");
	ok(all_bytes(q, 1000, 0), "and wipes");
	p = kredact_alloc(64);
	must(p, "alloc");
	memset(p, 0x44, 64);
	ok(!kredact_realloc(p, huge) && all_bytes(p, 64, 0x44),
	   "a failure leaves the object as it was");
	kredact_free(p);
}

/*
 * Misuse, each in a child; the number after the name of the case is the length.
 * The optimiser must not see that these are mistakes.
 */
enum misuse {
	NONE, OVERRUN, SECOND_FREE, SECOND_FREE_LATE, INSIDE, MALLOCS, STACK, WILD, BEHIND,
	REALLOC_FREED, SIZE_FREED, BEFORE_GUARD, PAST_GUARD, LAST_BYTE,
};

struct misuse_arg {
	enum misuse what;
	size_t len;
};

static int misuse(void *arg)
{
	const struct misuse_arg *m = arg;
	volatile char *p = kredact_alloc(m->len), *hidden = launder((void *)(uintptr_t)p);
	size_t all = kredact_usable_size((void *)(uintptr_t)p);
	void *other[50], *q = (void *)(uintptr_t)hidden;
	struct kr_region *r;
	char local[64];

	r = kr_region_find((uintptr_t)q);
	switch (m->what) {
	case NONE:
		memset(q, 1, all);
		kredact_free(q);
		return 0;
	case OVERRUN:
		hidden[all] ^= 1;
		kredact_free(q);
		return 1;
	case SECOND_FREE:
		kredact_free(q);
		kredact_free(launder(q));
		return 1;
	case SECOND_FREE_LATE:
		for (int i = 0; i < 50; i++)
			other[i] = kredact_alloc(m->len);
		kredact_free(q);
		for (int i = 0; i < 50; i++)
			kredact_free(other[i]);
		kredact_free(launder(q));
		return 1;
	case INSIDE:
		kredact_free(launder((char *)q + 16));
		return 1;
	case MALLOCS:
		kredact_free(launder(malloc(m->len)));
		return 1;
	case STACK:
		kredact_free(launder(local));
		return 1;
	case WILD:
		kredact_free((void *)(uintptr_t)0xdeadbeefdeadbee0);
		return 1;
	case BEHIND:
		kredact_free(launder((void *)(r->base + r->len)));
		return 1;
	case REALLOC_FREED:
		kredact_free(q);
		return !kredact_realloc(launder(q), m->len + 1);
	case SIZE_FREED:
		kredact_free(q);
		return !kredact_usable_size(launder(q));
	case BEFORE_GUARD:
		return *(volatile char *)(r->base - 1);
	case PAST_GUARD:
		return *(volatile char *)(r->base + r->len);
	case LAST_BYTE:
		hidden[0] = hidden[all - 1] = 1;
		return *(volatile char *)r->base + *(volatile char *)(r->base + r->len - 1) > 3;
	}
	return 1;
}

static void test_misuse(void)
{
	static const struct {
		enum misuse what;
		bool small, large;
		int signal;
		const char *says, *name;
	} cases[] = {
		{ NONE, true, true, 0, "", "control: all bytes written, then freed" },
		{ LAST_BYTE, true, true, 0, "", "control: first and last byte of the mapping" },
		{ OVERRUN, true, false, SIGABRT, "overrun", "one bit written past the end" },
		{ SECOND_FREE, true, true, SIGABRT, "free already", "a second free" },
		{ SECOND_FREE_LATE, true, true, SIGABRT, "free already", "a second free, later" },
		{ INSIDE, true, true, SIGABRT, "not the library's", "a pointer into an object" },
		{ MALLOCS, true, true, SIGABRT, "not the library's", "a pointer of malloc()" },
		{ STACK, true, false, SIGABRT, "not the library's", "a pointer to the stack" },
		{ WILD, true, false, SIGABRT, "not the library's", "a pointer to nowhere" },
		{ BEHIND, true, true, SIGABRT, "not the library's", "a pointer into a guard page" },
		{ REALLOC_FREED, true, true, SIGABRT, "free already", "realloc after free" },
		{ SIZE_FREED, true, true, SIGABRT, "free already", "usable size after free" },
		{ BEFORE_GUARD, true, true, SIGSEGV, NULL, "the byte before the mapping" },
		{ PAST_GUARD, true, true, SIGSEGV, NULL, "the byte after the mapping" },
	};
	static const size_t lens[] = { 64, 4096, 100000 };
	char said[4096];
	int status, want;

	for (size_t i = 0; i < KR_ARRAY_SIZE(cases); i++) {
		for (size_t l = 0; l < KR_ARRAY_SIZE(lens); l++) {
			struct misuse_arg arg = { cases[i].what, lens[l] };
			bool large = lens[l] > KR_SMALL_MAX;

			if (large ? !cases[i].large : !cases[i].small)
				continue;
			status = in_child(misuse, &arg, said, sizeof(said));
			want = cases[i].signal;
#ifdef __SANITIZE_ADDRESS__
			/* ASan has a handler for SIGSEGV and ends with a report. */
			if (want == SIGSEGV && WIFEXITED(status) && WEXITSTATUS(status) &&
			    strstr(said, "AddressSanitizer: SEGV"))
				status = SIGSEGV;
#endif
			if (!ok((want ? WIFSIGNALED(status) && WTERMSIG(status) == want :
				 !status) && (!cases[i].says || strstr(said, cases[i].says)),
				"%s (%zu bytes)", cases[i].name, lens[l]))
				printf("# status %#x, said: %s\n", status, said);
		}
	}
}

/* Mapped, and without access: not merely a gap that another mapping may fill. */
static bool guarded(const struct kr_region *r)
{
	return vm_flag((void *)r->base, "rd") && vm_flag((void *)(r->base + r->len - 1), "rd") &&
	       !vm_flag((void *)(r->base - 1), "rd") && !vm_flag((void *)(r->base + r->len), "rd");
}

static void test_guards(void)
{
	char *p = kredact_alloc(100001), *small = kredact_alloc(10);
	struct kr_region *r = kr_region_find((uintptr_t)p);

	ok(guarded(r), "guard pages are mapped around a large object");
	ok(guarded(kr_region_find((uintptr_t)small)), "and around an arena");
	kredact_free(small);
	ok(r && (uintptr_t)p + kredact_usable_size(p) == r->base + r->len &&
	   kredact_usable_size(p) < 100001 + 16, "a large object ends at its guard page");
	kredact_free(p);
}

/* Load that comes and goes: what it had locked is given back. */
static void test_give_back(void)
{
	enum { NR = 30000 };
	static void *p[NR];
	uint64_t seed = 7;
	long before, full, after;

	kredact_free(kredact_alloc(64));
	before = status_kib("VmLck");
	for (int i = 0; i < NR; i++)
		must((p[i] = kredact_alloc(next_random(&seed) % 500)), "alloc");
	full = status_kib("VmLck");
	for (int i = 0; i < NR; i++)
		kredact_free(p[i]);
	after = status_kib("VmLck");
	printf("# locked: %ld KiB before, %ld with %d objects, %ld after\n", before, full, NR,
	       after);
	ok(full > before + 4000, "control: 30,000 objects take some MiB");
	ok(after < before + 2200, "all but two arenas of it go back to the kernel");

	before = status_kib("VmLck");
	for (int i = 0; i < 100; i++) {
		void *big = kredact_alloc(200000);

		must(big, "alloc");
		kredact_free(big);
	}
	ok_eq(status_kib("VmLck"), before, "large objects leave nothing");
}

/* Few system calls: one registration for an arena. */
static void test_few_arenas(void)
{
	struct kr_region *seen[32] = { NULL };
	size_t nr = 0, i;
	static void *p[4000];

	for (int n = 0; n < 4000; n++) {
		struct kr_region *r;

		must((p[n] = kredact_alloc(64)), "alloc");
		r = kr_region_find((uintptr_t)p[n]);
		for (i = 0; i < nr && seen[i] != r; i++)
			;
		if (i == nr && nr < KR_ARRAY_SIZE(seen))
			seen[nr++] = r;
	}
	ok(nr <= 5, "4,000 objects of 64 bytes are in %zu arenas", nr);
	for (int n = 0; n < 4000; n++)
		kredact_free(p[n]);
}

#ifndef __SANITIZE_ADDRESS__
static int no_address_space(void *arg)
{
	struct rlimit rl = { 0, 0 };
	void *p, *last = NULL;
	size_t n = 0;

	(void)arg;
	rl.rlim_cur = rl.rlim_max = ((size_t)status_kib("VmSize") + 8192) << 10;
	if (setrlimit(RLIMIT_AS, &rl))
		return 1;
	while ((p = kredact_alloc(1000))) {
		*(void **)p = last;
		last = p;
		n++;
	}
	if (errno != ENOMEM || n < 1000)
		return 2;
	while (last) {
		p = *(void **)last;
		kredact_free(last);
		last = p;
	}
	p = kredact_alloc(1000);
	return p && all_bytes(p, 1000, 0) ? 0 : 3;
}
#endif

/* Works before main() and after it. */
static char *early, *late;

static __attribute__((constructor(102))) void before_main(void)
{
	early = kredact_alloc(48);
	if (early)
		memset(early, 'e', 48);
}

static int leave(void *arg);

static void after_main(void)
{
	if (!all_bytes(late, 48, 'l'))
		_exit(1);
	kredact_free(late);
	late = kredact_alloc(100);
	_exit(late ? 42 : 1);
}

static int leave(void *arg)
{
	(void)arg;
	late = kredact_alloc(48);
	if (!late || atexit(after_main))
		return 1;
	memset(late, 'l', 48);
	exit(0);
}

int main(void)
{
	kr_device_path = "/nonexistent/kredact";
	page = (size_t)getpagesize();

	ok(early && all_bytes(early, 48, 'e'), "memory from before main()");
	kredact_free(early);
	ok(WEXITSTATUS(in_child(leave, NULL, NULL, 0)) == 42, "memory in an atexit() handler");
	test_classes();
	test_contents();
	test_wipe();
	test_realloc();
	test_misuse();
	test_guards();
	test_few_arenas();
	test_give_back();
#ifndef __SANITIZE_ADDRESS__
	ok(child_ok(no_address_space, NULL),
	   "out of address space: ENOMEM, and freed memory serves again");
#endif
	return tap_done();
}

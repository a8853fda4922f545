// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of kmod/core/sigframe.c: frames that this machine's kernel has written, and
 * synthetic ones of all kinds at every place in a page.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "expect.h"
#include "load.h"
#include "sigframe.h"

#define PAGE	4096ul
#define PAGES	8
#define SPAN	(PAGES * PAGE)

static unsigned int number;

static void report(const char *name, unsigned int before)
{
	printf("%s %u - %s\n", failures == before ? "ok" : "not ok", ++number, name);
}

/* A copy of some pages of memory, and what is done to it. */
struct memory {
	u64 addr;
	u8 bytes[SPAN];
	u8 expected[SPAN];
	bool missing[PAGES];
	bool left_out[PAGES];
	/* What the callbacks say. */
	u64 secret;
	u64 address;
	u64 stack;
};

static struct memory mem;

/* The page at hand: nothing else may be zeroed. */
static u64 at_hand;

static void zero(void *arg, u64 from, u32 len)
{
	struct memory *m = arg;

	EXPECT(from >= at_hand && from + len <= at_hand + PAGE && len);
	memset(m->bytes + (from - m->addr), 0, len);
}

static bool goes(void *arg, u64 value, u32 len, bool frame)
{
	const struct memory *m = arg;

	(void)frame;
	return value == (len == 8 ? m->secret : (u32)m->secret);
}

static bool is_address(void *arg, u64 value)
{
	const struct memory *m = arg;

	return m->address && value == m->address;
}

static bool in_use(void *arg, u64 from, u32 len)
{
	const struct memory *m = arg;

	return m->stack - from < len;
}

static const struct kr_sigframe_ops ops = { zero, goes, is_address, in_use };

static u32 run(struct memory *m, u32 word)
{
	struct kr_sigframes *state = calloc(1, sizeof(*state));
	u32 nr = 0, i;

	state->word = word;
	for (i = 0; i < PAGES; i++) {
		u8 *page = m->bytes + i * PAGE;

		if (m->missing[i] || m->left_out[i])
			continue;
		at_hand = m->addr + i * PAGE;
		nr += kr_sigframe_page(state, at_hand, page,
				       i + 1 < PAGES && !m->missing[i + 1] ? page + PAGE : NULL,
				       &ops, m);
	}
	free(state);
	return nr;
}

enum kind { NATIVE, COMPAT_RT, COMPAT };

static u32 noise_state = 1;

static u8 noise(void)
{
	noise_state = noise_state * 1664525 + 1013904223;
	return noise_state >> 24 | 1;
}

static void put32(u64 at, u32 value)
{
	memcpy(mem.bytes + at, &value, 4);
}

static void put64(u64 at, u64 value)
{
	memcpy(mem.bytes + at, &value, 8);
}

static void clear(u64 from, u64 to)
{
	if (from < SPAN && to > from)
		memset(mem.expected + from, 0, min(to, (u64)SPAN) - from);
}

static void fill(void)
{
	u64 i;

	memset(&mem, 0, sizeof(mem));
	mem.addr = 0x7ffdabc00000;
	mem.secret = 0x1122334455667788;
	for (i = 0; i < SPAN; i++)
		mem.bytes[i] = noise();
}

static void put_frame(u64 area, u32 size, enum kind kind)
{
	u32 fsave = kind == NATIVE ? 0 : 112;

	put32(area + 464, 0x46505853);
	put32(area + 468, size + 4 + fsave);
	put64(area + 472, size >= 832 ? 7 : 3);
	put32(area + 480, size);
	memset(mem.bytes + area + 484, 0, 28);
	if (size > 512)
		put32(area + size, 0x46505845);
}

static void expect_area(u64 area, u32 size, enum kind kind)
{
	clear(area, area + 464);
	clear(area + 512, area + size);
	if (kind != NATIVE)
		clear(area - 84, area - 4);
}

/* Secrets in general registers, the 13 others, and their neighbours. */
static void put_context(u64 area, enum kind kind, bool valid)
{
	static const u32 native[] = { 0, 7, 8, 10, 11, 14 }, compat[] = { 4, 6, 8, 11 };
	u64 context = area - 408, i;

	if (kind == NATIVE) {
		put64(context + 184, mem.addr + area + !valid);
		for (i = 0; i < 18; i++)
			put64(context + 8 * i, 0x5555555555550000 + i);
		for (i = 0; i < sizeof(native) / sizeof(*native); i++)
			put64(context + 8 * native[i], mem.secret);
		/* The stack pointer stays, whatever it is. */
		put64(context + 8 * 15, mem.secret);
		return;
	}
	context = area - 112 - (kind == COMPAT_RT ? 112 : 732);
	put32(context + 76, mem.addr + area - 112 + !valid);
	for (i = 0; i < 18; i++)
		put32(context + 4 * i, 0x55550000 + i);
	for (i = 0; i < sizeof(compat) / sizeof(*compat); i++)
		put32(context + 4 * compat[i], mem.secret);
	put32(context + 4 * 7, mem.secret);
}

static void expect_context(u64 area, enum kind kind)
{
	static const u32 native[] = { 0, 7, 8, 10, 11, 14 }, compat[] = { 4, 6, 8, 11 };
	u64 context = kind == NATIVE ? area - 408 : area - 112 - (kind == COMPAT_RT ? 112 : 732);
	u32 i;

	if (kind == NATIVE)
		for (i = 0; i < sizeof(native) / sizeof(*native); i++)
			clear(context + 8 * native[i], context + 8 * native[i] + 8);
	else
		for (i = 0; i < sizeof(compat) / sizeof(*compat); i++)
			clear(context + 4 * compat[i], context + 4 * compat[i] + 4);
}

static void expect_as_expected(u32 found, u32 nr, u32 size, u64 area, enum kind kind)
{
	if (found == nr && !memcmp(mem.bytes, mem.expected, SPAN))
		return;
	printf("# %u frames, size %u, area %lx, kind %u\n", found, size, (long)area, kind);
	failures++;
}

static const u32 sizes[] = { 512, 576, 832, 2440, 2696, 11008 };

/* One frame, at every place, over every border between pages. */
static void test_every_place(void)
{
	unsigned int before = failures;
	enum kind kind;
	u64 area;
	u32 i;

	for (kind = NATIVE; kind <= COMPAT; kind++)
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			for (area = PAGE; area < 3 * PAGE; area += 64) {
				fill();
				if (kind != NATIVE)
					mem.addr = 0xffc00000;
				put_frame(area, sizes[i], kind);
				put_context(area, kind, true);
				memcpy(mem.expected, mem.bytes, SPAN);
				expect_area(area, sizes[i], kind);
				expect_context(area, kind);
				expect_as_expected(run(&mem, kind == NATIVE ? 8 : 4), 1, sizes[i],
						   area, kind);
			}
	report("one frame, of every kind, at every place", before);
}

/* General registers stay where the context does not name the area. */
static void test_other_context(void)
{
	unsigned int before = failures;
	enum kind kind;

	for (kind = NATIVE; kind <= COMPAT; kind++) {
		fill();
		mem.addr = kind == NATIVE ? mem.addr : 0xffc00000;
		put_frame(2 * PAGE, 832, kind);
		put_context(2 * PAGE, kind, false);
		memcpy(mem.expected, mem.bytes, SPAN);
		expect_area(2 * PAGE, 832, kind);
		expect_as_expected(run(&mem, 8), 1, 832, 2 * PAGE, kind);
	}
	report("a context that is of another frame stays", before);
}

/* The magic number alone changes nothing. */
static void test_no_frame(void)
{
	static const struct {
		const char *what;
		u32 at, value;
	} wrong[] = {
		{ "another magic number", 464, 0x46505845 },
		{ "an extended size that does not fit", 468, 832 },
		{ "a size that is too small", 480, 448 },
		{ "a size that is not whole words", 480, 836 },
		{ "no x87", 472, 6 },
		{ "no SSE", 472, 5 },
		{ "features that do not exist", 476, 1 },
		{ "padding", 484, 1 },
		{ "padding at the end", 508, 1 },
	};
	unsigned int before = failures;
	u32 i, size;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		fill();
		put_frame(PAGE, 832, NATIVE);
		put_context(PAGE, NATIVE, true);
		put32(PAGE + wrong[i].at, wrong[i].value);
		if (wrong[i].at == 480)
			put32(PAGE + 468, wrong[i].value + 4);
		memcpy(mem.expected, mem.bytes, SPAN);
		EXPECT(!run(&mem, 8));
		if (memcmp(mem.bytes, mem.expected, SPAN)) {
			printf("# %s\n", wrong[i].what);
			failures++;
		}
	}
	for (i = 4; i < 64; i += 4) {
		fill();
		put_frame(PAGE + i, 832, NATIVE);
		memcpy(mem.expected, mem.bytes, SPAN);
		EXPECT(!run(&mem, 8));
		EXPECT(!memcmp(mem.bytes, mem.expected, SPAN));
	}
	for (size = KR_XSAVE_MAX + 8; size; size = size == KR_XSAVE_MAX + 8 ? 0xfffffff8 : 0) {
		fill();
		put_frame(PAGE, 832, NATIVE);
		put32(PAGE + 480, size);
		put32(PAGE + 468, size + 4);
		memcpy(mem.expected, mem.bytes, SPAN);
		EXPECT(!run(&mem, 8));
		EXPECT(!memcmp(mem.bytes, mem.expected, SPAN));
	}
	report("what only looks like a frame stays", before);
}

/* What was written over the end of a frame is on a stack in use: addresses stay. */
static void test_covered(void)
{
	unsigned int before = failures, round;
	u64 area, at;

	for (round = 0; round < 3; round++)
		for (area = PAGE; area < 2 * PAGE; area += 64) {
			fill();
			mem.address = 0x7f1234567890;
			put_frame(area, 2696, NATIVE);
			put_context(area, NATIVE, true);
			if (round == 0)
				put32(area + 2696, 0);
			if (round == 1)
				mem.stack = mem.addr + area + 2000;
			for (at = area + 8; at < area + 2696; at += 200)
				if (at + 8 <= area + 464 || at >= area + 512)
					put64(at & -8ul, mem.address);
			memcpy(mem.expected, mem.bytes, SPAN);
			expect_area(area, 2696, NATIVE);
			expect_context(area, NATIVE);
			for (at = area + 8; at < area + 2696 && round < 2; at += 200)
				if (at + 8 <= area + 464 || at >= area + 512)
					memcpy(mem.expected + (at & -8ul), &mem.address, 8);
			expect_as_expected(run(&mem, 8), 1, 2696, area, round);
		}
	report("addresses in a frame that the stack in use may cover stay", before);
}

/* A frame in the area of an older one keeps what unwinds it, and is recognised. */
static void test_overlapping(void)
{
	unsigned int before = failures;
	u64 old = PAGE, young;

	for (young = old + 1024; young < old + 2696; young += 64) {
		fill();
		mem.address = 0x7f1234567890;
		put_frame(old, 2696, NATIVE);
		put_frame(young, 832, NATIVE);
		put_context(young, NATIVE, true);
		/* The stack and instruction pointers of the young one. */
		put64(young - 288, mem.address);
		put64(young - 280, mem.address);
		memcpy(mem.expected, mem.bytes, SPAN);
		expect_context(young, NATIVE);
		expect_area(old, 2696, NATIVE);
		expect_area(young, 832, NATIVE);
		memcpy(mem.expected + young + 464, mem.bytes + young + 464, 48);
		memcpy(mem.expected + young - 288, mem.bytes + young - 288, 16);
		expect_as_expected(run(&mem, 8), 2, 2696, young, NATIVE);
		/* Both are recognised again. */
		EXPECT(run(&mem, 8) == 2);
	}
	report("a frame in the area of an older one", before);
}

/* The page behind is a hole: what is known of the frame is zeroed, also behind the hole. */
static void test_hole(void)
{
	unsigned int before = failures;

	fill();
	put_frame(2 * PAGE - 1024, 11008, NATIVE);
	put_context(2 * PAGE - 1024, NATIVE, true);
	mem.missing[2] = true;
	memcpy(mem.expected, mem.bytes, SPAN);
	expect_area(2 * PAGE - 1024, 11008, NATIVE);
	expect_context(2 * PAGE - 1024, NATIVE);
	memcpy(mem.expected + 2 * PAGE, mem.bytes + 2 * PAGE, PAGE);
	expect_as_expected(run(&mem, 8), 1, 11008, 2 * PAGE - 1024, NATIVE);
	/* The page with the magic number is left out; the one before it shows that number. */
	fill();
	put_frame(2 * PAGE - 192, 11008, NATIVE);
	mem.left_out[2] = true;
	memcpy(mem.expected, mem.bytes, SPAN);
	expect_area(2 * PAGE - 192, 11008, NATIVE);
	memcpy(mem.expected + 2 * PAGE, mem.bytes + 2 * PAGE, PAGE);
	expect_as_expected(run(&mem, 8), 0, 11008, 2 * PAGE - 192, NATIVE);
	report("a hole in a frame", before);
}

/* Nothing is read or written beyond the pages, whatever they hold. */
static void test_noise(void)
{
	unsigned int before = failures, round, i;

	for (round = 0; round < 2000; round++) {
		fill();
		for (i = noise() % 60; i; i--)
			put_frame((noise() | noise() << 8) % (SPAN - 1024) & -64ul,
				  512 + noise() * 8, noise() % 3);
		memcpy(mem.expected, mem.bytes, SPAN);
		mem.missing[noise() % PAGES] = true;
		run(&mem, round % 2 ? 8 : 4);
	}
	report("many frames, one over the other", before);
}

/* What a handler sees of the frame that it was called with. */
static struct {
	ucontext_t *context;
	u32 nr;
	u32 size;
	unsigned int shown, kept;
	bool ran;
} real;

static struct load load;

static unsigned int count(const u8 *bytes, const void *what, size_t len)
{
	return !!memmem(bytes, SPAN, what, len);
}

/* How much of what was loaded the copy shows. */
static unsigned int shown(void)
{
	int level = load_level();
	unsigned int i, nr = 0;

	for (i = 0; i < 8; i++)
		nr += count(mem.bytes, load.mmx[i], 8);
	for (i = 0; i < 16; i++)
		nr += count(mem.bytes, load.vector[i], 16);
	for (i = 0; level >= LEVEL_AVX && i < 16; i++)
		nr += count(mem.bytes, load.vector[i] + 16, 16);
	for (i = 0; level == LEVEL_AVX512 && i < 16; i++)
		nr += count(mem.bytes, load.vector[i] + 32, 32);
	for (i = 16; level == LEVEL_AVX512 && i < 32; i++)
		nr += count(mem.bytes, load.vector[i], 64);
	return nr;
}

static const u64 *copy_of(const void *at)
{
	return (const u64 *)(mem.bytes + ((uintptr_t)at - mem.addr));
}

static void on_trap(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	u64 area = (uintptr_t)uc->uc_mcontext.fpregs;

	(void)signo;
	(void)info;
	memset(&mem, 0, sizeof(mem));
	mem.addr = (area & -PAGE) - PAGE;
	memcpy(&real.size, (u8 *)area + 480, 4);
	/* The stack ends somewhere above. */
	memcpy(mem.bytes, (void *)mem.addr, PAGE + (area & (PAGE - 1)) + real.size + 4);
	mem.secret = load.general[R12];
	real.shown = shown();
	EXPECT(*copy_of(&uc->uc_mcontext.gregs[REG_R12]) == load.general[R12]);
	memcpy(mem.expected, mem.bytes, SPAN);
	real.nr = run(&mem, 8);
	real.kept = shown();
	EXPECT(!*copy_of(&uc->uc_mcontext.gregs[REG_R12]));
	EXPECT(*copy_of(&uc->uc_mcontext.gregs[REG_R13]) == load.general[R13]);
	/* What a debugger needs is there. */
	EXPECT(*copy_of(&uc->uc_mcontext.gregs[REG_RIP]));
	EXPECT(*copy_of(&uc->uc_mcontext.gregs[REG_RSP]));
	EXPECT(!memcmp(mem.bytes + (area - mem.addr) + 464,
		       mem.expected + (area - mem.addr) + 464, 48));
	real.ran = true;
}

static void real_frame(const char *name)
{
	unsigned int before = failures, total = 8 + 16, i;

	if (load_level() >= LEVEL_AVX)
		total += 16;
	if (load_level() == LEVEL_AVX512)
		total += 32;
	for (i = 0; i < sizeof(load); i++)
		((u8 *)&load)[i] = noise();
	real.ran = false;
	load_and_trap(&load, load_level());
	EXPECT(real.ran);
	EXPECT(real.nr == 1);
	EXPECT(real.shown == total);
	EXPECT(real.kept == 0);
	printf("# an area of %u bytes\n", real.size);
	report(name, before);
}

#define STACK	(64 * PAGE)

static void test_real(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	stack_t stack = { .ss_size = STACK };
	unsigned int i;
	char name[64];

	sigaction(SIGTRAP, &action, NULL);
	real_frame("a real frame, on the stack");
	action.sa_flags |= SA_ONSTACK;
	sigaction(SIGTRAP, &action, NULL);
	stack.ss_sp = mmap(NULL, STACK + PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < PAGE; i += 512) {
		memset(stack.ss_sp, 0, STACK);
		stack.ss_size = STACK - i;
		sigaltstack(&stack, NULL);
		snprintf(name, sizeof(name), "a real frame, %u below the end of a page", i);
		real_frame(name);
	}
}

/* Tiles, where the processor has them and the kernel lets us. */
#define ARCH_REQ_XCOMP_PERM	0x1023
#define XFEATURE_XTILEDATA	18

static void test_tiles(void)
{
	static u8 config[64] __attribute__((aligned(64))) = { 1 };
	static u8 rows[16][64];
	unsigned int i;

	if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)) {
		printf("ok %u - a real frame with tiles # SKIP no AMX\n", ++number);
		return;
	}
	for (i = 0; i < 8; i++) {
		config[16 + 2 * i] = 64;
		config[48 + i] = 16;
	}
	memset(rows, 0x5a, sizeof(rows));
	asm volatile("ldtilecfg (%0)\n\ttileloadd (%1,%2,1), %%tmm7"
		     : : "r"(config), "r"(rows), "r"(64l) : "memory");
	real_frame("a real frame with tiles");
	EXPECT(real.size > PAGE);
	for (i = 0; i + 64 <= SPAN; i++)
		EXPECT(memcmp(mem.bytes + i, rows, 64));
	asm volatile("tilerelease");
}

int main(void)
{
	test_every_place();
	test_other_context();
	test_no_frame();
	test_covered();
	test_overlapping();
	test_hole();
	test_noise();
	test_real();
	test_tiles();
	printf("1..%u\n", number);
	return !!failures;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Registers in the notes of cores: of every thread, of 32-bit processes, by each
 * policy; and that ptrace() still gets what is there. The registers of an untagged
 * process are found in the same notes (the positive control).
 */
#define _GNU_SOURCE
#include <byteswap.h>
#include <elf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "load.h"
#include "policy.h"
#include "kselftest_harness.h"

#define THREADS	3

/* In an XSAVE area. */
#define XMM		160
#define XCR0		464
#define XCR0_END	472
#define YMM_HIGH	576

/**
 * struct run - what a process does that crashes
 * @tag:	it registers the secret
 * @level:	of the processor
 * @load:	what registers of its threads hold; that of the last one, which crashes, last
 */
struct run {
	bool tag;
	int level;
	struct load load[THREADS + 1];
};

FIXTURE(regs) {
	struct run *run;
	struct core core;
	struct kredact_policy policy;
};

static int set_registers(struct kredact_policy policy, uint32_t registers, uint32_t hunt)
{
	policy.registers = registers;
	policy.hunt = hunt;
	return policy_set(&policy);
}

FIXTURE_SETUP(regs)
{
	unsigned int i;

	core_pattern_save();
	ASSERT_TRUE(arena_make());
	self->run = shared_pages((sizeof(*self->run) + PAGE - 1) / PAGE);
	ASSERT_NE(NULL, self->run);
	ASSERT_EQ(0, madvise(self->run, sizeof(*self->run), MADV_DONTDUMP));
	self->run->level = load_level();
	for (i = 0; i <= THREADS; i++)
		fill_secret(&self->run->load[i], sizeof(struct load), 700 + i);
	ASSERT_EQ(0, policy_get(&self->policy));
}

FIXTURE_TEARDOWN(regs)
{
	core_free(&self->core);
	policy_set(&self->policy);
	core_pattern_restore();
}

static struct run *the_run;
static unsigned int next_load;

static void *spin(void *arg)
{
	load_and_spin(&the_run->load[__atomic_fetch_add(&next_load, 1, __ATOMIC_SEQ_CST)],
		      the_run->level);
	return arg;
}

static void crash_with_threads(void *arg)
{
	pthread_t thread;
	int i;

	the_run = arg;
	put(page(0), 0);
	if (the_run->tag)
		tag(page(0), SECRET, KREDACT_EXACT);
	for (i = 0; i < THREADS; i++)
		if (!run_thread(&thread, spin))
			fail("thread", i);
	while (__atomic_load_n(&loaded, __ATOMIC_SEQ_CST) < THREADS)
		usleep(1000);
	load_and_crash(&the_run->load[THREADS], the_run->level);
}

/* The notes of a core, of either class. */
static const uint8_t *notes(const struct core *core, const uint8_t **end)
{
	uint64_t offset, len;

	if (core->bytes[EI_CLASS] == ELFCLASS64) {
		const Elf64_Ehdr *ehdr = (void *)core->bytes;
		const Elf64_Phdr *phdr = (void *)(core->bytes + ehdr->e_phoff);

		offset = phdr->p_offset;
		len = phdr->p_type == PT_NOTE ? phdr->p_filesz : 0;
	} else {
		const Elf32_Ehdr *ehdr = (void *)core->bytes;
		const Elf32_Phdr *phdr = (void *)(core->bytes + ehdr->e_phoff);

		offset = phdr->p_offset;
		len = phdr->p_type == PT_NOTE ? phdr->p_filesz : 0;
	}
	*end = core->bytes + offset + len;
	return core->bytes + offset;
}

/* The @nth thread's note of a type, or NULL. */
static const uint8_t *note(const struct core *core, unsigned int nth, uint32_t type, size_t *len)
{
	const uint8_t *end, *at = notes(core, &end);
	unsigned int threads = 0;

	while (at < end) {
		const Elf64_Nhdr *nhdr = (const void *)at;

		at += sizeof(*nhdr) + ((nhdr->n_namesz + 3) & -4ul);
		threads += nhdr->n_type == NT_PRSTATUS;
		if (nhdr->n_type == type && threads == nth + 1) {
			*len = nhdr->n_descsz;
			return at;
		}
		at += (nhdr->n_descsz + 3) & -4ul;
	}
	return NULL;
}

/* How often bytes occur in all notes. */
static unsigned int in_notes(const struct core *core, const void *bytes, size_t len)
{
	const uint8_t *end, *at = notes(core, &end);
	unsigned int nr = 0;

	while ((at = memmem(at, end - at, bytes, len))) {
		nr++;
		at++;
	}
	return nr;
}

static const struct user_regs_struct *general(const struct core *core, unsigned int nth)
{
	size_t len;
	const uint8_t *at = note(core, nth, NT_PRSTATUS, &len);

	return at ? (const void *)(at + offsetof(struct elf_prstatus, pr_reg)) : NULL;
}

#define CRASH_RUN(tags)									\
	do {										\
		pid_t pid;								\
											\
		self->run->tag = tags;							\
		pid = crash(crash_with_threads, self->run);				\
		ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);	\
		ASSERT_LT(0, pid);							\
		core_free(&self->core);							\
		ASSERT_TRUE(core_load(&self->core, pid));				\
	} while (0)

/* How many of the values that all threads have in vector registers the notes show. */
static unsigned int vectors_shown(const struct core *core, const struct run *run,
				  unsigned int *total)
{
	unsigned int i, j, shown = 0;
	bool wide = run->level == LEVEL_AVX512;

	*total = 0;
	for (i = 0; i <= THREADS; i++) {
		const struct load *load = &run->load[i];

		for (j = 0; j < 8; j++, ++*total)
			shown += !!in_notes(core, load->mmx[j], 8);
		/* Twice: in the note for SSE and in the one for all. */
		for (j = 0; j < 16; j++, ++*total)
			shown += in_notes(core, load->vector[j], 16) == 2;
		for (j = 0; run->level >= LEVEL_AVX && j < 16; j++, ++*total)
			shown += in_notes(core, load->vector[j] + 16, 16) == 1;
		for (j = 0; wide && j < 16; j++, ++*total)
			shown += in_notes(core, load->vector[j] + 32, 32) == 1;
		for (j = 16; wide && j < 32; j++, ++*total)
			shown += in_notes(core, load->vector[j], 64) == 1;
	}
	return shown;
}

TEST_F(regs, vectors_of_all_threads)
{
	uint64_t features, now;
	const uint8_t *at;
	unsigned int i, total;
	size_t len, size;

	CRASH_RUN(false);
	EXPECT_EQ(NULL, core_seal(&self->core));
	EXPECT_EQ(vectors_shown(&self->core, self->run, &total), total);
	EXPECT_LE(4 * (8 + 16), total);
	at = note(&self->core, 0, NT_X86_XSTATE, &size);
	ASSERT_NE(NULL, at);
	memcpy(&features, at + XCR0, sizeof(features));
	EXPECT_EQ(3, features & 3);
	TH_LOG("level %d, %zu bytes, features %lx", self->run->level, size, features);

	CRASH_RUN(true);
	ASSERT_NE(NULL, core_seal(&self->core));
	EXPECT_EQ(0, vectors_shown(&self->core, self->run, &total));
	for (i = 0; i <= THREADS; i++) {
		at = note(&self->core, i, NT_PRFPREG, &len);
		ASSERT_NE(NULL, at);
		EXPECT_EQ(512, len);
		EXPECT_TRUE(all_zero(at, len));
		at = note(&self->core, i, NT_X86_XSTATE, &len);
		ASSERT_NE(NULL, at);
		EXPECT_EQ(size, len);
		EXPECT_TRUE(all_zero(at, XCR0));
		EXPECT_TRUE(all_zero(at + XCR0_END, len - XCR0_END));
		memcpy(&now, at + XCR0, sizeof(now));
		EXPECT_EQ(features, now);
	}
	EXPECT_EQ(NULL, note(&self->core, i, NT_PRSTATUS, &len));
}

/* Parts of the secret, in both orders, and values that are next to some. */
static uint64_t part(unsigned int from, unsigned int len, bool reversed)
{
	uint64_t value = 0;

	memcpy(&value, arena->secret[0] + from, len);
	if (!reversed)
		return value;
	return bswap_64(value) >> (64 - 8 * len);
}

static void set_general(struct run *run)
{
	const uint64_t values[GENERALS] = {
		[R15] = part(0, 8, false), [R14] = part(8, 8, true), [R13] = part(19, 8, false),
		[R12] = part(33, 4, false), [BP] = part(40, 4, true), [CX] = part(24, 8, false),
		[DX] = part(41, 8, true), [DI] = part(56, 8, false), [SI] = part(60, 4, false),
		/* Not of the secret. */
		[BX] = 0x123456789abcdef0, [R11] = 42, [R10] = part(0, 8, false) ^ 0x100,
		[R9] = part(57, 7, false) | 0xfful << 56,
		[R8] = part(4, 4, false) | 1ul << 32, [AX] = part(4, 2, false),
	};
	unsigned int i;

	for (i = 0; i <= THREADS; i++)
		memcpy(run->load[i].general, values, sizeof(values));
}

#define GENERAL_GOES	(1 << R15 | 1 << R14 | 1 << R13 | 1 << R12 | 1 << BP | 1 << CX |	\
			 1 << DX | 1 << DI | 1 << SI)

/* Are these registers zero in the notes of all threads, and the others as they were? */
static const char *general_wrong(const struct core *core, const struct run *run, unsigned int goes)
{
	/* In the order of enum, which is that of the struct but for orig_rax. */
	static char why[32];
	unsigned int i, j;

	for (i = 0; i <= THREADS; i++) {
		const struct user_regs_struct *regs = general(core, i);
		const uint64_t *at = (const void *)regs;

		if (!regs || !regs->rip || !regs->rsp || !regs->cs || !regs->ss ||
		    !regs->fs_base)
			return "what a backtrace needs";
		for (j = 0; j < GENERALS; j++) {
			if (at[j] == (goes >> j & 1 ? 0 : run->load[i].general[j]))
				continue;
			snprintf(why, sizeof(why), "thread %u, register %u", i, j);
			return why;
		}
	}
	return "";
}

TEST_F(regs, general_by_value)
{
	set_general(self->run);
	CRASH_RUN(false);
	EXPECT_STREQ("", general_wrong(&self->core, self->run, 0));
	CRASH_RUN(true);
	EXPECT_STREQ("", general_wrong(&self->core, self->run, GENERAL_GOES));
}

TEST_F(regs, policy_none)
{
	unsigned int total;

	set_general(self->run);
	ASSERT_EQ(0, set_registers(self->policy, KREDACT_REGISTERS_NONE, KREDACT_HUNT_OFF));
	CRASH_RUN(true);
	ASSERT_NE(NULL, core_seal(&self->core));
	EXPECT_EQ(vectors_shown(&self->core, self->run, &total), total);
	EXPECT_STREQ("", general_wrong(&self->core, self->run, 0));
}

/* Of vector registers only what is of the secret. */
TEST_F(regs, policy_matching)
{
	const uint8_t *secret = arena->secret[0];
	unsigned int total, i, j, k;
	uint8_t kept[8];

	set_general(self->run);
	for (i = 0; i <= THREADS; i++) {
		/* A copy; a reversed one; 12 bytes at a place that 8 does not divide. */
		memcpy(self->run->load[i].vector[0], secret + 5, 16);
		for (j = 0; j < 16; j++)
			self->run->load[i].vector[1][j] = secret[40 - j];
		memcpy(self->run->load[i].vector[2] + 4, secret + 3, 12);
		/* Too short. */
		memcpy(self->run->load[i].vector[3], secret + 50, 7);
	}
	memcpy(kept, secret + 50, 7);
	kept[7] = self->run->load[0].vector[3][7];
	CRASH_RUN(false);
	EXPECT_EQ(2 * (THREADS + 1), in_notes(&self->core, secret + 3, 12));
	EXPECT_LE(2, in_notes(&self->core, kept, 8));

	ASSERT_EQ(0, set_registers(self->policy, KREDACT_REGISTERS_MATCHING, KREDACT_HUNT_ALL));
	CRASH_RUN(true);
	ASSERT_NE(NULL, core_seal(&self->core));
	EXPECT_STREQ("", general_wrong(&self->core, self->run, GENERAL_GOES));
	vectors_shown(&self->core, self->run, &total);
	/* All but the first three of 16, of each thread. */
	EXPECT_EQ(total - 3 * (THREADS + 1), vectors_shown(&self->core, self->run, &total));
	for (k = 0; k + 8 <= SECRET; k++)
		EXPECT_EQ(0, in_notes(&self->core, secret + k, 8));
	EXPECT_LE(2, in_notes(&self->core, kept, 8));
	EXPECT_EQ(2, in_notes(&self->core, self->run->load[0].vector[2], 4));
}

/* A registration that wants it gets all registers zeroed. */
static void crash_wanting(void *arg)
{
	struct run *run = arg;

	put(page(0), 0);
	tag(page(0), SECRET, KREDACT_EXACT | KREDACT_REGS);
	load_and_crash(&run->load[0], run->level);
}

TEST_F(regs, wanted_by_a_registration)
{
	unsigned int total;
	pid_t pid;

	ASSERT_EQ(0, set_registers(self->policy, KREDACT_REGISTERS_NONE, KREDACT_HUNT_OFF));
	pid = crash(crash_wanting, self->run);
	ASSERT_EQ(0, arena->error) TH_LOG("%s: %d", arena->why, arena->error);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(0, vectors_shown(&self->core, self->run, &total));
}

TEST_F(regs, ptrace_gets_what_is_there)
{
	static uint8_t xsave[1 << 16];
	struct user_regs_struct regs;
	struct user_fpregs_struct fpregs;
	struct iovec to = { &regs, sizeof(regs) };
	const struct load *load = &self->run->load[0];
	int status;
	pid_t pid;

	set_general(self->run);
	pid = fork();
	if (!pid) {
		put(page(0), 0);
		tag(page(0), SECRET, KREDACT_EXACT);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		load_and_crash(load, self->run->level);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(SIGSEGV, WSTOPSIG(status));
	ASSERT_EQ(0, arena->error);
	ASSERT_EQ(0, ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &to));
	EXPECT_EQ(0, memcmp(&regs, load->general, GENERALS * 8));
	memset(&regs, 0, sizeof(regs));
	ASSERT_EQ(0, ptrace(PTRACE_GETREGS, pid, NULL, &regs));
	EXPECT_EQ(0, memcmp(&regs, load->general, GENERALS * 8));
	ASSERT_EQ(0, ptrace(PTRACE_GETFPREGS, pid, NULL, &fpregs));
	EXPECT_EQ(0, memcmp(fpregs.xmm_space, load->vector[0], 16));
	to = (struct iovec){ xsave, sizeof(xsave) };
	ASSERT_EQ(0, ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &to));
	EXPECT_EQ(0, memcmp(xsave + XMM, load->vector[0], 16));
	if (self->run->level >= LEVEL_AVX)
		EXPECT_EQ(0, memcmp(xsave + YMM_HIGH, load->vector[0] + 16, 16));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
}

/* With an argument it tags nothing; with two it asks for strict mode. */
static pid_t run_compat32(const char *argument, const char *another)
{
	char path[256];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 16);
	int status;
	pid_t pid;

	if (len < 0)
		return -1;
	path[len] = 0;
	strcpy(strrchr(path, '/'), "/compat32");
	pid = fork();
	if (!pid) {
		execl(path, "compat32", argument, another, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || !WCOREDUMP(status))
		return -1;
	return pid;
}

/* In struct user_regs_struct of 32 bits, and where that is in struct elf_prstatus. */
enum { ESI32 = 3, EDI32 = 4, EIP32 = 12, ESP32 = 15 };
#define PR_REG32	72

static const uint32_t *compat_general(const struct core *core)
{
	static const uint32_t none[17];
	size_t len;
	const uint8_t *at = note(core, 0, NT_PRSTATUS, &len);

	return at ? (const void *)(at + PR_REG32) : none;
}

TEST_F(regs, compat)
{
	uint8_t vector[16], key[32];
	const uint8_t *at;
	uint32_t word;
	unsigned int i;
	size_t len;
	pid_t pid;

	for (i = 0; i < sizeof(key); i++)
		key[i] = 41 + i * 73;
	memset(vector, 'V', sizeof(vector));
	pid = run_compat32("untagged", NULL);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	ASSERT_EQ(ELFCLASS32, self->core.bytes[EI_CLASS]);
	/* At each place in eight registers that lie side by side, in two notes. */
	EXPECT_EQ(2 * (8 * 16 - 15), in_notes(&self->core, vector, sizeof(vector)));
	memcpy(&word, key + 5, sizeof(word));
	EXPECT_EQ(word, compat_general(&self->core)[ESI32]);
	at = note(&self->core, 0, NT_PRFPREG, &len);
	ASSERT_NE(NULL, at);
	EXPECT_FALSE(all_zero(at, len));
	core_free(&self->core);

	pid = run_compat32(NULL, NULL);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	ASSERT_EQ(ELFCLASS32, self->core.bytes[EI_CLASS]);
	EXPECT_EQ(0, in_notes(&self->core, vector, 8));
	EXPECT_EQ(0, compat_general(&self->core)[ESI32]);
	EXPECT_EQ(0x12345678, compat_general(&self->core)[EDI32]);
	EXPECT_NE(0, compat_general(&self->core)[EIP32]);
	EXPECT_NE(0, compat_general(&self->core)[ESP32]);
	at = note(&self->core, 0, NT_PRFPREG, &len);
	ASSERT_NE(NULL, at);
	EXPECT_TRUE(all_zero(at, len));
	at = note(&self->core, 0, NT_PRXFPREG, &len);
	ASSERT_NE(NULL, at);
	EXPECT_TRUE(all_zero(at, len));
	at = note(&self->core, 0, NT_X86_XSTATE, &len);
	ASSERT_NE(NULL, at);
	EXPECT_TRUE(all_zero(at, XCR0));
	EXPECT_TRUE(all_zero(at + XCR0_END, len - XCR0_END));
}

/* Are two pointers of 32 bits in the core, as compat32 has them? */
static bool has_pointers(const struct core *core)
{
	static const uint32_t before[2] = { 0x1234, 0x4321 }, behind[2] = { 0x4321, 0x1234 };
	const uint8_t *at = core->bytes, *end = at + core->len;
	uint32_t pointers[2];

	while ((at = memmem(at, end - at, before, sizeof(before)))) {
		memcpy(pointers, at + 8, sizeof(pointers));
		if (pointers[0] && pointers[1] && !memcmp(at + 16, behind, sizeof(behind)))
			return true;
		at++;
	}
	return false;
}

TEST_F(regs, compat_strict)
{
	uint8_t plain[16];
	pid_t pid;

	memset(plain, 'P', sizeof(plain));
	pid = run_compat32(NULL, NULL);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_TRUE(has_pointers(&self->core));
	EXPECT_LT(0, core_count(&self->core, plain, sizeof(plain)));
	core_free(&self->core);
	pid = run_compat32("strict", "strict");
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_TRUE(has_pointers(&self->core));
	EXPECT_EQ(0, core_count(&self->core, plain, sizeof(plain)));
}

TEST_HARNESS_MAIN

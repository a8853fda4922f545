// SPDX-License-Identifier: GPL-2.0
/*
 * Pins: a tagged page stays where it is, out of swap and merging; its frame is
 * redacted wherever else it is mapped; and what of this holds is told truly.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#define SECRET	64
#define HUGE	(2ul << 20)
#define PINNED	(KREDACT_COVER_SWAP | KREDACT_COVER_SHARED)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

/* Told by a child; not dumped. */
struct shared {
	int error;
	uint8_t *tagged, *plain;
	uint8_t secret[2][SECRET];
};

static struct shared *shared;

/* Of all fixtures here. */
static void prepare(struct __test_metadata *_metadata)
{
	core_pattern_save();
	ASSERT_LE(0, kredact_fd());
	shared = shared_pages(1);
	ASSERT_NE(NULL, shared);
	ASSERT_EQ(0, madvise(shared, PAGE, MADV_DONTDUMP));
	fill_secret(shared->secret[0], SECRET, 200);
	fill_secret(shared->secret[1], SECRET, 201);
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "0x7f"));
}

FIXTURE(pins) {
	struct core core;
};

FIXTURE_SETUP(pins)
{
	prepare(_metadata);
}

FIXTURE_TEARDOWN(pins)
{
	core_free(&self->core);
	core_pattern_restore();
}

#define FOUND(i)	core_count(&self->core, shared->secret[i], SECRET)

/* Of what a query says, the bits that pins bring; -1 if it fails. */
static int held(void *addr, size_t len)
{
	struct kredact_query q;

	return query(addr, len, &q) ? -1 : (int)(q.coverage & PINNED);
}

/* VmPin of this process in pages, or what else /proc/self/status has. */
static long status_kib(const char *name)
{
	char line[128], format[32];
	FILE *file = fopen("/proc/self/status", "r");
	long kib = -1;

	snprintf(format, sizeof(format), "%s: %%ld kB", name);
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

static uint64_t all_pins(void)
{
	struct kredact_info now;

	return info(&now) ? ~0ull : now.pins;
}

TEST_F(pins, last_as_long_as_a_range_touches_the_page)
{
	uint8_t *mem = pages(8);
	uint64_t before = all_pins(), a, b;

	ASSERT_EQ(0, reg(mem + 100, PAGE, 0, NULL, &a));
	EXPECT_EQ(PINNED, held(mem, 2 * PAGE));
	EXPECT_EQ(2 * PAGE / 1024, status_kib("VmPin"));
	ASSERT_EQ(0, reg(mem + 4000, 10, KREDACT_EXACT, NULL, &b));
	EXPECT_EQ(before + 2, all_pins());
	ASSERT_EQ(0, unreg(a));
	EXPECT_EQ(before + 1, all_pins());
	EXPECT_EQ(PINNED, held(mem + 4000, 10));
	ASSERT_EQ(0, unreg(b));
	EXPECT_EQ(before, all_pins());
	EXPECT_EQ(0, status_kib("VmPin"));

	ASSERT_EQ(0, reg(mem, 8 * PAGE, 0, NULL, &a));
	EXPECT_EQ(before + 8, all_pins());
	ASSERT_EQ(0, munmap(mem + 2 * PAGE, 3 * PAGE));
	EXPECT_EQ(before + 5, all_pins());
	EXPECT_EQ(PINNED, held(mem, 2 * PAGE));
	EXPECT_EQ(PINNED, held(mem + 5 * PAGE, 3 * PAGE));
	ASSERT_EQ(0, unreg(a));
	EXPECT_EQ(before, all_pins());
}

TEST_F(pins, not_wanted)
{
	uint8_t *mem = pages(2);
	uint64_t before = all_pins();

	ASSERT_EQ(0, reg(mem, PAGE, KREDACT_NOPIN, NULL, NULL));
	EXPECT_EQ(before, all_pins());
	EXPECT_EQ(0, held(mem, PAGE));
}

TEST_F(pins, end_with_the_process)
{
	uint8_t *mem = pages(64);
	uint64_t before = all_pins();
	int status, tries;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(reg(mem, 64 * PAGE, KREDACT_PIN, NULL, NULL) ? 1 : all_pins() != before + 64);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	for (tries = 0; tries < 100 && all_pins() != before; tries++)
		usleep(10000);
	EXPECT_EQ(before, all_pins());
}

/* The limit binds whoever does not ask for pins; who asks as root may have them. */
TEST_F(pins, memlock_limit)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	uint8_t *mem = pages(64);
	uint64_t before = all_pins(), handle;
	struct kredact_query q;

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_EQ(0, reg(mem, 3 * PAGE, 0, NULL, NULL));
	EXPECT_EQ(PINNED, held(mem, 3 * PAGE));
	ASSERT_EQ(0, reg(mem + 8 * PAGE, 2 * PAGE, 0, NULL, &handle));
	EXPECT_EQ(0, held(mem + 8 * PAGE, 2 * PAGE));
	ASSERT_EQ(0, query(mem + 8 * PAGE, 2 * PAGE, &q));
	EXPECT_EQ(KREDACT_COVER_CORE | KREDACT_COVER_FORK | KREDACT_COVER_MREMAP |
		  KREDACT_COVER_READERS,
		  q.coverage & ~(KREDACT_COVER_COPIES | KREDACT_COVER_REGS));
	ASSERT_EQ(0, unreg(handle));
	ASSERT_EQ(0, reg(mem + 16 * PAGE, 8 * PAGE, KREDACT_PIN, NULL, &handle));
	EXPECT_EQ(PINNED, held(mem + 16 * PAGE, 8 * PAGE));
	ASSERT_EQ(0, unreg(handle));
	EXPECT_EQ(before + 3, all_pins());

	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-ENOLCK, reg(mem + 16 * PAGE, 8 * PAGE, KREDACT_PIN, NULL, NULL));
	EXPECT_EQ(before + 3, all_pins());
	ASSERT_EQ(0, query(mem + 16 * PAGE, 8 * PAGE, &q));
	EXPECT_EQ(0, q.nr);
	EXPECT_EQ(0, reg(mem + 16 * PAGE, PAGE, KREDACT_PIN, NULL, NULL));
	EXPECT_EQ(PINNED, held(mem + 16 * PAGE, PAGE));
}

TEST_F(pins, batch_is_all_or_nothing)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	uint8_t *mem = pages(16);
	struct kredact_range ranges[3] = {
		{ (uintptr_t)mem, PAGE }, { (uintptr_t)mem + 2 * PAGE, 2 * PAGE },
		{ (uintptr_t)mem + 8 * PAGE, 4 * PAGE },
	};
	struct kredact_batch batch = {
		.size = sizeof(batch),
		.ranges = (uintptr_t)ranges,
		.nr = 3,
	};
	uint64_t before = all_pins();
	struct kredact_query q;

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	batch.flags = KREDACT_PIN;
	EXPECT_EQ(-1, ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(ENOLCK, errno);
	EXPECT_EQ(2, batch.failed);
	EXPECT_EQ(0, batch.coverage);
	ASSERT_EQ(0, query(mem, 16 * PAGE, &q));
	EXPECT_EQ(0, q.nr);
	EXPECT_EQ(before, all_pins());

	batch.flags = 0;
	EXPECT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(3, batch.failed);
	EXPECT_EQ(0, batch.coverage & PINNED);
	EXPECT_EQ(PINNED, held(mem, PAGE));
	EXPECT_EQ(0, held(mem + 8 * PAGE, 4 * PAGE));
	batch.nr = 1;
	EXPECT_EQ(0, ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(PINNED, batch.coverage & PINNED);
}

/* A range longer than the limit does not even begin to fill memory that nobody has touched. */
TEST_F(pins, huge_empty_range_stays_empty)
{
	size_t len = 1ul << 36;
	uint8_t *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, ANON | MAP_NORESERVE, -1, 0);
	long before = status_kib("VmRSS");

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, reg(mem, len, 0, NULL, NULL));
	EXPECT_GT(before + 1024, status_kib("VmRSS"));
	EXPECT_EQ(0, held(mem, len));
}

TEST_F(pins, discarded_page_is_told)
{
	uint8_t *mem = pages(2);
	uint64_t before = all_pins();

	memset(mem, 1, 2 * PAGE);
	ASSERT_EQ(0, reg(mem, 2 * PAGE, 0, NULL, NULL));
	EXPECT_EQ(PINNED, held(mem, 2 * PAGE));
	ASSERT_EQ(0, madvise(mem, PAGE, MADV_DONTNEED));
	EXPECT_EQ(0, held(mem, 2 * PAGE));
	EXPECT_EQ(PINNED, held(mem + PAGE, PAGE));
	mem[0] = 1;
	EXPECT_EQ(0, held(mem, PAGE));
	/* Another registration pins the page that is there now, and drops the old one. */
	ASSERT_EQ(0, reg(mem, 1, 0, NULL, NULL));
	EXPECT_EQ(PINNED, held(mem, 2 * PAGE));
	EXPECT_EQ(before + 2, all_pins());
}

TEST_F(pins, move_with_mremap)
{
	uint8_t *mem = pages(4), *to = pages(8);
	uint64_t before = all_pins(), handle;

	memset(mem, 1, 4 * PAGE);
	ASSERT_EQ(0, reg(mem, 4 * PAGE, 0, NULL, &handle));
	ASSERT_EQ(to, mremap(mem + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	EXPECT_EQ(PINNED, held(to, 2 * PAGE));
	EXPECT_EQ(PINNED, held(mem, PAGE));
	EXPECT_EQ(before + 4, all_pins());
	ASSERT_EQ(0, unreg(handle));
	EXPECT_EQ(before, all_pins());
}

/* A child's pages are copies: dumps are covered, swap is not, and that is told. */
TEST_F(pins, children_have_none)
{
	uint8_t *mem = pages(1);
	struct kredact_query q;
	int status;
	pid_t pid;

	fill_secret(mem, SECRET, 200);
	ASSERT_EQ(0, reg(mem, SECRET, 0, NULL, NULL));
	pid = fork();
	if (!pid)
		_exit(query(mem, SECRET, &q) || q.tagged != SECRET || held(mem, SECRET));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(PINNED, held(mem, SECRET));
}

static bool resident(uint8_t *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)at / PAGE * sizeof(entry)) < 0)
		entry = 0;
	close(fd);
	return entry >> 63;
}

TEST_F_TIMEOUT(pins, neither_swapped_nor_merged, 120)
{
	const char *path = "/out/kredact.swap";
	uint8_t *mem = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, ANON, -1, 0);
	int tries, i;

	ASSERT_EQ(0, system("dd if=/dev/zero of=/out/kredact.swap bs=1M count=16 2>/dev/null && "
			    "chmod 600 /out/kredact.swap && mkswap /out/kredact.swap >/dev/null"));
	ASSERT_EQ(0, swapon(path, 0)) TH_LOG("%s", strerror(errno));
	memset(mem, 1, 8 * PAGE);
	ASSERT_EQ(0, reg(mem, 4 * PAGE, 0, NULL, NULL));
	ASSERT_EQ(0, madvise(mem, 8 * PAGE, MADV_PAGEOUT));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i < 4, resident(mem + i * PAGE)) TH_LOG("page %d", i);
	EXPECT_EQ(PINNED, held(mem, 4 * PAGE));
	memset(mem + 4 * PAGE, 2, 4 * PAGE);

	ASSERT_EQ(0, madvise(mem, 8 * PAGE, MADV_MERGEABLE));
	ASSERT_EQ(0, write_file("/sys/kernel/mm/ksm/sleep_millisecs", "0"));
	ASSERT_EQ(0, write_file("/sys/kernel/mm/ksm/run", "1"));
	for (tries = 0; tries < 200; tries++) {
		char sharing[16] = "";
		int fd = open("/sys/kernel/mm/ksm/pages_sharing", O_RDONLY);

		ASSERT_LT(0, read(fd, sharing, sizeof(sharing) - 1));
		close(fd);
		/* The other four are one page now, three of them share it. */
		if (atoi(sharing) >= 3)
			break;
		usleep(20000);
	}
	EXPECT_GT(200, tries);
	EXPECT_EQ(PINNED, held(mem, 4 * PAGE));
	write_file("/sys/kernel/mm/ksm/run", "2");
	ASSERT_EQ(0, swapoff(path));
	unlink(path);
}

/* What cannot be pinned is not; what asks for it fails, and changes nothing. */
TEST_F(pins, impossible)
{
	uint8_t *mem = pages(4), *code, *secret;
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	struct kredact_query q;
	int fd;

	/* Code that everybody runs: a reader of it cannot hide it from others' dumps. */
	fd = open("/proc/self/exe", O_RDONLY);
	code = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, code);
	EXPECT_EQ(-EAGAIN, reg(code, 1, KREDACT_PIN, NULL, NULL));
	EXPECT_EQ(0, reg(code, 1, 0, NULL, NULL));
	EXPECT_EQ(0, held(code, 1));
	close(fd);

	/* A page that somebody else would have to bring. */
	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	range.range.start = (uintptr_t)mem;
	range.range.len = 4 * PAGE;
	ASSERT_EQ(0, ioctl(fd, UFFDIO_REGISTER, &range));
	EXPECT_EQ(-EAGAIN, reg(mem, PAGE, KREDACT_PIN, NULL, NULL));
	ASSERT_EQ(0, query(mem, PAGE, &q));
	EXPECT_EQ(0, q.nr);
	EXPECT_EQ(0, reg(mem, PAGE, 0, NULL, NULL));
	EXPECT_EQ(0, held(mem, PAGE));
	close(fd);

	/* memfd_secret needs no pin: the kernel keeps it out of everything. */
	fd = syscall(SYS_memfd_secret, 0);
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	secret = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, secret);
	EXPECT_EQ(0, reg(secret, 1, KREDACT_PIN, NULL, NULL));
	EXPECT_EQ(PINNED, held(secret, 1));
}

TEST_F(pins, no_access_and_read_only)
{
	uint8_t *mem = pages(2);

	memset(mem, 1, 2 * PAGE);
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_NONE));
	ASSERT_EQ(0, mprotect(mem + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(0, reg(mem, 2 * PAGE, KREDACT_PIN, NULL, NULL));
	EXPECT_EQ(PINNED, held(mem, 2 * PAGE));
}

/* A private page that was never written: its first write must not lead away from the pin. */
TEST_F(pins, own_copy_is_made_first)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	uint8_t *file, *zero = pages(1);

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, file);
	ASSERT_EQ(0, file[0] + zero[0]);
	ASSERT_EQ(0, reg(file, 1, KREDACT_PIN, NULL, NULL));
	ASSERT_EQ(0, reg(zero, 1, KREDACT_PIN, NULL, NULL));
	EXPECT_EQ(PINNED, held(file, 1));
	EXPECT_EQ(PINNED, held(zero, 1));
	file[0] = 1;
	zero[0] = 1;
	EXPECT_EQ(PINNED, held(file, 1));
	EXPECT_EQ(PINNED, held(zero, 1));
	/* Nobody else's: the file, and other zeros, are as they were. */
	EXPECT_EQ(PINNED, held(file, PAGE));
	ASSERT_EQ(1, pread(fd, shared->secret[0], 1, 0));
	EXPECT_EQ(0, shared->secret[0][0]);
}

static void nothing(void *arg)
{
}

static void *map_file(int fd, size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

FIXTURE(others) {
	struct core core;
};

FIXTURE_VARIANT(others) {
	const char *what;
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(others, anonymous) { .what = "anonymous" };
FIXTURE_VARIANT_ADD(others, anonymous_exact) { .what = "anonymous", .flags = KREDACT_EXACT };
FIXTURE_VARIANT_ADD(others, memfd) { .what = "memfd" };
FIXTURE_VARIANT_ADD(others, tmpfs) { .what = "/dev/shm" };
FIXTURE_VARIANT_ADD(others, file) { .what = "/out" };
FIXTURE_VARIANT_ADD(others, hugetlb) { .what = "hugetlb" };

FIXTURE_SETUP(others)
{
	prepare(_metadata);
}

FIXTURE_TEARDOWN(others)
{
	core_free(&self->core);
	core_pattern_restore();
	write_file("/proc/sys/vm/nr_hugepages", "0");
}

/* Another process, which registered nothing, crashes; this one holds the tag. */
TEST_F(others, dump_of_a_process_that_registered_nothing)
{
	const struct kredact_seal_counts *counts;
	int go[2], status, fd;
	uint64_t handle;
	uint8_t *mem;
	pid_t pid;

	if (!strcmp(variant->what, "anonymous")) {
		mem = shared_pages(4);
	} else if (!strcmp(variant->what, "hugetlb")) {
		ASSERT_EQ(0, write_file("/proc/sys/vm/nr_hugepages", "4"));
		mem = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		ASSERT_NE(MAP_FAILED, mem);
	} else {
		fd = !strcmp(variant->what, "memfd") ? memfd_create("kredact", 0) :
			open(variant->what, O_TMPFILE | O_RDWR, 0600);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
		mem = map_file(fd, 4 * PAGE);
	}
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, pipe(go));
	/* Before the registration: the child has no tags. */
	pid = fork();
	if (!pid) {
		char byte;

		close(go[1]);
		if (read(go[0], &byte, 1) != 0)
			_exit(1);
		die_of_segv();
	}
	fill_secret(mem, SECRET, 200);
	fill_secret(mem + PAGE, SECRET, 201);
	ASSERT_EQ(0, reg(mem, SECRET, variant->flags, "theirs", &handle));
	ASSERT_EQ(PINNED, held(mem, SECRET));
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WCOREDUMP(status));
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(1, FOUND(1));
	EXPECT_TRUE(all_zero(core_at(&self->core, (uintptr_t)mem, PAGE), PAGE));
	/* It has a seal that says so, with no range of its own. */
	counts = core_seal_counts(&self->core);
	ASSERT_NE(NULL, counts);
	EXPECT_EQ(0, counts->ranges);
	EXPECT_EQ(1, counts->pages_left_out);
	core_free(&self->core);
	ASSERT_EQ(0, unreg(handle));
	/* The control: the same without a tag. */
	pid = crash(nothing, NULL);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(1, FOUND(0));
	EXPECT_EQ(1, FOUND(1));
}

static void two_mappings(void *arg)
{
	int fd = memfd_create("kredact", 0);

	if (ftruncate(fd, 4 * PAGE))
		shared->error = -errno;
	shared->tagged = map_file(fd, 4 * PAGE);
	shared->plain = map_file(fd, 4 * PAGE);
	fill_secret(shared->tagged, SECRET, 200);
	fill_secret(shared->tagged + PAGE, SECRET, 201);
	shared->error = shared->error ?: reg(shared->tagged, SECRET, KREDACT_EXACT, NULL, NULL);
}

/* One process, two addresses: exact bytes where it registered, the whole page elsewhere. */
TEST_F(pins, second_mapping_in_the_same_process)
{
	pid_t pid = crash(two_mappings, NULL);

	ASSERT_EQ(0, shared->error);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(2, FOUND(1));
	EXPECT_TRUE(all_zero(core_at(&self->core, (uintptr_t)shared->plain, PAGE), PAGE));
	ASSERT_NE(NULL, core_seal_counts(&self->core));
	EXPECT_EQ(1, core_seal_counts(&self->core)->pages_copied);
	EXPECT_EQ(1, core_seal_counts(&self->core)->pages_left_out);
}

static void hugetlb_discarded(void *arg)
{
	uint8_t *mem = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (mem == MAP_FAILED) {
		shared->error = -errno;
		return;
	}
	shared->error = reg(mem, SECRET, KREDACT_NOPIN, NULL, NULL);
	memset(mem, 1, HUGE);
	if (madvise(mem, HUGE, MADV_DONTNEED) || madvise(mem, HUGE, MADV_REMOVE))
		shared->error = -errno;
	fill_secret(mem, SECRET, 200);
	fill_secret(mem + PAGE, SECRET, 201);
}

/* Before 6.2 these are announced as if the mapping had gone. */
TEST_F(pins, hugetlb_tag_outlives_discards)
{
	pid_t pid;

	ASSERT_EQ(0, write_file("/proc/sys/vm/nr_hugepages", "4"));
	pid = crash(hugetlb_discarded, NULL);
	write_file("/proc/sys/vm/nr_hugepages", "0");
	ASSERT_EQ(0, shared->error);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(core_load(&self->core, pid));
	EXPECT_EQ(0, FOUND(0));
	EXPECT_EQ(1, FOUND(1));
}

TEST_HARNESS_MAIN

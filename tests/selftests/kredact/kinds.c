// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of memory, and what is done to it: a tag holds for all of them. Each
 * test has a tagged piece and one like it that is not: the first is not in the
 * core of the process, nor of a child that it forks last of all, the second is.
 *
 * Each prints a line "# covers KIND: ..." with what the module says of the
 * range at the end, of which Documentation/coverage.rst is made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define SECRET	64
#define HUGE	(2ul << 20)

/* What a child tells; not dumped. */
struct shared {
	uint8_t *tagged;
	uint8_t *plain;
	int error;
	char why[64];
	uint32_t coverage;
	pid_t child;
	uint8_t secret[2][SECRET];
};

static struct shared *shared;

/* Not by memcpy(), which leaves what it copied in vector registers, and so in the notes. */
static void write_secret(uint8_t *to, unsigned int which)
{
	fill_secret(to, SECRET, 100 + which);
}

FIXTURE(kinds) {
	struct core core;
};

FIXTURE_SETUP(kinds)
{
	core_pattern_save();
	tags_only();
	ASSERT_LE(0, kredact_fd());
	shared = shared_pages(1);
	ASSERT_NE(NULL, shared);
	ASSERT_EQ(0, madvise(shared, PAGE, MADV_DONTDUMP));
	write_secret(shared->secret[0], 0);
	write_secret(shared->secret[1], 1);
}

static const struct {
	uint32_t bit;
	const char *name;
} covers[] = {
	{ KREDACT_COVER_CORE, "core" },
	{ KREDACT_COVER_FORK, "fork" },
	{ KREDACT_COVER_MREMAP, "mremap" },
	{ KREDACT_COVER_SHARED, "shared" },
	{ KREDACT_COVER_SWAP, "swap" },
};

static void print_coverage(const char *kind)
{
	size_t i;

	printf("# covers %s:", kind);
	for (i = 0; i < sizeof(covers) / sizeof(covers[0]); i++)
		if (shared->coverage & covers[i].bit)
			printf(" %s", covers[i].name);
	printf("\n");
	fflush(stdout);
}

FIXTURE_TEARDOWN(kinds)
{
	if (_metadata->exit_code == KSFT_PASS)
		print_coverage(_metadata->name);
	core_free(&self->core);
	core_pattern_restore();
}

static void fail(const char *why, int error)
{
	if (!shared->error) {
		shared->error = error ?: -1;
		snprintf(shared->why, sizeof(shared->why), "%s", why);
	}
}

/* Fills one piece with each secret and tags the first. */
static void tag(uint8_t *tagged, uint8_t *plain, uint32_t flags)
{
	int ret;

	if (!tagged || !plain || tagged == MAP_FAILED || plain == MAP_FAILED)
		return fail("no memory of this kind", -errno);
	shared->tagged = tagged;
	shared->plain = plain;
	write_secret(tagged, 0);
	write_secret(plain, 1);
	ret = reg(tagged, SECRET, flags, NULL, NULL);
	if (ret)
		fail("register", ret);
	/* All kinds of mappings are dumped. */
	ret = write_file("/proc/self/coredump_filter", "0x7f");
	if (ret)
		fail("coredump_filter", ret);
}

static void *mapping(size_t len, int flags, int fd)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);
}

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

/* What the module says, then a child's crash; the caller's own follows. */
static void last_words(void)
{
	struct kredact_query q;
	int ret = query(shared->tagged, SECRET, &q);
	pid_t pid;

	if (ret)
		return fail("query", ret);
	shared->coverage = q.coverage;
	pid = fork();
	if (!pid)
		die_of_segv();
	shared->child = pid;
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		fail("fork", -errno);
}

static void run_and_fork(void *arg)
{
	void (*run)(void) = arg;

	run();
	if (!shared->error)
		last_words();
}

#define LOAD(pid)									\
	do {										\
		ASSERT_EQ(0, shared->error) TH_LOG("%s: %d", shared->why, shared->error); \
		ASSERT_LT(0, pid);							\
		core_free(&self->core);							\
		ASSERT_TRUE(core_load(&self->core, pid));				\
	} while (0)

/* The child's core first: the parent's is there at the end. */
#define CRASH(run)									\
	do {										\
		pid_t pid = crash(run_and_fork, run);					\
											\
		LOAD(shared->child);							\
		EXPECT_EQ(0, core_count(&self->core, shared->secret[0], SECRET) - copies); \
		EXPECT_LE(1, core_count(&self->core, shared->secret[1], SECRET));	\
		EXPECT_NE(NULL, core_seal(&self->core));				\
		LOAD(pid);								\
		EXPECT_EQ(0, core_count(&self->core, shared->secret[0], SECRET) - copies); \
		EXPECT_LE(1, core_count(&self->core, shared->secret[1], SECRET));	\
		EXPECT_NE(NULL, core_seal(&self->core));				\
	} while (0)

/* The claim, and its control; @copies of the secret are where nothing is tagged. */
#define CHECK(run)									\
	do {										\
		const unsigned int copies = 0;						\
											\
		CRASH(run);								\
	} while (0)

static void anonymous(void)
{
	tag(mapping(PAGE, ANON, -1), mapping(PAGE, ANON, -1), 0);
}

TEST_F(kinds, anonymous)
{
	CHECK(anonymous);
}

static void transparent_huge(void)
{
	uint8_t *mem = mapping(4 * HUGE, ANON, -1);

	if (mem == MAP_FAILED)
		return fail("mmap", -errno);
	mem = (uint8_t *)(((uintptr_t)mem + HUGE - 1) & -HUGE);
	if (write_file("/sys/kernel/mm/transparent_hugepage/enabled", "always"))
		return fail("enabled", -errno);
	if (madvise(mem, 2 * HUGE, MADV_HUGEPAGE))
		return fail("MADV_HUGEPAGE", -errno);
	memset(mem, 1, 2 * HUGE);
	/* The piece that is not tagged is on the next page of the same huge page. */
	tag(mem + 100 * PAGE, mem + 101 * PAGE, 0);
}

TEST_F(kinds, part_of_a_huge_page)
{
	CHECK(transparent_huge);
	EXPECT_TRUE(all_zero(core_at(&self->core, (uintptr_t)shared->tagged, PAGE), PAGE));
	EXPECT_EQ(1, *core_at(&self->core, (uintptr_t)shared->tagged - 1, 1));
}

static void hugetlb(void)
{
	uint8_t *mem;

	if (write_file("/proc/sys/vm/nr_hugepages", "4"))
		return fail("nr_hugepages", -errno);
	mem = mapping(2 * HUGE, ANON | MAP_HUGETLB, -1);
	if (mem == MAP_FAILED)
		return fail("no huge pages", -errno);
	tag(mem + 10 * PAGE, mem + 11 * PAGE, 0);
}

TEST_F(kinds, hugetlb)
{
	CHECK(hugetlb);
	write_file("/proc/sys/vm/nr_hugepages", "0");
}

static int file_with_pages(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0 || ftruncate(fd, 4 * PAGE))
		fail("file", -errno);
	return fd;
}

static void private_file(void)
{
	uint8_t *mem = mapping(4 * PAGE, MAP_PRIVATE, file_with_pages());

	if (mem == MAP_FAILED)
		return fail("mmap", -errno);
	tag(mem, mem + 2 * PAGE, 0);
}

TEST_F(kinds, private_file_after_copy_on_write)
{
	CHECK(private_file);
}

static void private_file_clean(void)
{
	int fd = file_with_pages();
	uint8_t *mem = mapping(4 * PAGE, MAP_PRIVATE, fd);
	int ret;

	shared->tagged = mem;
	if (mem == MAP_FAILED || pwrite(fd, shared->secret[0], SECRET, 0) != SECRET ||
	    pwrite(fd, shared->secret[1], SECRET, 2 * PAGE) != SECRET)
		return fail("file", -errno);
	ret = reg(mem, SECRET, 0, NULL, NULL) ?: write_file("/proc/self/coredump_filter", "0x7f");
	if (ret)
		fail("register", ret);
}

TEST_F(kinds, private_file_never_written)
{
	CHECK(private_file_clean);
}

static void shared_file(void)
{
	uint8_t *mem = mapping(4 * PAGE, MAP_SHARED, file_with_pages());

	if (mem == MAP_FAILED)
		return fail("mmap", -errno);
	tag(mem, mem + 2 * PAGE, KREDACT_EXACT);
}

TEST_F(kinds, shared_file)
{
	CHECK(shared_file);
}

static void shared_anonymous(void)
{
	tag(shared_pages(1), shared_pages(1), 0);
}

TEST_F(kinds, shared_anonymous)
{
	CHECK(shared_anonymous);
}

static void memfd(void)
{
	int fd = memfd_create("kredact", 0);

	if (fd < 0 || ftruncate(fd, 4 * PAGE))
		return fail("memfd", -errno);
	tag(mapping(PAGE, MAP_SHARED, fd), shared_pages(1), 0);
}

TEST_F(kinds, memfd)
{
	CHECK(memfd);
}

static void sysv_shm(void)
{
	int id = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	uint8_t *mem = id < 0 ? NULL : shmat(id, NULL, 0);

	if (!mem || mem == (void *)-1)
		return fail("shm", -errno);
	shmctl(id, IPC_RMID, NULL);
	tag(mem, mem + 2 * PAGE, 0);
}

TEST_F(kinds, sysv_shared_memory)
{
	CHECK(sysv_shm);
}

static void secret_memory(void)
{
	int fd = syscall(SYS_memfd_secret, 0);

	if (fd < 0 || ftruncate(fd, PAGE))
		return fail("memfd_secret", -errno);
	tag(mapping(PAGE, MAP_SHARED, fd), mapping(PAGE, ANON, -1), 0);
}

TEST_F(kinds, memfd_secret_is_accepted)
{
	CHECK(secret_memory);
}

static void heap(void)
{
	uint8_t *mem = sbrk(8 * PAGE);

	if (mem == (void *)-1)
		return fail("sbrk", -errno);
	mem = (uint8_t *)(((uintptr_t)mem + PAGE - 1) & -PAGE);
	tag(mem, mem + 2 * PAGE, 0);
}

TEST_F(kinds, brk_heap)
{
	CHECK(heap);
}

static void stack(void)
{
	uint8_t mem[4 * PAGE];
	uint8_t *at = (uint8_t *)(((uintptr_t)mem + PAGE - 1) & -PAGE);

	tag(at, at + PAGE, KREDACT_EXACT);
	last_words();
	die_of_segv();
}

TEST_F(kinds, stack)
{
	CHECK(stack);
}

static void ksm(void)
{
	uint8_t *mem = mapping(4 * PAGE, ANON, -1);
	char pages_shared[16] = "0";
	int tries, fd;

	if (mem == MAP_FAILED)
		return fail("mmap", -errno);
	write_secret(mem, 0);
	write_secret(mem + 2 * PAGE, 0);
	tag(mem, mapping(PAGE, ANON, -1), KREDACT_NOPIN);
	if (madvise(mem, 4 * PAGE, MADV_MERGEABLE) ||
	    write_file("/sys/kernel/mm/ksm/sleep_millisecs", "0") ||
	    write_file("/sys/kernel/mm/ksm/run", "1"))
		return fail("ksm", -errno);
	for (tries = 0; tries < 200 && atoi(pages_shared) < 1; tries++) {
		usleep(20000);
		fd = open("/sys/kernel/mm/ksm/pages_shared", O_RDONLY);
		if (fd < 0 || read(fd, pages_shared, sizeof(pages_shared) - 1) < 1)
			return fail("pages_shared", -errno);
		close(fd);
	}
	if (atoi(pages_shared) < 1)
		fail("nothing was merged", -1);
}

/* Without pins, which would keep it from that (pins.c): the tag holds all the same. */
TEST_F(kinds, merged_by_ksm)
{
	/* The same bytes at the other address are nobody's registration. */
	const unsigned int copies = 1;

	CRASH(ksm);
	write_file("/sys/kernel/mm/ksm/run", "2");
	EXPECT_TRUE(all_zero(core_at(&self->core, (uintptr_t)shared->tagged, PAGE), PAGE));
}

static bool resident(uint8_t *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = -1;

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)at / PAGE * sizeof(entry)) < 0)
		entry = -1;
	close(fd);
	return entry >> 63;
}

static void swapped(void)
{
	uint8_t *mem = mapping(8 * PAGE, ANON, -1);

	if (mem == MAP_FAILED)
		return fail("mmap", -errno);
	memset(mem, 1, 8 * PAGE);
	tag(mem, mem + 2 * PAGE, KREDACT_NOPIN);
	tag(mem + 4 * PAGE, mem + 6 * PAGE, KREDACT_EXACT | KREDACT_NOPIN);
	if (madvise(mem, 8 * PAGE, MADV_PAGEOUT))
		return fail("MADV_PAGEOUT", -errno);
	if (resident(mem) || resident(mem + 2 * PAGE) || resident(mem + 4 * PAGE))
		fail("not swapped out", -1);
}

TEST_F(kinds, swapped_out)
{
	const char *path = "/out/kredact.swap";

	ASSERT_EQ(0, system("dd if=/dev/zero of=/out/kredact.swap bs=1M count=16 2>/dev/null && "
			    "chmod 600 /out/kredact.swap && mkswap /out/kredact.swap >/dev/null"));
	ASSERT_EQ(0, swapon(path, 0)) TH_LOG("%s", strerror(errno));
	CHECK(swapped);
	EXPECT_EQ(0, swapoff(path));
	unlink(path);
}

static void advised(int advice)
{
	uint8_t *mem = mapping(4 * HUGE, ANON, -1);

	if (mem == MAP_FAILED)
		return fail("mmap", -errno);
	mem = (uint8_t *)(((uintptr_t)mem + HUGE - 1) & -HUGE);
	memset(mem, 1, HUGE);
	/* What is pinned cannot be collapsed. */
	tag(mem, mem + 2 * PAGE, advice == MADV_COLLAPSE ? KREDACT_NOPIN : 0);
	if (madvise(mem, HUGE, advice))
		return fail("madvise", -errno);
	/* What was dropped is written anew: the tag is still there. */
	write_secret(mem, 0);
	write_secret(mem + 2 * PAGE, 1);
}

static void dontneed(void)
{
	advised(MADV_DONTNEED);
}

TEST_F(kinds, after_dontneed)
{
	CHECK(dontneed);
}

static void freed(void)
{
	advised(MADV_FREE);
}

TEST_F(kinds, after_free)
{
	CHECK(freed);
}

static void collapsed(void)
{
	advised(MADV_COLLAPSE);
}

TEST_F(kinds, after_collapse)
{
	CHECK(collapsed);
}

static void removed(void)
{
	uint8_t *mem = shared_pages(4);

	tag(mem, mem + 2 * PAGE, 0);
	if (madvise(mem, 4 * PAGE, MADV_REMOVE))
		return fail("MADV_REMOVE", -errno);
	write_secret(mem, 0);
	write_secret(mem + 2 * PAGE, 1);
}

TEST_F(kinds, after_remove)
{
	CHECK(removed);
}

static void read_only(void)
{
	uint8_t *mem = mapping(4 * PAGE, ANON, -1);

	tag(mem, mem + 2 * PAGE, 0);
	if (mprotect(mem, 4 * PAGE, PROT_READ))
		fail("mprotect", -errno);
}

TEST_F(kinds, read_only)
{
	CHECK(read_only);
}

static void no_access(void)
{
	uint8_t *mem = mapping(4 * PAGE, ANON, -1);

	/* Dumped all the same: get_dump_page() does not ask for permission. */
	tag(mem, mem + 2 * PAGE, 0);
	if (mprotect(mem, 4 * PAGE, PROT_NONE))
		fail("mprotect", -errno);
}

TEST_F(kinds, no_access)
{
	CHECK(no_access);
}

static void faulting(void)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	uint8_t *mem = mapping(8 * PAGE, ANON, -1);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (mem == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return fail("userfaultfd", -errno);
	tag(mem, mem + 2 * PAGE, 0);
	range.range.start = (uintptr_t)mem;
	range.range.len = 8 * PAGE;
	if (ioctl(fd, UFFDIO_REGISTER, &range))
		fail("UFFDIO_REGISTER", -errno);
}

TEST_F(kinds, userfaultfd)
{
	CHECK(faulting);
}

static void fixed_buffers(void)
{
	struct io_uring_params params = { 0 };
	uint8_t *mem = mapping(4 * PAGE, ANON, -1);
	struct iovec iov = { mem, 4 * PAGE };
	int fd = syscall(SYS_io_uring_setup, 1, &params);

	if (mem == MAP_FAILED || fd < 0)
		return fail("io_uring", -errno);
	tag(mem, mem + 2 * PAGE, 0);
	if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &iov, 1))
		fail("IORING_REGISTER_BUFFERS", -errno);
}

TEST_F(kinds, io_uring_fixed_buffers)
{
	CHECK(fixed_buffers);
}

TEST_HARNESS_MAIN

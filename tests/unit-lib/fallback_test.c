// SPDX-License-Identifier: GPL-2.0
/*
 * Without the module: what the library does with madvise() and mlock(), checked
 * against the flags that the kernel shows, and what it says about it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "common.h"
#include "internal.h"

static size_t page;

static unsigned int flags_of(const void *addr, size_t len)
{
	unsigned int flags = ~0U;

	if (kredact_protection(addr, len, &flags))
		return ~0U;
	return flags;
}

#define BOTH	(KREDACT_COVER_DONTDUMP | KREDACT_COVER_MLOCK)

static bool covered(const char *p)
{
	return vm_flag(p, "dd") && vm_flag(p, "lo");
}

static bool untouched(const char *p)
{
	return !vm_flag(p, "dd") && !vm_flag(p, "lo");
}

static void test_rounding(void)
{
	char *m = map_pages(5);
	uint64_t a = 0, b = 0;

	ok(untouched(m + page), "control: a fresh page has no flags");
	ok_eq(kredact_module(), -ENODEV, "there is no module");
	ok_eq(kredact_register(m + page + 100, 32, NULL, &a), 0, "register 32 bytes in a page");
	ok(a >> 63 == 1, "the handle is the library's");
	ok(covered(m + page), "the page has dd and lo");
	ok(untouched(m) && untouched(m + 2 * page), "its neighbours have not");
	ok_eq(flags_of(m + page + 100, 32), BOTH, "protection: dontdump and mlock");
	ok_eq(flags_of(m + page, page), BOTH, "protection of the whole page as well");
	ok_eq(flags_of(m + page - 1, 2), 0, "none for a range that leaves it");

	ok_eq(kredact_register(m + 3 * page - 1, 2, NULL, &b), 0, "register 2 bytes in two pages");
	ok(covered(m + 2 * page) && covered(m + 3 * page) && untouched(m + 4 * page),
	   "both pages are covered, the next is not");
	ok_eq(flags_of(m + page, 3 * page), BOTH, "protection across two registrations");
	ok_eq(kredact_unregister(a), 0, "unregister the first");
	ok(untouched(m + page) && covered(m + 2 * page),
	   "its page is dumped again, the other is not");
	ok_eq(kredact_unregister(b), 0, "unregister the second");
	ok(untouched(m + 2 * page) && untouched(m + 3 * page), "its pages too");
	ok_eq(kredact_unregister(b), -ENOENT, "a handle ends once");
	ok_eq(kredact_unregister(0), -ENOENT, "0 is no handle");
	ok_eq(kredact_unregister(~0ULL), -ENOENT, "nor is a number out of the air");
	munmap(m, 5 * page);
}

static void test_counts(void)
{
	char *m = map_pages(4);
	uint64_t a, b, c;

	must(!kredact_register(m + 8, 16, NULL, &a) && !kredact_register(m + 64, 16, NULL, &b) &&
	     !kredact_register(m + 100, 2 * page, NULL, &c), "register");
	kredact_unregister(a);
	ok(covered(m), "one of three on a page ends: still covered");
	kredact_unregister(c);
	ok(covered(m) && untouched(m + page) && untouched(m + 2 * page),
	   "the one over three pages ends: two are dumped again");
	kredact_unregister(b);
	ok(untouched(m), "the last ends: dumped again");
	/* in the place of the one that ended last */
	must(!kredact_register(m, 1, NULL, &a), "register");
	ok((uint32_t)a == (uint32_t)b, "control: a new registration has an old one's place");
	ok(kredact_unregister(b) == -ENOENT && covered(m), "and the old handle does not name it");
	kredact_unregister(a);
	munmap(m, 4 * page);
}

static void test_arguments(void)
{
	struct { struct kredact_opts opts; char more[8]; } big = { .opts.size = sizeof(big) };
	char label[KREDACT_LABEL_MAX + 2], *m = map_pages(3);
	KREDACT_OPTS(opts);
	unsigned int flags = 1;
	uint64_t h = 1;

	ok_eq(kredact_register(m, 0, NULL, &h), -EINVAL, "no bytes: EINVAL");
	ok_eq(h, 0, "and the handle is 0");
	ok_eq(kredact_register(m, KREDACT_LEN_MAX + 1, NULL, &h), -EFBIG, "too many: EFBIG");
	ok_eq(kredact_register((void *)-16L, 32, NULL, &h), -EOVERFLOW,
	      "around the end: EOVERFLOW");
	ok_eq(kredact_protection(m, 0, &flags), -EINVAL, "protection of no bytes: EINVAL");
	ok_eq(flags, 0, "and no flags");

	munmap(m + page, page);
	ok_eq(kredact_register(m, 3 * page, NULL, &h), -ENXIO, "a hole: ENXIO");
	ok(untouched(m) && untouched(m + 2 * page), "and the pages beside it are as before");

	opts.flags = KREDACT_PIDFD;	/* not for a library that speaks of its own memory */
	ok_eq(kredact_register(m, 8, &opts, &h), -EINVAL, "unknown flag: EINVAL");
	opts.flags = 0;
	opts.require = 1U << 31;
	ok_eq(kredact_register(m, 8, &opts, &h), -EINVAL, "unknown requirement: EINVAL");
	opts.require = 0;
	opts.size = sizeof(opts) - 1;
	ok_eq(kredact_register(m, 8, &opts, &h), -EINVAL, "options too short: EINVAL");
	opts.size = sizeof(opts);
	memset(label, 'x', sizeof(label));
	label[KREDACT_LABEL_MAX + 1] = '\0';
	opts.label = label;
	ok_eq(kredact_register(m, 8, &opts, &h), -ENAMETOOLONG, "label too long: ENAMETOOLONG");
	label[KREDACT_LABEL_MAX] = '\0';
	ok_eq(kredact_register(m, 8, &opts, &h), 0, "control: the longest label");
	kredact_unregister(h);
	big.more[7] = 1;
	ok_eq(kredact_register(m, 8, &big.opts, &h), -E2BIG,
	      "an unknown member that is set: E2BIG");
	big.more[7] = 0;
	ok_eq(kredact_register(m, 8, &big.opts, &h), 0, "control: an unknown member that is 0");
	kredact_unregister(h);
	ok(untouched(m), "nothing is left of all that");
	munmap(m, 3 * page);
}

static void test_forbid(void)
{
	KREDACT_OPTS(opts, .require = KREDACT_REQUIRE_MODULE);
	char *m = map_pages(1);
	uint64_t h = 1;

	ok_eq(kredact_register(m, 8, &opts, &h), -ENODEV, "the fall-back forbidden: ENODEV");
	ok(untouched(m), "and not used");
	opts.require = 0;
	ok_eq(kredact_register(m, 8, &opts, &h), 0, "control: allowed");
	kredact_unregister(h);
	munmap(m, page);
}

/* Before anything was registered. */
static int forbid_early(void *arg)
{
	char *m = map_pages(1);
	uint64_t h;

	(void)arg;
	if (kredact_require(1U << 30) != -EINVAL)
		return 1;
	if (kredact_require(KREDACT_REQUIRE_MODULE) != -ENODEV)
		return 2;
	if (kredact_register(m, 8, NULL, &h) != -ENODEV || !untouched(m))
		return 3;
	errno = 0;
	if (kredact_alloc(16) || errno != ENODEV)
		return 4;
	errno = 0;
	return kredact_alloc(1 << 20) || errno != ENODEV ? 5 : 0;
}

static int forbid_late(void *arg)
{
	void *p = kredact_alloc(16);

	(void)arg;
	if (!p)
		return 1;
	return kredact_require(KREDACT_REQUIRE_MODULE) == -EBUSY ? 0 : 2;
}

static int drop_privileges(rlim_t memlock)
{
	struct rlimit rl = { memlock, memlock };

	if (setrlimit(RLIMIT_MEMLOCK, &rl))
		return -1;
	/* Root may lock what it likes. */
	if (!geteuid() && (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
		return -1;
	return prctl(PR_SET_DUMPABLE, 1);	/* /proc/self stays readable */
}

/* Give limit 0 to it, or enough as a control. */
static int no_memlock(void *arg)
{
	bool enough = arg;
	unsigned int want = enough ? BOTH : KREDACT_COVER_DONTDUMP;
	KREDACT_OPTS(opts, .require = KREDACT_REQUIRE_LOCKED);
	char *m = map_pages(2), *p;
	uint64_t h;
	int err;

	if (drop_privileges(enough ? 4 << 20 : 0))
		return 1;
	if (kredact_register(m, 8, NULL, &h) || flags_of(m, 8) != want || !vm_flag(m, "dd") ||
	    vm_flag(m, "lo") != enough)
		return 2;
	p = kredact_alloc(100);
	if (!p || (flags_of(p, 100) & BOTH) != want)
		return 3;
	err = kredact_register(m + page, 8, &opts, &h);
	if (enough ? err != 0 : err != -EPERM && err != -ENOMEM)
		return 4;
	if (!enough && !untouched(m + page))
		return 5;
	err = kredact_require(KREDACT_REQUIRE_LOCKED);
	if (err != (enough ? 0 : -EBUSY))
		return 6;
	p = kredact_alloc(1 << 20);
	return !p == !enough ? 0 : 7;
}

/* Enough for the smallest arena, and not for a bigger one: the later ones stay small. */
static int little_memlock(void *arg)
{
	char *p;

	(void)arg;
	if (drop_privileges(256 << 10) || kredact_require(KREDACT_REQUIRE_LOCKED))
		return 1;
	for (int i = 0; i < 1000; i++) {
		p = kredact_alloc(1000);
		if (!p)
			return errno == ENOMEM || errno == EPERM ? i < 200 : 2;
		if (!(flags_of(p, 1000) & KREDACT_COVER_MLOCK))
			return 3;
	}
	return 4;
}

static char *forked_page;

static int child_has_it(void *arg)
{
	bool raw = arg;

	if (raw)
		return !(vm_flag(forked_page, "dd") && !vm_flag(forked_page, "lo") &&
			 flags_of(forked_page, 8) == KREDACT_COVER_DONTDUMP);
	return !(covered(forked_page) && flags_of(forked_page, 8) == BOTH);
}

static void test_fork(void)
{
	int status = -1;
	uint64_t h;
	pid_t pid;

	forked_page = map_pages(1);
	must(!kredact_register(forked_page, 8, NULL, &h), "register");
	ok(child_ok(child_has_it, NULL), "a child has dd, and its pages are locked again");
	fflush(stdout);
	pid = (pid_t)syscall(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
	if (!pid)
		_exit(child_has_it((void *)1));
	waitpid(pid, &status, 0);
	ok_eq(status, 0, "control: after a raw clone there is no lock, and none is reported");
	kredact_unregister(h);
	munmap(forked_page, page);
}

static void test_own_memory(void)
{
	unsigned int all = BOTH | KREDACT_COVER_GUARD | KREDACT_COVER_WIPE;
	char *p = kredact_alloc(64), *big = kredact_alloc(100000), *heap = malloc(64);
	uint64_t h;

	must(p && big && heap, "alloc");
	ok(covered(p) && covered(big) && covered(big + 99999), "allocated memory has dd and lo");
	ok_eq(flags_of(p, 64), all, "a small object: dontdump, mlock, guard, wipe");
	ok_eq(flags_of(big, 100000), all, "a large object too");
	ok_eq(flags_of(big, 300000), 0, "nothing for a range that leaves it");
	ok_eq(flags_of(heap, 64), 0, "control: malloc() has none");
	must(!kredact_register(p, 64, NULL, &h), "register");
	kredact_unregister(h);
	ok(covered(p), "a registration inside an arena ends: the arena stays covered");
	kredact_free(p);
	kredact_free(big);
	free(heap);
}

static void test_batch(void)
{
	struct kredact_range r[3];
	char *m = map_pages(5);
	size_t failed = 99;

	for (int i = 0; i < 3; i++)
		r[i] = (struct kredact_range) { .addr = (uintptr_t)m + 2U * i * page, .len = 10 };
	ok_eq(kredact_register_batch(r, 3, NULL, &failed), 0, "a batch of three");
	ok_eq(failed, 3, "none failed");
	ok(covered(m) && covered(m + 2 * page) && covered(m + 4 * page) && untouched(m + page),
	   "their pages are covered, those between are not");
	for (int i = 0; i < 3; i++)
		must(!kredact_unregister(r[i].handle), "unregister");
	ok(untouched(m), "each ends by its own handle");

	r[2].len = 0;
	ok(kredact_register_batch(r, 3, NULL, &failed) == -EINVAL && failed == 2,
	   "a bad length: EINVAL, and which one");
	r[2].len = 10;
	munmap(m + 4 * page, page);
	ok(kredact_register_batch(r, 3, NULL, &failed) == -ENXIO && failed == 2,
	   "a hole in the third: ENXIO, and which one");
	ok(untouched(m) && untouched(m + 2 * page), "and none of them is registered");
	ok(!r[0].handle && !r[1].handle && !r[2].handle, "the handles are 0");
	ok_eq(kredact_register_batch(r, 0, NULL, NULL), -EINVAL, "an empty batch: EINVAL");
	munmap(m, 4 * page);
}

/* The kernel's limit on mappings: the failure is reported, and what holds goes on to hold. */
static int too_many_mappings(void *arg)
{
	size_t nr = 70000, n;
	char *m = map_pages(2 * nr);
	uint64_t *h = calloc(nr, sizeof(*h));
	int err = 0;

	(void)arg;
	if (!h)
		return 1;
	for (n = 0; n < nr && !err; n++)
		err = kredact_register(m + 2 * n * page, 8, NULL, &h[n]);
	n--;
	if (err != -ENOMEM || h[n])
		return 2;
	if (flags_of(m + 2 * n * page, 8) || !(flags_of(m + 2 * (n - 1) * page, 8) & BOTH))
		return 3;
	if (vm_flag(m + 2 * n * page, "dd") || !vm_flag(m + 2 * (n - 1) * page, "dd"))
		return 4;
	while (n--)
		if (kredact_unregister(h[n]))
			return 5;
	if (!untouched(m))
		return 6;
	return kredact_register(m, 8, NULL, &h[0]) ? 7 : 0;
}

static char *shared_page;

static void *hammer(void *arg)
{
	uint64_t h, seed = (uintptr_t)arg;
	size_t off, len;
	long bad = 0;

	for (int i = 0; i < 2000; i++) {
		off = next_random(&seed) % (3 * page);
		len = 1 + next_random(&seed) % page;
		if (kredact_register(shared_page + off, len, NULL, &h) ||
		    (flags_of(shared_page + off, len) & BOTH) != BOTH || kredact_unregister(h))
			bad++;
	}
	return (void *)bad;
}

static void test_threads(void)
{
	pthread_t t[4];
	void *ret;
	long bad = 0;

	shared_page = map_pages(4);
	for (long i = 0; i < 4; i++)
		must(!pthread_create(&t[i], NULL, hammer, (void *)(i + 1)), "pthread_create");
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		bad += (long)ret;
	}
	ok_eq(bad, 0, "four threads on the same pages: each sees its own range covered");
	ok(untouched(shared_page) && untouched(shared_page + 3 * page),
	   "nothing is left in the end");
	munmap(shared_page, 4 * page);
}

static void test_text(void)
{
	char buf[200];
	int len;

	len = kredact_protection_str(KREDACT_COVER_CORE | BOTH | 1U << 31, buf, sizeof(buf));
	ok(!strcmp(buf, "core,dontdump,mlock,0x80000000") && len == (int)strlen(buf),
	   "flags as text: %s", buf);
	len = kredact_protection_str(0, buf, sizeof(buf));
	ok(!strcmp(buf, "none") && len == 4, "no flags: %s", buf);
	memset(buf, 'x', sizeof(buf));
	len = kredact_protection_str(BOTH, buf, 5);
	ok(!strcmp(buf, "dont") && len == 14 && buf[5] == 'x', "cut to its buffer");
	ok_eq(kredact_protection_str(BOTH, NULL, 0), 14, "its length alone");
}

int main(void)
{
	kr_device_path = "/nonexistent/kredact";
	page = (size_t)getpagesize();

	ok(child_ok(forbid_early, NULL),
	   "kredact_require() before anything: nothing is done with less");
	ok(child_ok(forbid_late, NULL), "kredact_require() too late: EBUSY");
	ok(child_ok(no_memlock, NULL), "RLIMIT_MEMLOCK 0: not fatal, seen, and can be forbidden");
	ok(child_ok(no_memlock, (void *)1), "control: with enough of it");
	ok(child_ok(little_memlock, NULL), "RLIMIT_MEMLOCK 256 KiB, required: used to the end");
	test_rounding();
	test_counts();
	test_arguments();
	test_forbid();
	test_fork();
	test_own_memory();
	test_batch();
	ok(child_ok(too_many_mappings, NULL), "vm.max_map_count: ENOMEM, and nothing else is lost");
	test_threads();
	test_text();
	return tap_done();
}

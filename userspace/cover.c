// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the library does without the module: MADV_DONTDUMP and mlock(). Neither
 * nests in the kernel, so registrations are counted for each page here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "internal.h"

pthread_mutex_t kr_cover_lock = PTHREAD_MUTEX_INITIALIZER;

static struct kr_pagecount dontdump, locked;

static void *page_addr(size_t page)
{
	return (void *)(page * kr_page);
}

static int dontdump_on(size_t first, size_t end)
{
	if (!madvise(page_addr(first), (end - first) * kr_page, MADV_DONTDUMP))
		return 0;
	switch (errno) {
	case ENOMEM:	/* a hole */
		return -ENXIO;
	case EAGAIN:	/* no memory, or vm.max_map_count */
		return -ENOMEM;
	default:
		return -errno;
	}
}

static int dontdump_off(size_t first, size_t end)
{
	if (!madvise(page_addr(first), (end - first) * kr_page, MADV_DODUMP))
		return 0;
	return -errno;
}

/*
 * Pages that are not there yet are locked when they come: an arena does not take
 * all of its memory at once. By system call, since the sanitizers replace mlock()
 * and munlock() by functions that do nothing and return 0.
 */
static int lock_on(size_t first, size_t end)
{
	void *addr = page_addr(first);
	size_t len = (end - first) * kr_page;

	if (!syscall(SYS_mlock2, addr, len, MLOCK_ONFAULT))
		return 0;
	if (errno != ENOSYS)
		return -errno;
	return syscall(SYS_mlock, addr, len) ? -errno : 0;
}

static int lock_off(size_t first, size_t end)
{
	return syscall(SYS_munlock, page_addr(first), (end - first) * kr_page) ? -errno : 0;
}

/* The pages that a range touches: in doubt a page is left out of the dump. */
static void pages_of(uintptr_t addr, size_t len, size_t *first, size_t *end)
{
	*first = addr / kr_page;
	*end = (addr + len - 1) / kr_page + 1;
}

/*
 * The system call covers the whole range each time, counted or not: what the
 * books say may have been unmapped and mapped anew. Where it fails half-way,
 * counting the range down again undoes it for the pages that have no other
 * registration.
 */
int kr_cover_add(unsigned int what, uintptr_t addr, size_t len)
{
	bool dump = what == KREDACT_COVER_DONTDUMP;
	struct kr_pagecount *pc = dump ? &dontdump : &locked;
	size_t first, end;
	int err;

	pages_of(addr, len, &first, &end);
	pthread_mutex_lock(&kr_cover_lock);
	err = kr_pagecount_add(pc, first, end);
	if (err)
		goto out;
	err = dump ? dontdump_on(first, end) : lock_on(first, end);
	if (err)
		kr_pagecount_sub(pc, first, end, dump ? dontdump_off : lock_off);
out:
	pthread_mutex_unlock(&kr_cover_lock);
	return err;
}

/* Returns the error of the system call; the range is not counted any more in any case. */
int kr_cover_drop(unsigned int what, uintptr_t addr, size_t len)
{
	bool dump = what == KREDACT_COVER_DONTDUMP;
	size_t first, end;
	int err;

	pages_of(addr, len, &first, &end);
	pthread_mutex_lock(&kr_cover_lock);
	err = kr_pagecount_sub(dump ? &dontdump : &locked, first, end,
			       dump ? dontdump_off : lock_off);
	pthread_mutex_unlock(&kr_cover_lock);
	return err;
}

unsigned int kr_cover_query(uintptr_t addr, size_t len)
{
	unsigned int cover = 0;
	size_t first, end;

	pages_of(addr, len, &first, &end);
	pthread_mutex_lock(&kr_cover_lock);
	if (kr_pagecount_covers(&dontdump, first, end))
		cover |= KREDACT_COVER_DONTDUMP;
	/* A child that no fork handler has seen has lost its locks. */
	if (getpid() == kr_pid && kr_pagecount_covers(&locked, first, end))
		cover |= KREDACT_COVER_MLOCK;
	pthread_mutex_unlock(&kr_cover_lock);
	return cover;
}

/* A child inherits MADV_DONTDUMP and no locks. */
int kr_cover_after_fork(void)
{
	int err;

	pthread_mutex_lock(&kr_cover_lock);
	err = kr_pagecount_renew(&locked, lock_on);
	pthread_mutex_unlock(&kr_cover_lock);
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that change mappings and what is in them, for the fuzzer; each tells the
 * model: see mappings.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "choice.h"
#include "mappings.h"
#include "model.h"

int memfd, device;

void do_mmap(void)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
				     PROT_NONE };
	int prot = prots[below(4)], flags = MAP_FIXED, fd = -1;
	enum kind kind = ANON + below(12) % 5;
	uint64_t len, addr = some_pages(&len);

	if (below(2))
		kind = ANON;
	if (kind == DEVICE && (device < 0 || below(4)))
		kind = SHARED;
	if (kind == DEVICE)
		prot = PROT_READ, len = PAGE, fd = device;
	else if (kind == FILE_PRIVATE || kind == FILE_SHARED)
		fd = memfd;
	flags |= fd < 0 ? MAP_ANONYMOUS : 0;
	flags |= kind == ANON || kind == FILE_PRIVATE ? MAP_PRIVATE : MAP_SHARED;
	note("mmap 0x%llx + 0x%llx, kind %d, prot %d", (unsigned long long)addr,
	     (unsigned long long)len, kind, prot);
	if (mmap((void *)addr, len, prot, flags, fd,
		 kind == DEVICE ? 0xf0000 : fd < 0 ? 0 : below(64) * PAGE) == MAP_FAILED)
		disagree("mmap");
	if (alone)
		model_map(addr, len, kind, prot);
}

void do_munmap(void)
{
	uint64_t len, addr = some_pages(&len);

	note("munmap 0x%llx + 0x%llx", (unsigned long long)addr, (unsigned long long)len);
	if (munmap((void *)addr, len))
		disagree("munmap");
	if (alone)
		model_unmap(addr, len);
}

void do_mremap(void)
{
	uint64_t old_len, from = some_pages(&old_len), new_len, to = some_pages(&new_len), at;
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	for (at = from; at < from + old_len; at += PAGE)
		if (model_page(at)->kind != ANON && model_page(at)->kind != FILE_PRIVATE)
			new_len = new_len < old_len ? new_len : old_len;
	if (below(2))
		new_len = old_len;
	if (!below(3) && new_len == old_len)
		flags |= MREMAP_DONTUNMAP;
	if (!below(4))
		flags = 0, to = from;
	if (to + new_len > ARENA + ARENA_PAGES * PAGE)
		return;
	note("mremap 0x%llx + 0x%llx to 0x%llx + 0x%llx, flags %d", (unsigned long long)from,
	     (unsigned long long)old_len, (unsigned long long)to, (unsigned long long)new_len,
	     flags);
	if (mremap((void *)from, old_len, new_len, flags, to) == MAP_FAILED) {
		if (alone)
			model_resync();
	} else if (alone && to != from) {
		model_move(from, old_len, to, new_len, flags & MREMAP_DONTUNMAP);
	} else if (alone && new_len < old_len) {
		model_unmap(from + new_len, old_len - new_len);
	} else if (alone) {
		for (at = from + old_len; at < from + new_len; at += PAGE)
			*model_page(at) = *model_page(from + old_len - PAGE);
	}
}

void do_mprotect(void)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
				     PROT_READ | PROT_WRITE | PROT_EXEC };
	uint64_t len, addr = some_pages(&len), at;
	int prot = prots[below(4)], ret;

	for (at = addr; alone && at < addr + len; at += PAGE)
		if (model_page(at)->kind == UNMAPPED || model_page(at)->kind == DEVICE)
			return;
	note("mprotect 0x%llx + 0x%llx, %d", (unsigned long long)addr, (unsigned long long)len,
	     prot);
	ret = mprotect((void *)addr, len, prot);
	if (alone && ret)
		disagree("mprotect");
	for (at = addr; alone && at < addr + len; at += PAGE)
		model_page(at)->prot = prot;
}

void do_madvise(void)
{
	/* Not those that take the machine's own memory out of service. */
	static const int kinds[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE,
		MADV_DONTFORK, MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK,
		MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE, 24, 25,
	};
	int kind = kinds[below(sizeof(kinds) / sizeof(*kinds))];
	uint64_t len, addr = some_pages(&len), at;

	note("madvise 0x%llx + 0x%llx, %d", (unsigned long long)addr, (unsigned long long)len,
	     kind);
	madvise((void *)addr, len, kind);
	if (alone && (kind == MADV_DONTFORK || kind == MADV_DONTDUMP || kind == MADV_WIPEONFORK))
		for (at = addr; at < addr + len; at += PAGE)
			model_page(at)->odd = true;
}

void do_mlock(void)
{
	uint64_t len, addr = some_pages(&len);

	note("mlock");
	(below(2) ? mlock : munlock)((void *)addr, len);
}

void do_brk(void)
{
	struct area *heap = &areas[1];
	unsigned int pages = below(HEAP_PAGES + 1), i;

	if (!alone)
		return;
	note("brk to %u pages", pages);
	if (syscall(SYS_brk, heap->start + pages * PAGE) != (long)(heap->start + pages * PAGE))
		disagree("brk");
	for (i = 0; i < HEAP_PAGES; i++) {
		if (i >= pages)
			model_unmap(heap->start + i * PAGE, PAGE);
		else if (heap->pages[i].kind == UNMAPPED)
			model_map(heap->start + i * PAGE, PAGE, ANON, PROT_READ | PROT_WRITE);
	}
}

void do_fill(void)
{
	uint64_t bytes[64], addr = some_page();
	unsigned int i;

	for (i = 0; i < 64; i++)
		bytes[i] = rnd64() | 0x0101010101010101ull;
	note("fill 0x%llx", (unsigned long long)addr);
	for (i = 0; i < 8; i++)
		poke(addr + i * 512, bytes, sizeof(bytes));
}

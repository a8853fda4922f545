/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkredact: keep key material out of crash dumps.
 *
 * A service either registers the buffers that hold its keys (kredact_register)
 * or keeps its keys in memory that is registered already (kredact_alloc). The
 * kernel module kredact.ko then zeroes them on the way into a dump. Where the
 * module cannot be used the library falls back to madvise(MADV_DONTDUMP) and
 * mlock(), which is less; kredact_protection() tells what covers a range, and
 * KREDACT_REQUIRE_MODULE forbids the fall-back.
 *
 * Results. Functions that return int return 0 (or a length, where it says so)
 * or a negative errno, and leave errno undefined. Functions that return memory
 * return NULL with errno set, as malloc() does.
 *
 * Threads. Every function may be called from any thread at any time, before
 * main() and in atexit() handlers too.
 *
 * Signals. kredact_wipe(), kredact_protection_str() and kredact_version() are
 * async-signal-safe. Nothing else is: the rest takes locks.
 *
 * fork(). A child has the same keys in the same memory, under the same
 * protection: tags and MADV_DONTDUMP are inherited, and the library locks again
 * what was locked. Handles name the same ranges in the child; each process ends
 * its own registrations. The library's locks are held across fork(), so a child
 * of a program with threads may go on using it. This is done by
 * pthread_atfork(): after a raw clone() or _Fork() KREDACT_COVER_MLOCK is not
 * reported any more. exec() ends everything.
 *
 * Misuse of the allocator (a pointer that is not its own, a second free, a
 * buffer that was overrun) is written to standard error and ends in abort().
 */
#ifndef KREDACT_H
#define KREDACT_H

#include <stddef.h>
#include <stdint.h>
#include <linux/kredact.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the library itself did for a range, in the flags that
 * kredact_protection() gives, next to the module's KREDACT_COVER_*. As with
 * those, a bit is set only where it holds for every byte of the range.
 */
#define KREDACT_COVER_DONTDUMP	(1U << 16)	/* MADV_DONTDUMP on its pages: left out of ELF
						 * cores that the kernel writes, and no more */
#define KREDACT_COVER_MLOCK	(1U << 17)	/* mlock() on its pages: not in swap */
#define KREDACT_COVER_GUARD	(1U << 18)	/* from kredact_alloc(): lies between guard pages */
#define KREDACT_COVER_WIPE	(1U << 19)	/* from kredact_alloc(): wiped when freed */

/* What a caller can insist on. */
#define KREDACT_REQUIRE_MODULE	(1U << 0)	/* the module's tag; MADV_DONTDUMP will not do */
#define KREDACT_REQUIRE_LOCKED	(1U << 1)	/* out of swap: mlock()ed, or where that fails
						 * pinned by the module (KREDACT_COVER_SWAP) */

/**
 * struct kredact_opts - options of a registration
 * @size:	sizeof(struct kredact_opts); set by KREDACT_OPTS()
 * @label:	text that names the range in the seal of a dump, at most
 *		KREDACT_LABEL_MAX bytes; NULL or "" for none. Read during the
 *		call only. No secret: the seal shows it.
 * @flags:	KREDACT_EXACT: these bytes only; the fall-back leaves out whole
 *		pages all the same. KREDACT_PIN or KREDACT_NOPIN: see
 *		struct kredact_register; the former rules the fall-back out.
 *		KREDACT_HUNT, KREDACT_GROUP, KREDACT_REGS and KREDACT_STRICT ask
 *		for more than the administrator's policy does (struct
 *		kredact_policy). The fall-back does none of it, and
 *		kredact_protection() shows that: KREDACT_REQUIRE_MODULE insists.
 *		KREDACT_NOHUNT asks for less: copies of this range stay.
 * @require:	KREDACT_REQUIRE_*: fail rather than do with less
 *
 * A program built against a newer header may pass a longer struct as long as
 * the members that this library does not know are zero.
 */
struct kredact_opts {
	size_t size;
	const char *label;
	uint32_t flags;
	uint32_t require;
};

/* KREDACT_OPTS(opts, .label = "tls key", .flags = KREDACT_EXACT); */
#define KREDACT_OPTS(name, ...)							\
	struct kredact_opts name = { .size = sizeof(struct kredact_opts), __VA_ARGS__ }

/**
 * kredact_version() - version of the library that is running
 *
 * Return: a string such as "0.1.0", in static memory.
 */
const char *kredact_version(void);

/**
 * kredact_module() - whether the module can be used
 *
 * Opens /dev/kredact unless that is done. Call it before a chroot() or a
 * seccomp filter that would get in the way of open(). The descriptor is
 * O_CLOEXEC and is never closed by the library; while it is open the module
 * stays loaded. It carries no authority over memory. A program may close it or
 * put another file in its place between calls: that is noticed at the next
 * call, and the device opened anew. Doing so from another thread during a call
 * is a bug in the program, as it is with every descriptor.
 *
 * Failure is not remembered: a module that is loaded later is used from then on.
 *
 * Return: 0, or why not:
 *   -ENODEV           there is no device: the module is not loaded
 *   -EACCES, -EPERM   the device may not be opened
 *   -EPROTONOSUPPORT  the module speaks another version of the ABI
 *   -EMFILE, -ENFILE, -ENOMEM  as open()
 */
int kredact_module(void);

/**
 * kredact_require() - insist for the whole process
 * @require:	KREDACT_REQUIRE_*, added to those of earlier calls and of each
 *		struct kredact_opts. There is no way back.
 *
 * From here on, whatever this call returns, nothing is registered or allocated
 * that does not meet @require. The result tells about what was before. Call it
 * first thing in main().
 *
 * Return: 0, or
 *   -EINVAL  an unknown bit; nothing is changed
 *   -EBUSY   something was registered or allocated, since the process
 *            started, with less than @require
 *   -ENODEV  the module is required and cannot be used (see kredact_module())
 */
int kredact_require(unsigned int require);

/**
 * kredact_register() - keep a range of memory out of dumps
 * @addr:	first byte, any alignment
 * @len:	bytes, 1 to KREDACT_LEN_MAX
 * @opts:	options, or NULL
 * @handle:	where the name of the registration goes, for
 *		kredact_unregister(); 0 on failure. NULL if it is to last as
 *		long as the memory.
 *
 * With the module the range is tagged, and the module zeroes it (or, without
 * KREDACT_EXACT, all of its pages) in dumps. It also pins the pages, within
 * RLIMIT_MEMLOCK: then they are neither swapped nor merged, and are left out of
 * dumps of other processes that map them (KREDACT_COVER_SWAP, _SHARED).
 *
 * The fall-back is used if the module cannot be used, or says that it has no
 * room (-EDQUOT, -ENOSPC, -ENOMEM). It puts MADV_DONTDUMP on every page that
 * the range touches, rounding outwards: neighbours on those pages are left out
 * as well. Then it locks these pages with mlock(); when that fails
 * (RLIMIT_MEMLOCK) the registration holds nevertheless, without
 * KREDACT_COVER_MLOCK, unless KREDACT_REQUIRE_LOCKED asks for more. Pages are
 * counted: one that two registrations share is dumped again when both have
 * ended. The fall-back does not see munmap(): unregister before the memory goes
 * away. When a registration ends, MADV_DODUMP and munlock() undo what others did
 * to the same pages as well, mlockall() included.
 *
 * Ranges may overlap; each registration ends on its own. Memory from
 * kredact_alloc() needs no registration, and may have one (with a label, say)
 * that ends before it is freed.
 *
 * Return: 0, or a negative errno, and then nothing is registered:
 *   -EINVAL        @len is 0, @opts->size is too small, a flag that is unknown,
 *                  or that the module is too old for
 *   -E2BIG         @opts has an unknown member that is not zero
 *   -ENAMETOOLONG  the label is above KREDACT_LABEL_MAX
 *   -EFBIG         @len is above KREDACT_LEN_MAX
 *   -EOVERFLOW     @addr + @len wraps around
 *   -EADDRNOTAVAIL the range leaves the address space of userspace (the
 *                  fall-back says -ENXIO)
 *   -ENXIO         a page of the range is not mapped
 *   -EOPNOTSUPP    device memory, which the module does not tag
 *   -ENODEV        KREDACT_REQUIRE_MODULE or KREDACT_PIN, and the module cannot
 *                  be used
 *   -EDQUOT, -ENOSPC  likewise, and the module has no room
 *   -ENOLCK        KREDACT_PIN, and RLIMIT_MEMLOCK is reached
 *   -ENOMEM        no memory, or the fall-back ran into vm.max_map_count; with
 *                  KREDACT_REQUIRE_LOCKED also RLIMIT_MEMLOCK
 *   -EBUSY         the system is about to hibernate, as the first that is tagged
 *   -EAGAIN        KREDACT_PIN, and a page cannot be pinned
 *   -EPERM, -EAGAIN   KREDACT_REQUIRE_LOCKED, and mlock() said so
 *   others         of madvise(): the fall-back could not do its work
 */
int kredact_register(const void *addr, size_t len, const struct kredact_opts *opts,
		     uint64_t *handle);

/**
 * kredact_register_batch() - register many ranges at once
 * @ranges:	array; of each, @addr and @len are read and @handle is written
 *		(0 on failure)
 * @nr:		its length; any number above 0. KREDACT_BATCH_MAX of them go
 *		into one system call.
 * @opts:	options of every registration of the batch, or NULL
 * @failed:	on failure, the index of the range that was refused, or @nr
 *		if it was none of them; may be NULL
 *
 * All of them or none. As kredact_register() otherwise.
 *
 * Return: 0, or an errno of kredact_register(); -EINVAL if @nr is 0.
 */
int kredact_register_batch(struct kredact_range *ranges, size_t nr,
			   const struct kredact_opts *opts, size_t *failed);

/**
 * kredact_unregister() - end a registration
 * @handle:	from kredact_register() or kredact_register_batch()
 *
 * Wipe the memory first (kredact_wipe()): from here on it is dumped. Unmapping
 * memory ends the registrations of the module by itself.
 *
 * Return: 0, or
 *   -ENOENT  no such registration: never made, ended, or unmapped
 *   -ENODEV  it was made with the module, and the module cannot be reached any
 *            more: the range stays registered
 *   others   of madvise(): the registration has ended, and its pages are still
 *            left out of dumps
 */
int kredact_unregister(uint64_t handle);

/**
 * kredact_protection() - what covers a range
 * @addr:	first byte
 * @len:	bytes, 1 to KREDACT_LEN_MAX
 * @flags:	KREDACT_COVER_* of the module and of the library that hold for
 *		every byte of the range; 0 if nothing covers it
 *
 * The module's part comes from the module, at this moment. The library's part
 * comes from its own books: it cannot know that memory registered in the
 * fall-back was unmapped since, or given other flags by madvise() or munlock().
 *
 * Return: 0, or -EINVAL, -EFBIG, -EOVERFLOW as kredact_register(), and then
 * @flags is 0.
 */
int kredact_protection(const void *addr, size_t len, unsigned int *flags);

/**
 * kredact_protection_str() - flags of kredact_protection() for people
 * @flags:	KREDACT_COVER_*
 * @buf:	where the text goes, always with a NUL if @size is not 0
 * @size:	bytes in @buf
 *
 * Return: the length of the whole text, as snprintf() counts: names in order of
 * their bits, such as "core,fork,mlock", "0x80000000" for unknown ones, and
 * "none".
 */
int kredact_protection_str(unsigned int flags, char *buf, size_t size);

/**
 * kredact_alloc() - memory for keys
 * @len:	bytes; 0 gives a pointer that can be freed
 *
 * The memory is registered (whole pages, with a label of the library's), locked
 * where RLIMIT_MEMLOCK allows, aligned to 16 bytes and filled with zeros.
 * Children inherit it. Unprotected memory is never handed out: if neither the
 * module nor the fall-back can do it, the call fails.
 *
 * Up to 32,760 bytes come from arenas of 64 KiB growing to just under 1 MiB,
 * each a mapping of its own between two guard pages and one registration, by way
 * of a cache of the calling thread that needs no lock and no system call. The
 * library's books about the memory are elsewhere, so an overrun does not reach
 * them. Behind each object, from kredact_usable_size() on, are 8 bytes of canary,
 * different for each process and address, which are checked when the object is
 * freed. An overrun that is longer reaches the next object; one that leaves the
 * arena faults.
 *
 * More bytes are a mapping and a registration each. The object ends at the guard
 * page behind it, up to 15 bytes of rounding aside; the page before its first
 * page is one as well.
 *
 * It does not use malloc(), and can be the whole heap of OpenSSL: kredact(3) has
 * the lines for CRYPTO_set_mem_functions(). A thread's cache (some 16 KiB for
 * each size in use) goes back when the thread ends, and arenas that have become
 * empty go back to the kernel.
 *
 * Return: memory for the caller to kredact_free(), or NULL with errno ENOMEM or
 * what kredact_register() says (ENODEV with KREDACT_REQUIRE_MODULE, ...).
 */
void *kredact_alloc(size_t len)
	__attribute__((__malloc__, __alloc_size__(1), __warn_unused_result__));

/**
 * kredact_calloc() - memory for an array of keys
 * @nr:		members
 * @len:	bytes of one
 *
 * Return: as kredact_alloc(); NULL with errno ENOMEM where @nr * @len overflows.
 */
void *kredact_calloc(size_t nr, size_t len)
	__attribute__((__malloc__, __alloc_size__(1, 2), __warn_unused_result__));

/**
 * kredact_realloc() - change the length
 * @ptr:	from this allocator, or NULL (then as kredact_alloc())
 * @len:	bytes; 0 frees @ptr and returns NULL
 *
 * Where the object moves, the old place is wiped. Where it stays, what lies
 * beyond @len is wiped.
 *
 * Return: as kredact_alloc(); on failure @ptr is as it was.
 */
void *kredact_realloc(void *ptr, size_t len)
	__attribute__((__alloc_size__(2), __warn_unused_result__));

/**
 * kredact_free() - wipe and give back
 * @ptr:	from this allocator, or NULL
 *
 * Leaves errno as it is. A second free is noticed as long as the memory has not
 * been handed out again.
 */
void kredact_free(void *ptr);

/**
 * kredact_usable_size() - how many bytes of an object may be used
 * @ptr:	from this allocator, or NULL
 *
 * The compiler may hold a program to the length that it asked for all the same
 * (_FORTIFY_SOURCE): kredact_realloc() to the new length stays in place.
 *
 * Return: at least the length asked for; 0 for NULL.
 */
size_t kredact_usable_size(const void *ptr);

/**
 * kredact_wipe() - overwrite with zeros, even if the compiler sees no use in it
 * @ptr:	first byte
 * @len:	bytes; 0 does nothing
 */
void kredact_wipe(void *ptr, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* KREDACT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every call of the module that can fail, made to fail on demand.
 *
 * This file is included before each source of kredact.ko, and only in the build
 * that the test "faults" inserts. It replaces the calls by macros that ask
 * kredact_inject() first. The headers with their declarations come before, so
 * that these are not touched.
 *
 * Calls that the module does not make (yet) are here too: a new caller shall
 * need nothing but a scenario that reaches it.
 */
#ifndef KREDACT_INJECT_H
#define KREDACT_INJECT_H

#include <crypto/hash.h>
#include <linux/anon_inodes.h>
#include <linux/btf.h>
#include <linux/coredump.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rhashtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "rangeset.h"

#define INJECT_SITE_LEN	64

bool kredact_inject(const char *site);
int kredact_inject_late(void);
bool kredact_inject_is_late(void);

/* The name of a place; the test reads all of them from this section of the file. */
#define INJECT_HERE(name)								\
({											\
	static const char here[INJECT_SITE_LEN] __used __aligned(INJECT_SITE_LEN)	\
		__section("inject_sites") =						\
		KBUILD_BASENAME ".c:" __stringify(__LINE__) " " name;			\
	kredact_inject(here);								\
})

#define INJECT(failure, name, call, ...)						\
	(INJECT_HERE(name) ? (failure) : call(__VA_ARGS__))

#ifndef INJECT_NOTHING

/* In some kernels these are macros, which cannot be called by one of the same name. */
#define INJECT_FUNCTION(type, name, params, args)					\
	static inline type inject_##name params						\
	{										\
		return name args;							\
	}

INJECT_FUNCTION(void *, kmalloc, (size_t size, gfp_t gfp), (size, gfp))
INJECT_FUNCTION(void *, kzalloc, (size_t size, gfp_t gfp), (size, gfp))
INJECT_FUNCTION(void *, kmalloc_array, (size_t n, size_t size, gfp_t gfp), (n, size, gfp))
INJECT_FUNCTION(void *, kcalloc, (size_t n, size_t size, gfp_t gfp), (n, size, gfp))
INJECT_FUNCTION(void *, kmemdup, (const void *from, size_t size, gfp_t gfp), (from, size, gfp))
INJECT_FUNCTION(void *, kvmalloc, (size_t size, gfp_t gfp), (size, gfp))
INJECT_FUNCTION(void *, kvzalloc, (size_t size, gfp_t gfp), (size, gfp))
INJECT_FUNCTION(void *, kvmalloc_array, (size_t n, size_t size, gfp_t gfp), (n, size, gfp))
INJECT_FUNCTION(void *, kvcalloc, (size_t n, size_t size, gfp_t gfp), (n, size, gfp))
INJECT_FUNCTION(void *, __vmalloc, (unsigned long size, gfp_t gfp), (size, gfp))
INJECT_FUNCTION(unsigned long, __get_free_page, (gfp_t gfp), (gfp))
INJECT_FUNCTION(unsigned long, get_zeroed_page, (gfp_t gfp), (gfp))
INJECT_FUNCTION(struct page *, alloc_page, (gfp_t gfp), (gfp))
INJECT_FUNCTION(struct page *, alloc_pages, (gfp_t gfp, unsigned int order), (gfp, order))
INJECT_FUNCTION(int, rhashtable_init,
		(struct rhashtable *table, const struct rhashtable_params *params),
		(table, params))
INJECT_FUNCTION(int, get_user, (u32 *to, u32 __user *from), (*to, from))
INJECT_FUNCTION(bool, time_after, (unsigned long a, unsigned long b), (a, b))

#undef kmalloc
#undef kzalloc
#undef kmalloc_array
#undef kcalloc
#undef kmemdup
#undef kvmalloc
#undef kvzalloc
#undef kvmalloc_array
#undef kvcalloc
#undef __vmalloc
#undef __get_free_page
#undef get_zeroed_page
#undef alloc_page
#undef alloc_pages
#undef rhashtable_init
#undef get_user
#undef time_after
#undef copy_mc_to_kernel

#define kmalloc(...)		INJECT(NULL, "kmalloc", inject_kmalloc, __VA_ARGS__)
#define kzalloc(...)		INJECT(NULL, "kzalloc", inject_kzalloc, __VA_ARGS__)
#define kmalloc_array(...)	INJECT(NULL, "kmalloc_array", inject_kmalloc_array, __VA_ARGS__)
#define kcalloc(...)		INJECT(NULL, "kcalloc", inject_kcalloc, __VA_ARGS__)
#define kmemdup(...)		INJECT(NULL, "kmemdup", inject_kmemdup, __VA_ARGS__)
#define kvmalloc(...)		INJECT(NULL, "kvmalloc", inject_kvmalloc, __VA_ARGS__)
#define kvzalloc(...)		INJECT(NULL, "kvzalloc", inject_kvzalloc, __VA_ARGS__)
#define kvmalloc_array(...)	INJECT(NULL, "kvmalloc_array", inject_kvmalloc_array, __VA_ARGS__)
#define kvcalloc(...)		INJECT(NULL, "kvcalloc", inject_kvcalloc, __VA_ARGS__)
#define __vmalloc(...)		INJECT(NULL, "__vmalloc", inject___vmalloc, __VA_ARGS__)
#define __get_free_page(...)	INJECT(0, "__get_free_page", inject___get_free_page, __VA_ARGS__)
#define get_zeroed_page(...)	INJECT(0, "get_zeroed_page", inject_get_zeroed_page, __VA_ARGS__)
#define alloc_page(...)		INJECT(NULL, "alloc_page", inject_alloc_page, __VA_ARGS__)
#define alloc_pages(...)	INJECT(NULL, "alloc_pages", inject_alloc_pages, __VA_ARGS__)
#define rhashtable_init(...)						\
	INJECT(-ENOMEM, "rhashtable_init", inject_rhashtable_init, __VA_ARGS__)
#define get_user(to, from)	INJECT(-EFAULT, "get_user", inject_get_user, &(to), from)

/* A lock that is not to be had, whose caller gives up when its time is over: it is. */
#define spin_trylock(lock)							\
	(INJECT_HERE("spin_trylock") ? kredact_inject_late() : spin_trylock(lock))
#define time_after(a, b)	(kredact_inject_is_late() || inject_time_after(a, b))

/* Functions everywhere: a macro does not replace its own name again. */
#define INJECT_ERR(failure, call, ...)	INJECT(failure, #call, call, __VA_ARGS__)

#define rhashtable_insert_fast(...)	INJECT_ERR(-ENOMEM, rhashtable_insert_fast, __VA_ARGS__)
#define xa_alloc(...)		INJECT_ERR(-ENOMEM, xa_alloc, __VA_ARGS__)
#define xa_insert(...)		INJECT_ERR(-ENOMEM, xa_insert, __VA_ARGS__)
#define xa_reserve(...)		INJECT_ERR(-ENOMEM, xa_reserve, __VA_ARGS__)
#define xa_store(...)		INJECT_ERR(xa_mk_internal(-ENOMEM), xa_store, __VA_ARGS__)
#define xa_store_range(...)	INJECT_ERR(xa_mk_internal(-ENOMEM), xa_store_range, __VA_ARGS__)
#define xa_cmpxchg(...)		INJECT_ERR(xa_mk_internal(-ENOMEM), xa_cmpxchg, __VA_ARGS__)
#define memdup_user(...)	INJECT_ERR(ERR_PTR(-ENOMEM), memdup_user, __VA_ARGS__)
#define vmemdup_user(...)	INJECT_ERR(ERR_PTR(-ENOMEM), vmemdup_user, __VA_ARGS__)

#define copy_from_user(...)	INJECT_ERR(1, copy_from_user, __VA_ARGS__)
#define copy_to_user(...)	INJECT_ERR(1, copy_to_user, __VA_ARGS__)
#define copy_struct_from_user(...) INJECT_ERR(-EFAULT, copy_struct_from_user, __VA_ARGS__)
#define copy_mc_to_kernel(...)	INJECT_ERR(1, copy_mc_to_kernel, __VA_ARGS__)

#define pin_user_pages(...)	INJECT_ERR(-ENOMEM, pin_user_pages, __VA_ARGS__)
#define pin_user_pages_fast(...) INJECT_ERR(-ENOMEM, pin_user_pages_fast, __VA_ARGS__)
#define pin_user_pages_remote(...) INJECT_ERR(-ENOMEM, pin_user_pages_remote, __VA_ARGS__)
#define get_user_pages_fast(...) INJECT_ERR(-ENOMEM, get_user_pages_fast, __VA_ARGS__)
#define get_user_pages_remote(...) INJECT_ERR(-ENOMEM, get_user_pages_remote, __VA_ARGS__)
#define account_locked_vm(...)	INJECT_ERR(-ENOMEM, account_locked_vm, __VA_ARGS__)

#define mmu_notifier_get_locked(...)						\
	INJECT_ERR(ERR_PTR(-ENOMEM), mmu_notifier_get_locked, __VA_ARGS__)
#define mmap_read_lock_killable(...) INJECT_ERR(-EINTR, mmap_read_lock_killable, __VA_ARGS__)
#define mmap_write_lock_killable(...) INJECT_ERR(-EINTR, mmap_write_lock_killable, __VA_ARGS__)
#define mmap_read_trylock(...)	INJECT_ERR(false, mmap_read_trylock, __VA_ARGS__)

#define crypto_alloc_shash(...)	INJECT_ERR(ERR_PTR(-ENOMEM), crypto_alloc_shash, __VA_ARGS__)
#define crypto_shash_setkey(...) INJECT_ERR(-ENOMEM, crypto_shash_setkey, __VA_ARGS__)
#define crypto_shash_init(...)	INJECT_ERR(-EIO, crypto_shash_init, __VA_ARGS__)
#define crypto_shash_update(...) INJECT_ERR(-EIO, crypto_shash_update, __VA_ARGS__)
#define crypto_shash_final(...)	INJECT_ERR(-EIO, crypto_shash_final, __VA_ARGS__)
#define dump_emit(...)		INJECT_ERR(0, dump_emit, __VA_ARGS__)

#define get_task_mm(...)	INJECT_ERR(NULL, get_task_mm, __VA_ARGS__)
#define mmget_not_zero(...)	INJECT_ERR(false, mmget_not_zero, __VA_ARGS__)
#define fget(...)		INJECT_ERR(NULL, fget, __VA_ARGS__)
#define try_module_get(...)	INJECT_ERR(false, try_module_get, __VA_ARGS__)

#define filp_open(...)		INJECT_ERR(ERR_PTR(-ENOMEM), filp_open, __VA_ARGS__)
#define kernel_read(...)	INJECT_ERR(-EIO, kernel_read, __VA_ARGS__)
#define anon_inode_getfd(...)	INJECT_ERR(-ENOMEM, anon_inode_getfd, __VA_ARGS__)
#define misc_register(...)	INJECT_ERR(-ENOMEM, misc_register, __VA_ARGS__)
#define register_kprobe(...)	INJECT_ERR(-ENOMEM, register_kprobe, __VA_ARGS__)
#define ftrace_set_filter(...)	INJECT_ERR(-ENOMEM, ftrace_set_filter, __VA_ARGS__)
#define register_ftrace_function(...) INJECT_ERR(-EBUSY, register_ftrace_function, __VA_ARGS__)
#define register_btf_kfunc_id_set(...) INJECT_ERR(-ENOMEM, register_btf_kfunc_id_set, __VA_ARGS__)
#define register_btf_fmodret_id_set(...)						\
	INJECT_ERR(-ENOMEM, register_btf_fmodret_id_set, __VA_ARGS__)

/* Without a free node: munmap may have taken what was reserved. */
#define kr_insert(...)		INJECT_ERR(0, kr_insert, __VA_ARGS__)

#endif /* INJECT_NOTHING */

#endif /* KREDACT_INJECT_H */

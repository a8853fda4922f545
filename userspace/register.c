// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registrations: with the module where it can be used, with the fall-back where
 * it cannot.
 *
 * A registration that is the module's alone has the module's handle. One in
 * which the library has a part (MADV_DONTDUMP, mlock) has a record here, and a
 * handle that names the record: bit 63, generation, index.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "internal.h"

#define HANDLE_OWN	(1ULL << 63)
#define OPTS_SIZE_VER0	24
#define FLAGS_ALL	(KREDACT_EXACT | KREDACT_PIN | KREDACT_NOPIN | KREDACT_HUNT |	\
			 KREDACT_GROUP | KREDACT_REGS | KREDACT_STRICT | KREDACT_NOHUNT)
#define REQUIRE_ALL	(KREDACT_REQUIRE_MODULE | KREDACT_REQUIRE_LOCKED)

_Static_assert(sizeof(void *) != 8 || sizeof(struct kredact_opts) == OPTS_SIZE_VER0,
	       "the first version of struct kredact_opts is final");

/**
 * struct record - a registration in which the library has a part
 * @kernel:	handle of the module, or 0
 * @addr:	first byte
 * @len:	bytes
 * @cover:	KREDACT_COVER_DONTDUMP and _MLOCK, as far as they were done
 * @generation:	31 bits; differs each time the record is used
 * @next_free:	index, if the record is free
 */
struct record {
	uint64_t kernel;
	uintptr_t addr;
	size_t len;
	uint32_t cover;
	uint32_t generation;
	uint32_t next_free;
	bool live;
};

pthread_mutex_t kr_handle_lock = PTHREAD_MUTEX_INITIALIZER;
unsigned int kr_unmet;
unsigned int kr_required;

#define NO_RECORD	UINT32_MAX

static struct record *records;
static size_t nr_records, max_records;
static uint32_t free_record = NO_RECORD;

static int grow_records(void)
{
	size_t max = max_records ? max_records * 2 : 4096;
	struct record *bigger;

	if (max > NO_RECORD)
		return -ENOMEM;
	bigger = records ?
		mremap(records, max_records * sizeof(*records), max * sizeof(*records),
		       MREMAP_MAYMOVE) :
		mmap(NULL, max * sizeof(*records), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bigger == MAP_FAILED)
		return -ENOMEM;
	records = bigger;
	max_records = max;
	return 0;
}

static int record_add(const struct record *new, uint64_t *handle)
{
	uint32_t index, generation;
	int err = 0;

	pthread_mutex_lock(&kr_handle_lock);
	if (free_record == NO_RECORD) {
		if (nr_records == max_records)
			err = grow_records();
		if (err)
			goto out;
		index = (uint32_t)nr_records++;
	} else {
		index = free_record;
		free_record = records[index].next_free;
	}
	generation = (records[index].generation + 1) & INT32_MAX;
	records[index] = *new;
	records[index].generation = generation;
	records[index].live = true;
	*handle = HANDLE_OWN | (uint64_t)generation << 32 | index;
out:
	pthread_mutex_unlock(&kr_handle_lock);
	return err;
}

static int record_remove(uint64_t handle, struct record *old)
{
	uint32_t index = (uint32_t)handle, generation = handle >> 32 & INT32_MAX;
	int err = -ENOENT;

	pthread_mutex_lock(&kr_handle_lock);
	if (index < nr_records && records[index].live &&
	    records[index].generation == generation) {
		*old = records[index];
		records[index].live = false;
		records[index].next_free = free_record;
		free_record = index;
		err = 0;
	}
	pthread_mutex_unlock(&kr_handle_lock);
	return err;
}

/* The module is not there, or has no room; anything else is the caller's mistake. */
static bool module_unable(int err)
{
	switch (err) {
	case -ENODEV:
	case -EPERM:
	case -ENOTTY:
	case -EDQUOT:
	case -ENOSPC:
	case -ENOMEM:
		return true;
	default:
		return false;
	}
}

/* May the library do what the module could not? Pins it cannot make. */
static bool may_fall_back(int err, const struct kr_request *req)
{
	return module_unable(err) && !(req->require & KREDACT_REQUIRE_MODULE) &&
	       !(req->flags & KREDACT_PIN);
}

static int module_unregister(uint64_t handle)
{
	struct kredact_unregister arg = { .size = sizeof(arg), .handle = handle };

	return kr_device_ioctl(KREDACT_IOC_UNREGISTER, &arg);
}

static int module_register(uintptr_t addr, size_t len, const struct kr_request *req,
			   uint64_t *handle, unsigned int *coverage)
{
	struct kredact_register arg = {
		.size = sizeof(arg),
		.flags = req->flags,
		.addr = addr,
		.len = len,
		.label = (uintptr_t)req->label,
		.label_len = req->label_len,
	};
	int err;

	err = kr_device_ioctl(KREDACT_IOC_REGISTER, &arg);
	if (err)
		return err;
	*handle = arg.handle;
	*coverage = arg.coverage;
	return 0;
}

static bool swap_safe(unsigned int coverage)
{
	return coverage & (KREDACT_COVER_SWAP | KREDACT_COVER_MLOCK);
}

/*
 * Do the library's part of a registration, for which the module has done its own
 * (@kernel is not 0) or has not. On failure the module's part is as it was.
 */
static int protect_more(uintptr_t addr, size_t len, const struct kr_request *req, uint64_t kernel,
			unsigned int coverage, uint64_t *handle)
{
	bool need_lock = req->require & KREDACT_REQUIRE_LOCKED;
	struct record record = { .kernel = kernel, .addr = addr, .len = len };
	unsigned int unmet = 0;
	int err;

	if (!kernel) {
		err = kr_cover_add(KREDACT_COVER_DONTDUMP, addr, len);
		if (err)
			return err;
		record.cover |= KREDACT_COVER_DONTDUMP;
		unmet |= KREDACT_REQUIRE_MODULE;
	}
	/* Children have locks again, but not pins. */
	if (!kernel || req->lock || need_lock) {
		err = kr_cover_add(KREDACT_COVER_MLOCK, addr, len);
		if (!err)
			record.cover |= KREDACT_COVER_MLOCK;
		else if (need_lock && !swap_safe(coverage))
			goto undo;
	}
	if (!swap_safe(coverage | record.cover))
		unmet |= KREDACT_REQUIRE_LOCKED;

	if (record.cover) {
		err = record_add(&record, handle);
		if (err)
			goto undo;
	} else {
		*handle = kernel;
	}
	if (unmet & ~__atomic_load_n(&kr_unmet, __ATOMIC_RELAXED))
		__atomic_or_fetch(&kr_unmet, unmet, __ATOMIC_RELAXED);
	return 0;

undo:
	if (record.cover & KREDACT_COVER_MLOCK)
		kr_cover_drop(KREDACT_COVER_MLOCK, addr, len);
	if (record.cover & KREDACT_COVER_DONTDUMP)
		kr_cover_drop(KREDACT_COVER_DONTDUMP, addr, len);
	return err;
}

/* The range has passed kr_check_range(). */
int kr_protect(uintptr_t addr, size_t len, const struct kr_request *req, uint64_t *handle)
{
	unsigned int coverage = 0;
	uint64_t kernel = 0;
	int err;

	err = module_register(addr, len, req, &kernel, &coverage);
	if (err && !may_fall_back(err, req))
		return err;
	/* The module counts up from 1, and 2^63 is out of its reach. */
	if (kernel & HANDLE_OWN) {
		module_unregister(kernel);
		return -EPROTO;
	}
	err = protect_more(addr, len, req, kernel, coverage, handle);
	if (err && kernel)
		module_unregister(kernel);
	return err;
}

int kr_unprotect(uint64_t handle)
{
	struct record record;
	int err, ret = 0;

	if (!(handle & HANDLE_OWN))
		return module_unregister(handle);

	err = record_remove(handle, &record);
	if (err)
		return err;
	if (record.kernel)
		ret = module_unregister(record.kernel);
	if (record.cover & KREDACT_COVER_MLOCK)
		kr_cover_drop(KREDACT_COVER_MLOCK, record.addr, record.len);
	if (record.cover & KREDACT_COVER_DONTDUMP) {
		err = kr_cover_drop(KREDACT_COVER_DONTDUMP, record.addr, record.len);
		if (!ret)
			ret = err;
	}
	return ret;
}

/* What the module would say, said for the fall-back as well. */
int kr_check_range(uintptr_t addr, size_t len)
{
	if (!len)
		return -EINVAL;
	if (len > KREDACT_LEN_MAX)
		return -EFBIG;
	if (addr + len < addr)
		return -EOVERFLOW;
	return 0;
}

static int read_opts(const struct kredact_opts *opts, struct kr_request *req)
{
	struct kredact_opts known = { 0 };
	const char *tail = (const char *)opts;

	if (opts) {
		if (opts->size < OPTS_SIZE_VER0)
			return -EINVAL;
		for (size_t i = sizeof(known); i < opts->size; i++)
			if (tail[i])
				return -E2BIG;
		memcpy(&known, opts, opts->size < sizeof(known) ? opts->size : sizeof(known));
	}
	if (known.flags & ~FLAGS_ALL || known.require & ~REQUIRE_ALL)
		return -EINVAL;

	*req = (struct kr_request) {
		.label = known.label,
		.flags = known.flags,
		.require = known.require | __atomic_load_n(&kr_required, __ATOMIC_RELAXED),
	};
	if (known.label)
		req->label_len = (uint32_t)strnlen(known.label, KREDACT_LABEL_MAX + 1);
	if (req->label_len > KREDACT_LABEL_MAX)
		return -ENAMETOOLONG;
	if (!req->label_len)
		req->label = NULL;
	return 0;
}

KR_API int kredact_register(const void *addr, size_t len, const struct kredact_opts *opts,
			    uint64_t *handle)
{
	struct kr_request req;
	uint64_t h = 0;
	int err;

	kr_init();
	if (handle)
		*handle = 0;
	err = read_opts(opts, &req);
	if (!err)
		err = kr_check_range((uintptr_t)addr, len);
	if (!err)
		err = kr_protect((uintptr_t)addr, len, &req, &h);
	if (!err && handle)
		*handle = h;
	return err;
}

/* A piece of a batch for one system call; *@failed counts from its start. */
static int module_batch(struct kredact_range *ranges, uint32_t nr, const struct kr_request *req,
			unsigned int *coverage, size_t *failed)
{
	struct kredact_batch arg = {
		.size = sizeof(arg),
		.flags = req->flags,
		.ranges = (uintptr_t)ranges,
		.nr = nr,
		.label_len = req->label_len,
		.label = (uintptr_t)req->label,
		.failed = nr,
	};
	int err;

	err = kr_device_ioctl(KREDACT_IOC_REGISTER_BATCH, &arg);
	*failed = arg.failed < nr ? arg.failed : nr;
	*coverage = arg.coverage;
	return err;
}

static void unprotect_all(struct kredact_range *ranges, size_t nr)
{
	while (nr--) {
		kr_unprotect(ranges[nr].handle);
		ranges[nr].handle = 0;
	}
}

/* All or nothing; *@failed counts from the start of the piece, and is @nr if it is none. */
static int batch_piece(struct kredact_range *ranges, uint32_t nr, const struct kr_request *req,
		       size_t *failed)
{
	unsigned int coverage = 0;
	uint64_t kernel, handle;
	uint32_t done;
	bool tagged;
	int err;

	err = module_batch(ranges, nr, req, &coverage, failed);
	if (err && !may_fall_back(err, req))
		return err;
	tagged = !err;

	for (done = 0; done < nr; done++) {
		kernel = tagged ? ranges[done].handle : 0;
		err = kernel & HANDLE_OWN ? -EPROTO :
		      protect_more(ranges[done].addr, ranges[done].len, req, kernel, coverage,
				   &handle);
		if (err)
			goto undo;
		ranges[done].handle = handle;
	}
	return 0;

undo:
	*failed = done;
	unprotect_all(ranges, done);
	for (uint32_t i = done; tagged && i < nr; i++)
		module_unregister(ranges[i].handle);
	return err;
}

KR_API int kredact_register_batch(struct kredact_range *ranges, size_t nr,
				  const struct kredact_opts *opts, size_t *failed)
{
	size_t done = 0, bad = nr;
	struct kr_request req;
	uint32_t piece;
	int err;

	kr_init();
	err = read_opts(opts, &req);
	if (!err && !nr)
		err = -EINVAL;
	for (size_t i = 0; !err && i < nr; i++) {
		err = kr_check_range(ranges[i].addr, ranges[i].len);
		if (err)
			bad = i;
	}
	for (; !err && done < nr; done += piece) {
		piece = nr - done > KREDACT_BATCH_MAX ? KREDACT_BATCH_MAX : (uint32_t)(nr - done);
		err = batch_piece(ranges + done, piece, &req, &bad);
		if (err) {
			bad = bad < piece ? done + bad : nr;
			break;
		}
	}
	if (err) {
		unprotect_all(ranges, done);
		for (size_t i = done; i < nr; i++)
			ranges[i].handle = 0;
	}
	if (failed)
		*failed = err ? bad : nr;
	return err;
}

KR_API int kredact_unregister(uint64_t handle)
{
	kr_init();
	return handle ? kr_unprotect(handle) : -ENOENT;
}

KR_API int kredact_require(unsigned int require)
{
	if (require & ~REQUIRE_ALL)
		return -EINVAL;
	kr_init();
	__atomic_or_fetch(&kr_required, require, __ATOMIC_RELAXED);
	if (__atomic_load_n(&kr_unmet, __ATOMIC_RELAXED) & require)
		return -EBUSY;
	if (require & KREDACT_REQUIRE_MODULE && kr_device_open() < 0)
		return -ENODEV;
	return 0;
}

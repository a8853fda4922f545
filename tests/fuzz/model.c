// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle: see model.h. Lists that are searched from end to end: there are
 * a few hundred ranges at most, and it shall be plain.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model.h"

#define PIECES_MAX	2000

/* One piece of a registration. */
struct piece {
	uint64_t start, last;
	uint64_t handle;
	uint32_t flags;
};

struct area areas[2];
uint64_t task_size;
char model_why[256];
struct pidfd pidfds[PIDFDS];

static struct piece pieces[PIECES_MAX];
static unsigned int nr_pieces;
static uint64_t old_handles[64];
static struct kredact_range *ranges;	/* of the batch that was predicted last */
static int mem = -1;
/* The call that was predicted last acts on another process. */
static bool elsewhere;

#define wrong(...) (snprintf(model_why, sizeof(model_why), __VA_ARGS__), false)

bool model_init(struct kredact_range *room)
{
	ranges = room;
	mem_reopen();
	return mem >= 0;
}

void mem_reopen(void)
{
	close(mem);
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

/* Page by page: of a device, the kernel would read on behind the mapping. */
static size_t on_page(uint64_t addr, size_t len)
{
	size_t rest = PAGE - addr % PAGE;

	return len < rest ? len : rest;
}

size_t peek(uint64_t addr, void *to, size_t len)
{
	size_t done = 0;
	ssize_t n;

	for (; done < len; done += n) {
		n = pread(mem, (char *)to + done, on_page(addr + done, len - done), addr + done);
		if (n <= 0)
			break;
	}
	return done;
}

size_t poke(uint64_t addr, const void *from, size_t len)
{
	size_t done = 0;
	ssize_t n;

	for (; done < len; done += n) {
		n = pwrite(mem, (const char *)from + done, on_page(addr + done, len - done),
			   addr + done);
		if (n <= 0)
			break;
	}
	return done;
}

struct page *model_page(uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (addr >= areas[i].start && addr - areas[i].start < areas[i].nr * PAGE)
			return &areas[i].pages[(addr - areas[i].start) / PAGE];
	return NULL;
}

static void cut(uint64_t start, uint64_t last)
{
	unsigned int i, end = nr_pieces;

	for (i = 0; i < end; i++) {
		struct piece *p = &pieces[i], tail = *p;

		if (p->last < start || p->start > last)
			continue;
		tail.start = last + 1;
		if (p->start < start) {
			if (p->last > last)
				pieces[nr_pieces++] = tail;
			p->last = start - 1;
		} else if (p->last > last) {
			p->start = last + 1;
		} else {
			old_handles[p->handle % 64] = p->handle;
			*p = pieces[--nr_pieces];
			if (nr_pieces < end) {
				end = nr_pieces;
				i--;
			}
		}
	}
}

void model_unmap(uint64_t addr, uint64_t len)
{
	uint64_t at;

	cut(addr, addr + len - 1);
	for (at = addr; at < addr + len; at += PAGE)
		if (model_page(at))
			*model_page(at) = (struct page){ 0 };
}

void model_map(uint64_t addr, uint64_t len, enum kind kind, int prot)
{
	uint64_t at;

	model_unmap(addr, len);
	for (at = addr; at < addr + len; at += PAGE)
		*model_page(at) = (struct page){ .kind = kind, .prot = prot };
}

void model_move(uint64_t from, uint64_t old_len, uint64_t to, uint64_t new_len, bool stays)
{
	uint64_t len = old_len < new_len ? old_len : new_len, at;
	struct page copy[ARENA_PAGES];
	unsigned int i, end;

	for (i = 0; i < old_len / PAGE; i++)
		copy[i] = *model_page(from + i * PAGE);
	model_unmap(to, new_len);
	if (len < old_len)
		model_unmap(from + len, old_len - len);
	for (i = 0, end = nr_pieces; i < end; i++) {
		struct piece *p = &pieces[i], moved = *p;

		if (p->last < from || p->start >= from + len)
			continue;
		/* Its ends stay behind as pieces of their own. */
		if (p->start < from) {
			moved.last = from - 1;
			pieces[nr_pieces++] = moved;
			p->start = from;
		}
		if (p->last >= from + len) {
			moved = *p;
			moved.start = from + len;
			pieces[nr_pieces++] = moved;
			p->last = from + len - 1;
		}
		p->start += to - from;
		p->last += to - from;
	}
	for (at = 0; at < new_len; at += PAGE)
		*model_page(to + at) = copy[at < old_len ? at / PAGE : old_len / PAGE - 1];
	for (at = 0; !stays && at < len; at += PAGE)
		*model_page(from + at) = (struct page){ 0 };
}

void model_resync(void)
{
	unsigned char vec;
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < areas[i].nr; j++) {
			uint64_t at = areas[i].start + j * PAGE;

			if (areas[i].pages[j].kind != UNMAPPED &&
			    mincore((void *)at, PAGE, &vec) && errno == ENOMEM)
				model_unmap(at, PAGE);
		}
	}
}

/* Bytes from @addr on that a call can read, or write, up to @len. */
static uint64_t accessible(uint64_t addr, uint64_t len, int prot)
{
	uint64_t at = addr;

	if (addr >= BUFFER && addr - BUFFER < BUFFER_LEN && len <= BUFFER_LEN - (addr - BUFFER))
		return len;
	for (; at < addr + len; at = (at | (PAGE - 1)) + 1) {
		struct page *page = model_page(at);

		if (!page || page->kind == UNMAPPED || !(page->prot & prot))
			break;
	}
	return at > addr ? (at - addr < len ? at - addr : len) : 0;
}

/* 0, -EFAULT or UNPREDICTABLE. */
static int get(uint64_t addr, void *to, uint64_t len)
{
	if (!len)
		return 0;
	if (accessible(addr, len, PROT_READ) < len)
		return -EFAULT;
	return peek(addr, to, len) == len ? 0 : UNPREDICTABLE;
}

static int check_range(uint64_t addr, uint64_t len)
{
	if (!len)
		return -EINVAL;
	if (len > KREDACT_LEN_MAX)
		return -EFBIG;
	if (addr + len < addr)
		return -EOVERFLOW;
	return addr + len > task_size ? -EADDRNOTAVAIL : 0;
}

static int check_mapped(uint64_t addr, uint64_t len)
{
	uint64_t end = addr + len;

	for (; addr < end; addr = (addr | (PAGE - 1)) + 1) {
		struct page *page = model_page(addr);

		if (!page || page->kind == UNMAPPED)
			return -ENXIO;
		if (page->kind == DEVICE)
			return -EOPNOTSUPP;
	}
	return 0;
}

static int check_label(uint64_t label, uint32_t len)
{
	char text[KREDACT_LABEL_MAX];
	int ret;

	if (len > KREDACT_LABEL_MAX)
		return -ENAMETOOLONG;
	ret = get(label, text, len);
	return ret ?: memchr(text, 0, len) ? -EINVAL : 0;
}

static bool flags_valid(uint32_t flags)
{
	const uint32_t pins = KREDACT_PIN | KREDACT_NOPIN;
	const uint32_t hunted = KREDACT_HUNT | KREDACT_GROUP;
	const uint32_t all = KREDACT_EXACT | pins | hunted | KREDACT_NOHUNT | KREDACT_REGS |
			     KREDACT_STRICT | KREDACT_PIDFD;

	return !(flags & ~all) && (flags & pins) != pins &&
	       !((flags & KREDACT_NOHUNT) && (flags & hunted));
}

static int check_pidfd(uint32_t flags, uint32_t pidfd, uint32_t reserved)
{
	unsigned int i;

	if (reserved || (!(flags & KREDACT_PIDFD) && pidfd))
		return -EINVAL;
	if (!(flags & KREDACT_PIDFD))
		return 0;
	for (i = 0; i < PIDFDS && pidfds[i].fd != (int)pidfd;)
		i++;
	elsewhere = i < PIDFDS && pidfds[i].result == UNPREDICTABLE;
	return i < PIDFDS ? pidfds[i].result : -EBADF;
}

/* Pins that were asked for may not be had. */
static int check_pins(uint32_t flags)
{
	return flags & KREDACT_PIN ? UNPREDICTABLE : 0;
}

static int predict_batch(const struct kredact_batch *batch)
{
	uint64_t bytes = batch->nr * sizeof(*ranges);
	uint32_t i;
	int ret;

	if (!flags_valid(batch->flags) || !batch->nr)
		return -EINVAL;
	if (batch->nr > KREDACT_BATCH_MAX)
		return -E2BIG;
	ret = check_label(batch->label, batch->label_len) ?: get(batch->ranges, ranges, bytes) ?:
	      check_pidfd(batch->flags, batch->pidfd, batch->reserved);
	for (i = 0; i < batch->nr && !ret; i++)
		ret = check_range(ranges[i].addr, ranges[i].len);
	for (i = 0; i < batch->nr && !ret; i++)
		ret = check_mapped(ranges[i].addr, ranges[i].len);
	ret = ret ?: check_pins(batch->flags);
	if (!ret && accessible(batch->ranges, bytes, PROT_WRITE) < bytes)
		ret = -EFAULT;
	return ret;
}

static bool known(uint64_t handle)
{
	unsigned int i;

	for (i = 0; i < nr_pieces; i++)
		if (pieces[i].handle == handle)
			return true;
	return false;
}

union args {
	uint32_t size;
	uint8_t bytes[PAGE];
	struct kredact_register reg;
	struct kredact_unregister unreg;
	struct kredact_batch batch;
	struct kredact_query query;
	struct kredact_info info;
	struct kredact_key key;
	struct kredact_events events;
};

static const struct call {
	unsigned int min, size;
	bool out;
} calls[] = {
	{ KREDACT_REGISTER_SIZE_VER0, sizeof(struct kredact_register), true },
	{ KREDACT_UNREGISTER_SIZE_VER0, sizeof(struct kredact_unregister), false },
	{ KREDACT_BATCH_SIZE_VER0, sizeof(struct kredact_batch), true },
	{ KREDACT_QUERY_SIZE_VER0, sizeof(struct kredact_query), true },
	{ KREDACT_INFO_SIZE_VER0, sizeof(struct kredact_info), true },
	{ KREDACT_KEY_SIZE_VER0, sizeof(struct kredact_key), true },
	[_IOC_NR(KREDACT_IOC_EVENTS)] = {
		KREDACT_EVENTS_SIZE_VER0, sizeof(struct kredact_events), false },
};

/* What stands at @addr: as copy_struct_from_user() takes it. */
static int get_args(unsigned int cmd, uint64_t addr, union args *args)
{
	const struct call *call = &calls[_IOC_NR(cmd)];
	uint32_t size, i;
	int ret;

	memset(args, 0, sizeof(*args));
	if (_IOC_TYPE(cmd) != KREDACT_IOC_MAGIC || _IOC_NR(cmd) >= sizeof(calls) / sizeof(*calls))
		return -ENOTTY;
	ret = get(addr, &size, sizeof(size));
	if (ret)
		return ret;
	if (size > PAGE)
		return -E2BIG;
	if (size < call->min)
		return -EINVAL;
	for (i = call->size; i < size; i++) {
		ret = get(addr + i, &args->bytes[i], 1);
		if (ret)
			return ret;
		if (args->bytes[i])
			return -E2BIG;
	}
	ret = get(addr, args, size < call->size ? size : call->size);
	if (ret)
		return ret;
	if (call->out && accessible(addr, size < call->size ? size : call->size, PROT_WRITE) <
	    (size < call->size ? size : call->size))
		return -EFAULT;
	return 0;
}

/* There is a stream for the log already, or so it seems where others open one. */
static int predict_events(uint32_t flags)
{
	switch (flags) {
	case 0:
	case KREDACT_EVENTS_PAST:
		return 0;
	case KREDACT_EVENTS_RESUME:
	case KREDACT_EVENTS_RESUME | KREDACT_EVENTS_KEEP:
		return UNPREDICTABLE;
	}
	return -EINVAL;
}

int model_predict(unsigned int cmd, uint64_t addr)
{
	union args args;
	int ret = get_args(cmd, addr, &args);

	elsewhere = false;
	if (ret)
		return ret;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(KREDACT_IOC_REGISTER):
		if (!flags_valid(args.reg.flags))
			return -EINVAL;
		return check_label(args.reg.label, args.reg.label_len) ?:
		       check_pidfd(args.reg.flags, args.reg.pidfd, args.reg.reserved) ?:
		       check_range(args.reg.addr, args.reg.len) ?:
		       check_mapped(args.reg.addr, args.reg.len) ?: check_pins(args.reg.flags);
	case _IOC_NR(KREDACT_IOC_UNREGISTER):
		if (args.unreg.flags & ~KREDACT_PIDFD)
			return -EINVAL;
		return check_pidfd(args.unreg.flags, args.unreg.pidfd, args.unreg.reserved) ?:
		       (known(args.unreg.handle) ? 0 : -ENOENT);
	case _IOC_NR(KREDACT_IOC_REGISTER_BATCH):
		return predict_batch(&args.batch);
	case _IOC_NR(KREDACT_IOC_QUERY):
		if (args.query.flags & ~KREDACT_PIDFD)
			return -EINVAL;
		return check_pidfd(args.query.flags, args.query.pidfd, args.query.reserved) ?:
		       check_range(args.query.addr, args.query.len);
	case _IOC_NR(KREDACT_IOC_SET_KEY):
		if (args.key.flags || args.key.reserved || args.key.key_len < KREDACT_KEY_MIN ||
		    args.key.key_len > KREDACT_KEY_MAX)
			return -EINVAL;
		return get(args.key.key, args.bytes, args.key.key_len);
	case _IOC_NR(KREDACT_IOC_EVENTS):
		return predict_events(args.events.flags);
	}
	return 0;
}

static bool add(uint64_t addr, uint64_t len, uint32_t flags, uint64_t handle)
{
	if (!handle || handle >> 63 || known(handle))
		return wrong("a handle 0x%llx", (unsigned long long)handle);
	if (nr_pieces == PIECES_MAX)
		return wrong("the model is full");
	pieces[nr_pieces++] = (struct piece){ addr, addr + len - 1, handle, flags };
	return true;
}

static bool check_coverage(uint32_t coverage, bool covered)
{
	uint32_t all = KREDACT_COVER_CORE | KREDACT_COVER_FORK | KREDACT_COVER_MREMAP |
		       KREDACT_COVER_READERS;

	if (covered ? (coverage & all) != all : coverage)
		return wrong("coverage 0x%x", coverage);
	return true;
}

static bool check_query(const struct kredact_query *query)
{
	uint64_t last = query->addr + query->len - 1;

	if (query->tagged != model_tagged(query->addr, last) ||
	    query->nr != model_nr(query->addr, last))
		return wrong("0x%llx + 0x%llx: tagged %llu, not %llu, %u ranges, not %u",
			     query->addr, query->len, query->tagged,
			     (unsigned long long)model_tagged(query->addr, last), query->nr,
			     model_nr(query->addr, last));
	return check_coverage(query->coverage, query->tagged == query->len);
}

bool model_check_list(const struct kredact_tag *tags, unsigned int nr)
{
	unsigned int i, k;

	if (nr != nr_pieces)
		return wrong("%u tags are listed, not %u", nr, nr_pieces);
	for (i = 0; i < nr; i++) {
		if (i && tags[i].addr < tags[i - 1].addr)
			return wrong("0x%llx is listed behind 0x%llx", tags[i].addr, tags[i - 1].addr);
		for (k = 0; k < nr_pieces; k++)
			if (tags[i].handle == pieces[k].handle && tags[i].addr == pieces[k].start &&
			    tags[i].addr + tags[i].len - 1 == pieces[k].last &&
			    tags[i].flags == (pieces[k].flags & KREDACT_EXACT))
				break;
		if (k == nr_pieces)
			return wrong("0x%llx + 0x%llx is listed, handle 0x%llx", tags[i].addr,
				     tags[i].len, tags[i].handle);
	}
	return true;
}

bool model_check(unsigned int cmd, uint64_t addr, int predicted, int ret)
{
	union args args = { 0 };
	unsigned int i;

	if (predicted != UNPREDICTABLE && ret != predicted)
		return wrong("%d instead of %d", ret, predicted);
	if (ret || elsewhere)
		return true;
	peek(addr, &args, sizeof(args.size));
	if (args.size > sizeof(args) || peek(addr, &args, args.size) != args.size)
		return wrong("arguments of a call that succeeded cannot be read");
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(KREDACT_IOC_REGISTER):
		return add(args.reg.addr, args.reg.len, args.reg.flags, args.reg.handle) &&
		       check_coverage(args.reg.coverage, true);
	case _IOC_NR(KREDACT_IOC_UNREGISTER):
		old_handles[args.unreg.handle % 64] = args.unreg.handle;
		for (i = 0; i < nr_pieces;)
			if (pieces[i].handle == args.unreg.handle)
				pieces[i] = pieces[--nr_pieces];
			else
				i++;
		break;
	case _IOC_NR(KREDACT_IOC_REGISTER_BATCH):
		if (args.batch.failed != args.batch.nr)
			return wrong("failed is %u", args.batch.failed);
		/* The array may lie over the struct: addresses as they were predicted with. */
		for (i = 0; i < args.batch.nr; i++) {
			struct kredact_range told;

			peek(args.batch.ranges + i * sizeof(told), &told, sizeof(told));
			if (!add(ranges[i].addr, ranges[i].len, args.batch.flags, told.handle))
				return false;
		}
		return check_coverage(args.batch.coverage, true);
	case _IOC_NR(KREDACT_IOC_QUERY):
		return check_query(&args.query);
	case _IOC_NR(KREDACT_IOC_INFO):
		if (args.info.my_ranges != nr_pieces)
			return wrong("%llu ranges instead of %u", args.info.my_ranges, nr_pieces);
		break;
	}
	return true;
}

void model_redact(uint64_t addr, uint8_t *copy)
{
	uint64_t last = addr + PAGE - 1;
	unsigned int i;

	for (i = 0; i < nr_pieces; i++) {
		struct piece *p = &pieces[i];
		uint64_t a = addr, b = last;

		if (p->last < addr || p->start > last)
			continue;
		if (p->flags & KREDACT_EXACT) {
			a = p->start > a ? p->start : a;
			b = p->last < b ? p->last : b;
		}
		memset(copy + (a - addr), 0, b - a + 1);
	}
}

/* Of the bytes from @addr to @last, all on one page. */
static uint64_t tagged_on_page(uint64_t addr, uint64_t last)
{
	static uint8_t copy[PAGE];
	uint64_t page = addr & -PAGE, at, nr = 0;
	bool exact = false;
	unsigned int i;

	for (i = 0; i < nr_pieces; i++) {
		if (pieces[i].start > page + PAGE - 1 || pieces[i].last < page)
			continue;
		if (!(pieces[i].flags & KREDACT_EXACT))
			return last - addr + 1;
		exact = true;
	}
	if (!exact)
		return 0;
	memset(copy, 1, PAGE);
	model_redact(page, copy);
	for (at = addr; at <= last; at++)
		nr += !copy[at - page];
	return nr;
}

uint64_t model_tagged(uint64_t addr, uint64_t last)
{
	uint64_t nr = 0;
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < areas[i].nr; j++) {
			uint64_t from = areas[i].start + j * PAGE, to = from + PAGE - 1;

			from = from > addr ? from : addr;
			to = to < last ? to : last;
			if (from <= to)
				nr += tagged_on_page(from, to);
		}
	}
	return nr;
}

unsigned int model_nr(uint64_t addr, uint64_t last)
{
	unsigned int i, nr = 0;

	for (i = 0; i < nr_pieces; i++)
		nr += pieces[i].start <= last && pieces[i].last >= addr;
	return nr;
}

uint64_t model_handle(uint32_t random)
{
	if (random % 8 < 6 && nr_pieces)
		return pieces[(random >> 4) % nr_pieces].handle;
	if (random % 8 == 6)
		return old_handles[(random >> 4) % 64];
	return (nr_pieces ? pieces[0].handle : 0) ^ 1ull << ((random >> 4) % 64);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The way to the module, with a device of the test's own: ioctl() is wrapped at
 * link time, and the device is /dev/null. It keeps to the contract in
 * <linux/kredact.h>; what the real module does is tested in virtual machines.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/stat.h>
#include "common.h"
#include "internal.h"

#define REGS	200000

int __wrap_ioctl(int fd, unsigned long cmd, ...);

/* The device: what it has, what it saw, and what it is to do next. */
static struct {
	struct { uint64_t addr, len; bool live; } reg[REGS];
	uint64_t nr;
	size_t live;
	unsigned int calls, registers, batches, strangers;
	int fd;
	struct kredact_register last;
	struct kredact_batch last_batch;
	char label[KREDACT_LABEL_MAX + 1];
	uint32_t abi, coverage;
	uint64_t tagged_less;		/* query: so many bytes are not tagged */
	bool wiped;			/* the last range to be unregistered held zeros */
	int fail[8];			/* errnos of the next calls; 0: works */
	int fail_batch_after;		/* so many batches work, then errno and index below */
	int batch_errno;
	uint32_t batch_failed;
} dev = { .abi = KREDACT_ABI_VERSION, .coverage = KREDACT_COVER_CORE | KREDACT_COVER_FORK,
	  .fail_batch_after = -1 };

static uint64_t add(uint64_t addr, uint64_t len)
{
	must(dev.nr < REGS, "the test's device is full");
	dev.reg[dev.nr].addr = addr;
	dev.reg[dev.nr].len = len;
	dev.reg[dev.nr].live = true;
	dev.live++;
	return ++dev.nr;
}

static int dev_register(struct kredact_register *r)
{
	if (r->size != sizeof(*r) || r->coverage || r->handle)
		return EINVAL;
	dev.registers++;
	dev.last = *r;
	memset(dev.label, 0, sizeof(dev.label));
	if (r->label_len)
		memcpy(dev.label, (void *)(uintptr_t)r->label, r->label_len);
	r->handle = add(r->addr, r->len);
	r->coverage = dev.coverage;
	return 0;
}

static int dev_batch(struct kredact_batch *b)
{
	struct kredact_range *r = (void *)(uintptr_t)b->ranges;

	if (b->size != sizeof(*b) || !b->nr || b->nr > KREDACT_BATCH_MAX)
		return EINVAL;
	dev.last_batch = *b;
	b->failed = b->nr;
	if (dev.fail_batch_after >= 0 && (int)dev.batches++ >= dev.fail_batch_after) {
		b->failed = dev.batch_failed;
		return dev.batch_errno;
	}
	for (uint32_t i = 0; i < b->nr; i++)
		r[i].handle = add(r[i].addr, r[i].len);
	b->coverage = dev.coverage;
	return 0;
}

static int dev_query(struct kredact_query *q)
{
	if (q->size != sizeof(*q))
		return EINVAL;
	for (uint64_t i = 0; i < dev.nr; i++) {
		if (!dev.reg[i].live || q->addr < dev.reg[i].addr ||
		    q->addr + q->len > dev.reg[i].addr + dev.reg[i].len)
			continue;
		q->nr++;
		q->tagged = q->len - dev.tagged_less;
		q->coverage = dev.coverage;
	}
	return 0;
}

static int dev_call(unsigned long cmd, void *arg)
{
	struct kredact_unregister *u = arg;
	struct kredact_info *info = arg;

	switch (cmd) {
	case KREDACT_IOC_INFO:
		if (info->size != sizeof(*info))
			return EINVAL;
		info->abi = dev.abi;
		return 0;
	case KREDACT_IOC_REGISTER:
		return dev_register(arg);
	case KREDACT_IOC_REGISTER_BATCH:
		return dev_batch(arg);
	case KREDACT_IOC_UNREGISTER:
		if (u->size != sizeof(*u) || u->flags)
			return EINVAL;
		if (!u->handle || u->handle > dev.nr || !dev.reg[u->handle - 1].live)
			return ENOENT;
		dev.reg[u->handle - 1].live = false;
		dev.live--;
		dev.wiped = all_bytes((void *)(uintptr_t)dev.reg[u->handle - 1].addr,
				      dev.reg[u->handle - 1].len, 0);
		return 0;
	case KREDACT_IOC_QUERY:
		return dev_query(arg);
	default:
		return ENOTTY;
	}
}

int __wrap_ioctl(int fd, unsigned long cmd, ...)
{
	struct stat st;
	va_list ap;
	void *arg;
	int err;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);

	dev.calls++;
	if (fstat(fd, &st) || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		dev.strangers++;
		errno = ENOTTY;
		return -1;
	}
	dev.fd = fd;
	err = dev.fail[0];
	memmove(dev.fail, dev.fail + 1, sizeof(dev.fail) - sizeof(dev.fail[0]));
	if (!err)
		err = dev_call(cmd, arg);
	errno = err;
	return err ? -1 : 0;
}

static size_t page;

/* In a child, as the library keeps the descriptor. */
static int open_with(void *arg)
{
	kr_device_path = arg;
	return -kredact_module();
}

static int open_abi(void *arg)
{
	dev.abi = KREDACT_ABI_VERSION + 1;
	(void)arg;
	return -kredact_module();
}

static int open_not_ours(void *arg)
{
	(void)arg;
	dev.fail[0] = ENOTTY;
	return -kredact_module();
}

static int open_low(void *arg)
{
	struct stat st;

	(void)arg;
	close(0);
	close(1);
	if (kredact_module())
		return 1;
	if (dev.fd <= 2 || !fstat(0, &st) || !fstat(1, &st))
		return 2;
	return fcntl(dev.fd, F_GETFD) & FD_CLOEXEC ? 0 : 3;
}

static void test_open(void)
{
	static char nowhere[] = "/nonexistent/kredact", below[] = "/dev/null/kredact";
	char file[] = "/tmp/kredact-device-XXXXXX";
	int fd = mkstemp(file);

	must(fd >= 0, "mkstemp");
	ok_eq(WEXITSTATUS(in_child(open_with, nowhere, NULL, 0)), ENODEV, "no such file: ENODEV");
	ok_eq(WEXITSTATUS(in_child(open_with, below, NULL, 0)), ENODEV, "no such folder: ENODEV");
	ok_eq(WEXITSTATUS(in_child(open_with, file, NULL, 0)), ENODEV, "an ordinary file: ENODEV");
	ok_eq(WEXITSTATUS(in_child(open_not_ours, NULL, NULL, 0)), ENODEV,
	      "a device that does not know the call: ENODEV");
	ok_eq(WEXITSTATUS(in_child(open_abi, NULL, NULL, 0)), EPROTONOSUPPORT,
	      "another ABI: EPROTONOSUPPORT");
	ok(child_ok(open_low, NULL),
	   "the descriptor is above 2 though 0 and 1 are free, and O_CLOEXEC");
	ok_eq(kredact_module(), 0, "control: the device opens");
	ok(fcntl(dev.fd, F_GETFD) & FD_CLOEXEC, "O_CLOEXEC");
	close(fd);
	unlink(file);
}

static void test_register(void)
{
	KREDACT_OPTS(opts, .label = "signing key", .flags = KREDACT_EXACT);
	char *m = map_pages(1);
	unsigned int flags;
	uint64_t h = 0;

	ok_eq(kredact_register(m + 5, 100, &opts, &h), 0, "register");
	ok(dev.last.addr == (uintptr_t)m + 5 && dev.last.len == 100, "address and length arrive");
	ok(dev.last.flags == KREDACT_EXACT, "so do the flags");
	ok(dev.last.label_len == 11 && !strcmp(dev.label, "signing key"), "and the label");
	ok_eq(h, dev.nr, "the handle is the module's");
	ok(!vm_flag(m, "dd") && !vm_flag(m, "lo"), "the fall-back is not used");
	ok(!kredact_protection(m + 5, 100, &flags) && flags == dev.coverage,
	   "protection is what the module says");
	dev.tagged_less = 1;
	ok(!kredact_protection(m + 5, 100, &flags) && !flags, "none if a byte is not tagged");
	dev.tagged_less = 0;
	ok(!kredact_protection(m, 4, &flags) && !flags, "none where nothing is registered");
	m[5] = 1;
	ok_eq(kredact_unregister(h), 0, "unregister");
	ok(!dev.wiped, "control: wiping is the caller's business");
	ok_eq(kredact_unregister(h), -ENOENT, "a second time: the module's ENOENT");
	ok_eq(kredact_register(m, 8, NULL, NULL), 0, "without options and handle");
	ok(!dev.last.label && !dev.last.label_len && !dev.last.flags, "none arrive");
	kredact_unregister(dev.nr);
	opts.label = "";
	must(!kredact_register(m, 8, &opts, &h), "register");
	ok(!dev.last.label && !dev.last.label_len, "an empty label is none");
	kredact_unregister(h);
	munmap(m, page);
}

/* What only the module can do is asked of it, each alone and all together. */
static void test_wishes(void)
{
	static const uint32_t wishes[] = {
		KREDACT_HUNT, KREDACT_GROUP, KREDACT_REGS, KREDACT_STRICT, KREDACT_EXACT,
		KREDACT_HUNT | KREDACT_GROUP | KREDACT_REGS | KREDACT_STRICT | KREDACT_EXACT,
		KREDACT_NOHUNT,
	};
	const uint32_t all = wishes[5] | wishes[6] | KREDACT_PIN | KREDACT_NOPIN;
	struct kredact_range range = { .len = 8 };
	bool passed = true, batched = true, refused = true;
	KREDACT_OPTS(opts, .label = "wish");
	unsigned int flags, calls;
	char *m = map_pages(1);
	char text[64];
	uint64_t h;

	range.addr = (uintptr_t)m;
	for (size_t i = 0; i < KR_ARRAY_SIZE(wishes); i++) {
		opts.flags = wishes[i];
		passed &= !kredact_register(m, 8, &opts, &h) && dev.last.flags == wishes[i] &&
			  !kredact_unregister(h);
		batched &= !kredact_register_batch(&range, 1, &opts, NULL) &&
			   dev.last_batch.flags == wishes[i] && !kredact_unregister(range.handle);
	}
	ok(passed, "flags arrive as they are");
	ok(batched, "those of a batch, too");
	calls = dev.calls;
	for (unsigned int bit = 0; bit < 32; bit++) {
		opts.flags = 1U << bit;
		if (!(opts.flags & all))
			refused &= kredact_register(m, 8, &opts, &h) == -EINVAL && !h;
	}
	ok(refused && dev.calls == calls, "any other flag is refused here");

	dev.coverage |= KREDACT_COVER_COPIES | KREDACT_COVER_REGS;
	opts.flags = KREDACT_HUNT;
	must(!kredact_register(m, 8, &opts, &h), "register");
	ok(!kredact_protection(m, 8, &flags) && flags == dev.coverage &&
	   kredact_protection_str(flags, text, sizeof(text)) > 0 &&
	   !strcmp(text, "core,fork,copies,regs"), "protection tells of copies and registers");
	kredact_unregister(h);
	dev.coverage &= ~(KREDACT_COVER_COPIES | KREDACT_COVER_REGS);

	dev.fail[0] = EINVAL;
	ok(kredact_register(m, 8, &opts, &h) == -EINVAL && !vm_flag(m, "dd"),
	   "a module that is too old for a flag: EINVAL, and no fall-back");
	dev.fail[0] = EDQUOT;
	ok(!kredact_register(m, 8, &opts, &h) && !kredact_protection(m, 8, &flags) &&
	   flags == (KREDACT_COVER_DONTDUMP | KREDACT_COVER_MLOCK),
	   "the fall-back does not hunt, and does not say so");
	kredact_unregister(h);
	opts.require = KREDACT_REQUIRE_MODULE;
	dev.fail[0] = EDQUOT;
	ok(kredact_register(m, 8, &opts, &h) == -EDQUOT && !vm_flag(m, "dd"),
	   "and can be forbidden");
	munmap(m, page);
}

static void test_errnos(void)
{
	static const int mistakes[] = { EINVAL, EFAULT, E2BIG, ENXIO, EOPNOTSUPP, EADDRNOTAVAIL,
					EFBIG, EOVERFLOW, ENAMETOOLONG };
	static const int lacks[] = { EDQUOT, ENOSPC, ENOMEM, EPERM };
	KREDACT_OPTS(opts, .require = KREDACT_REQUIRE_MODULE);
	bool passed = true, refused = true, fell = true;
	char *m = map_pages(1);
	unsigned int flags, n;
	uint64_t h;

	for (size_t i = 0; i < KR_ARRAY_SIZE(mistakes); i++) {
		dev.fail[0] = mistakes[i];
		passed &= kredact_register(m, 8, NULL, &h) == -mistakes[i] && !h &&
			  !vm_flag(m, "dd");
	}
	ok(passed, "a mistake of the caller is returned, and no fall-back is used");
	for (size_t i = 0; i < KR_ARRAY_SIZE(lacks); i++) {
		dev.fail[0] = lacks[i];
		refused &= kredact_register(m, 8, &opts, &h) == -lacks[i] && !vm_flag(m, "dd");
		dev.fail[0] = lacks[i];
		fell &= !kredact_register(m, 8, NULL, &h) && vm_flag(m, "dd");
		fell &= !kredact_protection(m, 8, &flags) &&
			flags == (KREDACT_COVER_DONTDUMP | KREDACT_COVER_MLOCK);
		fell &= !kredact_unregister(h) && !vm_flag(m, "dd");
	}
	ok(fell, "where the module has no room the fall-back is used, and shown");
	ok(refused, "unless it is forbidden: then the module's errno is returned");

	n = dev.registers;
	dev.fail[0] = dev.fail[1] = EINTR;
	ok(!kredact_register(m, 8, NULL, &h) && dev.registers == n + 1, "EINTR is tried again");
	kredact_unregister(h);
	munmap(m, page);
}

static void test_descriptor(void)
{
	char *m = map_pages(1);
	int fd, other, pipefd[2];
	uint64_t h = 0;

	must(!kredact_module() && !pipe(pipefd), "pipe");
	kredact_protection(m, 1, &(unsigned int){ 0 });
	fd = dev.fd;
	close(fd);
	ok(!kredact_register(m, 8, NULL, &h) && dev.nr == h, "closed by somebody: opened anew");

	fd = dev.fd;
	must(dup2(pipefd[0], fd) == fd, "dup2");
	ok(!kredact_unregister(h) && dev.fd != fd, "a pipe in its place: opened anew");
	ok(fcntl(fd, F_GETFD) >= 0, "and the pipe is not closed");

	fd = dev.fd;
	other = open("/dev/zero", O_RDONLY);
	must(other >= 0 && dup2(other, fd) == fd, "dup2");
	ok(!kredact_register(m, 8, NULL, &h) && dev.fd != fd,
	   "another device in its place: opened anew");
	ok_eq(dev.strangers, 0, "none of these strangers got a call");

	dev.fail[0] = EBADF;
	ok(!kredact_unregister(h), "EBADF between check and call: tried again");
	dev.fail[0] = ENOTTY;
	ok(!kredact_register(m, 8, NULL, &h) && h == dev.nr, "ENOTTY there: tried again");
	kredact_unregister(h);
	close(other);
	close(pipefd[0]);
	close(pipefd[1]);
	munmap(m, page);
}

static void test_locked(void)
{
	KREDACT_OPTS(opts, .require = KREDACT_REQUIRE_LOCKED | KREDACT_REQUIRE_MODULE);
	char *m = map_pages(1);
	size_t live = dev.live;
	unsigned int flags;
	uint64_t h;

	ok(!kredact_register(m, 8, &opts, &h) && h >> 63, "locked, and the module does not pin");
	ok(vm_flag(m, "lo") && !vm_flag(m, "dd"),
	   "the page is locked, and left to the module otherwise");
	ok(!kredact_protection(m, 8, &flags) && flags == (dev.coverage | KREDACT_COVER_MLOCK),
	   "protection names both");
	ok(!kredact_unregister(h) && !vm_flag(m, "lo") && dev.live == live,
	   "both end with the handle");
	dev.coverage |= KREDACT_COVER_SWAP;
	ok(!kredact_register(m, 8, &opts, &h) && h >> 63 && vm_flag(m, "lo"),
	   "locked too if the module pins: a child has the lock again, not the pin");
	kredact_unregister(h);
	opts.require = 0;
	opts.flags = KREDACT_PIN;
	ok(!kredact_register(m, 8, &opts, &h) && h == dev.nr && dev.last.flags == KREDACT_PIN &&
	   !vm_flag(m, "lo"), "a pin is the module's business");
	kredact_unregister(h);
	dev.fail[0] = EDQUOT;
	ok(kredact_register(m, 8, &opts, &h) == -EDQUOT && !h, "and nothing else will do for it");
	dev.coverage &= ~KREDACT_COVER_SWAP;
	munmap(m, page);
}

static void test_batch(void)
{
	enum { NR = KREDACT_BATCH_MAX + 1000 };
	static struct kredact_range r[NR];
	KREDACT_OPTS(opts, .label = "batch", .require = KREDACT_REQUIRE_MODULE);
	char *m = map_pages(1);
	size_t live = dev.live, failed = 0;
	bool good = true;

	for (size_t i = 0; i < NR; i++)
		r[i] = (struct kredact_range) { .addr = (uintptr_t)m + i % 1000, .len = 1 };
	ok_eq(kredact_register_batch(r, 3, &opts, &failed), 0, "a batch");
	ok(dev.last_batch.nr == 3 && dev.last_batch.ranges == (uintptr_t)r &&
	   dev.last_batch.label_len == 5 && failed == 3, "arrives in one call");
	for (size_t i = 0; i < 3; i++)
		good &= r[i].handle == dev.nr - 2 + i && !kredact_unregister(r[i].handle);
	ok(good && dev.live == live, "with the module's handles");

	ok_eq(kredact_register_batch(r, NR, &opts, &failed), 0, "a batch above one call");
	ok(dev.live == live + NR && dev.last_batch.nr == 1000, "arrives in two");
	for (size_t i = 0; i < NR; i++)
		good &= !kredact_unregister(r[i].handle);
	ok(good && dev.live == live, "all handles are good");

	dev.batches = 0;
	dev.fail_batch_after = 1;
	dev.batch_errno = ENXIO;
	dev.batch_failed = 77;
	ok_eq(kredact_register_batch(r, NR, NULL, &failed), -ENXIO, "the second call fails");
	ok_eq(failed, KREDACT_BATCH_MAX + 77, "the range is named");
	ok(dev.live == live && !r[0].handle && !r[NR - 1].handle, "and the first call is undone");
	dev.batches = 0;
	dev.fail_batch_after = 0;
	dev.batch_errno = EDQUOT;
	ok(kredact_register_batch(r, 10, &opts, &failed) == -EDQUOT && !vm_flag(m, "dd"),
	   "no room, the fall-back forbidden: EDQUOT");
	dev.batches = 0;
	ok(!kredact_register_batch(r, 10, NULL, &failed) && vm_flag(m, "dd"),
	   "no room: the fall-back is used");
	for (size_t i = 0; i < 10; i++)
		good &= r[i].handle >> 63 && !kredact_unregister(r[i].handle);
	ok(good && !vm_flag(m, "dd"), "and ends by its handles");
	dev.fail_batch_after = -1;
	munmap(m, page);
}

static void test_alloc(void)
{
	unsigned int before = dev.calls, registers = dev.registers, flags;
	size_t live = dev.live;
	static void *p[1000];
	void *big;

	for (int i = 0; i < 1000; i++)
		must((p[i] = kredact_alloc(64)), "alloc");
	ok(dev.registers > registers && dev.registers <= registers + 3,
	   "1,000 objects of 64 bytes: %u registrations", dev.registers - registers);
	ok(!strcmp(dev.label, KR_ARENA_LABEL), "with the arena's label");
	ok(!kredact_protection(p[7], 64, &flags) &&
	   flags == (dev.coverage | KREDACT_COVER_MLOCK | KREDACT_COVER_GUARD | KREDACT_COVER_WIPE),
	   "their protection");
	ok(!vm_flag(p[7], "dd") && vm_flag(p[7], "lo"), "locked, and left to the module otherwise");
	before = dev.calls;
	for (int i = 0; i < 1000; i++) {
		kredact_free(p[i]);
		p[i] = kredact_alloc(64);
	}
	ok_eq(dev.calls, before, "used again without a call");
	for (int i = 0; i < 1000; i++)
		kredact_free(p[i]);

	live = dev.live;
	big = kredact_alloc(100000);
	ok(big && dev.live == live + 1 && !strcmp(dev.label, KR_LARGE_LABEL) &&
	   dev.last.addr <= (uintptr_t)big &&
	   dev.last.addr + dev.last.len >= (uintptr_t)big + 100000 &&
	   dev.last.addr % page == 0 && dev.last.len % page == 0,
	   "a large object has a registration of whole pages");
	memset(big, 1, 100000);
	kredact_free(big);
	ok_eq(dev.live, live, "that ends with it");
	ok(dev.wiped, "after it was wiped");

	dev.fail[0] = EINVAL;
	errno = 0;
	ok(!kredact_alloc(100000) && errno == EINVAL,
	   "memory that cannot be registered is not given out");
}

static int child_registers(void *arg)
{
	uint64_t h;

	return kredact_register(arg, 8, NULL, &h) || h != dev.nr || dev.strangers;
}

static int require_all(void *arg)
{
	if (kredact_require(KREDACT_REQUIRE_MODULE))
		return 1;
	dev.fail[0] = ENOSPC;
	if (kredact_register(arg, 8, NULL, NULL) != -ENOSPC)
		return 2;
	return kredact_register(arg, 8, NULL, NULL) ? 3 : 0;
}

static int require_busy(void *arg)
{
	dev.fail[0] = ENOSPC;
	if (kredact_register(arg, 8, NULL, NULL))
		return 1;
	return kredact_require(KREDACT_REQUIRE_MODULE) == -EBUSY ? 0 : 2;
}

int main(void)
{
	char *m = map_pages(1);

	kr_device_path = "/dev/null";
	page = (size_t)getpagesize();
	test_open();
	ok(child_ok(require_all, m), "kredact_require(): the module's refusal is final");
	ok(child_ok(require_busy, m), "kredact_require() after a fall-back: EBUSY");
	test_register();
	test_wishes();
	test_errnos();
	test_descriptor();
	test_locked();
	test_batch();
	test_alloc();
	ok(child_ok(child_registers, m), "a child registers through the same descriptor");
	ok_eq(dev.strangers, 0, "no call went to a file that is not the device");
	return tap_done();
}

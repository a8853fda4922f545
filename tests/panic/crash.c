// SPDX-License-Identifier: GPL-2.0
/*
 * Crashes the kernel while an OpenSSL service with registered memory runs, in the way
 * that this program's name says. What becomes of the memory is told by the capture kernel
 * (capture.c), which goes on speaking for this program.
 *
 * All memory is filled with words of pattern.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kredact.h>

#include "../demo/heap.h"
#include "../demo/keys.h"
#include "../demo/wire.h"
#include "pattern.h"

#define PAGE		4096ul
#define WORDS		(PAGE / sizeof(uint64_t))
#define DIR		"/kredact/panic/"
#define MARKER		"kredact-test: this kernel is made to crash\n"
#define SIGNERS		2
#define HEAP_MORE	(1ul << 20)

#ifndef KEXEC_FILE_ON_CRASH
#define KEXEC_FILE_ON_CRASH	0x2ul
#endif

static void poison_page(void);
static void map_much(void);

/* Ways to crash. */
static const struct way {
	const char *name;
	int cpu;		/* where */
	const char *module;	/* parameters of crash.ko, or NULL: sysrq-c */
	void (*also)(void);	/* what the service has besides, or NULL */
	const char *kredact;	/* parameters of kredact.ko, which is not inserted yet; or NULL */
	bool unlimited;		/* the service has no RLIMIT_MEMLOCK */
} ways[] = {
	{ .name = "sysrq" },
	{ .name = "sysrq-notifiers", .cpu = 1 },
	{ .name = "panic", .cpu = 1, .module = "way=panic" },
	{ .name = "null", .module = "way=oops" },
	{ .name = "irq", .module = "way=irq" },
	{ .name = "nmi", .cpu = 1, .module = "way=nmi" },
	{ .name = "nmi-notifiers", .module = "way=nmi" },
	{ .name = "lockup", .cpu = 1, .module = "way=lockup" },
	{ .name = "locked", .module = "way=panic hold=1" },
	{ .name = "locked-irq", .cpu = 1, .module = "way=irq hold=1" },
	{ .name = "locked-nmi-notifiers", .module = "way=nmi hold=1" },
	{ .name = "poison", .module = "way=panic", .also = poison_page },
	{ .name = "cut", .also = map_much, .unlimited = true },
	{ .name = "off", .kredact = "panic=off" },
};

static int device;
/* What no registration is to have. */
static unsigned int uncovered;

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(": %s\n", strerror(err));
	fflush(stdout);
	_exit(1);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("%s", path);
	close(fd);
}

static void *map(size_t pages, int flags, int fd)
{
	void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static uint64_t tag(const void *at, size_t len, unsigned int flags, unsigned int covers)
{
	struct kredact_register reg = {
		.size = sizeof(reg),
		.flags = flags,
		.addr = (uintptr_t)at,
		.len = len,
	};

	if (ioctl(device, KREDACT_IOC_REGISTER, &reg))
		fail("a registration");
	covers &= ~uncovered;
	if ((reg.coverage & covers) != covers || reg.coverage & uncovered) {
		errno = ENOTSUP;
		fail("a registration has coverage %#x", reg.coverage);
	}
	return reg.handle;
}

static void untag(uint64_t handle)
{
	struct kredact_unregister unreg = { .size = sizeof(unreg), .handle = handle };

	if (ioctl(device, KREDACT_IOC_UNREGISTER, &unreg))
		fail("the end of a registration");
}

/* Each of its pages is a registration of its own. */
static void tag_pages(char *at, size_t pages)
{
	struct kredact_range *ranges = calloc(pages, sizeof(*ranges));
	struct kredact_batch batch = {
		.size = sizeof(batch),
		.flags = KREDACT_PIN,
		.ranges = (uintptr_t)ranges,
		.nr = pages,
	};
	size_t i;

	for (i = 0; ranges && i < pages; i++) {
		ranges[i].addr = (uintptr_t)at + i * PAGE;
		ranges[i].len = PAGE;
	}
	if (!ranges || ioctl(device, KREDACT_IOC_REGISTER_BATCH, &batch))
		fail("registering %zu pages", pages);
	if (!(batch.coverage & KREDACT_COVER_PANIC) != !!uncovered) {
		errno = ENOTSUP;
		fail("%zu pages have coverage %#x", pages, batch.coverage);
	}
	free(ranges);
}

/* Tags begin and end at any moment of the crash; what is tagged has the pattern. */
static void *churn(void *arg)
{
	uint64_t index = (uintptr_t)arg << 20, handle;
	volatile uint64_t *at = map(1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	size_t i;

	for (;;) {
		handle = tag((const void *)at, PAGE, KREDACT_PIN, KREDACT_COVER_PANIC);
		pattern_fill(at, WORDS, KIND_CHURN, index);
		for (i = 0; i < WORDS; i++)
			at[i] = 0;
		untag(handle);
		index = (index & ~0xfffffull) | ((index + WORDS) & 0xfffff);
	}
	return NULL;
}

static void load_key(void *arg)
{
	*(EVP_PKEY **)arg = keys_load_private("/kredact/keys/rsa.pem");
}

static void *sign(void *arg)
{
	uint8_t sig[KEYS_SIG_MAX];
	size_t len;

	for (;;)
		if (keys_sign(arg, WIRE_RSA_PSS_SHA256, "message", 7, sig, &len))
			fail("signing");
	return NULL;
}

static void start(void *(*run)(void *arg), void *arg)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, arg);
	if (errno)
		fail("a thread");
}

static void more_memory(void)
{
	void *unpinned, *secret, *huge, *child;
	int fd;

	unpinned = map(OTHER_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	tag(unpinned, OTHER_PAGES * PAGE, KREDACT_NOPIN, KREDACT_COVER_CORE);
	pattern_fill(unpinned, OTHER_PAGES * WORDS, KIND_UNPINNED, 0);

	fd = syscall(SYS_memfd_secret, O_CLOEXEC);
	if (fd < 0 || ftruncate(fd, OTHER_PAGES * PAGE))
		fail("memfd_secret");
	secret = map(OTHER_PAGES, MAP_SHARED, fd);
	tag(secret, OTHER_PAGES * PAGE, 0, KREDACT_COVER_PANIC);
	pattern_fill(secret, OTHER_PAGES * WORDS, KIND_SECRETMEM, 0);

	huge = map(2 * HUGE_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	huge = (void *)(((uintptr_t)huge + HUGE_PAGES * PAGE - 1) & -(HUGE_PAGES * PAGE));
	madvise(huge, HUGE_PAGES * PAGE, MADV_HUGEPAGE);
	tag(huge, HUGE_PAGES * PAGE, KREDACT_PIN, KREDACT_COVER_PANIC);
	pattern_fill(huge, HUGE_PAGES * WORDS, KIND_HUGE, 0);

	child = map(OTHER_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	tag(child, OTHER_PAGES * PAGE, 0, KREDACT_COVER_CORE);
	switch (fork()) {
	case -1:
		fail("fork");
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pattern_fill(child, OTHER_PAGES * WORDS, KIND_CHILD, 0);
		for (;;)
			pause();
	}
}

/* It is not touched again, but its process is told. */
static void on_bus_error(int sig)
{
	(void)sig;
}

/* Memory goes bad, as the kernel has it told by the hardware. */
static void poison_page(void)
{
	char *at = map(POISON_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(at, POISON_PAGES * PAGE, MADV_NOHUGEPAGE);
	tag(at, POISON_PAGES * PAGE, KREDACT_PIN, KREDACT_COVER_PANIC);
	pattern_fill((void *)at, POISON_PAGES * WORDS, KIND_POISON, 0);
	signal(SIGBUS, on_bus_error);
	/* It fails where the page is still in use, and that is what is wanted. */
	if (madvise(at + PAGE, PAGE, MADV_HWPOISON) && errno != EBUSY)
		fail("MADV_HWPOISON");
}

/*
 * More tags without pins than there is time for: a huge page, tagged at so many addresses
 * that zeroing it there again and again takes more than two seconds.
 */
static void map_much(void)
{
	const size_t times = 16384, len = HUGE_PAGES * PAGE;
	char *at = mmap(NULL, (times + 1) * len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			MAP_NORESERVE, -1, 0);
	int fd = memfd_create("much", MFD_CLOEXEC | MFD_HUGETLB);
	size_t i;

	write_text("/proc/sys/vm/nr_hugepages", "1");
	if (at == MAP_FAILED || fd < 0 || ftruncate(fd, len))
		fail("a huge page");
	at = (char *)(((uintptr_t)at + len - 1) & -len);
	for (i = 0; i < times; i++) {
		if (mmap(at + i * len, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			 0) == MAP_FAILED)
			fail("mapping %zu of a huge page", i);
		*(volatile char *)(at + i * len) = 1;
	}
	tag(at, times * len, KREDACT_NOPIN, KREDACT_COVER_CORE);
}

static void lift_limit(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &unlimited))
		fail("RLIMIT_MEMLOCK");
}

/*
 * What the heap gets when all of these pages are pinned: only without the limit it is pinned,
 * and the library says which.
 */
static void look_at_heap(bool pinned)
{
	char *at = kredact_alloc(HEAP_MORE);
	unsigned int covers = 0;

	if (!at || kredact_protection(at, HEAP_MORE, &covers) ||
	    !(covers & KREDACT_COVER_CORE) || !(covers & KREDACT_COVER_SWAP) == pinned ||
	    !(covers & KREDACT_COVER_PANIC) == (pinned && !uncovered)) {
		errno = ENOTSUP;
		fail("more of the heap has coverage %#x", covers);
	}
	kredact_free(at);
}

static void __attribute__((noreturn)) serve(int ready, const struct way *way)
{
	EVP_PKEY *key = NULL;
	uintptr_t i;
	char *pages;

	if (way->unlimited)
		lift_limit();
	if (heap_use_kredact() || heap_run_aside(load_key, &key, true) || !key)
		fail("OpenSSL");
	pages = map(PINNED_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	tag_pages(pages, PINNED_PAGES);
	pattern_fill((void *)pages, PINNED_PAGES * WORDS, KIND_PINNED, 0);
	look_at_heap(way->unlimited);
	more_memory();
	if (way->also)
		way->also();
	for (i = 0; i < CHURN_THREADS; i++)
		start(churn, (void *)i);
	for (i = 0; i < SIGNERS; i++)
		start(sign, key);
	if (write(ready, "", 1) != 1)
		fail("a pipe");
	for (;;)
		pause();
}

/* The pattern as a key: it is where the module's own secrets are, or it is nowhere. */
static void install_key(void)
{
	volatile uint64_t bytes[KEY_BYTES / sizeof(uint64_t)];
	struct kredact_key key = {
		.size = sizeof(key),
		.key = (uintptr_t)bytes,
		.key_len = sizeof(bytes),
	};
	size_t i;

	pattern_fill(bytes, sizeof(bytes) / sizeof(*bytes), KIND_KEY, 0);
	if (ioctl(device, KREDACT_IOC_SET_KEY, &key))
		fail("installing a key");
	for (i = 0; i < sizeof(bytes) / sizeof(*bytes); i++)
		bytes[i] = 0;
}

static void load_capture_kernel(const char *way)
{
	int kernel = open(DIR "vmlinuz", O_RDONLY | O_CLOEXEC);
	int initrd = open(DIR "capture.cpio", O_RDONLY | O_CLOEXEC);
	const char *token = getenv("VM_TOKEN");
	char line[512];

	snprintf(line, sizeof(line), "console=ttyS0 panic=-1 nr_cpus=1 reset_devices VM_TOKEN=%s "
		 "CRASH_WAY=%s CRASH_SAVE=%s", token ? token : "", way,
		 getenv("CRASH_SAVE") ? "yes" : "no");
	if (kernel < 0 || initrd < 0 ||
	    syscall(SYS_kexec_file_load, kernel, initrd, strlen(line) + 1, line,
		    KEXEC_FILE_ON_CRASH))
		fail("the capture kernel");
	close(kernel);
	close(initrd);
}

static void __attribute__((noreturn)) crash(const struct way *way)
{
	int module = open("/kredact/crash.ko", O_RDONLY | O_CLOEXEC);
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(way->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("processor %d", way->cpu);
	write_text("/dev/kmsg", MARKER);
	printf("# crashing\n");
	fflush(stdout);
	/* Both channels to the host shall have it before the capture kernel goes on there. */
	usleep(300000);
	/* Of a kernel that only hangs: what the way "lockup" waits for. */
	write_text("/proc/sys/kernel/watchdog_thresh", "1");
	write_text("/proc/sys/kernel/softlockup_panic", "1");
	if (way->module)
		syscall(SYS_finit_module, module, way->module, 0);
	else
		write_text("/proc/sysrq-trigger", "c");
	fail("the kernel goes on");
}

/* It does nothing when the kernel crashes, and says so of each registration. */
static void insert_kredact(const char *parameters)
{
	int module = open("/kredact/kredact.ko", O_RDONLY | O_CLOEXEC);

	if (module < 0 || syscall(SYS_finit_module, module, parameters, 0))
		fail("kredact.ko %s", parameters);
	close(module);
	uncovered = KREDACT_COVER_PANIC;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const struct way *way = ways;
	int ready[2];
	char byte;

	name = name ? name + 1 : argv[0];
	while (way < ways + sizeof(ways) / sizeof(*ways) && strcmp(way->name, name))
		way++;
	if (argc != 1 || way == ways + sizeof(ways) / sizeof(*ways)) {
		errno = EINVAL;
		fail("%s", name);
	}
	if (way->kredact)
		insert_kredact(way->kredact);
	device = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		fail(KREDACT_DEVICE);
	load_capture_kernel(way->name);
	install_key();
	pattern_fill(map(OTHER_PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1), OTHER_PAGES * WORDS,
		     KIND_CONTROL, 0);
	if (pipe(ready))
		fail("a pipe");
	switch (fork()) {
	case -1:
		fail("fork");
	case 0:
		close(ready[0]);
		serve(ready[1], way);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		fail("the service did not start");
	usleep(300000);
	crash(way);
}

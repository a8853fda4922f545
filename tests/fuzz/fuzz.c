// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz - random sequences of all ioctls of /dev/kredact and of calls that
 * change mappings, with valid, nearly valid and senseless arguments
 *
 *	fuzz [--seed N] [--steps N | --seconds N]
 *
 * Each step is told to the oracle (model.c), which says what must come out;
 * after each one a query must agree with it, and now and then a child crashes,
 * whose core must agree page by page. Between these, children do likewise with
 * four threads and no oracle: there it is the kernel that must not complain.
 * Calls below 4 GiB are made as a 32-bit process makes them, now and then.
 *
 * $KREDACT_SECONDS and $KREDACT_SEED are taken instead of options. TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../selftests/kredact/core.h"
#include "../selftests/kredact/policy.h"
#include "choice.h"
#include "mappings.h"
#include "model.h"

#define PIECES_MAX	300
#define THREADS		4
#define THREAD_STEPS	400
#define CORE_MAX	(8 << 20)

/* In the buffer: for arguments, arrays, labels. */
#define AT_ARGS		BUFFER
#define AT_RANGES	(BUFFER + 4 * PAGE)
#define AT_LABEL	(BUFFER + 500 * PAGE)

#define PIDFD_OF_INIT	(&pidfds[2])

/* Flags of registrations that change no more of a dump than the model knows. */
static const uint32_t known_flags = KREDACT_EXACT | KREDACT_PIN | KREDACT_NOPIN;

static unsigned long long crashes, children, calls;
static struct core core;
static struct kredact_policy policy;
static struct kredact_range *ranges;
static bool is_child;

static uint32_t some_flags(uint32_t valid)
{
	const uint32_t more = KREDACT_HUNT | KREDACT_GROUP | KREDACT_REGS | KREDACT_STRICT |
			      KREDACT_NOHUNT;

	return (below(12) ? rnd() & valid : below(2) ? rnd() : 1u << below(32)) & ~more;
}

/*
 * Mostly none. Not PID 1 where @tags: it never ends, and while it has tags the
 * module could not be removed.
 */
static void some_pidfd(bool tags, __u32 *flags, __u32 *pidfd, __u32 *reserved)
{
	const struct pidfd *one = &pidfds[below(PIDFDS)];

	*pidfd = 0;
	*reserved = below(60) ? 0 : rnd();
	if (!below(10))
		*flags |= KREDACT_PIDFD;
	if (*flags & KREDACT_PIDFD || !below(60))
		*pidfd = below(20) && !(tags && one == PIDFD_OF_INIT) ? (uint32_t)one->fd :
									rnd() | 4096;
}

/* Where a call finds what it is told to read: mostly in the buffer. */
static uint64_t place(uint64_t usual, const void *bytes, size_t len)
{
	uint64_t at = usual;

	if (!below(6))
		at = some_page() + (below(2) ? PAGE - below(96) : below(PAGE));
	else if (!below(30))
		return odd_number();
	if (alone || at == usual)
		poke(at, bytes, len);
	return at;
}

static uint64_t some_label(uint32_t *len)
{
	char text[KREDACT_LABEL_MAX + 8];
	uint32_t i, which = below(200);

	*len = below(3) ? 0 : 1 + which % 32;
	if (!below(20))
		*len = below(2) ? KREDACT_LABEL_MAX + below(3) : rnd();
	for (i = 0; i < sizeof(text); i++)
		text[i] = 'a' + (which >> i % 8) % 20;
	if (!below(20))
		text[below(16)] = 0;
	return place(AT_LABEL + (alone ? 0 : PAGE), text, sizeof(text));
}

static int ioctl32(unsigned int cmd, uint64_t addr)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(54l), "b"((long)kredact_fd()), "c"((long)cmd),
		     "d"(addr) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void call(unsigned int cmd, uint64_t addr, const char *what)
{
	bool narrow = addr >> 32 == 0 && !below(4);
	int predicted = alone ? model_predict(cmd, addr) : UNPREDICTABLE, ret;

	note("%s at 0x%llx%s, predicted %d", what, (unsigned long long)addr,
	     narrow ? " (32 bits)" : "", predicted);
	if (narrow) {
		ret = ioctl32(cmd, addr);
	} else {
		ret = ioctl(kredact_fd(), cmd, addr);
		ret = ret < 0 ? -errno : ret;
	}
	/* A stream of events is a new descriptor. */
	if (ret > 0) {
		close(ret);
		ret = 0;
	}
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (alone && !model_check(cmd, addr, predicted, ret))
		disagree(what);
}

/* Sets the size, mostly the right one, and what follows the struct. */
static void call_with(unsigned int cmd, void *args, uint32_t size, const char *what)
{
	static __thread uint8_t bytes[2 * PAGE];
	uint32_t told = size;

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, args, size);
	if (!below(12)) {
		switch (below(6)) {
		case 0: told = below(size); break;
		case 1: told = size + below(32); break;
		case 2: told = PAGE; break;
		case 3: told = PAGE + 1 + below(8); break;
		case 4: told = rnd(); break;
		case 5: told = 0; break;
		}
		if (!below(3))
			bytes[size + below(64)] = 1;
	}
	memcpy(bytes, &told, sizeof(told));
	call(cmd, place(AT_ARGS + (alone ? 0 : 2 * PAGE), bytes, size + 128), what);
}

static void do_register(void)
{
	struct kredact_register args = { .flags = some_flags(known_flags) };
	uint64_t addr, len;

	some_range(&addr, &len);
	args.addr = addr;
	args.len = len;
	note("range 0x%llx + 0x%llx, flags %u", args.addr, args.len, args.flags);
	args.label = some_label(&args.label_len);
	args.coverage = rnd();
	args.handle = rnd();
	some_pidfd(true, &args.flags, &args.pidfd, &args.reserved);
	call_with(KREDACT_IOC_REGISTER, &args, sizeof(args), "register");
}

static void do_unregister(void)
{
	struct kredact_unregister args = { .flags = below(30) ? 0 : some_flags(0) };

	some_pidfd(false, &args.flags, &args.pidfd, &args.reserved);
	args.handle = below(10) ? model_handle(rnd()) : odd_number();
	call_with(KREDACT_IOC_UNREGISTER, &args, sizeof(args), "unregister");
}

static void do_batch(void)
{
	struct kredact_batch args = { .flags = some_flags(known_flags), .failed = rnd() };
	uint32_t i, nr = 1 + below(8);
	uint64_t addr, len, start = some_page();

	/* One array for all threads: what one has another may spoil, which is the point. */
	if (!below(100))
		nr = below(KREDACT_BATCH_MAX);
	for (i = 0; i < nr; i++) {
		if (nr > 8)
			addr = start + below(PAGE - 8), len = 1 + below(8);
		else if (below(8))
			addr = start + below(2 * PAGE), len = 1 + below(64);
		else
			some_range(&addr, &len);
		ranges[i] = (struct kredact_range){ addr, len, rnd() };
	}
	/* A long one fails at its end, or the oracle would have more than it can search. */
	if (nr > 64)
		ranges[nr - 1 - below(3)].len = 0;
	args.ranges = place(AT_RANGES, ranges, nr * sizeof(*ranges));
	args.nr = nr;
	if (!below(40))
		args.nr = below(2) ? KREDACT_BATCH_MAX + below(2) : rnd();
	if (args.nr > nr && args.nr <= KREDACT_BATCH_MAX)
		args.nr = 0;
	args.label = some_label(&args.label_len);
	some_pidfd(true, &args.flags, &args.pidfd, &args.reserved);
	note("%u of %u ranges at 0x%llx, flags %u, label 0x%llx + %u, pidfd %u, %u", args.nr, nr,
	     args.ranges, args.flags, args.label, args.label_len, args.pidfd, args.reserved);
	call_with(KREDACT_IOC_REGISTER_BATCH, &args, sizeof(args), "batch");
}

static void query_range(uint64_t addr, uint64_t len)
{
	struct kredact_query args = { .size = sizeof(args), .addr = addr, .len = len };
	uint64_t at = BUFFER + 3 * PAGE;

	poke(at, &args, sizeof(args));
	call(KREDACT_IOC_QUERY, at, "query after it");
}

static void do_query(void)
{
	struct kredact_query args = { .flags = below(30) ? 0 : some_flags(0) };
	uint64_t addr, len;

	some_range(&addr, &len);
	args.addr = addr;
	args.len = len;
	some_pidfd(false, &args.flags, &args.pidfd, &args.reserved);
	call_with(KREDACT_IOC_QUERY, &args, sizeof(args), "query");
}

/* All of it, some at a time; or from somewhere. Other threads, if any, change it meanwhile. */
static void do_list(void)
{
	static __thread struct kredact_tag tags[PIECES_MAX];
	struct kredact_list args = { .size = sizeof(args) };
	unsigned int nr = 0, step = 1 + below(40);
	bool whole = below(10);

	if (!whole)
		memset(args.place, rnd(), 1 + below(sizeof(args.place)));
	note("list, %u at a time%s", step, whole ? "" : ", from somewhere");
	do {
		args.tags = (uintptr_t)(tags + nr);
		args.nr = step < PIECES_MAX - nr ? step : PIECES_MAX - nr;
		if (ioctl(kredact_fd(), KREDACT_IOC_LIST, &args))
			disagree("list");
		nr += args.nr;
	} while (args.nr && nr < PIECES_MAX);
	if (alone && whole && !model_check_list(tags, nr))
		disagree("list");
}

static void do_info(void)
{
	struct kredact_info args = { .abi = rnd() };

	call_with(KREDACT_IOC_INFO, &args, sizeof(args), "info");
}

static void do_key(void)
{
	struct kredact_key args = { .flags = below(10) ? 0 : rnd(), .key_len = below(80) };
	uint8_t key[KREDACT_KEY_MAX] = { 1 };

	args.key = place(AT_LABEL + 2 * PAGE, key, sizeof(key));
	args.reserved = below(10) ? 0 : rnd();
	call_with(KREDACT_IOC_SET_KEY, &args, sizeof(args), "key");
}

static void do_nonsense(void)
{
	static const unsigned int types[] = { KREDACT_IOC_MAGIC, KREDACT_IOC_MAGIC + 1,
					      KREDACT_IOC_MAGIC - 1 };
	struct kredact_query args = { .addr = ARENA, .len = 1 };
	const unsigned int first = _IOC_NR(KREDACT_IOC_EVENTS) + 1;
	unsigned int cmd = _IOC(below(4), types[below(3)], first + below(256 - first),
				rnd() & 0x3fff);

	call_with(cmd, &args, sizeof(args), "nonsense");
}

static __thread int stream = -1;

static void do_events(void)
{
	struct kredact_events args = { .flags = below(4) ? below(8) : rnd() };

	call_with(KREDACT_IOC_EVENTS, &args, sizeof(args), "events");
}

/* What is told of all this: whole records, and no gap in their numbers. */
static void do_read(void)
{
	static __thread struct kredact_event got[16];
	struct kredact_events args = { .size = sizeof(args) };
	static __thread uint64_t next;
	ssize_t len;
	int i;

	if (stream < 0) {
		stream = ioctl(kredact_fd(), KREDACT_IOC_EVENTS, &args);
		if (stream < 0 || fcntl(stream, F_SETFL, O_NONBLOCK))
			disagree("events");
		next = 0;
	}
	len = syscall(SYS_read, stream, below(8) ? got : NULL, below(sizeof(got) + 1));
	if (len < 0 && errno != EAGAIN && errno != EINVAL && errno != EFAULT)
		disagree("reading events");
	for (i = 0; i < len / (ssize_t)sizeof(*got); i++) {
		if (got[i].size == sizeof(*got) && got[i].type == KREDACT_EVENT_LOST)
			next += got[i].lost.count - 1;
		if (got[i].size != sizeof(*got) || (next && got[i].seq != next))
			disagree("numbers of events");
		next = got[i].seq + 1;
	}
	if (!below(50)) {
		close(stream);
		stream = -1;
	}
}

/* The core of a child that is as we are. */
static void do_crash(void)
{
	static uint8_t expected[PAGE];
	unsigned int i, j;
	int status;
	pid_t pid;

	note("a child crashes");
	pid = fork();
	if (!pid)
		die_of_segv();
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	    !WCOREDUMP(status) || !core_read(&core, pid, CORE_MAX))
		disagree("no core");
	for (i = 0; i < 2; i++) {
		for (j = 0; j < areas[i].nr; j++) {
			uint64_t addr = areas[i].start + j * PAGE;
			struct page *page = &areas[i].pages[j];
			const uint8_t *dumped = core_at(&core, addr, PAGE);

			if (page->kind == UNMAPPED || page->kind == DEVICE ||
			    peek(addr, expected, PAGE) != PAGE)
				continue;
			model_redact(addr, expected);
			if (dumped && !memcmp(dumped, expected, PAGE))
				continue;
			/* What we have pinned is not in the core of one that shares it. */
			if (dumped && page->kind != ANON && all_zero(dumped, PAGE))
				continue;
			if (!dumped ? page->odd || all_zero(expected, PAGE) :
				      page->odd && all_zero(dumped, PAGE))
				continue;
			snprintf(model_why, sizeof(model_why), "page 0x%llx is %s",
				 (unsigned long long)addr, dumped ? "different" : "missing");
			disagree("core");
		}
	}
	if (model_nr(0, ~0ull) && !core_seal(&core))
		disagree("no seal");
	crashes++;
}

static int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* After a fork: somebody's own pidfd is another one. */
static void is_self(void)
{
	mem_reopen();
	/* Its place is the parent's, too. */
	close(stream);
	stream = -1;
	close(pidfds[0].fd);
	pidfds[0].fd = pidfd_of(getpid());
}

static void step(void);

/* A child that goes on with the same tags. */
static void do_fork(void)
{
	uint64_t seed = rnd64() | 1;
	unsigned int i;
	int status;
	pid_t pid;

	note("fork, seed 0x%llx", (unsigned long long)seed);
	pid = fork();
	if (!pid) {
		is_self();
		random_state = seed;
		model_resync();
		is_child = true;
		for (i = 0; i < 60; i++)
			step();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		disagree("fork");
	children++;
}

static const struct op {
	void (*run)(void);
	unsigned int weight;
} ops[] = {
	{ do_register, 250 }, { do_unregister, 150 }, { do_batch, 60 }, { do_query, 60 },
	{ do_list, 30 }, { do_info, 20 }, { do_key, 10 }, { do_nonsense, 20 }, { do_mmap, 90 },
	{ do_events, 10 }, { do_read, 30 },
	{ do_munmap, 40 }, { do_mremap, 80 }, { do_mprotect, 40 }, { do_madvise, 60 },
	{ do_mlock, 10 }, { do_brk, 20 }, { do_fill, 80 },
};

static void do_op(void)
{
	unsigned int at = below(1030), i;

	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	ops[i].run();
}

static void step(void)
{
	uint64_t addr, len;

	steps++;
	if (model_nr(0, ~0ull) > PIECES_MAX) {
		/* Too many for a plain oracle. */
		note("munmap of all");
		munmap((void *)ARENA, ARENA_PAGES * PAGE);
		model_unmap(ARENA, ARENA_PAGES * PAGE);
	} else if (!is_child && !below(500)) {
		do_crash();
	} else if (!is_child && !below(1000)) {
		do_fork();
	} else {
		do_op();
	}
	addr = some_pages(&len);
	if (below(16))
		query_range(addr + below(PAGE), 1 + below(2 * PAGE));
	else
		query_range(ARENA, ARENA_PAGES * PAGE);
	if (!below(8))
		query_range(areas[1].start, HEAP_PAGES * PAGE);
}

static void *thread(void *arg)
{
	unsigned int i;

	alone = false;
	random_state = (uintptr_t)arg;
	for (i = 0; i < THREAD_STEPS; i++)
		do_op();
	return NULL;
}

/* Threads in a child, without an oracle; it exits or crashes. */
static void threads(void)
{
	pthread_t ids[THREADS];
	pthread_attr_t attr;
	uint64_t seed = rnd64() | 1;
	int status, i;
	pid_t pid;

	note("threads, seed 0x%llx", (unsigned long long)seed);
	pid = fork();
	if (!pid) {
		is_self();
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, 32 * PAGE);
		for (i = 0; i < THREADS; i++)
			if (pthread_create(&ids[i], &attr, thread, (void *)(seed + 2 * i)))
				_exit(1);
		if (seed & 2)
			die_of_segv();
		for (i = 0; i < THREADS; i++)
			pthread_join(ids[i], NULL);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    !(seed & 2 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV : !status) ||
	    (seed & 2 && !core_read(&core, pid, CORE_MAX)))
		disagree("threads");
}

static void *large(void *at, size_t len, int flags, int advice)
{
	void *mem = mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			 -1, 0);

	if (mem == MAP_FAILED || madvise(mem, len, advice))
		disagree("set-up");
	return mem;
}

/* Good, bad, and of a process that lies there as we do, but of another user. */
static void set_up_pidfds(void)
{
	pid_t dead = fork(), other;

	if (!dead)
		_exit(0);
	other = fork();
	if (!other) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		mmap((void *)ARENA, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (!setresuid(65534, 65534, 65534))
			for (;;)
				pause();
		_exit(1);
	}
	pidfds[0] = (struct pidfd){ pidfd_of(getpid()), 0 };
	pidfds[1] = (struct pidfd){ pidfd_of(other), UNPREDICTABLE };
	*PIDFD_OF_INIT = (struct pidfd){ pidfd_of(1), UNPREDICTABLE };
	pidfds[3] = (struct pidfd){ pidfd_of(2), -ESRCH };	/* kthreadd */
	pidfds[4] = (struct pidfd){ pidfd_of(dead), -ESRCH };
	pidfds[5] = (struct pidfd){ memfd, -EBADF };
	pidfds[6] = (struct pidfd){ kredact_fd(), -EBADF };
	pidfds[7] = (struct pidfd){ -1, -EBADF };
	waitpid(dead, NULL, 0);
}

static void set_up(void)
{
	uint64_t top = 1ull << 47;
	char flags[4096] = "";
	FILE *cpuinfo = fopen("/proc/cpuinfo", "r");

	while (cpuinfo && fgets(flags, sizeof(flags), cpuinfo))
		if (!strncmp(flags, "flags", 5) && strstr(flags, " la57"))
			top = 1ull << 56;
	fclose(cpuinfo);
	task_size = top - PAGE;
	core_pattern_save();
	write_file("/proc/self/coredump_filter", "0x7f");
	device = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	memfd = memfd_create("fuzz", MFD_CLOEXEC);
	if (memfd < 0 || ftruncate(memfd, 256 * PAGE) || kredact_fd() < 0)
		disagree("set-up");
	/* What is registered here repeats elsewhere: the model knows of tags only. */
	if (policy_get(&policy))
		disagree("set-up");
	policy.hunt = KREDACT_HUNT_OFF;
	if (policy_set(&policy))
		disagree("set-up");
	set_up_pidfds();
	core.bytes = large(NULL, CORE_MAX, 0, MADV_DONTFORK);
	ranges = large(NULL, KREDACT_BATCH_MAX * sizeof(*ranges), 0, MADV_DONTDUMP);
	large((void *)BUFFER, BUFFER_LEN, MAP_FIXED_NOREPLACE, MADV_DONTDUMP);
	if (!model_init(large(NULL, KREDACT_BATCH_MAX * sizeof(*ranges), 0, MADV_DONTDUMP)))
		disagree("set-up");
	areas[0].start = ARENA;
	areas[0].nr = ARENA_PAGES;
	/* Nobody else may use the heap from here on. */
	areas[1].start = (syscall(SYS_brk, 0) + PAGE - 1) & -PAGE;
	areas[1].nr = HEAP_PAGES;
}

int main(int argc, char **argv)
{
	unsigned long long most = ~0ull, seed = time(NULL);
	static char buffer[BUFSIZ];
	time_t end;
	int i;

	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	if (getenv("KREDACT_SEED"))
		seed = strtoull(getenv("KREDACT_SEED"), NULL, 0);
	end = time(NULL) + atoi(getenv("KREDACT_SECONDS") ?: "6");
	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seed"))
			seed = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--steps"))
			most = strtoull(argv[i + 1], NULL, 0), end = (time_t)1 << 40;
		else if (!strcmp(argv[i], "--seconds"))
			end = time(NULL) + atoi(argv[i + 1]);
		else
			i = argc;
	}
	if (i != argc) {
		fprintf(stderr, "usage: fuzz [--seed N] [--steps N | --seconds N]\n");
		return 2;
	}
	printf("TAP version 13\n1..1\n# seed %llu\n", seed);
	random_state = seed * 0x9e3779b97f4a7c15ull | 1;
	set_up();
	while (steps < most && (steps % 64 || time(NULL) < end)) {
		step();
		if (steps % 2048 == 0)
			threads();
		if (steps % 262144 == 0)
			printf("# %llu steps\n", steps);
	}
	core_pattern_restore();
	policy.hunt = KREDACT_HUNT_ALL;
	if (policy_set(&policy))
		disagree("set-up");
	printf("# total: seed %llu, %llu steps, %llu ioctls, %llu cores compared, %llu forks\n",
	       seed, steps, calls, crashes, children);
	printf("ok 1 - the kernel agrees with the oracle\n");
	return 0;
}

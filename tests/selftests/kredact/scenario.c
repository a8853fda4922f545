// SPDX-License-Identifier: GPL-2.0
/*
 * What a process does with its tags, and what must hold afterwards: see
 * scenario.h.
 *
 * A process has pieces of memory with a secret each. What was tagged when it
 * crashed is not in its core, whatever failed; what was not is, unless the seal
 * names its page; and all accounts are afterwards what they were before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"
#include "scenario.h"

#define SECRET	64
#define PIECES	6
/* Copies of a secret: more than a seal has room for at first. */
#define COPIES	70

/* What a label costs, in ranges. */
#define LABEL_CHARGE	3

/* As many ranges as four pages of nodes hold, but for the slack: dividing them takes a fifth. */
#define CROWD	247
/* More than four pages of nodes: their table grows. */
#define MANY	300

enum state {
	NONE,
	TAGGED,
	PLAIN,
};

/* What the processes of one run share; not dumped. */
struct world {
	const struct faults *faults;
	unsigned int nth;
	unsigned int seed;
	uint8_t *mem;
	struct {
		enum state state;
		uint8_t *at;
	} piece[PIECES];
	uint64_t handle;
	struct kredact_query query;
	struct kredact_list list;
	struct kredact_tag listed[2];
	struct kredact_info before, seen, after;
	struct kredact_key key;
	int ret;
	unsigned int failed;
	pid_t child;
	int status;
	uint8_t *low;
	char why[128];
};

/**
 * struct scenario - one of them
 * @prepare:	before anything fails
 * @act:	meanwhile: 0 or -errno; NULL to crash meanwhile
 * @judge:	what has come of it; @ret tells what @act returned
 * @forks:	@act has a child that crashes, instead of this process
 */
struct scenario {
	void (*prepare)(struct world *w);
	int (*act)(struct world *w);
	void (*judge)(struct world *w);
	bool forks;
};

static __attribute__((format(printf, 2, 3))) void wrong(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->why[0])
		return;
	va_start(args, format);
	vsnprintf(w->why, sizeof(w->why), format, args);
	va_end(args);
}

static uint8_t *piece(struct world *w, int i, size_t at, enum state state)
{
	w->piece[i].at = w->mem + at;
	w->piece[i].state = state;
	fill_secret(w->piece[i].at, SECRET, w->seed + i);
	return w->piece[i].at;
}

static void must(struct world *w, const char *what, int ret)
{
	if (ret)
		wrong(w, "%s: %d", what, ret);
}

static int batch(uint8_t *at, size_t step, size_t len, unsigned int nr, const char *label)
{
	static struct kredact_range ranges[MANY];
	struct kredact_batch args = {
		.size = sizeof(args),
		.ranges = (uintptr_t)ranges,
		.nr = nr,
		.label = (uintptr_t)label,
		.label_len = label ? strlen(label) : 0,
	};
	unsigned int i;

	for (i = 0; i < nr; i++)
		ranges[i] = (struct kredact_range){ (uintptr_t)at + i * step, len, 0 };
	return ioctl(kredact_fd(), KREDACT_IOC_REGISTER_BATCH, &args) ? -errno : 0;
}

/* A call that failed has changed nothing; one that did not, what it should. */
static void accounts(struct world *w, int ranges, int charge)
{
	if (w->ret)
		ranges = charge = 0;
	if (w->ret && w->ret != -ENOMEM && w->ret != -EFAULT && w->ret != -EINTR &&
	    w->ret != -EAGAIN)
		wrong(w, "errno %d", -w->ret);
	if (w->after.my_ranges != w->before.my_ranges + ranges)
		wrong(w, "my_ranges %llu, then %llu, after %d", w->before.my_ranges,
		      w->after.my_ranges, w->ret);
	if (w->after.user_ranges != w->before.user_ranges + charge)
		wrong(w, "user_ranges %llu, then %llu, after %d", w->before.user_ranges,
		      w->after.user_ranges, w->ret);
}

static void two_pieces(struct world *w)
{
	piece(w, 0, 100, PLAIN);
	piece(w, 1, 6 * PAGE, PLAIN);
}

static void judge_registered(struct world *w, int ranges)
{
	accounts(w, ranges, ranges);
	if (!w->ret)
		w->piece[0].state = TAGGED;
}

/*
 * A label may stay when what was to have it failed. It is charged as long as it
 * is there: a registration with it costs the rest.
 */
static void judge_labelled(struct world *w, int ranges, const char *label)
{
	int left = w->after.user_ranges - w->before.user_ranges;

	if (w->ret && left == LABEL_CHARGE)
		w->after.user_ranges = w->before.user_ranges;
	accounts(w, ranges, ranges + LABEL_CHARGE);
	if (!w->ret)
		w->piece[0].state = TAGGED;
	must(w, "register again", reg(w->mem + 10 * PAGE, 1, 0, label, NULL));
	must(w, "info", info(&w->after));
	if (w->ret)
		ranges = 0;
	if (w->after.user_ranges != w->before.user_ranges + ranges + 1 + LABEL_CHARGE)
		wrong(w, "a label is charged %d after %d", left, w->ret);
}

static int act_register(struct world *w)
{
	return reg(w->piece[0].at, SECRET, 0, NULL, &w->handle);
}

static void judge_register(struct world *w)
{
	judge_registered(w, 1);
}

const struct scenario register_one = {
	.prepare = two_pieces,
	.act = act_register,
	.judge = judge_register,
};

static int act_label(struct world *w)
{
	return reg(w->piece[0].at, SECRET, KREDACT_EXACT, "a label", NULL);
}

static void judge_label(struct world *w)
{
	judge_labelled(w, 1, "a label");
}

const struct scenario register_label = {
	.prepare = two_pieces,
	.act = act_label,
	.judge = judge_label,
};

/* Half of the secret is tagged already, with the label. */
static void half_tagged(struct world *w)
{
	two_pieces(w);
	must(w, "register", reg(w->piece[0].at, SECRET / 2, KREDACT_EXACT, "a label", NULL));
	w->piece[0].state = NONE;
}

const struct scenario register_overlap = {
	.prepare = half_tagged,
	.act = act_label,
	.judge = judge_register,
};

static int act_batch(struct world *w)
{
	return batch(w->piece[0].at, 8, SECRET, 3, "a batch");
}

static void judge_batch(struct world *w)
{
	judge_labelled(w, 3, "a batch");
}

const struct scenario register_batch = {
	.prepare = two_pieces,
	.act = act_batch,
	.judge = judge_batch,
};

static int act_many(struct world *w)
{
	return batch(w->piece[0].at, 1, SECRET, MANY, NULL);
}

static void judge_many(struct world *w)
{
	judge_registered(w, MANY);
}

const struct scenario register_many = {
	.prepare = two_pieces,
	.act = act_many,
	.judge = judge_many,
};

static int act_pin(struct world *w)
{
	return reg(w->piece[0].at, SECRET, KREDACT_PIN, NULL, &w->handle);
}

const struct scenario register_pinned = {
	.prepare = two_pieces,
	.act = act_pin,
	.judge = judge_register,
};

static void one_tagged(struct world *w)
{
	two_pieces(w);
	must(w, "register", act_register(w));
	w->piece[0].state = TAGGED;
}

static int act_unregister(struct world *w)
{
	return unreg(w->handle);
}

static void judge_unregister(struct world *w)
{
	accounts(w, -1, -1);
	if (!w->ret)
		w->piece[0].state = PLAIN;
}

const struct scenario unregister_one = {
	.prepare = one_tagged,
	.act = act_unregister,
	.judge = judge_unregister,
};

/* The stream is open until the process ends, so that its dump is in it. */
static int act_watch(struct world *w)
{
	struct kredact_events args = { .size = sizeof(args) };
	struct kredact_event got[4];
	int fd = ioctl(kredact_fd(), KREDACT_IOC_EVENTS, &args);
	ssize_t len;

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK))
		return -errno;
	len = read(fd, got, sizeof(got));
	/* EIO: the lock was not to be had. */
	if (len < 0)
		return errno == EIO ? -EAGAIN : -errno;
	if (got[0].type != KREDACT_EVENT_START || len % sizeof(got[0]))
		wrong(w, "%zd bytes of events, the first of type %u", len, got[0].type);
	/* Whether it can be told does not matter. */
	return reg(w->piece[1].at, SECRET, KREDACT_EXACT, NULL, NULL);
}

static void judge_watch(struct world *w)
{
	accounts(w, 1, 1);
	if (!w->ret)
		w->piece[1].state = TAGGED;
}

const struct scenario watch_events = {
	.prepare = one_tagged,
	.act = act_watch,
	.judge = judge_watch,
};

static int act_query(struct world *w)
{
	w->list = (struct kredact_list){
		.size = sizeof(w->list),
		.tags = (uintptr_t)w->listed,
		.nr = 2,
	};
	return query(w->mem, PAGE, &w->query) ?: info(&w->seen) ?:
	       (ioctl(kredact_fd(), KREDACT_IOC_LIST, &w->list) ? -errno : 0);
}

static void judge_query(struct world *w)
{
	accounts(w, 0, 0);
	if (!w->ret && (w->query.tagged != PAGE || w->query.nr != 1 || w->seen.my_ranges != 1))
		wrong(w, "tagged %llu, nr %u, my_ranges %llu", w->query.tagged, w->query.nr,
		      w->seen.my_ranges);
	if (!w->ret && (w->list.nr != 1 || w->listed[0].addr != (uintptr_t)w->piece[0].at))
		wrong(w, "listed %u", w->list.nr);
	if (w->ret && w->list.place[0])
		wrong(w, "the list goes on after %d", w->ret);
}

const struct scenario query_and_info = {
	.prepare = one_tagged,
	.act = act_query,
	.judge = judge_query,
};

static void another(struct world *w)
{
	pid_t pid;

	two_pieces(w);
	pid = fork();
	if (!pid) {
		for (;;)
			pause();
	}
	must(w, "fork", pid < 0);
	w->child = pid;
}

/* In its memory, not in that of the caller. */
static int act_other(struct world *w)
{
	struct kredact_register args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD | KREDACT_NOPIN,
		.addr = (uintptr_t)w->piece[0].at,
		.len = SECRET,
		.pidfd = syscall(SYS_pidfd_open, w->child, 0),
	};
	int ret = ioctl(kredact_fd(), KREDACT_IOC_REGISTER, &args) ? -errno : 0;

	close(args.pidfd);
	return ret;
}

static void judge_other(struct world *w)
{
	accounts(w, 0, 1);
	kill(w->child, SIGKILL);
	must(w, "wait", waitpid(w->child, NULL, 0) != w->child);
}

const struct scenario register_for_another = {
	.prepare = another,
	.act = act_other,
	.judge = judge_other,
};

/* Has a piece tagged, which pins it, and another page that somebody else could have pinned. */
static void one_to_read(struct world *w)
{
	int ready[2], ret = 0;
	pid_t pid;

	two_pieces(w);
	w->low = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	must(w, "pipe", pipe(ready));
	pid = fork();
	if (!pid) {
		ret = reg(w->piece[0].at, SECRET, 0, NULL, NULL);
		if (write(ready[1], &ret, sizeof(ret)) != sizeof(ret))
			_exit(1);
		for (;;)
			pause();
	}
	must(w, "fork", pid < 0);
	w->child = pid;
	must(w, "pipe", read(ready[0], &ret, sizeof(ret)) != sizeof(ret));
	must(w, "register", ret);
	close(ready[0]);
	close(ready[1]);
}

static int read_all(struct world *w, uint8_t *to)
{
	struct iovec local[2] = { { to, SECRET }, { to + SECRET, SECRET } };
	struct iovec remote[2] = { { w->piece[0].at, SECRET }, { w, SECRET } };
	uint32_t *vecs = (uint32_t *)w->low;
	char path[32];
	long ret;
	int fd;

	if (process_vm_readv(w->child, local, 2, remote, 2, 0) != 2 * SECRET)
		return errno ? -errno : -EFAULT;
	snprintf(path, sizeof(path), "/proc/%d/mem", w->child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = pread(fd, to, SECRET, (uintptr_t)w->piece[0].at);
	close(fd);
	if (ret != SECRET)
		return -EFAULT;
	/* As a 32-bit process does it. */
	vecs[0] = (uintptr_t)w->low + PAGE;
	vecs[1] = 8;
	vecs[2] = (uintptr_t)w->low;
	vecs[3] = 8;
	asm volatile("push %%rbp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%rbp" : "=a"(ret) :
		     "a"(347L), "b"((long)w->child), "c"(vecs), "d"(1L), "S"(vecs + 2), "D"(1L) :
		     "memory", "r8", "r9", "r10", "r11");
	return ret == 8 ? 0 : ret < 0 ? ret : -EFAULT;
}

static int act_read(struct world *w)
{
	struct kredact_unseal args = {
		.size = sizeof(args),
		.flags = KREDACT_PIDFD,
		.pidfd = syscall(SYS_pidfd_open, w->child, 0),
		.seconds = 1,
		.reason = (uintptr_t)"test",
		.reason_len = 4,
	};
	uint8_t got[2 * SECRET] = { 0 };
	int ret;

	errno = 0;
	ret = read_all(w, got);
	if (!all_zero(got, SECRET))
		wrong(w, "a reader got something");
	if (!ret && ioctl(kredact_fd(), KREDACT_IOC_UNSEAL, &args))
		ret = -errno;
	close(args.pidfd);
	/* The process was not to be found. */
	return ret == -ESRCH ? -EAGAIN : ret;
}

static void judge_read(struct world *w)
{
	accounts(w, 0, 0);
	kill(w->child, SIGKILL);
	must(w, "wait", waitpid(w->child, NULL, 0) != w->child);
}

const struct scenario read_another = {
	.prepare = one_to_read,
	.act = act_read,
	.judge = judge_read,
};

static int act_key(struct world *w)
{
	uint8_t bytes[KREDACT_KEY_MIN];

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &w->seed, sizeof(w->seed));
	w->key = (struct kredact_key){
		.size = sizeof(w->key),
		.key = (uintptr_t)bytes,
		.key_len = sizeof(bytes),
	};
	return ioctl(kredact_fd(), KREDACT_IOC_SET_KEY, &w->key) ? -errno : 0;
}

static void judge_key(struct world *w)
{
	const size_t len = sizeof(w->after.key_id);

	accounts(w, 0, 0);
	if (!w->ret && memcmp(w->after.key_id, w->key.key_id, len))
		wrong(w, "another key than was installed");
	/* EFAULT may mean that the key is there and only its name could not be told. */
	if (w->ret && w->ret != -EFAULT && memcmp(w->after.key_id, w->before.key_id, len))
		wrong(w, "another key after %d", w->ret);
}

const struct scenario install_key = {
	.prepare = one_tagged,
	.act = act_key,
	.judge = judge_key,
};

/* Ranges in four pages that leave no node free to divide them all. */
static void crowd(struct world *w)
{
	int i;

	for (i = 0; i < 4; i++)
		piece(w, i, i * PAGE + 100, TAGGED);
	/* Not between the old place and the new: all there is tagged when nodes lack. */
	piece(w, 4, 14 * PAGE, PLAIN);
	must(w, "batch", batch(w->mem, 0, 4 * PAGE, CROWD, NULL));
}

/* The new place is mapped already, so that nothing else comes there. */
static int act_move(struct world *w)
{
	uint8_t *to = w->mem + 8 * PAGE;

	return mremap(w->mem + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      to) == to ? 0 : -errno;
}

const struct scenario move_middle = {
	.prepare = crowd,
	.act = act_move,
};

/* Pages that are pinned would stay. */
static void crowd_of_uffd(struct world *w)
{
	two_pieces(w);
	must(w, "register", reg(w->piece[0].at, SECRET, KREDACT_NOPIN, NULL, NULL));
	w->piece[0].state = TAGGED;
	must(w, "DONTNEED", madvise(w->mem + 8 * PAGE, 2 * PAGE, MADV_DONTNEED));
}

static int act_uffd(struct world *w)
{
	return uffd_move(w->mem + 8 * PAGE, w->mem, 2 * PAGE);
}

static void judge_uffd(struct world *w)
{
	accounts(w, 0, 0);
}

const struct scenario move_by_uffd = {
	.prepare = crowd_of_uffd,
	.act = act_uffd,
	.judge = judge_uffd,
};

/* The first takes the free nodes, the second wants more. */
static int act_unmap(struct world *w)
{
	return munmap(w->mem + PAGE, PAGE) || munmap(w->mem + 2 * PAGE, PAGE) ? -errno : 0;
}

const struct scenario unmap_middle = {
	.prepare = crowd,
	.act = act_unmap,
};

static void all_kinds(struct world *w)
{
	int i;

	/* A whole page; some bytes of one; over the edge of two; nothing. */
	must(w, "whole", reg(piece(w, 0, 100, TAGGED), SECRET, 0, "whole", NULL));
	must(w, "exact", reg(piece(w, 1, 2 * PAGE + 100, TAGGED), SECRET, KREDACT_EXACT, "exact",
			     NULL));
	piece(w, 2, 2 * PAGE + 1000, PLAIN);
	must(w, "edge", reg(piece(w, 3, 5 * PAGE - SECRET / 2, TAGGED), SECRET, KREDACT_EXACT,
			    NULL, NULL));
	piece(w, 4, 7 * PAGE, PLAIN);
	/* Nobody can read it, but the kernel can. */
	must(w, "hidden", reg(piece(w, 5, 12 * PAGE, TAGGED), SECRET, 0, NULL, NULL));
	must(w, "mprotect", mprotect(w->mem + 12 * PAGE, PAGE, PROT_NONE));
	/* Copies of the first; one goes over the edge of two pages. */
	for (i = 0; i < COPIES; i++)
		memcpy(w->mem + 9 * PAGE + 5 + 80 * i, w->piece[0].at, SECRET);
}

const struct scenario crash_tagged = {
	.prepare = all_kinds,
};

/* Nothing else but what walking stacks needs is kept. */
const struct scenario crash_plain = {
	.prepare = one_tagged,
};

static void all_strict(struct world *w)
{
	must(w, "whole", reg(piece(w, 0, 100, TAGGED), SECRET, 0, "whole", NULL));
	must(w, "exact", reg(piece(w, 1, 2 * PAGE + 100, TAGGED), SECRET,
			     KREDACT_EXACT | KREDACT_STRICT, "exact", NULL));
}

const struct scenario crash_strict = {
	.prepare = all_strict,
};

/* Waits for a process of the scenario and learns what failed in it before it died. */
static void await(struct world *w, pid_t pid, int *status, bool armed)
{
	siginfo_t info;

	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	if (armed)
		w->failed = w->faults->failed(pid);
	waitpid(pid, status, 0);
}

static int act_fork(struct world *w)
{
	pid_t pid = fork();

	if (!pid) {
		w->faults->disarm();
		/* As changes of the user do, with fs.suid_dumpable. */
		prctl(PR_SET_DUMPABLE, 1);
		die_of_segv();
	}
	w->child = pid;
	return pid < 0 ? -errno : 0;
}

static void judge_fork(struct world *w)
{
	if (w->child > 0)
		await(w, w->child, &w->status, false);
}

static void many_kinds(struct world *w)
{
	all_kinds(w);
	must(w, "batch", batch(w->piece[0].at, 1, SECRET, MANY, NULL));
}

const struct scenario fork_tagged = {
	.prepare = many_kinds,
	.act = act_fork,
	.judge = judge_fork,
	.forks = true,
};

static void prepare_child(struct world *w)
{
	pid_t pid;

	all_kinds(w);
	pid = fork();
	if (!pid) {
		w->faults->arm(w->nth);
		die_of_segv();
	}
	must(w, "fork", pid < 0);
	w->child = pid;
	await(w, w->child, &w->status, true);
	_exit(0);
}

const struct scenario crash_child = {
	.prepare = prepare_child,
	.forks = true,
};

static _Noreturn void play(const struct scenario *s, struct world *w)
{
	setpgid(0, 0);
	w->mem = pages(16);
	if (!w->mem)
		_exit(1);
	memset(w->mem, 1, 16 * PAGE);
	s->prepare(w);
	must(w, "info", info(&w->before));
	w->faults->arm(w->nth);
	if (!s->act)
		die_of_segv();
	w->ret = s->act(w);
	w->failed = w->faults->disarm();
	must(w, "info", info(&w->after));
	if (s->judge)
		s->judge(w);
	if (s->forks)
		_exit(0);
	die_of_segv();
}

/* Is the page of a piece, or are all of a certain moment, named as left out? */
static bool left_out(const struct core *core, const uint8_t *at)
{
	const struct kredact_seal_left_out *entry;
	unsigned int i;

	for (i = 0; (entry = core_seal_left_out(core, i)); i++)
		if ((uintptr_t)at - entry->addr < entry->len)
			return true;
	return core_seal_counts(core)->left_out_lost;
}

static void look_at_core(struct world *w, struct core *core, struct outcome *out)
{
	const struct kredact_seal_left_out *entry;
	uint8_t secret[SECRET];
	unsigned int i, nr;
	uint64_t at;

	for (i = 0; i < PIECES; i++) {
		if (w->piece[i].state == NONE)
			continue;
		fill_secret(secret, SECRET, w->seed + i);
		nr = core_count(core, secret, SECRET);
		memset(secret, 0, SECRET);
		if (w->piece[i].state == TAGGED && nr)
			wrong(w, "tagged secret %u is in the core", i);
		if (w->piece[i].state == TAGGED || nr || !out->dumped || w->faults->kernel ||
		    (!out->sealed && w->faults->many))
			continue;
		if (!out->sealed || !left_out(core, w->piece[i].at))
			wrong(w, "plain secret %u is not in the core", i);
	}
	if (!out->sealed)
		return;
	out->left_out = core_seal_counts(core)->pages_left_out;
	for (i = 0; (entry = core_seal_left_out(core, i)); i++) {
		/* Pages of several mappings, perhaps. */
		for (at = entry->addr; at < entry->addr + entry->len; at += PAGE) {
			const uint8_t *page = core_at(core, at, PAGE);

			if (!page || !all_zero(page, PAGE))
				wrong(w, "page %lx is left out, but not a hole", at);
		}
	}
}

/* What the module counted, and what is left of the process. */
static void look_at_accounts(struct world *w, const struct kredact_info *old, struct outcome *out)
{
	struct kredact_info now;
	bool tagged = false, cut;
	unsigned int i;

	must(w, "info", info(&now));
	for (i = 0; i < PIECES; i++)
		tagged |= w->piece[i].state == TAGGED;
	if (tagged && out->dumped && now.dumps != old->dumps + 1)
		wrong(w, "a tagged process was dumped unseen");
	/* elf_core_dump() also calls a core dumped that it cut short; the seal behind says so. */
	cut = w->faults->kernel && out->dumped && !out->sealed;
	if (now.dumps - old->dumps != now.seals_failed - old->seals_failed + out->sealed && !cut)
		wrong(w, "%llu dumps, %llu seals failed, %u there", now.dumps - old->dumps,
		      now.seals_failed - old->seals_failed, out->sealed);
	if (out->sealed && now.pages_left_out - old->pages_left_out != out->left_out)
		wrong(w, "%llu pages left out, %u in the seal",
		      now.pages_left_out - old->pages_left_out, out->left_out);
	if (now.mms != old->mms || now.ranges != old->ranges ||
	    now.user_ranges != old->user_ranges || now.kernel_bytes != old->kernel_bytes)
		wrong(w, "left: %lld mms, %lld ranges, %lld of the user, %lld bytes",
		      now.mms - old->mms, now.ranges - old->ranges,
		      now.user_ranges - old->user_ranges, now.kernel_bytes - old->kernel_bytes);
}

/* How the process ended that was to crash, and what there is of its core. */
static void look_at_end(struct world *w, const struct scenario *s, pid_t pid, int status,
			struct outcome *out)
{
	bool strict = !w->faults->kernel, loaded;
	struct core core;

	out->dumped = WIFSIGNALED(status) && WCOREDUMP(status);
	if (!WIFSIGNALED(status) || (strict && WTERMSIG(status) != SIGSEGV))
		wrong(w, "status %x", status);
	/* In a child without tags, nobody knows what is secret. */
	if (strict && out->dumped == (s->forks && s->act && w->failed))
		wrong(w, out->dumped ? "dumped" : "not dumped");
	loaded = core_load(&core, pid);
	if (strict && out->dumped && !loaded)
		wrong(w, "no core");
	out->sealed = loaded && core_seal(&core);
	if (core.bytes)
		look_at_core(w, &core, out);
	core_free(&core);
}

bool scenario_run(const struct scenario *s, const struct faults *faults, unsigned int nth,
		  struct outcome *out)
{
	static unsigned int round;
	struct world *w = shared_pages(1);
	struct kredact_info old;
	pid_t pid;
	int status;

	*out = (struct outcome){ 0 };
	if (!w || madvise(w, PAGE, MADV_DONTDUMP))
		return false;
	w->faults = faults;
	w->nth = nth;
	/* No core is in the next one. */
	mallopt(M_MMAP_THRESHOLD, PAGE);
	w->seed = ++round * PIECES;
	must(w, "info", info(&old));
	pid = fork();
	if (!pid)
		play(s, w);
	await(w, pid, &status, !s->act && !s->forks);
	if (s->forks) {
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			wrong(w, "status %x", status);
		pid = w->child;
		status = w->status;
	}
	out->failed = w->failed;
	if (pid > 0)
		look_at_end(w, s, pid, status, out);
	else if (!faults->kernel)
		wrong(w, "no process");
	look_at_accounts(w, &old, out);
	strcpy(out->why, w->why);
	munmap(w, PAGE);
	return !out->why[0];
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Crash a real program under load, again and again, and search its cores.
 *
 * Which program is told by the name under which this one runs. First come crashes
 * without registration: the secrets must be in these cores, or else the search
 * proves nothing; where they are is what hunting is for. Then comes the same with
 * the secrets registered, once, or tagged by "kredact watch", or in a heap that a library
 * registers: no core may hold SCAN_RUN bytes of them anywhere.
 *
 * The environment: KREDACT_CRASHES (4; 2 of programs as they are), KREDACT_CONTROLS (a tenth
 * of these, 3 at least; 1 of programs as they are), KREDACT_SEED. Lines "# copies NAME ..."
 * have the figures.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "judge.h"
#include "place.h"
#include "program.h"
#include "scan.h"

#define CORES		WORK "/cores"
#define SEAL_KEY	WORK "/seal.key"
#define AES_SECRET	"symmetric/aes"	/* the only one that has a schedule */
#define DELAY_MS	150	/* the longest time from load to crash */
#define DUMP_MS		60000	/* the longest time that a dump may take */
#define KEEP		3	/* cores with leaks that are kept */

static uint64_t random_state;

static unsigned int number, failed;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) * limit >> 32);
}

static void check(bool good, const char *what)
{
	printf("%sok %u %s\n", good ? "" : "not ", ++number, what);
	failed += !good;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* Nobody knows where it has its secrets. */
static bool as_it_is(const struct program *p)
{
	return p->watch || p->preload;
}

static bool has_aes(const struct program *p)
{
	return !strcmp(p->secrets[0], AES_SECRET);
}

static bool load_secrets(const struct program *p)
{
	unsigned int i;

	for (i = 0; p->secrets[i]; i++) {
		char path[256];
		uint8_t bytes[1024];
		ssize_t len;
		int fd, index;

		if (p->arg)
			snprintf(path, sizeof(path), KEYS "/%s", p->secrets[i]);
		else
			snprintf(path, sizeof(path), KEYS "/secret/%s/%s", p->keys ?: p->name,
				 p->secrets[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		len = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
		close(fd);
		if (len < SCAN_RUN)
			return false;
		if (!strcmp(p->secrets[i], AES_SECRET))
			index = scan_add_aes(p->secrets[i], bytes, (size_t)len);
		else
			index = scan_add(p->secrets[i], bytes, (size_t)len);
		if (index < 0)
			return false;
	}
	return true;
}

static bool write_setting(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/*
 * Make it crash at a random moment, and wait until the core is written. The signals
 * are such that none of the programs catches. Return: the signal, or 0.
 */
static int crash(const struct program *p, struct running *r)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGILL };
	int sig = signals[random_below(4)];
	struct timespec delay = { .tv_nsec = (long)random_below(DELAY_MS * 1000) * 1000 };
	struct pollfd victim = { .events = POLLIN };
	bool good = false;

	nanosleep(&delay, NULL);
	if (p->pick)
		r->pid = p->pick(r);
	if (r->pid <= 0)
		return 0;
	victim.fd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	if (victim.fd >= 0 && !kill(r->pid, sig))
		good = poll(&victim, 1, DUMP_MS) == 1;
	if (victim.fd >= 0)
		close(victim.fd);
	/* A child of ours; of nginx's otherwise. */
	waitpid(r->pid, NULL, 0);
	return good ? sig : 0;
}

/* Secrets of TLS connections are nothing that watching claims to tag. */
#define PRIVATE_KEYS	"pem,openssh,pgp,sexp,pkcs12,jwk,rsa-der,ec-der,raw,bignum,rsa-pieces,known"

/* Does the auditor's program find it clean? */
static bool verify(const char *core)
{
	char command[256];

	snprintf(command, sizeof(command), "kredact-verify --key " SEAL_KEY " --detect "
		 PRIVATE_KEYS " %s >" WORK "/verified 2>&1", core);
	if (!system(command))
		return true;
	if (system("sed 's/^/# /' " WORK "/verified"))
		puts("# what it said is not known");
	return false;
}

static void keep(const struct program *p, const char *core, unsigned int nth)
{
	char command[512];

	snprintf(command, sizeof(command), "cp %s /out/%s-%u.core", core, p->name, nth);
	if (system(command))
		printf("# the core could not be kept\n");
}

/* One crash and its core. Return: whether it came to that. */
static bool one(const struct program *p, bool registers, struct verdict *sums)
{
	struct running r = { 0 };
	struct verdict before = *sums;
	char core[64];
	struct dump dump;
	int sig;

	if (!p->start(p, registers && !p->watch, &r)) {
		printf("# crash %u: the program does not come under load\n", sums->crashes);
		finish(r.pid);
		return false;
	}
	sig = crash(p, &r);
	snprintf(core, sizeof(core), CORES "/%d", r.pid);
	if (!sig || !dump_open(&dump, core)) {
		printf("# crash %u: no core after signal %d\n", sums->crashes, sig);
		return false;
	}
	judge(&dump, &r, registers, sums);
	dump_close(&dump);
	if (registers && as_it_is(p))
		sums->verified += verify(core);
	if (registers && sums->leaking > before.leaking) {
		printf("# crash %u, signal %d: leak\n", sums->crashes, sig);
		if (sums->leaking <= KEEP)
			keep(p, core, sums->crashes);
	}
	unlink(core);
	return true;
}

/* A series of crashes: @nr of them, and further ones up to @most until copies were seen. */
static bool series(const struct program *p, bool registers, unsigned int nr, unsigned int most,
		   struct verdict *sums)
{
	double start = now();
	bool good = !registers || !p->watch || watch_begin(p->watch);

	good = good && p->begin(p, registers && !p->watch);
	while (good && (sums->crashes < nr ||
			(!registers && !sums->with_copies && sums->crashes < most)))
		good = one(p, registers, sums);
	p->end(p);
	if (registers && p->watch)
		good &= watch_end();
	sums->seconds = now() - start;
	return good;
}

int main(int argc, char **argv)
{
	uint64_t seed = setting("KREDACT_SEED", (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32);
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	static struct verdict without, with;
	unsigned int crashes, controls;
	const struct program *p = programs, *w;
	bool good;

	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (p->name && strcmp(p->name, name))
		p++;
	for (w = watched_programs; !p->name && w->name; w++)
		if (!strcmp(w->name, name))
			p = w;
	if (!p->name) {
		printf("Bail out! there is no program %s\n", name);
		return 1;
	}
	/* Servers that are started anew take longer. */
	crashes = (unsigned int)setting("KREDACT_CRASHES", as_it_is(p) ? 2 : 4);
	controls = (unsigned int)setting("KREDACT_CONTROLS", crashes > 30 ? crashes / 10 :
					 as_it_is(p) ? 1 : 3);
	random_state = seed * 0x9e3779b97f4a7c15ull | 1;
	printf("# seed %llu\n", (unsigned long long)seed);
	umask(022);
	mkdir(WORK, 0755);
	mkdir(CORES, 0777);
	chmod(CORES, 01777);
	if (!load_secrets(p) || !write_setting("/proc/sys/kernel/core_pattern", CORES "/%p")) {
		puts("Bail out! no secrets, or no place for cores");
		return 1;
	}

	if (as_it_is(p) && system("rm -f " SEAL_KEY " && kredact key generate " SEAL_KEY
				  " && kredact key install " SEAL_KEY)) {
		puts("Bail out! no key for seals");
		return 1;
	}
	good = series(p, false, controls, controls + 30, &without);
	printf("# %u crashes without registration in %.1f s: %u cores with copies, %u copies\n",
	       without.crashes, without.seconds, without.with_copies, without.copies);
	check(good, "not registered: it crashes under load and leaves cores");
	check(without.with_copies, "not registered: copies of the secrets are in cores");
	if (has_aes(p))
		check(without.schedules, "not registered: whole schedules are among them");
	if (!as_it_is(p))
		check(without.displaced == 0,
		      "not registered: the place to register has its secret");

	good = series(p, true, crashes, crashes, &with);
	print_verdict(p->name, "unregistered", &without);
	print_verdict(p->name, "registered", &with);
	printf("# copies %s total seed: %llu\n", p->name, (unsigned long long)seed);
	printf("# %u crashes with registration in %.1f s: %u leaking, %u copies zeroed\n",
	       with.crashes, with.seconds, with.leaking, with.copies);
	check(good && with.crashes == crashes,
	      "registered: it crashes under load and leaves cores");
	check(with.crashes && with.sealed == with.crashes, "registered: each core has a seal");
	check(with.crashes && with.hunted == with.crashes,
	      "registered: each seal says that copies were hunted");
	check(with.crashes && !with.leaking, "registered: no core has 16 bytes of a secret");
	if (as_it_is(p))
		check(with.verified == with.crashes, "registered: kredact-verify finds all clean");
	else
		check(with.copies || with.register_bytes,
		      "registered: seals name copies that were found and zeroed");
	printf("1..%u\n", number);
	return failed ? 1 : 0;
}

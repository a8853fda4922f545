// SPDX-License-Identifier: GPL-2.0
/*
 * A real core file: what was left alone is in it, what was covered (by the fall-back, or
 * by the module where it is loaded) is not. Needs a core_pattern that is a plain file
 * name; says so and skips otherwise.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "common.h"
#include "internal.h"

#define SECRET_LEN	48

enum { PLAIN, REGISTERED, ENDED, SMALL, LARGE, CHILDS, NR_SECRETS };

static const struct {
	const char *name;
	bool dumped;
} secrets[NR_SECRETS] = {
	[PLAIN]      = { "control: memory that nobody registered is in the core", true },
	[ENDED]      = { "control: so is memory whose registration has ended", true },
	[REGISTERED] = { "registered memory is not", false },
	[SMALL]      = { "nor a small object of kredact_alloc()", false },
	[LARGE]      = { "nor a large one", false },
	[CHILDS]     = { "nor memory that the parent of the process registered", false },
};

/* Made byte by byte where it is wanted: no other copy is anywhere. */
static void write_secret(volatile unsigned char *at, unsigned int which)
{
	uint64_t seed = 0x1234567 + which * 7919;

	for (int i = 0; i < SECRET_LEN; i++)
		at[i] = (unsigned char)(next_random(&seed) >> 24);
}

static void crash(unsigned char *inherited)
{
	unsigned char *m = map_pages(6), *small = kredact_alloc(SECRET_LEN),
		      *large = kredact_alloc(200000);
	size_t page = (size_t)getpagesize();
	uint64_t h;

	if (!small || !large || kredact_register(m + 2 * page + 10, SECRET_LEN, NULL, NULL) ||
	    kredact_register(m + 4 * page + 10, SECRET_LEN, NULL, &h) || kredact_unregister(h))
		_exit(1);
	write_secret(m + 10, PLAIN);
	write_secret(m + 2 * page + 10, REGISTERED);
	write_secret(m + 4 * page + 10, ENDED);
	write_secret(small, SMALL);
	write_secret(large + 1000, LARGE);
	write_secret(inherited, CHILDS);
	raise(SIGSEGV);
	_exit(2);
}

static bool plain_core_pattern(void)
{
	char pattern[256] = "";
	FILE *f = fopen("/proc/sys/kernel/core_pattern", "r");

	if (f) {
		if (!fgets(pattern, sizeof(pattern), f))
			pattern[0] = '\0';
		fclose(f);
	}
	return pattern[0] && pattern[0] != '\n' && !strpbrk(pattern, "|/@");
}

/* The only file in the folder. */
static unsigned char *read_core(const char *dir, size_t *len)
{
	unsigned char *core = NULL;
	struct dirent *de;
	struct stat st;
	DIR *d = opendir(dir);
	int fd;

	must(d, "opendir");
	while ((de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		fd = openat(dirfd(d), de->d_name, O_RDONLY);
		must(fd >= 0 && !fstat(fd, &st), "the core");
		*len = (size_t)st.st_size;
		core = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
		must(core != MAP_FAILED, "mmap of the core");
		unlinkat(dirfd(d), de->d_name, 0);
		close(fd);
	}
	closedir(d);
	return core;
}

int main(void)
{
	char dir[] = "/tmp/kredact-core-XXXXXX";
	unsigned char want[SECRET_LEN], *core, *inherited = map_pages(1);
	struct rlimit rl;
	int status, fd;
	size_t len = 0;
	pid_t pid;

	kr_device_path = "/nonexistent/kredact";
	if (!plain_core_pattern()) {
		printf("1..0 # SKIP core_pattern is not a plain file name\n");
		return 0;
	}
	must(!getrlimit(RLIMIT_CORE, &rl), "getrlimit");
	rl.rlim_cur = rl.rlim_max;
	if (rl.rlim_max < 64 << 20) {
		printf("1..0 # SKIP RLIMIT_CORE cannot be raised to 64 MiB\n");
		return 0;
	}
	must(mkdtemp(dir), "mkdtemp");
	fd = open(".", O_RDONLY | O_DIRECTORY);
	must(fd >= 0 && !chdir(dir), "chdir");
	must(!kredact_register(inherited, SECRET_LEN, NULL, NULL), "register");

	pid = fork();
	must(pid >= 0, "fork");
	if (!pid) {
		setrlimit(RLIMIT_CORE, &rl);
		prctl(PR_SET_DUMPABLE, 1);
		crash(inherited);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	must(!fchdir(fd), "fchdir");
	ok(WIFSIGNALED(status) && WCOREDUMP(status), "a process crashes and leaves a core");
	core = read_core(dir, &len);
	rmdir(dir);
	must(core, "no core in the folder");
	for (unsigned int i = 0; i < NR_SECRETS; i++) {
		write_secret(want, i);
		ok(!memmem(core, len, want, sizeof(want)) == !secrets[i].dumped, "%s",
		   secrets[i].name);
	}
	return tap_done();
}

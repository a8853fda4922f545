// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the test machine.
 *
 * Inserts the modules that the root disk needs, in the order in which
 * /modules.list names them, makes /dev/vda the root and runs the command given
 * by VM_RUNNER there. While that runs, PID 1 reaps orphans; when it has ended,
 * PID 1 writes the disk back and resets the machine, which ends QEMU.
 *
 * VM_INIT names another PID 1 instead, which this one becomes.
 *
 * Nothing here tells the host that the tests went well: only the runner does,
 * on a channel of its own. Whatever goes wrong here is a silence there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEWROOT		"/root"
#define DISK		"/dev/vda"
#define DISK_WAIT_MS	10000

static void __attribute__((noreturn)) halt(void)
{
	sync();
	mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fputs("init: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	halt();
}

static void mount_at(const char *type, const char *dir)
{
	if (mkdir(dir, 0755) && errno != EEXIST)
		fail("cannot create %s", dir);
	if (mount(type, dir, type, 0, NULL))
		fail("cannot mount %s", dir);
}

static void insert_modules(void)
{
	FILE *list = fopen("/modules.list", "re");
	char path[256];
	int fd;

	if (!list)
		fail("cannot open /modules.list");
	while (fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail("cannot open %s", path);
		if (syscall(SYS_finit_module, fd, "", 0))
			fail("cannot insert %s", path);
		close(fd);
	}
	fclose(list);
}

/* The driver may still be probing when its insertion returns. */
static void wait_for_disk(void)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	int ms;

	for (ms = 0; ms < DISK_WAIT_MS; ms++) {
		if (!access(DISK, F_OK))
			return;
		nanosleep(&tick, NULL);
	}
	errno = ENODEV;
	fail("%s did not appear within %d ms", DISK, DISK_WAIT_MS);
}

static void move_mount_to(const char *from, const char *to)
{
	if (mount(from, to, NULL, MS_MOVE, NULL))
		fail("cannot move %s to %s", from, to);
}

/* An initramfs cannot be unmounted: cover it with the disk. */
static void switch_root(void)
{
	if (mkdir(NEWROOT, 0755) && errno != EEXIST)
		fail("cannot create " NEWROOT);
	if (mount(DISK, NEWROOT, "ext4", MS_NOATIME, NULL))
		fail("cannot mount " DISK);
	move_mount_to("/dev", NEWROOT "/dev");
	move_mount_to("/proc", NEWROOT "/proc");
	move_mount_to("/sys", NEWROOT "/sys");
	if (chdir(NEWROOT))
		fail("cannot enter " NEWROOT);
	move_mount_to(".", "/");
	if (chroot(".") || chdir("/"))
		fail("cannot change the root");
}

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static pid_t start_runner(const char *path)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("cannot fork");
	if (pid)
		return pid;

	setsid();
	execl(path, path, (char *)NULL);
	fprintf(stderr, "init: cannot run %s: %s\n", path, strerror(errno));
	_exit(127);
}

static void __attribute__((noreturn)) become(const char *path)
{
	execl(path, path, (char *)NULL);
	fail("cannot run %s", path);
}

int main(void)
{
	const char *runner = getenv("VM_RUNNER");
	const char *other = getenv("VM_INIT");
	pid_t pid, dead;
	int status;

	mount_at("devtmpfs", "/dev");
	open_console();
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	insert_modules();
	wait_for_disk();
	switch_root();
	if (other)
		become(other);

	pid = start_runner(runner ? runner : "/kredact/guest/run.sh");
	do {
		dead = wait(&status);
	} while (dead != pid && (dead > 0 || errno == EINTR));
	fprintf(stderr, "init: the runner ended with status %#x\n", status);

	kill(-1, SIGKILL);
	halt();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A process for CRIU: memory, a thread, a pipe with something in it, an open file.
 *
 *	frozen untagged|tagged|open FOLDER
 *	frozen shows FILE		succeeds if the file has its secret
 *
 * Once it is ready it writes FOLDER/ready, waits for FOLDER/go, and says in FOLDER/said what
 * is as it was. "tagged" registers its secret and closes the device, "open" leaves that open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

#define SECRET	64
#define TEXT	"not a secret, and in the pipe"

static volatile bool is_over;
static volatile unsigned long ticks;

static void *thread_main(void *arg)
{
	while (!is_over) {
		ticks++;
		usleep(10000);
	}
	return arg;
}

/* No program of the machine has these bytes but this one, in that page. */
static uint8_t secret_byte(unsigned int i)
{
	return 0x80 | (i * 43 + 5);
}

static void fill(uint8_t *secret)
{
	unsigned int i;

	for (i = 0; i < SECRET; i++)
		((volatile uint8_t *)secret)[i] = secret_byte(i);
}

static bool shows(const char *path)
{
	uint8_t secret[SECRET], *bytes;
	int fd = open(path, O_RDONLY);
	struct stat st;

	fill(secret);
	if (fd < 0 || fstat(fd, &st) || !st.st_size)
		return false;
	bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	return bytes != MAP_FAILED && memmem(bytes, st.st_size, secret, SECRET);
}

static int tag(const uint8_t *at, bool is_left_open)
{
	struct kredact_register reg = { .size = sizeof(reg), .addr = (uintptr_t)at, .len = SECRET };
	int fd = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC), ret;

	ret = fd < 0 ? -1 : ioctl(fd, KREDACT_IOC_REGISTER, &reg);
	if (!is_left_open)
		close(fd);
	return ret;
}

static void say(FILE *to, const char *what, bool is_kept)
{
	fprintf(to, "%s %s\n", what, is_kept ? "kept" : "lost");
}

/* What a restored process must still have. */
static void report(FILE *to, const uint8_t *secret, const uint8_t *control, int pipe_end,
		   const char *folder)
{
	char text[sizeof(TEXT)] = "", path[256], link[256] = "";
	bool is_zero = true, is_whole = true;
	unsigned long before = ticks;
	unsigned int i;

	for (i = 0; i < PAGE; i++)
		is_whole &= control[i] == (uint8_t)(i * 7 + 1);
	say(to, "memory", is_whole);
	for (i = 0, is_whole = true; i < SECRET; i++) {
		is_whole &= secret[i] == secret_byte(i);
		is_zero &= !secret[i];
	}
	fprintf(to, "secret %s\n", is_whole ? "kept" : is_zero ? "zero" : "lost");
	say(to, "pipe", read(pipe_end, text, sizeof(text)) == sizeof(text) && !strcmp(text, TEXT));
	usleep(500000);
	say(to, "thread", ticks > before);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", STDOUT_FILENO);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		*link = '\0';
	say(to, "file", !strncmp(link, folder, strlen(folder)) &&
	    lseek(STDOUT_FILENO, 0, SEEK_CUR) == sizeof(TEXT));
}

int main(int argc, char **argv)
{
	uint8_t *secret = pages(1), *control = pages(1);
	pthread_t thread;
	int ends[2];
	unsigned int i;
	FILE *said;

	if (!secret || !control)
		return 1;
	if (argc == 3 && !strcmp(argv[1], "shows"))
		return !shows(argv[2]);
	if (argc != 3 || chdir(argv[2]))
		return 1;
	if (strcmp(argv[1], "untagged") && tag(secret, !strcmp(argv[1], "open")))
		return 1;
	for (i = 0; i < PAGE; i++)
		control[i] = i * 7 + 1;
	fill(secret);
	if (pipe(ends) || write(ends[1], TEXT, sizeof(TEXT)) != sizeof(TEXT) ||
	    write(STDOUT_FILENO, TEXT, sizeof(TEXT)) != sizeof(TEXT) ||
	    pthread_create(&thread, NULL, thread_main, NULL) || creat("ready", 0600) < 0)
		return 1;
	while (access("go", F_OK))
		usleep(20000);
	said = fopen("said.new", "w");
	if (!said)
		return 1;
	report(said, secret, control, ends[0], argv[2]);
	is_over = true;
	pthread_join(thread, NULL);
	fprintf(said, "end\n");
	return fclose(said) || rename("said.new", "said");
}

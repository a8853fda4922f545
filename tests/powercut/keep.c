// SPDX-License-Identifier: GPL-2.0
/*
 * keep - store files as kredact's programs store dumps, for a power cut to come
 *
 *	keep FOLDER DISK SECONDS [--without STEP]
 *
 * Each turn: a line in FOLDER/log, fdatasync; the file under no name, fsync; what belongs to
 * it linked, the file linked, the folder's fsync. DISK gets marks of what is promised: "line
 * N" and "file N". It ends after SECONDS, or with an eighth of the disk. --without data, link,
 * line or folder leaves that fsync out, as a control that has to be caught; "order" links the
 * file before what belongs to it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "mark.h"

#define LEAST	4096u
#define MOST	(512u << 10)

static const char *without = "";
static int folder, disk;
static const char *name;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "keep: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool with(const char *step)
{
	return strcmp(step, without);
}

static void put(int fd, const void *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		die("write");
}

static void sync_file(int fd, const char *step)
{
	if (with(step) && fsync(fd))
		die("fsync");
}

static uint64_t free_bytes(struct statvfs *fs)
{
	if (fstatvfs(folder, fs))
		die("statvfs");
	return (uint64_t)fs->f_bfree * fs->f_frsize;
}

/* Give a file of no name its name. */
static void give_name(int fd, const char *format, unsigned int n)
{
	char link[64], to[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	snprintf(to, sizeof(to), format, n);
	if (linkat(AT_FDCWD, link, folder, to, AT_SYMLINK_FOLLOW))
		die(to);
	close(fd);
}

static int make_file(const void *data, size_t len, const char *step)
{
	int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		die("O_TMPFILE");
	put(fd, data, len);
	sync_file(fd, step);
	return fd;
}

static void add_line(int log, unsigned int n)
{
	char line[64];

	put(log, line, snprintf(line, sizeof(line), "line %u\n", n));
	if (with("line") && fdatasync(log))
		die("fdatasync");
	if (mark_put(disk, "%s line %u", name, n))
		die("mark");
}

/* The file says what it has to be: its digest, in front of the rest. */
static void keep(int log, unsigned int n)
{
	static unsigned char data[EVP_MAX_MD_SIZE + MOST];
	unsigned char about[EVP_MAX_MD_SIZE];
	unsigned int digest_len;
	size_t len;
	int file, other;

	len = LEAST + (unsigned int)rand() % (MOST - LEAST);
	if (RAND_bytes(data + 32, len) != 1 ||
	    !EVP_Digest(data + 32, len, data, &digest_len, EVP_sha256(), NULL))
		exit(1);
	memcpy(about, data, digest_len);
	file = make_file(data, digest_len + len, "data");
	add_line(log, n);
	other = make_file(about, digest_len, "link");
	if (with("order")) {
		give_name(other, "file.%u.about", n);
		give_name(file, "file.%u", n);
	} else {
		give_name(file, "file.%u", n);
		sync_file(folder, "folder");
		give_name(other, "file.%u.about", n);
	}
	sync_file(folder, "folder");
	if (mark_put(disk, "%s file %u", name, n))
		die("mark");
}

int main(int argc, char **argv)
{
	uint64_t begin, most;
	struct statvfs fs;
	unsigned int n = 0;
	time_t end;
	int log;

	if (argc == 6 && !strcmp(argv[4], "--without"))
		without = argv[5];
	else if (argc != 4)
		return 3;
	name = strrchr(argv[1], '/') + 1;
	if (mkdir(argv[1], 0755))
		die(argv[1]);
	folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	disk = mark_open(argv[2]);
	if (folder < 0 || disk < 0)
		die(argv[2]);
	log = openat(folder, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		die("log");
	sync();
	if (mark_put(disk, "%s begin", name))
		die("mark");
	/* There are six of these on one disk, however fast the machine is. */
	begin = free_bytes(&fs);
	most = (uint64_t)fs.f_blocks * fs.f_frsize / 8;
	for (end = time(NULL) + atoi(argv[3]); time(NULL) < end;) {
		if (free_bytes(&fs) + most < begin)
			break;
		keep(log, n++);
	}
	if (mark_put(disk, "%s end", name))
		die("mark");
	printf("%u files\n", n);
	return 0;
}

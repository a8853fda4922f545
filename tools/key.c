// SPDX-License-Identifier: GPL-2.0
/*
 * kredact key: the key that seals are made with.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "key.h"

#define KEY_LEN		32

static void print_id(const u8 *id)
{
	char text[2 * KEYFILE_ID_LEN + 1];

	text_hex(text, id, KEYFILE_ID_LEN);
	puts(text);
}

static int print_key_id(const char *path)
{
	struct complaint why;
	struct keyfile key;
	int error = keyfile_load(&key, path, false, &why);

	if (error)
		fprintf(stderr, "kredact key id: %s: %s\n", path, why.text);
	else
		print_id(key.id);
	keyfile_wipe(&key);
	return error ? EXIT_FAILED : 0;
}

static int set_key(const struct keyfile *key, struct complaint *why)
{
	struct kredact_key argument = {
		.size = sizeof(argument),
		.key = (uintptr_t)key->key,
		.key_len = key->len,
	};
	int fd, error = 0;

	fd = open(KREDACT_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return complain(why, -errno, "%s: %s", KREDACT_DEVICE, strerror(errno));
	if (ioctl(fd, KREDACT_IOC_SET_KEY, &argument))
		error = complain(why, -errno, "the module refuses the key: %s", strerror(errno));
	else if (memcmp(argument.key_id, key->id, sizeof(key->id)))
		error = complain(why, -EPROTO, "the module names the key differently");
	close(fd);
	return error;
}

/**
 * key_install() - have seals made with a key from now on
 * @path:	its file, which nobody else may be able to read
 * @id:		out: its name, KEYFILE_ID_LEN bytes
 * @why:	takes the text if it fails
 *
 * Return: 0 or a negative errno.
 */
int key_install(const char *path, u8 *id, struct complaint *why)
{
	struct keyfile key;
	int error;

	error = keyfile_load(&key, path, true, why);
	if (!error)
		error = set_key(&key, why);
	memcpy(id, key.id, sizeof(key.id));
	keyfile_wipe(&key);
	return error;
}

static int install_key(const char *path)
{
	struct complaint why;
	u8 id[KEYFILE_ID_LEN];
	int error = key_install(path, id, &why);

	if (error)
		fprintf(stderr, "kredact key install: %s: %s\n", path, why.text);
	else
		print_id(id);
	return error ? EXIT_FAILED : 0;
}

static int write_key(int fd, const u8 *key)
{
	size_t done = 0;
	ssize_t put;

	while (done < KEY_LEN) {
		put = write(fd, key + done, KEY_LEN - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -EIO;
		done += put;
	}
	return fsync(fd) ? -errno : 0;
}

static int generate_key(const char *path)
{
	u8 key[KEY_LEN];
	int fd, error = 0;

	if (getrandom(key, sizeof(key), 0) != sizeof(key)) {
		perror("kredact key generate: getrandom");
		return EXIT_FAILED;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0) {
		fprintf(stderr, "kredact key generate: %s: %s\n", path, strerror(errno));
		explicit_bzero(key, sizeof(key));
		return EXIT_FAILED;
	}
	error = write_key(fd, key);
	explicit_bzero(key, sizeof(key));
	if (close(fd) && !error)
		error = -errno;
	if (!error)
		return print_key_id(path);
	fprintf(stderr, "kredact key generate: %s: %s\n", path, strerror(-error));
	unlink(path);
	return EXIT_FAILED;
}

/**
 * cmd_key() - work with seal keys
 * @argc:	length of @argv
 * @argv:	"key", what to do, and a file
 *
 * Return: 0, 1 if it failed, 3 for wrong arguments.
 */
int cmd_key(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const char *path);
	} actions[] = {
		{ "install", install_key },
		{ "id", print_key_id },
		{ "generate", generate_key },
	};
	const struct rlimit none = { 0, 0 };
	size_t i;

	/* The key must not end in a dump of this very program. */
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) {
		perror("kredact key");
		return EXIT_FAILED;
	}
	for (i = 0; argc == 3 && i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(argv[1], actions[i].name))
			return actions[i].run(argv[2]);
	fputs("Usage: kredact key install FILE\n"
	      "       kredact key id FILE\n"
	      "       kredact key generate FILE\n", stderr);
	return EXIT_USAGE;
}

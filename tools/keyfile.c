// SPDX-License-Identifier: GPL-2.0
/*
 * Files that hold a seal key: see keyfile.h.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "keyfile.h"

static bool make_id(struct keyfile *key)
{
	static const char prefix[] = "kredact key id";
	u8 text[sizeof(prefix) - 1 + KREDACT_KEY_MAX], digest[EVP_MAX_MD_SIZE];
	size_t len = sizeof(prefix) - 1;
	bool done;

	memcpy(text, prefix, len);
	memcpy(text + len, key->key, key->len);
	done = EVP_Digest(text, len + key->len, digest, NULL, EVP_sha256(), NULL);
	memcpy(key->id, digest, sizeof(key->id));
	OPENSSL_cleanse(text, sizeof(text));
	return done;
}

static int check_file(int fd, bool strict, struct complaint *why)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return complain(why, -EIO, "%s", strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return complain(why, -EINVAL, "not a regular file");
	if (stat.st_size < KREDACT_KEY_MIN || stat.st_size > KREDACT_KEY_MAX)
		return complain(why, -EINVAL, "a key has %u to %u bytes, this file has %lld",
				KREDACT_KEY_MIN, KREDACT_KEY_MAX, (long long)stat.st_size);
	if (strict && stat.st_uid)
		return complain(why, -EPERM, "not owned by root");
	if (strict && stat.st_mode & 077)
		return complain(why, -EPERM, "accessible to others than root (mode %04o)",
				stat.st_mode & 07777);
	return 0;
}

/**
 * keyfile_load() - read a key
 * @key:	takes it; to be erased by keyfile_wipe(), also after an error
 * @path:	the file
 * @strict:	it must belong to root and be closed to all others
 * @why:	text of an error
 *
 * The file is examined through its descriptor, so that what was examined is
 * what is read.
 *
 * Return: 0, or a negative errno.
 */
int keyfile_load(struct keyfile *key, const char *path, bool strict, struct complaint *why)
{
	ssize_t got = 0;
	int fd, error;

	*key = (struct keyfile){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return complain(why, -errno, "%s", strerror(errno));
	error = check_file(fd, strict, why);
	if (error)
		goto out;
	while (key->len < sizeof(key->key)) {
		got = read(fd, key->key + key->len, sizeof(key->key) - key->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		key->len += got;
	}
	if (got < 0)
		error = complain(why, -EIO, "%s", strerror(errno));
	else if (key->len < KREDACT_KEY_MIN)
		error = complain(why, -EINVAL, "became shorter while it was read");
	else if (!make_id(key))
		error = complain(why, -EINVAL, "OpenSSL cannot compute SHA-256");
out:
	close(fd);
	return error;
}

/**
 * keyfile_wipe() - erase a key
 * @key:	from keyfile_load()
 */
void keyfile_wipe(struct keyfile *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

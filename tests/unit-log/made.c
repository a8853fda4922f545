// SPDX-License-Identifier: GPL-2.0
/* A log that a test makes: see made.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log_keys.h"
#include "made.h"

#define MS	1000000ull

static void tell_time(void *arg, struct writer_now *now)
{
	struct made *made = arg;

	made->now.realtime_ns += MS;
	made->now.boot_ns += MS;
	*now = made->now;
}

int made_run(const char *command, char *out, size_t room)
{
	FILE *pipe = popen(command, "re");
	size_t n = pipe ? fread(out, 1, room - 1, pipe) : 0;
	int status;

	out[n] = '\0';
	while (pipe && getc(pipe) != EOF)
		;
	status = pipe ? pclose(pipe) : -1;
	return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool make_key(const struct made *made)
{
	char command[1024], out[64];

	snprintf(command, sizeof(command), "umask 077; openssl genpkey -algorithm ed25519 -out %s && "
		 "openssl pkey -in %s -pubout -out %s", made->key, made->key, made->public);
	return !made_run(command, out, sizeof(out));
}

bool made_init(struct made *made)
{
	struct complaint why;

	memset(made, 0, sizeof(*made));
	snprintf(made->path, sizeof(made->path), "%s/kredact-log-XXXXXX", getenv("TMPDIR") ?: "/tmp");
	if (!mkdtemp(made->path))
		return false;
	snprintf(made->key, sizeof(made->key), "%s.key", made->path);
	snprintf(made->public, sizeof(made->public), "%s.pem", made->path);
	made->dir = open(made->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	made->now.realtime_ns = 1767225600 * NS_PER_S;	/* 2026-01-01 */
	made->now.boot_ns = 1000 * NS_PER_S;
	if (!make_key(made) || log_keys_load(&made->keys, made->public, &why))
		return false;
	made->signer = signer_load(made->key, &why);
	made->opts = (struct writer_opts){
		.dir = made->dir,
		.signer = made->signer,
		.checkpoint_lines = 50,
		.checkpoint_s = 60,
		.rotate_bytes = 1 << 20,
		.rotate_s = 86400,
		.retain_s = 400 * 86400,
		.now = tell_time,
		.arg = made,
	};
	return made->dir >= 0 && made->signer;
}

bool made_open(struct made *made)
{
	struct complaint why;
	int error = writer_open(&made->writer, &made->opts, &why);

	if (error)
		printf("# %s\n", why.text);
	return !error;
}

bool made_put(struct made *made, const char *event, const char *data)
{
	struct complaint why;

	return !writer_add(made->writer, event, MADE_SENDER, data, NULL, &why);
}

bool made_commit(struct made *made)
{
	struct complaint why;

	return !writer_commit(made->writer, &why);
}

bool made_lines(struct made *made, unsigned int count)
{
	char data[128];
	unsigned int i;

	for (i = 0; i < count; i++) {
		snprintf(data, sizeof(data), "{\"labels\":[\"key-%u\"],\"n\":%u}", i % 7, i);
		if (!made_put(made, "test.line", data) || (i % 10 == 9 && !made_commit(made)))
			return false;
	}
	return made_commit(made);
}

bool made_close(struct made *made)
{
	struct complaint why;
	int error = writer_close(made->writer, &why);

	made->writer = NULL;
	/* The lock goes with the description of the file, which the test keeps. */
	return !error;
}

static void on_finding(void *arg, const struct check_finding *finding)
{
	struct made_check *check = arg;

	check->kinds[finding->kind]++;
	if (!check->first.text[0] || finding->level > check->first.level)
		check->first = *finding;
}

void made_check(struct made *made, const char *published, struct made_check *result)
{
	struct check_opts opts = { made->keys, NS_PER_S, on_finding, result };
	struct complaint why = { "" };
	struct check *check;
	int error = 0;

	memset(result, 0, sizeof(*result));
	check = check_new(&opts, &why);
	if (published)
		error = check_expect(check, published, &why);
	if (!error)
		error = check_dir(check, made->dir, &why);
	check_end(check, &result->result);
	check_free(check);
	if (error)
		printf("# %s\n", why.text);
	result->status = result->result.findings[CHECK_CHANGED] ? 1 :
			 result->result.findings[CHECK_UNSURE] || error ? 2 : 0;
	if (result->first.text[0] && result->first.level > CHECK_NOTE)
		printf("# %s, line %llu, seq %llu: %s: %s\n", check_level_word(result->first.level),
		       (unsigned long long)result->first.line,
		       (unsigned long long)result->first.seq, check_kind_word(result->first.kind),
		       result->first.text);
}

void made_free(struct made *made)
{
	char command[512], out[16];

	if (made->writer)
		made_close(made);
	signer_free(made->signer);
	log_keys_free(made->keys);
	close(made->dir);
	snprintf(command, sizeof(command), "rm -rf %s %s %s", made->path, made->key, made->public);
	made_run(command, out, sizeof(out));
}

char *made_read(const struct made *made, const char *name, size_t *len)
{
	int fd = openat(made->dir, name, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	char *text;

	if (fd < 0 || fstat(fd, &stat))
		return NULL;
	text = malloc((size_t)stat.st_size + 1);
	*len = (size_t)stat.st_size;
	if (read(fd, text, *len) != (ssize_t)*len)
		*len = 0;
	text[*len] = '\0';
	close(fd);
	return text;
}

bool made_write(const struct made *made, const char *name, const char *text, size_t len)
{
	int fd = openat(made->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len;

	if (fd >= 0)
		close(fd);
	return good;
}

unsigned int made_count(const struct made *made, const char *ending)
{
	int fd = openat(made->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	unsigned int n = 0;

	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), end = strlen(ending);

		n += len > end && !strcmp(entry->d_name + len - end, ending);
	}
	closedir(dir);
	return n;
}

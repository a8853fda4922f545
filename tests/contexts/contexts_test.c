// SPDX-License-Identifier: GPL-2.0
/*
 * Cipher contexts and sessions that real libraries keep, in the dumps (gcore) of living
 * processes: kredact-verify finds all of them, and nothing else.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "run.h"
#include "tap.h"

#define PIECES	32u

/* What a program says is to be found, and how often it was. */
struct piece {
	unsigned int nr;
	unsigned int found;
	char kind[40];
	char detail[100];
};

static struct piece pieces[PIECES];
static unsigned int nr_pieces;
static const char *verify;

/* Starts a program; returns its pid once it has said what it keeps. */
static pid_t start(char *const argv[], const char *setting)
{
	char line[200];
	int ends[2];
	FILE *out;
	pid_t pid;

	if (pipe(ends))
		abort();
	pid = fork();
	if (!pid) {
		dup2(ends[1], 1);
		close(ends[0]);
		if (setting)
			putenv((char *)setting);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	nr_pieces = 0;
	while (out && fgets(line, sizeof(line), out) && strcmp(line, "ready\n")) {
		struct piece *piece = &pieces[nr_pieces];

		piece->found = 0;
		if (nr_pieces < PIECES && sscanf(line, "%u\t%39[^\t]\t%99[^\n]", &piece->nr,
						 piece->kind, piece->detail) == 3)
			nr_pieces++;
	}
	if (out)
		fclose(out);
	return pid;
}

static void count(const char *kind, const char *detail, unsigned int *others)
{
	unsigned int i;

	for (i = 0; i < nr_pieces; i++)
		if (!strcmp(pieces[i].kind, kind) && !strcmp(pieces[i].detail, detail))
			break;
	if (i < nr_pieces) {
		pieces[i].found++;
		return;
	}
	printf("# not expected: %s, %s\n", kind, detail);
	++*others;
}

static const char *member(struct json_object *object, const char *name)
{
	return json_object_get_string(json_object_object_get(object, name));
}

/* Counts what a report names; returns what it should not. */
static unsigned int read_report(const char *text)
{
	struct json_object *report = json_tokener_parse(text), *keys;
	unsigned int others = 0;
	size_t i;

	keys = report ? json_object_object_get(report, "keys") : NULL;
	if (!keys)
		return 1;
	for (i = 0; i < json_object_array_length(keys); i++) {
		struct json_object *key = json_object_array_get_idx(keys, i);

		count(member(key, "kind"), member(key, "detail"), &others);
	}
	json_object_put(report);
	return others;
}

static void test(const char *what, char *const argv[], const char *setting)
{
	static struct outcome outcome;
	unsigned int i, missed = 0, others, total = 0;
	char pid_text[20], core[40];
	pid_t pid = start(argv, setting);

	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	snprintf(core, sizeof(core), "core.%d", pid);
	run(&outcome, (char *const[]){ "gcore", "-o", "core", pid_text, NULL });
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	run(&outcome, (char *const[]){ (char *)verify, "--no-key", "--json", "--detect",
				       "aes,chacha,session", core, NULL });
	unlink(core);
	others = read_report(outcome.out);
	for (i = 0; i < nr_pieces; i++) {
		/* A library may leave more of a kind behind, of tests of its own. */
		if (pieces[i].found < pieces[i].nr) {
			printf("# %u of %u: %s, %s\n", pieces[i].found, pieces[i].nr,
			       pieces[i].kind, pieces[i].detail);
			missed++;
		}
		total += pieces[i].nr;
	}
	ok(!missed && !others, "%s: %u pieces, and nothing else", what, total);
}

/* A program beside this one. */
static void test_program(const char *what, const char *name, const char *arg, const char *setting)
{
	char *path = (char *)beside(name);

	test(what, (char *const[]){ path, (char *)arg, NULL }, setting);
	free(path);
}

int main(void)
{
	char dir[] = "/tmp/kredact-contexts-XXXXXX";

	verify = beside("../../bin/kredact-verify");
	if (!mkdtemp(dir) || chdir(dir))
		abort();
	nr_pieces = 0;
	test("a process without secrets", (char *const[]){ "sh", "-c", "echo ready; exec sleep 60",
							   NULL }, NULL);
	test_program("OpenSSL", "keep_openssl", NULL, NULL);
	ok(nr_pieces > 5, "which said what it keeps");
	test_program("OpenSSL without AES-NI", "keep_openssl", "without-aesni",
		     "OPENSSL_ia32cap=~0x200000000000000");
	test_program("OpenSSL without SSSE3", "keep_openssl", NULL,
		     "OPENSSL_ia32cap=~0x200020000000000");
	test_program("libgcrypt", "keep_gcrypt", NULL, NULL);
	test_program("libgcrypt without AES-NI", "keep_gcrypt", "without-aesni", NULL);
	test_program("nettle", "keep_nettle", NULL, NULL);
	test_program("mbed TLS", "keep_mbedtls", NULL, NULL);
	test_program("wolfSSL", "keep_wolfssl", NULL, NULL);
	test_program("TLS 1.2 of OpenSSL", "keep_tls", "1.2", NULL);
	test_program("TLS 1.3 of OpenSSL", "keep_tls", "1.3", NULL);
	test_program("TLS 1.2 of GnuTLS", "keep_gnutls", "1.2", NULL);
	test_program("TLS 1.3 of GnuTLS", "keep_gnutls", "1.3", NULL);
	if (chdir("/") || rmdir(dir))
		printf("# %s is left\n", dir);
	free((char *)verify);
	return tap_end();
}

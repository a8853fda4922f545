// SPDX-License-Identifier: GPL-2.0
/*
 * libkredact-preload.so: this program executes itself with it, and one that does not have
 * OpenSSL, with and without what KREDACT_REQUIRE can ask for.
 */
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "../unit-tools/tap.h"
#include "kredact.h"

#define SELF	"/proc/self/exe"

static char library[1024], early[2 * PATH_MAX], other[PATH_MAX + 64];

/* What comes of a program: its exit status, or -1, and what it says. */
struct outcome {
	int status;
	char text[4096];
};

/* What is executed with the library, or without it: does the heap have what it should? */

static void *own_alloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(len);
}

static void *own_realloc(void *ptr, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(ptr, len);
}

static void own_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	free(ptr);
}

static bool heap_is_covered(void)
{
	unsigned int flags = 0;
	char text[256];
	void *p = OPENSSL_malloc(100);

	kredact_protection(p, 100, &flags);
	kredact_protection_str(flags, text, sizeof(text));
	printf("heap %s\n", text);
	OPENSSL_free(p);
	return flags & (KREDACT_COVER_CORE | KREDACT_COVER_DONTDUMP);
}

static bool sign(EVP_PKEY *key)
{
	unsigned char signature[512];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	good = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestSign(ctx, signature, &len, (const unsigned char *)"well", 4) == 1 &&
	       EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, signature, len, (const unsigned char *)"well", 4) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

/* A server that forks: the key is of the parent, and is freed by each. */
static bool children_sign(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	int i, status;
	bool good = key && sign(key);

	for (i = 0; i < 4 && good; i++) {
		pid_t pid = fork();

		if (!pid) {
			good = sign(key) && heap_is_covered();
			EVP_PKEY_free(key);
			exit(!good);
		}
		good = waitpid(pid, &status, 0) == pid && !status;
	}
	good = good && sign(key);
	EVP_PKEY_free(key);
	return good;
}

/* One line of a file is read. Is the next one in memory that was the file's buffer? */
static bool file_stays(void)
{
	static const char text[] = "a line\nand the line after it\n";
	const char *buffer;
	FILE *file = tmpfile();
	char line[64];
	bool found;
	int fd;

	if (!file || fputs(text, file) < 0)
		return false;
	fd = dup(fileno(file));
	rewind(file);
	if (!fgets(line, sizeof(line), file))
		return false;
	buffer = file->_IO_buf_base;
	fclose(file);
	found = memmem(buffer, 4096, text + 17, sizeof(text) - 18);
	printf("%s, at %ld\n", found ? "in memory" : "gone", (long)lseek(fd, 0, SEEK_CUR));
	return found;
}

static int run_mode(const char *mode)
{
	if (!strcmp(mode, "file"))
		return file_stays();
	if (!strcmp(mode, "fork"))
		return !children_sign();
	if (!strcmp(mode, "own"))
		printf("its own heap %s\n",
		       CRYPTO_set_mem_functions(own_alloc, own_realloc, own_free) ? "taken" :
		       "refused");
	return !heap_is_covered();
}

/* The rest is the test. */

static void __attribute__((__noreturn__)) execute(const char *path, const char *mode,
						  const char *preload, const char *require, int out)
{
	char *argv[] = { (char *)path, (char *)mode, NULL };

	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	if (require)
		setenv("KREDACT_REQUIRE", require, 1);
	execv(path, argv);
	_exit(127);
}

static struct outcome run(const char *path, const char *mode, const char *preload,
			  const char *require)
{
	struct outcome o = { .status = -1 };
	size_t len = 0;
	ssize_t got;
	int out[2], status;
	pid_t pid;

	if (pipe(out))
		return o;
	fflush(stdout);
	pid = fork();
	if (!pid)
		execute(path, mode, preload, require, out[1]);
	close(out[1]);
	while ((got = read(out[0], o.text + len, sizeof(o.text) - 1 - len)) > 0)
		len += (size_t)got;
	close(out[0]);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		o.status = WEXITSTATUS(status);
	printf("# %s %s, %s: %d\n", path, mode ?: "", require ?: "nothing required", o.status);
	return o;
}

static bool is(const struct outcome *o, int status, const char *text)
{
	bool good = o->status == status && strstr(o->text, text);

	if (!good)
		printf("# %d: %s\n", o->status, o->text);
	return good;
}

static bool without_a_word(const struct outcome *o)
{
	return !o->status && !o->text[0];
}

static void test_cover(bool module)
{
	struct outcome o = run(SELF, "heap", NULL, NULL);

	ok(is(&o, 1, "heap none"), "control: without the library the heap is not covered");
	o = run(SELF, "heap", library, NULL);
	ok(is(&o, 0, "OpenSSL's heap is covered: "), "with it the heap is covered, and it says so");
	ok(is(&o, 0, module ? "covered: core" : "covered: dontdump"), "and by what");
	ok(is(&o, 0, module ? "heap core" : "heap dontdump"), "and so it is");
	o = run(SELF, "fork", library, NULL);
	ok(is(&o, 0, "covered"), "children sign with their parent's key, and are covered");
	setenv("KREDACT_QUIET", "1", 1);
	o = run(SELF, "heap", library, NULL);
	unsetenv("KREDACT_QUIET");
	ok(!o.status && !strncmp(o.text, "heap ", 5), "it says nothing if that is wanted");
	o = run(SELF, "own", NULL, NULL);
	ok(is(&o, 1, "own heap taken\nheap none"), "control: OpenSSL takes another heap");
	o = run(SELF, "own", library, NULL);
	ok(is(&o, 0, "own heap refused\nheap ") && strstr(o.text, "stays registered"),
	   "with the library it does not, and that is said");
}

static void test_file(void)
{
	struct outcome o = run(SELF, "file", NULL, NULL);
	const char *at = strstr(o.text, "at ");
	char gone[64];

	/* Whether closing takes back what was read ahead depends on the C library. */
	snprintf(gone, sizeof(gone), "gone, %s", at ?: "nowhere");
	ok(is(&o, 1, "in memory, at "), "control: a file's text stays where its buffer was");
	o = run(SELF, "file", library, "openssl");
	ok(is(&o, 0, gone), "with the library it is gone, and closing does the same else");
}

static void test_require(bool module)
{
	struct outcome o = run(other, NULL, library, "module,locked");

	ok(without_a_word(&o), "a program without OpenSSL is left alone");
	o = run(other, NULL, library, "openssl");
	ok(is(&o, EX_CONFIG, "has no OpenSSL"), "unless it must have it");
	o = run(SELF, "heap", library, "openssl");
	ok(is(&o, 0, "heap "), "one that has it runs");
	o = run(SELF, "heap", library, "openssl,module");
	if (module)
		ok(is(&o, 0, "heap core"), "the module is required, and there");
	else
		ok(is(&o, EX_CONFIG, "kredact.ko is required"),
		   "the module is required, and not there");
	o = run(SELF, "heap", library, "modul");
	ok(is(&o, EX_CONFIG, "and not modul"), "a word that is not known ends the program");
	o = run(SELF, "heap", library, "modules,locked");
	ok(is(&o, EX_CONFIG, "and not modules"), "likewise one that begins like another");
	o = run(SELF, "heap", early, NULL);
	ok(is(&o, 1, "NOT covered: it was in use before\nheap none"),
	   "a library was faster: it says so");
	o = run(SELF, "heap", early, "openssl");
	ok(is(&o, EX_CONFIG, "NOT covered: it was in use before"), "or the program ends");
}

/* Without the right to lock memory, or room for it. */
static void test_locked(void)
{
	struct outcome o = run(SELF, "heap", library, "locked");
	const struct rlimit none = { 0, 0 };

	ok(is(&o, 0, "mlock"), "locked memory is required, and there");
	prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK);
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		puts("# the limit stays");
	o = run(SELF, "heap", library, "locked");
	ok(is(&o, EX_CONFIG, "NOT covered"), "it is required, and cannot be had");
	o = run(SELF, "heap", library, NULL);
	ok(is(&o, 0, "heap ") && !strstr(o.text, "mlock"), "it is not required");
}

int main(int argc, char **argv)
{
	const char *build = getenv("B"), *helpers;
	bool module = !kredact_module();
	char libs[512], path[PATH_MAX];

	if (argc > 1)
		return run_mode(argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* In the machine it is where the loader finds it. */
	snprintf(libs, sizeof(libs), "%s/lib", build ?: "");
	if (build)
		setenv("LD_LIBRARY_PATH", libs, 1);
	snprintf(library, sizeof(library), "%s%slibkredact-preload.so", build ? libs : "",
		 build ? "/" : "");
	helpers = build && realpath(SELF, path) ? dirname(path) : "/kredact/bin";
	snprintf(early, sizeof(early), "%s:%s/preload_early.so", library, helpers);
	snprintf(other, sizeof(other), "%s/preload_other", helpers);
	test_cover(module);
	test_file();
	test_require(module);
	test_locked();
	return tap_end();
}

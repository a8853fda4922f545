// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkredact-preload.so, for LD_PRELOAD: the heap of the process's OpenSSL is memory of
 * libkredact, in a program that knows nothing of it. See kredact-preload(7).
 *
 * There is no link to libcrypto: a program without it is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <wchar.h>
#include "kredact.h"

#define API		__attribute__((visibility("default")))

typedef void *alloc_fn(size_t len, const char *file, int line);
typedef void *realloc_fn(void *ptr, size_t len, const char *file, int line);
typedef void free_fn(void *ptr, const char *file, int line);
typedef int set_fn(alloc_fn *alloc_by, realloc_fn *realloc_by, free_fn *free_by);

typedef int close_fn(FILE *file);

/* What KREDACT_REQUIRE can ask for besides KREDACT_REQUIRE_*. */
#define REQUIRE_OPENSSL	(1U << 31)

static const struct {
	const char *word;
	unsigned int flag;
} words[] = {
	{ "openssl",	REQUIRE_OPENSSL },
	{ "module",	KREDACT_REQUIRE_MODULE },
	{ "locked",	KREDACT_REQUIRE_LOCKED },
};

static bool taken, quiet;

static void say(const char *what, const char *more)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "kredact: %s[%d]: %s%s\n",
			   program_invocation_short_name, getpid(), what, more);

	/* One write: lines of other processes do not come between. It may fail. */
	if (len > 0)
		(void)!write(STDERR_FILENO, line, (size_t)len < sizeof(line) ? (size_t)len :
			     sizeof(line) - 1);
}

/* Nothing of the program has run yet, and nothing shall. */
static void __attribute__((__noreturn__)) refuse(const char *what, const char *more)
{
	say(what, more);
	_exit(EX_CONFIG);
}

/* A word that nobody knows may be one that asks for much. */
static unsigned int required(void)
{
	const char *text = getenv("KREDACT_REQUIRE");
	unsigned int flags = 0;
	size_t i, len;

	for (; text && *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (!strncmp(text, words[i].word, len) && !words[i].word[len])
				break;
		if (i == sizeof(words) / sizeof(words[0]))
			refuse("KREDACT_REQUIRE is a list of openssl, module, locked, and not ",
			       text);
		flags |= words[i].flag;
	}
	return flags;
}

/* That of a library; NULL: the process has none. */
static set_fn *real_set(void)
{
	return (set_fn *)dlsym(RTLD_NEXT, "CRYPTO_set_mem_functions");
}

static void *heap_alloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return kredact_alloc(len);
}

static void *heap_realloc(void *ptr, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return kredact_realloc(ptr, len);
}

static void heap_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	kredact_free(ptr);
}

/*
 * In place of OpenSSL's own. A program that brings another heap would take it away from
 * libkredact without a word, so it is told what OpenSSL tells one that comes too late.
 */
API set_fn CRYPTO_set_mem_functions;

API int CRYPTO_set_mem_functions(alloc_fn *alloc_by, realloc_fn *realloc_by, free_fn *free_by)
{
	set_fn *set = real_set();

	if (!taken)
		return set ? set(alloc_by, realloc_by, free_by) : 0;
	if (!quiet)
		say("OpenSSL's heap stays registered: the program has one of its own", "");
	return 0;
}

/*
 * In place of libc's, which frees a file's buffer as it is: that of a key's file has the key.
 * What was written, and a buffer that the program has given it, are the program's.
 */
API int fclose(FILE *file)
{
	close_fn *real = (close_fn *)dlsym(RTLD_NEXT, "fclose");

#ifdef __GLIBC__
	const int user_buffer = 1;	/* _IO_USER_BUF of libio */

	if (taken && !__fwriting(file) && fwide(file, 0) <= 0 && !(file->_flags & user_buffer) &&
	    file->_IO_buf_base)
		explicit_bzero(file->_IO_buf_base,
			       (size_t)(file->_IO_buf_end - file->_IO_buf_base));
#endif
	return real(file);
}

/* Why OpenSSL's heap is not libkredact's, or NULL. */
static const char *take(set_fn *set, char *covers, size_t size)
{
	unsigned int flags;
	void *probe;

	errno = 0;
	probe = kredact_alloc(1);
	if (!probe)
		return strerror(errno);
	kredact_protection(probe, 1, &flags);
	kredact_protection_str(flags, covers, size);
	kredact_free(probe);
	if (!set(heap_alloc, heap_realloc, heap_free))
		return "it was in use before";
	taken = true;
	return NULL;
}

__attribute__((constructor)) static void preload_init(void)
{
	unsigned int require = required();
	char covers[256] = "";
	set_fn *set = real_set();
	const char *why;

	quiet = getenv("KREDACT_QUIET");
	if (!set && !(require & REQUIRE_OPENSSL))
		return;
	if (set && kredact_require(require & ~REQUIRE_OPENSSL))
		refuse("kredact.ko is required: ", strerror(-kredact_module()));
	why = set ? take(set, covers, sizeof(covers)) : "the program has no OpenSSL";
	if (why && require)
		refuse("OpenSSL's heap is NOT covered: ", why);
	if (!quiet)
		say(why ? "OpenSSL's heap is NOT covered: " : "OpenSSL's heap is covered: ",
		    why ?: covers);
}

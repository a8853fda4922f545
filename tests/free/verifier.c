// SPDX-License-Identifier: GPL-2.0
/*
 * Each program of the module-free mode is loaded by itself: the kernel's verifier
 * takes it, and with less work than a limit.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "kredact_free.skel.h"
#include "store.skel.h"

/* Instructions looked at. The kernel gives up at 1,000,000. */
#define LIMIT	20000

static char text[1 << 20];

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

/* Loads the nth program of an object alone. Return: false, if there is none such. */
static int check(struct bpf_object *object, int n, int number)
{
	struct bpf_program *prog, *chosen = NULL;
	unsigned long processed = 0;
	char *stats;
	int i = 0, err;

	bpf_object__for_each_program(prog, object) {
		bpf_program__set_autoload(prog, i == n);
		if (i++ == n)
			chosen = prog;
	}
	if (!chosen)
		return 0;
	text[0] = 0;
	bpf_program__set_log_buf(chosen, text, sizeof(text));
	/* Statistics only. */
	bpf_program__set_log_level(chosen, 4);
	err = bpf_object__load(object);
	if (err == -ESRCH && !strcmp(bpf_program__name(chosen), "uffd_moved")) {
		printf("ok %d uffd_moved # SKIP this kernel has no UFFDIO_MOVE\n", number);
		return 1;
	}
	stats = strstr(text, "processed ");
	if (stats)
		sscanf(stats, "processed %lu", &processed);
	if (err)
		printf("# error %d: %.3000s\n", err,
		       strlen(text) > 2500 ? text + strlen(text) - 2500 : text);
	printf("# %s: %lu instructions\n", bpf_program__name(chosen), processed);
	printf("%sok %d %s\n", !err && processed && processed < LIMIT ? "" : "not ", number,
	       bpf_program__name(chosen));
	return 1;
}

int main(void)
{
	int number = 0, i, more;

	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(print);
	for (i = 0, more = 1; more; i++) {
		struct kredact_free_bpf *skel = kredact_free_bpf__open();

		more = skel && check(skel->obj, i, number + 1);
		number += more;
		kredact_free_bpf__destroy(skel);
	}
	for (i = 0, more = 1; more; i++) {
		struct store_bpf *skel = store_bpf__open();

		more = skel && check(skel->obj, i, number + 1);
		number += more;
		store_bpf__destroy(skel);
	}
	printf("1..%d\n", number);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * How many instructions the verifier has to look at before it lets a program of this tree
 * through: below LIMIT, for each of them. The kernel gives up at a million, and what it
 * looks at depends on its version.
 *
 * Each program is loaded alone, with the verifier's statistics: as it is, and with all
 * settings set, since the verifier does not look at what they make dead. What this kernel does not
 * have (functions of the module, before 6.12) is a skipped test on the kernels that
 * are known not to have it, and a failed one on others.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <bpf/libbpf.h>

#include "../../bpf/complexity.h"

#define OBJECTS		"/kredact/bpf/*.o"

/* Flag of the verifier's log: only what was processed, and how. */
#define LOG_STATS	4

/**
 * struct measured - what came of loading a program
 * @loaded:	it was
 * @insns:	instructions that were processed
 * @states:	states that were explored
 * @name:	of the program
 */
struct measured {
	bool loaded;
	unsigned int insns;
	unsigned int states;
	char name[64];
};

static unsigned int number, failures;
static char seen[65536];

static int collect(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	size_t len = strlen(seen);

	if (level == LIBBPF_DEBUG)
		return 0;
	return vsnprintf(seen + len, sizeof(seen) - len, fmt, ap);
}

/* Some programs are for kernels that have more than the oldest one. */
static bool is_oldest(void)
{
	struct utsname name;

	return !uname(&name) && !strncmp(name.release, "6.1.", 4);
}

/* What a program needs that 6.1 does not have, or NULL. */
static const char *needs(const char *why)
{
	if (strstr(why, "kredact_bpf_") || strstr(why, "kredact_policy_"))
		return "functions of the module, and Linux 6.12";
	if (strstr(why, "'move_pages'"))
		return "UFFDIO_MOVE, and Linux 6.8";
	return NULL;
}

static struct bpf_program *only(struct bpf_object *object, unsigned int wanted)
{
	struct bpf_program *program, *found = NULL;
	unsigned int i = 0;

	bpf_object__for_each_program(program, object) {
		bpf_program__set_autoload(program, i == wanted);
		if (i++ == wanted)
			found = program;
	}
	return found;
}

/* Zeros in the constants of the programs become something else. */
static void set_all(struct bpf_object *object)
{
	static unsigned char bytes[65536];
	struct bpf_map *map;
	size_t size, i;

	bpf_object__for_each_map(map, object) {
		const unsigned char *initial = bpf_map__initial_value(map, &size);

		if (!initial || size > sizeof(bytes) || !strstr(bpf_map__name(map), ".rodata"))
			continue;
		for (i = 0; i < size; i++)
			bytes[i] = initial[i] ? initial[i] : 1;
		bpf_map__set_initial_value(map, bytes, size);
	}
}

/* Loads one program of an object; false if there are no more. */
static bool load(const char *path, unsigned int which, bool set, struct measured *to)
{
	struct bpf_program *program;
	struct bpf_object *object;
	static char log[4096];
	const char *processed;

	seen[0] = 0;
	log[0] = 0;
	*to = (struct measured){ false, 0, 0, "" };
	object = bpf_object__open_file(path, NULL);
	program = object ? only(object, which) : NULL;
	if (!program) {
		bpf_object__close(object);
		return false;
	}
	if (set)
		set_all(object);
	snprintf(to->name, sizeof(to->name), "%s", bpf_program__name(program));
	bpf_program__set_log_level(program, LOG_STATS);
	bpf_program__set_log_buf(program, log, sizeof(log));
	to->loaded = !bpf_object__load(object);
	processed = strstr(log, "processed ");
	if (processed)
		sscanf(processed, "processed %u insns (limit %*u) max_states_per_insn %*u "
		       "total_states %u", &to->insns, &to->states);
	bpf_object__close(object);
	return true;
}

/* One program, as one test; false if there are no more. */
static bool measure(const char *path, unsigned int which)
{
	const char *file = strrchr(path, '/') + 1;
	struct measured plain, all;
	bool low;

	if (!load(path, which, false, &plain) || (plain.loaded && !load(path, which, true, &all)))
		return false;
	number++;
	if (plain.loaded && all.loaded) {
		low = plain.insns && plain.insns <= KREDACT_BPF_COMPLEXITY && all.insns &&
		      all.insns <= KREDACT_BPF_COMPLEXITY;
		failures += !low;
		printf("%sok %u %s %s: %u instructions, %u states; all set: %u, %u\n",
		       low ? "" : "not ", number, file, plain.name, plain.insns, plain.states,
		       all.insns, all.states);
	} else if (!plain.loaded && is_oldest() && needs(seen)) {
		printf("ok %u # SKIP %s %s needs %s\n", number, file, plain.name, needs(seen));
	} else {
		printf("# %.2000s\n", seen);
		failures++;
		printf("not ok %u %s %s cannot be loaded\n", number, file, plain.name);
	}
	return true;
}

int main(void)
{
	unsigned int which;
	glob_t found;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("TAP version 13");
	libbpf_set_print(collect);
	if (glob(OBJECTS, 0, NULL, &found)) {
		puts("Bail out! there are no objects");
		return 1;
	}
	for (i = 0; i < found.gl_pathc; i++) {
		which = 0;
		while (measure(found.gl_pathv[i], which))
			which++;
		if (which)
			continue;
		number++;
		failures++;
		printf("not ok %u %s cannot be opened\n", number, found.gl_pathv[i]);
	}
	globfree(&found);
	printf("1..%u\n", number);
	return failures != 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * copies CORE [aes:]SECRET...: tell every run of 16 bytes or more of the files SECRET
 * that is in a core, and where. Exit status 1 if there is one, 2 if the core is none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "place.h"
#include "scan.h"

static unsigned int nr;

static void found(const struct scan_run *run, void *arg)
{
	struct dump *dump = arg;

	nr++;
	printf("%zu bytes of %s from %u%s at %#zx: %s, address %#lx\n", run->len,
	       scan_name(run->secret), run->from, run->reversed ? ", reversed," : "", run->at,
	       place_names[place_of(dump, run->at)], dump_addr(dump, run->at));
}

static int add(const char *path)
{
	int aes = !strncmp(path, "aes:", 4), fd = open(path + 4 * aes, O_RDONLY | O_CLOEXEC);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	uint8_t bytes[1024];
	ssize_t len = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	if (len < SCAN_RUN)
		return -1;
	return aes ? scan_add_aes(name, bytes, (size_t)len) : scan_add(name, bytes, (size_t)len);
}

int main(int argc, char **argv)
{
	struct dump dump;
	int i;

	if (argc < 3 || !dump_open(&dump, argv[1])) {
		fputs("usage: copies CORE [aes:]SECRET...\n", stderr);
		return 2;
	}
	for (i = 2; i < argc; i++)
		if (add(argv[i]) < 0) {
			fprintf(stderr, "copies: %s: no secret\n", argv[i]);
			return 2;
		}
	scan(dump.bytes, dump.len, 0, dump.len, found, &dump);
	printf("%u runs, %s seal\n", nr, dump_seal(&dump) ? "a" : "no");
	dump_close(&dump);
	return nr ? 1 : 0;
}

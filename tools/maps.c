// SPDX-License-Identifier: GPL-2.0
/*
 * Names of mappings: see maps.h.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

void maps_open(struct maps *maps, pid_t pid)
{
	char path[40];

	*maps = (struct maps){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps->file = fopen(path, "re");
}

/* "7f00-7f10 rw-p 00000000 00:00 0    NAME\n" */
static bool next(struct maps *maps)
{
	int name = 0;

	if (!maps->file || getline(&maps->line, &maps->room, maps->file) < 0)
		return false;
	if (sscanf(maps->line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &maps->start,
		   &maps->end, &name) != 2 || !name)
		return false;
	maps->name = maps->line + name;
	maps->line[strcspn(maps->line, "\n")] = '\0';
	return true;
}

const char *maps_name(struct maps *maps, u64 addr)
{
	while (addr >= maps->end)
		if (!next(maps)) {
			maps->end = ~0ull;
			maps->start = ~0ull;
		}
	return addr >= maps->start ? maps->name : NULL;
}

void maps_close(struct maps *maps)
{
	free(maps->line);
	if (maps->file)
		fclose(maps->file);
}

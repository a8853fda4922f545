/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of the mappings of a process, as /proc/PID/maps has them.
 */
#ifndef KREDACT_TOOLS_MAPS_H
#define KREDACT_TOOLS_MAPS_H

#include <stdio.h>
#include <sys/types.h>

#include "platform.h"

/**
 * struct maps - the mappings, gone through by address
 * @file:	the file, or NULL
 * @line:	the mapping at hand
 * @room:	of @line
 * @start:	its first byte
 * @end:	behind its last one; 0 before the first
 * @name:	in @line, may be empty
 */
struct maps {
	FILE *file;
	char *line;
	size_t room;
	u64 start;
	u64 end;
	const char *name;
};

/**
 * maps_open() - begin with the mappings of a process
 * @maps:	out; without any if they may not be read
 * @pid:	the process
 */
void maps_open(struct maps *maps, pid_t pid);

/**
 * maps_name() - what is mapped at an address
 * @maps:	from maps_open()
 * @addr:	not below that of the call before
 *
 * Return: a path, a name like "[heap]", "" for memory without a name, valid until the next
 * call; NULL if nothing is mapped there.
 */
const char *maps_name(struct maps *maps, u64 addr);

/**
 * maps_close() - end it
 * @maps:	from maps_open()
 */
void maps_close(struct maps *maps);

#endif /* KREDACT_TOOLS_MAPS_H */

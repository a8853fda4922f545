// SPDX-License-Identifier: GPL-2.0
/*
 * Lines of /proc/self/mountinfo: see mountinfo.h.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "mountinfo.h"

/* Blanks, line ends and backslashes are octal there. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/**
 * mount_parse() - take a line apart
 * @mount:	takes the parts
 * @line:	ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS;
 *		is changed, and must outlive @mount
 *
 * Return: false if it is no such line.
 */
bool mount_parse(struct mount *mount, char *line)
{
	unsigned int major, minor;
	char *rest = NULL, *word;

	word = strtok_r(line, " ", &rest);
	if (!word)
		return false;
	mount->id = strtoull(word, NULL, 10);
	strtok_r(NULL, " ", &rest);
	word = strtok_r(NULL, " ", &rest);
	if (!word || sscanf(word, "%u:%u", &major, &minor) != 2)
		return false;
	mount->dev = kernel_dev(major, minor);
	mount->root = strtok_r(NULL, " ", &rest);
	mount->point = strtok_r(NULL, " ", &rest);
	while ((word = strtok_r(NULL, " ", &rest)) && strcmp(word, "-"))
		;
	mount->type = strtok_r(NULL, " ", &rest);
	if (!mount->type)
		return false;
	unescape(mount->root);
	unescape(mount->point);
	return true;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * tagged [COMMAND]: a process tags a page, runs COMMAND, tags another page, and
 * crashes. Succeeds if its core has a seal, no secret of these pages, and the
 * secret of a third one.
 */
#include <stdio.h>

#include "core.h"

int main(int argc, char **argv)
{
	int found = crash_and_look(argc > 1 ? argv[1] : NULL);

	if (found == LOOK_REDACTED)
		return 0;
	if (found < 0)
		puts("the process did not crash as it should");
	else
		printf("the core has %ssecrets of tagged pages, %ssecret of an untagged one, %sseal\n",
		       found & LOOK_SECRET ? "" : "no ", found & LOOK_TWIN ? "the " : "no ",
		       found & LOOK_SEAL ? "a " : "no ");
	return 1;
}

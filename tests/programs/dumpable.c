// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into ssh-agent and gpg-agent, which ask the kernel for no core dumps of
 * themselves: here they get them all the same. Without this there would be nothing to search.
 */
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int prctl(int option, ...)
{
	unsigned long args[4];
	va_list list;
	int i;

	if (option == PR_SET_DUMPABLE)
		return 0;
	va_start(list, option);
	for (i = 0; i < 4; i++)
		args[i] = va_arg(list, unsigned long);
	va_end(list);
	return (int)syscall(SYS_prctl, option, args[0], args[1], args[2], args[3]);
}

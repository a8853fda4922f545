// SPDX-License-Identifier: GPL-2.0
/* What the running kernel says of itself: see kernel.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "kernel.h"

#define MODULE_BTF	"/sys/kernel/btf/kredact"
#define PF_KTHREAD	0x00200000
#define SECOND		1000000000ull

bool kernel_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t len;

	if (!file)
		return false;
	errno = 0;
	len = fread(text, 1, size - 1, file);
	if (!len && !errno)
		errno = ENODATA;
	fclose(file);
	text[len] = 0;
	return len;
}

int kernel_process(pid_t pid, struct kernel_process *out)
{
	char path[40], text[1024], *open, *close;
	unsigned long long start;
	unsigned int flags;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!kernel_read(path, text, sizeof(text)))
		return -errno;
	/* The name may hold anything, also brackets. */
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		   "%*d %*d %llu", &flags, &start) != 2)
		return -ESRCH;
	memset(out, 0, sizeof(*out));
	len = close - open - 1;
	memcpy(out->comm, open + 1, len < sizeof(out->comm) ? len : sizeof(out->comm) - 1);
	out->kthread = flags & PF_KTHREAD;
	out->start_ns = start * (SECOND / sysconf(_SC_CLK_TCK));
	return 0;
}

const char *kernel_lockdown(void)
{
	static char text[128];
	char *level, *end;

	if (!kernel_read("/sys/kernel/security/lockdown", text, sizeof(text)))
		return "none";
	level = strchr(text, '[');
	end = level ? strchr(level, ']') : NULL;
	if (!end)
		return "none";
	*end = 0;
	return level + 1;
}

/* Does the command line ask for full or lazy preemption? What it says last counts. */
static bool asked_to_preempt(void)
{
	char text[32768], *word, *rest;
	bool asked = false;

	if (!kernel_read("/proc/cmdline", text, sizeof(text)))
		return false;
	for (word = strtok_r(text, " \n", &rest); word && strcmp(word, "--");
	     word = strtok_r(NULL, " \n", &rest))
		if (!strncmp(word, "preempt=", 8))
			asked = strcmp(word + 8, "none") && strcmp(word + 8, "voluntary");
	return asked;
}

bool kernel_preempts(void)
{
	struct utsname name;

	if (uname(&name))
		return true;
	if (strstr(name.version, "PREEMPT_DYNAMIC"))
		return asked_to_preempt();
	return strstr(name.version, "PREEMPT");
}

bool kernel_permits(unsigned int capability)
{
	char text[8192], *line;
	uint64_t set;

	if (!kernel_read("/proc/self/status", text, sizeof(text)))
		return false;
	line = strstr(text, "\nCapEff:");
	return line && sscanf(line, "\nCapEff: %" SCNx64, &set) == 1 && (set >> capability & 1);
}

bool kernel_module_has(const char *function)
{
	struct btf *kernel = btf__parse(KERNEL_BTF, NULL);
	struct btf *module = kernel ? btf__parse_split(MODULE_BTF, kernel) : NULL;
	bool has = module && btf__find_by_name_kind(module, function, BTF_KIND_FUNC) > 0;

	btf__free(module);
	btf__free(kernel);
	return has;
}

bool kernel_has(const char *structure)
{
	struct btf *kernel = btf__parse(KERNEL_BTF, NULL);
	bool has = kernel && btf__find_by_name_kind(kernel, structure, BTF_KIND_STRUCT) > 0;

	btf__free(kernel);
	return has;
}

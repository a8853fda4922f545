// SPDX-License-Identifier: GPL-2.0
/* The strongest mechanism that this machine allows: see mechanism.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../bpf/kernel.h"
#include "mechanism.h"

int mechanism_ask(struct kredact_info *info)
{
	int fd, error = 0;

	*info = (struct kredact_info){ .size = sizeof(*info) };
	fd = open(KREDACT_DEVICE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, KREDACT_IOC_INFO, info))
		error = -errno;
	close(fd);
	return error;
}

/* Why there is no module. */
static const char *module_missing(int error)
{
	char text[8];

	if (error == -EACCES || error == -EPERM)
		return "its device is not permitted to this user";
	if (error != -ENOENT)
		return "its device does not answer";
	if (kernel_read("/proc/sys/kernel/modules_disabled", text, sizeof(text)) && *text == '1')
		return "kredact.ko is not loaded, and this kernel takes no more modules";
	if (strcmp(kernel_lockdown(), "none"))
		return "kredact.ko is not loaded, and the kernel takes modules with a trusted "
		       "signature only";
	return "kredact.ko is not loaded";
}

struct mechanism_choice mechanism_choose(const struct kredact_info *info, int error)
{
	struct mechanism_choice choice = { .which = MECHANISM_KFUNC };

	if (!error) {
		if (info->flags & KREDACT_INFO_BPF)
			return choice;
		choice.which = MECHANISM_MODULE;
		choice.module = "this kernel's BPF programs cannot call it";
		return choice;
	}
	choice.module = module_missing(error);
	choice.bpf = free_possible();
	choice.which = choice.bpf == FREE_OK ? MECHANISM_BPF : MECHANISM_LIBRARY;
	return choice;
}

const char *mechanism_word(enum mechanism which)
{
	static const char *const words[] = {
		[MECHANISM_KFUNC] = "module-kfunc",
		[MECHANISM_MODULE] = "module",
		[MECHANISM_BPF] = "bpf",
		[MECHANISM_LIBRARY] = "library",
	};

	return words[which];
}

const char *mechanism_text(enum mechanism which)
{
	static const char *const texts[] = {
		[MECHANISM_KFUNC] = "the module, which BPF programs can call",
		[MECHANISM_MODULE] = "the module",
		[MECHANISM_BPF] = "BPF alone is possible",
		[MECHANISM_LIBRARY] = "MADV_DONTDUMP by the library is all that is possible",
	};

	return texts[which];
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel knows of this boot and tells userspace only, so that it has to
 * be read from /proc: its id, and the command line.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "kredact.h"

/* More than a command line with a boot configuration in it can have. */
#define COMMAND_LINE_MAX	SZ_64K

/* Up to @size - 1 bytes. Return: how many, or an error. */
static ssize_t kredact_boot_read(const char *path, char *text, size_t size)
{
	struct file *file;
	loff_t pos = 0;
	ssize_t len;

	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file)) {
		pr_err("%s cannot be opened (%ld): is /proc mounted?\n", path, PTR_ERR(file));
		return PTR_ERR(file);
	}
	len = kernel_read(file, text, size - 1, &pos);
	fput(file);
	if (len >= 0)
		text[len] = 0;
	return len;
}

/**
 * kredact_boot_id() - which boot is this?
 * @id:	out
 *
 * May sleep. Return: 0 or an error.
 */
int kredact_boot_id(uuid_t *id)
{
	char text[UUID_STRING_LEN + 1];
	ssize_t len;

	len = kredact_boot_read("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	if (len < 0)
		return len;
	return len == UUID_STRING_LEN ? uuid_parse(text, id) : -EIO;
}

/**
 * kredact_boot_param() - what the command line says of a parameter
 * @name:	as it is there
 * @value:	out: as it is said last; left alone if it is not
 *
 * modprobe hands a module what is there for it; insmod does not. May sleep.
 *
 * Return: 0, -EINVAL for a value that is neither yes nor no, or an error.
 */
int kredact_boot_param(const char *name, bool *value)
{
	char *text, *at, *param, *val;
	ssize_t len;
	int ret = 0;

	text = kvmalloc(COMMAND_LINE_MAX, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	len = kredact_boot_read("/proc/cmdline", text, COMMAND_LINE_MAX);
	if (len == COMMAND_LINE_MAX - 1)
		len = -E2BIG;
	if (len < 0) {
		ret = len;
		goto free;
	}
	at = skip_spaces(text);
	while (*at && !ret) {
		at = next_arg(at, &param, &val);
		/* The rest is for init. */
		if (!val && !strcmp(param, "--"))
			break;
		if (!strcmp(param, name))
			ret = kstrtobool(val ?: "1", value);
	}
free:
	kvfree(text);
	return ret;
}

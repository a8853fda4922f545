// SPDX-License-Identifier: GPL-2.0
/* Where libbpf's messages go: see log.h. */
#include <bpf/libbpf.h>

#include "log.h"

static FILE *log_file;

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!log_file || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(log_file, fmt, ap);
}

void bpf_log_to(FILE *file)
{
	log_file = file;
	libbpf_set_print(print);
}

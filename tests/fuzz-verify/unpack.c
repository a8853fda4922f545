// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: all kinds of packed files, and reports of apport, through the spool.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "unpack.h"

#define MOST	(1u << 20)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	static int fd = -1;
	struct complaint cut, why;
	enum magic packed;
	struct spool *spool;
	struct input in;
	u8 page[4096];
	u64 at;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(!ftruncate(fd, len) && pwrite(fd, data, len, 0) == (ssize_t)len);
	spool = spool_new(MOST, &why);
	must(spool);
	must(!unpack(fd, true, len, spool, &packed, &cut, &why));
	must(!spool_input(spool, &in, &why) && in.size <= MOST);
	for (at = 0; at < in.size; at += sizeof(page) * 16)
		must(!input_read(&in, at, page, min(in.size - at, (u64)sizeof(page)), &why));
	/* What is not packed comes out as it is. */
	if (!packed && !*cut.text && len)
		must(in.size == len && !input_read(&in, 0, page, min(len, sizeof(page)), &why) &&
		     !memcmp(page, data, min(len, sizeof(page))));
	input_close(&in);
	spool_free(spool);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file of a dump, until it is an input that can be read at random.
 */
#ifndef KREDACT_TOOLS_DUMP_H
#define KREDACT_TOOLS_DUMP_H

#include "flat.h"
#include "kdump.h"
#include "magic.h"
#include "sandbox.h"
#include "spool.h"

/* What is unpacked has at most as many bytes, if not said otherwise. */
#define DUMP_UNPACKED_MAX	(256ULL << 30)

/**
 * struct dump - a file, before and after it was opened
 * @fd:		borrowed
 * @regular:	it is a regular file
 * @size:	its bytes, 0 if unknown
 * @format:	as what it is to be read
 * @unpacked_max: bytes that it may have when unpacked
 * @spool:	for what must be unpacked, or NULL
 * @kdump:	of a kernel dump, after it was opened; or NULL
 * @file:	what it is read from
 * @flat:	puts @file in order, or NULL
 * @ordered:	what it makes of it
 * @packed:	how it is packed, MAGIC_NONE if not at all
 */
struct dump {
	int fd;
	bool regular;
	u64 size;
	enum core_format format;
	u64 unpacked_max;
	struct spool *spool;
	struct kdump *kdump;
	struct input file;
	struct flat *flat;
	struct input ordered;
	enum magic packed;
};

int dump_prepare(struct dump *dump, int fd, enum core_format format, u64 unpacked_max,
		 struct complaint *why);
int dump_open(struct dump *dump, struct input *in, bool skip_holes, struct complaint *why);
void dump_close(struct dump *dump);

#endif /* KREDACT_TOOLS_DUMP_H */

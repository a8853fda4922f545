/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a file here and there: what follows closely on what was read last comes from memory.
 */
#ifndef KREDACT_TOOLS_READER_H
#define KREDACT_TOOLS_READER_H

#include <pthread.h>

#include "input.h"

#define READER_BLOCK	16384u

/**
 * struct reader - see above
 * @lock:	guards all of it
 * @last:	where the last bytes were that somebody wanted
 * @at:		where @bytes are
 * @have:	how many of them
 * @bytes:	of the file
 */
struct reader {
	pthread_mutex_t lock;
	u64 last;
	u64 at;
	u64 have;
	u8 bytes[READER_BLOCK];
};

void reader_init(struct reader *reader);
void reader_close(struct reader *reader);
bool reader_copy(struct reader *reader, const struct input *in, u64 offset, void *to, u64 len);

#endif /* KREDACT_TOOLS_READER_H */

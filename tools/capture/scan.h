/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps that others have written, and those that a power loss left pending.
 */
#ifndef KREDACT_CAPTURE_SCAN_H
#define KREDACT_CAPTURE_SCAN_H

#include "keeper.h"

/**
 * struct scanned - what a scan did
 * @clean:	dumps that are attested where they are
 * @marked:	unclean ones that stay there
 * @moved:	unclean ones that went to the quarantine
 * @done:	dumps that had been judged before
 * @busy:	dumps that somebody writes to, or that changed meanwhile
 * @failed:	dumps of which something went wrong
 */
struct scanned {
	u64 clean;
	u64 marked;
	u64 moved;
	u64 done;
	u64 busy;
	u64 failed;
};

int scan_folder(struct keeper *keeper, const char *path, const char *pattern,
		struct scanned *scanned, struct complaint *why);
int scan_pending(struct keeper *keeper, struct scanned *scanned, struct complaint *why);

#endif /* KREDACT_CAPTURE_SCAN_H */

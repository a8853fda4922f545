/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two halves of kredact-gated: one speaks HTTP and has nothing, the other decides and reads
 * nothing from the network. Between them is a socket, with messages of fixed form.
 */
#ifndef KREDACT_TOOLS_GATED_DECIDE_H
#define KREDACT_TOOLS_GATED_DECIDE_H

#include "gate/gated_store.h"

/**
 * struct wanted - from the one half: this upload is complete
 * @id:		the upload
 * @subject:	of the client
 * @name:	of the dump
 */
struct wanted {
	char id[UPLOAD_ID + 1];
	char subject[UPLOAD_SUBJECT];
	char name[UPLOAD_NAME];
};

/**
 * struct decided - from the other: what came of it
 * @id:		the upload
 * @passed:	it is in its destination
 * @text:	JSON for the client
 */
struct decided {
	char id[UPLOAD_ID + 1];
	bool passed;
	char text[UPLOAD_RESULT];
};

int decide_serve(int fd, const char *config, pid_t other);

#endif /* KREDACT_TOOLS_GATED_DECIDE_H */

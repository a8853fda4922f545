/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's question before a core comes by a coredump socket: is it wanted?
 */
#ifndef KREDACT_CAPTURE_REQUEST_H
#define KREDACT_CAPTURE_REQUEST_H

#include "text.h"

#define REQUEST_SECONDS	10	/* that it may take */

int request_answer(int fd, bool wanted, struct complaint *why);

#endif /* KREDACT_CAPTURE_REQUEST_H */

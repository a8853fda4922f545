/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages to journald, with fields.
 */
#ifndef KREDACT_CAPTURE_JOURNAL_H
#define KREDACT_CAPTURE_JOURNAL_H

#include "text.h"

#define JOURNAL_SOCKET		"/run/systemd/journal/socket"

/* Of all messages about a dump that was judged, and of those about trouble. */
#define JOURNAL_VERDICT_ID	"b3e0d2c5a96f4d0c8f7a52d1c4e96b07"
#define JOURNAL_TROUBLE_ID	"5c1f8a7e3b2d4960a7d4e81b6f0c3952"

/**
 * struct journal_field - a field of a message
 * @name:	capitals and _
 * @value:	may have anything in it; NULL or empty: there is no such field
 */
struct journal_field {
	const char *name;
	const char *value;
};

bool journal_send(const struct journal_field *fields);
void journal_trouble(const char *program, const char *about, const char *text);

#endif /* KREDACT_CAPTURE_JOURNAL_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Uploads that are complete, on their way to the half that decides and back: see gated_http.h.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/gated_decide.h"
#include "gate/gated_http.h"

/* Nobody has it open for writing when it is decided. */
static bool hand_over(struct gated *gated, struct upload *upload)
{
	struct wanted wanted = { 0 };

	if (upload->fd >= 0) {
		if (fsync(upload->fd))
			return false;
		close(upload->fd);
		upload->fd = -1;
	}
	memcpy(wanted.id, upload->id, sizeof(wanted.id));
	strcpy(wanted.subject, upload->subject);
	strcpy(wanted.name, upload->name);
	return send(gated->decider, &wanted, sizeof(wanted), MSG_NOSIGNAL) == sizeof(wanted);
}

/**
 * queue_submit() - have the next uploads decided, if there are any
 * @gated:	all
 */
void queue_submit(struct gated *gated)
{
	u32 i;

	for (i = 0; i < gated->store.nr && gated->deciding < HTTP_DECISIONS; i++) {
		struct upload *upload = &gated->store.uploads[i];

		if (!*upload->id || upload->state != UPLOAD_QUEUED || upload->busy ||
		    !hand_over(gated, upload))
			continue;
		upload->state = UPLOAD_DECIDING;
		gated->deciding++;
	}
}

/**
 * queue_receive() - take what was decided
 * @gated:	all
 */
void queue_receive(struct gated *gated)
{
	struct decided decided;
	struct upload *upload;
	ssize_t got = recv(gated->decider, &decided, sizeof(decided), MSG_DONTWAIT);

	if (!got) {
		gated->stopped = true;
		return;
	}
	if (got != sizeof(decided))
		return;
	decided.id[UPLOAD_ID] = '\0';
	decided.text[sizeof(decided.text) - 1] = '\0';
	upload = store_find(&gated->store, decided.id, NULL);
	if (!upload || upload->state != UPLOAD_DECIDING)
		return;
	gated->deciding--;
	if (store_result(&gated->store, upload, decided.passed, decided.text))
		fprintf(stderr, "kredact-gated: %s: the result cannot be written\n", decided.id);
}

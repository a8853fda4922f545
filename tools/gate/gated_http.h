/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The half of kredact-gated that speaks HTTP: tus 1.0 (core, creation, checksum, termination), and
 * an attestation for each upload.
 */
#ifndef KREDACT_TOOLS_GATED_HTTP_H
#define KREDACT_TOOLS_GATED_HTTP_H

#include "gate/gated_store.h"

#define HTTP_PREFIX	"/files"
#define HTTP_TUS	"1.0.0"
#define HTTP_DECISIONS	2u	/* at a time */

/**
 * struct gated - all that it has
 * @store:	the uploads
 * @policy:	for limits
 * @decider:	socket to the other half
 * @deciding:	uploads that it has
 * @front:	user that the web server runs as, or -1: any that may open the socket
 * @stopped:	no more
 */
struct gated {
	struct gated_store store;
	const struct policy *policy;
	int decider;
	u32 deciding;
	uid_t front;
	bool stopped;
};

int http_serve(struct gated *gated, int listener, struct complaint *why);

/* gated_queue.c */
void queue_submit(struct gated *gated);
void queue_receive(struct gated *gated);

/* gated_request.c */
struct MHD_Connection;
struct request;
int request_begin(struct gated *gated, struct MHD_Connection *connection, const char *url,
		  const char *method, struct request **request);
int request_body(struct gated *gated, struct request *request, const char *bytes, size_t len);
int request_answer(struct gated *gated, struct MHD_Connection *connection,
		   struct request *request);
void request_end(struct gated *gated, struct request *request);

#endif /* KREDACT_TOOLS_GATED_HTTP_H */

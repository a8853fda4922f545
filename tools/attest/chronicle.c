// SPDX-License-Identifier: GPL-2.0
/*
 * Attestations in the audit log: see chronicle.h.
 */
#include <unistd.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "attest/attestation.h"
#include "attest/chronicle.h"
#include "log/client.h"
#include "report/report.h"

static struct json_object *make_members(const struct chronicle *what)
{
	struct json_object *members = json_object_new_object(), *dump = json_object_new_object();
	char *path = text_escaped(what->path);
	struct machine machine;

	json_text(dump, "name", what->name);
	json_hex(dump, "sha256", what->sha256, DIGEST_LEN);
	json_text(dump, "path", path ? path : "");
	json_number(dump, "bytes", what->bytes);
	json_object_object_add(members, "dump", dump);
	machine_this(&machine);
	json_object_object_add(members, "person", attestation_person(&machine));
	json_number(members, "status", what->status);
	if (what->reason)
		json_text(members, "reason", what->reason);
	free(path);
	return members;
}

/**
 * chronicle() - log that something was attested, or that an attestation was checked
 * @what:	what
 * @why:	text of an error
 *
 * Return: 0 when the line is on the disk, or if this machine has no log (its socket is not there,
 * or not for this user); another negative errno if it has one that does not take it.
 */
int chronicle(const struct chronicle *what, struct complaint *why)
{
	struct log_client *log;
	struct log_ack ack;
	int error;

	if (access(LOG_SOCKET, W_OK))
		return 0;
	error = log_open(&log, NULL, why);
	if (error)
		return error;
	error = log_put(log, what->event, make_members(what), &ack, why);
	log_close(log);
	return error;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The note of a kernel that crashed in the report for a program: see report.h.
 */
#include <json-c/json.h>

#include "report.h"

/**
 * json_crashed() - what the note of a kernel says
 * @crashed:	with a note that could be read
 *
 * Return: a new object; the caller's.
 */
struct json_object *json_crashed(const struct crashed *crashed)
{
	struct json_object *object = json_object_new_object();
	const struct kredact_panic_note *note = &crashed->note;
	u32 flags = le32toh(note->flags);

	json_number(object, "version", le32toh(note->version));
	json_address(object, "address", crashed->address);
	json_number(object, "offset", crashed->offset);
	json_number(object, "state", le32toh(note->state));
	json_number(object, "flags", flags);
	json_flag(object, "boot_key", flags & KREDACT_PANIC_KEY_BOOT);
	json_flag(object, "cut", flags & KREDACT_PANIC_CUT);
	json_flag(object, "unread", flags & KREDACT_PANIC_UNREAD);
	json_hex(object, "key_id", note->key_id, sizeof(note->key_id));
	json_hex(object, "boot_id", note->boot_id, sizeof(note->boot_id));
	json_number(object, "cpu", le32toh(note->cpu));
	json_number(object, "frames", le64toh(note->frames));
	json_number(object, "frames_named", crashed->nr_frames);
	json_number(object, "mapped", le64toh(note->mapped));
	json_number(object, "mms", le64toh(note->mms));
	json_number(object, "ranges", le64toh(note->ranges));
	json_number(object, "walked", le64toh(note->walked));
	json_number(object, "absent", le64toh(note->absent));
	json_number(object, "poisoned", le64toh(note->poisoned));
	json_number(object, "foreign", le64toh(note->foreign));
	json_number(object, "faults", le64toh(note->faults));
	json_number(object, "threads", le64toh(note->threads));
	json_number(object, "own_bytes", le64toh(note->own_bytes));
	json_number(object, "key_bytes", le32toh(note->key_bytes));
	json_number(object, "time_ns", le64toh(note->time_ns));
	return object;
}

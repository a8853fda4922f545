// SPDX-License-Identifier: GPL-2.0
/*
 * The record of a seal that tells what a daemon knows of a core: see seal_reader.h.
 */
#include <inttypes.h>

#include "seal_reader.h"

#define FLAGS	(KREDACT_SIDECAR_DIGEST | KREDACT_SIDECAR_LOST)

/**
 * seal_read_sidecar() - read the record of a daemon
 * @seal:	being opened
 * @at:		payload of the record
 * @len:	its bytes
 * @why:	text of an error
 *
 * Return: 0, -EBADMSG or -EIO.
 */
int seal_read_sidecar(struct seal *seal, u64 at, u64 len, struct complaint *why)
{
	static const u8 none[sizeof(seal->sidecar.sha256)];
	struct kredact_seal_sidecar raw;

	if (len != sizeof(raw))
		return complain(why, -EBADMSG, "record of a daemon of %" PRIu64 " bytes", len);
	if (input_read(seal->in, at, &raw, sizeof(raw), why))
		return -EIO;
	if (seal->has_sidecar)
		return complain(why, -EBADMSG, "the seal has a second record of a daemon");
	seal->has_sidecar = true;
	seal->sidecar.flags = le32toh(raw.flags);
	seal->sidecar.killed = le32toh(raw.killed);
	memcpy(seal->sidecar.sha256, raw.sha256, sizeof(raw.sha256));
	if (seal->sidecar.flags & ~FLAGS)
		return complain(why, -EBADMSG, "unknown flags in the record of a daemon: %#x",
				seal->sidecar.flags);
	if (!(seal->sidecar.flags & KREDACT_SIDECAR_DIGEST) &&
	    memcmp(raw.sha256, none, sizeof(none)))
		return complain(why, -EBADMSG, "a digest that the seal says is none");
	return 0;
}

/**
 * seal_check_sidecar() - is that record there where it belongs, and nothing else?
 * @seal:	all its records are read
 * @why:	text of an error
 *
 * Return: 0 or -EBADMSG.
 */
int seal_check_sidecar(const struct seal *seal, struct complaint *why)
{
	if (seal->beside && !seal->has_sidecar)
		return complain(why, -EBADMSG, "the seal lacks the record of its daemon");
	if (!seal->beside && seal->has_sidecar)
		return complain(why, -EBADMSG, "a seal of the kernel with the record of a daemon");
	if (seal->beside && (seal->has_hunt || seal->has_rules || seal->nr_left_out ||
			     seal->flags & (KREDACT_SEAL_KEY_BOOT | KREDACT_SEAL_ALL_LEFT_OUT)))
		return complain(why, -EBADMSG, "a seal of a daemon tells what only a module knows");
	return 0;
}

/**
 * seal_killed_text() - why a dump was killed
 * @killed:	KREDACT_KILLED_*
 *
 * Return: a few words.
 */
const char *seal_killed_text(u32 killed)
{
	switch (killed) {
	case KREDACT_KILLED_MARKED:
		return "a tag could not be stored";
	case KREDACT_KILLED_UNWRITABLE:
		return "a tagged page could not be written";
	case KREDACT_KILLED_NOT_PRIVATE:
		return "a tagged page may have been of others as well";
	case KREDACT_KILLED_SHARED_MM:
		return "another process had the same memory";
	case KREDACT_KILLED_NOT_ZERO:
		return "a tagged page did not become zero";
	case KREDACT_KILLED_PREEMPTIBLE:
		return "the kernel was switched to full or lazy preemption";
	default:
		return "another reason";
	}
}

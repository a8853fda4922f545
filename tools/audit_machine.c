// SPDX-License-Identifier: GPL-2.0
/*
 * The audit of the dump of a kernel that crashed: kredact's note in it takes the place that
 * the seal has in the core of a process.
 */
#include <inttypes.h>
#include <stdio.h>

#include <openssl/crypto.h>

#include "checks.h"

/* Bytes that may be read again in order to describe findings. */
#define DESCRIBE_MAX	(1ULL << 30)

static u64 noted(__le64 value)
{
	return le64toh(value);
}

/* What the kernel says of its own work. */
static int judge_note(const struct kredact_panic_note *note, struct complaint *text)
{
	u32 flags = le32toh(note->flags);

	switch (le32toh(note->state)) {
	case KREDACT_PANIC_DONE:
		break;
	case KREDACT_PANIC_ARMED:
		return complain(text, -EBADMSG, "the kernel has not crashed when this was dumped: "
				"nothing is zeroed");
	case KREDACT_PANIC_BEGUN:
		return complain(text, -EBADMSG, "the kernel did not come to the end of its zeroing");
	default:
		return complain(text, -EBADMSG, "the note is in state %u, which does not exist",
				le32toh(note->state));
	}
	if (flags & KREDACT_PANIC_UNREAD)
		return complain(text, -EBADMSG, "the kernel could not read which frames are pinned: "
				"some are not zeroed");
	if (flags & KREDACT_PANIC_CUT)
		return complain(text, -EBADMSG, "the time for memory that is not pinned was over: some "
				"of it is not zeroed");
	if (flags & ~(KREDACT_PANIC_KEY_BOOT | KREDACT_PANIC_CUT | KREDACT_PANIC_UNREAD))
		return complain(text, -EBADMSG, "the note has flags that this program does not know: "
				"%#x", flags);
	return 0;
}

static void check_note(struct audit *audit, int error)
{
	const struct kredact_panic_note *note = &audit->crashed.note;
	struct complaint *text = text_of(audit, CHECK_SEAL);

	if (!error)
		error = judge_note(note, text);
	conclude(audit, CHECK_SEAL, error ? CHECK_FAILED : CHECK_PASSED);
	if (!error)
		complaint_set(text, "the note of a kernel that crashed, version %u, at the physical "
			      "address %#" PRIx64, le32toh(note->version), audit->crashed.address);
}

static void check_maps(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_MATCH);
	const struct crashed *crashed = &audit->crashed;
	int error;

	if (crashed->readable)
		error = crashed_frames(&audit->crashed, audit->digest, text);
	else
		error = complain(text, -EBADMSG, "there is no note that could be compared");
	audit->incomplete |= error;
	conclude(audit, CHECK_MATCH, error ? CHECK_FAILED : CHECK_PASSED);
	if (!error)
		complaint_set(text, "the maps of pinned frames in this dump are those of the note "
			      "(SHA-256): %" PRIu64 " frames", crashed->nr_frames);
}

static int authenticate(struct audit *audit, struct complaint *text)
{
	const struct kredact_panic_note *note = &audit->crashed.note;
	bool boot = le32toh(note->flags) & KREDACT_PANIC_KEY_BOOT;
	char wanted[2 * KEYFILE_ID_LEN + 1];
	u8 computed[MAC_LEN];

	if (!audit->crashed.readable)
		return complain(text, -EBADMSG, "there is no note that could be checked");
	text_hex(wanted, note->key_id, sizeof(note->key_id));
	if (!audit->mac && boot)
		return complain(text, -ENOKEY, "not checked: made with a random key of the module, "
				"which nobody has");
	if (!audit->mac)
		return complain(text, -ENOKEY, "not checked: no key given; the note needs %s", wanted);
	if (CRYPTO_memcmp(audit->key_id, note->key_id, sizeof(audit->key_id)))
		return complain(text, -ENOKEY, "wrong key: the note needs %s%s", wanted,
				boot ? ", a random key of the module" : "");
	if (!mac_make(audit->mac, note, offsetof(struct kredact_panic_note, hmac), "", 0, computed))
		return complain(text, -EINVAL, "OpenSSL cannot compute the HMAC");
	if (CRYPTO_memcmp(computed, note->hmac, sizeof(computed)))
		return complain(text, -EBADMSG, "wrong HMAC: the note was changed, or not made with "
				"this key");
	return complain(text, 0, "HMAC-SHA-256 is right, key %s", wanted);
}

static void check_hmac(struct audit *audit)
{
	int error = authenticate(audit, text_of(audit, CHECK_AUTHENTICITY));

	if (!error)
		conclude(audit, CHECK_AUTHENTICITY, CHECK_PASSED);
	else if (error == -ENOKEY && audit->no_key)
		conclude(audit, CHECK_AUTHENTICITY, CHECK_NOT_DONE);
	else
		conclude(audit, CHECK_AUTHENTICITY, CHECK_FAILED);
}

/* Frames that are not zero; what cannot be described is found all the same. */
static void describe_frames(struct audit *audit)
{
	struct finder finder = { audit->crashed.memory, &audit->zeros, DESCRIBE_MAX };
	struct complaint ignored;
	u32 i;

	audit->findings_total = audit->zeros.nr_places;
	for (i = 0; i < audit->zeros.nr_places && audit->nr_findings < AUDIT_LISTED; i++) {
		const struct span *place = &audit->zeros.places[i];
		struct finding finding = {
			.range = { .addr = place->start & -4096ULL, .last = place->last | 4095 },
			.frame = true,
		};

		if (!finding_measure(&finder, &finding, place->start, place->last, &ignored) &&
		    finding.dirty)
			audit->findings[audit->nr_findings++] = finding;
	}
}

/*
 * What the kernel could not zero. Of what is pinned, the dump itself tells whether that
 * matters; of the rest nothing is known but their number.
 */
static int judge_counts(const struct crashed *crashed, struct complaint *text)
{
	const struct kredact_panic_note *note = &crashed->note;
	u64 zeroed = noted(note->frames), absent = noted(note->absent), missed, others;

	if (zeroed > crashed->nr_frames)
		return complain(text, -EBADMSG, "the note counts %" PRIu64 " pinned frames, its maps %"
				PRIu64, zeroed, crashed->nr_frames);
	missed = crashed->nr_frames - zeroed;
	others = noted(note->poisoned) + noted(note->foreign) + noted(note->faults);
	if (others < missed)
		return complain(text, -EBADMSG, "the note counts %" PRIu64 " pinned frames, its maps %"
				PRIu64, zeroed + others, crashed->nr_frames);
	if (others > missed)
		return complain(text, -EBADMSG, "%" PRIu64 " frames that are not pinned could not be "
				"zeroed", others - missed);
	if (absent)
		return complain(text, -EBADMSG, "%" PRIu64 " tagged pages were not zeroed: they were in "
				"swap, or on their way", absent);
	return 0;
}

static int check_zeros(struct audit *audit, bool *found, struct complaint *text)
{
	struct crashed *crashed = &audit->crashed;
	struct zeros *zeros = &audit->zeros;
	struct complaint counts;
	int error;

	if (!crashed->readable)
		return complain(text, -EBADMSG, "without a note no frames are known");
	error = zeros_check(zeros, &crashed->frames, crashed->memory, text);
	audit->incomplete |= error;
	if (zeros->dirty) {
		describe_frames(audit);
		*found = true;
		complaint_set(text, "%" PRIu64 " byte%s not zero of what the kernel was to zero", zeros->dirty,
			      zeros->dirty == 1 ? " is" : "s are");
		return 0;
	}
	if (error)
		return error;
	if (audit->checks[CHECK_MATCH].state != CHECK_PASSED)
		return complain(text, -EBADMSG, "which frames were to be zeroed is not known for sure: "
				"see match");
	error = judge_counts(crashed, &counts);
	if (error) {
		*text = counts;
		return error;
	}
	if (!audit->core.sound)
		return complain(text, -EBADMSG, "all that is here is zero, but the dump is not "
				"complete");
	return complain(text, 0, "%" PRIu64 " pinned frames: %" PRIu64 " zero, %" PRIu64 " not in the "
			"dump; %" PRIu64 " others were zeroed, which the note does not name",
			crashed->nr_frames, zeros->zero / 4096, zeros->absent / 4096,
			noted(crashed->note.walked));
}

static void check_frames(struct audit *audit)
{
	bool found = false;
	int error = check_zeros(audit, &found, text_of(audit, CHECK_RANGES));

	conclude(audit, CHECK_RANGES, found ? CHECK_FOUND : error ? CHECK_FAILED : CHECK_PASSED);
}

/**
 * check_machine() - the checks of the dump of a kernel that crashed
 * @audit:	being run; its headers and notes were read
 *
 * Return: false if there is no note of kredact's, and so nothing was checked.
 */
bool check_machine(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_SEAL);
	int error;

	if (!audit->core.physical || !audit->core.nr_segments)
		return false;
	error = crashed_open(&audit->crashed, &audit->core, &audit->notes, audit->kdump, text);
	if (error == -ENODATA)
		return false;
	check_note(audit, error);
	check_maps(audit);
	check_hmac(audit);
	check_frames(audit);
	complaint_set(text_of(audit, CHECK_COPIES), "a kernel that crashes does not hunt: copies in "
		      "memory that nobody registered may be in the dump");
	conclude(audit, CHECK_COPIES, CHECK_NOT_DONE);
	return true;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What an audit says of the seal itself: see checks.h.
 */
#include <inttypes.h>

#include <openssl/crypto.h>

#include "checks.h"

/* The seal in the core, or else the one beside it. */
static int find_seal(struct audit *audit, struct complaint *text)
{
	const struct core *core = &audit->core;
	int error = -ENODATA;

	if (!audit->only_sidecar)
		error = seal_open(&audit->seal, &audit->in, core->sound ? core->end : 0, text);
	if (error != -ENODATA || !audit->has_sidecar)
		return error;
	seal_close(&audit->seal);
	return seal_open_sidecar(&audit->seal, &audit->sidecar, text);
}

static int judge_sidecar(const struct seal *seal, struct complaint *text)
{
	if (seal->sidecar.killed)
		return complain(text, -EBADMSG, "the dump was killed before its end: %s",
				seal_killed_text(seal->sidecar.killed));
	if (seal->sidecar.flags & KREDACT_SIDECAR_LOST)
		return complain(text, -EBADMSG, "the daemon was not told of all tagged pages: the "
				"seal lacks ranges");
	return 0;
}

/*
 * Nobody expects a seal. Then something must have been looked for, or "clean" would be
 * said of a dump that nobody has looked at.
 */
static void does_without_seal(struct audit *audit, struct complaint *text)
{
	if (!audit->search && !audit->scan) {
		complaint_set(text, "none, and nothing else to look for");
		conclude(audit, CHECK_SEAL, CHECK_FAILED);
		return;
	}
	audit->without_seal = true;
	complaint_set(text, "none, and none expected: nothing vouches for registered ranges");
	conclude(audit, CHECK_SEAL, CHECK_NOT_DONE);
}

/**
 * excused() - is a check of no interest, since there is no seal and none was expected?
 * @audit:	being run
 * @name:	of the check, which is concluded then
 */
bool excused(struct audit *audit, enum check_name name)
{
	if (!audit->without_seal)
		return false;
	complaint_set(text_of(audit, name), "not done: there is no seal");
	conclude(audit, name, CHECK_NOT_DONE);
	return true;
}

/**
 * check_seal() - is there a seal?
 * @audit:	being run
 */
void check_seal(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_SEAL);
	int error;

	error = find_seal(audit, text);
	if (error == -ENODATA && audit->crashed.has_info)
		complaint_set(text, "VMCOREINFO names no note of kredact's: take it that all keys "
			      "are in this dump");
	if (error == -ENODATA && !audit->seal.present && audit->unsealed) {
		does_without_seal(audit, text);
		return;
	}
	if (!error && audit->seal.flags & KREDACT_SEAL_ALL_LEFT_OUT)
		error = complain(text, -EBADMSG, "the module could not read its tags during this "
				 "dump: the seal may lack ranges");
	if (!error && audit->seal.rules.flags & KREDACT_RULES_EXEMPT)
		error = complain(text, -EBADMSG, "a policy program exempted this dump: what its "
				 "process had registered was not redacted");
	if (!error && audit->seal.beside)
		error = judge_sidecar(&audit->seal, text);
	conclude(audit, CHECK_SEAL, error ? CHECK_FAILED : CHECK_PASSED);
	if (error)
		return;
	if (audit->seal.beside)
		complaint_set(text, "version %u, %" PRIu64 " bytes beside the core, made by a "
			      "daemon, not by the kernel", KREDACT_SEAL_VERSION, audit->seal.len);
	else
		complaint_set(text, "version %u, %" PRIu64 " bytes at offset %" PRIu64,
			      KREDACT_SEAL_VERSION, audit->seal.len, audit->seal.offset);
}

/* Is the core the file that was sealed, byte for byte? */
static int match_bytes(struct audit *audit, struct complaint *text)
{
	const struct seal *seal = &audit->seal;
	u8 sha256[DIGEST_LEN];
	int error;

	if (audit->in.size != seal->core_len)
		return complain(text, -EBADMSG, "the core has %" PRIu64 " bytes, the one that was "
				"sealed %" PRIu64, audit->in.size, seal->core_len);
	error = digest_file(audit->digest, &audit->in, sha256, text);
	if (error)
		return error;
	if (memcmp(sha256, seal->sidecar.sha256, sizeof(sha256)))
		return complain(text, -EBADMSG, "the core is not the one that was sealed, or was "
				"changed since: its SHA-256 differs");
	return complain(text, 0, "the core is the one that was sealed (SHA-256), of process %u",
			audit->notes.pid);
}

/* The core went where its bytes could not be seen: compare what else there is. */
static int match_stream(struct audit *audit, struct complaint *text)
{
	u64 end = core_data_end(&audit->core);

	if (!end || end != audit->seal.core_len)
		return complain(text, -EBADMSG, "the core is not as long as the one that was "
				"sealed: %" PRIu64 " bytes", audit->seal.core_len);
	if (audit->notes.signo != audit->seal.signo)
		return complain(text, -EBADMSG, "the core is of signal %u, the seal of %u",
				audit->notes.signo, audit->seal.signo);
	return complain(text, 0, "core and seal are of the same process (%u), signal and length; "
			"the core went through a pipe, so its bytes could not be compared",
			audit->notes.pid);
}

static int match_sidecar(struct audit *audit, struct complaint *text)
{
	if (!audit->core.sound || audit->in.size != audit->core.end)
		return complain(text, -EBADMSG, "the core is cut off, or something follows it");
	return audit->seal.sidecar.flags & KREDACT_SIDECAR_DIGEST ? match_bytes(audit, text) :
								    match_stream(audit, text);
}

/**
 * check_match() - is the seal of these bytes?
 * @audit:	being run
 */
void check_match(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_MATCH);
	const struct notes *notes = &audit->notes;
	const struct seal *seal = &audit->seal;
	bool compat = seal->flags & KREDACT_SEAL_COMPAT;
	int error;

	if (excused(audit, CHECK_MATCH))
		return;
	if (!seal->readable)
		error = complain(text, -EBADMSG, "there is no seal that could be compared");
	else if (!audit->has_notes)
		error = complain(text, -EBADMSG, "the core cannot be read");
	else if (audit->core.physical || audit->core.format != CORE_ELF)
		error = complain(text, -EBADMSG, "the seal is of a process, but this is no core of "
				 "one");
	else if (!audit->core.ordered)
		error = complain(text, -EBADMSG, "the segments are not in the order in which the "
				 "kernel writes them");
	else if (notes->contradicts)
		error = complain(text, -EBADMSG, "the core is of several processes");
	else if (!notes->has_process)
		error = complain(text, -EBADMSG, "the core does not name its process");
	else if (notes->pid != seal->ns_tgid)
		error = complain(text, -EBADMSG, "the core is of process %u, the seal of %u",
				 notes->pid, seal->ns_tgid);
	else if (!seal->beside && seal->core_len < audit->core.end)
		error = complain(text, -EBADMSG, "the seal begins inside the core");
	else if (compat == audit->core.is64)
		error = complain(text, -EBADMSG, "a %s-bit core with the seal of a %s-bit one",
				 audit->core.is64 ? "64" : "32", compat ? "32" : "64");
	else if (seal->beside)
		error = match_sidecar(audit, text);
	else
		error = complain(text, 0, "core and seal are of the same process (%u)", notes->pid);
	conclude(audit, CHECK_MATCH, error ? CHECK_FAILED : CHECK_PASSED);
}

static int authenticate(struct audit *audit, struct complaint *text)
{
	struct seal *seal = &audit->seal;
	bool boot = seal->flags & KREDACT_SEAL_KEY_BOOT;
	char wanted[2 * KEYFILE_ID_LEN + 1];
	bool equal;
	int error;

	if (!seal->readable)
		return complain(text, -EBADMSG, "there is no seal that could be checked");
	text_hex(wanted, seal->header.key_id, sizeof(seal->header.key_id));
	if (!audit->mac && boot)
		return complain(text, -ENOKEY, "not checked: made with a random key of the module, "
				"which nobody has");
	if (!audit->mac)
		return complain(text, -ENOKEY, "not checked: no key given; the seal needs %s",
				wanted);
	if (CRYPTO_memcmp(audit->key_id, seal->header.key_id, sizeof(audit->key_id)))
		return complain(text, -ENOKEY, "wrong key: the seal needs %s%s", wanted,
				boot ? ", a random key of the module" : "");
	error = mac_check(audit->mac, seal->in, seal->offset, seal->len - MAC_LEN, seal->hmac,
			  &equal, text);
	if (error)
		return error;
	if (!equal)
		return complain(text, -EBADMSG, "wrong HMAC: the seal was changed, or not made "
				"with this key");
	return complain(text, 0, "HMAC-SHA-256 is right, key %s", wanted);
}

/**
 * check_authenticity() - who made the seal?
 * @audit:	being run
 */
void check_authenticity(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_AUTHENTICITY);
	int error = authenticate(audit, text);

	if (excused(audit, CHECK_AUTHENTICITY))
		return;
	if (!error)
		conclude(audit, CHECK_AUTHENTICITY, CHECK_PASSED);
	else if (error == -ENOKEY && audit->no_key)
		conclude(audit, CHECK_AUTHENTICITY, CHECK_NOT_DONE);
	else
		conclude(audit, CHECK_AUTHENTICITY, CHECK_FAILED);
}

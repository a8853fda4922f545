// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of kernels that crashed: kredact's note in them, and the frames that it names. Good
 * ones, ELF and kdump, and whatever else they may be: nothing else is called clean.
 */
#include "fixture_machine.h"
#include "opened.h"
#include "tap.h"

static struct machine_fixture made;
static struct opened how;

static enum verdict machine_audit(u32 kind)
{
	machine_write(&made, kind);
	return audit_dump(&how, made.file.bytes, made.file.len);
}

static bool failed_only(enum check_name name)
{
	u32 i;

	for (i = 0; i < CHECKS; i++)
		if ((how.audit.checks[i].state == CHECK_FAILED) != (i == name))
			return false;
	return true;
}

static bool fails(u32 kind, enum check_name name)
{
	return machine_audit(kind) == VERDICT_UNVERIFIED && failed_only(name);
}

static void test_good(u32 kind)
{
	u64 zero = kind ? 0 : PINNED, i;

	machine_make(&made, kind);
	for (i = 0; kind && i < PINNED; i++)
		zero += made.present[FIRST_PINNED + i];
	ok(machine_audit(kind) == VERDICT_CLEAN && how.audit.crashed.readable,
	   "kind %u: clean: %s", kind, said(&how, CHECK_RANGES));
	ok(how.audit.zeros.zero == zero * PAGE &&
	   how.audit.zeros.absent == (PINNED + 2 - zero) * PAGE && !how.audit.zeros.dirty &&
	   how.audit.crashed.nr_frames == PINNED + 2, "its frames are counted: %s",
	   said(&how, CHECK_MATCH));
	ok(how.audit.checks[CHECK_COPIES].state == CHECK_NOT_DONE &&
	   how.audit.checks[CHECK_FINGERPRINTS].state == CHECK_NOT_DONE &&
	   how.audit.checks[CHECK_AUTHENTICITY].state == CHECK_PASSED,
	   "what cannot be checked is said: %s", said(&how, CHECK_COPIES));
	how.unsealed = true;
	ok(machine_audit(kind) == VERDICT_CLEAN && !how.audit.without_seal,
	   "the note is looked at also where no seal is expected");
	how.unsealed = false;
}

static void test_keys(u32 kind)
{
	u8 other[32] = { 9 };

	machine_make(&made, kind);
	how.key = other;
	ok(fails(kind, CHECK_AUTHENTICITY), "kind %u: wrong key: %s", kind,
	   said(&how, CHECK_AUTHENTICITY));
	how.key = NULL;
	ok(fails(kind, CHECK_AUTHENTICITY), "no key: %s", said(&how, CHECK_AUTHENTICITY));
	how.key = made.key;
	made.note->walked = htole64(6);
	ok(fails(kind, CHECK_AUTHENTICITY), "changed: %s", said(&how, CHECK_AUTHENTICITY));
	machine_make(&made, kind);
	made.note->hmac[31] ^= 1;
	ok(fails(kind, CHECK_AUTHENTICITY), "wrong HMAC: %s", said(&how, CHECK_AUTHENTICITY));
}

/* One byte of what the kernel was to zero. */
static void test_dirty(u32 kind)
{
	u64 frame = FIRST_PINNED + 2, at;

	machine_make(&made, kind);
	made.memory[frame * PAGE + 77] = 0x41;
	ok(machine_audit(kind) == VERDICT_FOUND && how.audit.findings_total == 1 &&
	   !audit_unverified(&how.audit), "kind %u: found: %s", kind, said(&how, CHECK_RANGES));
	at = how.audit.findings[0].first;
	ok(how.audit.findings[0].frame && at == made.base + frame * PAGE + 77 &&
	   how.audit.findings[0].dirty == 1, "where it is");
	made.memory[frame * PAGE + 77] = 0;
	made.memory[(FIRST_PINNED - 1) * PAGE] = 0x41;
	ok(machine_audit(kind) == VERDICT_CLEAN, "beside it everything may be");
	/* It is found whatever the note is worth. */
	made.memory[frame * PAGE + 77] = 0x41;
	made.note->hmac[0] ^= 1;
	ok(machine_audit(kind) == VERDICT_FOUND && audit_unverified(&how.audit),
	   "found, though the note cannot be verified");
}

static void test_states(u32 kind)
{
	static const u32 states[] = { KREDACT_PANIC_ARMED, KREDACT_PANIC_BEGUN, 3 };
	static const u32 flags[] = { KREDACT_PANIC_CUT, KREDACT_PANIC_UNREAD, 1u << 9 };
	u32 i;

	for (i = 0; i < 3; i++) {
		machine_make(&made, kind);
		made.note->state = htole32(states[i]);
		ok(fails(kind, CHECK_SEAL), "kind %u: %s", kind, said(&how, CHECK_SEAL));
		machine_make(&made, kind);
		made.note->flags = htole32(flags[i]);
		machine_sign(&made);
		ok(fails(kind, CHECK_SEAL), "%s", said(&how, CHECK_SEAL));
	}
	machine_make(&made, kind);
	made.note->flags = htole32(KREDACT_PANIC_KEY_BOOT);
	machine_sign(&made);
	how.key = NULL;
	ok(fails(kind, CHECK_AUTHENTICITY), "%s", said(&how, CHECK_AUTHENTICITY));
	how.key = made.key;
}

static void test_counts(u32 kind)
{
	machine_make(&made, kind);
	made.note->absent = htole64(1);
	machine_sign(&made);
	ok(fails(kind, CHECK_RANGES), "kind %u: %s", kind, said(&how, CHECK_RANGES));
	machine_make(&made, kind);
	made.note->faults = htole64(1);
	machine_sign(&made);
	ok(fails(kind, CHECK_RANGES), "%s", said(&how, CHECK_RANGES));
	/* One that is pinned, and zero here all the same, or not here. */
	made.note->frames = htole64(PINNED + 1);
	machine_sign(&made);
	ok(machine_audit(kind) == VERDICT_CLEAN, "a pinned one, which is not here: %s",
	   said(&how, CHECK_RANGES));
	made.note->faults = 0;
	machine_sign(&made);
	ok(fails(kind, CHECK_RANGES), "%s", said(&how, CHECK_RANGES));
	made.note->frames = htole64(PINNED + 3);
	machine_sign(&made);
	ok(fails(kind, CHECK_RANGES), "%s", said(&how, CHECK_RANGES));
}

/* Maps that were changed hide frames. */
static void test_maps(u32 kind)
{
	struct kredact_panic_map *map;

	machine_make(&made, kind);
	made.maps[1].bits[7] = htole64(5);
	machine_audit(kind);
	ok(audit_unverified(&how.audit) && how.audit.checks[CHECK_MATCH].state == CHECK_FAILED,
	   "kind %u: %s", kind, said(&how, CHECK_MATCH));
	machine_make(&made, kind);
	made.note->nr_maps = htole64(1);
	machine_sign(&made);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_MATCH));
	made.note->nr_maps = htole64(3);
	machine_sign(&made);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_MATCH));
	made.note->nr_maps = htole64(~0ULL);
	machine_sign(&made);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_MATCH));
	machine_make(&made, kind);
	map = &made.maps[0];
	map->next = made.note->maps;
	made.note->nr_maps = htole64(CRASHED_MAPS_MAX);
	machine_sign(&made);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "in a circle: %s", said(&how, CHECK_MATCH));
	machine_make(&made, kind);
	map->next = htole64(1ULL << 40);
	machine_sign(&made);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_MATCH));
	machine_make(&made, kind);
	map->first = htole64(~0ULL);
	machine_sign(&made);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_MATCH));
}

static void test_info(u32 kind)
{
	static const char *const bad[] = { "", "xyz", "9001", "-9000", "11112222333344445",
					   "40000000", "9000 " };
	char *line, more[64];
	u32 i;

	machine_make(&made, kind);
	line = strstr(made.info, KREDACT_PANIC_VMCOREINFO);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, 64, "%s%s\n", KREDACT_PANIC_VMCOREINFO, bad[i]);
		how.unsealed = true;
		ok(machine_audit(kind) == VERDICT_UNVERIFIED &&
		   how.audit.checks[CHECK_SEAL].state == CHECK_FAILED, "kind %u: \"%s\": %s", kind,
		   bad[i], said(&how, CHECK_SEAL));
		how.unsealed = false;
	}
	*line = '\0';
	ok(machine_audit(kind) == VERDICT_UNVERIFIED && how.audit.crashed.has_info &&
	   !how.audit.crashed.named, "%s", said(&how, CHECK_SEAL));
	how.unsealed = true;
	how.secret = (const u8 *)"nowhere in it";
	how.secret_len = 13;
	ok(machine_audit(kind) == VERDICT_CLEAN && how.audit.without_seal,
	   "where none is expected: %s", said(&how, CHECK_SEAL));
	how.unsealed = false;
	how.secret = NULL;
	machine_make(&made, kind);
	snprintf(more, sizeof(more), "%s1000\n", KREDACT_PANIC_VMCOREINFO);
	strcat(made.info, more);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_SEAL));
	machine_make(&made, kind);
	made.note->magic[0]++;
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_SEAL));
	machine_make(&made, kind);
	made.note->version = htole32(2);
	ok(machine_audit(kind) == VERDICT_UNVERIFIED, "%s", said(&how, CHECK_SEAL));
}

/* Cut off anywhere it is never clean. */
static void test_cut(u32 kind)
{
	u64 len, clean = 0, found = 0, tried = 0;
	enum verdict verdict;

	machine_make(&made, kind);
	made.memory[(FIRST_PINNED + 1) * PAGE] = 0x41;
	machine_write(&made, kind);
	for (len = 0; len < made.file.len; len += 1 + len % 997, tried++) {
		verdict = audit_dump(&how, made.file.bytes, len);
		clean += verdict == VERDICT_CLEAN;
		found += verdict == VERDICT_FOUND;
	}
	ok(!clean && tried > 50 && (kind || found), "kind %u: cut off at %" PRIu64
	   " lengths: never clean; found in %" PRIu64, kind, tried, found);
}

int main(void)
{
	u32 kind;

	memset(made.key, 0x6b, sizeof(made.key));
	how.key = made.key;
	for (kind = 0; kind < MACHINE_KINDS; kind++) {
		test_good(kind);
		test_dirty(kind);
	}
	/* ELF and one kind of kdump. */
	for (kind = 0; kind < 3; kind += 2) {
		test_keys(kind);
		test_states(kind);
		test_counts(kind);
		test_maps(kind);
		test_info(kind);
		test_cut(kind);
	}
	fixture_free(&made.file);
	return tap_end();
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Audits of fixtures, in this process.
 */
#ifndef KREDACT_TESTS_AUDITED_H
#define KREDACT_TESTS_AUDITED_H

#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "fixture.h"
#include "run.h"

/* How a core is audited. */
enum with { WITH_KEY, WITH_WRONG_KEY, WITHOUT_KEY, NO_KEY };

static enum hasher_way audited_way = HASHER_OPENSSL;
static struct audit audit;	/* the last one; what it allocated is gone */

static inline enum verdict audit_bytes(const void *bytes, u64 len, const u8 *key, enum with with)
{
	int fd = memory_file(bytes, len);
	struct complaint why;
	u8 other[32] = { 9 };

	memset(&audit, 0, sizeof(audit));
	if (input_open(&audit.in, fd, true, &why))
		abort();
	if (with == WITH_WRONG_KEY)
		key = other;
	if (with == WITH_KEY || with == WITH_WRONG_KEY) {
		audit.mac = mac_new(key, 32);
		audit.prints = fingerprints_new(key, 32, audited_way);
		fixture_key_id(key, audit.key_id);
	}
	audit.no_key = with == NO_KEY;
	audit_run(&audit);
	audit_close(&audit);
	close(fd);
	return audit_verdict(&audit);
}

static inline enum verdict audit_fixture(const struct fixture *fixture, enum with with)
{
	return audit_bytes(fixture->bytes, fixture->len, fixture->key, with);
}

/* Builds, audits, and releases. */
static inline enum verdict audit_made(struct fixture *fixture, enum with with)
{
	enum verdict verdict;

	fixture_build(fixture);
	verdict = audit_fixture(fixture, with);
	fixture_free(fixture);
	return verdict;
}

static inline bool failed_only(enum check_name name)
{
	u32 i;

	for (i = 0; i < CHECKS; i++)
		if ((audit.checks[i].state == CHECK_FAILED) != (i == name))
			return false;
	return true;
}

/* One byte of the process is not zero. */
static inline enum verdict with_byte(struct fixture *fixture, u64 vaddr)
{
	u8 *byte = fixture_at(fixture, vaddr);
	enum verdict verdict;
	u8 before;

	if (!byte)
		abort();
	before = *byte;
	*byte = 0x41;
	verdict = audit_fixture(fixture, WITH_KEY);
	*byte = before;
	return verdict;
}

#endif /* KREDACT_TESTS_AUDITED_H */

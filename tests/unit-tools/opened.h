/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Audits of dumps of any format, in this process and from their file on.
 */
#ifndef KREDACT_TESTS_OPENED_H
#define KREDACT_TESTS_OPENED_H

#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "dump.h"
#include "fixture.h"
#include "run.h"

/**
 * struct opened - how a dump is audited, and what came of it
 * @key:	32 bytes, or NULL
 * @secret:	to be searched for, or NULL
 * @secret_len:	its bytes
 * @format:	as of the option
 * @unsealed:	likewise
 * @most:	bytes when unpacked; 0: as many as the program has
 * @audit:	out; what it allocated is gone
 * @error:	out: it could not be opened, since
 * @why:	out: this is so
 */
struct opened {
	const u8 *key;
	const void *secret;
	u32 secret_len;
	enum core_format format;
	bool unsealed;
	u64 most;
	struct audit audit;
	int error;
	struct complaint why;
};

static inline enum verdict audit_dump(struct opened *how, const void *bytes, u64 len)
{
	struct audit *audit = &how->audit;
	int fd = memory_file(bytes, len);
	struct dump dump;

	memset(audit, 0, sizeof(*audit));
	how->why.text[0] = '\0';
	audit->format = how->format;
	audit->unsealed = how->unsealed;
	if (how->key) {
		audit->mac = mac_new(how->key, 32);
		fixture_key_id(how->key, audit->key_id);
	}
	audit->digest = digest_new();
	if (how->secret) {
		audit->search = search_new(0, true);
		if (search_add(audit->search, how->secret, how->secret_len, &how->why) ||
		    search_prepare(audit->search, &how->why))
			abort();
	}
	how->error = dump_prepare(&dump, fd, how->format, how->most ? how->most : 1ULL << 32,
				  &how->why);
	if (!how->error)
		how->error = dump_open(&dump, &audit->in, true, &how->why);
	if (!how->error) {
		audit->kdump = dump.kdump;
		audit->packed = dump.packed;
		audit_run(audit);
	}
	audit_close(audit);
	dump_close(&dump);
	close(fd);
	return how->error ? VERDICT_UNVERIFIED : audit_verdict(audit);
}

static inline const char *said(const struct opened *how, enum check_name name)
{
	return how->error ? how->why.text : how->audit.checks[name].text.text;
}

#endif /* KREDACT_TESTS_OPENED_H */

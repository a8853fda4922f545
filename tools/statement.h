/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is stated of a cleaned copy: an in-toto statement.
 */
#ifndef KREDACT_TOOLS_STATEMENT_H
#define KREDACT_TOOLS_STATEMENT_H

#include "redact.h"

#define STATEMENT_PREDICATE	"urn:kredact:redaction:v1"

/**
 * struct statement - what is stated
 * @source:	name of the dump, escaped
 * @source_sha256: of all of its bytes
 * @out:	name of the copy, escaped, without folders
 * @out_sha256:	likewise
 * @realtime_ns: when
 * @header:	from the process in the sandbox, bounds checked
 * @records:	likewise
 */
struct statement {
	const char *source;
	u8 source_sha256[DIGEST_LEN];
	const char *out;
	u8 out_sha256[DIGEST_LEN];
	u64 realtime_ns;
	const struct redact_header *header;
	const struct redact_record *records;
};

char *statement_text(const struct statement *statement);

#endif /* KREDACT_TOOLS_STATEMENT_H */

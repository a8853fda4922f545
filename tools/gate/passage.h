/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A dump on its way through the gate.
 */
#ifndef KREDACT_TOOLS_GATE_PASSAGE_H
#define KREDACT_TOOLS_GATE_PASSAGE_H

#include "attest/attestation.h"
#include "attest/trust.h"
#include "gate/approval.h"
#include "gate/policy.h"
#include "gate/register.h"

#define PASSAGE_NAME	200u	/* bytes of a name, so that suffixes find room */

struct log_client;

/**
 * struct asker - who wants it to pass
 * @subject:	of the certificate of a client; NULL: a local user
 */
struct asker {
	const char *subject;
};

/**
 * struct passage - a dump, from its source to its destination
 * @policy:	what passes
 * @trust:	who is trusted
 * @asker:	who asks
 * @source:	path of the source, for people
 * @fd:		the source, from source_open(), or another regular file
 * @attestation_dir: folder that @attestation is relative to
 * @attestation: file of the attestation; NULL: there is none
 * @destination: path of the folder where it is to go
 * @name:	that it is to have there
 * @decision:	out: what all rules came to
 * @attested:	private: the attestation
 * @attested_text: private: its file
 * @attested_len: private
 * @payload_sha256: private: name of the attestation
 * @trusted:	private: who has signed it
 * @dir:	private: the folder
 * @copy:	private: the file that is to be there
 * @sha256:	out: of the dump
 * @bytes:	out: of the dump
 * @examination: private: of the copy
 * @approvals:	private: persons that have set rules aside
 * @nr_approvals: private: how many
 * @used:	private: record of the attestation
 */
struct passage {
	const struct policy *policy;
	const struct trust *trust;
	const struct asker *asker;
	const char *source;
	int fd;
	int attestation_dir;
	const char *attestation;
	const char *destination;
	const char *name;
	struct decision decision;
	struct attestation attested;
	char *attested_text;
	size_t attested_len;
	u8 payload_sha256[DIGEST_LEN];
	struct trust_result trusted;
	int dir;
	int copy;
	u8 sha256[DIGEST_LEN];
	u64 bytes;
	struct examination examination;
	struct approval approvals[APPROVALS_MAX];
	u32 nr_approvals;
	struct record used;
};

/* passage.c */
bool passage_run(struct passage *p);
void passage_close(struct passage *p);

/* source.c */
int source_open(const char *path, struct decision *decision);
void source_check(struct passage *p);
void source_destination(struct passage *p);
bool source_name_is_good(const char *name);

/* copy.c */
int copy_make(struct passage *p);

/* attested.c */
void attested_check(struct passage *p);
void attested_check_bytes(struct passage *p);

/* verified.c */
void verified_check(struct passage *p);

/* record.c */
int record_decision(struct passage *p, struct log_client *log, bool allowed,
		    struct complaint *why);
int record_exceptions(struct passage *p, struct log_client *log, struct complaint *why);

#endif /* KREDACT_TOOLS_GATE_PASSAGE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy of the gate: gate.conf(5).
 */
#ifndef KREDACT_TOOLS_GATE_POLICY_H
#define KREDACT_TOOLS_GATE_POLICY_H

#include <stdio.h>
#include <sys/types.h>
#include <libconfig.h>

#include "gate/rules.h"

#define POLICY_FILE	"/etc/kredact/gate.conf"
#define POLICY_STATE	"/var/lib/kredact/gate"
#define POLICY_INCOMING	"/var/lib/kredact/incoming"
#define POLICY_MOST	64u	/* entries of a list */

/**
 * struct texts - a list of texts
 * @at:		the texts
 * @nr:		how many
 */
struct texts {
	const char *at[POLICY_MOST + 1];
	u32 nr;
};

/**
 * struct limit - findings that are tolerated
 * @kind:	of them
 * @most:	so many
 */
struct limit {
	const char *kind;
	u32 most;
};

/**
 * struct uploads - what kredact-gated takes
 * @incoming:	folder of uploads that are not complete
 * @destination: folder where dumps go
 * @per_client:	uploads of one client at a time
 * @bytes_per_client: bytes of these in all
 * @uploads:	of all clients at a time
 * @keep:	seconds that an upload may rest
 */
struct uploads {
	const char *incoming;
	const char *destination;
	u32 per_client;
	u64 bytes_per_client;
	u32 uploads;
	u64 keep;
};

/**
 * struct policy - what passes the gate
 * @destinations: folders where dumps may go
 * @quarantines: folders of which none may come
 * @trust:	folder of the keys
 * @threshold:	keys that must have signed an attestation
 * @state:	folder of the register of used attestations, and of approvals
 * @log:	socket of kredact-logd
 * @seal_key:	file of the key of seals, or NULL
 * @certs:	files of public keys whose private halves are searched for
 * @verifier:	program; NULL: kredact-verify beside this one, or in BINDIR
 * @become:	the verifier runs as @uid and @gid
 * @uid:	with @become
 * @gid:	with @become
 * @seconds:	time that it has
 * @users:	who may, by name
 * @groups:	or by group
 * @subjects:	or by the subject of a client's certificate
 * @allowed:	labels that a seal may have; none listed: any
 * @forbidden:	labels that it may not have
 * @checks:	of the verifier that must have passed
 * @max_age:	of an attestation, seconds
 * @max_bytes:	of a dump
 * @mode:	of a dump in its destination
 * @limits:	findings that are tolerated; of other kinds none is, but notes are
 * @nr_limits:	how many
 * @excepted:	rules that persons may set aside, by GATE_*
 * @persons:	so many
 * @uploads:	of kredact-gated; @incoming is NULL if there are none
 * @file:	has the texts
 */
struct policy {
	struct texts destinations;
	struct texts quarantines;
	const char *trust;
	u32 threshold;
	const char *state;
	const char *log;
	const char *seal_key;
	struct texts certs;
	const char *verifier;
	bool become;
	uid_t uid;
	gid_t gid;
	u32 seconds;
	struct texts users;
	struct texts groups;
	struct texts subjects;
	struct texts allowed;
	struct texts forbidden;
	struct texts checks;
	u64 max_age;
	u64 max_bytes;
	u32 mode;
	struct limit limits[POLICY_MOST];
	u32 nr_limits;
	bool excepted[GATE_RULES];
	u32 persons;
	struct uploads uploads;
	config_t file;
};

struct policy *policy_load(const char *path, FILE *errors);
void policy_free(struct policy *policy);
bool texts_have(const struct texts *texts, const char *text);

#endif /* KREDACT_TOOLS_GATE_POLICY_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * A dump on its way through the gate: see passage.h.
 *
 * The order on the disk: the bytes, under no name; the line in the log; what the attestation is
 * used for; the attestation; the dump. Whenever the power fails, a dump under its name is whole,
 * allowed, logged, and has its attestation beside it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/publish.h"
#include "attest/statement_read.h"
#include "gate/passage.h"
#include "log/client.h"

static bool has_attested(const struct passage *p, const struct trusted *key)
{
	u32 i;

	for (i = 0; i < p->trusted.nr; i++)
		if (p->trusted.signers[i] == key)
			return true;
	return false;
}

/* Different persons, none of whom has attested it, that set a rule aside. */
static u32 persons_for(const struct passage *p, enum gate_rule rule)
{
	const struct trusted *seen[APPROVALS_MAX];
	u32 nr = 0, i, j;

	for (i = 0; i < p->nr_approvals; i++) {
		const struct approval *approval = &p->approvals[i];

		for (j = 0; j < nr && seen[j] != approval->key; j++)
			;
		if (j == nr && approval->rules[rule] && !has_attested(p, approval->key))
			seen[nr++] = approval->key;
	}
	return nr;
}

static void apply_exceptions(struct passage *p)
{
	u32 i;

	p->nr_approvals = approvals_read(p->policy->state, p->sha256, p->trust, p->approvals);
	for (i = 0; i < GATE_RULES; i++)
		if (rule_failed(&p->decision, i) && p->policy->excepted[i] &&
		    persons_for(p, i) >= p->policy->persons)
			p->decision.rules[i].excepted = true;
}

static bool make_purpose(const struct passage *p, char **purpose)
{
	char hex[2 * DIGEST_LEN + 1];

	text_hex(hex, p->sha256, DIGEST_LEN);
	if (asprintf(purpose, "%s %s/%s\n", hex, p->destination, p->name) >= 0)
		return true;
	*purpose = NULL;
	return false;
}

static void check_register(struct passage *p, const char *purpose)
{
	struct complaint why;

	if (register_claim(p->policy->state, p->payload_sha256, purpose, &p->used, &why))
		rule_fail(&p->decision, GATE_REPLAYED, "%s", why.text);
	else
		rule_pass(&p->decision, GATE_REPLAYED);
}

/* All rules but that of the log. */
static void decide(struct passage *p, char **purpose)
{
	const bool *excepted = p->policy->excepted;

	source_check(p);
	source_destination(p);
	attested_check(p);
	if (decision_is_final(&p->decision, excepted) || copy_make(p))
		return;
	attested_check_bytes(p);
	if (!make_purpose(p, purpose))
		return;
	check_register(p, *purpose);
	if (decision_is_final(&p->decision, excepted))
		return;
	verified_check(p);
	apply_exceptions(p);
}

/* The attestation may lie there from a try that a loss of power ended. */
static bool is_there(const struct passage *p, const char *name)
{
	struct complaint why;
	char *text;
	size_t len;
	bool same;

	same = !statement_file(p->dir, name, &text, &len, &why) && len == p->attested_len &&
	       !memcmp(text, p->attested_text, len);
	free(text);
	return same;
}

static int publish_attestation(const struct passage *p, const char *name, struct complaint *why)
{
	int fd, error;

	error = publish_file(p->dir, &fd, p->policy->mode, why);
	if (error)
		return error;
	error = publish_write(fd, p->attested_text, p->attested_len, why);
	if (!error && fsync(fd))
		error = complain(why, -errno, "%s", strerror(errno));
	if (!error)
		error = publish_link(fd, p->dir, name, why);
	if (error == -EEXIST && is_there(p, name))
		error = 0;
	close(fd);
	return error;
}

static int publish_both(struct passage *p, const char *purpose, struct complaint *why)
{
	char *name;
	int error;

	if (asprintf(&name, "%s" ATTESTATION_SUFFIX, p->name) < 0)
		return complain(why, -ENOMEM, "out of memory");
	error = register_use(&p->used, purpose, why);
	if (!error)
		error = publish_attestation(p, name, why);
	/* So that the one is never on the disk without the other. */
	if (!error && fsync(p->dir))
		error = complain(why, -errno, "%s", strerror(errno));
	if (!error) {
		error = publish_link(p->copy, p->dir, p->name, why);
		if (error)
			unlinkat(p->dir, name, 0);
	}
	if (!error && fsync(p->dir))
		error = complain(why, -errno, "%s", strerror(errno));
	if (!error)
		register_done(&p->used);
	free(name);
	return error;
}

static bool say(struct passage *p, struct log_client *log, bool allowed)
{
	struct complaint why;

	if (!record_decision(p, log, allowed, &why))
		return true;
	rule_fail(&p->decision, GATE_LOG, "%s", why.text);
	return false;
}

/**
 * passage_run() - let a dump pass, or refuse it
 * @p:		the passage; its members up to @name are set, the others zero
 *
 * Either way that is logged. What cannot be logged does not pass.
 *
 * Return: true if the dump is in its destination; why not is in the decision.
 */
bool passage_run(struct passage *p)
{
	struct log_client *log = NULL;
	char *purpose = NULL;
	struct complaint why;
	bool allowed;

	p->dir = p->copy = -1;
	p->used = (struct record){ .dir = -1, .fd = -1 };
	/* Before the dump is read: a gate that cannot log has nothing to do. */
	if (log_open(&log, p->policy->log, &why))
		rule_fail(&p->decision, GATE_LOG, "%s", why.text);
	else
		decide(p, &purpose);
	if (log)
		rule_pass(&p->decision, GATE_LOG);
	allowed = decision_allows(&p->decision);
	if (allowed && record_exceptions(p, log, &why)) {
		rule_fail(&p->decision, GATE_LOG, "%s", why.text);
		allowed = false;
	}
	allowed = allowed && say(p, log, true);
	if (allowed && publish_both(p, purpose, &why)) {
		rule_fail(&p->decision, GATE_DESTINATION, "%s", why.text);
		allowed = false;
	}
	if (!allowed && log)
		say(p, log, false);
	log_close(log);
	free(purpose);
	return allowed;
}

/**
 * passage_close() - release what a passage took; its source stays open
 * @p:	after passage_run()
 */
void passage_close(struct passage *p)
{
	if (p->dir >= 0)
		close(p->dir);
	if (p->copy >= 0)
		close(p->copy);
	register_release(&p->used);
	examination_free(&p->examination);
	attestation_free(&p->attested);
	free(p->attested_text);
	p->attested_text = NULL;
}

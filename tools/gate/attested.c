// SPDX-License-Identifier: GPL-2.0
/*
 * The rules about the attestation of a dump: see passage.h.
 */
#include <json-c/json.h>
#include <openssl/evp.h>

#include "attest/moment.h"
#include "attest/statement_read.h"
#include "gate/passage.h"

static bool read_it(struct passage *p)
{
	struct complaint why = { "" };
	int error = p->attestation ? statement_file(p->attestation_dir, p->attestation,
						    &p->attested_text, &p->attested_len, &why) :
				     -ENOENT;

	if (error == -ENOENT) {
		rule_fail(&p->decision, GATE_MISSING, "there is none");
		return false;
	}
	rule_pass(&p->decision, GATE_MISSING);
	if (!error)
		error = attestation_read(&p->attested, p->attested_text, p->attested_len, &why);
	if (!error && !EVP_Digest(p->attested.envelope.payload, p->attested.envelope.len,
				  p->payload_sha256, NULL, EVP_sha256(), NULL))
		error = complain(&why, -ENOMEM, "OpenSSL cannot compute SHA-256");
	if (error) {
		rule_fail(&p->decision, GATE_UNREADABLE, "%s", why.text);
		return false;
	}
	rule_pass(&p->decision, GATE_UNREADABLE);
	return true;
}

static void check_trust(struct passage *p)
{
	static const enum gate_rule rules[TRUST_VERDICTS] = {
		[TRUST_UNKNOWN] = GATE_UNTRUSTED, [TRUST_REVOKED] = GATE_REVOKED,
		[TRUST_ROLE] = GATE_ROLE, [TRUST_TIME] = GATE_KEY_TIME,
		[TRUST_FEW] = GATE_THRESHOLD,
	};
	u32 i;

	trust_check(p->trust, &p->attested.envelope, TRUST_ATTEST, p->attested.time,
		    p->policy->threshold, &p->trusted);
	if (p->trusted.verdict != TRUST_GOOD)
		rule_fail(&p->decision, rules[p->trusted.verdict], "%s",
			  trust_text(p->trusted.verdict));
	/* Of the others nothing can be said by who is not known. */
	for (i = 0; i < TRUST_GOOD; i++)
		if (p->trusted.verdict >= i)
			rule_pass(&p->decision, rules[i]);
}

static void check_time(struct passage *p)
{
	const struct attestation *a = &p->attested;
	u64 now = moment_now();
	char when[32];

	moment_text(when, a->time);
	if (a->time > now + MOMENT_SKEW)
		rule_fail(&p->decision, GATE_FUTURE, "it says to be of %s", when);
	else
		rule_pass(&p->decision, GATE_FUTURE);
	if (now > a->time && now - a->time > p->policy->max_age)
		rule_fail(&p->decision, GATE_AGE, "it is of %s, more than %llu hours ago", when,
			  (unsigned long long)p->policy->max_age / 3600);
	else
		rule_pass(&p->decision, GATE_AGE);
	if (a->expires && a->expires <= now) {
		moment_text(when, a->expires);
		rule_fail(&p->decision, GATE_EXPIRED, "it has expired at %s", when);
	} else {
		rule_pass(&p->decision, GATE_EXPIRED);
	}
}

/**
 * attested_check() - the rules about the attestation alone
 * @p:		the passage; its decision takes them
 *
 * What an attestation says counts only if it is trusted.
 */
void attested_check(struct passage *p)
{
	if (!read_it(p))
		return;
	check_trust(p);
	if (p->trusted.verdict == TRUST_GOOD)
		check_time(p);
}

/**
 * attested_check_bytes() - is it of the bytes that were copied?
 * @p:		the passage, with a trusted attestation and a copy
 */
void attested_check_bytes(struct passage *p)
{
	if (p->bytes != p->attested.bytes || memcmp(p->sha256, p->attested.sha256, DIGEST_LEN))
		rule_fail(&p->decision, GATE_OTHER_BYTES, "it is of other bytes than the dump's");
	else
		rule_pass(&p->decision, GATE_OTHER_BYTES);
}

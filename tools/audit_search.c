// SPDX-License-Identifier: GPL-2.0
/*
 * What an audit searches the whole file for, whatever its headers say: copies by their
 * fingerprints, given secrets, keys by their structure, private halves of public keys.
 */
#include <inttypes.h>

#include "checks.h"

/* One that goes on in another segment is followed there, by its address. */
static void keep_span(struct audit *audit, u64 offset, u64 vaddr, u64 len, bool joined)
{
	struct complaint ignored;
	int error = 0;

	if (joined)
		error = spans_add_memory(&audit->hit_bytes, &audit->core, vaddr, vaddr + len - 1,
					 &ignored);
	else
		error = spans_add(&audit->hit_bytes, offset, offset + len - 1, &ignored);
	audit->incomplete |= error;
}

static void take_print(void *arg, const struct print_hit *hit)
{
	const struct seal *seal = &((struct audit *)arg)->seal;
	struct audit *audit = arg;

	/* A seal, here an authentic one, names addresses and lengths, as registered memory may. */
	if (!hit->mapped && hit->offset >= seal->offset && hit->offset - seal->offset < seal->len)
		return;
	if (audit->keep_hits)
		keep_span(audit, hit->offset, hit->vaddr, hit->len, hit->joined);
	audit->print_hits_total++;
	audit->print_bytes += hit->len;
	if (audit->nr_print_hits < AUDIT_LISTED)
		audit->print_hits[audit->nr_print_hits++].hit = *hit;
}

/* Of the registrations that copies were found of. */
static int label_prints(void *arg, const struct seal_range *range, struct complaint *why)
{
	struct audit *audit = arg;
	u32 i;

	(void)why;
	for (i = 0; range->label && i < audit->nr_print_hits; i++)
		if (audit->print_hits[i].hit.handle == range->handle &&
		    !audit->print_hits[i].hit.others)
			audit->print_hits[i].label = seal_label(&audit->seal, range->label);
	return 0;
}

/* Why copies are not searched for by fingerprints; NULL if they are. */
static const char *unprinted(const struct audit *audit)
{
	const struct seal *seal = &audit->seal;

	if (audit->crashed.named)
		return "a kernel that crashes makes none: no copies were searched for";
	if (!seal->readable)
		return "without a seal there are none";
	if (seal->beside)
		return "a seal of a daemon has none: copies may be in the core";
	if (!seal->has_prints)
		return seal->flags & KREDACT_SEAL_KEY_BOOT ?
		       "the seal has none: its key is a random one, which nobody has" :
		       "the seal has none";
	if (seal->prints.failure)
		return seal_unprinted_text(seal->prints.failure);
	if (!seal->prints.bytes)
		return "nothing that is registered is long and various enough";
	if (!audit->prints)
		return "not used: they need the key of the seal";
	if (audit->checks[CHECK_AUTHENTICITY].state != CHECK_PASSED)
		return "not used: the seal is not authentic";
	return NULL;
}

/**
 * check_fingerprints() - a second look at copies
 * @audit:	being run
 *
 * It does not believe what the module says of its hunt.
 */
void check_fingerprints(struct audit *audit)
{
	const struct seal_visitor label = { audit, label_prints, NULL, NULL };
	struct complaint *text = text_of(audit, CHECK_FINGERPRINTS), ignored;
	const struct seal_prints *prints = &audit->seal.prints;
	const char *reason = unprinted(audit);
	int error;

	if (reason) {
		complaint_set(text, "%s", reason);
		conclude(audit, CHECK_FINGERPRINTS, CHECK_NOT_DONE);
		return;
	}
	error = fingerprints_load(audit->prints, &audit->seal, text);
	if (!error)
		error = fingerprints_run(audit->prints, &audit->in,
					 audit->has_core ? &audit->core : NULL, take_print, audit,
					 text);
	if (audit->print_hits_total) {
		seal_visit(&audit->seal, &label, &ignored);
		complaint_set(text, "%" PRIu64 " cop%s of registered secrets, %" PRIu64 " bytes",
			      audit->print_hits_total, audit->print_hits_total == 1 ? "y" : "ies",
			      audit->print_bytes);
		conclude(audit, CHECK_FINGERPRINTS, CHECK_FOUND);
	} else if (error) {
		conclude(audit, CHECK_FINGERPRINTS, CHECK_FAILED);
	} else {
		complaint_set(text, "no copy in the file of %" PRIu64 " registered bytes; %" PRIu64
			      " have no fingerprint", prints->bytes, prints->missing);
		conclude(audit, CHECK_FINGERPRINTS, CHECK_PASSED);
	}
}

static void take_hit(void *arg, const struct hit *hit)
{
	struct audit *audit = arg;

	audit->hits_total++;
	if (audit->keep_hits)
		keep_span(audit, hit->offset, hit->vaddr, hit->len, hit->joined);
	if (audit->nr_hits == AUDIT_LISTED)
		return;
	audit->hits[audit->nr_hits++] = (struct listed_hit){
		.hit = *hit,
		.registered = (hit->mapped &&
			       spans_touch(&audit->spans, hit->vaddr, hit->vaddr + hit->len - 1)) ||
			      spans_touch(&audit->crashed.bytes, hit->offset,
					  hit->offset + hit->len - 1),
	};
}

/**
 * check_secrets() - given secrets
 * @audit:	being run
 */
void check_secrets(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_SECRETS);
	int error;

	if (!audit->search) {
		complaint_set(text, "none given");
		conclude(audit, CHECK_SECRETS, CHECK_NOT_DONE);
		return;
	}
	error = search_run(audit->search, &audit->in, audit->has_core ? &audit->core : NULL,
			   take_hit, audit, text);
	audit->incomplete |= error;
	if (audit->hits_total) {
		complaint_set(text, "found %" PRIu64 " time%s in the file", audit->hits_total,
			      audit->hits_total == 1 ? "" : "s");
		conclude(audit, CHECK_SECRETS, CHECK_FOUND);
	} else if (error) {
		conclude(audit, CHECK_SECRETS, CHECK_FAILED);
	} else {
		complaint_set(text, "not found in the file");
		conclude(audit, CHECK_SECRETS, CHECK_PASSED);
	}
}

/* What became of the keys of --cert, after the scan, which failed or not. */
static void check_certs(struct audit *audit, bool failed)
{
	struct complaint *text = text_of(audit, CHECK_CERTS);
	const struct questions *all = audit->scan ? scan_questions(audit->scan) : NULL;
	u32 given = all ? questions_given(all) : 0, found = 0, i;

	for (i = 0; i < given; i++)
		found += questions_get(all, i)->nr_parts > 0;
	if (!given)
		complaint_set(text, "none given");
	else if (found)
		complaint_set(text, "of %u public key%s, the private half of %u is here", given,
			      given == 1 ? "" : "s", found);
	else if (failed)
		complaint_set(text, "none found, but not all was searched: see keys");
	else
		complaint_set(text, "%u public key%s, no private half found%s", given,
			      given == 1 ? "" : "s",
			      scan_is_partial(audit->scan) ? ", by some detectors only" : "");
	conclude(audit, CHECK_CERTS, !given ? CHECK_NOT_DONE : found ? CHECK_FOUND :
		 failed ? CHECK_FAILED : CHECK_PASSED);
}

/**
 * check_keys() - keys that nobody registered, and private halves of public keys
 * @audit:	being run
 */
void check_keys(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_KEYS), kinds;
	const struct sightings *all;
	int error;

	if (!audit->scan) {
		complaint_set(text, "not looked for");
		conclude(audit, CHECK_KEYS, CHECK_NOT_DONE);
		check_certs(audit, false);
		return;
	}
	error = scan_run(audit->scan, &audit->in, audit->has_core ? &audit->core : NULL, text);
	all = scan_sightings(audit->scan);
	audit->incomplete |= error;
	if (all->keys) {
		sightings_summary(all, WEIGHT_KEY, kinds.text, sizeof(kinds.text));
		complaint_set(text, "%" PRIu64 " piece%s of key material: %s", all->keys,
			      all->keys == 1 ? "" : "s", kinds.text);
		conclude(audit, CHECK_KEYS, CHECK_FOUND);
	} else if (error) {
		conclude(audit, CHECK_KEYS, CHECK_FAILED);
	} else {
		complaint_set(text, "none seen by its structure");
		conclude(audit, CHECK_KEYS, CHECK_PASSED);
	}
	check_certs(audit, error);
}

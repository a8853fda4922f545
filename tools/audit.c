// SPDX-License-Identifier: GPL-2.0
/*
 * The audit of one core: see audit.h.
 *
 * A check that cannot be done fails, unless nobody asked for it. Later checks
 * are done as far as possible even then: key material in a damaged core is
 * still key material.
 */
#include <inttypes.h>
#include <stdio.h>

#include <openssl/crypto.h>

#include "checks.h"

/* Bytes that may be read again in order to describe findings. */
#define DESCRIBE_MAX	(1ULL << 30)

/* Collects what must be zero. */
struct collector {
	struct audit *audit;
	u64 page_mask;
};

/* Describes the ranges that are not zero, or the copies, and lists them. */
struct describer {
	struct audit *audit;
	u64 page_mask;
	struct finder memory;
	struct finder notes;
	struct finding *list;
	u32 *nr;
	u64 *total;
};

/**
 * conclude() - a check has its outcome
 * @audit:	being run
 * @name:	of the check
 * @state:	the outcome
 */
void conclude(struct audit *audit, enum check_name name, enum check_state state)
{
	audit->checks[name].state = state;
}

/**
 * text_of() - what a check says
 * @audit:	being run
 * @name:	of the check
 */
struct complaint *text_of(struct audit *audit, enum check_name name)
{
	return &audit->checks[name].text;
}

static void tell_structure(const struct audit *audit, struct complaint *text)
{
	const struct core *core = &audit->core;
	const struct notes *notes = &audit->notes;
	char threads[40], size[24];

	snprintf(threads, sizeof(threads), "%" PRIu64 " thread%s", notes->threads,
		 notes->threads == 1 ? "" : "s");
	text_size(size, sizeof(size), audit->in.size);
	switch (core->format) {
	case CORE_ELF:
		complaint_set(text, "%s-bit ELF core%s, %u segments, %s, complete",
			      core->is64 ? "64" : "32", core->physical ? " of a machine" : "",
			      core->phnum, threads);
		break;
	case CORE_MINIDUMP:
		complaint_set(text, "minidump, %u pieces of memory, %s, complete",
			      core->nr_segments, threads);
		break;
	case CORE_KDUMP:
		complaint_set(text, "kernel dump, %u pieces of memory, of %s", core->nr_segments,
			      size);
		break;
	default:
		complaint_set(text, "raw memory, %s", size);
	}
}

static void check_structure(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_STRUCTURE), also;
	int error, error_too;

	error = audit->kdump ? kdump_read(audit->kdump, &audit->core, &audit->in, text) :
			       core_open_as(&audit->core, &audit->in, audit->format, text);
	audit->has_core = audit->core.machine || audit->core.nr_segments;
	error_too = notes_read(&audit->notes, &audit->core, error ? &also : text);
	audit->has_notes = !error_too;
	error = error ? error : error_too;
	/* What a file lacks is lacking in the dump, and explains the rest. */
	if (*audit->in.cut.text)
		error = complain(text, -EBADMSG, "%s", audit->in.cut.text);
	conclude(audit, CHECK_STRUCTURE, error ? CHECK_FAILED : CHECK_PASSED);
	if (!error)
		tell_structure(audit, text);
}

static void widen(const struct seal_range *range, u64 page_mask, u64 *start, u64 *last)
{
	bool exact = range->flags & KREDACT_EXACT;

	*start = exact ? range->addr : range->addr & ~page_mask;
	*last = exact ? range->last : range->last | page_mask;
}

static int collect_range(void *arg, const struct seal_range *range, struct complaint *why)
{
	struct collector *collector = arg;
	u64 start, last;

	widen(range, collector->page_mask, &start, &last);
	return spans_add(&collector->audit->spans, start, last, why);
}

static int collect_left_out(void *arg, const struct seal_left_out *pages, struct complaint *why)
{
	struct collector *collector = arg;

	return spans_add(&collector->audit->left_out, pages->addr, pages->last, why);
}

static void list_finding(struct describer *describer, struct finding *finding)
{
	struct audit *audit = describer->audit;
	char name[sizeof(finding->mapping) / 4];

	++*describer->total;
	if (*describer->nr == AUDIT_LISTED || !finding->dirty)
		return;
	if (finding->range.label)
		finding->label = seal_label(&audit->seal, finding->range.label);
	if (!(finding->copy_flags & KREDACT_COPY_NOTE) &&
	    notes_mapping(&audit->notes, &audit->core, finding->first, name, sizeof(name)))
		text_escape(finding->mapping, sizeof(finding->mapping), name, strlen(name));
	describer->list[(*describer->nr)++] = *finding;
}

static int describe_range(void *arg, const struct seal_range *range, struct complaint *why)
{
	struct describer *describer = arg;
	struct finding finding = { .range = *range };
	u64 start, last;
	int error;

	widen(range, describer->page_mask, &start, &last);
	error = finding_measure(&describer->memory, &finding, start, last, why);
	if (error || !(finding.dirty || finding.dirty_more))
		return error;
	list_finding(describer, &finding);
	return 0;
}

static int describe_copy(void *arg, const struct seal_copy *copy, struct complaint *why)
{
	struct describer *describer = arg;
	const struct copies *copies = &describer->audit->copies;
	bool note = copy->flags & KREDACT_COPY_NOTE;
	struct finding finding = {
		.range = {
			.addr = copy->addr,
			.last = copy->last,
			.handle = copy->handle,
			.flags = KREDACT_EXACT,
			.label = copies_label(copies, copy),
		},
		.copy_flags = copy->flags,
	};
	int error;

	error = finding_measure(note ? &describer->notes : &describer->memory, &finding,
				copy->addr, copy->last, why);
	if (error || !(finding.dirty || finding.dirty_more))
		return error;
	list_finding(describer, &finding);
	return 0;
}

static int check_zeros(struct audit *audit, bool *found, struct complaint *text)
{
	u64 page_mask = audit->seal.page_size - 1;
	struct collector collector = { audit, page_mask };
	struct describer describer = {
		.audit = audit,
		.page_mask = page_mask,
		.memory = { &audit->core, &audit->zeros, DESCRIBE_MAX },
		.list = audit->findings,
		.nr = &audit->nr_findings,
		.total = &audit->findings_total,
	};
	const struct seal_visitor collect = { &collector, collect_range, collect_left_out, NULL };
	const struct seal_visitor describe = { &describer, describe_range, NULL, NULL };
	struct zeros *zeros = &audit->zeros;
	struct complaint ignored;
	int error, zeros_error;

	if (!audit->seal.readable)
		return complain(text, -EBADMSG, "without a seal no ranges are known");
	error = seal_visit(&audit->seal, &collect, text);
	spans_sort(&audit->spans);
	spans_sort(&audit->left_out);
	audit->incomplete |= error;
	if (error)
		return error;
	if (!audit->core.nr_segments)
		return complain(text, -EBADMSG, "the core cannot be read at these addresses");
	error = zeros_check(zeros, &audit->left_out, &audit->core, text);
	if (!error && zeros->dirty)
		error = complain(text, -EBADMSG, "pages that the seal calls left out are in the "
				 "dump, at %#" PRIx64, zeros->places[0].start);
	zeros_error = zeros_check(zeros, &audit->spans, &audit->core, &ignored);
	audit->incomplete |= zeros_error;
	if (zeros->dirty) {
		/* What cannot be described is found all the same. */
		seal_visit(&audit->seal, &describe, &ignored);
		complaint_set(text, "%" PRIu64 " byte%s not zero, in %" PRIu64
			      " registered range%s%s", zeros->dirty,
			      zeros->dirty == 1 ? " is" : "s are", audit->findings_total,
			      audit->findings_total == 1 ? "" : "s",
			      zeros_error ? "; the rest cannot be read" : "");
		*found = true;
		return 0;
	}
	if (!audit->core.sound)
		return complain(text, -EBADMSG, "all that is here is zero, but the core is not "
				"complete");
	if (zeros_error)
		*text = ignored;
	if (error || zeros_error)
		return error ? error : zeros_error;
	return complain(text, 0, "%" PRIu64 " registered, all their bytes in the dump are zero",
			audit->seal.nr_ranges);
}

static void check_ranges(struct audit *audit)
{
	bool found = false;
	int error = check_zeros(audit, &found, text_of(audit, CHECK_RANGES));

	if (excused(audit, CHECK_RANGES))
		return;
	if (found)
		conclude(audit, CHECK_RANGES, CHECK_FOUND);
	else
		conclude(audit, CHECK_RANGES, error ? CHECK_FAILED : CHECK_PASSED);
}

static void describe_copies(struct audit *audit)
{
	struct copies *copies = &audit->copies;
	struct core file = copies_file(copies, &audit->core);
	struct describer describer = {
		.audit = audit,
		.memory = { &audit->core, &copies->memory_zeros, DESCRIBE_MAX },
		.notes = { &file, &copies->notes_zeros, DESCRIBE_MAX },
		.list = audit->copy_findings,
		.nr = &audit->nr_copy_findings,
		.total = &audit->copy_findings_total,
	};
	const struct seal_visitor describe = { &describer, NULL, NULL, describe_copy };
	struct complaint ignored;

	/* What cannot be described is found all the same. */
	seal_visit(&audit->seal, &describe, &ignored);
}

static enum check_state check_named(struct audit *audit, struct complaint *text)
{
	struct copies *copies = &audit->copies;
	const struct seal_hunt *hunt = &audit->seal.hunt;
	u64 dirty;
	int error;

	error = copies_check(copies, &audit->seal, &audit->core, text);
	audit->incomplete |= error;
	dirty = copies->memory_zeros.dirty + copies->notes_zeros.dirty;
	if (dirty) {
		describe_copies(audit);
		complaint_set(text, "%" PRIu64 " byte%s not zero, in %" PRIu64 " of the copies "
			      "that the seal says were zeroed", dirty,
			      dirty == 1 ? " is" : "s are", audit->copy_findings_total);
		return CHECK_FOUND;
	}
	if (error)
		return CHECK_FAILED;
	if (hunt->copies_lost)
		complaint_set(text, "%" PRIu64 " found by the module, %" PRIu64 " named, and all "
			      "their bytes are zero", hunt->copies, audit->seal.nr_copies);
	else if (hunt->copies)
		complaint_set(text, "%" PRIu64 " found by the module, all their bytes are zero",
			      hunt->copies);
	else
		complaint_set(text, "the module hunted and found none");
	return CHECK_PASSED;
}

/* Not to have hunted is no lie, and does not make a core unverified: the report says it. */
static void check_copies(struct audit *audit)
{
	struct complaint *text = text_of(audit, CHECK_COPIES);
	const struct seal *seal = &audit->seal;
	enum check_state state = CHECK_NOT_DONE;

	if (excused(audit, CHECK_COPIES))
		return;
	if (!seal->readable) {
		complaint_set(text, "without a seal no copies are known");
		state = CHECK_FAILED;
	} else if (!seal->has_hunt) {
		complaint_set(text, "the seal tells of no hunt: copies may be in the core");
	} else if (seal->hunt.unindexed) {
		complaint_set(text, "not hunted: %s; %s", unindexed_reason(seal->hunt.unindexed),
			      unhunted_consequence(seal->policy.unhunted));
	} else if (!seal->hunt.ranges) {
		complaint_set(text, "nothing was to be hunted%s", seal->nr_ranges ?
			      ": copies may be in the core" : "");
	} else {
		state = check_named(audit, text);
	}
	conclude(audit, CHECK_COPIES, state);
}

/**
 * audit_run() - do all checks
 * @audit:	zero but for @in (open), @mac, @prints and @key_id or @no_key, @search, @scan,
 *		and @sidecar (open), @has_sidecar, @only_sidecar, @digest, @keep_hits
 *		and @places.ask
 *
 * Makes no system calls but reads and seeks of the file and for memory.
 */
void audit_run(struct audit *audit)
{
	check_structure(audit);
	if (!check_machine(audit)) {
		check_seal(audit);
		check_match(audit);
		check_authenticity(audit);
		check_ranges(audit);
		check_copies(audit);
	}
	check_fingerprints(audit);
	check_secrets(audit);
	check_keys(audit);
	places_open(&audit->places, &audit->core, &audit->notes, &audit->seal);
}

/**
 * audit_unverified() - is there a reason for doubt?
 * @audit:	after audit_run()
 *
 * Return: true if a check failed.
 */
bool audit_unverified(const struct audit *audit)
{
	u32 i;

	for (i = 0; i < CHECKS; i++)
		if (audit->checks[i].state == CHECK_FAILED)
			return true;
	return false;
}

/**
 * audit_verdict() - the outcome of an audit
 * @audit:	after audit_run()
 *
 * Return: what was found outweighs what could not be checked.
 */
enum verdict audit_verdict(const struct audit *audit)
{
	u32 i;

	for (i = 0; i < CHECKS; i++)
		if (audit->checks[i].state == CHECK_FOUND)
			return VERDICT_FOUND;
	return audit_unverified(audit) ? VERDICT_UNVERIFIED : VERDICT_CLEAN;
}

/**
 * audit_close() - release what an audit took
 * @audit:	@in, @sidecar, @mac, @prints, @digest, @search and @scan included
 */
void audit_close(struct audit *audit)
{
	places_close(&audit->places);
	scan_free(audit->scan);
	search_free(audit->search);
	fingerprints_free(audit->prints);
	mac_free(audit->mac);
	digest_free(audit->digest);
	spans_free(&audit->spans);
	spans_free(&audit->left_out);
	spans_free(&audit->hit_bytes);
	copies_free(&audit->copies);
	crashed_close(&audit->crashed);
	seal_close(&audit->seal);
	core_close(&audit->core);
	input_close(&audit->sidecar);
	input_close(&audit->in);
}

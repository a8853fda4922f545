// SPDX-License-Identifier: GPL-2.0
/*
 * All that was found, in one form: see item.h.
 */
#include <inttypes.h>
#include <stdarg.h>

#include "item.h"

/* Where it is, by its address if it has one. */
static void settle(struct audit *audit, struct item *item)
{
	if (item->mapped)
		place_of_address(&audit->places, item->vaddr, &item->place);
	else
		place_of_offset(&audit->places, item->offset, &item->place);
	place_text(&item->place, item->where, sizeof(item->where));
}

/* Of a machine: it has no registrations by name. */
static void item_of_frame(struct audit *audit, const struct finding *finding, struct item *item)
{
	*item = (struct item){
		.rule = "frame-not-zero",
		.title = "registered memory of a machine",
		.check = CHECK_RANGES,
		.key = true,
		.proven = true,
		.offset = finding->offset,
		.len = finding->dirty,
	};
	snprintf(item->text, sizeof(item->text), "%s%" PRIu64 " of %" PRIu64 " bytes not zero, at the "
		 "physical address %#" PRIx64, finding->dirty_more ? "at least " : "",
		 finding->dirty, finding->range.last - finding->range.addr + 1,
		 finding->range.addr);
	settle(audit, item);
	item->advice = "keep this dump from others: the kernel's note says that this was to be zeroed";
}

/**
 * item_of_finding() - a registered range, or a copy, that is not zero
 * @audit:	after audit_run()
 * @finding:	of it
 * @copy:	it is of a copy
 * @item:	takes it
 */
void item_of_finding(struct audit *audit, const struct finding *finding, bool copy,
		     struct item *item)
{
	char label[TEXT_ESCAPED(KREDACT_LABEL_MAX)] = "";

	if (finding->frame) {
		item_of_frame(audit, finding, item);
		return;
	}
	*item = (struct item){
		.rule = copy ? "copy-not-zero" : "range-not-zero",
		.title = copy ? "copy of a registered secret" : "registered memory",
		.check = copy ? CHECK_COPIES : CHECK_RANGES,
		.key = true,
		.proven = true,
		.offset = finding->offset,
		.len = finding->dirty,
		.mapped = !(finding->copy_flags & KREDACT_COPY_NOTE),
		.vaddr = finding->first,
	};
	if (finding->label)
		text_escape(label, sizeof(label), finding->label->text, finding->label->len);
	snprintf(item->text, sizeof(item->text), "%s%" PRIu64 " of %" PRIu64 " bytes not zero, "
		 "registration %#" PRIx64 "%s%s", finding->dirty_more ? "at least " : "",
		 finding->dirty, finding->range.last - finding->range.addr + 1,
		 finding->range.handle, *label ? ", " : "", label);
	settle(audit, item);
	item->advice = copy ? "the seal says that these bytes were zeroed: keep this dump from "
			      "others, and find out who changed it" :
			      "keep this dump from others; see in kredact(8) status whether the "
			      "module was in the way of the dump";
}

/**
 * item_of_print() - a copy that was found by fingerprints
 * @audit:	after audit_run()
 * @listed:	of it
 * @item:	takes it
 */
void item_of_print(struct audit *audit, const struct listed_print *listed, struct item *item)
{
	char label[TEXT_ESCAPED(KREDACT_LABEL_MAX)] = "";

	*item = (struct item){
		.rule = "copy-by-fingerprint",
		.title = "copy of a registered secret",
		.check = CHECK_FINGERPRINTS,
		.key = true,
		.proven = true,
		.offset = listed->hit.offset,
		.len = listed->hit.len,
		.mapped = listed->hit.mapped,
		.vaddr = listed->hit.vaddr,
	};
	if (listed->label)
		text_escape(label, sizeof(label), listed->label->text, listed->label->len);
	snprintf(item->text, sizeof(item->text), "%" PRIu64 " bytes or more of registration %#" PRIx64
		 "%s%s%s", listed->hit.len, listed->hit.handle,
		 listed->hit.others ? " of another process" : "", *label ? ", " : "", label);
	settle(audit, item);
	item->advice = "keep this dump from others; a copy that the module did not zero: see the "
		       "policy of the seal";
}

/**
 * item_of_hit() - a given secret in the file
 * @report:	has the names of the secrets
 * @audit:	after audit_run()
 * @hit:	of it
 * @item:	takes it
 */
void item_of_hit(const struct report *report, struct audit *audit, const struct listed_hit *hit,
		 struct item *item)
{
	*item = (struct item){
		.rule = "secret",
		.title = "given secret",
		.check = CHECK_SECRETS,
		.key = true,
		.proven = true,
		.offset = hit->hit.offset,
		.len = hit->hit.len,
		.mapped = hit->hit.mapped,
		.vaddr = hit->hit.vaddr,
	};
	snprintf(item->text, sizeof(item->text), "bytes %u to %u of %s%s, in %s registered range",
		 hit->hit.from, hit->hit.from + hit->hit.len - 1,
		 hit->hit.reversed ? "the reversed " : "", report->secrets[hit->hit.secret],
		 hit->registered ? "a" : "no");
	settle(audit, item);
	item->advice = place_advice(&item->place);
}

/**
 * item_of_sighting() - key material that was seen by its structure
 * @audit:	after audit_run()
 * @sighting:	of it
 * @item:	takes it
 */
void item_of_sighting(struct audit *audit, const struct sighting *sighting, struct item *item)
{
	*item = (struct item){
		.rule = sighting->kind->word,
		.title = sighting->kind->text,
		.check = CHECK_KEYS,
		.key = sighting->kind->weight == WEIGHT_KEY,
		.proven = sighting->proven,
		.offset = sighting->offset,
		.len = sighting->len,
		.mapped = sighting->mapped,
		.vaddr = sighting->vaddr,
		.digest = sighting->digest,
		.advice = sighting->kind->advice,
	};
	text_escape(item->text, sizeof(item->text), sighting->detail, strlen(sighting->detail));
	settle(audit, item);
}

/**
 * items_visit() - all that is listed, one by one
 * @report:	has the names of the secrets
 * @audit:	after audit_run()
 * @take:	takes each
 * @arg:	its first argument
 */
void items_visit(const struct report *report, struct audit *audit, item_fn take, void *arg)
{
	const struct sightings *all = audit->scan ? scan_sightings(audit->scan) : NULL;
	struct item item;
	u32 i;

	for (i = 0; i < audit->nr_findings; i++) {
		item_of_finding(audit, &audit->findings[i], false, &item);
		take(arg, &item);
	}
	for (i = 0; i < audit->nr_copy_findings; i++) {
		item_of_finding(audit, &audit->copy_findings[i], true, &item);
		take(arg, &item);
	}
	for (i = 0; i < audit->nr_print_hits; i++) {
		item_of_print(audit, &audit->print_hits[i], &item);
		take(arg, &item);
	}
	for (i = 0; i < audit->nr_hits; i++) {
		item_of_hit(report, audit, &audit->hits[i], &item);
		take(arg, &item);
	}
	for (i = 0; all && i < all->nr && i < ITEM_SIGHTINGS; i++) {
		item_of_sighting(audit, &all->list[i], &item);
		take(arg, &item);
	}
}

/* "2 pieces of key material", after @what was said before. */
__attribute__((format(printf, 3, 4)))
static void add_count(char *text, size_t room, const char *format, ...)
{
	size_t at = strlen(text);
	va_list args;

	if (at)
		at += snprintf(text + at, room - at, ", ");
	va_start(args, format);
	vsnprintf(text + at, room - at, format, args);
	va_end(args);
}

/**
 * items_count() - what was found, in numbers
 * @audit:	after audit_run()
 * @text:	takes it: "2 registered ranges not zero, 1 given secret"; empty for nothing
 * @room:	bytes in @text, at least 1
 */
void items_count(const struct audit *audit, char *text, size_t room)
{
	const struct sightings *all = audit->scan ? scan_sightings(audit->scan) : NULL;
	u32 i, failed = 0;

	*text = '\0';
	for (i = 0; i < CHECKS; i++)
		failed += audit->checks[i].state == CHECK_FAILED;
	if (audit->findings_total)
		add_count(text, room, "%" PRIu64 " registered range%s not zero",
			  audit->findings_total, audit->findings_total == 1 ? "" : "s");
	if (audit->copy_findings_total)
		add_count(text, room, "%" PRIu64 " cop%s not zero", audit->copy_findings_total,
			  audit->copy_findings_total == 1 ? "y" : "ies");
	if (audit->print_hits_total)
		add_count(text, room, "%" PRIu64 " cop%s by fingerprint", audit->print_hits_total,
			  audit->print_hits_total == 1 ? "y" : "ies");
	if (audit->hits_total)
		add_count(text, room, "%" PRIu64 " given secret%s", audit->hits_total,
			  audit->hits_total == 1 ? "" : "s");
	if (all && all->keys)
		add_count(text, room, "%" PRIu64 " piece%s of key material", all->keys,
			  all->keys == 1 ? "" : "s");
	if (all && all->notes)
		add_count(text, room, "%" PRIu64 " note%s", all->notes, all->notes == 1 ? "" : "s");
	if (failed)
		add_count(text, room, "%u check%s failed", failed, failed == 1 ? "" : "s");
}

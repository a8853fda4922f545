// SPDX-License-Identifier: GPL-2.0
/*
 * The report for a program: see report.h; kredact-verify(1) describes the
 * members. Addresses and handles are strings, since numbers of JSON lose bits
 * beyond 2^53.
 */
#include <stdio.h>

#include <json-c/json.h>

#include "item.h"

#define JSON_FORMAT	1

static const char *const verdicts[] = { "clean", "key-material-found", "unverified" };

static struct json_object *checks(const struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < CHECKS; i++) {
		item = json_object_new_object();
		json_text(item, "name", check_word(i));
		json_text(item, "state", state_word(audit->checks[i].state));
		json_text(item, "text", audit->checks[i].text.text);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *core(const struct audit *audit)
{
	struct json_object *object = json_object_new_object();

	json_text(object, "format", core_format_word(audit->core.format));
	json_number(object, "class", audit->core.is64 ? 64 : 32);
	json_number(object, "machine", audit->core.machine);
	json_number(object, "segments", audit->core.phnum);
	json_number(object, "end", audit->core.end);
	if (audit->has_notes) {
		json_number(object, "threads", audit->notes.threads);
		json_number(object, "signal", audit->notes.signo);
		json_number(object, "tid", audit->notes.tid);
	}
	if (audit->has_notes && audit->notes.has_process) {
		json_number(object, "pid", audit->notes.pid);
		json_escaped(object, "comm", audit->notes.comm, sizeof(audit->notes.comm));
	}
	return object;
}

static struct json_object *zeros(const struct zeros *from)
{
	struct json_object *object = json_object_new_object();

	json_number(object, "bytes", from->bytes);
	json_number(object, "zero", from->zero);
	json_number(object, "not_in_dump", from->absent);
	json_number(object, "not_zero", from->dirty);
	return object;
}

static void add_copy(struct json_object *item, const struct seal_label *label, u64 handle,
		     u32 flags)
{
	json_address(item, "handle", handle);
	if (label)
		json_escaped(item, "label", label->text, label->len);
	json_flag(item, "reversed", flags & KREDACT_COPY_REVERSED);
	json_flag(item, "others", flags & KREDACT_COPY_OTHERS);
	json_flag(item, "note", flags & KREDACT_COPY_NOTE);
}

/* What all formats tell of something that was found: where that is, and what to do. */
static void add_item(struct json_object *to, const struct item *item)
{
	const struct place *place = &item->place;
	struct json_object *object = json_object_new_object();

	json_text(object, "region", place_word(place->region));
	json_text(object, "text", item->where);
	if (place->region == PLACE_STACK) {
		json_number(object, "thread", place->tid);
		json_object_object_add(object, "above_sp",
				       json_object_new_int64(place->vaddr - place->sp));
	}
	if (place->region == PLACE_HEAP) {
		json_address(object, "piece", place->chunk.start);
		json_number(object, "piece_bytes", place->chunk.len);
		json_flag(object, "free", place->chunk.freed || place->chunk.top);
	}
	if (*place->mapping)
		json_text(object, "mapping", place->mapping);
	if (place->module) {
		json_address(object, "module_offset", place->module_offset);
		json_text(object, "build_id", place->build_id);
	}
	if (place->has_symbol) {
		json_text(object, "symbol", place->symbol.name);
		json_number(object, "symbol_offset", place->symbol.offset);
	}
	json_object_object_add(to, "place", object);
	json_text(to, "advice", item->advice);
}

/* The place of a copy: in memory, or in the file for one in a note. */
static void add_spot(struct json_object *item, u64 at, bool note)
{
	if (note)
		json_number(item, "offset", at);
	else
		json_address(item, "address", at);
}

static struct json_object *copies(struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i, id;

	for (i = 0; i < audit->copies.nr_listed; i++) {
		const struct seal_copy *copy = &audit->copies.listed[i];

		id = copies_label(&audit->copies, copy);
		item = json_object_new_object();
		add_spot(item, copy->addr, copy->flags & KREDACT_COPY_NOTE);
		json_number(item, "bytes", copy->last - copy->addr + 1);
		add_copy(item, id ? seal_label(&audit->seal, id) : NULL, copy->handle, copy->flags);
		json_object_array_add(list, item);
	}
	return list;
}

/* Both kinds of copies together. */
static struct json_object *copy_zeros(const struct copies *from)
{
	const struct zeros *memory = &from->memory_zeros, *notes = &from->notes_zeros;
	struct json_object *object = json_object_new_object();

	json_number(object, "bytes", memory->bytes + notes->bytes);
	json_number(object, "zero", memory->zero + notes->zero);
	json_number(object, "not_in_dump", memory->absent + notes->absent);
	json_number(object, "not_zero", memory->dirty + notes->dirty);
	return object;
}

static struct json_object *copy_findings(struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	struct item found;
	u32 i;

	for (i = 0; i < audit->nr_copy_findings; i++) {
		const struct finding *finding = &audit->copy_findings[i];

		item = json_object_new_object();
		add_spot(item, finding->range.addr, finding->copy_flags & KREDACT_COPY_NOTE);
		json_number(item, "first_offset", finding->offset);
		json_number(item, "bytes", finding->range.last - finding->range.addr + 1);
		json_number(item, "not_zero", finding->dirty);
		json_flag(item, "at_least", finding->dirty_more);
		add_copy(item, finding->label, finding->range.handle, finding->copy_flags);
		if (*finding->mapping)
			json_text(item, "mapping", finding->mapping);
		item_of_finding(audit, finding, true, &found);
		add_item(item, &found);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *findings(struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item, *offsets;
	struct item found;
	u32 i, j;

	for (i = 0; i < audit->nr_findings; i++) {
		const struct finding *finding = &audit->findings[i];

		item = json_object_new_object();
		json_address(item, "address", finding->first);
		json_number(item, "offset", finding->offset);
		json_address(item, "range", finding->range.addr);
		json_number(item, "range_bytes", finding->range.last - finding->range.addr + 1);
		json_flag(item, "exact", finding->range.flags & KREDACT_EXACT);
		if (finding->frame)
			json_flag(item, "physical", true);
		json_address(item, "handle", finding->range.handle);
		if (finding->label)
			json_escaped(item, "label", finding->label->text, finding->label->len);
		if (*finding->mapping)
			json_text(item, "mapping", finding->mapping);
		json_number(item, "bytes", finding->dirty);
		json_flag(item, "at_least", finding->dirty_more);
		offsets = json_object_new_array();
		for (j = 0; j < finding->nr_offsets; j++)
			json_object_array_add(offsets,
					      json_object_new_int64(finding->offsets[j]));
		json_object_object_add(item, "offsets", offsets);
		item_of_finding(audit, finding, false, &found);
		add_item(item, &found);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *print_hits(struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	struct item found;
	u32 i;

	for (i = 0; i < audit->nr_print_hits; i++) {
		const struct listed_print *listed = &audit->print_hits[i];

		item = json_object_new_object();
		json_number(item, "offset", listed->hit.offset);
		if (listed->hit.mapped)
			json_address(item, "address", listed->hit.vaddr);
		json_number(item, "bytes", listed->hit.len);
		json_flag(item, "two_segments", listed->hit.joined);
		json_address(item, "handle", listed->hit.handle);
		json_flag(item, "others", listed->hit.others);
		if (listed->label)
			json_escaped(item, "label", listed->label->text, listed->label->len);
		item_of_print(audit, listed, &found);
		add_item(item, &found);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *hits(const struct report *report, struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	struct item found;
	u32 i;

	for (i = 0; i < audit->nr_hits; i++) {
		const struct hit *hit = &audit->hits[i].hit;

		item = json_object_new_object();
		json_text(item, "secret", report->secrets[hit->secret]);
		json_flag(item, "reversed", hit->reversed);
		json_number(item, "offset", hit->offset);
		if (hit->mapped)
			json_address(item, "address", hit->vaddr);
		json_flag(item, "registered", audit->hits[i].registered);
		json_flag(item, "two_segments", hit->joined);
		json_number(item, "from", hit->from);
		json_number(item, "bytes", hit->len);
		item_of_hit(report, audit, &audit->hits[i], &found);
		add_item(item, &found);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *certs(const struct questions *all)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < questions_given(all); i++) {
		const struct question *question = questions_get(all, i);

		item = json_object_new_object();
		json_text(item, "file", question->source);
		json_text(item, "key", question->text);
		json_hex(item, "spki_sha256", question->id, sizeof(question->id));
		json_flag(item, "found", question->nr_parts);
		json_number(item, "places", question->places);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *sightings(struct audit *audit, const struct sightings *all)
{
	struct json_object *list = json_object_new_array(), *item;
	struct item found;
	u32 i;

	for (i = 0; i < all->nr && i < ITEM_SIGHTINGS; i++) {
		const struct sighting *sighting = &all->list[i];

		item = json_object_new_object();
		json_text(item, "kind", sighting->kind->word);
		json_flag(item, "key", sighting->kind->weight == WEIGHT_KEY);
		json_flag(item, "proven", sighting->proven);
		json_number(item, "offset", sighting->offset);
		if (sighting->mapped)
			json_address(item, "address", sighting->vaddr);
		json_number(item, "bytes", sighting->len);
		json_flag(item, "two_segments", sighting->joined);
		json_text(item, "detail", sighting->detail);
		json_hex(item, "digest", sighting->digest, sizeof(sighting->digest));
		item_of_sighting(audit, sighting, &found);
		add_item(item, &found);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *redaction(const struct redact *redact)
{
	struct json_object *object = json_object_new_object();

	json_flag(object, "done", redact->done);
	json_number(object, "places", redact->places);
	json_number(object, "bytes", redact->zeroed);
	if (!redact->done)
		json_text(object, "text", redact->why.text);
	return object;
}

/**
 * report_warm_up() - let json-c do what the sandbox forbids
 *
 * Its hash tables take a random seed when the first one is filled.
 */
void report_warm_up(void)
{
	struct json_object *object = json_object_new_object();

	json_flag(object, "", false);
	json_object_put(object);
}

/**
 * json_report() - what an audit found, as an object
 * @report:	how
 * @audit:	after audit_run()
 * @object:	takes it; to be released by json_object_put()
 *
 * Return: 0 or -ENOMEM.
 */
int json_report(const struct report *report, struct audit *audit, struct json_object **object)
{
	struct json_object *root = json_object_new_object();
	enum verdict verdict = audit_verdict(audit);

	if (!root)
		return -ENOMEM;
	json_number(root, "format", JSON_FORMAT);
	json_text(root, "program", "kredact-verify " KREDACT_VERSION);
	json_text(root, "file", report->file);
	json_number(root, "size", audit->in.size);
	if (audit->packed)
		json_text(root, "packed", magic_word(audit->packed));
	json_text(root, "verdict", verdicts[verdict]);
	json_number(root, "status", verdict);
	json_flag(root, "unverified", audit_unverified(audit));
	json_flag(root, "authenticated", audit->checks[CHECK_AUTHENTICITY].state == CHECK_PASSED);
	json_flag(root, "sandboxed", report->sandboxed);
	json_object_object_add(root, "checks", checks(audit));
	if (audit->has_core)
		json_object_object_add(root, "core", core(audit));
	if (audit->seal.readable) {
		json_object_object_add(root, "seal", json_seal(report, audit));
		json_object_object_add(root, "ranges", zeros(&audit->zeros));
		if (audit->seal.has_hunt) {
			json_object_object_add(root, "copied", copy_zeros(&audit->copies));
			json_object_object_add(root, "copies", copies(audit));
			json_number(root, "copies_total", audit->seal.nr_copies);
		}
	}
	if (audit->crashed.readable) {
		json_object_object_add(root, "kernel_note", json_crashed(&audit->crashed));
		json_object_object_add(root, "ranges", zeros(&audit->zeros));
	}
	json_object_object_add(root, "findings", findings(audit));
	json_number(root, "findings_total", audit->findings_total);
	json_object_object_add(root, "copy_findings", copy_findings(audit));
	json_number(root, "copy_findings_total", audit->copy_findings_total);
	json_object_object_add(root, "fingerprint_hits", print_hits(audit));
	json_number(root, "fingerprint_hits_total", audit->print_hits_total);
	json_object_object_add(root, "hits", hits(report, audit));
	json_number(root, "hits_total", audit->hits_total);
	if (audit->scan) {
		const struct sightings *all = scan_sightings(audit->scan);

		json_object_object_add(root, "keys", sightings(audit, all));
		json_number(root, "keys_total", all->keys);
		json_number(root, "notes_total", all->notes);
		json_object_object_add(root, "certs", certs(scan_questions(audit->scan)));
	}
	if (report->redact)
		json_object_object_add(root, "redaction", redaction(report->redact));
	*object = root;
	return 0;
}

/* Takes @root. Several objects are a line each. */
static int print_object(const struct report *report, struct json_object *root)
{
	int layout = report->lines ? JSON_C_TO_STRING_PLAIN :
				     JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	const char *text = json_object_to_json_string_ext(root, layout |
							  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text)
		fprintf(report->out, "%s\n", text);
	json_object_put(root);
	return text ? 0 : -ENOMEM;
}

static int json_print(const struct report *report, struct audit *audit)
{
	struct json_object *root = NULL;
	int error = json_report(report, audit, &root);

	return error ? error : print_object(report, root);
}

static void json_failed(const struct report *report, const char *text)
{
	struct json_object *root = json_object_new_object();

	json_number(root, "format", JSON_FORMAT);
	json_text(root, "program", "kredact-verify " KREDACT_VERSION);
	json_text(root, "file", report->file);
	json_text(root, "verdict", verdicts[VERDICT_UNVERIFIED]);
	json_number(root, "status", VERDICT_UNVERIFIED);
	json_flag(root, "unverified", true);
	json_text(root, "error", text);
	print_object(report, root);
}

/**
 * json_summary() - print the sums over several dumps
 * @report:	how
 * @nr:		dumps, by verdict
 * @passed_over: files that were no dumps
 */
void json_summary(const struct report *report, const u64 *nr, u64 passed_over)
{
	struct json_object *root = json_object_new_object();
	struct json_object *sums = json_object_new_object();
	u32 i;

	json_number(root, "format", JSON_FORMAT);
	for (i = VERDICT_CLEAN; i <= VERDICT_UNVERIFIED; i++)
		json_number(sums, verdicts[i], nr[i]);
	json_number(sums, "passed_over", passed_over);
	json_object_object_add(root, "summary", sums);
	print_object(report, root);
}

const struct format format_json = {
	.name = "json",
	.text = "an object for programs, with a schema",
	.print = json_print,
	.failed = json_failed,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * The report for a program: see report.h; kredact-verify(1) describes the
 * members. Addresses and handles are strings, since numbers of JSON lose bits
 * beyond 2^53.
 */
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "report.h"
#include "setting.h"

#define JSON_FORMAT	1

static void add_number(struct json_object *to, const char *name, u64 value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void add_bool(struct json_object *to, const char *name, bool value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}

static void add_text(struct json_object *to, const char *name, const char *value)
{
	json_object_object_add(to, name, json_object_new_string(value));
}

static void add_address(struct json_object *to, const char *name, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	add_text(to, name, text);
}

static void add_escaped(struct json_object *to, const char *name, const void *value, size_t most)
{
	char text[TEXT_ESCAPED(128)];

	text_escape(text, sizeof(text), value, strnlen(value, most));
	add_text(to, name, text);
}

static void add_hex(struct json_object *to, const char *name, const u8 *value, size_t len)
{
	char text[2 * DIGEST_LEN + 1];

	text_hex(text, value, len);
	add_text(to, name, text);
}

static struct json_object *checks(const struct audit *audit)
{
	static const char *const states[] = {
		[CHECK_NOT_DONE] = "not-done",
		[CHECK_PASSED] = "passed",
		[CHECK_FOUND] = "found",
		[CHECK_FAILED] = "failed",
	};
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < CHECKS; i++) {
		item = json_object_new_object();
		add_text(item, "name", check_word(i));
		add_text(item, "state", states[audit->checks[i].state]);
		add_text(item, "text", audit->checks[i].text.text);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *core(const struct audit *audit)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "class", audit->core.is64 ? 64 : 32);
	add_number(object, "machine", audit->core.machine);
	add_number(object, "segments", audit->core.phnum);
	add_number(object, "end", audit->core.end);
	if (audit->has_notes) {
		add_number(object, "threads", audit->notes.threads);
		add_number(object, "signal", audit->notes.signo);
		add_number(object, "tid", audit->notes.tid);
	}
	if (audit->has_notes && audit->notes.has_process) {
		add_number(object, "pid", audit->notes.pid);
		add_escaped(object, "comm", audit->notes.comm, sizeof(audit->notes.comm));
	}
	return object;
}

static void add_label(struct json_object *list, const struct seal_label *label)
{
	struct json_object *item;

	if (!label->ranges)
		return;
	item = json_object_new_object();
	if (label->id)
		add_escaped(item, "label", label->text, label->len);
	else
		json_object_object_add(item, "label", NULL);
	add_number(item, "ranges", label->ranges);
	add_number(item, "bytes", label->bytes);
	add_number(item, "copies", label->copies);
	add_number(item, "copy_bytes", label->copy_bytes);
	json_object_array_add(list, item);
}

static struct json_object *labels(const struct seal *seal)
{
	struct json_object *list = json_object_new_array();
	u32 i;

	for (i = 0; i < seal->nr_labels; i++)
		add_label(list, &seal->labels[i]);
	add_label(list, &seal->unlabelled);
	return list;
}

static struct json_object *left_out(const struct seal *seal)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < SEAL_REASONS; i++) {
		if (!seal->left_out[i])
			continue;
		item = json_object_new_object();
		add_number(item, "reason", i);
		add_text(item, "text", left_out_reason(i));
		add_number(item, "pages", seal->left_out[i]);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *policy(const struct seal_policy *from)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "hunt", setting_word(SETTING_HUNT, from->hunt));
	add_number(object, "run", from->run);
	add_text(object, "registers", setting_word(SETTING_REGISTERS, from->registers));
	add_text(object, "unhunted", setting_word(SETTING_UNHUNTED, from->unhunted));
	add_bool(object, "strict", from->strict);
	return object;
}

static struct json_object *hunt(const struct audit *audit)
{
	struct json_object *object = json_object_new_object();
	const struct seal_hunt *from = &audit->seal.hunt;

	add_number(object, "ranges", from->ranges);
	add_number(object, "bytes", from->bytes);
	add_number(object, "bytes_plain", from->bytes_plain);
	add_number(object, "copies", from->copies);
	add_number(object, "copy_bytes", from->copy_bytes);
	add_number(object, "copies_lost", from->copies_lost);
	add_number(object, "copies_of_others", audit->copies.of_others);
	add_number(object, "register_bytes", from->register_bytes);
	add_number(object, "frames", from->frames);
	add_number(object, "frame_bytes", from->frame_bytes);
	add_number(object, "strict_bytes", from->strict_bytes);
	add_number(object, "unindexed", from->unindexed);
	if (from->unindexed)
		add_text(object, "unindexed_text", unindexed_reason(from->unindexed));
	return object;
}

static struct json_object *prints(const struct seal_prints *from)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "bytes", from->bytes);
	add_number(object, "bytes_missing", from->missing);
	add_number(object, "pieces", from->pieces);
	add_number(object, "blocks", from->blocks);
	add_number(object, "failure", from->failure);
	if (from->failure)
		add_text(object, "failure_text", seal_unprinted_text(from->failure));
	return object;
}

static struct json_object *rules(const struct seal_rules *from)
{
	struct json_object *object = json_object_new_object();

	add_bool(object, "force_pages", from->flags & KREDACT_FORCE_PAGES);
	add_bool(object, "force_registers", from->flags & KREDACT_FORCE_REGISTERS);
	add_bool(object, "force_hunt", from->flags & KREDACT_FORCE_HUNT);
	add_bool(object, "force_strict", from->flags & KREDACT_FORCE_STRICT);
	add_bool(object, "exempted", from->flags & KREDACT_RULES_EXEMPT);
	add_bool(object, "exemption_refused", from->flags & KREDACT_RULES_REFUSED);
	add_number(object, "mappings_left_out", from->mappings);
	return object;
}

static struct json_object *sidecar(const struct report *report, const struct seal_sidecar *from)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "file", report->seal);
	add_bool(object, "complete", !(from->flags & KREDACT_SIDECAR_LOST));
	if (from->flags & KREDACT_SIDECAR_DIGEST)
		add_hex(object, "sha256", from->sha256, sizeof(from->sha256));
	else
		json_object_object_add(object, "sha256", NULL);
	add_number(object, "killed", from->killed);
	if (from->killed)
		add_text(object, "killed_text", seal_killed_text(from->killed));
	add_bool(object, "vouches_for_registers", false);
	add_bool(object, "vouches_for_copies", false);
	add_bool(object, "vouches_for_time_before_seal", false);
	return object;
}

static struct json_object *seal_object(const struct report *report, const struct audit *audit)
{
	struct json_object *object = json_object_new_object(), *counts;
	const struct seal *seal = &audit->seal;
	const struct kredact_seal_header *header = &seal->header;
	char when[32];

	add_number(object, "version", KREDACT_SEAL_VERSION);
	add_text(object, "made_by", seal->beside ? "daemon" : "kernel");
	add_number(object, "offset", seal->offset);
	add_number(object, "length", seal->len);
	add_number(object, "flags", seal->flags);
	add_bool(object, "boot_key", seal->flags & KREDACT_SEAL_KEY_BOOT);
	add_hex(object, "key_id", header->key_id, sizeof(header->key_id));
	add_hex(object, "boot_id", header->boot_id, sizeof(header->boot_id));
	text_time(when, sizeof(when), seal->realtime_ns);
	add_text(object, "time", when);
	add_number(object, "realtime_ns", seal->realtime_ns);
	add_number(object, "boottime_ns", seal->boottime_ns);
	add_number(object, "start_ns", seal->start_ns);
	add_number(object, "pid", seal->tgid);
	add_number(object, "tid", seal->tid);
	add_number(object, "ns_pid", seal->ns_tgid);
	add_number(object, "uid", seal->uid);
	add_number(object, "signal", seal->signo);
	add_number(object, "page_size", seal->page_size);
	add_number(object, "abi", seal->abi);
	add_escaped(object, "comm", header->comm, sizeof(header->comm));
	add_escaped(object, "module", header->module, sizeof(header->module));
	add_escaped(object, "release", header->release, sizeof(header->release));
	counts = json_object_new_object();
	add_number(counts, "ranges", seal->counts.ranges);
	add_number(counts, "range_bytes", seal->counts.range_bytes);
	add_number(counts, "pages_zeroed", seal->counts.pages_zeroed);
	add_number(counts, "pages_copied", seal->counts.pages_copied);
	add_number(counts, "bytes_zeroed", seal->counts.bytes_zeroed);
	add_number(counts, "pages_left_out", seal->counts.pages_left_out);
	add_number(counts, "left_out_lost", seal->counts.left_out_lost);
	json_object_object_add(object, "counts", counts);
	json_object_object_add(object, "labels", labels(seal));
	json_object_object_add(object, "left_out", left_out(seal));
	if (seal->has_hunt) {
		json_object_object_add(object, "policy", policy(&seal->policy));
		json_object_object_add(object, "hunt", hunt(audit));
	}
	if (seal->has_prints)
		json_object_object_add(object, "fingerprints", prints(&seal->prints));
	if (seal->has_rules)
		json_object_object_add(object, "rules", rules(&seal->rules));
	if (seal->has_sidecar)
		json_object_object_add(object, "sidecar", sidecar(report, &seal->sidecar));
	add_number(object, "unknown_records", seal->unknown);
	return object;
}

static struct json_object *zeros(const struct zeros *from)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "bytes", from->bytes);
	add_number(object, "zero", from->zero);
	add_number(object, "not_in_dump", from->absent);
	add_number(object, "not_zero", from->dirty);
	return object;
}

static void add_copy(struct json_object *item, const struct seal_label *label, u64 handle,
		     u32 flags)
{
	add_address(item, "handle", handle);
	if (label)
		add_escaped(item, "label", label->text, label->len);
	add_bool(item, "reversed", flags & KREDACT_COPY_REVERSED);
	add_bool(item, "others", flags & KREDACT_COPY_OTHERS);
	add_bool(item, "note", flags & KREDACT_COPY_NOTE);
}

/* The place of a copy: in memory, or in the file for one in a note. */
static void add_place(struct json_object *item, u64 at, bool note)
{
	if (note)
		add_number(item, "offset", at);
	else
		add_address(item, "address", at);
}

static struct json_object *copies(struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i, id;

	for (i = 0; i < audit->copies.nr_listed; i++) {
		const struct seal_copy *copy = &audit->copies.listed[i];

		id = copies_label(&audit->copies, copy);
		item = json_object_new_object();
		add_place(item, copy->addr, copy->flags & KREDACT_COPY_NOTE);
		add_number(item, "bytes", copy->last - copy->addr + 1);
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

	add_number(object, "bytes", memory->bytes + notes->bytes);
	add_number(object, "zero", memory->zero + notes->zero);
	add_number(object, "not_in_dump", memory->absent + notes->absent);
	add_number(object, "not_zero", memory->dirty + notes->dirty);
	return object;
}

static struct json_object *copy_findings(const struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < audit->nr_copy_findings; i++) {
		const struct finding *finding = &audit->copy_findings[i];

		item = json_object_new_object();
		add_place(item, finding->range.addr, finding->copy_flags & KREDACT_COPY_NOTE);
		add_number(item, "first_offset", finding->offset);
		add_number(item, "bytes", finding->range.last - finding->range.addr + 1);
		add_number(item, "not_zero", finding->dirty);
		add_bool(item, "at_least", finding->dirty_more);
		add_copy(item, finding->label, finding->range.handle, finding->copy_flags);
		if (*finding->mapping)
			add_text(item, "mapping", finding->mapping);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *findings(const struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item, *offsets;
	u32 i, j;

	for (i = 0; i < audit->nr_findings; i++) {
		const struct finding *finding = &audit->findings[i];

		item = json_object_new_object();
		add_address(item, "address", finding->first);
		add_number(item, "offset", finding->offset);
		add_address(item, "range", finding->range.addr);
		add_number(item, "range_bytes", finding->range.last - finding->range.addr + 1);
		add_bool(item, "exact", finding->range.flags & KREDACT_EXACT);
		add_address(item, "handle", finding->range.handle);
		if (finding->label)
			add_escaped(item, "label", finding->label->text, finding->label->len);
		if (*finding->mapping)
			add_text(item, "mapping", finding->mapping);
		add_number(item, "bytes", finding->dirty);
		add_bool(item, "at_least", finding->dirty_more);
		offsets = json_object_new_array();
		for (j = 0; j < finding->nr_offsets; j++)
			json_object_array_add(offsets,
					      json_object_new_int64(finding->offsets[j]));
		json_object_object_add(item, "offsets", offsets);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *print_hits(const struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < audit->nr_print_hits; i++) {
		const struct listed_print *listed = &audit->print_hits[i];

		item = json_object_new_object();
		add_number(item, "offset", listed->hit.offset);
		if (listed->hit.mapped)
			add_address(item, "address", listed->hit.vaddr);
		add_number(item, "bytes", listed->hit.len);
		add_bool(item, "two_segments", listed->hit.joined);
		add_address(item, "handle", listed->hit.handle);
		add_bool(item, "others", listed->hit.others);
		if (listed->label)
			add_escaped(item, "label", listed->label->text, listed->label->len);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *hits(const struct report *report, const struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < audit->nr_hits; i++) {
		const struct hit *hit = &audit->hits[i].hit;

		item = json_object_new_object();
		add_text(item, "secret", report->secrets[hit->secret]);
		add_bool(item, "reversed", hit->reversed);
		add_number(item, "offset", hit->offset);
		if (hit->mapped)
			add_address(item, "address", hit->vaddr);
		add_bool(item, "registered", audit->hits[i].registered);
		add_bool(item, "two_segments", hit->joined);
		add_number(item, "from", hit->from);
		add_number(item, "bytes", hit->len);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *sightings(const struct sightings *all)
{
	struct json_object *list = json_object_new_array(), *item;
	u32 i;

	for (i = 0; i < all->nr; i++) {
		const struct sighting *sighting = &all->list[i];

		item = json_object_new_object();
		add_text(item, "kind", sighting->kind->word);
		add_bool(item, "key", sighting->kind->weight == WEIGHT_KEY);
		add_bool(item, "proven", sighting->proven);
		add_number(item, "offset", sighting->offset);
		if (sighting->mapped)
			add_address(item, "address", sighting->vaddr);
		add_number(item, "bytes", sighting->len);
		add_bool(item, "two_segments", sighting->joined);
		add_text(item, "detail", sighting->detail);
		add_hex(item, "digest", sighting->digest, sizeof(sighting->digest));
		add_text(item, "advice", sighting->kind->advice);
		json_object_array_add(list, item);
	}
	return list;
}

/**
 * json_warm_up() - let json-c do what the sandbox forbids
 *
 * Its hash tables take a random seed when the first one is filled.
 */
void json_warm_up(void)
{
	struct json_object *object = json_object_new_object();

	add_bool(object, "", false);
	json_object_put(object);
}

/**
 * json_print() - print what an audit found as one JSON object
 * @report:	how
 * @audit:	after audit_run()
 *
 * Return: 0, or -ENOMEM. The caller looks for errors of @report->out.
 */
int json_print(const struct report *report, struct audit *audit)
{
	static const char *const verdicts[] = { "clean", "key-material-found", "unverified" };
	struct json_object *root = json_object_new_object();
	enum verdict verdict = audit_verdict(audit);
	const char *text;

	add_number(root, "format", JSON_FORMAT);
	add_text(root, "program", "kredact-verify " KREDACT_VERSION);
	add_text(root, "file", report->file);
	add_number(root, "size", audit->in.size);
	add_text(root, "verdict", verdicts[verdict]);
	add_number(root, "status", verdict);
	add_bool(root, "unverified", audit_unverified(audit));
	add_bool(root, "authenticated", audit->checks[CHECK_AUTHENTICITY].state == CHECK_PASSED);
	add_bool(root, "sandboxed", report->sandboxed);
	json_object_object_add(root, "checks", checks(audit));
	if (audit->has_core)
		json_object_object_add(root, "core", core(audit));
	if (audit->seal.readable) {
		json_object_object_add(root, "seal", seal_object(report, audit));
		json_object_object_add(root, "ranges", zeros(&audit->zeros));
		if (audit->seal.has_hunt) {
			json_object_object_add(root, "copied", copy_zeros(&audit->copies));
			json_object_object_add(root, "copies", copies(audit));
			add_number(root, "copies_total", audit->seal.nr_copies);
		}
	}
	json_object_object_add(root, "findings", findings(audit));
	add_number(root, "findings_total", audit->findings_total);
	json_object_object_add(root, "copy_findings", copy_findings(audit));
	add_number(root, "copy_findings_total", audit->copy_findings_total);
	json_object_object_add(root, "fingerprint_hits", print_hits(audit));
	add_number(root, "fingerprint_hits_total", audit->print_hits_total);
	json_object_object_add(root, "hits", hits(report, audit));
	add_number(root, "hits_total", audit->hits_total);
	if (audit->scan) {
		const struct sightings *all = scan_sightings(audit->scan);

		json_object_object_add(root, "keys", sightings(all));
		add_number(root, "keys_total", all->keys);
		add_number(root, "notes_total", all->notes);
	}
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(report->out, "%s\n", text);
	json_object_put(root);
	return text ? 0 : -ENOMEM;
}

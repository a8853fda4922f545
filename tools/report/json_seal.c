// SPDX-License-Identifier: GPL-2.0
/*
 * What the seal of a dump says, for a program: kredact-verify(1) describes the members.
 */
#include <json-c/json.h>

#include "report.h"
#include "setting.h"

static void add_label(struct json_object *list, const struct seal_label *label)
{
	struct json_object *item;

	if (!label->ranges)
		return;
	item = json_object_new_object();
	if (label->id)
		json_escaped(item, "label", label->text, label->len);
	else
		json_object_object_add(item, "label", NULL);
	json_number(item, "ranges", label->ranges);
	json_number(item, "bytes", label->bytes);
	json_number(item, "copies", label->copies);
	json_number(item, "copy_bytes", label->copy_bytes);
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
		json_number(item, "reason", i);
		json_text(item, "text", left_out_reason(i));
		json_number(item, "pages", seal->left_out[i]);
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *policy(const struct seal_policy *from)
{
	struct json_object *object = json_object_new_object();

	json_text(object, "hunt", setting_word(SETTING_HUNT, from->hunt));
	json_number(object, "run", from->run);
	json_text(object, "registers", setting_word(SETTING_REGISTERS, from->registers));
	json_text(object, "unhunted", setting_word(SETTING_UNHUNTED, from->unhunted));
	json_flag(object, "strict", from->strict);
	return object;
}

static struct json_object *hunt(const struct audit *audit)
{
	struct json_object *object = json_object_new_object();
	const struct seal_hunt *from = &audit->seal.hunt;

	json_number(object, "ranges", from->ranges);
	json_number(object, "bytes", from->bytes);
	json_number(object, "bytes_plain", from->bytes_plain);
	json_number(object, "nohunt_ranges", audit->seal.nr_nohunt);
	json_number(object, "nohunt_bytes", audit->seal.nohunt_bytes);
	json_number(object, "copies", from->copies);
	json_number(object, "copy_bytes", from->copy_bytes);
	json_number(object, "copies_lost", from->copies_lost);
	json_number(object, "copies_of_others", audit->copies.of_others);
	json_number(object, "register_bytes", from->register_bytes);
	json_number(object, "frames", from->frames);
	json_number(object, "frame_bytes", from->frame_bytes);
	json_number(object, "strict_bytes", from->strict_bytes);
	json_number(object, "unindexed", from->unindexed);
	if (from->unindexed)
		json_text(object, "unindexed_text", unindexed_reason(from->unindexed));
	return object;
}

static struct json_object *prints(const struct seal_prints *from)
{
	struct json_object *object = json_object_new_object();

	json_number(object, "bytes", from->bytes);
	json_number(object, "bytes_missing", from->missing);
	json_number(object, "pieces", from->pieces);
	json_number(object, "blocks", from->blocks);
	json_number(object, "failure", from->failure);
	if (from->failure)
		json_text(object, "failure_text", seal_unprinted_text(from->failure));
	return object;
}

static struct json_object *rules(const struct seal_rules *from)
{
	struct json_object *object = json_object_new_object();

	json_flag(object, "force_pages", from->flags & KREDACT_FORCE_PAGES);
	json_flag(object, "force_registers", from->flags & KREDACT_FORCE_REGISTERS);
	json_flag(object, "force_hunt", from->flags & KREDACT_FORCE_HUNT);
	json_flag(object, "force_strict", from->flags & KREDACT_FORCE_STRICT);
	json_flag(object, "exempted", from->flags & KREDACT_RULES_EXEMPT);
	json_flag(object, "exemption_refused", from->flags & KREDACT_RULES_REFUSED);
	json_number(object, "mappings_left_out", from->mappings);
	return object;
}

static struct json_object *sidecar(const struct report *report, const struct seal_sidecar *from)
{
	struct json_object *object = json_object_new_object();

	json_text(object, "file", report->seal);
	json_flag(object, "complete", !(from->flags & KREDACT_SIDECAR_LOST));
	if (from->flags & KREDACT_SIDECAR_DIGEST)
		json_hex(object, "sha256", from->sha256, sizeof(from->sha256));
	else
		json_object_object_add(object, "sha256", NULL);
	json_number(object, "killed", from->killed);
	if (from->killed)
		json_text(object, "killed_text", seal_killed_text(from->killed));
	json_flag(object, "vouches_for_registers", false);
	json_flag(object, "vouches_for_copies", false);
	json_flag(object, "vouches_for_time_before_seal", false);
	return object;
}

/**
 * json_seal() - the seal of a dump
 * @report:	has the name of a seal beside it
 * @audit:	after audit_run(), with a seal that can be read
 *
 * Return: a new object; the caller's.
 */
struct json_object *json_seal(const struct report *report, const struct audit *audit)
{
	struct json_object *object = json_object_new_object(), *counts;
	const struct seal *seal = &audit->seal;
	const struct kredact_seal_header *header = &seal->header;
	char when[32];

	json_number(object, "version", KREDACT_SEAL_VERSION);
	json_text(object, "made_by", seal->beside ? "daemon" : "kernel");
	json_number(object, "offset", seal->offset);
	json_number(object, "length", seal->len);
	json_number(object, "flags", seal->flags);
	json_flag(object, "boot_key", seal->flags & KREDACT_SEAL_KEY_BOOT);
	json_hex(object, "key_id", header->key_id, sizeof(header->key_id));
	json_hex(object, "hmac", seal->hmac, sizeof(seal->hmac));
	json_hex(object, "boot_id", header->boot_id, sizeof(header->boot_id));
	text_time(when, sizeof(when), seal->realtime_ns);
	json_text(object, "time", when);
	json_number(object, "realtime_ns", seal->realtime_ns);
	json_number(object, "boottime_ns", seal->boottime_ns);
	json_number(object, "start_ns", seal->start_ns);
	json_number(object, "pid", seal->tgid);
	json_number(object, "tid", seal->tid);
	json_number(object, "ns_pid", seal->ns_tgid);
	json_number(object, "uid", seal->uid);
	json_number(object, "signal", seal->signo);
	json_number(object, "page_size", seal->page_size);
	json_number(object, "abi", seal->abi);
	json_escaped(object, "comm", header->comm, sizeof(header->comm));
	json_escaped(object, "module", header->module, sizeof(header->module));
	json_escaped(object, "release", header->release, sizeof(header->release));
	counts = json_object_new_object();
	json_number(counts, "ranges", seal->counts.ranges);
	json_number(counts, "range_bytes", seal->counts.range_bytes);
	json_number(counts, "pages_zeroed", seal->counts.pages_zeroed);
	json_number(counts, "pages_copied", seal->counts.pages_copied);
	json_number(counts, "bytes_zeroed", seal->counts.bytes_zeroed);
	json_number(counts, "pages_left_out", seal->counts.pages_left_out);
	json_number(counts, "left_out_lost", seal->counts.left_out_lost);
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
	json_number(object, "unknown_records", seal->unknown);
	return object;
}

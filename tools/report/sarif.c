// SPDX-License-Identifier: GPL-2.0
/*
 * Reports as SARIF 2.1.0, for platforms that collect findings of analysis tools: a run for
 * each dump, a rule for each kind of finding. Places are offsets in the file, addresses,
 * and symbols as logical locations. Digests are the fingerprints.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "item.h"

#define RULES_MAX	(SIGHTING_KINDS + 8u)

/**
 * struct sarif - a run in the making
 * @uri:	of the dump
 * @rules:	names of the rules
 * @nr_rules:	how many
 * @descriptors: the rules
 * @results:	the findings
 */
struct sarif {
	const char *uri;
	const char *rules[RULES_MAX];
	u32 nr_rules;
	struct json_object *descriptors;
	struct json_object *results;
};

static void add_message(struct json_object *to, const char *name, const char *text)
{
	struct json_object *message = json_object_new_object();

	json_text(message, "text", text);
	json_object_object_add(to, name, message);
}

static const char *level(bool key)
{
	return key ? "error" : "note";
}

/* Index of the rule of an item, which is added if it is new; -1 if there are too many. */
static int rule_of(struct sarif *sarif, const struct item *item)
{
	struct json_object *rule, *settings;
	u32 i;

	for (i = 0; i < sarif->nr_rules; i++)
		if (!strcmp(sarif->rules[i], item->rule))
			return i;
	if (i == RULES_MAX)
		return -1;
	sarif->rules[sarif->nr_rules++] = item->rule;
	rule = json_object_new_object();
	json_text(rule, "id", item->rule);
	add_message(rule, "shortDescription", item->title);
	add_message(rule, "help", item->advice);
	settings = json_object_new_object();
	json_text(settings, "level", level(item->key));
	json_object_object_add(rule, "defaultConfiguration", settings);
	json_object_array_add(sarif->descriptors, rule);
	return i;
}

/* Numbers of SARIF are JSON's: addresses of the upper half are left to "properties". */
static struct json_object *address(const struct item *item)
{
	struct json_object *object = json_object_new_object();
	const struct place *place = &item->place;
	char name[24];

	snprintf(name, sizeof(name), "0x%" PRIx64, item->vaddr);
	json_number(object, "absoluteAddress", item->vaddr);
	json_number(object, "length", item->len);
	json_text(object, "name", name);
	json_text(object, "kind", place->region == PLACE_STACK ? "stack" : "data");
	json_text(object, "fullyQualifiedName", item->where);
	if (place->module)
		json_number(object, "offsetFromParent", place->module_offset);
	return object;
}

static struct json_object *location(const struct sarif *sarif, const struct item *item)
{
	struct json_object *object = json_object_new_object(), *logical;
	struct json_object *physical = json_object_new_object();
	struct json_object *artifact = json_object_new_object(), *region = json_object_new_object();

	json_text(artifact, "uri", sarif->uri);
	json_number(artifact, "index", 0);
	json_object_object_add(physical, "artifactLocation", artifact);
	json_number(region, "byteOffset", item->offset);
	json_number(region, "byteLength", item->len);
	json_object_object_add(physical, "region", region);
	if (item->mapped && item->vaddr <= INT64_MAX)
		json_object_object_add(physical, "address", address(item));
	json_object_object_add(object, "physicalLocation", physical);
	if (item->place.has_symbol) {
		struct json_object *list = json_object_new_array();

		logical = json_object_new_object();
		json_text(logical, "name", item->place.symbol.name);
		json_text(logical, "fullyQualifiedName", item->where);
		json_text(logical, "kind", "variable");
		json_object_array_add(list, logical);
		json_object_object_add(object, "logicalLocations", list);
	}
	return object;
}

static void take(void *arg, const struct item *item)
{
	struct json_object *result = json_object_new_object(), *list, *object;
	struct sarif *sarif = arg;
	int rule = rule_of(sarif, item);
	char text[1400];

	json_text(result, "ruleId", item->rule);
	if (rule >= 0)
		json_number(result, "ruleIndex", rule);
	json_text(result, "level", level(item->key));
	snprintf(text, sizeof(text), "%s: %s; %s. To do: %s.", item->title, item->text, item->where,
		 item->advice);
	add_message(result, "message", text);
	list = json_object_new_array();
	json_object_array_add(list, location(sarif, item));
	json_object_object_add(result, "locations", list);
	if (item->digest) {
		object = json_object_new_object();
		json_hex(object, "kredactDigest/v1", item->digest, SIGHTING_DIGEST_LEN);
		json_object_object_add(result, "fingerprints", object);
	}
	object = json_object_new_object();
	json_flag(object, "proven", item->proven);
	json_text(object, "region", place_word(item->place.region));
	if (item->mapped)
		json_address(object, "address", item->vaddr);
	json_object_object_add(result, "properties", object);
	json_object_array_add(sarif->results, result);
}

/* A check that failed is a notification of the tool: it says nothing of keys. */
static struct json_object *invocation(struct audit *audit)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	struct json_object *note;
	char text[300];
	u32 i;

	json_flag(object, "executionSuccessful", !audit_unverified(audit));
	json_number(object, "exitCode", audit_verdict(audit));
	json_text(object, "exitCodeDescription", verdict_word(audit_verdict(audit)));
	for (i = 0; i < CHECKS; i++) {
		if (audit->checks[i].state != CHECK_FAILED)
			continue;
		note = json_object_new_object();
		json_text(note, "level", "error");
		snprintf(text, sizeof(text), "%s: %s", check_word(i), audit->checks[i].text.text);
		add_message(note, "message", text);
		json_object_array_add(list, note);
	}
	json_object_object_add(object, "toolExecutionNotifications", list);
	return object;
}

static struct json_object *tool(const struct sarif *sarif)
{
	struct json_object *object = json_object_new_object(), *driver = json_object_new_object();

	json_text(driver, "name", "kredact-verify");
	json_text(driver, "version", KREDACT_VERSION);
	json_text(driver, "semanticVersion", KREDACT_VERSION);
	json_object_object_add(driver, "rules", json_object_get(sarif->descriptors));
	json_object_object_add(object, "driver", driver);
	return object;
}

static struct json_object *artifacts(const struct sarif *sarif, const struct audit *audit)
{
	struct json_object *list = json_object_new_array(), *artifact = json_object_new_object();
	struct json_object *at = json_object_new_object();

	json_text(at, "uri", sarif->uri);
	json_object_object_add(artifact, "location", at);
	json_number(artifact, "length", audit->in.size);
	json_object_array_add(list, artifact);
	return list;
}

/* What cannot be in a URI is escaped, byte by byte. */
static char *uri_of(const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~/";
	bool absolute = *path == '/';
	char *uri = malloc(3 * strlen(path) + 16), *to = uri;

	if (!uri)
		return NULL;
	/* "a:b" would be one of the scheme "a". */
	to += sprintf(to, "%s", absolute ? "file://" : "");
	for (; *path; path++)
		to += sprintf(to, strchr(plain, *path) ? "%c" : "%%%02X", (u8)*path);
	return uri;
}

static void begin(FILE *out)
{
	fputs("{ \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
	      "  \"version\": \"2.1.0\",\n  \"runs\": [\n", out);
}

static int print(const struct report *report, struct audit *audit)
{
	struct json_object *run = json_object_new_object(), *list;
	struct sarif sarif = {
		.descriptors = json_object_new_array(),
		.results = json_object_new_array(),
	};
	char *uri = uri_of(report->path);
	const char *text = NULL;

	if (!uri)
		goto out;
	sarif.uri = uri;
	items_visit(report, audit, take, &sarif);
	json_object_object_add(run, "tool", tool(&sarif));
	list = json_object_new_array();
	json_object_array_add(list, invocation(audit));
	json_object_object_add(run, "invocations", list);
	json_object_object_add(run, "artifacts", artifacts(&sarif, audit));
	json_object_object_add(run, "results", json_object_get(sarif.results));
	json_text(run, "columnKind", "unicodeCodePoints");
	text = json_object_to_json_string_ext(run, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(report->out, "%s%s\n", report->number ? ",\n" : "", text);
out:
	json_object_put(sarif.descriptors);
	json_object_put(sarif.results);
	json_object_put(run);
	free(uri);
	return text ? 0 : -ENOMEM;
}

/* A run without results, since nothing is known. */
static void failed(const struct report *report, const char *text)
{
	struct json_object *run = json_object_new_object(), *list = json_object_new_array();
	struct json_object *call = json_object_new_object(), *note = json_object_new_object();
	struct sarif sarif = { .descriptors = json_object_new_array() };
	char words[600];

	json_object_object_add(run, "tool", tool(&sarif));
	json_flag(call, "executionSuccessful", false);
	json_number(call, "exitCode", VERDICT_UNVERIFIED);
	json_text(note, "level", "error");
	snprintf(words, sizeof(words), "%s: %s", report->file, text);
	add_message(note, "message", words);
	json_object_array_add(list, note);
	json_object_object_add(call, "toolExecutionNotifications", list);
	list = json_object_new_array();
	json_object_array_add(list, call);
	json_object_object_add(run, "invocations", list);
	json_object_object_add(run, "results", json_object_new_array());
	fprintf(report->out, "%s%s\n", report->number ? ",\n" : "",
		json_object_to_json_string_ext(run, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(sarif.descriptors);
	json_object_put(run);
}

static void end(FILE *out)
{
	fputs("] }\n", out);
}

const struct format format_sarif = {
	.name = "sarif",
	.text = "SARIF 2.1.0, for platforms that collect findings",
	.begin = begin,
	.print = print,
	.failed = failed,
	.end = end,
};

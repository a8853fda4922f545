// SPDX-License-Identifier: GPL-2.0
/*
 * The address space of a dump as data for a map: see html_map.h.
 *
 * A map has a bounded number of pieces, however many the dump has: what is near to each
 * other is drawn as one then. Addresses are strings, as in the JSON report.
 */
#include <inttypes.h>

#include <json-c/json.h>

#include "html_map.h"

#define MAP_PIECES	2000u
#define HOLE_STEPS	65536u

static void add_span(struct json_object *list, u64 start, u64 last)
{
	struct json_object *pair = json_object_new_array();
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, start);
	json_object_array_add(pair, json_object_new_string(text));
	json_object_array_add(pair, json_object_new_uint64(last - start + 1));
	json_object_array_add(list, pair);
}

/* Pieces that remain if gaps of @gap bytes or less are closed. */
static u32 pieces(const struct spans *spans, u64 gap)
{
	u32 i, nr = !!spans->nr;

	for (i = 1; i < spans->nr; i++)
		nr += spans->at[i].start - spans->at[i - 1].last - 1 > gap;
	return nr;
}

static struct json_object *span_list(const struct spans *spans)
{
	struct json_object *list = json_object_new_array();
	u64 gap = 0, start;
	u32 i;

	while (pieces(spans, gap) > MAP_PIECES)
		gap = gap ? 2 * gap : 4096;
	for (i = 0; i < spans->nr; i++) {
		start = spans->at[i].start;
		while (i + 1 < spans->nr && spans->at[i + 1].start - spans->at[i].last - 1 <= gap)
			i++;
		add_span(list, start, spans->at[i].last);
	}
	return list;
}

/* Of so many segments as one piece of the map has. */
static struct json_object *segment_piece(struct audit *audit, u32 first, u32 nr)
{
	const struct core_segment *segments = &audit->core.segments[first];
	struct json_object *object = json_object_new_object();
	u64 dumped = 0, last = segments[nr - 1].vaddr + segments[nr - 1].memsz - 1;
	struct place place;
	u32 i;

	for (i = 0; i < nr; i++)
		dumped += segments[i].filesz;
	place_of_address(&audit->places, segments->vaddr, &place);
	json_address(object, "start", segments->vaddr);
	json_number(object, "size", last - segments->vaddr + 1);
	json_number(object, "dumped", dumped);
	json_text(object, "region", nr == 1 ? place_word(place.region) : "several");
	if (nr > 1)
		json_number(object, "segments", nr);
	if (place.region == PLACE_STACK)
		json_number(object, "thread", place.tid);
	if (*place.mapping)
		json_text(object, "mapping", place.mapping);
	return object;
}

static struct json_object *segments(struct audit *audit)
{
	struct json_object *list = json_object_new_array();
	u32 step = 1 + audit->core.nr_segments / MAP_PIECES, i;
	symbol_ask_fn ask = audit->places.ask;

	audit->places.ask = NULL;	/* nobody reads symbols here */
	for (i = 0; i < audit->core.nr_segments; i += step)
		json_object_array_add(list, segment_piece(audit, i,
							  min(step, audit->core.nr_segments - i)));
	audit->places.ask = ask;
	return list;
}

/* What the file system says is a hole, by addresses. */
static void find_holes(struct audit *audit, struct spans *holes)
{
	struct core *core = &audit->core;
	struct complaint ignored;
	u32 i, steps = 0;

	for (i = 0; i < core->nr_segments; i++) {
		const struct core_segment *segment = &core->segments[i];
		u64 at = 0, len;

		for (; at < segment->filesz; at += len) {
			if (++steps > HOLE_STEPS || segment->offset + at >= core->in->size)
				return;
			if (input_is_hole(core->in, segment->offset + at, &len) &&
			    spans_add(holes, segment->vaddr + at, segment->vaddr + at +
				      min(len, segment->filesz - at) - 1, &ignored))
				return;
			len = min(len, segment->filesz - at);
		}
	}
}

static struct json_object *copies(const struct copies *from)
{
	struct json_object *list = json_object_new_array();
	u32 i;

	for (i = 0; i < from->nr_listed; i++)
		if (!(from->listed[i].flags & KREDACT_COPY_NOTE))
			add_span(list, from->listed[i].addr, from->listed[i].last);
	return list;
}

/**
 * html_map() - the address space of a dump
 * @audit:	after audit_run()
 *
 * Return: an object, to be released by json_object_put().
 */
struct json_object *html_map(struct audit *audit)
{
	struct json_object *object = json_object_new_object();
	struct spans holes = { 0 };

	find_holes(audit, &holes);
	spans_sort(&holes);
	json_object_object_add(object, "segments", segments(audit));
	json_object_object_add(object, "zero", span_list(&audit->spans));
	json_object_object_add(object, "left_out", span_list(&audit->left_out));
	json_object_object_add(object, "copies", copies(&audit->copies));
	json_object_object_add(object, "holes", span_list(&holes));
	spans_free(&holes);
	return object;
}

/**
 * html_data() - print JSON where a browser looks for the end of a script
 * @out:	where to
 * @object:	what
 *
 * All of it is ASCII. What could end the script is in strings only, and escaped there.
 */
void html_data(FILE *out, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE);

	for (; text && *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&')
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Where a byte of a dump is: see place.h.
 *
 * All of it is read from a hostile dump, and serves people only: no check asks it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "place.h"

/**
 * places_open() - make ready to tell places
 * @places:	@ask and @ask_arg stay; to be released by places_close()
 * @core:	may have been read in part only
 * @notes:	likewise
 * @seal:	likewise
 */
void places_open(struct places *places, struct core *core, const struct notes *notes,
		 const struct seal *seal)
{
	places->core = core;
	places->notes = notes;
	places->seal = seal;
	places->heap = (struct heap){ 0 };
	mappings_read(&places->mappings, notes, core);
}

/**
 * places_close() - release what places_open() took
 * @places:	not usable afterwards
 */
void places_close(struct places *places)
{
	mappings_free(&places->mappings);
}

/* Below the address, where frames are that it can belong to, comes before above it. */
static bool nearer(u64 sp, u64 than, u64 vaddr)
{
	bool below = sp <= vaddr, than_below = than <= vaddr;

	if (below != than_below)
		return below;
	return below ? sp > than : sp < than;
}

/* The thread whose stack pointer is in the segment; of several the nearest. */
static bool find_thread(const struct places *places, struct place *place)
{
	const struct notes *notes = places->notes;
	const struct notes_thread *best = NULL;
	u32 i;

	for (i = 0; i < notes->nr_listed; i++) {
		const struct notes_thread *thread = &notes->listed[i];
		if (thread->sp >= place->start && thread->sp <= place->last &&
		    (!best || nearer(thread->sp, best->sp, place->vaddr)))
			best = thread;
	}
	if (!best)
		return false;
	place->tid = best->tid;
	place->sp = best->sp;
	place->main = notes->has_process && best->tid == notes->pid;
	return true;
}

static void ask_symbol(struct places *places, const struct module *module, struct place *place)
{
	struct symbol_query query = {
		.build_id_len = module->build_id_len,
		.offset = place->module_offset,
	};

	if (!places->ask || !module->build_id_len)
		return;
	memcpy(query.build_id, module->build_id, sizeof(query.build_id));
	memcpy(query.path, module->name, sizeof(query.path));
	place->has_symbol = places->ask(places->ask_arg, &query, &place->symbol);
}

static bool find_module(struct places *places, struct place *place)
{
	struct module module;

	if (!mappings_module(&places->mappings, place->vaddr, &module))
		return false;
	place->module = true;
	place->module_offset = place->vaddr - module.base;
	text_hex(place->build_id, module.build_id, module.build_id_len);
	if (!*place->mapping)
		text_escape(place->mapping, sizeof(place->mapping), module.name,
			    strlen(module.name));
	ask_symbol(places, &module, place);
	return true;
}

static void find_mapping(struct places *places, struct place *place)
{
	const struct mapping *mapping = mappings_find(&places->mappings, place->vaddr);
	char name[MAPPING_NAME];
	bool named = false;

	if (mapping)
		mappings_name(&places->mappings, mapping, name, sizeof(name));
	else	/* other formats than ELF have no such table */
		named = !places->mappings.nr &&
			notes_mapping(places->notes, places->core, place->vaddr, name,
				      sizeof(name));
	if (!mapping && !named)
		return;
	place->region = PLACE_MAPPING;
	text_escape(place->mapping, sizeof(place->mapping), name, strlen(name));
}

/**
 * place_of_address() - where is this address?
 * @places:	from places_open()
 * @vaddr:	the address
 * @place:	takes what is known
 */
void place_of_address(struct places *places, u64 vaddr, struct place *place)
{
	struct core *core = places->core;
	u32 i = core_segment_from(core, vaddr);
	const struct core_segment *segment;

	*place = (struct place){ .vaddr = vaddr };
	if (i == core->nr_segments || vaddr < core->segments[i].vaddr)
		return;
	segment = &core->segments[i];
	place->start = segment->vaddr;
	place->last = segment->vaddr + segment->memsz - 1;
	find_mapping(places, place);
	if (place->region == PLACE_MAPPING || !find_thread(places, place)) {
		if (find_module(places, place))
			place->region = PLACE_MAPPING;
		else if (place->region != PLACE_MAPPING)
			place->region = heap_find(&places->heap, core, segment, vaddr,
						  &place->chunk) ? PLACE_HEAP : PLACE_ANONYMOUS;
		return;
	}
	place->region = PLACE_STACK;
}

/**
 * place_of_offset() - where is this byte of the file?
 * @places:	from places_open()
 * @offset:	in the file
 * @place:	takes what is known; its @vaddr is right if its @start or @last is not 0
 */
void place_of_offset(struct places *places, u64 offset, struct place *place)
{
	const struct core_segment *segment = core_segment_of_offset(places->core, offset);
	const struct core *core = places->core;
	const struct seal *seal = places->seal;
	u64 first = core->in->size;
	u32 i;

	if (segment) {
		place_of_address(places, segment->vaddr + (offset - segment->offset), place);
		return;
	}
	*place = (struct place){ .region = PLACE_FILE };
	if (seal->readable && !seal->beside && offset >= seal->offset &&
	    offset - seal->offset < seal->len)
		place->region = PLACE_SEAL;
	for (i = 0; i < core->nr_notes; i++) {
		first = min(first, core->notes[i].offset);
		if (offset >= core->notes[i].offset &&
		    offset - core->notes[i].offset < core->notes[i].len)
			place->region = PLACE_NOTE;
	}
	for (i = 0; i < core->nr_segments; i++)
		if (core->segments[i].filesz)
			first = min(first, core->segments[i].offset);
	if (core->machine && offset < first && place->region == PLACE_FILE)
		place->region = PLACE_HEADERS;
}

static void distance(const struct place *place, char *text, size_t room)
{
	if (place->vaddr >= place->sp)
		snprintf(text, room, "0x%" PRIx64 " above its stack pointer",
			 place->vaddr - place->sp);
	else
		snprintf(text, room, "0x%" PRIx64 " below its stack pointer, left by a function that "
			 "has returned", place->sp - place->vaddr);
}

static void heap_text(const struct place *place, char *text, size_t room)
{
	const struct heap_chunk *chunk = &place->chunk;

	if (chunk->top)
		snprintf(text, room, "heap, in its rest, which malloc() has not handed out");
	else if (place->vaddr < chunk->start)
		snprintf(text, room, "heap, in what malloc() notes of a piece");
	else
		snprintf(text, room, "heap, byte %" PRIu64 " of a piece of %" PRIu64 " that is %s",
			 place->vaddr - chunk->start, chunk->len,
			 chunk->freed ? "free" : "in use, or in a cache of malloc()");
}

/**
 * place_text() - a place, in a line
 * @place:	from place_of_address() or place_of_offset()
 * @text:	takes it: "stack of thread 4711, 0x340 above its stack pointer"
 * @room:	bytes in @text; what does not fit is cut off
 */
void place_text(const struct place *place, char *text, size_t room)
{
	static const char *const texts[PLACE_REGIONS] = {
		[PLACE_ABSENT] = "memory that the dump does not name",
		[PLACE_ANONYMOUS] = "anonymous memory",
		[PLACE_NOTE] = "a note of the dump: registers of a thread, or the like",
		[PLACE_HEADERS] = "the headers of the dump",
		[PLACE_SEAL] = "the seal",
		[PLACE_FILE] = "in no segment of the dump",
	};
	char more[128];

	switch (place->region) {
	case PLACE_STACK:
		distance(place, more, sizeof(more));
		snprintf(text, room, "stack of thread %u%s, %s", place->tid,
			 place->main ? " (the first)" : "", more);
		return;
	case PLACE_HEAP:
		heap_text(place, text, room);
		return;
	case PLACE_MAPPING:
		if (!place->module)
			snprintf(text, room, "%s", place->mapping);
		else if (place->has_symbol && !place->symbol.offset)
			snprintf(text, room, "%s in %s", place->symbol.name, place->mapping);
		else if (place->has_symbol)
			snprintf(text, room, "%s+0x%" PRIx64 " in %s", place->symbol.name,
				 place->symbol.offset, place->mapping);
		else
			snprintf(text, room, "%s+0x%" PRIx64, place->mapping,
				 place->module_offset);
		return;
	default:
		snprintf(text, room, "%s", texts[place->region]);
	}
}

/**
 * place_word() - the kind of a place, for programs
 * @region:	the kind
 *
 * Return: one word.
 */
const char *place_word(enum place_region region)
{
	static const char *const words[PLACE_REGIONS] = {
		[PLACE_ABSENT] = "absent",
		[PLACE_STACK] = "stack",
		[PLACE_HEAP] = "heap",
		[PLACE_MAPPING] = "mapping",
		[PLACE_ANONYMOUS] = "anonymous",
		[PLACE_NOTE] = "note",
		[PLACE_HEADERS] = "headers",
		[PLACE_SEAL] = "seal",
		[PLACE_FILE] = "file",
	};

	return words[region];
}

/**
 * place_advice() - what to do about a secret there
 * @place:	where it was found
 *
 * Return: one sentence.
 */
const char *place_advice(const struct place *place)
{
	switch (place->region) {
	case PLACE_STACK:
		return place->vaddr < place->sp ? "erase it before the function returns" :
						  "keep it in registered memory, not on a stack";
	case PLACE_HEAP:
		if (place->chunk.freed || place->chunk.top)
			return "erase it before it is freed";
		return "register this memory, or free and erase it sooner";
	case PLACE_MAPPING:
		return "register this variable, or keep it in no file that is mapped";
	case PLACE_NOTE:
		return "have the module zero registers: kredact(8), policy registers all";
	case PLACE_HEADERS:
	case PLACE_SEAL:
	case PLACE_FILE:
		return "do not give this dump away: something has put it beside the memory";
	default:
		return "register this memory, or free and erase it sooner";
	}
}

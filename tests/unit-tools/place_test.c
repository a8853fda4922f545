// SPDX-License-Identifier: GPL-2.0
/*
 * Where a byte of a dump is: stacks, heaps, files and symbols, in dumps that are made by
 * hand, hostile ones among them, and in that of a real process.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "fixture.h"
#include "place.h"
#include "resolver.h"
#include "run.h"
#include "tap.h"

/* Where the fixture has the stack pointers of its two threads, if it has four segments. */
#define SP_FIRST	(344 + 20 + 264)
#define SP_SECOND	(344 + 356 + 156 + 20 + 264)

static struct fixture fixture;
static struct input in;
static struct core core;
static struct notes notes;
static struct seal seal;
static struct places places;
static struct place place;
static char text[512];
static int fd = -1;

static void put_word(u64 at, u64 value)
{
	value = htole64(value);
	memcpy(fixture.bytes + at, &value, 8);
}

static void close_places(void)
{
	places_close(&places);
	seal_close(&seal);
	core_close(&core);
	input_close(&in);
	if (fd >= 0)
		close(fd);
	fd = -1;
}

static void open_places(void)
{
	struct complaint why;

	fd = memory_file(fixture.bytes, fixture.len);
	if (input_open(&in, fd, true, &why) || core_open(&core, &in, &why) ||
	    notes_read(&notes, &core, &why))
		abort();
	seal_open(&seal, &in, core.end, &why);
	places_open(&places, &core, &notes, &seal);
}

static bool at(u64 vaddr, enum place_region region, const char *says)
{
	place_of_address(&places, vaddr, &place);
	place_text(&place, text, sizeof(text));
	if (place.region != region || !strstr(text, says))
		printf("# %#llx: %s: %s\n", (unsigned long long)vaddr, place_word(place.region),
		       text);
	return place.region == region && strstr(text, says) && *place_advice(&place);
}

static bool in_file(u64 offset, enum place_region region)
{
	place_of_offset(&places, offset, &place);
	place_text(&place, text, sizeof(text));
	return place.region == region && *text && *place_advice(&place);
}

static void test_stacks(void)
{
	fixture_init(&fixture);
	fixture_build(&fixture);
	open_places();
	ok(at(0x20440, PLACE_ANONYMOUS, "anonymous"), "no stack pointer is there: anonymous");
	close_places();
	put_word(SP_FIRST, 0x20100);
	put_word(SP_SECOND, 0x20800);
	open_places();
	ok(notes.nr_listed == 2 && notes.listed[0].tid == FIXTURE_PID + 1 &&
	   notes.listed[1].sp == 0x20800, "stack pointers of both threads are read");
	ok(at(0x20440, PLACE_STACK, "thread 4712, 0x340 above its stack pointer"), "above one");
	ok(at(0x20900, PLACE_STACK, "thread 4711 (the first), 0x100 above"), "above both: nearest");
	ok(at(0x20080, PLACE_STACK, "thread 4712, 0x80 below") &&
	   strstr(place_advice(&place), "before the function returns"), "below both: nearest");
	ok(at(0x23fff, PLACE_STACK, "4711"), "in what was not dumped of it");
	ok(at(0x1ffff, PLACE_ABSENT, "does not name") && at(0x24000, PLACE_ABSENT, ""),
	   "not in its neighbourhood");
	close_places();
	fixture_free(&fixture);
}

static void test_file(void)
{
	fixture_init(&fixture);
	fixture_build(&fixture);
	open_places();
	ok(at(0x10000, PLACE_MAPPING, "/usr/lib/signd") && !place.module &&
	   at(0x13fff, PLACE_MAPPING, "/usr/lib/signd"), "a mapped file, first and last byte");
	ok(at(0x50123, PLACE_MAPPING, "\\x1b[31m"), "a hostile name is escaped");
	ok(at(0x40000, PLACE_ANONYMOUS, ""), "no file");
	ok(in_file(0, PLACE_HEADERS) && in_file(344, PLACE_NOTE) &&
	   in_file(fixture.seal_at, PLACE_SEAL) && in_file(fixture.len - 1, PLACE_SEAL),
	   "headers, notes and seal");
	ok(in_file(fixture.segments[0].offset, PLACE_MAPPING) && place.vaddr == 0x10000 &&
	   in_file(fixture.segments[0].offset - 1, PLACE_FILE), "a byte of a segment, and the one before");
	close_places();
	fixture_free(&fixture);
}

/* The first page of a library in the mapping at 0x10000. */
static u8 *put_module(void)
{
	u8 *page = fixture_at(&fixture, 0x10000);
	Elf64_Ehdr ehdr = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_phoff = sizeof(ehdr),
		.e_phnum = 3,
	};
	Elf64_Phdr phdrs[3] = {
		{ .p_type = PT_LOAD, .p_vaddr = 0x400000, .p_filesz = 0x800, .p_memsz = 0x800 },
		{ .p_type = PT_NOTE, .p_offset = 0x300, .p_filesz = 16 + 20 },
		{ .p_type = PT_LOAD, .p_vaddr = 0x402000, .p_filesz = 0x800, .p_memsz = 0xf000 },
	};
	u32 note[4] = { htole32(4), htole32(20), htole32(NT_GNU_BUILD_ID), 0x00554e47 };
	u32 i;

	memset(page, 0, PAGE);
	memcpy(page, &ehdr, sizeof(ehdr));
	memcpy(page + sizeof(ehdr), phdrs, sizeof(phdrs));
	memcpy(page + 0x300, note, sizeof(note));
	for (i = 0; i < 20; i++)
		page[0x310 + i] = 0xa0 + i;
	return page;
}

static void test_module(void)
{
	static const struct {
		const char *what;
		u64 at;
		u64 value;
		u32 len;
		bool module;
		bool id;
	} hostile[] = {
		{ "e_phoff beyond the page", 32, 4096, 8, false, false },
		{ "e_phoff at the end of all", 32, ~0ULL, 8, false, false },
		{ "e_phoff in the header", 32, 8, 8, false, false },
		{ "e_phnum", 56, 0xffff, 2, false, false },
		{ "no magic", 0, 0, 1, false, false },
		{ "32 bits in a core of 64", EI_CLASS, 1, 1, false, false },
		{ "p_vaddr wraps", 64 + 16, ~0ULL, 8, true, true },
		{ "p_memsz wraps", 64 + 2 * 56 + 40, ~0ULL, 8, false, false },
		{ "p_memsz is all there is", 64 + 2 * 56 + 40, ~0ULL - 0x402000, 8, true, true },
		{ "note beyond the page", 64 + 56 + 8, 4090, 8, true, false },
		{ "note at the end of all", 64 + 56 + 8, ~0ULL, 8, true, false },
		{ "note longer than the page", 64 + 56 + 32, ~0ULL, 8, true, false },
		{ "name of the note", 0x300, 0xffffffff, 4, true, false },
		{ "contents of the note", 0x304, 0xffffffff, 4, true, false },
		{ "a build-id of no bytes", 0x304, 0, 4, true, false },
	};
	u8 good[PAGE], *page;
	u64 state = 88172645463325252ULL;
	u32 i, j, modules = 0;

	fixture_init(&fixture);
	fixture_build(&fixture);
	page = put_module();
	memcpy(good, page, PAGE);
	open_places();
	ok(at(0x12345, PLACE_MAPPING, "/usr/lib/signd+0x2345") && place.module &&
	   place.module_offset == 0x2345 &&
	   !strcmp(place.build_id, "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"),
	   "a library: offset and build-id");
	close_places();
	for (i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		u64 value = htole64(hostile[i].value);

		memcpy(page, good, PAGE);
		memcpy(page + hostile[i].at, &value, hostile[i].len);
		open_places();
		place_of_address(&places, 0x12345, &place);
		ok(place.region == PLACE_MAPPING && place.module == hostile[i].module &&
		   !!*place.build_id == hostile[i].id, "hostile: %s", hostile[i].what);
		close_places();
	}
	for (i = 0; i < 3000; i++) {
		memcpy(page, good, PAGE);
		for (j = 0; j < 1 + i % 5; j++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			page[state % 0x330] = state >> 32;
		}
		open_places();
		place_of_address(&places, 0x12345, &place);
		modules += place.module;
		close_places();
	}
	ok(modules > 300 && modules < 3000, "of 3000 random changes %u leave a library", modules);
	fixture_free(&fixture);
}

/* NT_FILE of the fixture: count at its beginning. */
static void test_table(void)
{
	u64 files, i;
	bool named = false;

	fixture_init(&fixture);
	fixture_build(&fixture);
	open_places();
	files = notes.files;
	ok(places.mappings.nr == 2, "two mappings are read");
	close_places();
	for (i = 0; i < 4; i++) {
		static const u64 counts[] = { 3, 1ULL << 18, 1ULL << 61, ~0ULL };

		put_word(files, counts[i]);
		open_places();
		named |= places.mappings.nr;
		close_places();
	}
	ok(!named, "a count that is not true: no table");
	put_word(files, 2);
	put_word(files + 16, 0x60000);
	put_word(files + 24, 0x61000);
	open_places();
	ok(!places.mappings.nr, "not in order: no table");
	close_places();
	put_word(files + 16, 0x10000);
	put_word(files + 24, 0x10000);
	open_places();
	ok(!places.mappings.nr, "a mapping of no bytes: no table");
	close_places();
	fixture_free(&fixture);
}

/* Chunks of glibc in the second segment, of which two pages are in the file. */
static void put_heap(u64 second)
{
	u64 base = fixture_at(&fixture, 0x20000) - fixture.bytes;

	memset(fixture.bytes + base, 0x77, 2 * PAGE);
	put_word(base + 8, 0x291);		/* in use */
	put_word(base + 0x290 + 8, second);	/* free: the next one says so */
	put_word(base + 0x290 + 0x100 + 8, 0x220);
	put_word(base + 0x290 + 0x320 + 8, (2 * PAGE - 0x5b0) | 1);
}

static void test_heap(void)
{
	static struct fixture_segment segments[] = {
		{ .vaddr = 0x10000, .filesz = 4 * PAGE },
		{ .vaddr = 0x20000, .filesz = 2 * PAGE },
		{ .vaddr = 0x40000, .filesz = 0, .memsz = 2 * PAGE },
		{ .vaddr = 0x50000, .filesz = 3 * PAGE },
	};
	static const u64 broken[] = { 0x111, 0, 0x11, 0x107, 0x109, ~0ULL, 0x4000001 };
	u32 i, proven = 0;

	fixture_init(&fixture);
	fixture.segments = segments;
	fixture_build(&fixture);
	put_heap(0x101);
	open_places();
	ok(at(0x20010, PLACE_HEAP, "byte 0 of a piece of 648 that is in use"), "first piece");
	ok(at(0x202a7, PLACE_HEAP, "byte 7 of a piece of 248 that is free") &&
	   strstr(place_advice(&place), "before it is freed"), "a free one");
	ok(at(0x20398, PLACE_HEAP, "in what malloc() notes"), "before the first byte of a piece");
	ok(at(0x203a0, PLACE_HEAP, "byte 0 of a piece of 536 that is in use"), "the next one");
	ok(at(0x21fff, PLACE_HEAP, "not handed out"), "its rest");
	ok(at(0x40000, PLACE_ANONYMOUS, ""), "another segment is none");
	ok(at(0x20010, PLACE_HEAP, "byte 0"), "and this one still is");
	close_places();
	for (i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		put_heap(broken[i]);
		open_places();
		place_of_address(&places, 0x20010, &place);
		proven += place.region != PLACE_ANONYMOUS;
		close_places();
	}
	ok(!proven, "%u ways to break the chain: no heap", i);
	fixture_free(&fixture);
}

/* Many small chunks: time and memory stay bounded, and the right one is found. */
static void test_large_heap(void)
{
	const u64 chunks = 200000;
	struct fixture_segment segment = { .vaddr = 0x100000, .filesz = 32 * chunks };
	u64 i, base;
	bool right = true;

	fixture_init(&fixture);
	fixture.segments = &segment;
	fixture.nr_segments = 1;
	fixture.nr_ranges = 0;
	fixture_build(&fixture);
	base = segment.offset;
	for (i = 0; i < chunks; i++)
		put_word(base + 32 * i + 8, 0x21);
	open_places();
	for (i = 0; i < chunks; i += 997) {
		place_of_address(&places, 0x100000 + 32 * i + 20, &place);
		right &= place.region == PLACE_HEAP && place.chunk.start == 0x100000 + 32 * i + 16;
	}
	ok(right && places.heap.every > 1, "%llu pieces: the right one is found from marks",
	   (unsigned long long)chunks);
	close_places();
	fixture_free(&fixture);
}

/* Does a key of the report have these words in its place? */
static bool reported(struct json_object *keys, const char *member, const char *value)
{
	size_t i;

	for (i = 0; i < json_object_array_length(keys); i++) {
		struct json_object *found = json_object_object_get(
			json_object_object_get(json_object_array_get_idx(keys, i), "place"), member);

		if (found && strstr(json_object_get_string(found), value))
			return true;
	}
	return false;
}

static void test_victim(char *verify, char *program)
{
	static struct outcome outcome;
	struct json_object *root, *keys;

	ok(run_gcore(&outcome, program, "victim.core"), "a victim is there");
	run(&outcome, (char *const[]){ verify, "--json", "victim.core", NULL });
	root = json_tokener_parse(outcome.out);
	keys = json_object_object_get(root, "keys");
	ok(outcome.status == 1 && json_object_array_length(keys) == 6, "six keys are found");
	ok(reported(keys, "symbol", "victim_static_key") &&
	   reported(keys, "symbol", "victim_data_key"), "in the sandbox: both variables are named");
	ok(!reported(keys, "symbol", "main"), "and nothing else is");
	ok(reported(keys, "text", "above its stack pointer"), "on the stack of a thread");
	ok(reported(keys, "text", "that is in use"), "in a piece of the heap that is in use");
	ok(reported(keys, "text", "that is free"), "and in one that was freed");
	ok(reported(keys, "region", "anonymous"), "in pages of no file");
	json_object_put(root);
}

/* The query for a variable, from the core of the victim. */
static void query_of(struct symbol_query *query, u64 vaddr)
{
	struct complaint why;
	struct module module;

	fd = open("victim.core", O_RDONLY);
	if (input_open(&in, fd, true, &why) || core_open(&core, &in, &why) ||
	    notes_read(&notes, &core, &why))
		abort();
	places_open(&places, &core, &notes, &seal);
	mappings_module(&places.mappings, vaddr, &module);
	*query = (struct symbol_query){
		.build_id_len = module.build_id_len,
		.offset = vaddr - module.base,
	};
	memcpy(query->build_id, module.build_id, sizeof(query->build_id));
	memcpy(query->path, module.name, sizeof(query->path));
	close_places();
}

/* The address of the first key in the report, which is a variable. */
static u64 first_key(char *verify)
{
	static struct outcome outcome;
	struct json_object *root, *key;
	u64 vaddr;

	run(&outcome, (char *const[]){ verify, "--json", "victim.core", NULL });
	root = json_tokener_parse(outcome.out);
	key = json_object_array_get_idx(json_object_object_get(root, "keys"), 0);
	vaddr = strtoull(json_object_get_string(json_object_object_get(key, "address")), NULL, 16);
	json_object_put(root);
	return vaddr;
}

static void test_symbols(char *verify, char *program)
{
	static struct outcome outcome;
	struct symbol_query query, other;
	struct resolver resolver;
	struct symbols *symbols;
	struct symbol symbol;
	char hex[2 * BUILD_ID_MAX + 1], *path;

	query_of(&query, first_key(verify) + 16);
	symbols = symbols_new("no-such-folder");
	ok(symbols_find(symbols, &query, &symbol) && !strcmp(symbol.name, "victim_data_key") &&
	   symbol.offset == 16, "by the file that was mapped");
	other = query;
	other.build_id[3] ^= 1;
	ok(!symbols_find(symbols, &other, &symbol), "not if its build-id is another");
	other = query;
	other.offset = ~0ULL;
	ok(!symbols_find(symbols, &other, &symbol), "nothing is at the end of all addresses");
	other = query;
	other.build_id_len = 4096;
	ok(!symbols_find(symbols, &other, &symbol), "a build-id that is too long");
	memset(other.path, 'a', sizeof(other.path));
	other.build_id_len = query.build_id_len;
	ok(!symbols_find(symbols, &other, &symbol), "a path without an end");
	symbols_free(symbols);
	symbols = symbols_new("no-such-folder");
	other = query;
	other.build_id[0] ^= 1;
	path = realpath(".", NULL);
	snprintf(other.path, sizeof(other.path), "%s/pipe", path);
	free(path);
	unlink("pipe");
	ok(!mkfifo("pipe", 0600) && !symbols_find(symbols, &other, &symbol),
	   "a pipe is not opened, which would wait for ever");
	symbols_free(symbols);

	/* Symbols of a program without any, by its build-id. */
	text_hex(hex, query.build_id, query.build_id_len);
	if (asprintf(&path, "debug/%.2s", hex) < 0 || (mkdir("debug", 0700) && errno != EEXIST) ||
	    (mkdir(path, 0700) && errno != EEXIST))
		abort();
	free(path);
	if (asprintf(&path, "debug/%.2s/%s.debug", hex, hex + 2) < 0)
		abort();
	run(&outcome, (char *const[]){ "objcopy", "--only-keep-debug", program, path, NULL });
	memset(query.path, 0, sizeof(query.path));
	symbols = symbols_new("debug");
	ok(!outcome.status && symbols_find(symbols, &query, &symbol) &&
	   !strcmp(symbol.name, "victim_data_key"), "by a file of symbols, if the file is gone");
	symbols_free(symbols);
	if (resolver_start(&resolver, "debug"))
		abort();
	ok(resolver_ask(&resolver, &query, &symbol) && symbol.offset == 16 &&
	   !strcmp(symbol.name, "victim_data_key"), "from another process");
	other = query;
	other.build_id[1] ^= 1;
	ok(!resolver_ask(&resolver, &other, &symbol) && resolver_ask(&resolver, &query, &symbol),
	   "which goes on after what it does not find");
	resolver_stop(&resolver);
	ok(!resolver_ask(&resolver, &query, &symbol), "nobody is asked who is not there");
	unlink(path);
	symbols = symbols_new("debug");
	ok(!symbols_find(symbols, &query, &symbol), "no file of symbols: no symbol");
	symbols_free(symbols);
	free(path);
}

int main(void)
{
	static char folder[] = "/tmp/place_test.XXXXXX", *verify, *victim;
	static struct outcome last;

	verify = (char *)beside("../../bin/kredact-verify");
	victim = (char *)beside("victim");
	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	test_stacks();
	test_file();
	test_module();
	test_table();
	test_heap();
	test_large_heap();
	test_victim(verify, victim);
	test_symbols(verify, victim);
	run(&last, (char *const[]){ "rm", "-rf", folder, NULL });
	return tap_end();
}

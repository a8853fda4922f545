// SPDX-License-Identifier: GPL-2.0
/*
 * Cores and seals made from parameters: see fixture.h.
 */
#include <elf.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fixture.h"

static const char *const default_labels[] = { "rsa private key", "ec scalar" };

static struct fixture_segment default_segments[] = {
	{ .vaddr = 0x10000, .filesz = 4 * PAGE },
	{ .vaddr = 0x20000, .filesz = 2 * PAGE, .memsz = 4 * PAGE },
	{ .vaddr = 0x40000, .filesz = 0, .memsz = 2 * PAGE },
	{ .vaddr = 0x50000, .filesz = 3 * PAGE },
};

static const struct fixture_range default_ranges[] = {
	{ 0x11100, 0x200, 0x101, 0, 1 },		/* one page */
	{ 0x12fff, 2, 0x102, 0, 1 },			/* two pages for two bytes */
	{ 0x20010, 32, 0x103, KREDACT_EXACT, 2 },	/* these bytes only */
	{ 0x20100, 0x3000, 0x104, KREDACT_EXACT, 0 },	/* partly not in the file */
	{ 0x50000, 1, 0x105, KREDACT_EXACT, 2 },	/* first byte of a segment */
	{ 0x52fff, 1, 0x106, KREDACT_EXACT, 2 },	/* last byte of the core */
};

/* On a page of their own, over the end of one, of another process, in a note. */
static const struct fixture_copy default_copies[FIXTURE_COPIES] = {
	{ 0x10021, 32, 0x101, 0 },
	{ 0x10100, 17, 0x103, KREDACT_COPY_REVERSED },
	{ 0x50ff5, 11, 0x104, 0 },
	{ 0x51000, 5, 0x104, 0 },
	{ 0x51800, 20, 0x7777, KREDACT_COPY_OTHERS },
	{ FIXTURE_NOTE, 24, 0x106, KREDACT_COPY_NOTE | KREDACT_COPY_REVERSED },
};

/**
 * fixture_hunt() - parameters of a hunt
 * @fixture:	after fixture_init(); sums that agree are put into it
 * @copies:	what it found, without overlaps; NULL: some
 * @nr:		how many
 */
void fixture_hunt(struct fixture *fixture, const struct fixture_copy *copies, u32 nr)
{
	u32 i;

	fixture->copies = copies ? copies : default_copies;
	fixture->nr_copies = copies ? nr : FIXTURE_COPIES;
	fixture->policies = 1;
	fixture->hunts = 1;
	fixture->policy[POLICY_HUNT] = KREDACT_HUNT_ALL;
	fixture->policy[POLICY_RUN] = KREDACT_RUN_DEFAULT;
	fixture->policy[POLICY_REGISTERS] = KREDACT_REGISTERS_ALL;
	memset(fixture->hunt, 0, sizeof(fixture->hunt));
	fixture->hunt[HUNT_RANGES] = fixture->nr_ranges + 1;
	fixture->hunt[HUNT_BYTES] = 12345;
	fixture->hunt[HUNT_PLAIN] = 67;
	fixture->hunt[HUNT_COPIES] = fixture->nr_copies;
	for (i = 0; i < fixture->nr_copies; i++)
		fixture->hunt[HUNT_COPY_BYTES] += fixture->copies[i].len;
	fixture->hunt[HUNT_REGISTER_BYTES] = 2688;
	fixture->hunt[HUNT_FRAMES] = 1;
	fixture->hunt[HUNT_FRAME_BYTES] = 832;
}

/**
 * fixture_init() - parameters of a good core
 * @fixture:	takes them
 */
void fixture_init(struct fixture *fixture)
{
	u32 i;

	*fixture = (struct fixture){
		.pid = FIXTURE_PID,
		.seal_pid = FIXTURE_PID,
		.seal_version = KREDACT_SEAL_VERSION,
		.labels = default_labels,
		.nr_labels = 2,
		.segments = default_segments,
		.nr_segments = 4,
		.ranges = default_ranges,
		.nr_ranges = 6,
		.zero = true,
	};
	for (i = 0; i < sizeof(fixture->key); i++)
		fixture->key[i] = 3 * i + 1;
}

/**
 * fixture_put() - append bytes to the file
 * @fixture:	being built
 * @bytes:	what to append, NULL: zeros
 * @len:	how many
 */
void fixture_put(struct fixture *fixture, const void *bytes, u64 len)
{
	if (!len)
		return;
	if (fixture->room - fixture->len < len) {
		fixture->room = 2 * (fixture->len + len);
		fixture->bytes = realloc(fixture->bytes, fixture->room);
		if (!fixture->bytes)
			abort();
	}
	if (bytes)
		memcpy(fixture->bytes + fixture->len, bytes, len);
	else
		memset(fixture->bytes + fixture->len, 0, len);
	fixture->len += len;
}

static void put_word(struct fixture *fixture, u64 value)
{
	if (fixture->is32)
		put32(fixture, value);
	else
		put64(fixture, value);
}

static void put_note(struct fixture *fixture, u32 type, const u8 *desc, u32 len)
{
	put32(fixture, 5);
	put32(fixture, len);
	put32(fixture, type);
	fixture_put(fixture, "CORE\0\0\0", 8);
	fixture_put(fixture, desc, len);
	fixture_put(fixture, NULL, -len % 4);
}

static void store32(u8 *to, u32 value)
{
	value = htole32(value);
	memcpy(to, &value, 4);
}

/* Two threads, the process, and one mapped file. */
static void put_notes(struct fixture *fixture)
{
	u32 status_len = fixture->is32 ? 144 : 336, info_len = fixture->is32 ? 124 : 136;
	u32 pid_at = fixture->is32 ? 12 : 24, word = fixture->is32 ? 4 : 8, i;
	static const char name[] = "/usr/lib/signd\0\033[31m";
	u8 desc[336] = { 0 };

	for (i = 0; i < 2; i++) {
		store32(desc, SIGSEGV_NUMBER);
		store32(desc + (fixture->is32 ? 24 : 32), fixture->pid + 1 - i);
		put_note(fixture, NT_PRSTATUS, desc, status_len);
		if (i)
			break;
		memset(desc, 0, sizeof(desc));
		store32(desc + pid_at, fixture->pid);
		memcpy(desc + pid_at + 16, "signd", 5);
		if (!fixture->no_process)
			put_note(fixture, NT_PRPSINFO, desc, info_len);
		memset(desc, 0, sizeof(desc));
	}
	put32(fixture, 5);
	put32(fixture, 8 * word + sizeof(name));
	put32(fixture, NT_FILE);
	fixture_put(fixture, "CORE\0\0\0", 8);
	put_word(fixture, 2);
	put_word(fixture, 1);
	put_word(fixture, 0x10000);
	put_word(fixture, 0x14000);
	put_word(fixture, 0);
	put_word(fixture, 0x50000);
	put_word(fixture, 0x53000);
	put_word(fixture, 0);
	fixture_put(fixture, name, sizeof(name));
	fixture_put(fixture, NULL, -sizeof(name) % 4);
}

static void put_phdr(struct fixture *fixture, u32 type, u64 offset, u64 vaddr, u64 filesz,
		     u64 memsz)
{
	put32(fixture, type);
	if (!fixture->is32)
		put32(fixture, PF_R);
	put_word(fixture, offset);
	put_word(fixture, vaddr);
	put_word(fixture, 0);
	put_word(fixture, filesz);
	put_word(fixture, memsz);
	if (fixture->is32)
		put32(fixture, PF_R);
	put_word(fixture, type == PT_NOTE ? 4 : PAGE);
}

static void put_ehdr(struct fixture *fixture, u64 shoff)
{
	u8 ident[EI_NIDENT] = { 0x7f, 'E', 'L', 'F', fixture->is32 ? 1 : 2, 1, 1 };
	u32 ehsize = fixture->is32 ? 52 : 64;

	fixture_put(fixture, ident, sizeof(ident));
	put16(fixture, ET_CORE);
	put16(fixture, fixture->is32 ? EM_386 : EM_X86_64);
	put32(fixture, EV_CURRENT);
	put_word(fixture, 0);
	put_word(fixture, ehsize);
	put_word(fixture, shoff);
	put32(fixture, 0);
	put16(fixture, ehsize);
	put16(fixture, fixture->is32 ? 32 : 56);
	put16(fixture, fixture->xnum ? PN_XNUM : fixture->nr_segments + 1);
	put16(fixture, fixture->xnum ? (fixture->is32 ? 40 : 64) : 0);
	put16(fixture, fixture->xnum);
	put16(fixture, 0);
}

/* Section header 0, as the kernel writes it behind the segments. */
static void put_shdr(struct fixture *fixture)
{
	put32(fixture, 0);
	put32(fixture, 0);
	put_word(fixture, 0);
	put_word(fixture, 0);
	put_word(fixture, 0);
	put_word(fixture, 1);
	put32(fixture, 0);
	put32(fixture, fixture->nr_segments + 1);
	put_word(fixture, 0);
	put_word(fixture, 0);
}

/**
 * fixture_at() - a byte of the process
 * @fixture:	built
 * @vaddr:	its address
 *
 * Return: where it is in @bytes, or NULL if it is not in the file.
 */
u8 *fixture_at(struct fixture *fixture, u64 vaddr)
{
	u32 i;

	for (i = 0; i < fixture->nr_segments; i++) {
		struct fixture_segment *segment = &fixture->segments[i];

		if (vaddr >= segment->vaddr && vaddr - segment->vaddr < segment->filesz)
			return fixture->bytes + segment->offset + (vaddr - segment->vaddr);
	}
	return NULL;
}

static void zero_bytes(struct fixture *fixture, u64 start, u64 end)
{
	for (; start < end; start++)
		if (fixture_at(fixture, start))
			*fixture_at(fixture, start) = 0;
}

static void zero_ranges(struct fixture *fixture)
{
	u64 start, end;
	u32 i;

	for (i = 0; i < fixture->nr_ranges; i++) {
		start = fixture->ranges[i].addr;
		end = start + fixture->ranges[i].len;
		if (!(fixture->ranges[i].flags & KREDACT_EXACT)) {
			start &= -PAGE;
			end = (end + PAGE - 1) & -PAGE;
		}
		zero_bytes(fixture, start, end);
	}
}

/**
 * fixture_key_id() - the name of a key, from its definition
 * @key:	32 bytes
 * @id:		takes 16 bytes
 */
void fixture_key_id(const u8 *key, u8 *id)
{
	u8 text[14 + 32] = "kredact key id", digest[32];

	memcpy(text + 14, key, 32);
	EVP_Digest(text, sizeof(text), digest, NULL, EVP_sha256(), NULL);
	memcpy(id, digest, 16);
}

/**
 * fixture_header() - the header of the seal, as the module's encoder takes it
 * @fixture:	parameters
 * @header:	takes it
 */
void fixture_header(const struct fixture *fixture, struct kredact_seal_header *header)
{
	*header = (struct kredact_seal_header){
		.flags = htole32(fixture->seal_flags),
		.realtime_ns = htole64(1700000000123456789ULL),
		.boottime_ns = htole64(5000000000ULL),
		.start_ns = htole64(4000000000ULL),
		.tgid = htole32(fixture->seal_pid),
		.tid = htole32(fixture->seal_pid + 1),
		.ns_tgid = htole32(fixture->seal_pid),
		.uid = htole32(1000),
		.signo = htole32(SIGSEGV_NUMBER),
		.page_size = htole32(PAGE),
		.abi = htole32(KREDACT_ABI_VERSION),
		.comm = "signd",
		.module = "0.1.0",
		.release = "6.12.9-test",
	};
	memset(header->boot_id, 0xb0, sizeof(header->boot_id));
	fixture_key_id(fixture->key, header->key_id);
}

static void put_seal_header(struct fixture *fixture)
{
	struct kredact_seal_header header;
	u64 at = fixture->len;

	fixture_header(fixture, &header);
	fixture_put(fixture, "KREDSEAL", 8);
	put16(fixture, fixture->seal_version);
	put16(fixture, 256);
	put32(fixture, fixture->seal_flags);
	put64(fixture, at);
	fixture_put(fixture, (u8 *)&header + 24, sizeof(header) - 24);
}

static void put_record(struct fixture *fixture, u32 type, u64 len)
{
	put32(fixture, type);
	put32(fixture, 0);
	put64(fixture, len);
}

static void put_hunt(struct fixture *fixture)
{
	u32 i, j;

	for (i = 0; i < fixture->policies; i++) {
		put_record(fixture, 5, 32);
		for (j = 0; j < POLICY_MEMBERS; j++)
			put32(fixture, fixture->policy[j]);
		put64(fixture, 0);
		put32(fixture, fixture->hunt_reserved);
	}
	if (fixture->nr_copies)
		put_record(fixture, 6, 32ULL * fixture->nr_copies);
	for (i = 0; i < fixture->nr_copies; i++) {
		put64(fixture, fixture->copies[i].addr);
		put64(fixture, fixture->copies[i].len);
		put64(fixture, fixture->copies[i].handle);
		put32(fixture, fixture->copies[i].flags);
		put32(fixture, 0);
	}
	for (i = 0; i < fixture->hunts; i++) {
		put_record(fixture, 7, 104);
		for (j = 0; j < HUNT_UNINDEXED; j++)
			put64(fixture, fixture->hunt[j]);
		put32(fixture, fixture->hunt[HUNT_UNINDEXED]);
		put32(fixture, 0);
		put64(fixture, 0);
		put32(fixture, 0);
		put32(fixture, fixture->hunt_reserved);
	}
}

static void put_counts(struct fixture *fixture)
{
	u64 bytes = 0, pages = 0;
	u32 i;

	for (i = 0; i < fixture->nr_ranges; i++)
		bytes += fixture->ranges[i].len;
	for (i = 0; i < fixture->nr_left_out; i++)
		pages += fixture->left_out[i].len / PAGE;
	put_record(fixture, 4, 64);
	put64(fixture, fixture->nr_ranges);
	put64(fixture, bytes);
	put64(fixture, 3);
	put64(fixture, 1);
	put64(fixture, 7);
	put64(fixture, pages + fixture->lost);
	put64(fixture, fixture->lost);
	put64(fixture, 0);
}

static void put_ranges(struct fixture *fixture)
{
	u32 i;

	put_record(fixture, 2, 32ULL * fixture->nr_ranges);
	for (i = 0; i < fixture->nr_ranges; i++) {
		put64(fixture, fixture->ranges[i].addr);
		put64(fixture, fixture->ranges[i].len);
		put64(fixture, fixture->ranges[i].handle);
		put32(fixture, fixture->ranges[i].flags);
		put32(fixture, fixture->ranges[i].label);
	}
}

/**
 * fixture_seal() - append the seal
 * @fixture:	@bytes is the core
 */
void fixture_seal(struct fixture *fixture)
{
	u32 i, records = fixture->nr_labels + 2;
	unsigned int len = 32;
	u8 hmac[32];

	fixture_put(fixture, NULL, -fixture->len % 8);
	fixture->seal_at = fixture->len;
	put_seal_header(fixture);
	for (i = 0; i < fixture->nr_labels; i++) {
		len = strlen(fixture->labels[i]);
		put_record(fixture, 1, 8 + len);
		put32(fixture, i + 1);
		put32(fixture, len);
		fixture_put(fixture, fixture->labels[i], len);
		fixture_put(fixture, NULL, -len % 8);
	}
	if (fixture->counts_first)
		put_counts(fixture);
	put_ranges(fixture);
	if (fixture->nr_left_out) {
		put_record(fixture, 3, 24ULL * fixture->nr_left_out);
		for (i = 0; i < fixture->nr_left_out; i++) {
			put64(fixture, fixture->left_out[i].addr);
			put64(fixture, fixture->left_out[i].len);
			put32(fixture, fixture->left_out[i].reason);
			put32(fixture, 0);
		}
		records++;
	}
	put_hunt(fixture);
	records += fixture->policies + !!fixture->nr_copies + fixture->hunts;
	for (i = 0; i < fixture->rules; i++) {
		put_record(fixture, 8, 16);
		put32(fixture, fixture->rule_flags);
		put32(fixture, fixture->rule_mappings);
		put32(fixture, 0);
		put32(fixture, fixture->rule_reserved);
	}
	records += fixture->rules;
	for (i = 0; fixture->prints && i < 1u + fixture->prints_twice; i++) {
		put_record(fixture, 10, fixture->prints_len);
		fixture_put(fixture, fixture->prints, fixture->prints_len);
		fixture_put(fixture, NULL, -fixture->prints_len % 8);
		records++;
	}
	if (fixture->unknown) {
		put_record(fixture, 0x7777, 13);
		fixture_put(fixture, "from tomorrow", 13);
		fixture_put(fixture, NULL, 3);
		records++;
	}
	if (!fixture->counts_first)
		put_counts(fixture);
	fixture_put(fixture, "KREDEND\n", 8);
	put64(fixture, fixture->len - 8 - fixture->seal_at + 64);
	put64(fixture, fixture->seal_at);
	put32(fixture, fixture->seal_version);
	put32(fixture, records);
	HMAC(EVP_sha256(), fixture->key, sizeof(fixture->key), fixture->bytes + fixture->seal_at,
	     fixture->len - fixture->seal_at, hmac, NULL);
	fixture_put(fixture, hmac, sizeof(hmac));
}

/**
 * fixture_build() - make the file
 * @fixture:	parameters; @bytes is made anew
 */
void fixture_build(struct fixture *fixture)
{
	u64 at, notes, notes_len, shoff = 0;
	u32 i;

	/* The notes are made first, to know their length. */
	fixture->len = 0;
	put_notes(fixture);
	notes_len = fixture->len;
	notes = fixture->is32 ? 52 : 64;
	notes += (fixture->nr_segments + 1ULL) * (fixture->is32 ? 32 : 56);
	at = (notes + notes_len + PAGE - 1) & -PAGE;
	for (i = 0; i < fixture->nr_segments; i++) {
		at += fixture->segments[i].gap;
		fixture->segments[i].offset = at;
		at += fixture->segments[i].filesz;
	}
	if (fixture->xnum)
		shoff = at;
	fixture->len = 0;
	put_ehdr(fixture, shoff);
	put_phdr(fixture, PT_NOTE, notes, 0, notes_len, 0);
	for (i = 0; i < fixture->nr_segments; i++) {
		struct fixture_segment *segment = &fixture->segments[i];

		put_phdr(fixture, PT_LOAD, segment->offset, segment->vaddr, segment->filesz,
			 segment->memsz ? segment->memsz : segment->filesz);
	}
	put_notes(fixture);
	for (i = 0; i < fixture->nr_segments; i++) {
		struct fixture_segment *segment = &fixture->segments[i];

		fixture_put(fixture, NULL, segment->offset - fixture->len);
		fixture_put(fixture, NULL, segment->filesz);
		memset(fixture->bytes + segment->offset, FIXTURE_FILL, segment->filesz);
	}
	if (fixture->xnum)
		put_shdr(fixture);
	fixture->core_end = fixture->len;
	if (fixture->zero)
		zero_ranges(fixture);
	for (i = 0; fixture->zero && i < fixture->nr_copies; i++)
		if (!(fixture->copies[i].flags & KREDACT_COPY_NOTE))
			zero_bytes(fixture, fixture->copies[i].addr,
				   fixture->copies[i].addr + fixture->copies[i].len);
	if (!fixture->no_seal)
		fixture_seal(fixture);
}

/**
 * fixture_free() - release the file
 * @fixture:	parameters stay
 */
void fixture_free(struct fixture *fixture)
{
	free(fixture->bytes);
	fixture->bytes = NULL;
	fixture->len = 0;
	fixture->room = 0;
}

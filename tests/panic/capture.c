// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the capture kernel: searches /proc/vmcore, all of the memory of the kernel that
 * crashed, reads kredact's note in it, and speaks to the host for the program that crashed
 * it (crash.c). Then it resets the machine.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>

#include <linux/kredact_panic.h>

#include "pattern.h"
#include "save.h"

#define PAGE		4096ul
#define CHUNK		(1ul << 20)
/* What is looked at behind the end of a chunk, and before its begin. */
#define EDGE		64ul
#define RUN		16u
#define KERNEL_TEXT	0xffffffff80000000ull
#define SECRET_MASK	0x5a
#define SECRET_MAX	65536u
#define FILTER_BITS	20
#define SHOWN		8u
#define AROUND		64

static FILE *host;
static const char *way;
static unsigned int number;

/* Bytes of runs, and how many runs, of each kind; the last one: of secret numbers. */
#define SECRETS		KINDS
static uint64_t run_bytes[KINDS + 1], runs[KINDS + 1];
static const char *const kind_names[KINDS + 1] = {
	[KIND_CONTROL] = "memory that is not registered", [KIND_PINNED] = "pinned pages",
	[KIND_UNPINNED] = "pages without pins", [KIND_SECRETMEM] = "a memfd_secret",
	[KIND_HUGE] = "a huge page", [KIND_CHILD] = "pages of a child",
	[KIND_POISON] = "pages of which one is bad",
	[KIND_CHURN] = "pages that come and go", [KIND_KEY] = "the key of seals",
	[SECRETS] = "secret numbers of OpenSSL's key",
};

/* What the way to crash wants to see. */
static bool is_off, is_poisoned, is_cut;

static uint8_t secrets[SECRET_MAX];
static size_t secret_len;
static uint8_t filter[1u << (FILTER_BITS - 3)];

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	va_list ap;

	fprintf(host, "tap %s ", way);
	va_start(ap, fmt);
	vfprintf(host, fmt, ap);
	va_end(ap);
	fputc('\n', host);
	fflush(host);
}

static void __attribute__((format(printf, 2, 3))) ok(bool good, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("%sok %u %s", good ? "" : "not ", ++number, text);
}

static void __attribute__((noreturn)) halt(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void __attribute__((noreturn)) fail(const char *what)
{
	if (host)
		say("# %s: %s", what, strerror(errno));
	fprintf(stderr, "capture: %s: %s\n", what, strerror(errno));
	halt();
}

static void mount_at(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL) && errno != EBUSY)
		fail(dir);
}

/*
 * Secrets. A run of 16 bytes at any place has 8 of them at a place that 8 divides: the
 * filter has all 8 successive bytes of the secrets.
 */

static uint32_t filter_hash(uint64_t word)
{
	return word * 0x9e3779b97f4a7c15ull >> (64 - FILTER_BITS);
}

static void secret_add(const uint8_t *bytes, size_t len)
{
	size_t from = secret_len, i;
	uint64_t word;

	if (SECRET_MAX - secret_len < len) {
		errno = E2BIG;
		fail("secrets");
	}
	memcpy(secrets + from, bytes, len);
	secret_len += len;
	for (i = from; i + sizeof(word) <= secret_len; i++) {
		uint32_t hash;

		memcpy(&word, secrets + i, sizeof(word));
		hash = filter_hash(word);
		filter[hash / 8] |= 1u << hash % 8;
	}
}

/* Files of numbers, masked since they were in the memory of the kernel that crashed. */
static void secrets_load(void)
{
	DIR *dir = opendir("/secret");
	uint8_t bytes[4096], reversed[4096];
	struct dirent *entry;
	ssize_t len, i;
	int fd;

	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY);
		len = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
		if (len < RUN)
			fail(entry->d_name);
		close(fd);
		for (i = 0; i < len; i++) {
			bytes[i] ^= SECRET_MASK;
			reversed[len - 1 - i] = bytes[i];
		}
		secret_add(bytes, len);
		secret_add(reversed, len);
	}
	if (!secret_len)
		fail("/secret");
}

/* The longest run of secret bytes that has the 8 bytes at @at in it. */
static size_t secret_run(const uint8_t *at, const uint8_t *begin, const uint8_t *end,
			 const uint8_t **from)
{
	size_t i, best = 0;

	for (i = 0; i + 8 <= secret_len; i++) {
		size_t before = 0, len = 8;

		if (memcmp(secrets + i, at, 8))
			continue;
		while (before < i && at - before > begin &&
		       secrets[i - before - 1] == at[-1 - (long)before])
			before++;
		while (i + len < secret_len && at + len < end && secrets[i + len] == at[len])
			len++;
		if (before + len > best) {
			best = before + len;
			*from = at - before;
		}
	}
	return best;
}

/* What is around a run, so that a person can tell what it is; not the run. */
static void show_around(const uint8_t *from, size_t len, const uint8_t *begin, const uint8_t *end)
{
	const uint8_t *p = from - begin > AROUND ? from - AROUND : begin;
	char text[2 * 3 * AROUND + 8], *to = text;

	for (; p < from; p++)
		to += sprintf(to, "%02x", *p);
	to += sprintf(to, " .. ");
	for (p += len; p < end && p < from + len + AROUND; p++)
		to += sprintf(to, "%02x", *p);
	say("#   %s", text);
}

static void found(unsigned int kind, uint64_t physical, size_t len, const uint8_t *from,
		  const uint8_t *begin, const uint8_t *end)
{
	if (kind != KIND_CONTROL && !is_off && runs[kind] < SHOWN) {
		say("# %zu bytes of %s at %#" PRIx64, len, kind_names[kind], physical);
		show_around(from, len, begin, end);
	}
	runs[kind]++;
	run_bytes[kind] += len;
}

/* The run of the pattern that has the word at @at in it. */
static size_t pattern_run(const uint8_t *at, const uint8_t *begin, const uint8_t *end,
			  unsigned int kind, uint64_t index, const uint8_t **from)
{
	const uint8_t *first = at, *last = at + 8;
	uint64_t word = pattern_word(kind, index - 1);
	int i;

	if (index)
		for (i = 7; i >= 0 && first > begin && first[-1] == (uint8_t)(word >> 8 * i); i--)
			first--;
	for (index++; end - last >= 8; index++, last += 8) {
		uint64_t there;

		word = pattern_word(kind, index);
		memcpy(&there, last, sizeof(there));
		if (there != word)
			break;
	}
	word = pattern_word(kind, index);
	for (i = 0; i < 8 && last < end && *last == (uint8_t)(word >> 8 * i); i++)
		last++;
	*from = first;
	return last - first;
}

/*
 * Searches [at, at + len), which is aligned; bytes before @begin and behind @end are not
 * known. @done: what is before it was part of a run that was found already.
 */
static const uint8_t *search(const uint8_t *at, size_t len, const uint8_t *begin,
			     const uint8_t *end, uint64_t physical, const uint8_t *done)
{
	const uint64_t low = 0x0101010101010101ull, high = low << 7;
	const uint8_t *p, *from = at;
	size_t run;

	for (p = at; p < at + len; p += 8) {
		uint64_t word = *(const uint64_t *)p, x;
		unsigned int kind, i;
		uint64_t index;
		uint32_t hash;

		if (!word || p < done)
			continue;
		x = word ^ low * (PATTERN_MARK & 0xff);
		if ((x - low) & ~x & high) {
			for (i = 0; i < 8; i++) {
				uint64_t there;

				if (p + i < done || p[i] != (PATTERN_MARK & 0xff) ||
				    end - (p + i) < 8)
					continue;
				memcpy(&there, p + i, sizeof(there));
				if (!pattern_decode(there, &kind, &index))
					continue;
				/* What was counted already is not counted again. */
				run = pattern_run(p + i, done > begin ? done : begin, end, kind,
						  index, &from);
				if (run < RUN)
					continue;
				found(kind, physical + (from - at), run, from, begin, end);
				done = from + run;
			}
		}
		hash = filter_hash(word);
		if (filter[hash / 8] & 1u << hash % 8) {
			run = secret_run(p, begin, end, &from);
			if (run >= RUN && from >= done) {
				found(SECRETS, physical + (from - at), run, from, begin, end);
				done = from + run;
			}
		}
	}
	return done;
}

/* Searches one segment: the last bytes of a chunk are kept before the next one. */
static uint64_t search_segment(int fd, const Elf64_Phdr *segment)
{
	static uint8_t memory[EDGE + CHUNK + PAGE];
	uint8_t *chunk = memory + EDGE;
	const uint8_t *begin = chunk, *done = chunk;
	uint64_t at = 0;
	size_t ahead = 0;

	while (at < segment->p_filesz) {
		uint64_t left = segment->p_filesz - at;
		size_t want = left < CHUNK + EDGE ? left : CHUNK + EDGE, len, have = ahead;

		while (have < want) {
			ssize_t got = pread(fd, chunk + have, want - have,
					    segment->p_offset + at + have);

			if (got <= 0)
				fail("/proc/vmcore");
			have += got;
		}
		len = have < CHUNK ? have : CHUNK;
		done = search(chunk, len, begin, chunk + have, segment->p_paddr + at, done);
		/* What was read ahead is the begin of the next. */
		memcpy(memory, chunk + len - (len < EDGE ? len : EDGE), len < EDGE ? len : EDGE);
		ahead = have - len;
		memmove(chunk, chunk + len, ahead);
		begin = memory;
		done = done > chunk + len ? done - len : chunk;
		at += len;
	}
	return segment->p_filesz;
}

struct vmcore {
	int fd;
	Elf64_Ehdr header;
	Elf64_Phdr segments[128];
};

static void vmcore_open(struct vmcore *core)
{
	size_t size;

	core->fd = open("/proc/vmcore", O_RDONLY);
	if (core->fd < 0 || pread(core->fd, &core->header, sizeof(core->header), 0) !=
	    sizeof(core->header) || memcmp(core->header.e_ident, ELFMAG, SELFMAG) ||
	    core->header.e_phnum > sizeof(core->segments) / sizeof(*core->segments))
		fail("/proc/vmcore");
	size = core->header.e_phnum * sizeof(*core->segments);
	if (pread(core->fd, core->segments, size, core->header.e_phoff) != (ssize_t)size)
		fail("/proc/vmcore");
}

static bool vmcore_read(struct vmcore *core, uint64_t physical, void *to, size_t len)
{
	const Elf64_Phdr *segment = core->segments;

	for (; segment < core->segments + core->header.e_phnum; segment++)
		if (segment->p_type == PT_LOAD && segment->p_vaddr < KERNEL_TEXT &&
		    physical - segment->p_paddr < segment->p_filesz)
			return pread(core->fd, to, len, segment->p_offset + physical -
				     segment->p_paddr) == (ssize_t)len;
	return false;
}

/* Does some memory of a kind take the page tables of the service itself to be found? */
static bool needs_walk(unsigned int kind)
{
	return kind == KIND_UNPINNED || kind == KIND_SECRETMEM;
}

static void search_all(struct vmcore *core)
{
	const Elf64_Phdr *segment = core->segments;
	uint64_t bytes = 0;
	unsigned int kind;

	for (; segment < core->segments + core->header.e_phnum; segment++)
		if (segment->p_type == PT_LOAD && segment->p_vaddr < KERNEL_TEXT)
			bytes += search_segment(core->fd, segment);
	say("# searched %" PRIu64 " MiB", bytes >> 20);
	ok(bytes >= 512ull << 20, "the capture kernel has the memory of the other one");
	ok(runs[KIND_CONTROL] >= 1 && run_bytes[KIND_CONTROL] == OTHER_PAGES * PAGE,
	   "%s: %" PRIu64 " of %lu bytes were found, and no more", kind_names[KIND_CONTROL],
	   run_bytes[KIND_CONTROL], OTHER_PAGES * PAGE);
	for (kind = KIND_CONTROL + 1; kind <= SECRETS && !is_off; kind++)
		if (is_poisoned && kind == KIND_POISON)
			ok(run_bytes[kind] == PAGE, "%s: only that one is there: %" PRIu64 " bytes",
			   kind_names[kind], run_bytes[kind]);
		else if (!is_cut || !needs_walk(kind))
			ok(!runs[kind], "%s: %" PRIu64 " runs of %u bytes or more were found",
			   kind_names[kind], runs[kind], RUN);
	if (is_off)
		ok(run_bytes[KIND_PINNED] >= PINNED_PAGES * PAGE && runs[SECRETS],
		   "%s: all %" PRIu64 " bytes are there, and %" PRIu64 " runs of %s",
		   kind_names[KIND_PINNED], run_bytes[KIND_PINNED], runs[SECRETS],
		   kind_names[SECRETS]);
}

/* The text of VMCOREINFO. */
static char *vmcoreinfo(struct vmcore *core)
{
	static char text[3 * PAGE];
	const Elf64_Phdr *segment = core->segments;
	static char notes[1 << 20];
	size_t at = 0;

	while (segment < core->segments + core->header.e_phnum && segment->p_type != PT_NOTE)
		segment++;
	if (segment == core->segments + core->header.e_phnum || segment->p_filesz > sizeof(notes) ||
	    pread(core->fd, notes, segment->p_filesz, segment->p_offset) !=
	    (ssize_t)segment->p_filesz)
		return NULL;
	while (segment->p_filesz - at >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *note = (const void *)(notes + at);
		const char *name = (const char *)(note + 1);
		size_t desc = (note->n_namesz + 3) & ~3ul;
		size_t next = desc + ((note->n_descsz + 3) & ~3ul);

		at += sizeof(*note);
		if (segment->p_filesz - at < next)
			return NULL;
		if (note->n_namesz == sizeof("VMCOREINFO") && !strcmp(name, "VMCOREINFO") &&
		    note->n_descsz < sizeof(text)) {
			memcpy(text, name + desc, note->n_descsz);
			return text;
		}
		at += next;
	}
	return NULL;
}

static bool hmac_is_right(const struct kredact_panic_note *note)
{
	uint64_t key[KEY_BYTES / sizeof(uint64_t)];
	uint8_t digest[32];
	unsigned int len = sizeof(digest);

	pattern_fill(key, KEY_BYTES / sizeof(uint64_t), KIND_KEY, 0);
	return HMAC(EVP_sha256(), key, sizeof(key), (const void *)note,
		    offsetof(struct kredact_panic_note, hmac), digest, &len) &&
	       !memcmp(digest, note->hmac, sizeof(digest));
}

static void read_note(struct vmcore *core)
{
	struct kredact_panic_note note = { };
	char *text = vmcoreinfo(core), *line;

	ok(text && strstr(text, "\nCRASHTIME="), "VMCOREINFO is there, to its end");
	line = text ? strstr(text, "\n" KREDACT_PANIC_VMCOREINFO) : NULL;
	if (is_off) {
		say("# total: zeroed 0 frames in 0 us");
		ok(!line, "it names no note of kredact's");
		return;
	}
	ok(line && vmcore_read(core, strtoull(line + sizeof(KREDACT_PANIC_VMCOREINFO), NULL, 16),
			       &note, sizeof(note)) &&
	   !memcmp(note.magic, KREDACT_PANIC_MAGIC, sizeof(note.magic)) &&
	   note.version == KREDACT_PANIC_VERSION && note.size == sizeof(note),
	   "it names kredact's note");
	say("# frames %llu mapped %llu mms %llu ranges %llu walked %llu absent %llu poisoned %llu "
	    "foreign %llu faults %llu threads %llu own_bytes %llu key_bytes %u flags %#x cpu %u",
	    note.frames, note.mapped, note.mms, note.ranges, note.walked, note.absent,
	    note.poisoned, note.foreign, note.faults, note.threads, note.own_bytes,
	    note.key_bytes, note.flags, note.cpu);
	say("# total: zeroed %llu frames in %llu us", note.frames + note.walked, note.time_ns / 1000);
	ok(note.state == KREDACT_PANIC_DONE, "it is complete");
	ok(note.frames >= PINNED_PAGES + HUGE_PAGES, "it counts the pages that are pinned");
	ok(note.poisoned == is_poisoned && !note.foreign && !note.faults,
	   "nothing was in the way but %d bad frames", is_poisoned);
	ok(!(note.flags & KREDACT_PANIC_CUT) == !is_cut && !(note.flags & KREDACT_PANIC_UNREAD),
	   "there was%s time for all of it", is_cut ? " no" : "");
	if (is_cut)
		ok(note.time_ns >= 1000000000 && note.time_ns < 8000000000, "it has ended");
	ok(note.mms >= 2 && note.ranges >= PINNED_PAGES, "it counts tags");
	ok(note.walked >= 2 * OTHER_PAGES, "it counts pages that are not pinned");
	if (!is_cut)
		ok(note.mapped == OTHER_PAGES, "it counts the pages of the memfd_secret");
	ok(note.threads && note.key_bytes, "it counts threads, and keys of seals");
	ok(!(note.flags & KREDACT_PANIC_KEY_BOOT) && hmac_is_right(&note), "its HMAC is right");
}

/* All of it, for what reads dumps on the host. */
static void save(struct vmcore *core)
{
	const Elf64_Phdr *segment = core->segments;
	uint64_t end = 0;
	int64_t saved;
	int error;

	for (; segment < core->segments + core->header.e_phnum; segment++)
		if (segment->p_offset + segment->p_filesz > end)
			end = segment->p_offset + segment->p_filesz;
	error = save_mount();
	errno = -error;
	if (error)
		fail("the disk");
	saved = save_file(core->fd, end, "vmcore");
	errno = saved < 0 ? -saved : 0;
	if (saved < 0)
		fail("saving /proc/vmcore");
	ok(end >= 512ull << 20, "%" PRIu64 " MiB were saved, of them %" PRId64 " MiB not zero",
	   end >> 20, saved >> 20);
}

int main(void)
{
	const char *token = getenv("VM_TOKEN"), *saving = getenv("CRASH_SAVE");
	struct vmcore core;
	struct termios raw;
	time_t begin;

	way = getenv("CRASH_WAY");
	is_off = way && !strcmp(way, "off");
	is_poisoned = way && !strcmp(way, "poison");
	is_cut = way && !strcmp(way, "cut");
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	host = fopen("/dev/ttyS1", "w");
	if (!host || !way || !token)
		fail("the channel to the host");
	if (!tcgetattr(fileno(host), &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fileno(host), TCSANOW, &raw);
	}
	begin = time(NULL);
	secrets_load();
	vmcore_open(&core);
	search_all(&core);
	read_note(&core);
	if (saving && !strcmp(saving, "yes"))
		save(&core);
	say("1..%u", number);
	fprintf(host, "end %s exit 0 %ld\n", way, (long)(time(NULL) - begin) * 1000);
	fprintf(host, "run machine\ntap machine ok 1 the capture kernel went through\n"
		"tap machine 1..1\nend machine exit 0 0\ndone %s 1\n", token);
	fflush(host);
	tcdrain(fileno(host));
	halt();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * corefind: a second opinion on a core, for tests.
 *
 *	corefind [-v] CORE [SECRET...]
 *
 * It shares no code with kredact-verify. For each file SECRET it prints
 *
 *	NAME BE LE INSIDE
 *
 * how often its bytes are in the core as they are, how often reversed, and how
 * often of all that at least one byte is in a page that the core's seal lists
 * ("-" if there is no seal). -v tells the places as well, on lines that begin
 * with "#". If the core has a seal a line
 *
 *	seal RANGES BYTES ABSENT NONZERO
 *
 * comes first: its ranges, their bytes, how many of those are not in the core's
 * segments, and how many are there and not zero. Exit status 0, or 2 for a core
 * that it cannot read.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kredact_seal.h>

#define SECRET_MAX	8192

struct bytes {
	const uint8_t *data;
	size_t len;
};

static struct bytes core;
static const Elf64_Phdr *phdrs;
static size_t nr_phdrs;
static struct kredact_seal_range *ranges;
static size_t nr_ranges, page_size;
static bool sealed, verbose;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "corefind: %s: %s\n", what, why);
	exit(2);
}

static struct bytes map(const char *path)
{
	struct bytes b;
	struct stat st;
	void *data;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		die(path, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		die(path, "not a file with anything in it");
	b.len = (size_t)st.st_size;
	data = mmap(NULL, b.len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		die(path, strerror(errno));
	close(fd);
	b.data = data;
	return b;
}

/* @len bytes at @off of the core, or an end with a message. */
static const void *at(uint64_t off, uint64_t len)
{
	if (off > core.len || core.len - off < len)
		die("core", "truncated");
	return core.data + off;
}

static void parse_elf(void)
{
	const Elf64_Ehdr *eh = at(0, sizeof(*eh));

	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh->e_type != ET_CORE || eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    eh->e_phnum == PN_XNUM)
		die("core", "not a 64-bit core with less than 65,535 segments");
	nr_phdrs = eh->e_phnum;
	phdrs = at(eh->e_phoff, nr_phdrs * sizeof(*phdrs));
}

static void parse_seal(void)
{
	const struct kredact_seal_trailer *end;
	const struct kredact_seal_header *head;
	uint64_t off, stop;

	if (core.len < sizeof(*end))
		return;
	end = at(core.len - sizeof(*end), sizeof(*end));
	if (memcmp(end->magic, KREDACT_SEAL_END, sizeof(end->magic)))
		return;
	off = le64toh(end->core_len);
	stop = core.len - sizeof(*end);
	head = at(off, sizeof(*head));
	if (memcmp(head->magic, KREDACT_SEAL_MAGIC, sizeof(head->magic)))
		die("seal", "no header where the trailer says");
	sealed = true;
	page_size = le32toh(head->page_size);
	if (!page_size || page_size & (page_size - 1))
		die("seal", "no page size");
	off += le16toh(head->header_len);
	while (off < stop) {
		const struct kredact_seal_record *rec = at(off, sizeof(*rec));
		uint64_t len = le64toh(rec->len);
		const void *payload = at(off + sizeof(*rec), len);

		if (le32toh(rec->type) == KREDACT_SEAL_RANGES) {
			size_t nr = len / sizeof(*ranges);

			ranges = reallocarray(ranges, nr_ranges + nr, sizeof(*ranges));
			if (!ranges)
				die("seal", strerror(ENOMEM));
			memcpy(ranges + nr_ranges, payload, nr * sizeof(*ranges));
			nr_ranges += nr;
		}
		off += sizeof(*rec) +
		       ((len + KREDACT_SEAL_ALIGN - 1) & ~(KREDACT_SEAL_ALIGN - 1ULL));
	}
}

/* What a range promises to be zero: its bytes, or all pages that they touch. */
static void extent(const struct kredact_seal_range *r, uint64_t *from, uint64_t *to)
{
	*from = le64toh(r->addr);
	*to = *from + le64toh(r->len);
	/* KREDACT_EXACT; <linux/kredact.h> is not needed for one bit. */
	if (!(le32toh(r->flags) & 1)) {
		*from &= ~(uint64_t)(page_size - 1);
		*to = (*to + page_size - 1) & ~(uint64_t)(page_size - 1);
	}
}

/* The byte of the process at @addr, or NULL if it is not in the core. */
static const uint8_t *byte_at(uint64_t addr)
{
	size_t i;

	for (i = 0; i < nr_phdrs; i++)
		if (phdrs[i].p_type == PT_LOAD && addr - phdrs[i].p_vaddr < phdrs[i].p_filesz)
			return at(phdrs[i].p_offset + (addr - phdrs[i].p_vaddr), 1);
	return NULL;
}

/* Return: the address at which offset @off was in the process, or 0. */
static uint64_t address_of(uint64_t off)
{
	size_t i;

	for (i = 0; i < nr_phdrs; i++)
		if (phdrs[i].p_type == PT_LOAD && off - phdrs[i].p_offset < phdrs[i].p_filesz)
			return phdrs[i].p_vaddr + (off - phdrs[i].p_offset);
	return 0;
}

static bool inside(uint64_t addr, size_t len)
{
	uint64_t from, to;
	size_t i;

	for (i = 0; i < nr_ranges; i++) {
		extent(&ranges[i], &from, &to);
		if (addr < to && addr + len > from)
			return true;
	}
	return false;
}

static void check_ranges(void)
{
	uint64_t from, to, addr, bytes = 0, absent = 0, nonzero = 0;
	const uint8_t *p;
	size_t i;

	for (i = 0; i < nr_ranges; i++) {
		bytes += le64toh(ranges[i].len);
		extent(&ranges[i], &from, &to);
		for (addr = from; addr < to; addr++) {
			p = byte_at(addr);
			if (!p)
				absent++;
			else if (*p)
				nonzero++;
		}
	}
	printf("seal %zu %llu %llu %llu\n", nr_ranges, (unsigned long long)bytes,
	       (unsigned long long)absent, (unsigned long long)nonzero);
}

static unsigned int find(const char *name, const char *order, const uint8_t *pattern, size_t len,
			 unsigned int *nr_inside)
{
	const uint8_t *p = core.data, *end = core.data + core.len;
	unsigned int nr = 0;

	while ((p = memmem(p, (size_t)(end - p), pattern, len)) != NULL) {
		uint64_t off = (uint64_t)(p - core.data), addr = address_of(off);

		nr++;
		if (addr && inside(addr, len))
			++*nr_inside;
		if (verbose)
			printf("# %s %s at offset 0x%llx, address 0x%llx\n", name, order,
			       (unsigned long long)off, (unsigned long long)addr);
		p++;
	}
	return nr;
}

static void search(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	unsigned int be, le, nr_inside = 0;
	struct bytes secret = map(path);
	uint8_t reversed[SECRET_MAX];
	size_t i;

	if (secret.len > SECRET_MAX)
		die(path, "too long for a secret");
	for (i = 0; i < secret.len; i++)
		reversed[i] = secret.data[secret.len - 1 - i];
	be = find(name, "as it is", secret.data, secret.len, &nr_inside);
	le = find(name, "reversed", reversed, secret.len, &nr_inside);
	if (sealed)
		printf("%s %u %u %u\n", name, be, le, nr_inside);
	else
		printf("%s %u %u -\n", name, be, le);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (i < argc && !strcmp(argv[i], "-v")) {
		verbose = true;
		i++;
	}
	if (i >= argc) {
		fputs("usage: corefind [-v] CORE [SECRET...]\n", stderr);
		return 3;
	}
	core = map(argv[i]);
	parse_elf();
	parse_seal();
	if (sealed)
		check_ranges();
	while (++i < argc)
		search(argv[i]);
	return fflush(stdout) || ferror(stdout) ? 2 : 0;
}

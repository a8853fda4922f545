// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of a machine whose kernel crashed: see fixture_machine.h.
 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fixture_machine.h"

/* Pinned frames are zero; of the second map none is in the memory. */
static void fill(struct machine_fixture *made, u64 base)
{
	u64 first = base / PAGE - base / PAGE % 64;
	u32 i, bit;

	memset(made->memory, 0, sizeof(made->memory));
	for (i = 0; i < MACHINE_PAGES; i++) {
		memset(made->memory + i * PAGE, i % 5 ? 0x20 + i % 64 : 0, PAGE);
		made->present[i] = i % 11 != 5;
	}
	made->base = base;
	made->note = (void *)(made->memory + NOTE_PAGE * PAGE);
	made->maps = (void *)(made->memory + MAP_PAGE * PAGE);
	memset(made->note, 0, PAGE);
	memset(made->maps, 0, MAPS * PAGE);
	for (i = 0; i < MAPS + 2; i++)
		made->present[MAP_PAGE - 2 + i] = true;
	made->maps[0].next = htole64(base + (MAP_PAGE + 1) * PAGE);
	made->maps[0].first = htole64(first);
	made->maps[1].first = htole64(first + KREDACT_PANIC_MAP_FRAMES);
	for (i = 0; i < PINNED; i++) {
		bit = base / PAGE - first + FIRST_PINNED + i;
		made->maps[0].bits[bit / 64] |= htole64(1ULL << bit % 64);
		memset(made->memory + (FIRST_PINNED + i) * PAGE, 0, PAGE);
	}
	made->maps[1].bits[7] = htole64(3);
	memcpy(made->note->magic, KREDACT_PANIC_MAGIC, 8);
	made->note->version = htole32(KREDACT_PANIC_VERSION);
	made->note->size = htole32(sizeof(*made->note));
	made->note->frames = htole64(PINNED + 2);
	made->note->walked = htole64(5);
	made->note->maps = htole64(base + MAP_PAGE * PAGE);
	made->note->nr_maps = htole64(MAPS);
	made->note->state = htole32(KREDACT_PANIC_DONE);
	fixture_key_id(made->key, made->note->key_id);
	snprintf(made->info, sizeof(made->info), "OSRELEASE=6.12.9-test\nPAGESIZE=4096\n%s%llx\n",
		 KREDACT_PANIC_VMCOREINFO, (unsigned long long)(base + NOTE_PAGE * PAGE));
}

/**
 * machine_sign() - have the note say what the kernel would say of this
 * @made:	a machine
 */
void machine_sign(struct machine_fixture *made)
{
	unsigned int len;

	if (!EVP_Digest(made->maps, MAPS * PAGE, made->note->digest, NULL, EVP_sha256(), NULL) ||
	    !HMAC(EVP_sha256(), made->key, sizeof(made->key), (void *)made->note,
		  offsetof(struct kredact_panic_note, hmac), made->note->hmac, &len))
		abort();
}

/**
 * machine_write() - make the file of its dump
 * @made:	a machine; @file is replaced
 * @kind:	0: ELF, below MACHINE_KINDS: kdump
 */
void machine_write(struct machine_fixture *made, u32 kind)
{
	static const int hows[MACHINE_KINDS - 1] = {
		KDUMP_PLAIN, KDUMP_ZLIB, KDUMP_LZO, KDUMP_SNAPPY, KDUMP_ZSTD,
	};

	made->file.len = 0;
	if (kind)
		format_kdump_info(&made->file, made->memory, made->present, MACHINE_PAGES,
				  hows[kind - 1], made->info);
	else
		format_vmcore_info(&made->file, made->memory, MACHINE_PAGES, made->info);
}

/**
 * machine_make() - a good machine
 * @made:	takes it, @key set; @file stays
 * @kind:	of the file that is to be made of it
 */
void machine_make(struct machine_fixture *made, u32 kind)
{
	fill(made, kind ? 0 : VMCORE_BASE);
	machine_sign(made);
}

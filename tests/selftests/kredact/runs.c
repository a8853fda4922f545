// SPDX-License-Identifier: GPL-2.0
/*
 * Runs of a secret, and copies in seals: see runs.h.
 */
#include <string.h>

#include "runs.h"

#define SECRET_MAX	4096

int longest_run(const uint8_t *text, size_t text_len, const uint8_t *secret, int len)
{
	/* Places of the secret by the byte that is there. */
	static int first[256], next[SECRET_MAX];
	int i, n, longest = 0;
	size_t at;

	memset(first, -1, sizeof(first));
	for (i = 0; i < len; i++) {
		next[i] = first[secret[i]];
		first[secret[i]] = i;
	}
	for (at = 0; at < text_len; at++) {
		for (i = first[text[at]]; i >= 0; i = next[i]) {
			for (n = 1; i + n < len && at + n < text_len; n++)
				if (text[at + n] != secret[i + n])
					break;
			longest = n > longest ? n : longest;
			for (n = 1; i - n >= 0 && at + n < text_len; n++)
				if (text[at + n] != secret[i - n])
					break;
			longest = n > longest ? n : longest;
		}
	}
	return longest;
}

/* The nth record of a type, or NULL. */
static const struct kredact_seal_record *find_record(const struct core *core, uint32_t type,
						     unsigned int nth)
{
	const struct kredact_seal_record *record = NULL;

	while ((record = core_seal_record(core, record)))
		if (record->type == type && !nth--)
			break;
	return record;
}

const struct kredact_seal_hunt *seal_hunt(const struct core *core)
{
	const struct kredact_seal_record *record = find_record(core, KREDACT_SEAL_HUNT, 0);

	return record ? (const void *)(record + 1) : NULL;
}

const struct kredact_seal_policy *seal_policy(const struct core *core)
{
	const struct kredact_seal_record *record = find_record(core, KREDACT_SEAL_POLICY, 0);

	return record ? (const void *)(record + 1) : NULL;
}

/* A copy that begins at @addr, or any in a note. */
static const struct kredact_seal_copy *find_copy(const struct core *core, uint64_t addr,
						 bool in_note)
{
	const struct kredact_seal_record *record;
	const struct kredact_seal_copy *copies;
	unsigned int nth;
	size_t i;

	for (nth = 0; (record = find_record(core, KREDACT_SEAL_COPIES, nth)); nth++) {
		copies = (const void *)(record + 1);
		for (i = 0; i < record->len / sizeof(*copies); i++) {
			if (in_note != !!(copies[i].flags & KREDACT_COPY_NOTE))
				continue;
			if (in_note || copies[i].addr == addr)
				return &copies[i];
		}
	}
	return NULL;
}

bool seal_has_copy(const struct core *core, uint64_t addr, uint64_t len, uint32_t flags)
{
	const struct kredact_seal_copy *copy;
	uint64_t end = addr + len;

	while (addr < end) {
		copy = find_copy(core, addr, false);
		if (!copy || copy->flags != flags || copy->len > end - addr)
			return false;
		addr += copy->len;
	}
	return true;
}

bool seal_has_copy_in_note(const struct core *core)
{
	return find_copy(core, 0, true);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The search that judges cores, against one that has no ideas at all; and AES
 * schedules, against the standard's example and OpenSSL's.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stdlib.h>
#include <string.h>

#include <openssl/aes.h>

#include "aes.h"
#include "scan.h"
#include "tap.h"

#define TEXT		4096
#define ROUNDS		60
#define RUNS		4096

struct bytes {
	const uint8_t *at;
	size_t len;
};

static struct scan_run told[RUNS], plain[RUNS];
static unsigned int nr_told, nr_plain;
static uint64_t state = 1;

static uint32_t random_below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * limit >> 32);
}

static void fill(uint8_t *at, size_t len)
{
	while (len--)
		*at++ = (uint8_t)random_below(256);
}

static void note(const struct scan_run *run, void *arg)
{
	(void)arg;
	if (nr_told < RUNS)
		told[nr_told++] = *run;
}

/* Every pair of an offset in the text and one in a secret: does a longest run begin there? */
static void plain_scan(const uint8_t *text, size_t len)
{
	unsigned int s, order;
	size_t n, i, at, from;

	nr_plain = 0;
	for (s = 0; s < scan_nr(); s++) {
		const uint8_t *secret = scan_secret(s, &n);

#define BYTE(k) secret[order ? n - 1 - (k) : (k)]
		for (order = 0; order < 2; order++)
			for (at = 0; at < len; at++)
				for (from = 0; from < n; from++) {
					if (at && from && text[at - 1] == BYTE(from - 1))
						continue;
					for (i = 0; at + i < len && from + i < n &&
					     text[at + i] == BYTE(from + i); i++)
						;
					if (i < SCAN_RUN || nr_plain == RUNS)
						continue;
					plain[nr_plain++] = (struct scan_run){
						at, i, s,
						(unsigned int)(order ? n - 1 - from : from), order,
					};
				}
#undef BYTE
	}
}

static int compare(const void *a, const void *b)
{
	const struct scan_run *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->secret != y->secret)
		return x->secret < y->secret ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (int)x->reversed - (int)y->reversed;
}

static bool same(void)
{
	unsigned int i;

	qsort(told, nr_told, sizeof(told[0]), compare);
	qsort(plain, nr_plain, sizeof(plain[0]), compare);
	if (nr_told != nr_plain)
		return false;
	for (i = 0; i < nr_told; i++)
		if (compare(&told[i], &plain[i]) || told[i].len != plain[i].len)
			return false;
	return true;
}

static void test_scan(void)
{
	static uint8_t text[TEXT];
	unsigned int round, i, found = 0, bad = 0;

	for (round = 0; round < ROUNDS; round++) {
		fill(text, sizeof(text));
		for (i = 0; i < 24; i++) {
			unsigned int s = random_below(scan_nr()), k;
			size_t len, n = 8 + random_below(40), from, at;
			const uint8_t *secret = scan_secret(s, &len);

			if (n > len)
				n = len;
			from = random_below((uint32_t)(len - n + 1));
			at = random_below((uint32_t)(TEXT - n + 1));
			/* At both ends too. */
			at = i == 0 ? 0 : i == 1 ? TEXT - n : at;
			for (k = 0; k < n; k++)
				text[at + k] = secret[i & 1 ? from + n - 1 - k : from + k];
		}
		nr_told = 0;
		scan(text, sizeof(text), 0, sizeof(text), note, NULL);
		plain_scan(text, sizeof(text));
		bad += !same();
		found += nr_plain;
	}
	ok(!bad, "%u texts: the same runs as by trying everything", ROUNDS);
	ok(found > ROUNDS * 10, "%u runs were there to be found", found);
}

static void test_standard(void)
{
	static const uint8_t key[32] = {
		0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d,
		0x77, 0x81, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3,
		0x09, 0x14, 0xdf, 0xf4,
	};
	uint8_t schedule[AES_SCHEDULE_MAX];

	ok(aes_schedule(key, 32, schedule) == 240 &&
	   !memcmp(schedule + 236, "\x70\x6c\x63\x1e", 4), "FIPS 197: the last word of A.3");
	aes_swap(schedule, 240);
	ok(!memcmp(schedule + 236, "\x1e\x63\x6c\x70", 4), "as a little-endian word");
}

/* OpenSSL's is one of the two forms, by the implementation that its build has. */
static bool is_form(const AES_KEY *theirs, const uint8_t *ours, size_t len)
{
	uint8_t swapped[AES_SCHEDULE_MAX];

	memcpy(swapped, ours, len);
	aes_swap(swapped, len);
	return !memcmp(theirs->rd_key, ours, len) || !memcmp(theirs->rd_key, swapped, len);
}

static void test_openssl(size_t len)
{
	uint8_t key[32], schedule[AES_SCHEDULE_MAX], inverse[AES_SCHEDULE_MAX];
	unsigned int i, bad = 0;
	AES_KEY theirs;
	size_t n;

	for (i = 0; i < 20; i++) {
		fill(key, len);
		n = aes_schedule(key, len, schedule);
		aes_inverse(schedule, n, inverse);
		AES_set_encrypt_key(key, (int)len * 8, &theirs);
		bad += !is_form(&theirs, schedule, n);
		AES_set_decrypt_key(key, (int)len * 8, &theirs);
		bad += !is_form(&theirs, inverse, n);
	}
	ok(!bad, "AES-%zu: both schedules are OpenSSL's", len * 8);
}

int main(void)
{
	uint8_t bytes[256];

	fill(bytes, sizeof(bytes));
	ok(scan_add("short", bytes, SCAN_RUN - 1) < 0, "too short for a secret");
	ok(scan_add("long", bytes, 256) == 0, "a secret");
	fill(bytes, sizeof(bytes));
	ok(scan_add("least", bytes, SCAN_RUN) == 1, "the shortest one");
	fill(bytes, sizeof(bytes));
	ok(scan_add_aes("aes", bytes, 32) == 2 && scan_nr() == 7, "an AES key and its schedules");
	test_scan();
	test_standard();
	test_openssl(16);
	test_openssl(24);
	test_openssl(32);
	return tap_end();
}

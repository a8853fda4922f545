// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of kmod/core/strict.c: words against an oracle that tries all extents, and
 * the names of files in every place, also over the end of a page.
 */
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "strict.h"

#define PAGE	KR_STRICT_PAGE
#define EXTENTS	64

static unsigned int number;

static void report(const char *name, unsigned int before)
{
	printf("%s %u - %s\n", failures == before ? "ok" : "not ok", ++number, name);
}

static struct kr_strict strict;
static struct kr_extent extents[EXTENTS];
static char names[4096];
static u8 page[PAGE], old[PAGE];

static void init(u32 word)
{
	kr_strict_init(&strict, word, extents, EXTENTS, names, sizeof(names));
}

static u64 random64(void)
{
	return (u64)rand() << 42 ^ (u64)rand() << 21 ^ rand();
}

static void add_name(const char *path)
{
	EXPECT(!kr_strict_add_name(&strict, path, strlen(path)));
}

static void test_extents(void)
{
	unsigned int before = failures;
	u32 i;

	init(8);
	EXPECT(!kr_strict_is_address(&strict, 0x1000));
	EXPECT(kr_strict_add(&strict, 0x2000, 0x2000) == -EINVAL);
	EXPECT(!kr_strict_add(&strict, 0x1000, 0x2000));
	EXPECT(!kr_strict_add(&strict, 0x2000, 0x3000));
	EXPECT(strict.nr_extents == 1);
	EXPECT(!kr_strict_add(&strict, 0x4000, 0x5000));
	EXPECT(strict.nr_extents == 2);
	EXPECT(kr_strict_add(&strict, 0x4fff, 0x6000) == -EINVAL);
	EXPECT(kr_strict_add(&strict, 0x1000, 0x2000) == -EINVAL);
	EXPECT(!kr_strict_is_address(&strict, 0xfff));
	EXPECT(kr_strict_is_address(&strict, 0x1000));
	EXPECT(kr_strict_is_address(&strict, 0x2fff));
	EXPECT(!kr_strict_is_address(&strict, 0x3000));
	EXPECT(!kr_strict_is_address(&strict, 0x3fff));
	EXPECT(kr_strict_is_address(&strict, 0x4fff));
	EXPECT(!kr_strict_is_address(&strict, 0x5000));
	EXPECT(!kr_strict_add(&strict, ~0xfffull, ~0ull));
	EXPECT(kr_strict_is_address(&strict, ~0ull - 1));
	EXPECT(!kr_strict_is_address(&strict, ~0ull));
	for (i = 3; i < EXTENTS; i++)
		strict.nr_extents++;
	extents[EXTENTS - 1].to = 0x10000;
	EXPECT(kr_strict_add(&strict, 0x20000, 0x21000) == -ENOSPC);
	EXPECT(!kr_strict_add(&strict, 0x10000, 0x21000));
	report("extents", before);
}

static void test_words(void)
{
	static const struct {
		u32 word;
		u64 value;
		bool kept;
	} cases[] = {
		{ 8, 0, true }, { 8, 65535, true }, { 8, 65536, false },
		{ 8, -1ull, true }, { 8, -65535ull, true }, { 8, -65536ull, false },
		{ 8, 1ull << 32, true }, { 8, 65535ull << 32 | 65535, true },
		{ 8, 65536ull << 32, false }, { 8, 1ull << 32 | 65536, false },
		{ 8, 0xffff0001ffff0001, true }, { 8, 0xffff0000ffff0001, false },
		{ 8, 7ull << 32 | 0xffffffff, true }, { 8, 0x00000000ffff0000, false },
		{ 8, 0x7f0012341000, true }, { 8, 0x7f0012340fff, false },
		{ 8, 0x7f0012341fff, true }, { 8, 0x7f0012342000, false },
		{ 8, 0x7f00123410000000, false }, { 8, 0x0123456789abcdef, false },
		{ 4, 0, true }, { 4, 65535, true }, { 4, 65536, false },
		{ 4, 0xffff0001, true }, { 4, 0xffff0000, false },
		{ 4, 0x8048000, true }, { 4, 0x8047fff, false },
	};
	unsigned int before = failures;
	u32 i, at, j;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		u32 word = cases[i].word;

		init(word);
		kr_strict_add(&strict, 0x8048000, 0x8049000);
		kr_strict_add(&strict, 0x7f0012341000, 0x7f0012342000);
		for (at = 0; at < PAGE; at += word) {
			memset(page, 0, PAGE);
			memcpy(page + at, &cases[i].value, word);
			memcpy(old, page, PAGE);
			if (!cases[i].kept)
				memset(old + at, 0, word);
			j = kr_strict_page(&strict, page);
			EXPECT(j == (cases[i].kept ? 0 : word));
			if (memcmp(page, old, PAGE)) {
				printf("# %lx\n", (long)cases[i].value);
				failures++;
			}
		}
	}
	report("words that are kept, and that are not", before);
}

/* As the header says it. */
static bool oracle(u32 word, u64 value)
{
	int64_t number64 = word == 8 ? (int64_t)value : (int32_t)value;
	int32_t low = (int32_t)value, high = word == 8 ? (int32_t)(value >> 32) : 0;
	u32 i;

	if (number64 > -65536 && number64 < 65536)
		return true;
	if (low > -65536 && low < 65536 && high > -65536 && high < 65536)
		return true;
	for (i = 0; i < strict.nr_extents; i++)
		if (value >= extents[i].from && value < extents[i].to)
			return true;
	return false;
}

static void test_oracle(void)
{
	unsigned int before = failures, round, kept = 0, gone = 0;
	u32 word, at, zeroed, i;
	u64 base, value;

	for (round = 0; round < 500; round++) {
		word = round % 2 ? 8 : 4;
		init(word);
		base = 0x10000;
		for (i = rand() % EXTENTS; i; i--) {
			u64 len = 0x1000 * (1 + rand() % 16);

			base += 0x1000 * (rand() % 8);
			EXPECT(!kr_strict_add(&strict, base, base + len));
			base += len;
		}
		for (at = 0; at < PAGE; at += word) {
			switch (rand() % 4) {
			case 0:
				value = random64();
				break;
			case 1:
				value = (u64)rand() % (base + 0x10000);
				break;
			case 2:
				value = rand() % 200000 - 100000;
				break;
			default:
				value = (u64)(rand() % 200000 - 100000) << 32 |
					(u32)(rand() % 200000 - 100000);
			}
			memcpy(page + at, &value, word);
		}
		memcpy(old, page, PAGE);
		zeroed = kr_strict_page(&strict, page);
		for (at = 0; at < PAGE; at += word) {
			value = 0;
			memcpy(&value, old + at, word);
			if (oracle(word, value)) {
				kept++;
				EXPECT(!memcmp(page + at, old + at, word));
			} else {
				gone++;
				zeroed -= word;
				value = 0;
				EXPECT(!memcmp(page + at, &value, word));
			}
		}
		EXPECT(!zeroed);
	}
	EXPECT(kept > 10000 && gone > 10000);
	report("random words, as an oracle has it", before);
}

static void add_names(void)
{
	init(8);
	kr_strict_add(&strict, 0x7f0012341000, 0x7f0012342000);
	add_name("/usr/sbin/service");
	add_name("/usr/lib/x86_64-linux-gnu/libc.so.6");
	add_name("/usr/lib/x86_64-linux-gnu/libz.so.1.2.13");
	add_name("/opt/old/libm-2.31.so");
	add_name("/opt/old/libcrypt-1.so.2");
}

static const struct {
	const char *text;
	bool kept;
} strings[] = {
	{ "/usr/lib/x86_64-linux-gnu/libc.so.6", true },
	{ "/lib/x86_64-linux-gnu/libc.so.6", true },
	{ "/libc.so.6", true },
	{ "./libc.so.6", true },
	{ "../lib/libc.so.6", true },
	{ "/lib/libz.so.1", true },
	{ "/lib/libz.so.1.2", true },
	{ "/lib/libz.so", true },
	{ "/lib/libm.so.6", true },
	{ "/lib/libcrypt.so.1", true },
	{ "/usr/sbin/service", true },
	{ "/proc/self/service", true },
	/* Another file, or none. */
	{ "libc.so.6", false },
	{ "/lib/libc.so.61", false },
	{ "/lib/libc.so.", false },
	{ "/lib/xlibc.so.6", false },
	{ "/lib/libz.so.12", false },
	{ "/lib/libz.so.1.3", false },
	{ "/lib/li", false },
	{ "/lib/", false },
	{ "/lib/libcry.so.1", false },
	{ "/sbin/services", false },
	{ "/sbin/servic", false },
	{ "/sbin/service/password", false },
	{ "password=/sbin/service", false },
	{ "/a secret.libc.so.6", false },
	{ "hunter2-hunter2-hunter2", false },
};

/* At every place in a page, with words that go around it. */
static void test_names(void)
{
	unsigned int before = failures;
	u32 i, at, len, zeroed;

	add_names();
	for (i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		const char *text = strings[i].text;

		len = strlen(text);
		for (at = 1; at + len < PAGE; at += 1 + rand() % 97) {
			memset(page, 0x81, PAGE);
			page[at - 1] = 0;
			memcpy(page + at, text, len + 1);
			zeroed = kr_strict_page(&strict, page);
			memset(old, 0, PAGE);
			if (strings[i].kept)
				memcpy(old + at, text, len);
			if (memcmp(page, old, PAGE)) {
				printf("# at %u: %s\n", at, text);
				failures++;
				break;
			}
			EXPECT(zeroed <= PAGE - (strings[i].kept ? len : 0));
		}
		/* Not a string that ends there. */
		memset(page, 0x81, PAGE);
		memcpy(page + 100, text, len);
		EXPECT(kr_strict_page(&strict, page) == PAGE);
	}
	report("names of mapped files, and other text", before);
}

/* A name that goes over the end of a page is kept whole. */
static void test_split(void)
{
	static const char *const whole[] = {
		"/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6",
		"/usr/lib/x86_64-linux-gnu/libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1.2",
	};
	unsigned int before = failures;
	u32 i, first, len;

	add_names();
	for (i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		len = strlen(whole[i]);
		for (first = 1; first < len; first++) {
			memset(page, 0x81, PAGE);
			memcpy(page + PAGE - first, whole[i], first);
			kr_strict_page(&strict, page);
			EXPECT(!memcmp(page + PAGE - first, whole[i], first));
			EXPECT(!page[PAGE - first - 1]);
			memset(page, 0x81, PAGE);
			memcpy(page, whole[i] + first, len + 1 - first);
			kr_strict_page(&strict, page);
			if (memcmp(page, whole[i] + first, len + 1 - first)) {
				printf("# %s\n", whole[i] + first);
				failures++;
			}
			EXPECT(!page[len + 1 - first + 8]);
		}
	}
	/* Other text there is not. */
	memset(page, 'x', PAGE);
	EXPECT(kr_strict_page(&strict, page) == PAGE);
	memset(page, 0x81, PAGE);
	memcpy(page, "word", 5);
	memcpy(page + PAGE - 8, "password", 8);
	EXPECT(kr_strict_page(&strict, page) == PAGE);
	report("names that go over the end of a page", before);
}

static void test_limits(void)
{
	unsigned int before = failures;
	char path[80];
	u32 i, kept = 0;

	add_names();
	EXPECT(kr_strict_add_name(&strict, "", 0) == -EINVAL);
	EXPECT(kr_strict_add_name(&strict, "lib/libc.so.6", 13) == -EINVAL);
	EXPECT(kr_strict_add_name(&strict, "/a/b", 4) == -EINVAL);
	for (i = 0; ; i++) {
		int len = snprintf(path, sizeof(path), "/usr/lib/%060u", i);

		if (kr_strict_add_name(&strict, path, len))
			break;
	}
	EXPECT(strict.names_len <= sizeof(names) && strict.names_len > sizeof(names) - 80);
	EXPECT(!strict.names[strict.names_len - 1]);
	/* More names in a page than are kept. */
	memset(page, 0, PAGE);
	for (i = 0; i < PAGE; i += 16)
		memcpy(page + i, "/lib/libc.so.6", 15);
	kr_strict_page(&strict, page);
	for (i = 0; i < PAGE; i += 16)
		kept += !memcmp(page + i, "/lib/libc.so.6", 14);
	EXPECT(kept == KR_STRICT_PAGE_NAMES);
	report("limits", before);
}

int main(void)
{
	srand(1);
	test_extents();
	test_words();
	test_oracle();
	test_names();
	test_split();
	test_limits();
	printf("1..%u\n", number);
	return !!failures;
}

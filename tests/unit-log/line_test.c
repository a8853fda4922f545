// SPDX-License-Identifier: GPL-2.0
/* The form of a line, and the tree of RFC 6962. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>
#include <openssl/sha.h>

#include "log/merkle.h"
#include "log/terms.h"
#include "tap.h"

#define BOOT	"4f98ffc8-15b4-4ac6-829c-773ae2757813"

static struct line_stamp stamp = {
	.seq = 7, .realtime_ns = 1795696054110789347, .boot_ns = 14010680105356, .boot_id = BOOT,
};

static void test_write(void)
{
	static const char expected[] =
		"{\"seq\":7,\"time\":\"2026-11-26T12:27:34.110789347Z\","
		"\"realtime_ns\":1795696054110789347,\"boot_ns\":14010680105356,"
		"\"boot_id\":\"" BOOT "\",\"prev\":\""
		"0102030000000000000000000000000000000000000000000000000000000000\","
		"\"event\":\"dump.stored\",\"sender\":{\"pid\":1},\"data\":{\"a\":\"}\\\"{\"}}\n";
	char text[1024];
	struct line line;
	size_t len;

	memcpy(stamp.prev, "\1\2\3", 3);
	len = line_write(text, sizeof(text), &stamp, "dump.stored", "{\"pid\":1}",
			 "{\"a\":\"}\\\"{\"}");
	ok(len == strlen(expected) && !strcmp(text, expected), "a line is written byte for byte");
	ok(line_read(&line, text, len) == LINE_GOOD, "and read again");
	ok(line.stamp.seq == 7 && line.stamp.realtime_ns == stamp.realtime_ns &&
	   line.stamp.boot_ns == stamp.boot_ns && !strcmp(line.stamp.boot_id, BOOT) &&
	   !memcmp(line.stamp.prev, stamp.prev, LINE_HASH_LEN), "with the same stamp");
	ok(line_is(&line, "dump.stored") && !line_is(&line, "dump.store") &&
	   line.sender_len == 9 && line.data_len == 12, "event, sender and data");
	ok(!line_write(text, len, &stamp, "dump.stored", "{\"pid\":1}", "{\"a\":\"}\\\"{\"}"),
	   "without room there is no line");
}

/* Each byte of a line that is changed must be noticed, or change what was read. */
static void test_bytes(void)
{
	char text[1024], copy[1024];
	size_t len = line_write(text, sizeof(text), &stamp, "dump.stored", "{\"pid\":1}", "{}"), i;
	unsigned int refused = 0, same = 0, cut = 0;
	struct line line, changed;

	line_read(&line, text, len);
	for (i = 0; i < len; i++) {
		memcpy(copy, text, len);
		copy[i] ^= 1;
		if (line_read(&changed, copy, len) != LINE_GOOD)
			refused++;
		else if (!memcmp(&line.stamp, &changed.stamp, sizeof(line.stamp)) &&
			 changed.event_len == line.event_len &&
			 !memcmp(changed.event, line.event, line.event_len) &&
			 !memcmp(changed.sender, line.sender, line.sender_len) &&
			 !memcmp(changed.data, line.data, line.data_len))
			same++;
	}
	ok(!same && refused > len / 3, "a changed byte is refused (%u of %zu), or changes what is read",
	   refused, len);
	for (i = 0; i < len; i++)
		cut += line_read(&changed, text, i) != LINE_GOOD;
	ok(cut == len, "no beginning of a line is one");
	memcpy(copy, text, len);
	*strstr(copy, "realtime_ns\":1") = 'r';
	memcpy(strstr(copy, "\"time\":\"2026"), "\"time\":\"2025", 12);
	ok(line_read(&changed, copy, len) == LINE_TIME, "two times that differ");
}

static void test_hostile(void)
{
	static const char *const bad[] = {
		"", "\n", "{}\n", "{\"seq\":01,", "{\"seq\":-1,", "{\"seq\":18446744073709551616,",
		"{\"seq\":1,\"time\":\"2026", "null\n",
	};
	unsigned int i, refused = 0;
	struct line line;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		/* On the heap, so that ASan sees a byte read too many. */
		char *copy = malloc(strlen(bad[i]) + 1);

		memcpy(copy, bad[i], strlen(bad[i]));
		refused += line_read(&line, copy, strlen(bad[i])) == LINE_FORM;
		free(copy);
	}
	ok(refused == i, "what is no line is none");
	ok(line_event_ok("dump.stored", 11) && line_event_ok("a.b.c-d_9", 9), "names of events");
	ok(!line_event_ok("dump", 4) && !line_event_ok(".a", 2) && !line_event_ok("a.", 2) &&
	   !line_event_ok("a..b", 4) && !line_event_ok("A.b", 3) && !line_event_ok("a.\"", 3) &&
	   !line_event_ok("", 0), "and what is none");
}

static void test_json(void)
{
	char deep[128];
	struct json_object *object = line_json("{\"a\":1}", 7);

	ok(object != NULL, "JSON");
	json_object_put(object);
	object = line_json("{\"NaN\":null,\"b\":[null,\"\\\"I\"]}", 29);
	ok(object != NULL, "JSON with all that looks like what it is not");
	json_object_put(object);
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	ok(!line_json(deep, sizeof(deep)), "not too deep");
	ok(!line_json("{\"a\":1}x", 8) && !line_json("{\"a\":1", 6) && !line_json("[1]", 3) &&
	   !line_json("{\"a\":NaN}", 9) &&
	   !line_json("{\"a\":-Infinity}", 15) && !line_json("{\"a\":nan}", 9) && !line_json("{'a':1}", 7) &&
	   !line_json("{\"a\":\"\xff\"}", 9), "not after its end, cut, an array, or lax");
}

/* By the definition: from scratch, with a recursion. */
static void tree(const char *const *leaf, const size_t *len, size_t n, u8 *root)
{
	u8 bytes[65] = { 1 }, text[32] = { 0 };
	size_t k = 1;

	if (!n) {
		SHA256((const u8 *)"", 0, root);
		return;
	}
	if (n == 1) {
		memcpy(text + 1, leaf[0], len[0]);
		SHA256(text, len[0] + 1, root);
		return;
	}
	while (2 * k < n)
		k *= 2;
	tree(leaf, len, k, bytes + 1);
	tree(leaf + k, len + k, n - k, bytes + 33);
	SHA256(bytes, sizeof(bytes), root);
}

#define LEAVES 70

static void test_merkle(void)
{
	static u8 hashes[LEAVES][LINE_HASH_LEN];
	struct merkle grown = { 0 };
	const char *leaf[LEAVES];
	size_t len[LEAVES], n, i;
	char names[LEAVES][8];
	u8 root[LINE_HASH_LEN], mine[LINE_HASH_LEN], path[MERKLE_LEVELS][LINE_HASH_LEN];
	unsigned int steps, differ = 0, proofs = 0, bad = 0, false_ones = 0;

	for (i = 0; i < LEAVES; i++) {
		len[i] = (size_t)sprintf(names[i], "line%zu", i);
		leaf[i] = names[i];
		merkle_leaf(leaf[i], len[i], hashes[i]);
	}
	for (n = 0; n <= LEAVES; n++) {
		tree(leaf, len, n, root);
		merkle_root(&grown, mine);
		differ += memcmp(root, mine, sizeof(root)) != 0;
		for (i = 0; i < n; i++) {
			proofs++;
			bad += !merkle_proof(hashes, n, i, path, &steps) ||
			       !merkle_check(hashes[i], i, n, path, steps, root);
			/* Of another leaf, with another place, and with a path that was changed. */
			false_ones += merkle_check(hashes[(i + 1) % LEAVES], i, n, path, steps,
						   root);
			if (n > 1)
				false_ones += merkle_check(hashes[i], (i + 1) % n, n, path, steps,
							   root);
			if (steps) {
				path[steps - 1][0] ^= 1;
				false_ones += merkle_check(hashes[i], i, n, path, steps, root);
				false_ones += merkle_check(hashes[i], i, n, path, steps - 1, root);
			}
		}
		if (n < LEAVES)
			merkle_add(&grown, hashes[n]);
	}
	ok(!differ, "trees of 0 to %d leaves are those of the definition", LEAVES);
	ok(proofs > 2000 && !bad, "%u paths lead to the root", proofs);
	ok(!false_ones, "no other path does");
	ok(!merkle_proof(hashes, 3, 3, path, &steps), "no path from a leaf that is not there");
}

/* What implementations of RFC 6962 test themselves with. */
static void test_vectors(void)
{
	static const char *const leaf[] = { "", "\0", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43",
		"\x50\x51\x52\x53\x54\x55\x56\x57",
		"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f" };
	static const size_t len[] = { 0, 1, 1, 2, 2, 4, 8, 16 };
	static const char *const roots[] = {
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	};
	struct merkle grown = { 0 };
	u8 hash[LINE_HASH_LEN], root[LINE_HASH_LEN];
	unsigned int i, same = 0;

	for (i = 0; i < 8; i++) {
		merkle_leaf(leaf[i], len[i], hash);
		merkle_add(&grown, hash);
		merkle_root(&grown, hash);
		same += line_unhex(roots[i], root) && !memcmp(root, hash, sizeof(root));
	}
	ok(same == 8, "the eight trees that Certificate Transparency is tested with");
}

static void count_term(void *arg, const struct term *term)
{
	strncat(arg, (char[]){ (char)term->kind, 0 }, 1);
	strncat(arg, "=", 2);
	strncat(arg, term->value, term->len);
	strcat(arg, " ");
}

static void test_terms(void)
{
	static const char data[] = "{\"labels\":[\"jwt\",5],\"dump\":{\"name\":\"core\",\"sha256\":\"ab\","
		"\"path\":\"/p\"},\"process\":{\"pid\":5,\"start_ns\":61234567,\"comm\":\"c\"},"
		"\"person\":{\"uid\":1000,\"name\":\"a\"}}";
	char text[1024], terms[1024] = "";
	struct term one = { TERM_LABEL, "a", 1 }, two = { TERM_NAME, "a", 1 };
	struct json_object *object;
	struct line line;
	size_t len = line_write(text, sizeof(text), &stamp, "dump.stored", "{}", data);

	line_read(&line, text, len);
	object = line_json(line.data, line.data_len);
	terms_of(&line, object, count_term, terms);
	json_object_put(object);
	ok(!strcmp(terms, "e=dump.stored f=dump l=jwt d=ab n=core p=/p c=5 c=c s=5:6 w=1000 w=a "),
	   "what a line can be found by");
	len = line_write(text, sizeof(text), &stamp, "gate.allowed", "{}", "{\"dump\":{\"name\":\"core\"},"
			 "\"destination\":\"/debug/\"}");
	line_read(&line, text, len);
	object = line_json(line.data, line.data_len);
	*terms = '\0';
	terms_of(&line, object, count_term, terms);
	json_object_put(object);
	ok(!strcmp(terms, "e=gate.allowed f=gate n=core p=/debug/core "), "where a gate has put it");
	ok(term_hash(&one) != term_hash(&two) && term_hash(&one) == term_hash(&one),
	   "terms of different kinds are different");
}

int main(void)
{
	test_write();
	test_bytes();
	test_hostile();
	test_json();
	test_merkle();
	test_vectors();
	test_terms();
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The encoder of seals, read back byte by byte at the offsets that
 * Documentation/seal-format.rst gives, not through the structs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "seal.h"

struct sink {
	u8 bytes[4096];
	u32 len;
	u32 room;
};

static bool sink_write(void *arg, const void *data, u32 len)
{
	struct sink *sink = arg;

	if (sink->room - sink->len < len)
		return false;
	memcpy(sink->bytes + sink->len, data, len);
	sink->len += len;
	return true;
}

static u64 le(const u8 *at, int len)
{
	u64 value = 0;

	while (len--)
		value = value << 8 | at[len];
	return value;
}

static bool write_seal(struct sink *sink)
{
	struct kr_seal seal = { .write = sink_write, .arg = sink, .core_len = 0x123458 };
	struct kredact_seal_header header = { .flags = cpu_to_le32(1), .tgid = cpu_to_le32(4711) };
	struct kredact_seal_range ranges[2] = {
		{ .addr = cpu_to_le64(0x7f0000001000), .len = cpu_to_le64(32) },
		{ .addr = cpu_to_le64(0x7f0000002000), .len = cpu_to_le64(64),
		  .label = cpu_to_le32(7) },
	};
	struct kredact_seal_left_out left = {
		.addr = cpu_to_le64(0x5000),
		.len = cpu_to_le64(4096),
	};
	struct kredact_seal_counts counts = { .ranges = cpu_to_le64(2) };
	struct kredact_seal_policy policy = {
		.hunt = cpu_to_le32(1), .run = cpu_to_le32(24), .registers = cpu_to_le32(2),
		.unhunted = cpu_to_le32(3), .strict = cpu_to_le32(4),
	};
	struct kredact_seal_copy copies[2] = {
		{ .addr = cpu_to_le64(0x7ffd00001234), .len = cpu_to_le64(32),
		  .handle = cpu_to_le64(0x109), .flags = cpu_to_le32(5) },
		{ .addr = cpu_to_le64(0x910), .len = cpu_to_le64(17),
		  .handle = cpu_to_le64(0x108), .flags = cpu_to_le32(2) },
	};
	struct kredact_seal_hunt hunt = {
		.ranges = cpu_to_le64(0x11), .bytes = cpu_to_le64(0x12),
		.bytes_plain = cpu_to_le64(0x13), .copies = cpu_to_le64(0x14),
		.copy_bytes = cpu_to_le64(0x15), .copies_lost = cpu_to_le64(0x16),
		.register_bytes = cpu_to_le64(0x17), .frames = cpu_to_le64(0x18),
		.frame_bytes = cpu_to_le64(0x19), .strict_bytes = cpu_to_le64(0x1a),
		.unindexed = cpu_to_le32(0x1b),
	};
	struct kredact_seal_prints head = {
		.salt = "0123456789abcde", .bytes = cpu_to_le64(0x21),
		.missing = cpu_to_le64(0x22), .pieces = cpu_to_le32(1), .blocks = cpu_to_le32(2),
		.bits = cpu_to_le32(64), .failure = cpu_to_le32(0x23),
	};
	struct kredact_seal_print prints[3] = {
		{ "piece1", cpu_to_le64(0x108) }, { "block1", cpu_to_le64(0x109) },
		{ "block2", cpu_to_le64(1ULL << 63 | 5) },
	};

	kr_seal_begin(&seal, &header);
	kr_seal_label(&seal, 7, "signing key", 11);
	kr_seal_ranges(&seal, ranges, 2);
	kr_seal_left_out(&seal, &left, 1);
	kr_seal_policy(&seal, &policy);
	kr_seal_copies(&seal, copies, 2);
	kr_seal_hunt(&seal, &hunt);
	kr_seal_prints(&seal, &head, prints, 3, (const u8 *)"a bitmap", 8);
	kr_seal_counts(&seal, &counts);
	return kr_seal_end(&seal);
}

static void test_layout(void)
{
	struct sink sink = { .room = sizeof(sink.bytes) };
	const u8 *b = sink.bytes;
	u32 i;

	EXPECT(write_seal(&sink));
	EXPECT(!memcmp(b, "KREDSEAL", 8));
	EXPECT(le(b + 8, 2) == 1 && le(b + 10, 2) == 256 && le(b + 12, 4) == 1);
	EXPECT(le(b + 16, 8) == 0x123458);
	EXPECT(le(b + 48, 4) == 4711);

	b += 256;
	EXPECT(le(b, 4) == 1 && le(b + 4, 4) == 0 && le(b + 8, 8) == 8 + 11);
	EXPECT(le(b + 16, 4) == 7 && le(b + 20, 4) == 11);
	EXPECT(!memcmp(b + 24, "signing key\0\0\0\0\0", 16));

	b += 16 + 24;
	EXPECT(le(b, 4) == 2 && le(b + 8, 8) == 64);
	EXPECT(le(b + 16, 8) == 0x7f0000001000 && le(b + 24, 8) == 32);
	EXPECT(le(b + 48, 8) == 0x7f0000002000 && le(b + 16 + 32 + 28, 4) == 7);

	b += 16 + 64;
	EXPECT(le(b, 4) == 3 && le(b + 8, 8) == 24 && le(b + 16, 8) == 0x5000);

	b += 16 + 24;
	EXPECT(le(b, 4) == 5 && le(b + 8, 8) == 32);
	EXPECT(le(b + 16, 4) == 1 && le(b + 20, 4) == 24 && le(b + 24, 4) == 2);
	EXPECT(le(b + 28, 4) == 3 && le(b + 32, 4) == 4 && !le(b + 36, 4) && !le(b + 40, 8));

	b += 16 + 32;
	EXPECT(le(b, 4) == 6 && le(b + 8, 8) == 64);
	EXPECT(le(b + 16, 8) == 0x7ffd00001234 && le(b + 24, 8) == 32);
	EXPECT(le(b + 32, 8) == 0x109 && le(b + 40, 4) == 5 && !le(b + 44, 4));
	EXPECT(le(b + 48, 8) == 0x910 && le(b + 56, 8) == 17 && le(b + 72, 4) == 2);

	b += 16 + 64;
	EXPECT(le(b, 4) == 7 && le(b + 8, 8) == 104);
	for (i = 0; i < 10; i++)
		EXPECT(le(b + 16 + 8 * i, 8) == 0x11 + i);
	EXPECT(le(b + 96, 4) == 0x1b && !le(b + 100, 4) && !le(b + 104, 8) && !le(b + 112, 8));

	b += 16 + 104;
	EXPECT(le(b, 4) == 10 && le(b + 8, 8) == 64 + 3 * 16 + 8);
	EXPECT(!memcmp(b + 16, "0123456789abcde", 16) && le(b + 32, 8) == 0x21);
	EXPECT(le(b + 40, 8) == 0x22 && le(b + 48, 4) == 1 && le(b + 52, 4) == 2);
	EXPECT(le(b + 56, 4) == 64 && le(b + 60, 4) == 0x23 && !le(b + 64, 8) && !le(b + 72, 8));
	EXPECT(!memcmp(b + 80, "piece1\0", 8) && le(b + 88, 8) == 0x108);
	EXPECT(!memcmp(b + 112, "block2\0", 8) && le(b + 120, 8) == 0x8000000000000005);
	EXPECT(!memcmp(b + 128, "a bitmap", 8));

	b += 16 + 64 + 48 + 8;
	EXPECT(le(b, 4) == 4 && le(b + 8, 8) == 64 && le(b + 16, 8) == 2);

	b += 16 + 64;
	EXPECT(!memcmp(b, "KREDEND\n", 8));
	EXPECT(le(b + 8, 8) == sink.len + KREDACT_SEAL_HMAC_LEN);
	EXPECT(le(b + 16, 8) == 0x123458 && le(b + 24, 4) == 1 && le(b + 28, 4) == 8);
	EXPECT(b + 32 == sink.bytes + sink.len);
}

/* Wherever the disk is full, the seal is not finished. */
static void test_full(void)
{
	struct sink sink = { .room = sizeof(sink.bytes) };
	u32 len, room;

	EXPECT(write_seal(&sink));
	len = sink.len;
	for (room = 0; room < len; room++) {
		sink = (struct sink){ .room = room };
		EXPECT(!write_seal(&sink));
	}
	sink = (struct sink){ .room = len };
	EXPECT(write_seal(&sink));
}

int main(void)
{
	unsigned int failed;

	printf("TAP version 13\n1..2\n");
	test_layout();
	printf("%sok 1 - every member lies at its documented offset\n", failures ? "not " : "");
	failed = failures;
	failures = 0;
	test_full();
	printf("%sok 2 - a write that fails is reported\n", failures ? "not " : "");
	return failed + failures ? 1 : 0;
}

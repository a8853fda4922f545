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

	kr_seal_begin(&seal, &header);
	kr_seal_label(&seal, 7, "signing key", 11);
	kr_seal_ranges(&seal, ranges, 2);
	kr_seal_left_out(&seal, &left, 1);
	kr_seal_counts(&seal, &counts);
	return kr_seal_end(&seal);
}

static void test_layout(void)
{
	struct sink sink = { .room = sizeof(sink.bytes) };
	const u8 *b = sink.bytes;

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
	EXPECT(le(b, 4) == 4 && le(b + 8, 8) == 64 && le(b + 16, 8) == 2);

	b += 16 + 64;
	EXPECT(!memcmp(b, "KREDEND\n", 8));
	EXPECT(le(b + 8, 8) == sink.len + KREDACT_SEAL_HMAC_LEN);
	EXPECT(le(b + 16, 8) == 0x123458 && le(b + 24, 4) == 1 && le(b + 28, 4) == 4);
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

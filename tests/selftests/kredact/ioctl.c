// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls: what they accept, each errno, and that a failing call changes
 * nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"

FIXTURE(ioctls) {
	uint8_t *mem;
	int fd;
};

FIXTURE_SETUP(ioctls)
{
	self->fd = kredact_fd();
	ASSERT_LE(0, self->fd);
	self->mem = pages(16);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(ioctls)
{
}

static uint64_t my_ranges(void)
{
	struct kredact_info now;

	return info(&now) ? ~0ull : now.my_ranges;
}

static int call(unsigned long cmd, void *args)
{
	return ioctl(kredact_fd(), cmd, args) ? -errno : 0;
}

TEST_F(ioctls, register_query_unregister)
{
	struct kredact_query q;
	uint64_t a, b;

	ASSERT_EQ(0, reg(self->mem + 100, 32, 0, "a key", &a));
	ASSERT_EQ(0, reg(self->mem + 100, 32, KREDACT_EXACT, NULL, &b));
	EXPECT_NE(0, a);
	EXPECT_NE(a, b);
	EXPECT_EQ(2, my_ranges());

	/* The first covers its page, whatever the second does. */
	EXPECT_EQ(0, query(self->mem, PAGE, &q));
	EXPECT_EQ(PAGE, q.tagged);
	EXPECT_EQ(2, q.nr);
	EXPECT_TRUE(q.coverage & KREDACT_COVER_CORE);
	EXPECT_EQ(0, query(self->mem, PAGE + 1, &q));
	EXPECT_EQ(PAGE, q.tagged);
	EXPECT_EQ(0, q.coverage);

	EXPECT_EQ(0, unreg(a));
	EXPECT_EQ(-ENOENT, unreg(a));
	EXPECT_EQ(0, query(self->mem, PAGE, &q));
	EXPECT_EQ(32, q.tagged);
	EXPECT_EQ(1, q.nr);
	EXPECT_EQ(0, q.coverage);
	EXPECT_EQ(0, query(self->mem + 100, 32, &q));
	EXPECT_EQ(32, q.tagged);
	EXPECT_TRUE(q.coverage & KREDACT_COVER_CORE);

	EXPECT_EQ(0, unreg(b));
	EXPECT_EQ(0, my_ranges());
	EXPECT_EQ(0, query(self->mem, PAGE, &q));
	EXPECT_EQ(0, q.tagged);
	EXPECT_EQ(0, q.nr);
}

TEST_F(ioctls, query_counts_overlaps_once)
{
	struct kredact_query q;

	ASSERT_EQ(0, reg(self->mem + 100, 100, KREDACT_EXACT, NULL, NULL));
	ASSERT_EQ(0, reg(self->mem + 150, 100, KREDACT_EXACT, NULL, NULL));
	ASSERT_EQ(0, reg(self->mem + 4000, 200, KREDACT_EXACT, NULL, NULL));
	ASSERT_EQ(0, reg(self->mem + 3 * PAGE + 50, 1, KREDACT_EXACT, NULL, NULL));
	ASSERT_EQ(0, reg(self->mem + 3 * PAGE + 60, 1, 0, NULL, NULL));
	EXPECT_EQ(0, query(self->mem, 8 * PAGE, &q));
	EXPECT_EQ(150 + 200 + PAGE, q.tagged);
	EXPECT_EQ(5, q.nr);
	EXPECT_EQ(0, query(self->mem + 120, 40, &q));
	EXPECT_EQ(40, q.tagged);
	EXPECT_NE(0, q.coverage);
	EXPECT_EQ(0, query(self->mem + 249, 2, &q));
	EXPECT_EQ(1, q.tagged);
}

TEST_F(ioctls, register_errors)
{
	char long_label[KREDACT_LABEL_MAX + 1];
	struct kredact_register args = { .size = sizeof(args), .label_len = 3 };
	int zero;

	memset(long_label, 'x', sizeof(long_label));
	EXPECT_EQ(-EINVAL, reg(self->mem, 0, 0, NULL, NULL));
	EXPECT_EQ(-EINVAL, reg(self->mem, 1, KREDACT_PIN | KREDACT_NOPIN, NULL, NULL));
	EXPECT_EQ(-EINVAL, reg(self->mem, 1, 1u << 9, NULL, NULL));
	EXPECT_EQ(-EINVAL, reg(self->mem, 1, KREDACT_NOHUNT | KREDACT_HUNT, NULL, NULL));
	EXPECT_EQ(-EINVAL, reg(self->mem, 1, KREDACT_NOHUNT | KREDACT_GROUP, NULL, NULL));
	EXPECT_EQ(-EFBIG, reg(self->mem, KREDACT_LEN_MAX + 1, 0, NULL, NULL));
	EXPECT_EQ(-EOVERFLOW, reg((void *)-PAGE, 2 * PAGE, 0, NULL, NULL));
	EXPECT_EQ(-EADDRNOTAVAIL, reg((void *)0xffffffff81000000ul, 1, 0, NULL, NULL));
	EXPECT_EQ(-EADDRNOTAVAIL, reg((void *)0x8000000000000000ul, 1, 0, NULL, NULL));
	EXPECT_EQ(-ENXIO, reg(NULL, 1, 0, NULL, NULL));

	/* A hole in the middle, and the end of the mapping. */
	ASSERT_EQ(0, munmap(self->mem + 4 * PAGE, PAGE));
	EXPECT_EQ(-ENXIO, reg(self->mem, 8 * PAGE, 0, NULL, NULL));
	EXPECT_EQ(-ENXIO, reg(self->mem + 4 * PAGE - 1, 2, 0, NULL, NULL));

	EXPECT_EQ(-ENAMETOOLONG, call(KREDACT_IOC_REGISTER, &(struct kredact_register){
		.size = sizeof(args), .addr = (uintptr_t)self->mem, .len = 1,
		.label = (uintptr_t)long_label, .label_len = sizeof(long_label) }));
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_REGISTER, &(struct kredact_register){
		.size = sizeof(args), .addr = (uintptr_t)self->mem, .len = 1,
		.label = (uintptr_t)"a\0b", .label_len = 3 }));
	EXPECT_EQ(-EFAULT, call(KREDACT_IOC_REGISTER, &(struct kredact_register){
		.size = sizeof(args), .addr = (uintptr_t)self->mem, .len = 1,
		.label = 1, .label_len = 3 }));
	EXPECT_EQ(-EFAULT, call(KREDACT_IOC_REGISTER, (void *)8));
	EXPECT_EQ(0, my_ranges());

	/* Controls: the longest label, the longest range of this mapping. */
	args.addr = (uintptr_t)self->mem;
	args.len = 4 * PAGE;
	args.label = (uintptr_t)long_label;
	args.label_len = KREDACT_LABEL_MAX;
	EXPECT_EQ(0, call(KREDACT_IOC_REGISTER, &args));
	EXPECT_EQ(1, my_ranges());

	zero = open("/dev/mem", O_RDONLY);
	if (zero >= 0) {
		void *device = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, zero, 0xf0000);

		ASSERT_NE(MAP_FAILED, device);
		EXPECT_EQ(-EOPNOTSUPP, reg(device, 1, 0, NULL, NULL));
	}
}

TEST_F(ioctls, struct_sizes)
{
	struct {
		struct kredact_register args;
		uint64_t tail[600];
	} big = { 0 };
	uint8_t *edge = self->mem + 2 * PAGE;
	struct kredact_register *last = (void *)(edge - sizeof(*last));

	big.args.addr = (uintptr_t)self->mem;
	big.args.len = 1;

	big.args.size = 0;
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_REGISTER, &big));
	big.args.size = KREDACT_REGISTER_SIZE_VER0 - 1;
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_REGISTER, &big));
	big.args.size = sizeof(big.args) + 8;
	big.tail[0] = 1;
	EXPECT_EQ(-E2BIG, call(KREDACT_IOC_REGISTER, &big));
	big.tail[0] = 0;
	big.args.size = PAGE + 8;
	EXPECT_EQ(-E2BIG, call(KREDACT_IOC_REGISTER, &big));
	EXPECT_EQ(0, my_ranges());
	big.args.size = sizeof(big.args) + 8;
	EXPECT_EQ(0, call(KREDACT_IOC_REGISTER, &big));
	EXPECT_EQ(sizeof(big.args) + 8, big.args.size);

	/* Nothing beyond the struct is touched. */
	ASSERT_EQ(0, munmap(edge, PAGE));
	*last = big.args;
	last->size = sizeof(*last);
	EXPECT_EQ(0, call(KREDACT_IOC_REGISTER, last));

	EXPECT_EQ(-ENOTTY, call(_IOWR(KREDACT_IOC_MAGIC, 99, struct kredact_register), &big));
	EXPECT_EQ(-ENOTTY, call(_IOWR(KREDACT_IOC_MAGIC + 1, 0, struct kredact_register), &big));
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_UNREGISTER, &(struct kredact_unregister){
		.size = sizeof(struct kredact_unregister), .flags = 1,
		.handle = last->handle }));
	EXPECT_EQ(2, my_ranges());
}

TEST_F(ioctls, read_only_arguments)
{
	struct kredact_register *args = (void *)self->mem;
	struct kredact_unregister *end = (void *)(self->mem + PAGE);
	uint64_t handle;

	/* A handle that cannot be told is not given out. */
	*args = (struct kredact_register){ .size = sizeof(*args), .addr = (uintptr_t)args,
					   .len = 1 };
	ASSERT_EQ(0, mprotect(args, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, call(KREDACT_IOC_REGISTER, args));
	EXPECT_EQ(0, my_ranges());

	/* Where there is nothing to tell, nothing is written. */
	ASSERT_EQ(0, reg(self->mem, 1, 0, NULL, &handle));
	*end = (struct kredact_unregister){ .size = sizeof(*end), .handle = handle };
	ASSERT_EQ(0, mprotect(end, PAGE, PROT_READ));
	EXPECT_EQ(0, call(KREDACT_IOC_UNREGISTER, end));
	EXPECT_EQ(0, my_ranges());
}

TEST_F(ioctls, labels_are_charged)
{
	struct kredact_info before, after;
	char label[16];
	int i;

	ASSERT_EQ(0, reg(self->mem, 1, 0, NULL, NULL));
	ASSERT_EQ(0, info(&before));
	/* One that fails leaves no label behind. */
	EXPECT_EQ(-ENXIO, reg(NULL, 1, 0, "unused", NULL));
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(before.user_ranges, after.user_ranges);
	for (i = 0; i < 10; i++) {
		snprintf(label, sizeof(label), "label %d", i / 2);
		ASSERT_EQ(0, reg(self->mem, 1, 0, label, NULL));
	}
	ASSERT_EQ(0, info(&after));
	EXPECT_EQ(before.user_ranges + 10 + 5 * 3, after.user_ranges);
}

TEST_F(ioctls, batch_is_all_or_nothing)
{
	const uint32_t nr = 5000;
	struct kredact_range *ranges = calloc(KREDACT_BATCH_MAX + 1, sizeof(*ranges));
	struct kredact_batch batch = {
		.size = sizeof(batch),
		.ranges = (uintptr_t)ranges,
		.nr = nr,
		.flags = KREDACT_EXACT,
		.label = (uintptr_t)"batch",
		.label_len = 5,
	};
	uint32_t i;

	for (i = 0; i < nr; i++) {
		ranges[i].addr = (uintptr_t)self->mem + 12 * i;
		ranges[i].len = 8;
	}
	ranges[3210].addr = 0;
	EXPECT_EQ(-ENXIO, call(KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(3210, batch.failed);
	EXPECT_EQ(0, my_ranges());
	ranges[3210].len = 0;
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(3210, batch.failed);
	EXPECT_EQ(0, my_ranges());

	ranges[3210].addr = (uintptr_t)self->mem;
	ranges[3210].len = 16 * PAGE;
	EXPECT_EQ(0, call(KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(nr, batch.failed);
	EXPECT_EQ(nr, my_ranges());
	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, unreg(ranges[i].handle)) TH_LOG("range %u", i);
	EXPECT_EQ(0, my_ranges());

	batch.nr = 0;
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_REGISTER_BATCH, &batch));
	batch.nr = KREDACT_BATCH_MAX + 1;
	EXPECT_EQ(-E2BIG, call(KREDACT_IOC_REGISTER_BATCH, &batch));
	batch.nr = nr;
	batch.ranges = 16;
	EXPECT_EQ(-EFAULT, call(KREDACT_IOC_REGISTER_BATCH, &batch));

	/* Handles that cannot be told to the caller are not kept. */
	batch.nr = 1;
	batch.ranges = (uintptr_t)self->mem;
	memcpy(self->mem, ranges, sizeof(*ranges));
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, call(KREDACT_IOC_REGISTER_BATCH, &batch));
	EXPECT_EQ(0, my_ranges());
}

TEST_F(ioctls, limit_per_user)
{
	const char *path = "/sys/module/kredact/parameters/max_ranges_per_user";
	struct kredact_info before, now;
	char limit[32], old[32] = "";
	int fd = open(path, O_RDWR), i;

	ASSERT_LE(0, fd);
	ASSERT_LT(0, read(fd, old, sizeof(old) - 1));
	ASSERT_EQ(0, info(&before));
	snprintf(limit, sizeof(limit), "%llu", (unsigned long long)before.user_ranges + 3);
	ASSERT_EQ((ssize_t)strlen(limit), pwrite(fd, limit, strlen(limit), 0));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, reg(self->mem, 1, 0, NULL, NULL));
	EXPECT_EQ(-EDQUOT, reg(self->mem, 1, 0, NULL, NULL));
	EXPECT_EQ(3, my_ranges());
	ASSERT_EQ((ssize_t)strlen(old), pwrite(fd, old, strlen(old), 0));
	EXPECT_EQ(0, reg(self->mem, 1, 0, NULL, NULL));
	ASSERT_EQ(0, info(&now));
	EXPECT_EQ(before.user_ranges + 4, now.user_ranges);
}

TEST_F(ioctls, key_needs_privilege)
{
	uint8_t bytes[KREDACT_KEY_MAX + 1] = { 1, 2, 3 };
	struct kredact_key key = {
		.size = sizeof(key),
		.key = (uintptr_t)bytes,
		.key_len = 32,
	};
	struct kredact_info now;

	ASSERT_EQ(0, call(KREDACT_IOC_SET_KEY, &key));
	ASSERT_EQ(0, info(&now));
	EXPECT_TRUE(now.flags & KREDACT_INFO_KEY_INSTALLED);
	EXPECT_EQ(0, memcmp(now.key_id, key.key_id, sizeof(key.key_id)));
	key.key_len = KREDACT_KEY_MIN - 1;
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_SET_KEY, &key));
	key.key_len = KREDACT_KEY_MAX + 1;
	EXPECT_EQ(-EINVAL, call(KREDACT_IOC_SET_KEY, &key));
	key.key_len = 32;
	key.key = 16;
	EXPECT_EQ(-EFAULT, call(KREDACT_IOC_SET_KEY, &key));
	key.key = (uintptr_t)bytes;

	/* An ordinary user may tag, but not choose the key. */
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(65534, 65534, 65534));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-EPERM, call(KREDACT_IOC_SET_KEY, &key));
	EXPECT_EQ(0, reg(self->mem, 1, 0, NULL, NULL));
}

TEST_HARNESS_MAIN

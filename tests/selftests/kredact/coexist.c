// SPDX-License-Identifier: GPL-2.0
/*
 * Others who want the same kernel functions. Of those who may redirect one
 * (IPMODIFY: live patches, and kredact itself) whoever comes second is refused,
 * and is told so; those who only look on are welcome. Redaction never goes lost.
 *
 * The other modules are tests/modules.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "module.h"

#define LIVEPATCH	"/sys/kernel/livepatch/livepatch"
#define BPF_PIN		"/sys/fs/bpf/kredact_looker"
#define TRACING		"/sys/kernel/tracing/"

/* The beginning of a file, or "". */
static const char *text_of(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[len > 0 ? len : 0] = 0;
	return text;
}

/* How often a module of ours was called. */
static long calls(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/calls", name);
	return atol(text_of(path));
}

/* Every task has to come by, which the kernel sees to about once a second. */
static bool livepatch_settled(void)
{
	int tries;

	for (tries = 0; tries < 600; tries++) {
		if (text_of(LIVEPATCH "/transition")[0] != '1')
			return true;
		usleep(100000);
	}
	return false;
}

static int livepatch_end(void)
{
	int ret = write_file(LIVEPATCH "/enabled", "0");

	if (ret)
		return ret;
	return livepatch_settled() ? module_remove_soon("livepatch") : -ETIMEDOUT;
}

/* Does the kernel's log say it, from where @fd is? */
static bool log_says(int fd, const char *what)
{
	char line[1024];
	ssize_t len;

	while ((len = read(fd, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		if (strstr(line, what))
			return true;
	}
	return false;
}

static int log_from_here(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	lseek(fd, 0, SEEK_END);
	return fd;
}

TEST(live_patch_comes_second)
{
	EXPECT_EQ(-EBUSY, module_insert("livepatch", "symbol=get_dump_page"));
	EXPECT_EQ(-ENOENT, module_remove("livepatch"));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));
}

TEST(live_patch_comes_first)
{
	int log;

	ASSERT_EQ(0, module_remove_soon(KREDACT));
	ASSERT_EQ(0, module_insert("livepatch", "symbol=get_dump_page"));
	ASSERT_TRUE(livepatch_settled());
	EXPECT_EQ(LOOK_WHOLE, crash_untagged());
	EXPECT_LT(0, calls("livepatch"));

	log = log_from_here();
	EXPECT_EQ(-EBUSY, module_insert(KREDACT, ""));
	EXPECT_TRUE(log_says(log, "kredact: functions cannot be redirected (-16): "));
	close(log);
	/* Nobody can register anything, and take it for covered. */
	EXPECT_EQ(-ENOENT, module_remove(KREDACT));
	EXPECT_EQ(-1, kredact_fd());
	EXPECT_EQ(ENOENT, errno);

	ASSERT_EQ(0, livepatch_end());
	ASSERT_EQ(0, module_insert(KREDACT, ""));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));
}

TEST(live_patch_of_another_function)
{
	ASSERT_EQ(0, module_insert("livepatch", "symbol=version_proc_show"));
	ASSERT_TRUE(livepatch_settled());
	EXPECT_STREQ("patched\n", text_of("/proc/version"));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));

	EXPECT_EQ(0, module_remove_soon(KREDACT));
	EXPECT_STREQ("patched\n", text_of("/proc/version"));
	EXPECT_EQ(0, module_insert(KREDACT, ""));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));

	ASSERT_EQ(0, livepatch_end());
	EXPECT_EQ(0, strncmp("Linux version ", text_of("/proc/version"), 14));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));
}

static void fork_and_move(void)
{
	uint8_t *mem = pages(1), *to = pages(1);

	if (!fork())
		_exit(0);
	mremap(mem, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	munmap(to, PAGE);
	uffd_can_move();
}

FIXTURE(other) {
};

FIXTURE_VARIANT(other) {
	const char *parameters;
	bool uffd;
};

FIXTURE_VARIANT_ADD(other, dump_page) {
	.parameters = "symbol=get_dump_page",
};

FIXTURE_VARIANT_ADD(other, fork) {
	.parameters = "symbol=uprobe_dup_mmap",
};

FIXTURE_VARIANT_ADD(other, move) {
	.parameters = "symbol=move_page_tables",
};

FIXTURE_VARIANT_ADD(other, uffd_move) {
	.parameters = "symbol=move_pages",
	.uffd = true,
};

/* A function of this name for each of native and 32-bit processes. */
FIXTURE_VARIANT_ADD(other, core) {
	.parameters = "symbol=elf_core_dump",
};

FIXTURE_SETUP(other)
{
	if (variant->uffd && !uffd_can_move())
		SKIP(return, "this kernel has no UFFDIO_MOVE (6.8)");
}

FIXTURE_TEARDOWN(other)
{
}

TEST_F(other, comes_second)
{
	EXPECT_EQ(-EBUSY, module_insert("ipmodify", variant->parameters));
	EXPECT_EQ(-ENOENT, module_remove("ipmodify"));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));
}

TEST_F(other, comes_first)
{
	ASSERT_EQ(0, module_remove_soon(KREDACT));
	ASSERT_EQ(0, module_insert("ipmodify", variant->parameters));
	fork_and_move();
	EXPECT_EQ(LOOK_WHOLE, crash_untagged());
	EXPECT_LT(0, calls("ipmodify"));
	EXPECT_EQ(-EBUSY, module_insert(KREDACT, ""));
	EXPECT_EQ(-ENOENT, module_remove(KREDACT));
	ASSERT_EQ(0, module_remove_soon("ipmodify"));
	ASSERT_EQ(0, module_insert(KREDACT, ""));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));
}

/* The same functions under those who only look on. */
FIXTURE(tracer) {
};

FIXTURE_VARIANT(tracer) {
	const char *tracer;
	const char *event;	/* as in dynamic_events */
	const char *bpf;	/* object file of a program */
	const char *trace;	/* what a trace has to show */
};

FIXTURE_VARIANT_ADD(tracer, function) {
	.tracer = "function",
	.trace = "get_dump_page <-",
};

FIXTURE_VARIANT_ADD(tracer, function_graph) {
	.tracer = "function_graph",
	.trace = "get_dump_page",
};

FIXTURE_VARIANT_ADD(tracer, kprobe) {
	.event = "p:looker/entry get_dump_page",
	.trace = "entry: (get_dump_page",
};

FIXTURE_VARIANT_ADD(tracer, kretprobe) {
	.event = "r:looker/return get_dump_page",
	.trace = "<- get_dump_page",
};

FIXTURE_VARIANT_ADD(tracer, fprobe) {
	.event = "f:looker/entry get_dump_page",
	.trace = "entry: (get_dump_page",
};

FIXTURE_VARIANT_ADD(tracer, fprobe_return) {
	.event = "f:looker/return get_dump_page%return",
	.trace = "<- get_dump_page",
};

/* BPF trampolines share a function with somebody who redirects it. */
FIXTURE_VARIANT_ADD(tracer, fentry) {
	.bpf = "fentry",
	.trace = "looker was here",
};

FIXTURE_VARIANT_ADD(tracer, fexit) {
	.bpf = "fexit",
	.trace = "looker was here",
};

FIXTURE_SETUP(tracer)
{
	if (variant->event && variant->event[0] == 'f' &&
	    !strstr(text_of(TRACING "README"), "f[:[<group>/]"))
		SKIP(return, "this kernel has no fprobe events");
}

FIXTURE_TEARDOWN(tracer)
{
	write_file(TRACING "current_tracer", "nop");
	write_file(TRACING "set_ftrace_filter", "");
	write_file(TRACING "events/looker/enable", "0");
	write_file(TRACING "dynamic_events", "");
	unlink(BPF_PIN);
	write_file(TRACING "trace", "");
}

static int look_on(const FIXTURE_VARIANT(tracer) *variant)
{
	char command[128];

	if (variant->bpf) {
		snprintf(command, sizeof(command),
			 "d=${KREDACT_MODULES:-..}; $d/look $d/%s.o " BPF_PIN, variant->bpf);
		return system(command);
	}
	if (variant->tracer)
		return write_file(TRACING "set_ftrace_filter", "get_dump_page elf_core_dump "
				  "uprobe_dup_mmap move_page_tables") ?:
		       write_file(TRACING "current_tracer", variant->tracer);
	return write_file(TRACING "dynamic_events", variant->event) ?:
	       write_file(TRACING "events/looker/enable", "1");
}

TEST_F(tracer, looks_on)
{
	ASSERT_EQ(0, look_on(variant));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));
	EXPECT_NE(NULL, strstr(text_of(TRACING "trace"), variant->trace));
}

/* They do not keep the module from coming and going, either. */
TEST_F(tracer, was_here_first)
{
	ASSERT_EQ(0, module_remove_soon(KREDACT));
	EXPECT_EQ(0, look_on(variant));
	EXPECT_EQ(0, module_insert(KREDACT, ""));
	EXPECT_EQ(LOOK_REDACTED, crash_and_look(NULL));
	EXPECT_NE(NULL, strstr(text_of(TRACING "trace"), variant->trace));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Machines in which the module-free mode must not be used say so: booted with
 * lockdown, where the kernel refuses the programs, and with preempt=full, where it
 * might skip them. The kernel's own word is asked as well.
 */
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel.h"
#include "kredact_free.skel.h"
#include "kselftest_harness.h"
#include "store.h"

static bool booted_with(const char *word)
{
	char text[4096];

	return kernel_read("/proc/cmdline", text, sizeof(text)) && strstr(text, word);
}

static bool locked(void)
{
	return booted_with("lockdown=integrity");
}

/* What a command prints. */
static bool says(const char *command, const char *words)
{
	char text[8192];
	FILE *file = popen(command, "r");
	size_t len;

	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = 0;
	pclose(file);
	return strstr(text, words);
}

TEST(open_refuses)
{
	struct free_opts opts = {};
	enum free_why why = FREE_OK;

	ASSERT_TRUE(locked() || booted_with("preempt=full"));
	EXPECT_EQ(NULL, store_open(&opts, &why));
	EXPECT_EQ(locked() ? FREE_LOCKED_DOWN : FREE_PREEMPTED, why);
	EXPECT_EQ(why, free_possible());
}

TEST(status_says_why)
{
	EXPECT_TRUE(says("kredact status", "MADV_DONTDUMP by the library"));
	EXPECT_TRUE(says("kredact status", "kredact.ko is not loaded"));
	EXPECT_TRUE(says("kredact status", free_why_str(locked() ? FREE_LOCKED_DOWN :
							FREE_PREEMPTED)));
	EXPECT_TRUE(says("kredact status --json", "\"mechanism\": \"library\""));
}

/* Without asking first. */
TEST(kernel_confirms)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct kredact_free_bpf *skel = kredact_free_bpf__open();
	struct bpf_program *prog;

	ASSERT_NE(NULL, skel);
	if (locked()) {
		bpf_object__for_each_program(prog, skel->obj)
			bpf_program__set_autoload(prog, prog == skel->progs.dump_page);
		EXPECT_NE(0, kredact_free_bpf__load(skel));
	} else {
		bpf_object__for_each_program(prog, skel->obj)
			bpf_program__set_autoload(prog, prog == skel->progs.look_around);
		ASSERT_EQ(0, kredact_free_bpf__load(skel));
		ASSERT_EQ(0, bpf_prog_test_run_opts(bpf_program__fd(skel->progs.look_around),
						    &run));
		EXPECT_EQ(2, skel->data->preempt_mode);
	}
	kredact_free_bpf__destroy(skel);
}

TEST_HARNESS_MAIN

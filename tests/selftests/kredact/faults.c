// SPDX-License-Identifier: GPL-2.0
/*
 * Every call of the module that can fail is made to fail, one after the other,
 * and then with all that come after it: by a second kredact.ko, made of the
 * same sources (tests/inject), which stands in for it meanwhile.
 *
 * The file of that module tells which places there are; at the end there must
 * be none that no scenario has reached.
 *
 * Its file is kredact-inject.ko, where that of kredact.ko is.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "kselftest_harness.h"
#include "module.h"
#include "scenario.h"

#define INJECTING	"kredact-inject"
#define INJECT		"/sys/module/kredact/parameters/inject"
#define SITES		"inject_sites"
#define SITE_LEN	64
#define SITES_MAX	256
#define ROUNDS_MAX	5000

/* The places at which calls fail, and which of them did; shared by all tests. */
static struct sites {
	unsigned int nr;
	char name[SITES_MAX][SITE_LEN];
	bool failed[SITES_MAX];
} *sites;

/* They are in a section of their own. */
static bool sites_read(void)
{
	int fd = module_open(INJECTING), i;
	const Elf64_Shdr *sections, *names;
	const Elf64_Ehdr *elf;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return false;
	elf = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (elf == MAP_FAILED)
		return false;
	sections = (void *)elf + elf->e_shoff;
	names = &sections[elf->e_shstrndx];
	for (i = 0; i < elf->e_shnum; i++) {
		if (strcmp((char *)elf + names->sh_offset + sections[i].sh_name, SITES) ||
		    sections[i].sh_size > sizeof(sites->name))
			continue;
		sites->nr = sections[i].sh_size / SITE_LEN;
		memcpy(sites->name, (void *)elf + sections[i].sh_offset, sections[i].sh_size);
	}
	munmap((void *)elf, st.st_size);
	return sites->nr;
}

/* True for one that had not failed before. */
static bool site_failed(const char *name)
{
	unsigned int i;

	for (i = 0; i < sites->nr; i++) {
		if (strcmp(sites->name[i], name))
			continue;
		if (sites->failed[i])
			return false;
		sites->failed[i] = true;
		return true;
	}
	return false;
}

/* What the parameter tells: calls, how many failed, and where the first did. */
static unsigned int injected(char *site)
{
	unsigned int calls, failed = 0;
	char text[128] = "";
	int fd = open(INJECT, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0 ||
	    sscanf(text, "%u %u %63[^\n]", &calls, &failed, site) < 2)
		failed = ~0u;
	close(fd);
	return failed;
}

static void arm_one(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	write_file(INJECT, text);
}

static void arm_rest(unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u -1", nth);
	write_file(INJECT, text);
}

static unsigned int disarm(void)
{
	char site[SITE_LEN];

	write_file(INJECT, "0");
	return injected(site);
}

static unsigned int failed(pid_t pid)
{
	return disarm();
}

static const struct faults one = {
	.arm = arm_one,
	.disarm = disarm,
	.failed = failed,
};

static const struct faults rest = {
	.arm = arm_rest,
	.disarm = disarm,
	.failed = failed,
	.many = true,
};

/* Copies are hunted; otherwise secrets are indexed for their fingerprints only. */
static bool hunts = true;

/* A page about which the dump cannot decide is named in the seal. */
static bool leaves_out(const char *site)
{
	/* Without fingerprints the seal says so, and the dump is as it would be. */
	if (strstr(site, "fingerprint.c") || !hunts)
		return false;
	/* An event that is lost is no reason to leave anything out. */
	if (strstr(site, "stream.c"))
		return false;
	return strstr(site, " alloc_page") || strstr(site, " copy_mc_to_kernel") ||
	       strstr(site, " __vmalloc") || strstr(site, " kvzalloc") ||
	       strstr(site, " spin_trylock");
}

/* Each call of a scenario in turn, until it goes through without a failure. */
static void sweep(struct __test_metadata *_metadata, const struct scenario *scenario,
		  const struct faults *faults)
{
	unsigned int nth = 0, places = 0, sealed = 0, left_out = 0;
	char site[SITE_LEN] = "";
	struct outcome out;

	do {
		ASSERT_GT(ROUNDS_MAX, ++nth);
		scenario_run(scenario, faults, nth, &out);
		injected(site);
		ASSERT_STREQ("", out.why) TH_LOG("call %u, %s", nth, site);
		if (!out.failed)
			break;
		places += site_failed(site);
		sealed += out.sealed;
		left_out += out.left_out;
		if (out.sealed && leaves_out(site))
			ASSERT_LT(0, out.left_out) TH_LOG("call %u, %s", nth, site);
	} while (true);
	TH_LOG("%s: %u calls failed, %u new places, %u seals, %u pages left out",
	       faults->many ? "and all after" : "one", nth - 1, places, sealed, left_out);
	ASSERT_LT(1, nth);
}

FIXTURE(faults) {
};

FIXTURE_SETUP(faults)
{
	core_pattern_save();
	/* Anonymous memory will do. */
	ASSERT_EQ(0, write_file("/proc/self/coredump_filter", "0x1"));
}

FIXTURE_TEARDOWN(faults)
{
	core_pattern_restore();
}

#define SWEEP(scenario)									\
	TEST_F_TIMEOUT(faults, scenario, 600)						\
	{										\
		sweep(_metadata, &scenario, &one);					\
		sweep(_metadata, &scenario, &rest);					\
	}

SWEEP(register_one)
SWEEP(register_label)
SWEEP(register_overlap)
SWEEP(register_batch)
SWEEP(register_many)
SWEEP(register_pinned)
SWEEP(unregister_one)
SWEEP(watch_events)
SWEEP(query_and_info)
SWEEP(register_for_another)
SWEEP(read_another)
SWEEP(install_key)
SWEEP(fork_tagged)
SWEEP(move_middle)
SWEEP(unmap_middle)

TEST_F_TIMEOUT(faults, move_by_uffd, 600)
{
	if (!uffd_can_move())
		SKIP(return, "this kernel has no UFFDIO_MOVE (6.8)");
	sweep(_metadata, &move_by_uffd, &one);
	sweep(_metadata, &move_by_uffd, &rest);
}

SWEEP(crash_tagged)
SWEEP(crash_strict)
SWEEP(crash_child)

/* What is not hunted has fingerprints, too, which then have an index of their own. */
TEST_F_TIMEOUT(faults, crash_unhunted, 600)
{
	tags_only();
	hunts = false;
	sweep(_metadata, &crash_plain, &one);
	sweep(_metadata, &crash_plain, &rest);
}

/* The last message of the kernel's log that names a place. */
static void site_in_log(int fd, char *site)
{
	char line[1024], *at;
	ssize_t len;

	while ((len = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[len > 0 ? len : 0] = 0;
		at = strstr(line, "kredact: fails: ");
		if (at)
			sscanf(at, "kredact: fails: %63[^\n]", site);
	}
}

TEST_F_TIMEOUT(faults, load, 600)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), ret;
	char params[32], site[SITE_LEN];
	unsigned int nth = 0;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, lseek(fd, 0, SEEK_END));
	ASSERT_EQ(0, module_remove_soon(KREDACT));
	do {
		ASSERT_GT(ROUNDS_MAX, ++nth);
		snprintf(params, sizeof(params), "inject=%u", nth);
		ret = module_insert(INJECTING, params);
		site[0] = 0;
		site_in_log(fd, site);
		site_failed(site);
		EXPECT_EQ(!ret, !site[0]) TH_LOG("call %u, %s: %d", nth, site, ret);
		EXPECT_EQ(!ret, !access("/sys/module/kredact", F_OK));
		EXPECT_EQ(!ret, !access(KREDACT_DEVICE, F_OK));
	} while (ret);
	TH_LOG("%u calls failed", nth - 1);
	EXPECT_LT(1, nth);
	EXPECT_EQ(0, disarm());
}

TEST_F(faults, every_place_was_reached)
{
	unsigned int i, missing = 0;

	for (i = 0; i < sites->nr; i++) {
		if (sites->failed[i])
			continue;
		if (!strncmp(sites->name[i], "uffd.c:", 7) && !uffd_can_move())
			continue;
		missing++;
		TH_LOG("never failed: %s", sites->name[i]);
	}
	TH_LOG("%u places", sites->nr);
	EXPECT_LT(0, sites->nr);
	EXPECT_EQ(0, missing);
}

TEST_F(faults, no_reference_is_lost)
{
	ASSERT_EQ(0, module_remove_soon(KREDACT));
	ASSERT_EQ(0, module_insert(INJECTING, ""));
}

int main(int argc, char **argv)
{
	int ret;

	sites = mmap(NULL, sizeof(*sites), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (sites == MAP_FAILED || !sites_read() || module_remove_soon(KREDACT) ||
	    module_insert(INJECTING, "")) {
		ksft_print_msg("%s.ko cannot stand in for kredact.ko\n", INJECTING);
		return KSFT_FAIL;
	}
	ret = test_harness_run(argc, argv);
	/* Whatever follows shall meet the module itself again. */
	if (module_remove_soon(KREDACT) || module_insert(KREDACT, ""))
		return KSFT_FAIL;
	return ret;
}

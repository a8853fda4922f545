// SPDX-License-Identifier: GPL-2.0
/*
 * Policy programs: what "kredact rules" loads decides about dumps, can only make them lose
 * more, and can exempt a process only with a capability, a permission, and a log entry.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kredact_rules.h>

#include "arena.h"
#include "core.h"
#include "module.h"
#include "policy.h"
#include "verifier.h"
#include "kselftest_harness.h"

#define OBJECTS		"/kredact/rules/"
#define CGROUP		"/sys/fs/cgroup/kredact_rules"
#define EXEMPTIONS	"/sys/module/kredact/parameters/exemptions"
#define COMM		"comm=rules"

static bool too_old(void)
{
	struct utsname name;

	return !uname(&name) && !strncmp(name.release, "6.1.", 4);
}

/* The exit status of a command. */
static int run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define LOAD(arguments)		ASSERT_EQ(0, run("kredact rules load " OBJECTS arguments))
#define UNLOAD(name)		ASSERT_EQ(0, run("kredact rules unload " name))

static int log_from_here(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	lseek(fd, 0, SEEK_END);
	return fd;
}

/* How many entries have the text, from where @fd is? */
static int log_count(int fd, const char *what)
{
	char line[1024];
	ssize_t len;
	int nr = 0;

	while ((len = read(fd, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		nr += !!strstr(line, what);
	}
	close(fd);
	return nr;
}

FIXTURE(rules) {
	struct core core;
	struct kredact_policy policy;
	int log;
};

/* Also those that a test left behind which ended early. */
static void unload_all(void)
{
	run("for r in /sys/fs/bpf/kredact/*; do [ ! -d $r ] || kredact rules unload ${r##*/}; done");
	write_file(EXEMPTIONS, "0");
}

FIXTURE_SETUP(rules)
{
	memset(&self->core, 0, sizeof(self->core));
	if (too_old())
		SKIP(return, "policy programs need Linux 6.12");
	unload_all();
	ASSERT_EQ(0, policy_get(&self->policy));
	core_pattern_save();
	tags_only();
	ASSERT_TRUE(arena_make());
	self->log = log_from_here();
}

FIXTURE_TEARDOWN(rules)
{
	if (too_old())
		return;
	core_free(&self->core);
	core_pattern_restore();
	unload_all();
	policy_set(&self->policy);
	rmdir(CGROUP "/inner");
	rmdir(CGROUP);
}

static void pieces(void *arg)
{
	const char *cgroup = arg;

	if (cgroup && write_file(cgroup, "0"))
		fail("cgroup", -errno);
	tag_pieces();
}

/* Two ranges, redacted as always. */
#define REDACTED(arg)	EXPECT_STREQ("", pieces_wrong(crash(pieces, arg), 2, NULL))

/*
 * A child crashes: does it leave no dump? The file was made before anybody was asked, and
 * is empty.
 */
static bool dropped(void (*child)(void *arg), void *arg)
{
	char path[64];
	struct stat st;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		child(arg);
		die_of_segv();
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	snprintf(path, sizeof(path), "/tmp/kredact.core.%d", pid);
	if (!stat(path, &st) && (unlink(path) || st.st_size))
		return false;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV && !WCOREDUMP(status) &&
	       !arena->error;
}

static const void *record(const struct core *core, uint32_t type)
{
	const struct kredact_seal_record *at = NULL;

	while ((at = core_seal_record(core, at)))
		if (at->type == type)
			return at + 1;
	return NULL;
}

static const struct kredact_seal_rules *rules_of(const struct core *core)
{
	return record(core, KREDACT_SEAL_RULES);
}

#define CRASH_TO_CORE(child, arg)						\
	do {									\
		pid_t pid = crash(child, arg);					\
		ASSERT_STREQ("", arena->why);					\
		ASSERT_LT(0, pid);						\
		core_free(&self->core);						\
		ASSERT_TRUE(core_load(&self->core, pid));			\
		ASSERT_NE(NULL, core_seal(&self->core));			\
	} while (0)

TEST(refused_where_there_are_no_hooks)
{
	if (!too_old())
		SKIP(return, "this kernel has them");
	EXPECT_EQ(2, run("kredact rules load " OBJECTS "drop.bpf.o >/tmp/refused 2>&1"));
	EXPECT_EQ(0, run("grep -q 'has no hooks for BPF programs' /tmp/refused"));
	EXPECT_EQ(0, run("grep -q 'Linux 6.12' /tmp/refused"));
	EXPECT_EQ(0, run("! grep -qi libbpf /tmp/refused && rm /tmp/refused"));
}

TEST_F(rules, too_many_ranges_drop_the_dump)
{
	REDACTED(NULL);
	LOAD("drop.bpf.o most_ranges=1");
	EXPECT_TRUE(dropped(pieces, NULL));
	EXPECT_TRUE(dropped(pieces, NULL));
	EXPECT_EQ(2, log_count(self->log, "(rules, user 0, signal 11) is dropped by a policy"));
	/* Not that of a process that uses no kredact. */
	EXPECT_EQ(LOOK_WHOLE, crash_untagged());
	core_pattern_save();
	UNLOAD("drop");
	REDACTED(NULL);

	LOAD("drop.bpf.o most_ranges=2");
	REDACTED(NULL);
}

TEST_F(rules, a_cgroup_drops_the_dump)
{
	ASSERT_EQ(0, mkdir(CGROUP, 0755));
	ASSERT_EQ(0, mkdir(CGROUP "/inner", 0755));
	REDACTED(CGROUP "/cgroup.procs");
	LOAD("drop.bpf.o cgroup=" CGROUP);
	EXPECT_TRUE(dropped(pieces, CGROUP "/cgroup.procs"));
	EXPECT_TRUE(dropped(pieces, CGROUP "/inner/cgroup.procs"));
	REDACTED(NULL);
}

/* A neighbour on the page of which only bytes are tagged. */
static void neighbours(void *arg)
{
	tag_pieces();
	put(piece(EXACT) + 2 * SECRET, 5);
}

#define NEIGHBOUR_IS(nr)	EXPECT_EQ(nr, core_count(&self->core, arena->secret[5], SECRET))

static const struct kredact_seal_policy *policy_of(const struct core *core)
{
	return record(core, KREDACT_SEAL_POLICY);
}

/* The fixture's policy keeps registers, and its dumps keep neighbours. */
TEST_F(rules, a_user_is_stripped)
{
	LOAD("strip.bpf.o uids=1,4711");
	CRASH_TO_CORE(neighbours, NULL);
	NEIGHBOUR_IS(1);
	EXPECT_EQ(NULL, rules_of(&self->core));
	EXPECT_EQ(KREDACT_REGISTERS_NONE, policy_of(&self->core)->registers);
	NAMED(piece(EXACT), SECRET, KREDACT_EXACT);
	UNLOAD("strip");

	LOAD("strip.bpf.o uids=1,0");
	CRASH_TO_CORE(neighbours, NULL);
	NEIGHBOUR_IS(0);
	SHOWN(PLAIN);
	ZERO((uintptr_t)page(EXACT), PAGE);
	NAMED(piece(EXACT), SECRET, 0);
	ASSERT_NE(NULL, rules_of(&self->core));
	EXPECT_EQ(KREDACT_FORCE_PAGES | KREDACT_FORCE_REGISTERS, rules_of(&self->core)->flags);
	EXPECT_EQ(KREDACT_REGISTERS_ALL, policy_of(&self->core)->registers);
	UNLOAD("strip");

	CRASH_TO_CORE(neighbours, NULL);
	NEIGHBOUR_IS(1);
}

static void labelled_late(void *arg)
{
	int i;

	neighbours(NULL);
	for (i = 0; i < 1000; i++)
		reg(page(8) + 3 * i, 1, KREDACT_EXACT, NULL, NULL);
	if (reg(page(9), 1, 0, "signing key 7", NULL))
		fail("register", 0);
}

TEST_F(rules, a_label_is_stripped)
{
	LOAD("strip.bpf.o 'label=signing key'");
	CRASH_TO_CORE(neighbours, NULL);
	NEIGHBOUR_IS(1);
	CRASH_TO_CORE(labelled_late, NULL);
	NEIGHBOUR_IS(0);
	UNLOAD("strip");

	LOAD("strip.bpf.o 'label=signing key 8'");
	CRASH_TO_CORE(labelled_late, NULL);
	NEIGHBOUR_IS(1);
}

/* Whatever is forced, and by how many, adds up; what nobody knows forces all. */
TEST_F(rules, what_is_forced_adds_up)
{
	LOAD("force.bpf.o " COMM " what=1");
	LOAD("force.bpf.o --name more " COMM " what=4");
	CRASH_TO_CORE(neighbours, NULL);
	EXPECT_EQ(KREDACT_FORCE_PAGES | KREDACT_FORCE_HUNT, rules_of(&self->core)->flags);
	EXPECT_EQ(KREDACT_HUNT_ALL, policy_of(&self->core)->hunt);
	EXPECT_EQ(KREDACT_REGISTERS_NONE, policy_of(&self->core)->registers);
	UNLOAD("more");

	LOAD("force.bpf.o --name more " COMM " what=0x80000000");
	CRASH_TO_CORE(neighbours, NULL);
	EXPECT_EQ(0xf, rules_of(&self->core)->flags);
	EXPECT_EQ(1, policy_of(&self->core)->strict);
	UNLOAD("more");
	UNLOAD("force");

	/* Nothing is not less than the policy. */
	EXPECT_EQ(0, policy_set(&self->policy));
	LOAD("force.bpf.o " COMM " what=0");
	CRASH_TO_CORE(neighbours, NULL);
	EXPECT_EQ(NULL, rules_of(&self->core));
	EXPECT_EQ(self->policy.registers, policy_of(&self->core)->registers);
	EXPECT_EQ(self->policy.hunt, policy_of(&self->core)->hunt);
}

/* The verifier lets nobody write to a view, or call the module from elsewhere. */
TEST_F(rules, nothing_is_weakened)
{
	EXPECT_EQ(1, run("kredact rules load --verbose " OBJECTS "weaken.bpf.o 2>/tmp/why"));
	EXPECT_EQ(0, run("grep -q 'only read is supported' /tmp/why"));
	EXPECT_EQ(1, run("kredact rules load " OBJECTS "elsewhere.bpf.o 2>/tmp/why"));
	EXPECT_EQ(0, run("grep -q 'not only programs for hooks' /tmp/why && rm /tmp/why"));
	EXPECT_EQ(-EACCES, verifier_load(HOOK_ELSEWHERE, "kredact_bpf_drop_dump"));
	EXPECT_EQ(0, verifier_load(HOOK_DUMP, "kredact_bpf_drop_dump"));
}

/* To load a program that exempts takes CAP_SYS_ADMIN; to load others does not. */
TEST_F(rules, an_exemption_takes_a_capability)
{
	EXPECT_EQ(0, verifier_load(HOOK_DUMP, "kredact_bpf_exempt"));
	EXPECT_EQ(0, log_count(dup(self->log), "is refused: to exempt processes"));
	EXPECT_EQ(0, verifier_load_as(1 << CAP_SYS_ADMIN, HOOK_DUMP, "kredact_bpf_drop_dump"));
	EXPECT_EQ(-EACCES, verifier_load_as(1 << CAP_SYS_ADMIN, HOOK_DUMP, "kredact_bpf_exempt"));
	/* The verifier may ask more than once. */
	EXPECT_LE(1, log_count(self->log, "is refused: to exempt processes takes CAP_SYS_ADMIN"));
}

static int allow_without_capability(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(drop_capabilities(1 << CAP_SYS_ADMIN) ? 255 :
		      -write_file(EXEMPTIONS, "1"));
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

TEST_F(rules, an_exemption_takes_a_permission)
{
	EXPECT_EQ(-EPERM, allow_without_capability());
	LOAD("exempt.bpf.o " COMM);
	CRASH_TO_CORE(neighbours, NULL);
	HIDDEN(WHOLE);
	HIDDEN(EXACT);
	EXPECT_EQ(KREDACT_RULES_REFUSED, rules_of(&self->core)->flags);
	EXPECT_EQ(1, log_count(dup(self->log), "(rules, user 0, signal 11) is not exempted: "));

	EXPECT_EQ(0, policy_set(&self->policy));
	ASSERT_EQ(0, write_file(EXEMPTIONS, "1"));
	CRASH_TO_CORE(neighbours, NULL);
	SHOWN(WHOLE);
	SHOWN(EXACT);
	NAMED(piece(WHOLE), SECRET, 0);
	NAMED(piece(EXACT), SECRET, KREDACT_EXACT);
	EXPECT_EQ(KREDACT_RULES_EXEMPT, rules_of(&self->core)->flags);
	EXPECT_EQ(0, core_seal_counts(&self->core)->pages_zeroed);
	CRASH_TO_CORE(neighbours, NULL);
	EXPECT_EQ(2, log_count(dup(self->log), "is exempted by a policy program: what it has"));

	/* Nothing is shown of who registered for others, too. */
	UNLOAD("exempt");
	CRASH_TO_CORE(neighbours, NULL);
	HIDDEN(WHOLE);
	HIDDEN(EXACT);
	EXPECT_EQ(NULL, rules_of(&self->core));
}

static void grouped(void *arg)
{
	neighbours(NULL);
	tag(page(10), 1, KREDACT_GROUP);
}

TEST_F(rules, an_exemption_is_void_where_another_is_stricter)
{
	ASSERT_EQ(0, write_file(EXEMPTIONS, "1"));
	LOAD("exempt.bpf.o " COMM);
	LOAD("force.bpf.o " COMM " what=2");
	CRASH_TO_CORE(neighbours, NULL);
	HIDDEN(WHOLE);
	HIDDEN(EXACT);
	EXPECT_EQ(KREDACT_FORCE_REGISTERS | KREDACT_RULES_REFUSED, rules_of(&self->core)->flags);
	UNLOAD("force");

	LOAD("drop.bpf.o most_ranges=1");
	EXPECT_TRUE(dropped(pieces, NULL));
	UNLOAD("drop");

	CRASH_TO_CORE(grouped, NULL);
	HIDDEN(WHOLE);
	HIDDEN(EXACT);
	EXPECT_EQ(KREDACT_RULES_REFUSED, rules_of(&self->core)->flags);
	EXPECT_EQ(0, log_count(self->log, "is exempted by a policy program"));
}

/* What the auditor's program says of a core is in /tmp/rules.report. Return: its status. */
static int verify(pid_t pid)
{
	char command[128];

	snprintf(command, sizeof(command), "kredact-verify --key /tmp/rules.key "
		 "/tmp/kredact.core.%d >/tmp/rules.report", pid);
	return run(command);
}

/* An auditor is told: never "clean". */
TEST_F(rules, an_exempted_core_is_not_clean)
{
	pid_t pid;

	ASSERT_EQ(0, write_file(EXEMPTIONS, "1"));
	ASSERT_EQ(0, run("kredact key generate /tmp/rules.key >/dev/null && "
			 "kredact key install /tmp/rules.key >/dev/null"));
	LOAD("exempt.bpf.o " COMM);
	pid = crash(pieces, NULL);
	ASSERT_LT(0, pid);
	EXPECT_EQ(1, verify(pid));
	EXPECT_EQ(0, run("grep -q 'exempted' /tmp/rules.report"));
	UNLOAD("exempt");
	ASSERT_TRUE(core_load(&self->core, pid));

	LOAD("strip.bpf.o uids=0");
	pid = crash(pieces, NULL);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, verify(pid));
	EXPECT_EQ(0, run("grep -q 'forced by programs' /tmp/rules.report"));
	run("rm -f /tmp/rules.key /tmp/rules.report");
	core_free(&self->core);
	ASSERT_TRUE(core_load(&self->core, pid));
}

/* Shared memory with a secret that nobody has registered. */
static void shares(void *arg)
{
	uint8_t *mem = mmap(page(16), 2 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	put(mem + 10, 6);
	put(piece(PLAIN), PLAIN);
	if (arg)
		tag_pieces();
}

TEST_F(rules, a_mapping_is_left_out)
{
	pid_t pid;
	int tags;

	for (tags = 0; tags < 2; tags++) {
		pid = crash(shares, tags ? self : NULL);
		ASSERT_LT(0, pid);
		ASSERT_TRUE(core_load(&self->core, pid));
		SHOWN(6);
		core_free(&self->core);

		LOAD("mappings.bpf.o " COMM);
		CRASH_TO_CORE(shares, tags ? self : NULL);
		HIDDEN(6);
		SHOWN(PLAIN);
		EXPECT_EQ(NULL, core_at(&self->core, (uintptr_t)page(16), PAGE));
		EXPECT_EQ(2 * tags, core_seal_counts(&self->core)->ranges);
		EXPECT_EQ(0, rules_of(&self->core)->flags);
		EXPECT_LE(1, rules_of(&self->core)->mappings);
		EXPECT_EQ(0, core_seal_counts(&self->core)->pages_left_out);
		UNLOAD("mappings");
		core_free(&self->core);
	}
}

/* Nobody else holds it: this process closes its descriptor, and does not use it again. */
TEST_F(rules, a_loaded_program_holds_the_module)
{
	int tries;

	LOAD("drop.bpf.o most_ranges=1");
	EXPECT_TRUE(dropped(pieces, NULL));
	EXPECT_EQ(0, run("kredact rules list | grep -q '^drop .* of user 0, '"));
	close(kredact_fd());
	for (tries = 0; tries < 20; tries++) {
		EXPECT_EQ(-EAGAIN, module_remove(KREDACT));
		usleep(20000);
	}
	UNLOAD("drop");
	EXPECT_EQ(0, run("[ -z \"$(kredact rules)\" ]"));
	EXPECT_EQ(0, module_remove_soon(KREDACT));
	EXPECT_EQ(0, module_insert(KREDACT, ""));
}

TEST_F(rules, wrong_settings_are_refused)
{
	EXPECT_EQ(1, run("kredact rules load " OBJECTS "drop.bpf.o nothing=1 2>/dev/null"));
	EXPECT_EQ(1, run("kredact rules load " OBJECTS "drop.bpf.o most_ranges=x 2>/dev/null"));
	EXPECT_EQ(1, run("kredact rules load " OBJECTS "drop.bpf.o cgroup=/nowhere 2>/dev/null"));
	EXPECT_EQ(1, run("kredact rules load " OBJECTS "strip.bpf.o uids=4294967296 2>/dev/null"));
	EXPECT_EQ(3, run("kredact rules load --name ../x " OBJECTS "drop.bpf.o 2>/dev/null"));
	EXPECT_EQ(1, run("kredact rules load /nowhere.bpf.o 2>/dev/null"));
	EXPECT_EQ(1, run("kredact rules unload nobody 2>/dev/null"));
	EXPECT_EQ(0, run("[ -z \"$(kredact rules)\" ]"));
}

TEST_HARNESS_MAIN

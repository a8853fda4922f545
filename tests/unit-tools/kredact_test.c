// SPDX-License-Identifier: GPL-2.0
/*
 * kredact, as far as it can be tested without the module: arguments, keys, that it
 * tells the truth when there is no module, and what it asks of a device of ours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "device.h"
#include "fixture.h"
#include "run.h"
#include "tap.h"

static char *program, *with_device;
static struct outcome outcome;

#define KREDACT(...) run(&outcome, (char *const[]){ program, __VA_ARGS__, NULL })
#define WITH_DEVICE(...) run(&outcome, (char *const[]){ with_device, __VA_ARGS__, NULL })

static void test_usage(void)
{
	static char *const wrong[][3] = {
		{ NULL }, { "frobnicate" }, { "status", "--xml" }, { "status", "--json", "x" },
		{ "key" }, { "key", "install" }, { "key", "id" }, { "key", "frob", "file" },
		{ "version", "x" }, { "policy", "x" }, { "policy", "--frob" },
		{ "policy", "--hunt" }, { "policy", "--hunt=some" }, { "policy", "--hunt", "" },
		{ "policy", "--registers=on" }, { "policy", "--unhunted=off" },
		{ "policy", "--strict=1" }, { "policy", "--run=7" }, { "policy", "--run=65" },
		{ "policy", "--run=-8" }, { "policy", "--run=16x" }, { "policy", "--run=" },
		{ "policy", "--run=+16" }, { "policy", "--run=99999999999999999999" },
		{ "policy", "--hunt=all", "x" }, { "custody" }, { "custody", "mark" },
		{ "custody", "frob", "file" }, { "custody", "watch", "x" },
		{ "custody", "watch", "--adopt" }, { "custody", "watch", "--ring=12" },
		{ "custody", "watch", "--backend=some" }, { "ps", "1" }, { "ps", "--json", "x" },
		{ "show" }, { "show", "x" }, { "show", "0" }, { "show", "-1" }, { "show", "1", "2" },
		{ "show", "99999999999" }, { "show", "--frob", "1" }, { "show", "1x" },
	};
	u32 i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		KREDACT(wrong[i][0], wrong[i][1], wrong[i][2]);
		ok(outcome.status == 3 && !*outcome.out && *outcome.err, "wrong usage: %s %s",
		   wrong[i][0] ? wrong[i][0] : "nothing", wrong[i][1] ? wrong[i][1] : "");
	}
	KREDACT("help");
	ok(!outcome.status && strstr(outcome.out, "key") && strstr(outcome.out, "status"), "help");
	KREDACT("version");
	ok(!outcome.status && !strcmp(outcome.out, "kredact " KREDACT_VERSION "\n"), "version");
}

static void test_keys(void)
{
	char expected[40] = "";
	u8 key[64], id[16];
	struct stat stat;
	FILE *file;
	u32 i;

	KREDACT("key", "generate", "new");
	file = fopen("new", "r");
	ok(!outcome.status && file && fread(key, 1, sizeof(key), file) == 32, "generate: 32 bytes");
	if (!file)
		return;
	fclose(file);
	ok(!lstat("new", &stat) && (stat.st_mode & 07777) == 0400, "generate: mode 0400");
	fixture_key_id(key, id);
	for (i = 0; i < sizeof(id); i++)
		sprintf(expected + 2 * i, "%02x", id[i]);
	strcat(expected, "\n");
	ok(!strcmp(outcome.out, expected), "generate: prints the name of the key");
	KREDACT("key", "id", "new");
	ok(!outcome.status && !strcmp(outcome.out, expected), "id: likewise");
	KREDACT("key", "generate", "new");
	ok(outcome.status == 1 && !*outcome.out, "generate: does not replace a file");
	KREDACT("key", "generate", "other");
	ok(!outcome.status && strcmp(outcome.out, expected), "generate: another key each time");
	KREDACT("key", "generate", "missing/new");
	ok(outcome.status == 1, "generate: no such directory");

	memset(key, 7, sizeof(key));
	write_file("short", key, 31);
	write_file("longest", key, 64);
	write_file("long", "0123456789012345678901234567890123456789012345678901234567890123x", 65);
	KREDACT("key", "id", "short");
	ok(outcome.status == 1 && !*outcome.out, "31 bytes are no key");
	KREDACT("key", "id", "longest");
	ok(!outcome.status, "64 bytes are");
	KREDACT("key", "id", "long");
	ok(outcome.status == 1 && !*outcome.out, "65 bytes are none");
	KREDACT("key", "id", ".");
	ok(outcome.status == 1, "nor is a directory");
	KREDACT("key", "id", "missing");
	ok(outcome.status == 1, "nor what is not there");

	chmod("longest", 0440);
	KREDACT("key", "install", "longest");
	ok(outcome.status == 1 &&
	   strstr(outcome.err, geteuid() ? "not owned by root" : "mode 0440"),
	   "install: a key that others can read is refused");
	KREDACT("key", "install", "short");
	ok(outcome.status == 1 && strstr(outcome.err, "31"), "install: a short key is refused");
}

static void test_absent(void)
{
	struct json_object *root;

	if (!access(KREDACT_DEVICE, F_OK)) {
		puts("# " KREDACT_DEVICE " is there: its absence is not tested");
		return;
	}
	KREDACT("status");
	ok(outcome.status == 1 && strstr(outcome.out, "not loaded") &&
	   strstr(outcome.out, "nothing is redacted"), "status without the module: 1, and says so");
	ok(strstr(outcome.out, "not stronger: kredact.ko is not loaded") &&
	   (strstr(outcome.out, "mechanism       BPF alone is possible\n") ||
	    strstr(outcome.out, "not BPF alone: ")), "and what is possible, or why it is not");
	KREDACT("policy", "--hunt=all");
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "not loaded"),
	   "policy without the module: 1");
	KREDACT("ps");
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "not loaded"),
	   "ps without the module: 1");
	KREDACT("show", "--json", "1");
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "not loaded"),
	   "show likewise");
	KREDACT("status", "--json");
	root = json_tokener_parse(outcome.out);
	ok(outcome.status == 1 && root &&
	   !json_object_get_boolean(json_object_object_get(root, "loaded")) &&
	   !json_object_get_boolean(json_object_object_get(
			json_object_object_get(root, "covers"), "core")),
	   "likewise as JSON: nothing is covered");
	ok(json_object_is_type(json_object_object_get(root, "disabled"), json_type_boolean) &&
	   json_object_is_type(json_object_object_get(root, "lockdown"), json_type_string),
	   "and whether that is so on purpose");
	json_object_put(root);
	chmod("new", 0400);
	KREDACT("key", "install", "new");
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, KREDACT_DEVICE),
	   "install without the module: 1");
}

static void write_device(const struct device *device)
{
	write_file("device", device, sizeof(*device));
}

static struct device read_device(void)
{
	struct device device = { 0 };
	FILE *file = fopen("device", "r");

	if (!file || fread(&device, sizeof(device), 1, file) != 1)
		abort();
	fclose(file);
	return device;
}

static struct device new_device(void)
{
	return (struct device){
		.policy = {
			.size = sizeof(struct kredact_policy),
			.hunt = KREDACT_HUNT_ALL,
			.run = KREDACT_RUN_DEFAULT,
			.registers = KREDACT_REGISTERS_ALL,
		},
		.info = {
			.size = sizeof(struct kredact_info),
			.abi = KREDACT_ABI_VERSION,
			.coverage = KREDACT_COVER_CORE | KREDACT_COVER_COPIES,
			.dumps = 12,
			.copies = 34,
			.copy_bytes = 5678,
			.hunts_failed = 9,
		},
	};
}

static bool is_word(struct json_object *object, const char *name, const char *word)
{
	struct json_object *item = json_object_object_get(object, name);

	return item && !strcmp(json_object_get_string(item), word);
}

static void test_policy_shown(void)
{
	struct device device = new_device();
	struct json_object *root;

	write_device(&device);
	WITH_DEVICE("policy");
	ok(!outcome.status && strstr(outcome.out, "hunt            all ") &&
	   strstr(outcome.out, "run             16 ") && strstr(outcome.out, "registers       all ") &&
	   strstr(outcome.out, "unhunted        writable ") &&
	   strstr(outcome.out, "strict          off "), "policy: is shown");
	WITH_DEVICE("policy", "--json");
	root = json_tokener_parse(outcome.out);
	ok(!outcome.status && is_word(root, "hunt", "all") &&
	   json_object_get_int(json_object_object_get(root, "run")) == 16 &&
	   is_word(root, "registers", "all") && is_word(root, "unhunted", "writable") &&
	   json_object_is_type(json_object_object_get(root, "strict"), json_type_boolean),
	   "policy --json");
	json_object_put(root);
	WITH_DEVICE("policy", "--help");
	ok(!outcome.status && strstr(outcome.out, "--unhunted writable|tagged"), "policy --help");
	ok(!read_device().sets, "nothing was set");
	device.policy.hunt = 77;
	write_device(&device);
	WITH_DEVICE("policy");
	ok(!outcome.status && strstr(outcome.out, "hunt            unknown"),
	   "a value of a later module");
}

static void test_policy_changed(void)
{
	static const struct {
		char *option;
		char *value;
		size_t member;
		u32 is;
	} changes[] = {
		{ "--hunt", "off", offsetof(struct kredact_policy, hunt), KREDACT_HUNT_OFF },
		{ "--hunt", "labelled", offsetof(struct kredact_policy, hunt),
		  KREDACT_HUNT_LABELLED },
		{ "--hunt", "all", offsetof(struct kredact_policy, hunt), KREDACT_HUNT_ALL },
		{ "--run", "8", offsetof(struct kredact_policy, run), 8 },
		{ "--run", "64", offsetof(struct kredact_policy, run), 64 },
		{ "--registers", "none", offsetof(struct kredact_policy, registers),
		  KREDACT_REGISTERS_NONE },
		{ "--registers", "matching", offsetof(struct kredact_policy, registers),
		  KREDACT_REGISTERS_MATCHING },
		{ "--registers", "all", offsetof(struct kredact_policy, registers),
		  KREDACT_REGISTERS_ALL },
		{ "--unhunted", "writable", offsetof(struct kredact_policy, unhunted),
		  KREDACT_UNHUNTED_WRITABLE },
		{ "--unhunted", "tagged", offsetof(struct kredact_policy, unhunted),
		  KREDACT_UNHUNTED_TAGGED },
		{ "--strict", "on", offsetof(struct kredact_policy, strict), 1 },
		{ "--strict", "off", offsetof(struct kredact_policy, strict), 0 },
	};
	const struct kredact_policy odd = {
		.size = sizeof(odd), .hunt = 1, .run = 33, .registers = 1, .unhunted = 1,
		.strict = 1,
	};
	struct device device = new_device();
	struct kredact_policy expected;
	u32 i;

	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		device.policy = odd;
		write_device(&device);
		WITH_DEVICE("policy", changes[i].option, changes[i].value);
		expected = odd;
		memcpy((char *)&expected + changes[i].member, &changes[i].is, 4);
		device = read_device();
		ok(!outcome.status && device.sets == 1 && strstr(outcome.out, changes[i].value) &&
		   !memcmp(&device.policy, &expected, sizeof(expected)),
		   "policy %s %s: this changes, and nothing else", changes[i].option,
		   changes[i].value);
		device.sets = 0;
	}
	write_device(&device);
	WITH_DEVICE("policy", "--hunt=labelled", "--run=24", "--registers=matching",
		    "--unhunted=tagged", "--strict=on", "--hunt=off", "--json");
	device = read_device();
	ok(!outcome.status && device.sets == 1 && device.policy.hunt == KREDACT_HUNT_OFF &&
	   device.policy.run == 24 && device.policy.registers == KREDACT_REGISTERS_MATCHING &&
	   device.policy.unhunted == KREDACT_UNHUNTED_TAGGED && device.policy.strict == 1 &&
	   *outcome.out == '{', "all at once, in one call; the last of two counts");
	WITH_DEVICE("policy", "--hunt=all", "--run=65");
	ok(outcome.status == 3 && read_device().sets == 1, "one wrong value: nothing is set");
	device.set_errno = EPERM;
	write_device(&device);
	WITH_DEVICE("policy", "--hunt=all");
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "CAP_SYS_ADMIN"),
	   "refused by the module: 1");
	device.old = 1;
	write_device(&device);
	WITH_DEVICE("policy");
	ok(outcome.status == 1 && strstr(outcome.err, "older than policies"),
	   "a module from before policies: 1");
}

static void test_status(void)
{
	struct device device = new_device();
	struct json_object *root;

	write_device(&device);
	WITH_DEVICE("status");
	ok(!outcome.status && strstr(outcome.out, "hunt all, runs of 16 bytes or more") &&
	   strstr(outcome.out, "34 of 5678 bytes") && strstr(outcome.out, "9 dumps, whose") &&
	   strstr(outcome.out, "yes copies elsewhere") && strstr(outcome.out, "no  registers") &&
	   !strstr(outcome.out, "may be in them"), "status: policy and copies");
	ok(strstr(outcome.out, "mechanism       the module"), "status: the mechanism");
	device.policy.unhunted = KREDACT_UNHUNTED_TAGGED;
	write_device(&device);
	WITH_DEVICE("status");
	ok(!outcome.status && strstr(outcome.out, "copies may be in them"),
	   "status: what follows from dumps that were not hunted");
	WITH_DEVICE("status", "--json");
	root = json_tokener_parse(outcome.out);
	ok(!outcome.status && json_object_get_int(json_object_object_get(root, "copies")) == 34 &&
	   json_object_get_int(json_object_object_get(root, "copy_bytes")) == 5678 &&
	   json_object_get_int(json_object_object_get(root, "hunts_failed")) == 9 &&
	   is_word(json_object_object_get(root, "policy"), "unhunted", "tagged"),
	   "status --json: likewise");
	json_object_put(root);
	device.old = 1;
	write_device(&device);
	WITH_DEVICE("status");
	ok(!outcome.status && strstr(outcome.out, "dumps           12 ") &&
	   !strstr(outcome.out, "policy") && !strstr(outcome.out, "not hunted"),
	   "status of a module from before policies: what it knows");
	WITH_DEVICE("status", "--json");
	root = json_tokener_parse(outcome.out);
	ok(!outcome.status && root && !json_object_object_get(root, "policy") &&
	   !json_object_object_get(root, "copies"), "status --json: likewise");
	json_object_put(root);
}

/* A process to be listed; it has its name from the beginning. */
static pid_t start_process(const char *name)
{
	pid_t pid;

	prctl(PR_SET_NAME, name);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	prctl(PR_SET_NAME, "kredact_test");
	return pid;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct kredact_tag new_tag(u64 addr, u64 len, u32 by, const char *label)
{
	struct kredact_tag tag = {
		.addr = addr,
		.len = len,
		.handle = 1ull << 40,
		.coverage = KREDACT_COVER_CORE,
		.by = by,
		.by_uid = -1,
		.label_len = strlen(label),
	};

	memcpy(tag.label, label, tag.label_len);
	return tag;
}

/* Two processes with tags that overlap, and one that may not be looked at. */
static struct device tagged_device(pid_t one, pid_t two, pid_t three)
{
	struct device device = new_device();
	struct device_process *p = device.processes;

	device.most = 2;
	device.info.mms = 5;
	p[0] = (struct device_process){ .pid = one, .mm = 7, .nr = 4 };
	p[0].tags[0] = new_tag(0x1000, 4096, KREDACT_BY_SELF, "a key");
	p[0].tags[0].coverage |= KREDACT_COVER_SWAP | KREDACT_COVER_COPIES;
	p[0].tags[1] = new_tag(0x1800, 4096, KREDACT_BY_OTHER, "");
	p[0].tags[1].flags = KREDACT_EXACT | KREDACT_GROUP;
	p[0].tags[1].by_pid = 812;
	p[0].tags[1].by_uid = 0;
	memcpy(p[0].tags[1].by_comm, "\033[1mbad", 8);
	p[0].tags[2] = new_tag((uintptr_t)p, 10, KREDACT_BY_BPF, "a key");
	p[0].tags[2].flags = KREDACT_HUNT;
	p[0].tags[3] = new_tag(0x7fffffff0000, 1, 9, "other\nlabel");
	p[1] = (struct device_process){ .pid = two, .mm = 7, .nr = 1 };
	p[1].tags[0] = p[0].tags[0];
	p[2] = (struct device_process){ .pid = three, .error = EACCES };
	return device;
}

static struct json_object *member(struct json_object *object, const char *name)
{
	return json_object_object_get(object, name);
}

static void test_ps(void)
{
	pid_t one = start_process("first \033one"), two = start_process("second");
	pid_t three = start_process("third");
	struct device device = tagged_device(one, two, three);
	struct json_object *root, *list, *row;
	char text[64];

	device.interrupt = 3;
	write_device(&device);
	WITH_DEVICE("ps");
	snprintf(text, sizeof(text), "(memory of %d)", one < two ? one : two);
	ok(!outcome.status && strstr(outcome.out, "first \\x1bone") && strstr(outcome.out, "second") &&
	   !strchr(outcome.out, '\033') && !strstr(outcome.out, "third"),
	   "ps: processes with tags, and their names made harmless");
	ok(strstr(outcome.out, text), "ps: who shares memory");
	/* 4096 and the half of the next, 10 and 1. */
	ok(strstr(outcome.out, "6.0 KiB") && strstr(outcome.out, "4.0 KiB") &&
	   strstr(outcome.out, " self,other,bpf "), "ps: bytes are counted once");
	ok(strstr(outcome.out, "4 address spaces with tags are not shown"),
	   "ps: how many are not shown");
	WITH_DEVICE("ps", "--json");
	root = json_tokener_parse(outcome.out);
	list = member(root, "processes");
	row = json_object_array_get_idx(list, 0);
	ok(!outcome.status && json_object_array_length(list) == 2 &&
	   json_object_get_int(member(root, "not_shown")) == 4, "ps --json");
	ok(json_object_get_int(member(row, "pid")) == (one < two ? one : two) &&
	   is_word(row, "comm", "first \\x1bone") && json_object_get_int(member(row, "mm")) == 7 &&
	   json_object_get_int(member(row, "ranges")) == 4 &&
	   json_object_get_int(member(row, "bytes")) == 6144 + 11 &&
	   json_object_get_int(member(row, "pinned_bytes")) == 4096 &&
	   json_object_get_int(member(row, "labels")) == 2 &&
	   json_object_get_int(member(member(row, "by"), "bpf")) == 1, "ps --json: a process");
	json_object_put(root);

	device.info.mms = 1;
	device.processes[0].nr = device.processes[1].nr = 0;
	write_device(&device);
	WITH_DEVICE("ps");
	ok(!outcome.status && strstr(outcome.out, "no process") && !strstr(outcome.out, "not shown"),
	   "ps: an address space that had tags is no other one");
	device.old = 1;
	write_device(&device);
	WITH_DEVICE("ps", "--json");
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "too old"),
	   "ps: a module that cannot list: 1");
	end_process(one);
	end_process(two);
	end_process(three);
}

static void test_show(void)
{
	pid_t one = start_process("first"), two = start_process("second");
	struct device device = tagged_device(one, two, getpid());
	struct json_object *root, *row;
	char pid[16], other[16], self[16];

	snprintf(pid, sizeof(pid), "%d", one);
	snprintf(other, sizeof(other), "%d", two);
	snprintf(self, sizeof(self), "%d", getpid());
	/* Mapped in all of them. */
	device.processes[0].tags[2].addr = (uintptr_t)test_show;
	write_device(&device);
	WITH_DEVICE("show", pid);
	ok(!outcome.status && strstr(outcome.out, "\n1000                 4096 pinned ") &&
	   strstr(outcome.out, " exact,group ") && strstr(outcome.out, " \\x1b[1mbad[812] ") &&
	   !strchr(outcome.out, '\033'), "show: ranges, their flags, and who made them");
	ok(strstr(outcome.out, " hunt             bpf              a key                                "
				"/") && strstr(outcome.out, "/kredact_test\n") && strstr(outcome.out, "other\\x0alabel") &&
	   strstr(outcome.out, " unknown "), "show: labels, mappings, and what is not known");
	ok(strstr(outcome.out, "\n4 ranges of 6.0 KiB, 4.0 KiB pinned; 2 labels; by self 1, other 1, "
			       "bpf 1\n"), "show: the sum");
	WITH_DEVICE("show", "--label", "key", pid);
	ok(!outcome.status && strstr(outcome.out, "\n2 ranges of 4.0 KiB, ") &&
	   !strstr(outcome.out, "other"), "show --label: those with it only");
	WITH_DEVICE("show", pid, "--label=none");
	ok(!outcome.status && !strcmp(outcome.out, "nothing is tagged with such a label\n"),
	   "show --label: none");
	WITH_DEVICE("show", "--json", pid);
	root = json_tokener_parse(outcome.out);
	row = json_object_array_get_idx(member(root, "tags"), 1);
	ok(!outcome.status && json_object_get_int(member(root, "ranges")) == 4 &&
	   json_object_array_length(member(root, "tags")) == 4 && is_word(row, "address", "0x1800") &&
	   json_object_get_int(member(row, "bytes")) == 4096 && is_word(row, "by", "other") &&
	   json_object_get_int(member(row, "by_pid")) == 812 && !member(row, "label") &&
	   is_word(row, "handle", "0x10000000000") && json_object_get_boolean(member(row, "exact")) &&
	   !json_object_get_boolean(member(row, "pinned")), "show --json");
	json_object_put(root);

	WITH_DEVICE("show", self);
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "not permitted"),
	   "show: what may not be shown: 1");
	end_process(two);
	WITH_DEVICE("show", other);
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "no such process"),
	   "show: a process that has gone: 1");
	device.old = 1;
	write_device(&device);
	WITH_DEVICE("show", pid);
	ok(outcome.status == 1 && !*outcome.out && strstr(outcome.err, "too old"),
	   "show: a module that cannot list: 1");
	end_process(one);
}

int main(void)
{
	char directory[] = "/tmp/kredact-test.XXXXXX";
	int status;

	program = (char *)beside("../../bin/kredact");
	with_device = (char *)beside("kredact-device");
	if (!mkdtemp(directory) || chdir(directory))
		abort();
	test_usage();
	test_keys();
	test_absent();
	test_policy_shown();
	test_policy_changed();
	test_status();
	test_ps();
	test_show();
	status = tap_end();
	run(&outcome, (char *const[]){ "rm", "-rf", directory, NULL });
	return status;
}

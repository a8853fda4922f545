// SPDX-License-Identifier: GPL-2.0
/*
 * kredact status: the state of the module, and what it covers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "../bpf/kernel.h"
#include "../bpf/pins.h"
#include "commands.h"
#include "daemon.h"
#include "keyfile.h"
#include "mechanism.h"
#include "policy.h"
#include "setting.h"

static const struct {
	unsigned int bit;
	const char *name;
	const char *text;
} covers[] = {
	{ KREDACT_COVER_CORE, "core", "core dumps of the process" },
	{ KREDACT_COVER_FORK, "fork", "core dumps of children" },
	{ KREDACT_COVER_MREMAP, "mremap", "memory that moves (mremap)" },
	{ KREDACT_COVER_SHARED, "shared", "core dumps of others that map the page" },
	{ KREDACT_COVER_SWAP, "swap", "swap and same-page merging" },
	{ KREDACT_COVER_PANIC, "panic", "the dump of a kernel that panicked" },
	{ KREDACT_COVER_READERS, "readers", "ptrace, /proc/PID/mem, process_vm_readv" },
	{ KREDACT_COVER_COPIES, "copies", "copies elsewhere in the dump" },
	{ KREDACT_COVER_REGS, "regs", "registers in the notes of the core" },
};

#define COVERS (sizeof(covers) / sizeof(*covers))

/* What the kernel takes for "no". */
static bool is_no(const char *value)
{
	return (*value && strchr("nNfF0", *value)) || !strncasecmp(value, "of", 2);
}

/* Does the kernel's command line keep the module out? What it says last counts. */
static bool disabled_at_boot(void)
{
	char text[32768], *word, *rest, *value;
	bool disabled = false;

	if (!kernel_read("/proc/cmdline", text, sizeof(text)))
		return false;
	for (word = strtok_r(text, " \n", &rest); word && strcmp(word, "--");
	     word = strtok_r(NULL, " \n", &rest)) {
		value = strchr(word, '=');
		if (value)
			*value++ = 0;
		if (!strcmp(word, "kredact.disable"))
			disabled = !value || !is_no(value);
	}
	return disabled;
}

/* The strongest mechanism that is possible here, and why not a stronger one. */
static void print_mechanism(const struct kredact_info *info, int error)
{
	struct mechanism_choice choice = mechanism_choose(info, error);

	printf("mechanism       %s\n", mechanism_text(choice.which));
	if (choice.module)
		printf("                not stronger: %s\n", choice.module);
	if (choice.bpf != FREE_OK)
		printf("                not BPF alone: %s\n", free_why_str(choice.bpf));
}

static void print_absent(int error)
{
	const char *level = kernel_lockdown();

	printf("module          not available: %s\n", error == -ENOENT ?
	       "not loaded, there is no " KREDACT_DEVICE : strerror(-error));
	if (disabled_at_boot())
		puts("why             kredact.disable is on the kernel's command line");
	else if (strcmp(level, "none"))
		printf("why             perhaps: the kernel is locked down (%s), and takes modules only\n"
		       "                with a signature that it trusts\n", level);
	fputs("protection      nothing is redacted: core dumps of this machine are written whole.\n"
	      "                libkredact keeps the buffers of its own callers out of core dumps\n"
	      "                with MADV_DONTDUMP and out of swap with mlock, unless they forbid\n"
	      "                that; it does not cover copies, registers, other readers of the\n"
	      "                memory or the dump of the kernel, and dumps carry no seal.\n",
	      stdout);
}

/* @policy is NULL where the module is older than policies, and so than copies. */
static void print_hunt(const struct kredact_info *info, const struct kredact_policy *policy)
{
	if (!policy)
		return;
	printf("policy          hunt %s, runs of %u bytes or more; registers %s; unhunted %s;\n"
	       "                strict %s\n", setting_word(SETTING_HUNT, policy->hunt), policy->run,
	       setting_word(SETTING_REGISTERS, policy->registers),
	       setting_word(SETTING_UNHUNTED, policy->unhunted),
	       setting_word(SETTING_STRICT, policy->strict));
	printf("copies          %" PRIu64 " of %" PRIu64 " bytes found in dumps, and zeroed\n",
	       (u64)info->copies, (u64)info->copy_bytes);
	printf("not hunted      %" PRIu64 " dumps, whose secrets could not be indexed%s\n",
	       (u64)info->hunts_failed,
	       !info->hunts_failed || policy->unhunted == KREDACT_UNHUNTED_WRITABLE ? "" :
	       ": copies may be in them");
}

static void print_info(const struct kredact_info *info, const struct kredact_policy *policy)
{
	char id[2 * KEYFILE_ID_LEN + 1], size[24];
	size_t i;

	text_hex(id, info->key_id, sizeof(info->key_id));
	text_size(size, sizeof(size), info->kernel_bytes);
	printf("module          loaded, ABI %u\n", info->abi);
	printf("seal key        %s, %s\n", id, info->flags & KREDACT_INFO_KEY_INSTALLED ?
	       "installed" : "random: seals cannot be authenticated");
	printf("tagging by BPF  %s\n",
	       info->flags & KREDACT_INFO_BPF ? "possible" : "not possible");
	for (i = 0; i < COVERS; i++)
		printf("%-15s %-3s %s\n", i ? "" : "covers",
		       info->coverage & covers[i].bit ? "yes" : "no", covers[i].text);
	printf("registered      %" PRIu64 " ranges in %" PRIu64 " processes, %s of kernel memory\n",
	       (u64)info->ranges, (u64)info->mms, size);
	printf("pinned          %" PRIu64 " pages\n", (u64)info->pins);
	printf("charged to you  %" PRIu64 " of at most %" PRIu64 "\n", (u64)info->user_ranges,
	       (u64)info->user_limit);
	printf("dumps           %" PRIu64 " redacted since the module was loaded\n",
	       (u64)info->dumps);
	printf("zeroed          %" PRIu64 " whole pages, %" PRIu64 " bytes in other pages\n",
	       (u64)info->pages_zeroed, (u64)info->bytes_zeroed);
	printf("left out        %" PRIu64 " pages since something failed, %" PRIu64
	       " that others have tagged\n", (u64)info->pages_left_out, (u64)info->pages_shared);
	print_hunt(info, policy);
	printf("seals failed    %" PRIu64 "\n", (u64)info->seals_failed);
}

/* Who watches services. It is root's to know. */
static void print_daemon(int pid)
{
	unsigned int links = pins_count(PINS_DIR, PINS_PROBES);

	if (pid < 0)
		return;
	if (pid)
		printf("kredactd        process %d", pid);
	else
		printf("kredactd        %s", links ? "has ended" : "is not at work");
	if (links)
		printf(", %u links in the kernel", links);
	putchar('\n');
}

static void add_number(struct json_object *to, const char *name, u64 value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static void print_json(const struct kredact_info *info, const struct kredact_policy *policy,
		       int error, int pid)
{
	struct json_object *root = json_object_new_object(), *covered = json_object_new_object();
	char id[2 * KEYFILE_ID_LEN + 1];
	size_t i;

	json_object_object_add(root, "loaded", json_object_new_boolean(!error));
	if (pid >= 0) {
		add_number(root, "kredactd", pid);
		add_number(root, "links", pins_count(PINS_DIR, PINS_PROBES));
	}
	json_object_object_add(root, "mechanism", json_object_new_string(
			       mechanism_word(mechanism_choose(info, error).which)));
	if (error) {
		json_object_object_add(root, "error", json_object_new_string(strerror(-error)));
		json_object_object_add(root, "disabled",
				       json_object_new_boolean(disabled_at_boot()));
		json_object_object_add(root, "lockdown", json_object_new_string(kernel_lockdown()));
	}
	for (i = 0; i < COVERS; i++)
		json_object_object_add(covered, covers[i].name,
				       json_object_new_boolean(info->coverage & covers[i].bit));
	json_object_object_add(root, "covers", covered);
	if (!error) {
		text_hex(id, info->key_id, sizeof(info->key_id));
		add_number(root, "abi", info->abi);
		json_object_object_add(root, "key_id", json_object_new_string(id));
		json_object_object_add(root, "key_installed", json_object_new_boolean(
				       info->flags & KREDACT_INFO_KEY_INSTALLED));
		json_object_object_add(root, "bpf", json_object_new_boolean(
				       info->flags & KREDACT_INFO_BPF));
		add_number(root, "user_ranges", info->user_ranges);
		add_number(root, "user_limit", info->user_limit);
		add_number(root, "processes", info->mms);
		add_number(root, "ranges", info->ranges);
		add_number(root, "kernel_bytes", info->kernel_bytes);
		add_number(root, "dumps", info->dumps);
		add_number(root, "pages_zeroed", info->pages_zeroed);
		add_number(root, "bytes_zeroed", info->bytes_zeroed);
		add_number(root, "pages_left_out", info->pages_left_out);
		add_number(root, "seals_failed", info->seals_failed);
		add_number(root, "pins", info->pins);
		add_number(root, "pages_shared", info->pages_shared);
	}
	if (policy) {
		json_object_object_add(root, "policy", policy_json(policy));
		add_number(root, "copies", info->copies);
		add_number(root, "copy_bytes", info->copy_bytes);
		add_number(root, "hunts_failed", info->hunts_failed);
	}
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

/**
 * cmd_status() - print the state of the module
 * @argc:	length of @argv
 * @argv:	"status", and perhaps "--json"
 *
 * Return: 0 if the module answers, 1 if not, 3 for wrong arguments.
 */
int cmd_status(int argc, char **argv)
{
	bool json = argc == 2 && !strcmp(argv[1], "--json");
	struct kredact_policy policy, *known = NULL;
	struct kredact_info info;
	int error, pid;

	if (argc > 2 || (argc == 2 && !json)) {
		fputs("Usage: kredact status [--json]\n", stderr);
		return EXIT_USAGE;
	}
	error = mechanism_ask(&info);
	pid = daemon_pid();
	if (!error && !policy_read(&policy))
		known = &policy;
	if (json)
		print_json(&info, known, error, pid);
	else if (error)
		print_absent(error);
	else
		print_info(&info, known);
	if (!json) {
		print_mechanism(&info, error);
		print_daemon(pid);
	}
	return error ? EXIT_FAILED : 0;
}

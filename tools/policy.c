// SPDX-License-Identifier: GPL-2.0
/*
 * kredact policy: what the dumps of tagged processes lose besides what is tagged.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands.h"
#include "policy.h"
#include "setting.h"

#define OPT_RUN		100
#define OPT_JSON	101
#define OPT_HELP	102

/* What the command line asks for. */
struct change {
	struct policy_change policy;
	bool json;
};

/* What each value of each setting means. */
static const char *const meanings[][3] = {
	[SETTING_HUNT] = {
		"copies are hunted where a registration asks for it, only",
		"copies of registrations with a label are hunted, and where asked for",
		"copies of all registrations are hunted",
	},
	[SETTING_REGISTERS] = {
		"registers are dumped as they are",
		"registers that show registered bytes are zeroed",
		"FPU and vector registers are zeroed, and others that show registered bytes",
	},
	[SETTING_UNHUNTED] = {
		"if hunting fails, all memory is left out that may hold copies",
		"if hunting fails, tagged pages are left out: COPIES MAY BE IN THE DUMP",
	},
	[SETTING_STRICT] = {
		"memory that is not registered, and shows no copy, is kept",
		"of writable private memory only what stack walking needs is kept",
	},
};

static void usage(FILE *to)
{
	fputs("Usage: kredact policy [OPTION]...\n"
	      "Shows what dumps of tagged processes lose, and changes it for those that begin\n"
	      "from now on (needs CAP_SYS_ADMIN). What is not given stays as it is.\n"
	      "  --hunt off|labelled|all          whose copies are hunted\n"
	      "  --run N                          least length of a copy, 8 to 64 bytes\n"
	      "  --registers none|matching|all    which registers are zeroed\n"
	      "  --unhunted writable|tagged       what is left out if hunting fails\n"
	      "  --strict on|off                  keep only what stack walking needs\n"
	      "  --json                           for a program\n", to);
}

static int open_device(void)
{
	int fd = open(KREDACT_DEVICE, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int get_policy(int fd, struct kredact_policy *policy)
{
	*policy = (struct kredact_policy){ .size = sizeof(*policy) };
	return ioctl(fd, KREDACT_IOC_GET_POLICY, policy) ? -errno : 0;
}

/**
 * policy_json() - a policy for a program
 * @policy:	from policy_read()
 *
 * Return: an object for the caller to put.
 */
struct json_object *policy_json(const struct kredact_policy *policy)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "hunt", json_object_new_string(
			       setting_word(SETTING_HUNT, policy->hunt)));
	json_object_object_add(object, "run", json_object_new_uint64(policy->run));
	json_object_object_add(object, "registers", json_object_new_string(
			       setting_word(SETTING_REGISTERS, policy->registers)));
	json_object_object_add(object, "unhunted", json_object_new_string(
			       setting_word(SETTING_UNHUNTED, policy->unhunted)));
	json_object_object_add(object, "strict", json_object_new_boolean(policy->strict));
	return object;
}

static void print_setting(const char *name, enum setting setting, u32 value)
{
	const char *word = setting_word(setting, value);

	printf("%-15s %-9s %s\n", name, word,
	       strcmp(word, "unknown") ? meanings[setting][value] : "");
}

static void print_policy(const struct kredact_policy *policy, bool json)
{
	if (json) {
		struct json_object *object = policy_json(policy);

		puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_SPACED |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(object);
		return;
	}
	print_setting("hunt", SETTING_HUNT, policy->hunt);
	printf("%-15s %-9u %s\n", "run", policy->run, "bytes: the least length of a copy");
	print_setting("registers", SETTING_REGISTERS, policy->registers);
	print_setting("unhunted", SETTING_UNHUNTED, policy->unhunted);
	print_setting("strict", SETTING_STRICT, policy->strict);
}

static bool parse_run(const char *text, u32 *run)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || value < KREDACT_RUN_MIN ||
	    value > KREDACT_RUN_MAX) {
		fprintf(stderr, "kredact policy --run: a number from %u to %u\n", KREDACT_RUN_MIN,
			KREDACT_RUN_MAX);
		return false;
	}
	*run = value;
	return true;
}

static bool parse_setting(enum setting setting, const char *name, const char *word, u32 *value)
{
	if (setting_value(setting, word, value))
		return true;
	fprintf(stderr, "kredact policy --%s: no such value; try 'kredact policy --help'\n", name);
	return false;
}

/* Returns 0, 1 if all is done, or -1 for wrong usage. */
static int parse(struct change *change, int argc, char **argv)
{
	static const struct option options[] = {
		{ "hunt", required_argument, NULL, SETTING_HUNT },
		{ "registers", required_argument, NULL, SETTING_REGISTERS },
		{ "unhunted", required_argument, NULL, SETTING_UNHUNTED },
		{ "strict", required_argument, NULL, SETTING_STRICT },
		{ "run", required_argument, NULL, OPT_RUN },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL, 0, NULL, 0 }
	};
	bool good = true;
	int option;

	optind = 1;
	while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case SETTING_HUNT:
			change->policy.hunt = good = parse_setting(option, "hunt", optarg,
							    &change->policy.to.hunt);
			break;
		case SETTING_REGISTERS:
			change->policy.registers = good = parse_setting(option, "registers", optarg,
								 &change->policy.to.registers);
			break;
		case SETTING_UNHUNTED:
			change->policy.unhunted = good = parse_setting(option, "unhunted", optarg,
								&change->policy.to.unhunted);
			break;
		case SETTING_STRICT:
			change->policy.strict = good = parse_setting(option, "strict", optarg,
							      &change->policy.to.strict);
			break;
		case OPT_RUN:
			change->policy.run = good = parse_run(optarg, &change->policy.to.run);
			break;
		case OPT_JSON:
			change->json = true;
			break;
		case OPT_HELP:
			usage(stdout);
			return 1;
		default:
			good = false;
		}
	}
	if (good && optind == argc)
		return 0;
	if (good)
		usage(stderr);
	return -1;
}

static bool changes(const struct policy_change *change)
{
	return change->hunt || change->run || change->registers || change->unhunted ||
	       change->strict;
}

/* Two administrators who change it at once: the last one wins, with what he saw. */
static int apply(int fd, const struct policy_change *change, struct kredact_policy *policy)
{
	if (change->hunt)
		policy->hunt = change->to.hunt;
	if (change->run)
		policy->run = change->to.run;
	if (change->registers)
		policy->registers = change->to.registers;
	if (change->unhunted)
		policy->unhunted = change->to.unhunted;
	if (change->strict)
		policy->strict = change->to.strict;
	if (ioctl(fd, KREDACT_IOC_SET_POLICY, policy))
		return -errno;
	/* What is printed is what the module says. */
	return get_policy(fd, policy);
}

/**
 * policy_change() - ask the module for its policy, and change it
 * @change:	what is to be another; nothing: it is only asked
 * @policy:	out: as it is then
 *
 * Return: 0 or a negative errno; -ENOTTY: the module is older than policies.
 */
int policy_change(const struct policy_change *change, struct kredact_policy *policy)
{
	int fd = open_device(), error;

	if (fd < 0)
		return fd;
	error = get_policy(fd, policy);
	if (!error && changes(change))
		error = apply(fd, change, policy);
	close(fd);
	return error;
}

/**
 * policy_read() - ask the module for its policy
 * @policy:	out
 *
 * Return: as policy_change().
 */
int policy_read(struct kredact_policy *policy)
{
	const struct policy_change none = { 0 };

	return policy_change(&none, policy);
}

static const char *text_of(int error)
{
	switch (error) {
	case -ENOENT:
		return "not loaded, there is no " KREDACT_DEVICE;
	case -ENOTTY:
		return "the module is older than policies";
	case -EPERM:
		return "refused: this needs CAP_SYS_ADMIN";
	default:
		return strerror(-error);
	}
}

/**
 * cmd_policy() - show the policy, and perhaps change it
 * @argc:	length of @argv
 * @argv:	"policy" and options
 *
 * Return: 0, 1 if it failed, 3 for wrong arguments; then nothing has changed.
 */
int cmd_policy(int argc, char **argv)
{
	struct kredact_policy policy;
	struct change change = { 0 };
	int error;

	error = parse(&change, argc, argv);
	if (error)
		return error < 0 ? EXIT_USAGE : 0;
	error = policy_change(&change.policy, &policy);
	if (error) {
		fprintf(stderr, "kredact policy: %s\n", text_of(error));
		return EXIT_FAILED;
	}
	print_policy(&policy, change.json);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * kredact: administration. This file only finds the subcommand.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static int cmd_version(int argc, char **argv);
static int cmd_help(int argc, char **argv);

/**
 * struct command - a subcommand
 * @name:	as it is called
 * @run:	does it
 * @arguments:	for the help
 * @text:	for the help
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *text;
};

static const struct command commands[] = {
	{ "status", cmd_status, "[--json]", "state of the module, and what it covers" },
	{ "ps", cmd_ps, "[--json]", "processes that have something tagged" },
	{ "show", cmd_show, "[OPTION]... PID", "what is tagged in a process, and by whom" },
	{ "unseal", cmd_unseal, "--pid PID ...", "let debuggers see what is tagged, for a time" },
	{ "key", cmd_key, "install FILE", "make seals with this key from now on" },
	{ "key", cmd_key, "id FILE", "name of a key, as in seals" },
	{ "key", cmd_key, "generate FILE", "make a new key" },
	{ "policy", cmd_policy, "[OPTION]...", "what dumps lose besides what is tagged" },
	{ "watch", cmd_watch, "[OPTION]...", "tag the keys of programs left as they are" },
	{ "probes", cmd_probes, "[--check] [FILE]", "the table that watch goes by" },
	{ "rules", cmd_rules, "[ARGUMENT]...", "BPF programs that decide about dumps" },
	{ "custody", cmd_custody, "...", "mark dump files, and record who does what to them" },
	{ "attest", cmd_attest, "DUMP --key KEY", "verify a dump, and sign what came of it" },
	{ "verify-attestation", cmd_verify_attestation, "FILE",
	  "is it signed by someone trusted, and of this dump?" },
	{ "gate", cmd_gate, "DUMP FOLDER", "let an attested dump pass, by the policy" },
	{ "capture", cmd_capture, "...", "judge dumps that others wrote, or that were left" },
	{ "dumps", cmd_dumps, "[show|rm NAME]", "what is in the store and in the quarantine" },
	{ "version", cmd_version, "", "version of this program" },
	{ "help", cmd_help, "", "this text" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void print_help(FILE *to)
{
	size_t i;

	fputs("Usage: kredact COMMAND [ARGUMENT]...\n"
	      "Administers the redaction of key material in core dumps.\n\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %-16s %s\n", commands[i].name, commands[i].arguments,
			commands[i].text);
	fputs("\nExit status: 0 done, 1 failed, 2 not possible on this kernel (watch, rules,\n"
	      "custody watch), 3 usage.\n", to);
}

static int cmd_version(int argc, char **argv)
{
	if (argc > 1) {
		fprintf(stderr, "kredact %s: takes no argument\n", argv[0]);
		return EXIT_USAGE;
	}
	puts("kredact " KREDACT_VERSION);
	return 0;
}

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_help(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	const char *name;
	int status;
	size_t i;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	name = argv[1];
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			break;
	if (i == COMMANDS) {
		fprintf(stderr, "kredact: no such command; try 'kredact help'\n");
		return EXIT_USAGE;
	}
	status = commands[i].run(argc - 1, argv + 1);
	if (fflush(stdout) && !status) {
		perror("kredact: standard output");
		return EXIT_FAILED;
	}
	return status;
}

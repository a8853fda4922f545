// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of kredact-verify: see options.h.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit.h"
#include "dump.h"
#include "options.h"

enum {
	OPT_HELP = 'h', OPT_QUIET = 'q', OPT_VERBOSE = 'v', OPT_VERSION = 'V',
	OPT_KEY = 256, OPT_NO_KEY, OPT_SEAL, OPT_SECRET, OPT_SECRET_MIN, OPT_REVERSE,
	OPT_NO_REVERSE, OPT_DETECT, OPT_NO_SCAN, OPT_CERT, OPT_THREADS, OPT_COLOR,
	OPT_READ_HOLES, OPT_NO_SANDBOX, OPT_FORMAT, OPT_RAW, OPT_UNSEALED,
	OPT_MAX_SIZE, OPT_PROGRESS, OPT_NO_PROGRESS, OPT_REPORT, OPT_JSON, OPT_SARIF,
	OPT_JUNIT, OPT_HTML, OPT_REDACT, OPT_REDACT_NOTES, OPT_SIGN,
};

static const struct option long_options[] = {
	{ "key", required_argument, NULL, OPT_KEY },
	{ "no-key", no_argument, NULL, OPT_NO_KEY },
	{ "seal", required_argument, NULL, OPT_SEAL },
	{ "secret", required_argument, NULL, OPT_SECRET },
	{ "secret-min", required_argument, NULL, OPT_SECRET_MIN },
	{ "reverse", no_argument, NULL, OPT_REVERSE },
	{ "no-reverse", no_argument, NULL, OPT_NO_REVERSE },
	{ "detect", required_argument, NULL, OPT_DETECT },
	{ "no-scan", no_argument, NULL, OPT_NO_SCAN },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "json", optional_argument, NULL, OPT_JSON },
	{ "sarif", optional_argument, NULL, OPT_SARIF },
	{ "junit", optional_argument, NULL, OPT_JUNIT },
	{ "html", optional_argument, NULL, OPT_HTML },
	{ "redact", required_argument, NULL, OPT_REDACT },
	{ "redact-notes", no_argument, NULL, OPT_REDACT_NOTES },
	{ "sign", required_argument, NULL, OPT_SIGN },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "read-holes", no_argument, NULL, OPT_READ_HOLES },
	{ "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "raw", no_argument, NULL, OPT_RAW },
	{ "unsealed", no_argument, NULL, OPT_UNSEALED },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ NULL, 0, NULL, 0 },
};

static void print_help(FILE *to)
{
	fputs("Usage: kredact-verify [OPTION]... DUMP...\n"
	      "Checks that dumps hold no registered key material. A DUMP is a file, packed or\n"
	      "not, a directory with such files, or - for standard input.\n"
	      "\n"
	      "  --key FILE        key that the seal must be made with (raw bytes)\n"
	      "  --no-key          do without authenticity, and say so\n"
	      "  --seal FILE       the seal of a daemon (if the core has none: CORE.kredact-seal)\n"
	      "  --unsealed        no seal is expected: only search\n"
	      "  --format FORMAT   elf, minidump, kdump, raw or auto (the default)\n"
	      "  --raw             the same as --format raw\n"
	      "  --max-size SIZE   bytes that a dump may have when unpacked (256G)\n"
	      "  --secret FILE     also search the whole file for these bytes (repeatable)\n"
	      "  --secret-min N    runs of N or more bytes of a secret count, too\n"
	      "  --no-reverse      do not search for reversed secrets\n"
	      "  --detect LIST     look for keys by these detectors only (default: all)\n"
	      "  --no-scan         do not look for keys that nobody registered\n"
	      "  --cert FILE       search for the private half of a certificate, public key,\n"
	      "                    JWKS or list of CT logs (repeatable)\n"
	      "  --threads N       threads that look for keys (default: one for each processor)\n"
	      "  --read-holes      read holes of the file instead of passing over them\n"
	      "  --no-sandbox      parse without seccomp and without a limit of memory\n"
	      "  --report FORMAT[=FILE]  text, json, sarif, junit or html (repeatable)\n"
	      "  --json[=FILE], --sarif[=FILE], --junit[=FILE], --html[=FILE]  the same\n"
	      "  --redact OUT      write a copy of the dump in which all that was found is zero\n"
	      "  --redact-notes    zero in it also what is worth a line only\n"
	      "  --sign KEY        sign for it (PEM; Ed25519 or EC)\n"
	      "  --progress        tell how far it is, also if nobody seems to look\n"
	      "  --no-progress     do not\n"
	      "  -v, --verbose     whole reports, also of several dumps\n"
	      "  -q, --quiet       no report, only the exit status\n"
	      "  --color WHEN      always, never or auto (the default)\n"
	      "  -h, --help        this text\n"
	      "  -V, --version     version of the program\n"
	      "\n"
	      "Exit status: 0 clean, 1 key material found, 2 cannot be verified, 3 usage,\n"
	      "4 the cleaned copy could not be written.\n", to);
}

/**
 * usage() - say what is wrong with the command line
 * @format:	of the text
 *
 * Return: what options_parse() returns then.
 */
int usage(const char *format, ...)
{
	va_list args;

	fputs("kredact-verify: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nTry 'kredact-verify --help'.\n", stderr);
	return -EXIT_USAGE;
}

static int parse_color(struct options *options, const char *when)
{
	static const char *const words[] = { "never", "always", "auto" };

	for (options->color = 0; options->color < 3; options->color++)
		if (!strcmp(when, words[options->color]))
			return 0;
	return usage("--color: always, never or auto");
}

static int parse_number(const char *option, const char *number, u32 least, u32 most, u32 *to)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(number, &end, 10);
	if (errno || *end || end == number || *number == '-' || value < least || value > most)
		return usage("%s: a number from %u to %u", option, least, most);
	*to = value;
	return 0;
}

static int parse_format(struct options *options, const char *word)
{
	for (options->format = CORE_AUTO; options->format <= CORE_RAW; options->format++)
		if (!strcmp(word, core_format_word(options->format)))
			return 0;
	return usage("--format: elf, minidump, kdump, raw or auto");
}

static int parse_size(struct options *options, const char *text)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	u64 value;
	u32 shift = 0;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (end != text && *end) {
		unit = strchr(units, *end++);
		shift = unit ? 10 * (unit - units + 1) : 64;
	}
	if (errno || end == text || *end || *text == '-' || !value || shift > 40 ||
	    value > (u64)INT64_MAX >> shift)
		return usage("--max-size: a number of bytes, or of KiB, MiB, GiB or TiB with K, M, "
			     "G or T after it");
	options->unpacked_max = value << shift;
	return 0;
}

/* An option without an argument. */
static void take_flag(struct options *options, int option)
{
	switch (option) {
	case OPT_NO_KEY:
		options->no_key = true;
		break;
	case OPT_REVERSE:
	case OPT_NO_REVERSE:
		options->reverse = option == OPT_REVERSE;
		break;
	case OPT_NO_SCAN:
		options->no_scan = true;
		break;
	case OPT_REDACT_NOTES:
		options->redact_notes = true;
		break;
	case OPT_QUIET:
		options->quiet = true;
		break;
	case OPT_READ_HOLES:
		options->read_holes = true;
		break;
	case OPT_NO_SANDBOX:
		options->no_sandbox = true;
		break;
	case OPT_RAW:
		options->format = CORE_RAW;
		break;
	case OPT_UNSEALED:
		options->unsealed = true;
		break;
	case OPT_PROGRESS:
	case OPT_NO_PROGRESS:
		options->progress = option == OPT_PROGRESS;
		break;
	case OPT_VERBOSE:
		options->verbose = true;
		break;
	}
}

/* The name of a file, or a list, that is read later. Returns NULL for other options. */
static const char **place_for(struct options *options, int option)
{
	switch (option) {
	case OPT_KEY:
		return &options->key;
	case OPT_SEAL:
		return &options->seal;
	case OPT_SECRET:
		return &options->secrets[options->nr_secrets++];
	case OPT_CERT:
		return &options->certs[options->nr_certs++];
	case OPT_DETECT:
		return &options->scan.only;
	case OPT_REDACT:
		return &options->redact;
	case OPT_SIGN:
		return &options->sign;
	}
	return NULL;
}

static int take_argument(struct options *options, int option, const char *argument)
{
	static const char *const formats[] = { "json", "sarif", "junit", "html" };
	const char **place = place_for(options, option);
	struct complaint why;

	if (place) {
		*place = argument;
		return 0;
	}
	switch (option) {
	case OPT_SECRET_MIN:
		return parse_number("--secret-min", argument, SECRET_MIN, SECRET_MAX,
				    &options->shortest);
	case OPT_THREADS:
		return parse_number("--threads", argument, 1, SCAN_THREADS,
				    &options->scan.threads);
	case OPT_REPORT:
		return outputs_parse(&options->outputs, argument, &why) ?
		       usage("--report: %s", why.text) : 0;
	case OPT_JSON:
	case OPT_SARIF:
	case OPT_JUNIT:
	case OPT_HTML:
		return outputs_add(&options->outputs, formats[option - OPT_JSON], argument, &why) ?
		       usage("--%s: %s", formats[option - OPT_JSON], why.text) : 0;
	case OPT_COLOR:
		return parse_color(options, argument);
	case OPT_FORMAT:
		return parse_format(options, argument);
	case OPT_MAX_SIZE:
		return parse_size(options, argument);
	}
	take_flag(options, option);
	return 0;
}

/* Do the options go together, with so many dumps? */
static int check(const struct options *options, int dumps)
{
	if (!dumps)
		return usage("which dump?");
	if (options->key && options->no_key)
		return usage("--key and --no-key contradict each other");
	if (options->shortest && !options->nr_secrets)
		return usage("--secret-min needs --secret");
	if (options->nr_certs && options->no_scan)
		return usage("--cert and --no-scan contradict each other");
	if ((options->sign || options->redact_notes) && !options->redact)
		return usage("--%s needs --redact", options->sign ? "sign" : "redact-notes");
	if (options->seal && dumps != 1)
		return usage("--seal is for one dump");
	if (options->seal && options->unsealed)
		return usage("--seal and --unsealed contradict each other");
	return 0;
}

/**
 * options_parse() - read the command line
 * @options:	takes it; options_free() releases it, also after an error
 * @argc, @argv: as of main(), and have to stay; the dumps are from optind on
 *
 * Return: 0, 1 if all is done (help, version), or a negative exit status, after a complaint.
 */
int options_parse(struct options *options, int argc, char **argv)
{
	int option, error = 0;

	*options = (struct options){
		.reverse = true,
		.color = 2,
		.progress = 2,
		.unpacked_max = DUMP_UNPACKED_MAX,
	};
	options->secrets = calloc(argc, sizeof(*options->secrets));
	options->names = calloc(argc, sizeof(*options->names));
	options->certs = calloc(argc, sizeof(*options->certs));
	if (!options->secrets || !options->names || !options->certs)
		return -VERDICT_UNVERIFIED;
	while (!error && (option = getopt_long(argc, argv, "hqvV", long_options, NULL)) != -1) {
		switch (option) {
		case OPT_HELP:
			print_help(stdout);
			return 1;
		case OPT_VERSION:
			puts("kredact-verify " KREDACT_VERSION);
			return 1;
		case '?':
			fputs("Try 'kredact-verify --help'.\n", stderr);
			return -EXIT_USAGE;
		default:
			error = take_argument(options, option, optarg);
		}
	}
	return error ? error : check(options, argc - optind);
}

/**
 * options_free() - release what options_parse() took
 * @options:	not usable afterwards
 */
void options_free(struct options *options)
{
	u32 i;

	for (i = 0; i < options->nr_secrets; i++)
		free(options->names[i]);
	free(options->names);
	free(options->secrets);
	free(options->certs);
}

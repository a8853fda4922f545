// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-verify: audits a core dump, on a machine that needs neither the
 * module nor root. This file only wires things up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "report.h"
#include "sandbox.h"

#define EXIT_USAGE	3

/**
 * struct options - what the command line says
 * @core:	the file to audit
 * @seal:	the file with its seal, or NULL: if the core has none, the one beside it
 * @key:	file of the seal key, or NULL
 * @no_key:	do without authenticity
 * @secrets:	files of secrets to search for
 * @names:	their names, escaped
 * @nr_secrets:	how many
 * @shortest:	shortest run of a secret that counts; 0: the whole secret
 * @reverse:	search for reversed secrets, too
 * @scan:	what the scan for keys looks for
 * @no_scan:	do without it
 * @color:	0 never, 1 always, 2 for a terminal
 * @json, @quiet, @read_holes, @no_sandbox: likewise options
 */
struct options {
	const char *core;
	const char *seal;
	const char *key;
	bool no_key;
	const char **secrets;
	char **names;
	u32 nr_secrets;
	u32 shortest;
	bool reverse;
	struct scan_options scan;
	bool no_scan;
	int color;
	bool json;
	bool quiet;
	bool read_holes;
	bool no_sandbox;
};

enum {
	OPT_KEY = 256, OPT_NO_KEY, OPT_SEAL, OPT_SECRET, OPT_SECRET_MIN, OPT_REVERSE,
	OPT_NO_REVERSE, OPT_DETECT, OPT_NO_SCAN, OPT_JSON, OPT_COLOR, OPT_QUIET, OPT_READ_HOLES, OPT_NO_SANDBOX, OPT_HELP,
	OPT_VERSION,
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
	{ "json", no_argument, NULL, OPT_JSON },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "read-holes", no_argument, NULL, OPT_READ_HOLES },
	{ "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static void print_help(FILE *to)
{
	fputs("Usage: kredact-verify [OPTION]... CORE\n"
	      "Checks that a core dump holds no registered key material.\n"
	      "\n"
	      "  --key FILE        key that the seal must be made with (raw bytes)\n"
	      "  --no-key          do without authenticity, and say so\n"
	      "  --seal FILE       the seal of a daemon (if the core has none: CORE.kredact-seal)\n"
	      "  --secret FILE     also search the whole file for these bytes (repeatable)\n"
	      "  --secret-min N    runs of N or more bytes of a secret count, too\n"
	      "  --no-reverse      do not search for reversed secrets\n"
	      "  --detect LIST     look for keys by these detectors only (default: all)\n"
	      "  --no-scan         do not look for keys that nobody registered\n"
	      "  --read-holes      read holes of the file instead of passing over them\n"
	      "  --no-sandbox      parse without seccomp and without a limit of memory\n"
	      "  --json            report for a program\n"
	      "  -q, --quiet       no report, only the exit status\n"
	      "  --color WHEN      always, never or auto (the default)\n"
	      "  -h, --help        this text\n"
	      "  -V, --version     version of the program\n"
	      "\n"
	      "Exit status: 0 clean, 1 key material found, 2 cannot be verified, 3 usage.\n", to);
}

__attribute__((format(printf, 1, 2)))
static int usage(const char *format, ...)
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

static int parse_shortest(struct options *options, const char *number)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(number, &end, 10);
	if (errno || *end || end == number || *number == '-' || value < SECRET_MIN ||
	    value > SECRET_MAX)
		return usage("--secret-min: a number from %u to %u", SECRET_MIN, SECRET_MAX);
	options->shortest = value;
	return 0;
}

/* Returns 0, 1 if all is done, or a negative exit status. */
static int parse_options(struct options *options, int argc, char **argv)
{
	int option, error = 0;

	*options = (struct options){ .reverse = true, .color = 2 };
	options->secrets = calloc(argc, sizeof(*options->secrets));
	options->names = calloc(argc, sizeof(*options->names));
	if (!options->secrets || !options->names)
		return -VERDICT_UNVERIFIED;
	while (!error && (option = getopt_long(argc, argv, "hqV", long_options, NULL)) != -1) {
		switch (option) {
		case OPT_KEY:
			options->key = optarg;
			break;
		case OPT_NO_KEY:
			options->no_key = true;
			break;
		case OPT_SEAL:
			options->seal = optarg;
			break;
		case OPT_SECRET:
			options->secrets[options->nr_secrets++] = optarg;
			break;
		case OPT_SECRET_MIN:
			error = parse_shortest(options, optarg);
			break;
		case OPT_REVERSE:
		case OPT_NO_REVERSE:
			options->reverse = option == OPT_REVERSE;
			break;
		case OPT_DETECT:
			options->scan.only = optarg;
			break;
		case OPT_NO_SCAN:
			options->no_scan = true;
			break;
		case OPT_JSON:
			options->json = true;
			break;
		case OPT_COLOR:
			error = parse_color(options, optarg);
			break;
		case OPT_QUIET:
		case 'q':
			options->quiet = true;
			break;
		case OPT_READ_HOLES:
			options->read_holes = true;
			break;
		case OPT_NO_SANDBOX:
			options->no_sandbox = true;
			break;
		case OPT_HELP:
		case 'h':
			print_help(stdout);
			return 1;
		case OPT_VERSION:
		case 'V':
			puts("kredact-verify " KREDACT_VERSION);
			return 1;
		default:
			fputs("Try 'kredact-verify --help'.\n", stderr);
			return -EXIT_USAGE;
		}
	}
	if (error)
		return error;
	if (argc - optind != 1)
		return usage(optind == argc ? "which core?" : "one core at a time");
	if (options->key && options->no_key)
		return usage("--key and --no-key contradict each other");
	if (options->shortest && !options->nr_secrets)
		return usage("--secret-min needs --secret");
	options->core = argv[optind];
	return 0;
}

/* Names come from the command line, and may be anything. */
static char *escaped(const char *name)
{
	size_t room = TEXT_ESCAPED(strlen(name));
	char *text = malloc(room);

	if (text)
		text_escape(text, room, name, strlen(name));
	return text;
}

static int load_secret(struct search *search, const char *path, struct complaint *why)
{
	static u8 bytes[SECRET_MAX + 1];
	struct stat stat;
	size_t len = 0;
	ssize_t got = 0;
	int fd, error;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return complain(why, -errno, "%s", strerror(errno));
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		error = complain(why, -EINVAL, "not a regular file");
		goto out;
	}
	while (len < sizeof(bytes)) {
		got = read(fd, bytes + len, sizeof(bytes) - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += got;
	}
	error = got < 0 ? complain(why, -EIO, "%s", strerror(errno)) :
			  search_add(search, bytes, len, why);
	OPENSSL_cleanse(bytes, sizeof(bytes));
out:
	close(fd);
	return error;
}

static int load_secrets(struct audit *audit, struct options *options)
{
	struct complaint why;
	u32 i;

	if (!options->nr_secrets)
		return 0;
	audit->search = search_new(options->shortest, options->reverse);
	if (!audit->search)
		return -VERDICT_UNVERIFIED;
	for (i = 0; i < options->nr_secrets; i++) {
		options->names[i] = escaped(options->secrets[i]);
		if (!options->names[i])
			return -VERDICT_UNVERIFIED;
		if (load_secret(audit->search, options->secrets[i], &why))
			return usage("--secret %s: %s", options->names[i], why.text);
	}
	if (search_prepare(audit->search, &why)) {
		fprintf(stderr, "kredact-verify: %s\n", why.text);
		return -VERDICT_UNVERIFIED;
	}
	return 0;
}

static int make_scan(struct audit *audit, const struct options *options)
{
	struct complaint why;

	if (options->no_scan)
		return 0;
	audit->scan = scan_new(&options->scan, &why);
	return audit->scan ? 0 : usage("%s", why.text);
}

/* The key of the seal, which is the key of the scan's digests, too. */
static int load_key(struct audit *audit, struct options *options)
{
	struct keyfile key;
	struct complaint why;
	int error;

	audit->no_key = options->no_key;
	if (!options->key)
		return make_scan(audit, options);
	if (keyfile_load(&key, options->key, false, &why)) {
		keyfile_wipe(&key);
		return usage("--key: %s", why.text);
	}
	memcpy(audit->key_id, key.id, sizeof(audit->key_id));
	audit->mac = mac_new(key.key, key.len);
	audit->prints = fingerprints_new(key.key, key.len, hasher_best());
	if (audit->mac && audit->prints) {
		options->scan.key = key.key;
		options->scan.key_len = key.len;
		error = make_scan(audit, options);
	} else {
		fputs("kredact-verify: OpenSSL cannot compute HMAC-SHA-256 or AES-128\n", stderr);
		error = -VERDICT_UNVERIFIED;
	}
	keyfile_wipe(&key);
	return error;
}

static bool want_color(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->color != 2)
		return options->color;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static int print(const struct options *options, const struct report *report,
		 struct audit *audit)
{
	int status = audit_verdict(audit);
	bool lost = false;

	if (!options->quiet && options->json)
		lost = json_print(report, audit);
	else if (!options->quiet)
		report_print(report, audit);
	/* A report that got lost must not end as "clean". */
	if ((fflush(stdout) || ferror(stdout) || lost) && status == VERDICT_CLEAN) {
		fputs("kredact-verify: the report could not be written\n", stderr);
		status = VERDICT_UNVERIFIED;
	}
	return status;
}

/*
 * Opens the file of a seal beside the core: the one that was named, or one that may be there.
 * Returns its descriptor, -1 to do without, or -2 if that is an error.
 */
static int open_sidecar(struct audit *audit, const struct options *options, char **name)
{
	struct complaint why = { "out of memory" };
	char *path = NULL;
	int fd = -2;

	audit->only_sidecar = options->seal;
	if (asprintf(&path, "%s%s", options->seal ? options->seal : options->core,
		     options->seal ? "" : KREDACT_SIDECAR_SUFFIX) < 0)
		return fd;
	*name = escaped(path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	free(path);
	if (fd < 0 && errno == ENOENT && !options->seal)
		return -1;
	if (fd < 0)
		complaint_set(&why, "%s", strerror(errno));
	audit->digest = digest_new();
	if (*name && audit->digest && fd >= 0 && !input_open(&audit->sidecar, fd, false, &why)) {
		audit->has_sidecar = true;
		return fd;
	}
	fprintf(stderr, "kredact-verify: %s: %s\n", *name ? *name : "", why.text);
	/* What nobody asked for is in nobody's way: the core may have a seal of its own. */
	return options->seal ? -2 : -1;
}

/* Opens, enters the sandbox, parses, reports. */
static int verify(struct audit *audit, struct options *options)
{
	static char out_buffer[65536];
	struct report report = {
		.secrets = options->names,
		.nr_secrets = options->nr_secrets,
		.sandboxed = !options->no_sandbox,
		.out = stdout,
	};
	char *name = escaped(options->core), *seal = NULL;
	int inputs[2], status = -VERDICT_UNVERIFIED;
	struct complaint why;

	if (!name)
		return status;
	inputs[0] = open(options->core, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (inputs[0] < 0) {
		fprintf(stderr, "kredact-verify: %s: %s\n", name, strerror(errno));
		goto out;
	}
	/* Stays open to the end: the sandbox has no close(). */
	if (input_open(&audit->in, inputs[0], !options->read_holes, &why)) {
		fprintf(stderr, "kredact-verify: %s: %s\n", name, why.text);
		goto out;
	}
	inputs[1] = open_sidecar(audit, options, &seal);
	if (inputs[1] == -2)
		goto out;
	/* What the C library would do behind our back later, it does now. */
	setvbuf(stdout, out_buffer, _IOFBF, sizeof(out_buffer));
	json_warm_up();
	report.file = name;
	report.seal = seal;
	report.color = want_color(options);
	if (!options->no_sandbox && sandbox_enter(inputs, inputs[1] < 0 ? 1 : 2, &why)) {
		fprintf(stderr, "kredact-verify: %s\n"
			"kredact-verify: --no-sandbox does without it\n", why.text);
		goto out;
	}
	audit_run(audit);
	status = print(options, &report, audit);
out:
	free(name);
	free(seal);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	struct complaint why;
	struct audit *audit;
	int status;
	u32 i;

	if (sandbox_privacy(&why)) {
		fprintf(stderr, "kredact-verify: %s\n", why.text);
		return VERDICT_UNVERIFIED;
	}
	/* Nothing but this program decides which algorithms are used. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	audit = calloc(1, sizeof(*audit));
	if (!audit)
		return VERDICT_UNVERIFIED;
	status = parse_options(&options, argc, argv);
	if (status == 1) {
		status = fflush(stdout) ? VERDICT_UNVERIFIED : 0;
		goto out;
	}
	if (!status)
		status = load_secrets(audit, &options);
	if (!status)
		status = load_key(audit, &options);
	if (!status)
		status = verify(audit, &options);
out:
	audit_close(audit);
	free(audit);
	for (i = 0; i < options.nr_secrets; i++)
		free(options.names[i]);
	free(options.names);
	free(options.secrets);
	return status < 0 ? -status : status;
}

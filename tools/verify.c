// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-verify: audits dumps, on a machine that needs neither the module nor root. This
 * file only wires things up: each dump is read by a child in a sandbox.
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

#include "cert.h"
#include "dumps.h"
#include "job.h"
#include "summary.h"

#define EXIT_USAGE	3

enum {
	OPT_KEY = 256, OPT_NO_KEY, OPT_SEAL, OPT_SECRET, OPT_SECRET_MIN, OPT_REVERSE,
	OPT_NO_REVERSE, OPT_DETECT, OPT_NO_SCAN, OPT_CERT, OPT_THREADS, OPT_COLOR, OPT_QUIET,
	OPT_READ_HOLES, OPT_NO_SANDBOX, OPT_HELP, OPT_VERSION, OPT_FORMAT, OPT_RAW, OPT_UNSEALED,
	OPT_MAX_SIZE, OPT_PROGRESS, OPT_NO_PROGRESS, OPT_VERBOSE, OPT_REPORT, OPT_JSON, OPT_SARIF,
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

/* Returns 0, 1 if all is done, or a negative exit status. */
static int parse_options(struct options *options, int argc, char **argv)
{
	static const char *const formats[] = { "json", "sarif", "junit", "html" };
	struct complaint why;
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
			error = parse_number("--secret-min", optarg, SECRET_MIN, SECRET_MAX,
					     &options->shortest);
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
		case OPT_CERT:
			options->certs[options->nr_certs++] = optarg;
			break;
		case OPT_THREADS:
			error = parse_number("--threads", optarg, 1, SCAN_THREADS,
					     &options->scan.threads);
			break;
		case OPT_REPORT:
			if (outputs_parse(&options->outputs, optarg, &why))
				error = usage("--report: %s", why.text);
			break;
		case OPT_JSON:
		case OPT_SARIF:
		case OPT_JUNIT:
		case OPT_HTML:
			if (outputs_add(&options->outputs, formats[option - OPT_JSON], optarg,
					&why))
				error = usage("--%s: %s", formats[option - OPT_JSON], why.text);
			break;
		case OPT_REDACT:
			options->redact = optarg;
			break;
		case OPT_REDACT_NOTES:
			options->redact_notes = true;
			break;
		case OPT_SIGN:
			options->sign = optarg;
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
		case OPT_FORMAT:
			error = parse_format(options, optarg);
			break;
		case OPT_RAW:
			options->format = CORE_RAW;
			break;
		case OPT_UNSEALED:
			options->unsealed = true;
			break;
		case OPT_MAX_SIZE:
			error = parse_size(options, optarg);
			break;
		case OPT_PROGRESS:
		case OPT_NO_PROGRESS:
			options->progress = option == OPT_PROGRESS;
			break;
		case OPT_VERBOSE:
		case 'v':
			options->verbose = true;
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
	if (optind == argc)
		return usage("which dump?");
	if (options->key && options->no_key)
		return usage("--key and --no-key contradict each other");
	if (options->shortest && !options->nr_secrets)
		return usage("--secret-min needs --secret");
	if (options->nr_certs && options->no_scan)
		return usage("--cert and --no-scan contradict each other");
	if ((options->sign || options->redact_notes) && !options->redact)
		return usage("--%s needs --redact", options->sign ? "sign" : "redact-notes");
	if (options->seal && argc - optind != 1)
		return usage("--seal is for one dump");
	if (options->seal && options->unsealed)
		return usage("--seal and --unsealed contradict each other");
	return 0;
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
		options->names[i] = text_escaped(options->secrets[i]);
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

static int load_certs(struct options *options)
{
	struct complaint why;
	char *name;
	int error = 0;
	u32 i;

	if (options->nr_certs)
		options->scan.questions = questions_new();
	if (options->nr_certs && !options->scan.questions)
		return -VERDICT_UNVERIFIED;
	for (i = 0; i < options->nr_certs && !error; i++) {
		name = text_escaped(options->certs[i]);
		if (!name)
			return -VERDICT_UNVERIFIED;
		if (cert_load(options->scan.questions, options->certs[i], name, &why))
			error = usage("--cert %s: %s", name, why.text);
		free(name);
	}
	return error;
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

/* So that the key is known to be good before anything is done. */
static int check_signer(const struct options *options)
{
	struct signer *signer;
	struct complaint why;

	if (!options->sign)
		return 0;
	signer = signer_load(options->sign, &why);
	if (!signer)
		return usage("--sign: %s", why.text);
	signer_free(signer);
	return 0;
}

/* Audits all dumps, one after the other. */
static int verify_all(struct audit *audit, struct options *options, struct resolver *resolver,
		      const struct dumps *dumps)
{
	struct job job = {
		.options = options,
		.audit = audit,
		.resolver = resolver,
		.report = {
			.secrets = options->names,
			.nr_secrets = options->nr_secrets,
			.sandboxed = !options->no_sandbox,
			.color = want_color(options),
			.lines = dumps->several || dumps->nr != 1,
		},
	};
	struct summary summary = { 0 };
	bool no_copy = false;
	struct complaint why;
	char *name;
	int status;
	u32 i;

	if (options->redact && job.report.lines)
		return usage("--redact is for one dump");
	job.report.brief = job.report.lines && !options->verbose;
	if (!options->quiet && !options->outputs.nr)
		outputs_add(&options->outputs, "text", NULL, &why);
	/* What the C library would do behind our back later, it does now. */
	report_warm_up();
	if (outputs_open(&options->outputs, &why)) {
		fprintf(stderr, "kredact-verify: %s\n", why.text);
		return -VERDICT_UNVERIFIED;
	}
	audit->format = options->format;
	audit->unsealed = options->unsealed;
	audit->places.ask = resolver_ask;
	audit->places.ask_arg = resolver;
	outputs_begin(&options->outputs);
	for (i = 0; i < dumps->nr; i++) {
		name = strcmp(dumps->paths[i], "-") ? text_escaped(dumps->paths[i]) :
						      strdup("standard input");
		if (!name)
			return -VERDICT_UNVERIFIED;
		job.report.file = name;
		job.report.path = dumps->paths[i];
		job.report.number = i;
		status = job_run(&job, dumps->paths[i], &why);
		no_copy = status == JOB_NO_COPY;
		summary_count(&summary, no_copy ? VERDICT_UNVERIFIED : status);
		if (*why.text) {
			fprintf(stderr, "kredact-verify: %s: %s\n", name, why.text);
			outputs_failed(&options->outputs, &job.report, why.text);
		}
		free(name);
	}
	if (dumps->failed)
		summary_count(&summary, VERDICT_UNVERIFIED);
	if (job.report.lines)
		summary_print(&summary, &options->outputs, &job.report, dumps->passed_over);
	status = summary_verdict(&summary);
	if (!outputs_end(&options->outputs) && status == VERDICT_CLEAN) {
		fputs("kredact-verify: the report could not be written\n", stderr);
		status = VERDICT_UNVERIFIED;
	}
	return no_copy ? JOB_NO_COPY : status;
}

static int collect(struct dumps *dumps, char **arguments, int nr)
{
	struct complaint why;
	char *name;
	int i;

	for (i = 0; i < nr; i++) {
		if (!dumps_add(dumps, arguments[i], &why))
			continue;
		name = text_escaped(arguments[i]);
		fprintf(stderr, "kredact-verify: %s: %s\n", name ? name : "", why.text);
		free(name);
		dumps->failed++;
	}
	return dumps->nr ? 0 : -VERDICT_UNVERIFIED;
}

/*
 * A standard stream that is closed is taken, for reading: no file of ours gets its number,
 * and a report to it is seen to get lost.
 */
static bool take_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct resolver resolver = { .fd = -1 };
	struct dumps dumps = { 0 };
	struct options options;
	struct complaint why;
	struct audit *audit;
	int status;
	u32 i;

	if (!take_streams())
		return VERDICT_UNVERIFIED;
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
	/* Before there is a key or a secret that it could have. Without it there are no symbols. */
	if (!status && !options.quiet)
		resolver_start(&resolver, NULL);
	if (!status)
		status = load_secrets(audit, &options);
	if (!status)
		status = load_certs(&options);
	if (!status)
		status = load_key(audit, &options);
	if (!status)
		status = check_signer(&options);
	if (!status)
		status = collect(&dumps, argv + optind, argc - optind);
	if (!status)
		status = verify_all(audit, &options, &resolver, &dumps);
out:
	/* The resolver ends with this process: the sandbox has no close(). */
	audit_close(audit);
	free(audit);
	dumps_free(&dumps);
	for (i = 0; i < options.nr_secrets; i++)
		free(options.names[i]);
	free(options.names);
	free(options.secrets);
	questions_free(options.scan.questions);
	free(options.certs);
	return status < 0 ? -status : status;
}

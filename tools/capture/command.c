// SPDX-License-Identifier: GPL-2.0
/*
 * kredact capture: what is done with dumps besides capturing them.
 */
#include <getopt.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>

#include "cell.h"
#include "commands.h"
#include "scan.h"

/* As kredact-capture; and files that are anybody's are marked, moved and leased. */
#define CAPABILITIES	(1ULL << CAP_CHOWN | 1ULL << CAP_SETUID | 1ULL << CAP_SETGID | \
			 1ULL << CAP_SETPCAP | 1ULL << CAP_KILL | 1ULL << CAP_DAC_OVERRIDE | \
			 1ULL << CAP_FOWNER | 1ULL << CAP_LEASE)

static int usage(const char *text)
{
	fprintf(stderr, "kredact capture: %s\n"
		"Usage: kredact capture [--config FILE] --recover | --expire |\n"
		"       --scan FOLDER [--pattern GLOB]\n", text);
	return EXIT_USAGE;
}

static int fail(const char *text)
{
	fprintf(stderr, "kredact capture: %s\n", text);
	return EXIT_FAILED;
}

static int scan(struct keeper *keeper, const char *folder, const char *pattern)
{
	char *full = realpath(folder, NULL);
	struct scanned all = { 0 }, one;
	int error;
	struct complaint why;

	/* Those that came while others were judged, too. */
	do {
		one = (struct scanned){ 0 };
		error = scan_folder(keeper, full ?: folder, pattern, &one, &why);
		all.clean += one.clean;
		all.marked += one.marked;
		all.moved += one.moved;
	} while (!error && one.clean + one.marked + one.moved);
	free(full);
	if (error)
		return fail(why.text);
	printf("%llu clean, %llu marked, %llu to the quarantine, %llu judged before, "
	       "%llu being written, %llu failed\n", (unsigned long long)all.clean,
	       (unsigned long long)all.marked, (unsigned long long)all.moved,
	       (unsigned long long)(one.done - all.clean - all.marked),
	       (unsigned long long)one.busy, (unsigned long long)one.failed);
	return one.failed ? EXIT_FAILED : 0;
}

static int recover(struct keeper *keeper)
{
	struct scanned scanned = { 0 };
	struct complaint why;
	int error = scan_pending(keeper, &scanned, &why);

	if (error)
		return fail(why.text);
	printf("%llu stored, %llu quarantined, %llu in work, %llu failed\n",
	       (unsigned long long)scanned.clean, (unsigned long long)scanned.moved,
	       (unsigned long long)scanned.busy, (unsigned long long)scanned.failed);
	return scanned.failed ? EXIT_FAILED : 0;
}

static int expire(struct keeper *keeper)
{
	struct complaint why;

	return keeper_expire(keeper, 1, &why) ?
	       fail(why.text) : 0;
}

int cmd_capture(int argc, char **argv)
{
	enum { OPT_CONFIG = 256, OPT_RECOVER, OPT_EXPIRE, OPT_SCAN, OPT_PATTERN };
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "recover", no_argument, NULL, OPT_RECOVER },
		{ "expire", no_argument, NULL, OPT_EXPIRE },
		{ "scan", required_argument, NULL, OPT_SCAN },
		{ "pattern", required_argument, NULL, OPT_PATTERN },
		{ NULL, 0, NULL, 0 },
	};
	const char *conf = CAPTURE_CONF, *folder = NULL, *pattern = "core*";
	struct settings *settings;
	struct keeper keeper;
	struct complaint why;
	int option, what = 0, nr = 0, status;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_CONFIG) {
			conf = optarg;
		} else if (option == OPT_PATTERN) {
			pattern = optarg;
		} else if (option == '?') {
			return EXIT_USAGE;
		} else {
			what = option;
			nr++;
			folder = option == OPT_SCAN ? optarg : folder;
		}
	}
	if (nr != 1 || optind != argc)
		return usage("one of --recover, --expire and --scan");
	settings = settings_load(conf, stderr);
	if (!settings)
		return EXIT_FAILED;
	if (keeper_open(&keeper, "kredact capture", settings, &why) ||
	    cell_keep_capabilities(CAPABILITIES, &why))
		status = fail(why.text);
	else if (what == OPT_SCAN && !settings->sign)
		status = fail("capture.conf has no key to sign with");
	else if (what == OPT_SCAN)
		status = keeper.log ? scan(&keeper, folder, pattern) : EXIT_FAILED;
	else
		status = what == OPT_RECOVER ? recover(&keeper) : expire(&keeper);
	keeper_close(&keeper);
	settings_free(settings);
	return status;
}

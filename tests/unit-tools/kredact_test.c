// SPDX-License-Identifier: GPL-2.0
/*
 * kredact, as far as it can be tested without the module: arguments, keys, and
 * that it tells the truth when there is no module.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "fixture.h"
#include "run.h"
#include "tap.h"

static char *program;
static struct outcome outcome;

#define KREDACT(...) run(&outcome, (char *const[]){ program, __VA_ARGS__, NULL })

static void test_usage(void)
{
	static char *const wrong[][3] = {
		{ NULL }, { "frobnicate" }, { "status", "--xml" }, { "status", "--json", "x" },
		{ "key" }, { "key", "install" }, { "key", "id" }, { "key", "frob", "file" },
		{ "version", "x" },
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

int main(void)
{
	char directory[] = "/tmp/kredact-test.XXXXXX";
	int status;

	program = (char *)beside("../../bin/kredact");
	if (!mkdtemp(directory) || chdir(directory))
		abort();
	test_usage();
	test_keys();
	test_absent();
	status = tap_end();
	run(&outcome, (char *const[]){ "rm", "-rf", directory, NULL });
	return status;
}

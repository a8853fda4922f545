// SPDX-License-Identifier: GPL-2.0
/*
 * All formats of reports: their readers read them, they say what there is to say, and
 * names from a dump or from the command line do not get out of their places.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture_machine.h"
#include "run.h"
#include "tap.h"

#define HOSTILE		"</script><b>]]>&\"'\x1b[31m\xff\xc0{{"
#define SHOWN		"</script><b>]]>&\"'\\x1b[31m\\xff\\xc0{{"

static const char *const names[] = { "text", "json", "sarif", "junit", "html" };
static struct outcome outcome;
static char *verify, *reader, *validator, *schema;
static u8 secret[40];

#define RUN(...) run(&outcome, (char *const[]){ __VA_ARGS__, NULL })

/* Does the reader of a format find these words in FILE.format? */
static bool reads(const char *file, const char *format, const char *word, const char *other)
{
	char path[80];

	snprintf(path, sizeof(path), "%s.%s", file, format);
	run(&outcome, (char *const[]){ "python3", reader, (char *)format, path, (char *)word,
				       (char *)other, NULL });
	if (outcome.status)
		printf("# %s: %s%s", path, outcome.out, outcome.err);
	return !outcome.status;
}

static bool valid(const char *path)
{
	RUN("python3", validator, schema, (char *)path);
	return !outcome.status;
}

/* Audits FILE once, into one file for each format. */
static int report(const char *file)
{
	static char options[5][80];
	u32 i;

	for (i = 0; i < 5; i++)
		snprintf(options[i], sizeof(options[i]), "--report=%s=%s.%s", names[i], file,
			 names[i]);
	RUN(verify, "--key=key", "--secret=secret", options[0], options[1], options[2], options[3],
	    options[4], (char *)file);
	return outcome.status;
}

static void write_fixture(const char *path, const struct fixture *fixture)
{
	write_file(path, fixture->bytes, fixture->len);
}

static void test_good(void)
{
	struct fixture fixture;
	u32 i;

	fixture_init(&fixture);
	fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	write_fixture("good", &fixture);
	ok(!report("good") && !*outcome.out, "a clean core, five reports at once: 0");
	for (i = 0; i < 5; i++)
		ok(reads("good", names[i], NULL, NULL), "%s is read", names[i]);
	ok(reads("good", "text", "CLEAN", NULL) && reads("good", "html", "CLEAN", NULL) &&
	   reads("good", "json", "clean", NULL) && reads("good", "junit", "authenticity", NULL),
	   "they say so");
	ok(!reads("good", "html", "KEY MATERIAL", NULL), "and nothing else");
	ok(valid("good.json"), "the schema fits");
	fixture_free(&fixture);
}

static void test_dirty(void)
{
	struct fixture fixture;
	u32 i;

	fixture_init(&fixture);
	fixture_hunt(&fixture, NULL, 0);
	fixture_build(&fixture);
	*fixture_at(&fixture, 0x11123) = 'Z';
	*fixture_at(&fixture, 0x10025) = 'Z';
	fixture.bytes[FIXTURE_NOTE + 2] = 'Z';
	memcpy(fixture_at(&fixture, 0x50900), secret, sizeof(secret));
	write_fixture("dirty", &fixture);
	ok(report("dirty") == 1, "registered bytes, copies and a secret: 1");
	for (i = 0; i < 5; i++)
		ok(reads("dirty", names[i], "0x11123", "/usr/lib/signd"),
		   "%s: address and mapping of a finding", names[i]);
	for (i = 1; i < 5; i++)
		ok(reads("dirty", names[i], "find out who changed it", "a note of the dump") &&
		   reads("dirty", names[i], "register this variable", NULL),
		   "%s: what to do, and one in a note", names[i]);
	ok(reads("dirty", "sarif", "byteOffset", "range-not-zero") &&
	   reads("dirty", "sarif", "absoluteAddress", "69923"), "sarif: offset and address");
	ok(valid("dirty.json"), "the schema fits");
	fixture_free(&fixture);
}

static void test_unverified(void)
{
	struct fixture fixture;
	u32 i;

	fixture_init(&fixture);
	fixture.no_seal = true;
	fixture_build(&fixture);
	write_fixture("unsealed", &fixture);
	write_file("nonsense", secret, sizeof(secret));
	ok(report("unsealed") == 2, "a core without a seal: 2");
	for (i = 0; i < 5; i++)
		ok(reads("unsealed", names[i], "no seal", NULL), "%s says why", names[i]);
	ok(valid("unsealed.json"), "the schema fits");
	report("nonsense");
	for (i = 0; i < 5; i++)
		ok(reads("nonsense", names[i], "not an ELF core", NULL),
		   "%s of what is no core", names[i]);
	ok(valid("nonsense.json"), "the schema fits");
	fixture_free(&fixture);
}

/* Of a kernel that crashed, with a good note; then with a frame that is not zero. */
static void test_machine(void)
{
	static struct machine_fixture made;
	u32 i;

	machine_make(&made, 0);
	memset(made.memory, 0, NOTE_PAGE * PAGE);
	machine_write(&made, 0);
	write_file("machine", made.file.bytes, made.file.len);
	ok(report("machine") == 2, "the note of another key: 2");
	for (i = 0; i < 5; i++)
		ok(reads("machine", names[i], "wrong key: the note needs", NULL), "%s says why",
		   names[i]);
	ok(reads("machine", "json", "kernel_note", "frames_named") && valid("machine.json"),
	   "the schema fits");
	made.memory[(FIRST_PINNED + 1) * PAGE + 5] = 'Z';
	machine_write(&made, 0);
	write_file("machine", made.file.bytes, made.file.len);
	ok(report("machine") == 1, "a frame that is not zero: 1");
	for (i = 0; i < 5; i++)
		ok(reads("machine", names[i], "0x1029", NULL), "%s: its physical address", names[i]);
	ok(reads("machine", "sarif", "frame-not-zero", NULL) && valid("machine.json"),
	   "the schema fits");
	fixture_free(&made.file);
}

/* Names in the dump: its process, a mapped file, a label; and of files on the command line. */
static void test_hostile(void)
{
	static const char *const labels[] = { HOSTILE, "b" };
	struct fixture fixture;
	char *name, path[80];
	u32 i;

	fixture_init(&fixture);
	fixture.labels = labels;
	fixture_build(&fixture);
	name = memmem(fixture.bytes, 4096, "signd", 5);
	memcpy(name, "<i>&\"\x01\x80", 7);
	name = memmem(fixture.bytes, 4096, "/usr/lib/signd", 14);
	memcpy(name, "</script>\x1b\xff]]>", 14);
	*fixture_at(&fixture, 0x11123) = 'Z';
	*fixture_at(&fixture, 0x11200) = 'Z';
	memcpy(fixture_at(&fixture, 0x12100), secret, sizeof(secret));
	write_fixture("hostile", &fixture);
	ok(report("hostile") == 1, "hostile names in a dump");
	for (i = 0; i < 5; i++)
		ok(reads("hostile", names[i], i ? SHOWN : "</script>\\x1b\\xff]]>", NULL) &&
		   reads("hostile", names[i], "</script>\\x1b\\xff]]>", NULL),
		   "%s: they are shown, escaped, and nothing else happens", names[i]);
	ok(valid("hostile.json"), "the schema fits");

	if (mkdir("<!--\x1b\xff", 0700) && errno != EEXIST)
		abort();
	snprintf(path, sizeof(path), "<!--\x1b\xff/%s", "<b>&\"'x y");
	write_fixture(path, &fixture);
	for (i = 1; i < 5; i++) {
		char option[40];

		snprintf(option, sizeof(option), "--report=%s=named.%s", names[i], names[i]);
		RUN(verify, "--key=key", option, path);
		ok(outcome.status == 1 && reads("named", names[i], i == 2 ?
						"%3C%21--%1B%FF/%3Cb%3E%26%22%27x%20y" :
						"<!--\\x1b\\xff/<b>&", NULL),
		   "%s: a hostile name of the dump itself", names[i]);
	}
	unlink(path);
	rmdir("<!--\x1b\xff");
	fixture_free(&fixture);
}

/* The schema refuses what it should. */
static void test_schema(void)
{
	static const char *const changes[][2] = {
		{ "\"verdict\": \"key-material-found\"", "\"verdict\": \"rather-clean\"" },
		{ "\"format\": 1", "\"format\": 2" }, { "\"size\": ", "\"Size\": " },
		{ "\"address\": \"0x", "\"address\": \"07" }, { "\"region\": \"m", "\"region\": \"n" },
		{ "\"advice\": ", "\"Advice\": " }, { "\"status\": 1", "\"status\": -1" },
	};
	char *text, *place;
	FILE *file;
	u32 i;

	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		RUN("cat", "dirty.json");
		text = strdup(outcome.out);
		place = strstr(text, changes[i][0]);
		file = fopen("changed.json", "w");
		if (!place || !file)
			abort();
		fprintf(file, "%.*s%s%s", (int)(place - text), text, changes[i][1],
			place + strlen(changes[i][0]));
		fclose(file);
		ok(!valid("changed.json") && strstr(outcome.out, " "), "the schema refuses %s",
		   changes[i][1]);
		free(text);
	}
	unlink("changed.json");
}

static void test_usage(void)
{
	static char *const wrong[][3] = {
		{ "--report=yaml", "good" }, { "--report=", "good" }, { "--report=json=", "good" },
		{ "--json", "--sarif", "good" }, { "--report=json=a", "--report=html=a", "good" },
		{ "--html=", "good" },
	};
	u32 i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		RUN(verify, wrong[i][0], wrong[i][1], wrong[i][2]);
		ok(outcome.status == 3 && !*outcome.out && *outcome.err, "wrong usage: %s %s",
		   wrong[i][0], wrong[i][1]);
	}
	RUN(verify, "--key=key", "--html=missing/page", "good");
	ok(outcome.status == 2 && *outcome.err, "a report that cannot be written: 2");
	RUN(verify, "--key=key", "--html=/dev/full", "good");
	ok(outcome.status == 2 && *outcome.err, "a report to a full disk: 2");
	RUN(verify, "--key=key", "--junit=both.junit", "--report=text", "good");
	ok(!outcome.status && strstr(outcome.out, "CLEAN") && reads("both", "junit", "match", NULL),
	   "one for a person, another for a program");
	unlink("both.junit");
}

int main(void)
{
	struct fixture fixture;
	const char *folder = beside("reports");
	u32 i;

	verify = (char *)beside("../../bin/kredact-verify");
	reader = realpath("tests/unit-tools/reports.py", NULL);
	validator = realpath("tests/unit-tools/validate.py", NULL);
	schema = realpath("Documentation/kredact-verify.schema.json", NULL);
	/* They stay there: other tests read them, too. */
	if (!reader || !schema || (mkdir(folder, 0700) && errno != EEXIST) || chdir(folder))
		return 1;
	fixture_init(&fixture);
	write_file("key", fixture.key, sizeof(fixture.key));
	for (i = 0; i < sizeof(secret); i++)
		secret[i] = 0x81 + 7 * i % 91;
	write_file("secret", secret, sizeof(secret));
	test_good();
	test_dirty();
	test_unverified();
	test_machine();
	test_hostile();
	test_schema();
	test_usage();
	free(reader);
	free(validator);
	free(schema);
	free((void *)folder);
	free(verify);
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A site for tests of the gate: see site.h.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "run.h"
#include "site.h"

#define VALID	"roles = [ \"attest\" ];"

static char root[256];

static void make_dumps(void)
{
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_hunt(&fixture, NULL, 0);
	write_file("seal.key", fixture.key, sizeof(fixture.key));
	fixture_build(&fixture);
	write_file("prod/good", fixture.bytes, fixture.len);
	fixture.bytes[fixture.seal_at + offsetof(struct kredact_seal_header, boottime_ns)] ^= 1;
	write_file("prod/forged", fixture.bytes, fixture.len);
	write_file("prod/bare", fixture.bytes, fixture.core_end);
	fixture.bytes[fixture.seal_at + offsetof(struct kredact_seal_header, boottime_ns)] ^= 1;
	memcpy(fixture_at(&fixture, 0x11123), "Zq9", 3);
	write_file("prod/planted", fixture.bytes, fixture.len);
	fixture_free(&fixture);
}

/**
 * site_make() - make it, and go there
 * @folder:	of it, which is empty
 */
void site_make(char *folder)
{
	static const char *const folders[] = { "prod", "prod/quarantine", "debug", "state",
					       "state/approvals", "incoming" };
	static const char *const keys[] = { "a", "b", "old", "stranger", "p1", "p2" };
	u32 i;

	if (chdir(folder) || !realpath(".", root))
		abort();
	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (mkdir(folders[i], 0755))
			abort();
	make_dumps();
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		forge_key(keys[i], "ed25519");
	forge_trust("trust", "a", "roles = [ \"attest\", \"approve\" ];");
	forge_trust("trust", "b", VALID "\nrevoked_at = \"2026-01-01T00:00:00Z\";");
	forge_trust("trust", "old", VALID "\nnot_after = \"2026-01-01T00:00:00Z\";");
	forge_trust("trust", "p1", "roles = \"approve\";");
	forge_trust("trust", "p2", "roles = \"approve\";");
}

/** site_reset() - empty what the gate writes to */
void site_reset(void)
{
	static struct outcome outcome;

	run(&outcome, (char *const[]){ "sh", "-c", "rm -rf debug/* state/used state/approvals/*",
				       NULL });
}

/**
 * site_user() - who runs the tests
 *
 * Return: the name, up to the next call.
 */
const char *site_user(void)
{
	return getpwuid(getuid())->pw_name;
}

/**
 * site_group() - in which group
 *
 * Return: the name, up to the next call.
 */
const char *site_group(void)
{
	return getgrgid(getgid())->gr_name;
}

/**
 * site_policy() - write gate.conf
 * @more:	settings; what they name is not there otherwise
 * @who:	NULL: who runs the tests
 */
void site_policy(const char *more, const char *who)
{
	static const char *const defaults[][2] = {
		{ "seal_key", "seal_key = \"%s/seal.key\";\n" },
		{ "verifier", "verifier = { seconds = 100; };\n" },
	};
	char text[8192], user[100];
	int at, i;

	snprintf(user, sizeof(user), "users = [ \"%s\" ];", site_user());
	at = snprintf(text, sizeof(text), "destinations = [ \"%s/debug\" ];\n"
		      "quarantines = [ \"%s/prod/quarantine\" ];\ntrust = \"%s/trust\";\n"
		      "state = \"%s/state\";\nlog = \"%s/log.sock\";\nwho = { %s };\n%s\n", root,
		      root, root, root, root, who ? who : user, more);
	for (i = 0; i < 2; i++)
		if (!strstr(more, defaults[i][0]))
			at += snprintf(text + at, sizeof(text) - at, defaults[i][1], root);
	write_file("gate.conf", text, at);
}

/**
 * same_file() - have two files the same bytes?
 * @a:	one
 * @b:	the other
 *
 * Return: true if both are there, and have.
 */
bool same_file(const char *a, const char *b)
{
	static struct outcome outcome;

	run(&outcome, (char *const[]){ "cmp", "-s", (char *)a, (char *)b, NULL });
	return !outcome.status;
}

/**
 * exists() - is there such a file?
 * @path:	its name
 *
 * Return: true if there is, even if it is a link to nowhere.
 */
bool exists(const char *path)
{
	struct stat stat;

	return !lstat(path, &stat);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * kredact dumps: what is in the store and in the quarantine.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/trust.h"
#include "commands.h"
#include "keeper.h"

/**
 * struct listing - how dumps are shown
 * @store:	open
 * @trust:	whose attestations count, or NULL
 */
struct listing {
	struct store store;
	struct trust *trust;
};

/**
 * struct facts - what is shown of a dump
 * @crash:	from its attributes
 * @verdict:	likewise, escaped; or "pending", or "unknown"
 * @reason:	likewise
 * @sha256:	likewise, in hexadecimal
 * @attested:	what its attestation is worth
 */
struct facts {
	struct crash crash;
	char verdict[TEXT_ESCAPED(24)];
	char reason[TEXT_ESCAPED(240)];
	char sha256[2 * DIGEST_LEN + 1];
	const char *attested;
};

static int usage(const char *text)
{
	fprintf(stderr, "kredact dumps: %s\n"
		"Usage: kredact dumps [--config FILE] [--trust FOLDER] [list | show NAME | rm NAME]\n",
		text);
	return EXIT_USAGE;
}

static int fail(const char *about, const char *text)
{
	fprintf(stderr, "kredact dumps: %s%s%s\n", about ?: "", about ? ": " : "", text);
	return EXIT_FAILED;
}

static void attribute(int fd, const char *name, char *to, size_t room)
{
	char full[64], value[240];
	ssize_t len;

	snprintf(full, sizeof(full), "user.kredact.%s", name);
	len = fgetxattr(fd, full, value, sizeof(value));
	text_escape(to, room, value, max(len, (ssize_t)0));
}

/* By its signature, and by what is told of the dump: its bytes are not read here. */
static const char *worth(const struct listing *listing, const struct stored *stored,
			 const struct facts *facts)
{
	char sidecar[STORE_SIDECAR + 20], hex[2 * DIGEST_LEN + 1];
	struct trust_result result;
	struct attestation a;
	struct complaint why;
	const char *word;

	if (!stored->attested)
		return "none";
	snprintf(sidecar, sizeof(sidecar), "%s" ATTESTATION_SUFFIX, stored->name);
	if (attestation_load(&a, listing->store.dirs[stored->where], sidecar, NULL, &why)) {
		word = "damaged";
	} else {
		text_hex(hex, a.sha256, DIGEST_LEN);
		if (listing->trust)
			trust_check(listing->trust, &a.envelope, TRUST_ATTEST, a.time, 1, &result);
		if (a.bytes != stored->bytes || strcmp(hex, facts->sha256))
			word = "of other bytes";
		else if (!listing->trust)
			word = "not checked";
		else
			word = result.verdict == TRUST_GOOD ? "trusted" : "not trusted";
	}
	attestation_free(&a);
	return word;
}

static void look(const struct listing *listing, const struct stored *stored, struct facts *facts)
{
	int fd = openat(listing->store.dirs[stored->where], stored->name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	*facts = (struct facts){ .attested = "none" };
	if (fd < 0)
		return;
	crash_load(&facts->crash, fd);
	attribute(fd, "verdict", facts->verdict, sizeof(facts->verdict));
	attribute(fd, "reason", facts->reason, sizeof(facts->reason));
	attribute(fd, "sha256", facts->sha256, sizeof(facts->sha256));
	if (stored->pending || !*facts->verdict)
		strcpy(facts->verdict, stored->pending ? "pending" : "unknown");
	facts->attested = worth(listing, stored, facts);
	close(fd);
}

static void print_age(u64 mtime)
{
	u64 now = time(NULL), age = now > mtime ? now - mtime : 0;

	if (age < 3600)
		printf("%3llum ", (unsigned long long)age / 60);
	else if (age < 2 * 86400)
		printf("%3lluh ", (unsigned long long)age / 3600);
	else
		printf("%3llud ", (unsigned long long)age / 86400);
}

static int list(const struct listing *listing)
{
	struct stored *dumps;
	struct facts facts;
	struct complaint why;
	char size[24], *name;
	u32 nr, where, i;

	printf("%-10s %-18s %12s %4s %8s %-15s %-14s %s\n", "STORE", "VERDICT", "SIZE", "AGE",
	       "PID", "COMM", "ATTESTATION", "NAME");
	for (where = 0; where < STORES; where++) {
		if (store_list(&listing->store, where, &dumps, &nr, &why))
			return fail(NULL, why.text);
		for (i = 0; i < nr; i++) {
			look(listing, &dumps[i], &facts);
			text_size(size, sizeof(size), dumps[i].bytes);
			name = text_escaped(dumps[i].name);
			printf("%-10s %-18s %12s ", where_word(where), facts.verdict, size);
			print_age(dumps[i].mtime);
			printf("%8.10s %-15.15s %-14s %s\n", facts.crash.facts[FACT_PID],
			       facts.crash.facts[FACT_COMM], facts.attested, name ?: "");
			free(name);
		}
		free(dumps);
	}
	return 0;
}

/* Return: false if neither store has it. */
static bool find(const struct listing *listing, const char *name, struct stored *found)
{
	struct stored *dumps;
	struct complaint why;
	bool there = false;
	u32 nr, where, i;

	for (where = 0; where < STORES && !there; where++) {
		if (store_list(&listing->store, where, &dumps, &nr, &why))
			return false;
		for (i = 0; i < nr && !there; i++) {
			there = !strcmp(dumps[i].name, name);
			if (there)
				*found = dumps[i];
		}
		free(dumps);
	}
	return there;
}

static int show(const struct listing *listing, const char *name)
{
	struct stored stored;
	struct facts facts;
	char when[32];
	u32 i;

	if (!find(listing, name, &stored))
		return fail(NULL, "there is no such dump");
	look(listing, &stored, &facts);
	text_time(when, sizeof(when), stored.mtime * 1000000000ULL);
	printf("store        %s\nfile         %s/%s\nbytes        %llu\nwritten      %s\n"
	       "verdict      %s\n", where_word(stored.where), listing->store.paths[stored.where],
	       name, (unsigned long long)stored.bytes, when, facts.verdict);
	if (*facts.reason)
		printf("reason       %s\n", facts.reason);
	printf("sha256       %s\nattestation  %s\n", facts.sha256, facts.attested);
	for (i = 0; i < FACTS; i++)
		if (*facts.crash.facts[i])
			printf("%-12s %s\n", fact_word(i), facts.crash.facts[i]);
	return 0;
}

/* A dump that waits for its verdict is no one's to remove: it is evidence of something. */
static int remove_dump(const struct settings *settings, const struct listing *listing,
		       const char *name)
{
	struct stored stored;
	struct keeper keeper;
	struct complaint why;
	int error;

	if (!find(listing, name, &stored))
		return fail(NULL, "there is no such dump");
	if (stored.pending)
		return fail(name, "it has not been judged: kredact capture --recover");
	error = keeper_open(&keeper, "kredact dumps", settings, &why);
	if (!error)
		error = keeper_remove(&keeper, &stored, "removed by hand", &why);
	keeper_close(&keeper);
	return error ? fail(name, why.text) : 0;
}

static int run(const struct settings *settings, const struct listing *listing, char **words,
	       int nr)
{
	if (!nr || (nr == 1 && !strcmp(words[0], "list")))
		return list(listing);
	if (nr == 2 && !strcmp(words[0], "show"))
		return show(listing, words[1]);
	if (nr == 2 && !strcmp(words[0], "rm"))
		return remove_dump(settings, listing, words[1]);
	return usage("list, show or rm");
}

int cmd_dumps(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "trust", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	const char *conf = CAPTURE_CONF, *trust = TRUST_DIR;
	struct listing listing = { 0 };
	struct settings *settings;
	struct complaint why;
	int option, status;

	optind = 1;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == '?')
			return EXIT_USAGE;
		*(option == 'c' ? &conf : &trust) = optarg;
	}
	settings = settings_load(conf, stderr);
	if (!settings)
		return EXIT_FAILED;
	/* Who has no such folder sees the rest all the same. */
	listing.trust = access(trust, R_OK) ? NULL : trust_load(trust, stderr);
	if (store_open(&listing.store, settings, &why))
		status = fail(NULL, why.text);
	else
		status = run(settings, &listing, argv + optind, argc - optind);
	store_close(&listing.store);
	trust_free(listing.trust);
	settings_free(settings);
	return status;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-capture, and the recovery after it, are killed before each step that they take:
 * what is left is one of the states of Documentation/capture.rst, and recovery ends all of
 * them. What is not synced is lost only in a power cut of a machine: see tests/systemd.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>

#include "scene.h"
#include "tap.h"

#define KILLED	(128 + 9)	/* as a shell says it */
#define MOST	60

/* No dump under its own name is without its attestation, or lacks a byte. */
static bool final_is_whole(const char *core)
{
	if (shell("for dump in store/*.zst quarantine/*.zst; do test -e \"$dump\" || continue; "
		  "zstd -dcq \"$dump\" | cmp - %s && test -s \"$dump.intoto.jsonl\" || exit 1; done",
		  core))
		return false;
	/* What is pending is complete, too, and only in the quarantine. */
	return !count("store/*.pending") &&
	       !shell("for dump in quarantine/*.pending; do test -e \"$dump\" || continue; "
		      "zstd -dcq \"$dump\" | cmp - %s || exit 1; done", core);
}

/* One dump or none: under its own name, or pending, never both; nothing else but sidecars. */
static unsigned int dumps(void)
{
	return count("store/*.zst") + count("quarantine/*.zst") + count("quarantine/*.pending");
}

/* Those who were killed may take a moment to be gone, and to let go of a dump. */
static bool recover(void)
{
	const struct timespec moment = { 0, 50000000 };
	unsigned int tries = 40;

	do {
		if (kredact("capture --config capture.conf --recover", ""))
			return false;
		if (strstr(outcome.out, "0 in work"))
			return true;
		nanosleep(&moment, NULL);
	} while (tries--);
	return false;
}

/* From the step @first on: those before are the same for all cores. */
static void kill_capture(const char *core, const char *folder, unsigned int first)
{
	unsigned int step, without = 0, with = 0, bad = 0;
	char stop[40], pattern[64];

	snprintf(pattern, sizeof(pattern), "%s/*.zst", folder);
	for (step = first; step < MOST; step++) {
		bool pending;

		scene_clear();
		snprintf(stop, sizeof(stop), "KREDACT_STOP=%u", step);
		if (capture(core, stop) != KILLED)
			break;
		bad += !final_is_whole(core) || dumps() > 1;
		pending = dumps();
		/* What the log had as stored is not lost. */
		bad += !pending && !shell("grep -q dump.stored log");
		bad += !recover();
		bad += count("quarantine/*.pending") || dumps() != pending ||
		       (pending && !is_whole(pattern, core)) || !final_is_whole(core) ||
		       count("store/*") + count("quarantine/*") != 2 * dumps();
		*(pending ? &with : &without) += 1;
		if (bad) {
			printf("# step %u\n", step);
			break;
		}
	}
	ok(!bad && step > 15 && step < MOST, "killed before step %u to %u: all is whole", first,
	   step);
	ok((without || first > 1) && with && dumps() == 1, "... %u times before it had a name, %u times after",
	   without, with);
}

static void kill_recovery(const char *core, const char *folder)
{
	unsigned int step, bad = 0;
	char stop[40], pattern[64];

	snprintf(pattern, sizeof(pattern), "%s/*.zst", folder);
	for (step = 1; step < MOST; step++) {
		scene_clear();
		scene_configure("log = \"/nonexistent/log.sock\";");
		capture(core, "");
		scene_configure("");
		snprintf(stop, sizeof(stop), "KREDACT_STOP=%u", step);
		if (kredact("capture --config capture.conf --recover", stop) != KILLED)
			break;
		bad += !final_is_whole(core) || dumps() != 1 || !recover() ||
		       !is_whole(pattern, core) || dumps() != 1 ||
		       count("store/*") + count("quarantine/*") != 2;
		if (bad) {
			printf("# step %u\n", step);
			break;
		}
	}
	ok(!bad && step > 10 && step < MOST, "recovery killed before each of %u steps, likewise", step);
}

/* Another key to sign with, or other rules, between the first try and the second. */
static void test_orphan(void)
{
	scene_clear();
	shell("cp quarantine/* . 2>/dev/null; : >store/core.gone.zst.intoto.jsonl; "
	      ": >quarantine/core.here.zst.intoto.jsonl; : >quarantine/core.here.zst.pending");
	shell("exec 9<quarantine/core.here.zst.pending; flock 9; "
	      "'%s' capture --config capture.conf --recover", program("kredact"));
	ok(!count("store/*") && count("quarantine/*") == 2 && strstr(outcome.out, "1 in work"),
	   "an attestation without a dump goes, unless one is about to come");
}

static void test_child(void)
{
	scene_clear();
	ok(capture("clean", "KREDACT_STREAM_STOP=1") == 1 && !count("store/*") &&
	   count("quarantine/*.cut.zst") == 1, "who has the bytes is killed: it is cut off");
}

int main(void)
{
	scene_begin();
	scene_core("clean", CORE_CLEAN);
	scene_core("key_core", CORE_KEY);
	kill_capture("clean", "store", 1);
	kill_capture("key_core", "quarantine", 9);
	kill_recovery("clean", "store");
	test_orphan();
	test_child();
	scene_end();
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * kredact capture --scan: cores that others wrote, packed in all ways, and what a folder can
 * have that is no core, or not one yet.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "scene.h"
#include "tap.h"



static bool scan(const char *result)
{
	int status = kredact("capture --config capture.conf --scan dumps", "");

	if (!status && !strncmp(outcome.out, result, strlen(result)))
		return true;
	printf("# status %d: %s%s", status, outcome.out, outcome.err);
	return false;
}

static void test_packed(void)
{
	scene_clear();
	shell("cp clean dumps/core.1; gzip -c clean >dumps/core.2.gz; xz -0c clean >dumps/core.3.xz; "
	      "lz4 -qc clean >dumps/core.4.lz4; zstd -qc clean >dumps/core.5.zst; "
	      "cp clean '%s'; cp key_core dumps/.#core.6; echo text >dumps/readme",
	      "dumps/core.a b$x\\\\.7");
	/* As systemd-coredump has them. */
	setxattr("dumps/core.5.zst", "user.coredump.comm", "a\nb", 3, 0);
	setxattr("dumps/core.5.zst", "user.coredump.timestamp", "1700000000123456", 16, 0);
	setxattr("dumps/core.5.zst", "user.coredump.pid", "12;3", 4, 0);
	ok(scan("6 clean, 0 marked, 0 to the quarantine, 0 judged before, 0 being written, 0 failed"),
	   "clean cores, packed or not, are attested where they are");
	ok(count("dumps/core.?*.intoto.jsonl") == 6 && count("dumps/*") == 13 && !count("store/*"),
	   "... with an attestation beside each; other files are left alone");
	ok(!shell("for d in dumps/core.?.* dumps/core.1; do case $d in *.jsonl) continue; esac; "
		  "sed 's/.*\"payload\":\"\\([^\"]*\\)\".*/\\1/' $d.intoto.jsonl | base64 -d | "
		  "grep -q \"$(sha256sum <$d | cut -d' ' -f1)\" || exit 1; done"),
	   "... of the bytes that are in it");
	ok(has_attribute("dumps/core.5.zst", "verdict", "clean") &&
	   has_attribute("dumps/core.5.zst", "comm", "a\\x0ab") &&
	   has_attribute("dumps/core.5.zst", "time", "1700000000"), "... and attributes");
	ok(shell("grep -q '\"pid\"' log") == 1, "... none that is no number");
	ok(!shell("test $(grep -c dump.stored log) = 6 && grep dump.stored log | "
		  "grep -q '\"path\":\"/.*/dumps/core.5.zst\"'"), "... and lines in the log");
	ok(scan("0 clean, 0 marked, 0 to the quarantine, 6 judged before"),
	   "a second scan has nothing to do");
	shell("printf x >>dumps/core.1");
	ok(scan("0 clean, 0 marked, 1 to the quarantine, 5 judged before"),
	   "what has changed since is judged again");
}

static void test_unclean(void)
{
	scene_clear();
	shell("zstd -qc key_core >dumps/core.1.zst; lz4 -qc unsealed >dumps/core.2.lz4; "
	      "head -c 1000 dumps/core.1.zst >dumps/core.3.zst; chown nobody dumps/core.2.lz4");
	ok(scan("0 clean, 0 marked, 3 to the quarantine"), "unclean ones go to the quarantine");
	ok(count("quarantine/*") == 6 && !count("dumps/*") &&
	   !shell("test \"$(stat -c %%a%%u quarantine/core.2.lz4)\" = 6000"),
	   "... with attestations, and are root's there");
	ok(!shell("zstd -dcq quarantine/core.1.zst | cmp - key_core"), "... as they were");

	scene_clear();
	scene_configure("unclean = \"mark\";");
	shell("cp key_core dumps/core.1");
	ok(scan("0 clean, 1 marked, 0 to the quarantine") && count("dumps/*") == 2 &&
	   has_attribute("dumps/core.1", "verdict", "key-material-found"),
	   "... or are marked where they are");
	ok(scan("0 clean, 0 marked, 0 to the quarantine, 1 judged before"), "... once");
	scene_configure("");
}

/* With the capabilities of kredact-coredump.service, and no others. */
static void test_unit(void)
{
	scene_clear();
	shell("cp clean dumps/core.1; cp key_core dumps/core.2");
	ok(!shell("setpriv --no-new-privs --inh-caps -all "
		  "--bounding-set -all,+chown,+setuid,+setgid,+setpcap,+kill "
		  "'%s' capture --config capture.conf --scan dumps", program("kredact")) &&
	   strstr(outcome.out, "1 clean, 0 marked, 1 to the quarantine"),
	   "a unit's capabilities are enough");
	shell("chown nobody dumps/core.1; cp key_core dumps/core.3; chown nobody dumps/core.3");
	shell("chmod 600 dumps/core.?");
	ok(shell("setpriv --no-new-privs --inh-caps -all "
		 "--bounding-set -all,+chown,+setuid,+setgid,+setpcap,+kill "
		 "'%s' capture --config capture.conf --scan dumps", program("kredact")) != 0 ||
	   !strstr(outcome.out, "1 to the quarantine"), "... for root's files only");
	ok(!shell("setpriv --no-new-privs --inh-caps -all "
		  "--bounding-set -all,+chown,+setuid,+setgid,+setpcap,+kill,+dac_override,+fowner,"
		  "+lease '%s' capture --config capture.conf --scan dumps", program("kredact")) &&
	   strstr(outcome.out, "1 clean, 0 marked, 1 to the quarantine"),
	   "... those of kredact-scan@ for all");
}

/* From another file system, where nothing can be renamed to the quarantine. */
static void test_elsewhere(void)
{
	scene_clear();
	shell("mount -t tmpfs -o size=1m tmpfs dumps && cp key_core dumps/core.1");
	ok(scan("0 clean, 0 marked, 1 to the quarantine") && !count("dumps/*") &&
	   !shell("cmp quarantine/core.1 key_core") && count("quarantine/*") == 2,
	   "an unclean one from another file system is copied");
	shell("umount dumps");
}

static void test_races(void)
{
	int fd;

	scene_clear();
	shell("cp key_core elsewhere; ln -s ../elsewhere dumps/core.1; ln elsewhere dumps/core.2; "
	      "mkfifo dumps/core.3; mkdir dumps/core.4");
	ok(kredact("capture --config capture.conf --scan dumps", "") == 1 &&
	   strstr(outcome.out, "0 clean, 0 marked, 0 to the quarantine"),
	   "links, pipes and folders are not touched");
	ok(strstr(outcome.err, "symbolic link") && strstr(outcome.err, "several names"),
	   "... and links are told of");
	ok(!shell("cmp elsewhere key_core") && count("dumps/*") == 4 && !count("quarantine/*"),
	   "... all is where it was");

	scene_clear();
	shell("head -c 20000 clean >dumps/core.1");
	fd = open("dumps/core.1", O_WRONLY | O_APPEND | O_CLOEXEC);
	ok(scan("0 clean, 0 marked, 0 to the quarantine, 0 judged before, 1 being written"),
	   "a core that somebody has open for writing is not judged");
	ok(count("dumps/*") == 1 && logged(""), "... and nothing is said of it");
	shell("tail -c +20001 clean >>dumps/core.1");
	close(fd);
	ok(scan("1 clean"), "... until it is closed");
}

static void test_log(void)
{
	scene_clear();
	shell("cp clean dumps/core.1; cp key_core dumps/core.2");
	scene_configure("log = \"/nonexistent/log.sock\";");
	ok(kredact("capture --config capture.conf --scan dumps", "") == 1 && count("dumps/*") == 2,
	   "without the log nothing is done");
	scene_configure("sign_ = 1;");
	ok(kredact("capture --config capture.conf --scan dumps", "") == 1 &&
	   strstr(outcome.err, "sign_ is not known"), "a wrong setting is told");
	scene_configure("");
}

/* What journald gets: one datagram, in its own protocol. */
static void test_journal(void)
{
	struct sockaddr_un name = { AF_UNIX, "journal.sock" };
	int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	static char message[65536];
	ssize_t len;

	ok(journal >= 0 && !bind(journal, (struct sockaddr *)&name, sizeof(name)),
	   "there is a journal");
	scene_clear();
	shell("cp clean dumps/core.1");
	ok(scan("1 clean"), "a core is judged");
	len = recv(journal, message, sizeof(message) - 1, 0);
	message[len < 0 ? 0 : len] = '\0';
	ok(strstr(message, "MESSAGE_ID=b3e0d2c5a96f4d0c8f7a52d1c4e96b07\n") &&
	   strstr(message, "\nKREDACT_VERDICT=clean\n") &&
	   strstr(message, "\nCOREDUMP_FILENAME=/var/tmp/") && strstr(message, "/dumps/core.1\n"), "... and the journal has it");
	close(journal);
}

int main(void)
{
	scene_begin();
	scene_core("clean", CORE_CLEAN);
	scene_core("key_core", CORE_KEY);
	scene_core("unsealed", CORE_UNSEALED);
	test_packed();
	test_unclean();
	test_unit();
	if (may_mount())
		test_elsewhere();
	else
		printf("ok %u - file systems # SKIP nothing can be mounted\n", ++tap_tests);
	test_races();
	test_log();
	test_journal();
	scene_end();
	return tap_end();
}

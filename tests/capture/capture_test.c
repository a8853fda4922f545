// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-capture as the kernel starts it: what becomes of cores of all kinds, when the disk
 * is full, and when others do not do their part.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "scene.h"
#include "tap.h"

#define STORED		"dump.captured dump.verified dump.attested dump.stored"
#define QUARANTINED	"dump.captured dump.verified dump.attested dump.quarantined"
#define UNATTESTED	"dump.captured dump.verified dump.quarantined"

static bool shows(const char *text)
{
	if (strstr(outcome.out, text))
		return true;
	printf("# %s%s", outcome.out, outcome.err);
	return false;
}

static void test_clean(void)
{
	scene_clear();
	ok(capture("clean", "") == 0, "a clean core is stored");
	ok(is_whole("store/core.a_b__x.7.*.zst", "clean"),
	   "... packed, with an attestation of these bytes");
	ok(count("store/*") == 2 && !count("quarantine/*"), "... and is nowhere else");
	ok(logged(STORED), "... which the log has, in order");
	ok(!shell("grep dump.stored log | grep -q '\"path\":\"[^\"]*/store/core.*\"pid\":999999999.*"
		  "\"comm\":\"a b;$x\".*\"labels\":\\[\"rsa private key\",\"ec scalar\"\\]'"),
	   "... with process and labels");
	ok(!shell("test $(stat -c %%a%%u store/*.zst) = 6400"), "... its mode is 0640, root's");
	ok(has_attribute("store/*.zst", "verdict", "clean") &&
	   has_attribute("store/*.zst", "comm", "a b;$x"), "... attributes say what it is");
	shell("printf %%s $(sha256sum <clean | cut -d' ' -f1)");
	ok(has_attribute("store/*.zst", "core_sha256", outcome.out), "... also before it was packed");
}

static void test_unclean(void)
{
	scene_clear();
	ok(capture("key_core", "") == 1, "a core with a key is not stored");
	ok(is_whole("quarantine/core.*.zst", "key_core") && !count("store/*"),
	   "... it is in the quarantine, attested");
	ok(!shell("test $(stat -c %%a quarantine/*.zst) = 600"), "... its mode is 0600");
	ok(logged(QUARANTINED), "... which the log has");
	ok(!shell("grep dump.quarantined log | "
		  "grep -q '\"verdict\":\"key-material-found\".*\"reason\"'"), "... with a reason");
	ok(shell("grep -q 'PRIVATE KEY' log") == 1, "... but not with the key");

	scene_clear();
	ok(capture("unsealed", "") == 1 && logged(QUARANTINED) && count("quarantine/*") == 2,
	   "a core without a seal goes to the quarantine");

	scene_clear();
	shell("head -c 30000 clean >half");
	ok(capture("half", "") == 1 && logged(QUARANTINED) && count("quarantine/*.zst") == 1,
	   "so does one that the kernel did not finish");

	scene_clear();
	ok(capture("/dev/null", "") == 1 && count("quarantine/*.zst") == 1 && !count("store/*"),
	   "and one without a byte");
}

static void test_limits(void)
{
	scene_clear();
	scene_configure("most = 100000;");
	ok(capture("large", "") == 1, "what is larger than the limit is cut off");
	ok(count("quarantine/*.cut.zst") == 1 && count("quarantine/*") == 1 && !count("store/*"),
	   "... as its name says, without an attestation");
	ok(logged(UNATTESTED), "... and the log has it");
	ok(!shell("head -c 100000 large >part && zstd -dcq quarantine/*.zst | cmp - part"),
	   "... the beginning is there");

	scene_clear();
	scene_configure("silence = 1;");
	ok(shell("{ head -c 20000 clean; sleep 2; } | '%s' --config capture.conf P=999999999 t=6",
		 program("kredact-capture")) == 1, "who is silent for too long is not waited for");
	ok(count("quarantine/*.6.cut.zst") == 1, "... and what came is kept");
	scene_configure("");
}

/* A file system of its own. */
static void test_full(void)
{
	char more[600];

	scene_clear();
	ok(!shell("mkdir small && mount -t tmpfs -o size=1m tmpfs small && "
		  "mkdir -m 700 small/s small/q"), "there is a file system of 1 MiB");
	snprintf(more, sizeof(more), "store = { folder = \"%s/small/s\"; keep_free = 0; };\n"
		 "quarantine = { folder = \"%s/small/q\"; keep_free = 0; };",
		 getenv("SCENE"), getenv("SCENE"));
	scene_configure(more);
	ok(capture("large", "") == 1, "when the disk is full a core is cut off");
	ok(count("small/q/*.cut.zst") == 1 && count("small/q/*") == 1 && !count("small/s/*"),
	   "... as its name says");
	ok(logged(UNATTESTED), "... and the log has it");
	ok(!shell("zstd -dcq small/q/*.zst 2>/dev/null | head -c 700000 >part; "
		  "test $(stat -c %%s part) -ge 500000 && cmp -n $(stat -c %%s part) part large"),
	   "... what there was room for is there");
	ok(capture("clean", "") != 0 && !count("small/s/*"), "the next one is not stored, either");
	shell("umount small");
	scene_configure("");
	scene_clear();
	ok(!shell("cat large | sh -c 'ulimit -f 1024; exec \"$@\"' - '%s' --config capture.conf "
		  "P=999999999 t=1; test $? = 1", program("kredact-capture")) &&
	   count("quarantine/*.cut.zst") == 1, "so it is at a limit of the size of files");
}

static void test_tee(void)
{
	scene_clear();
	scene_configure("tee = [\"/bin/sh\", \"-c\", \"echo \\\"$1\\\" >tee.args; cat >tee.out\", "
			"\"-\", \"-p%P/%u/%e/%F/%%\"];");
	ok(capture("large", "") == 0, "a core is stored behind another handler");
	ok(!shell("cmp tee.out large"), "... which gets the same bytes");
	ok(!shell("test \"$(cat tee.args)\" = '-p999999999/7/a b;$x//%%'"), "... and arguments");

	scene_configure("tee = [\"/bin/sh\", \"-c\", \"exit 3\"];");
	ok(capture("large", "") == 0, "another handler that dies does no harm");
	ok(!!strstr(outcome.err, "the other handler"), "... but it is told");

	scene_configure("tee = [\"/bin/sh\", \"-c\", \"head -c 1000 >/dev/null; kill -9 $$\"];");
	ok(capture("large", "") == 0, "nor one that is killed in the middle");

	scene_configure("tee = [\"/bin/sleep\", \"3\"]; tee_patience = 1;");
	ok(capture("large", "") == 0, "nor one that reads nothing");
	ok(!!strstr(outcome.err, "too slow"), "... which is told, too");

	scene_configure("tee = [\"/nonexistent/handler\"];");
	ok(capture("large", "") == 0, "nor one that is not there");
	ok(count("store/*.zst") == 5 && !shell("for dump in store/*.zst; do zstd -dcq $dump | "
					      "cmp - large || exit 1; done"),
	   "all five cores are whole");

	scene_clear();
	scene_configure("store = { folder = \"/nonexistent\"; }; "
			"tee = [\"/bin/sh\", \"-c\", \"cat >tee.two\"];");
	ok(capture("large", "") == 2, "without a place for it a core is lost");
	ok(!shell("cmp tee.two large"), "... but not for the other handler");
	scene_configure("");
}

/* Of all processes while a core is coming: name, user, capabilities, seccomp, descriptors. */
static void test_privileges(void)
{
	static const char parent[] = "kredact-capture uid 0 cap 00000000000001e1 priv 1";
	static const char streamer[] = "kredact-capture uid 65534 cap 0000000000000000 "
				       "priv 1 seccomp 2 files 5";
	static const char verifier[] = "kredact-verify uid 65534 cap 0000000000000000";

	scene_clear();
	shell("{ head -c 20000 clean; sleep 2; tail -c +20001 clean; } | "
	      "'%s' --config capture.conf P=999999999 t=1 & p=$!; sleep 1; "
	      "for c in $p $(cat /proc/$p/task/*/children); do "
	      "awk -v files=$(ls /proc/$c/fd | wc -l) '"
	      "/^Name:/ { n = $2 } /^Uid:/ { u = $3 } /^CapPrm:/ { c = $2 } "
	      "/^NoNewPrivs:/ { p = $2 } /^Seccomp:/ { s = $2 } "
	      "END { print n, \"uid\", u, \"cap\", c, \"priv\", p, \"seccomp\", s, "
	      "\"files\", files }' /proc/$c/status; done; wait $p", program("kredact-capture"));
	ok(outcome.status == 0, "a core comes slowly");
	ok(shows(parent), "who has the folders has few capabilities");
	ok(shows(streamer), "who has the bytes has none, a filter, and five descriptors");
	ok(shows(verifier), "nor has who verifies");
}

static void test_log(void)
{
	scene_clear();
	scene_configure("log = \"/nonexistent/log.sock\";");
	ok(capture("clean", "") == 1, "what cannot be logged is not stored");
	ok(!count("store/*") && count("quarantine/*.zst.pending") == 1, "... it is pending");
	scene_configure("");
	ok(kredact("capture --config capture.conf --recover", "") == 0 &&
	   strstr(outcome.out, "1 stored"), "... until it can be");
	ok(is_whole("store/*.zst", "clean") && !count("quarantine/*"), "... then it is stored");
}

static void test_settings(void)
{
	scene_clear();
	shell("echo 'most = \"3 apples\";' >capture.conf");
	ok(kredact("capture --config capture.conf --recover", "") == 1 &&
	   strstr(outcome.err, "capture.conf:1: most"), "what is wrong with a file is told");
	ok(capture("clean", "") == 2 && strstr(outcome.err, "the core goes to the quarantine"),
	   "... and the usual settings hold, whose folders are not here");
	scene_configure("");
	shell("chmod 777 store");
	ok(capture("clean", "") == 2 && strstr(outcome.err, "others may write to it"),
	   "a store that others may write to is none");
	shell("chmod 750 store");
	if (may_mount()) {
		shell("mount --bind store store");
		ok(capture("clean", "") == 2 && strstr(outcome.err, "not on one mount"),
		   "nor is one that nothing can be renamed to");
		shell("umount store");
	}
	shell("sed -i '/^sign/d' capture.conf");
	ok(capture("clean", "") == 1 && count("quarantine/*.zst") == 1 && logged(UNATTESTED),
	   "without a key to sign with all goes to the quarantine");
	scene_configure("");
	ok(shell("'%s' --config capture.conf 4711 </dev/null", program("kredact-capture")) == 3,
	   "arguments of another form are refused");
}

static void limit(const char *what)
{
	scene_configure("");
	shell("sed -i 's/keep_free = 0;/& %s;/' capture.conf", what);
}

/* Names that a crashed process has given itself. */
static void test_names(void)
{
	scene_clear();
	ok(!shell("'%s' --config capture.conf P=999999999 t=9 u=7 \"e=$(printf 'x\\n/../\\033[3m%%%%s')\" "
		  "\"E=!$(printf '%%0400d' 7)\" <clean", program("kredact-capture")),
	   "a name may have anything in it");
	ok(count("store/core.x_x0a_____x1b_3m_s.7.*.9.zst") == 1 && count("store/*") == 2,
	   "... but not in the name of a file");
	ok(!shell("test $(wc -l <log) = 4 && grep -cF 'x\\\\x0a/../\\\\x1b[3m%%s' log"),
	   "... nor as it is in the log");
	ok(!shell("'%s' --config capture.conf P=../../etc t=x u=-1 s=1e3 <clean",
		  program("kredact-capture")) && count("store/core.unknown.*") == 2 &&
	   shell("grep -q 'etc\\|1e3' log") == 1, "what is no number is none");
}

static void test_quota(void)
{
	scene_clear();
	limit("files = 2");
	capture("clean", "");
	capture("clean", "");
	shell("ls store/*.zst | head -n 1 >first; truncate -s 0 log");
	ok(capture("clean", "") == 0 && count("store/*.zst") == 2 && count("store/*") == 4,
	   "one dump too many: one goes, with its attestation");
	ok(shell("test -e $(cat first)") == 1, "... the oldest");
	ok(logged(STORED " dump.expired"), "... and the log has it");
	ok(!shell("grep dump.expired log | grep '\"reason\":\"files\"' | grep -q '\"sha256\"'"),
	   "... which and why");

	limit("age = \"1h\"");
	shell("touch -d '2 hours ago' $(ls store/*.zst | tail -n 1); truncate -s 0 log");
	ok(kredact("capture --config capture.conf --expire", "") == 0 &&
	   count("store/*.zst") == 1 && logged("dump.expired"), "one too old goes");

	capture("key_core", "");
	limit("bytes = 1");
	kredact("capture --config capture.conf --expire", "");
	ok(!count("store/*") && !count("quarantine/*"), "what is over the bytes goes");

	scene_configure("");
	capture("clean", "");
	capture("key_core", "");
	scene_configure("");
	shell("sed -i 's/keep_free = 0/keep_free = \"900000G\"/' capture.conf; truncate -s 0 log");
	ok(kredact("capture --config capture.conf --expire", "") == 0 && !count("store/*") &&
	   count("quarantine/*") == 2 && logged("dump.expired"),
	   "on a full disk clean ones go, evidence stays");
	ok(capture("clean", "") == 1 && count("quarantine/*.cut.zst") == 1,
	   "... and a new one has no room");

	scene_clear();
	scene_configure("log = \"/nonexistent/log.sock\";");
	capture("clean", "");
	limit("files = 0");
	ok(kredact("capture --config capture.conf --expire", "") == 0 &&
	   count("quarantine/*.pending") == 1, "what has not been judged stays");
	scene_configure("");
}

static void test_dumps(void)
{
	scene_clear();
	shell("mkdir -p trust && openssl pkey -in sign.key -pubout -out trust/one.pem && "
	      "echo 'key = \"one.pem\"; roles = [\"attest\"];' >trust/one.conf");
	capture("clean", "");
	capture("key_core", "");
	ok(!kredact("dumps --config capture.conf --trust trust", "") &&
	   shows("store      clean ") && shows("quarantine key-material-found "),
	   "both dumps are listed");
	ok(!strstr(outcome.out, "not trusted") && shows(" trusted"), "... with what attests them");
	shell("openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out trust/one.pem");
	kredact("dumps --config capture.conf --trust trust", "");
	ok(shows("not trusted"), "... which another key does not do");
	shell("printf x >>$(ls store/*.zst)");
	kredact("dumps --config capture.conf --trust trust", "");
	ok(shows("of other bytes"), "... nor of a dump that was changed");
	ok(!kredact("dumps --config capture.conf show $(ls quarantine | head -n 1)", "") &&
	   shows("verdict      key-material-found\n") && shows("comm         a b;$x\n"),
	   "one is shown");
	ok(kredact("dumps --config capture.conf show ../key_core", "") == 1, "only of the stores");
	shell("truncate -s 0 log");
	ok(!kredact("dumps --config capture.conf rm $(ls quarantine | head -n 1)", "") &&
	   !count("quarantine/*") && logged("dump.expired"), "one is removed, and the log has it");
}

int main(void)
{
	scene_begin();
	scene_core("clean", CORE_CLEAN);
	scene_core("key_core", CORE_KEY);
	scene_core("unsealed", CORE_UNSEALED);
	scene_core("large", CORE_LARGE);
	test_clean();
	test_unclean();
	test_limits();
	if (may_mount())
		test_full();
	else
		printf("ok %u - full file systems # SKIP nothing can be mounted\n", ++tap_tests);
	test_tee();
	test_privileges();
	test_log();
	test_settings();
	test_names();
	test_quota();
	test_dumps();
	scene_end();
	return tap_end();
}

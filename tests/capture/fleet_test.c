// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of a fleet in a queue (gearman on loopback): workers and the queue itself are killed,
 * and each dump is judged all the same.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scene.h"
#include "tap.h"

#define DUMPS	10

static char port[12];
static char script[4096];

static void rest(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static pid_t start(const char *command)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_RDWR), 0);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void kill_now(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static pid_t start_queue(void)
{
	char command[300];
	pid_t pid;

	snprintf(command, sizeof(command), "exec gearmand -L 127.0.0.1 -p %s -q libsqlite3 "
		 "--libsqlite3-db=queue.db -l none -P queue.pid >/dev/null 2>&1", port);
	pid = start(command);
	/* Until it listens. */
	shell("for i in $(seq 100); do bash -c ': >/dev/tcp/127.0.0.1/%s' 2>/dev/null && exit 0; "
	      "sleep 0.05; done; exit 1", port);
	return pid;
}

static pid_t start_worker(void)
{
	char command[5000];

	snprintf(command, sizeof(command), "exec %s work dumps >>work.out 2>&1", script);
	return start(command);
}

static bool wait_for(const char *pattern, unsigned int nr)
{
	unsigned int tries = 200;

	while (count(pattern) != nr && tries--)
		rest(50);
	return count(pattern) == nr;
}

static void test_names(void)
{
	scene_clear();
	shell("cp clean elsewhere; ln -s ../elsewhere dumps/core.1; cp clean dumps/core.12; "
	      "cp clean 'dumps/core.[1]2'");
	ok(!shell("for name in ../elsewhere core.1 /etc/passwd '' .; do printf '%%s' \"$name\" | "
		  "%s one dumps || exit 1; done", script) && !count("elsewhere.intoto.jsonl") &&
	   logged(""), "a worker takes no path, and follows no link");
	ok(!shell("printf 'core.[1]2' | %s one dumps", script) &&
	   !shell("test -e 'dumps/core.[1]2.intoto.jsonl'") && !count("dumps/core.12.intoto.jsonl"),
	   "... and a name as it is");
}

static void test_killed(void)
{
	pid_t queue = start_queue(), workers[2];
	unsigned int i;

	scene_clear();
	for (i = 0; i < DUMPS; i++)
		shell("cp %s dumps/core.%u", i == 3 ? "key_core" : "clean", i);
	ok(!shell("%s add dumps && %s add dumps core.1 core.2", script, script),
	   "%u dumps are queued", DUMPS);
	ok(!count("dumps/*.intoto.jsonl"), "... which nobody judges yet");
	kill_now(queue);
	queue = start_queue();
	for (i = 0; i < 4; i++) {
		workers[0] = start_worker();
		workers[1] = start_worker();
		rest(60 + 40 * i);
		kill_now(workers[0]);
		kill_now(workers[1]);
		if (i == 2) {
			kill_now(queue);
			queue = start_queue();
		}
	}
	workers[0] = start_worker();
	ok(wait_for("dumps/*.intoto.jsonl", DUMPS - 1) && wait_for("quarantine/*.intoto.jsonl", 1),
	   "queue and workers are killed: all are judged");
	kill_now(workers[0]);
	kill_now(queue);
	rest(300);
	ok(!kredact("capture --config capture.conf --scan dumps", "") &&
	   strstr(outcome.out, "0 clean, 0 marked, 0 to the quarantine, 9 judged before"),
	   "... there is nothing left to do");
}

int main(void)
{
	scene_begin();
	scene_core("clean", CORE_CLEAN);
	scene_core("key_core", CORE_KEY);
	snprintf(port, sizeof(port), "%d", 20000 + getpid() % 10000);
	snprintf(script, sizeof(script), "-h 127.0.0.1 -p %s", port);
	setenv("GEARMAN", script, 1);
	setenv("CONFIG", "capture.conf", 1);
	setenv("KREDACT", program("kredact"), 1);
	snprintf(script, sizeof(script), "'%s'", program("kredact-queue"));
	test_names();
	test_killed();
	scene_end();
	return tap_end();
}

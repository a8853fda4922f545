// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-capture at a coredump socket: whom it refuses, and what it answers to a kernel that
 * asks. What a kernel does that has such sockets is in coredump_test.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/coredump_abi.h"
#include "capture/request.h"
#include "scene.h"
#include "tap.h"

#define REFUSED		4
#define ELF		"\177ELF, and what else a core has"

/* What the one at the other end of a socket does. */
typedef void (*actor)(int fd);

static int serve(int fd)
{
	return shell("exec '%s' --config capture.conf --socket <&%d", program("kredact-capture"),
		     fd);
}

static bool nothing_kept(void)
{
	return !count("store/*") && !count("quarantine/*") && logged("");
}

/* All of a core that would be stored if the kernel had sent it. */
static void forge(int fd)
{
	static char bytes[1 << 20];
	FILE *file = fopen("clean", "r");
	size_t len = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

	if (!len || send(fd, bytes, len, MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* Dies of a signal that has a core, which this one has not, wherever cores go to here. */
static void forge_and_crash(int fd)
{
	send(fd, ELF, sizeof(ELF), MSG_NOSIGNAL);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGQUIT, SIG_DFL);
	raise(SIGQUIT);
}

static void stay(int fd)
{
	send(fd, ELF, sizeof(ELF), MSG_NOSIGNAL);
	pause();
}

/* As systemd does with Accept=yes. @how becomes the status of who has connected. */
static int accept_from(actor act, bool bury, int *how)
{
	struct sockaddr_un name = { AF_UNIX, "dump.sock" };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, status;
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	unlink(name.sun_path);
	if (bind(listener, (struct sockaddr *)&name, sizeof(name)) || listen(listener, 1))
		return -1;
	pid = fork();
	if (!pid) {
		if (connect(client, (struct sockaddr *)&name, sizeof(name)))
			_exit(1);
		act(client);
		_exit(0);
	}
	close(client);
	fd = accept(listener, NULL, NULL);
	if (bury)
		waitpid(pid, how, 0);
	status = serve(fd);
	close(fd);
	close(listener);
	if (!bury) {
		kill(pid, SIGKILL);
		waitpid(pid, how, 0);
	}
	return status;
}

static void test_refused(void)
{
	int ends[2], how = 0;
	char byte;

	scene_clear();
	ok(capture("clean", "") == 0 && count("store/*.zst") == 1, "by a pipe a core is stored");

	scene_clear();
	ok(shell("'%s' --config capture.conf --socket <clean", program("kredact-capture")) ==
	   REFUSED && strstr(outcome.err, "no coredump socket"), "... with --socket it is not");
	ok(nothing_kept(), "... nor kept, nor logged");

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		exit(1);
	if (send(ends[1], ELF, sizeof(ELF), 0) < 0)
		exit(1);
	ok(serve(ends[0]) == REFUSED && strstr(outcome.err, "a connection is refused"),
	   "who is at the other end of a pair of sockets is refused");
	ok(recv(ends[0], &byte, 1, MSG_DONTWAIT) == 1 && byte == 0x7f, "... before a byte is read");
	close(ends[0]);
	close(ends[1]);

	ok(accept_from(stay, false, &how) == REFUSED, "so is a process that connects");
	ok(nothing_kept(), "... nothing of it is kept");
	ok(accept_from(forge, false, &how) == REFUSED && nothing_kept(),
	   "... though it sends a core that is clean");
	ok(accept_from(forge_and_crash, true, &how) == REFUSED && nothing_kept(),
	   "... or crashes by itself");
	ok(WIFSIGNALED(how) && WTERMSIG(how) == SIGQUIT, "... which it did");
	ok(shell("'%s' --socket P=1 </dev/null", program("kredact-capture")) == 3,
	   "arguments of a pipe are none of a socket");
}

static struct abi_request request;
static struct abi_answer answer;

/*
 * A kernel, as hostile as need be: @len bytes of &request, then what it says to an answer, and a
 * core. Return: that of request_answer(); &answer is what it has answered, all 0 if nothing.
 */
static int answer_to(size_t len, bool wanted, u32 mark, char *next)
{
	u8 bytes[ABI_REQUEST_MOST] = { 0 };
	struct complaint why = { "" };
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		exit(1);
	memcpy(bytes, &request, sizeof(request));
	if (send(ends[1], bytes, len, 0) != (ssize_t)len)
		exit(1);
	if (len < sizeof(request))
		shutdown(ends[1], SHUT_WR);
	else if (send(ends[1], &mark, sizeof(mark), 0) < 0 ||
		 send(ends[1], ELF, sizeof(ELF), 0) < 0)
		exit(1);
	error = request_answer(ends[0], wanted, &why);
	answer = (struct abi_answer){ 0 };
	if (recv(ends[1], &answer, sizeof(answer), MSG_DONTWAIT) < 0)
		answer.size = 0;
	if (recv(ends[0], next, 1, MSG_DONTWAIT) < 1)
		*next = '\0';
	close(ends[0]);
	close(ends[1]);
	printf("# %d %s\n", error, why.text);
	return error;
}

static int question(u32 size, u32 size_ack, u64 mask, u32 says, char *next)
{
	request = (struct abi_request){ size, size_ack, mask };
	return answer_to(size, true, says, next);
}

static void test_request(void)
{
	const u64 all = ABI_KERNEL | 2 | ABI_REJECT | ABI_WAIT;
	char next;

	ok(!question(16, 16, all, 0, &next) && answer.size == 16 && !answer.spare &&
	   answer.mask == (ABI_KERNEL | ABI_WAIT), "a kernel that asks is told to write, and wait");
	ok(next == 0x7f, "... what comes next is the core");
	ok(!question(24, 32, all | 1ULL << 40, 0, &next) && answer.size == 16 &&
	   answer.mask == (ABI_KERNEL | ABI_WAIT) && next == 0x7f,
	   "one that asks for more is not told more");
	ok(!question(16, 16, ABI_KERNEL, 0, &next) && answer.mask == ABI_KERNEL && next == 0x7f,
	   "one that cannot wait is not told to");
	request = (struct abi_request){ 16, 16, all };
	ok(!answer_to(16, false, 0, &next) && answer.mask == ABI_REJECT, "what is not wanted is rejected");
	ok(question(16, 16, all, 4, &next) == -EPROTO, "an answer that it does not like is told");
	ok(question(16, 16, all & ~ABI_KERNEL, 0, &next) == -EPROTO && !answer.size,
	   "one that writes no core is not answered");
	ok(question(16, 8, all, 0, &next) == -EPROTO && !answer.size,
	   "nor one that knows no such answer");
	ok(!question(ABI_REQUEST_MOST, 16, all, 0, &next) && next == 0x7f,
	   "a question may be as long as a page");

	request.size = 24;
	ok(answer_to(10, true, 0, &next) == -EPIPE && !answer.size, "half a question is none");
	request.size = ABI_REQUEST_MOST + 1;
	ok(!answer_to(16, true, 0, &next) && !answer.size, "nor one that is longer");
	memcpy(&request, ELF, sizeof(request));
	ok(!answer_to(16, true, 0, &next) && !answer.size && next == 0x7f,
	   "a core of which nothing was asked is all there");
	ok(!answer_to(0, true, 0, &next) && !answer.size && !next, "... if there is anything");
}

int main(void)
{
	scene_begin();
	scene_core("clean", CORE_CLEAN);
	test_refused();
	test_request();
	scene_end();
	return tap_end();
}

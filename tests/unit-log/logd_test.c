// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-logd as a process: senders of all kinds, kills, full disks. It is
 * under the sanitizers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "log/client.h"
#include "served.h"
#include "tap.h"

#define KILLS	12
#define SENDERS	4

static void test_client(void)
{
	struct log_client *client;
	struct complaint why = { "" };
	struct log_ack ack, next;
	char *text;
	size_t len;

	configure("%s", "");
	ok(start(0), "kredact-logd starts");
	ok(!log_open(&client, socket_path, &why), "a client connects");
	ok(!log_put(client, "test.one", data_of(1), &ack, &why) && ack.seq > 2, "a line is acknowledged");
	text = made_read(&made, "segment-0000000001.jsonl", &len);
	ok(strstr(text, "\"event\":\"test.one\"") && strstr(text, "\"data\":{\"n\":1}"),
	   "and is in the file then");
	free(text);
	ok(!log_put(client, "test.two", data_of(2), NULL, &why) &&
	   !log_put(client, "test.three", data_of(3), &next, &why) && next.seq == ack.seq + 2 &&
	   strcmp(ack.hash, next.hash), "also one that nobody waits for");
	ok(log_put(client, "log.start", data_of(1), &ack, &why) == -EACCES, "%s", why.text);
	ok(log_put(client, "nodot", data_of(1), &ack, &why) == -EINVAL, "%s", why.text);
	ok(!log_put(client, "test.four", data_of(4), &ack, &why), "and then another line");
	ok(stop(SIGTERM) == 0, "it ends when it is told to");
	ok(start(0), "and starts again");
	ok(!log_put(client, "test.five", data_of(5), &ack, &why), "the client finds it again");
	log_close(client);
	ok(log_open(&client, "/nonexistent/socket", &why) == -ENOENT, "without a log: %s", why.text);
	kill(logd_pid, SIGHUP);
	ok(reachable() && stop(SIGTERM) == 0, "it reads its configuration again, and ends");
	text = made_read(&made, "segment-0000000001.jsonl", &len);
	ok(strstr(text, "\"event\":\"config.changed\"") && strstr(text, "\"file\":\""),
	   "and the log says that it did");
	free(text);
}

static int dial(void)
{
	const struct timeval timeout = { .tv_sec = 10 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strcpy(to.sun_path, socket_path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

/* Return: errno of the answer, 0 if it is an acknowledgement, -1 if there is none. */
static int ask(int fd, const void *message, size_t len)
{
	struct json_object *answer, *number;
	char text[2048];
	int error = 0;
	ssize_t n;

	if (send(fd, message, len, MSG_NOSIGNAL) < 0)
		return -1;
	n = recv(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	answer = json_tokener_parse(text);
	if (json_object_object_get_ex(answer, "errno", &number))
		error = json_object_get_int(number);
	json_object_put(answer);
	return error;
}

static void test_hostile(void)
{
	static const char good[] = "{\"event\":\"a.b\",\"data\":{},\"ack\":true}";
	static const char *const bad[] = {
		"x", "{}", "[]", "null", "{\"event\":\"a.b\"}", "{\"event\":5,\"data\":{}}",
		"{\"event\":\"a.b\",\"data\":[]}", "{\"event\":\"a.b\",\"data\":{},\"ack\":1}",
		"{\"event\":\"a.b\",\"data\":{},\"seq\":1}", "{\"event\":\"a.b\\n\",\"data\":{}}",
		"{\"event\":\"a.b\",\"data\":{\"x\":NaN}}", "{\"event\":\"a.b\",\"data\":{\"\xff\":1}}",
	};
	static char big[200000];
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { (void *)good, strlen(good) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof(control) };
	struct cmsghdr *extra = CMSG_FIRSTHDR(&header);
	unsigned int i, refused = 0;
	struct made_check check;
	int fd, fds[64], null = open("/dev/null", O_RDONLY);
	char text[512];

	configure("%s", "");
	ok(start(0), "kredact-logd starts");
	fd = dial();
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused += ask(fd, bad[i], strlen(bad[i])) == EINVAL;
	ok(refused == i, "what is no message is refused (%u of %u)", refused, i);
	memset(big, '{', sizeof(big));
	ok(ask(fd, big, 50000) == EINVAL, "nested too deeply");
	ok(ask(fd, big, LOG_MESSAGE_MAX + 1) == EMSGSIZE, "too long");
	i = (unsigned int)sprintf(big, "{\"event\":\"a.b\",\"ack\":true,\"data\":{\"x\":\"");
	memset(big + i, 'x', LOG_MESSAGE_MAX - i - 3);
	memcpy(big + LOG_MESSAGE_MAX - 3, "\"}}", 3);
	ok(ask(fd, big, LOG_MESSAGE_MAX) == 0, "not too long");
	memset(big + i, 1, 1000);
	ok(ask(fd, big, LOG_MESSAGE_MAX) == EMSGSIZE, "too long when it is escaped");
	for (; i < LOG_MESSAGE_MAX - 20; i += 2)
		memcpy(big + i, "\\n", 2);
	ok(ask(fd, big, LOG_MESSAGE_MAX) == 0, "escapes");
	extra->cmsg_level = SOL_SOCKET;
	extra->cmsg_type = SCM_RIGHTS;
	extra->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(extra), &null, sizeof(int));
	for (i = 0; i < 50; i++)
		if (sendmsg(fd, &header, 0) < 0 || recv(fd, text, sizeof(text), 0) <= 0)
			break;
	snprintf(text, sizeof(text), "ls /proc/%d/fd | wc -l", logd_pid);
	made_run(text, big, sizeof(big));
	ok(i == 50 && atoi(big) < 30, "descriptors that are sent along are dropped (%d are open)",
	   atoi(big));
	/* Many who send and never read, and go away. */
	for (i = 0; i < 64; i++) {
		unsigned int j;

		fds[i] = dial();
		for (j = 0; j < 50; j++)
			send(fds[i], bad[0], 1, MSG_DONTWAIT);
	}
	for (i = 0; i < 64; i++)
		close(fds[i]);
	ok(ask(fd, good, strlen(good)) == 0, "it is still there");
	close(fd);
	close(null);
	ok(stop(SIGTERM) == 0, "and ends well");
	made_check(&made, NULL, &check);
	ok(!check.status, "the log is intact");
}

/* As another user: who may send what. */
static int as_nobody(const char *event)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct log_client *client;
		struct complaint why;
		struct log_ack ack;
		int error;

		if (setgid(65534) || setuid(65534))
			_exit(99);
		error = log_open(&client, socket_path, &why);
		if (!error)
			error = log_put(client, event, data_of(1), &ack, &why);
		_exit(-error);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void test_policy(void)
{
	char *text;
	size_t len;

	configure("%s", "senders = ( { events = [ \"*\" ]; users = [ \"root\" ]; },\n"
		  "            { events = [ \"capture.*\", \"gate.allowed\" ]; users = [ \"nobody\" ]; } );\n");
	ok(start(0), "kredact-logd starts");
	chmod(made.path, 0755);
	chmod(socket_path, 0666);
	ok(as_nobody("capture.one") == 0 && as_nobody("gate.allowed") == 0, "who may send may");
	ok(as_nobody("gate.refused") == EACCES && as_nobody("dump.stored") == EACCES &&
	   as_nobody("capturex.one") == EACCES && as_nobody("log.start") == EACCES,
	   "and nothing else");
	stop(SIGTERM);
	text = made_read(&made, "segment-0000000001.jsonl", &len);
	ok(strstr(text, "\"event\":\"capture.one\",\"sender\":{\"pid\":") &&
	   strstr(text, "\"uid\":65534,\"gid\":65534"), "the line has what the kernel says of the sender");
	free(text);
	configure("%s", "senders = ( { events = [ \"x\" ]; users = [ \"root\" ]; } );\nnonsense = 1;\n");
	ok(!start(0), "a configuration that is wrong is none");
	stop(SIGKILL);
}

/* One that sends until its log is killed; a byte in the pipe for each acknowledgement. */
struct sender_state {
	unsigned int number;
	unsigned int acked;
	volatile bool *ends;
	char *acks;		/* of each number sent: 1 */
};

#define SENT_MAX	100000u

static void *send_lines(void *arg)
{
	struct sender_state *state = arg;
	struct log_client *client = NULL;
	struct complaint why;
	struct log_ack ack;
	unsigned int i;

	for (i = 0; i < SENT_MAX && !*state->ends; i++) {
		struct json_object *data = data_of(i);

		json_object_object_add(data, "sender", json_object_new_int((int)state->number));
		if (!client && log_open(&client, socket_path, &why)) {
			json_object_put(data);
			usleep(5000);
			continue;
		}
		if (!log_put(client, "test.kill", data, &ack, &why)) {
			state->acks[i] = 1;
			state->acked++;
		}
	}
	log_close(client);
	return NULL;
}

/* Lines of the log, by sender and number. */
static unsigned int missing_lines(struct sender_state *states)
{
	struct segments segments;
	struct complaint why;
	unsigned int missing = 0, n;
	size_t i, len;

	segments_list(&segments, made.dir, &why);
	for (i = 0; i < segments.count; i++) {
		struct segment_reader *reader;
		const char *text, *at;

		segment_open(&reader, made.dir, &segments.list[i], &why);
		while (segment_next(reader, &text, &len, &why) > 0) {
			at = memmem(text, len, "\"data\":{\"n\":", 12);
			if (!at || !memmem(text, len, "test.kill", 9))
				continue;
			n = (unsigned int)atoi(at + 12);
			at = memmem(at, len - (size_t)(at - text), "\"sender\":", 9);
			states[atoi(at + 9)].acks[n] = 0;
		}
		segment_close(reader);
	}
	segments_free(&segments);
	for (i = 0; i < SENDERS; i++)
		for (n = 0; n < SENT_MAX; n++)
			missing += (unsigned int)states[i].acks[n];
	return missing;
}

static void test_kill(void)
{
	struct sender_state states[SENDERS];
	pthread_t threads[SENDERS];
	unsigned int i, acked = 0, missing;
	struct made_check check;
	volatile bool ends = false;

	configure("%s", "rotate = { bytes = 65536; hours = 24; };\n");
	start(0);
	for (i = 0; i < SENDERS; i++) {
		states[i] = (struct sender_state){ i, 0, &ends, calloc(SENT_MAX, 1) };
		pthread_create(&threads[i], NULL, send_lines, &states[i]);
	}
	for (i = 0; i < KILLS; i++) {
		usleep(150000 + (unsigned int)rand() % 100000);
		stop(SIGKILL);
		start(0);
	}
	ends = true;
	for (i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		acked += states[i].acked;
	}
	stop(SIGTERM);
	missing = missing_lines(states);
	ok(acked > 100, "%u lines were acknowledged within %u kills", acked, KILLS);
	ok(!missing, "none of them is missing (%u)", missing);
	made_check(&made, NULL, &check);
	ok(!check.status && check.result.starts >= KILLS, "the log is intact (%llu segments)",
	   (unsigned long long)check.result.segments);
	/* Negative control: without the last segment lines are missing. */
	for (i = 0; i < SENDERS; i++)
		memset(states[i].acks, 0, SENT_MAX);
	states[0].acks[SENT_MAX - 1] = 1;
	ok(missing_lines(states) == 1, "a line that is not there would be missed");
	for (i = 0; i < SENDERS; i++)
		free(states[i].acks);
}

struct flood {
	unsigned int lines;
};

static void *flood(void *arg)
{
	const struct flood *wants = arg;
	struct log_client *client;
	struct complaint why;
	struct log_ack ack;
	unsigned int i;

	log_open(&client, socket_path, &why);
	for (i = 0; i < wants->lines; i++)
		log_put(client, "registration.batch", data_of(i),
			i == wants->lines - 1 ? &ack : NULL, &why);
	log_close(client);
	return NULL;
}

/* 20,000 lines from four senders, none of them lost; a rate is no matter of a shared machine. */
static void test_flood(void)
{
	struct flood wants = { 5000 };
	pthread_t threads[SENDERS];
	struct made_check check;
	struct timespec from, to;
	double s;
	u64 before;
	unsigned int i;

	made_check(&made, NULL, &check);
	before = check.result.lines;
	configure("%s", "");
	start(0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, flood, &wants);
	for (i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &to);
	s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	stop(SIGTERM);
	made_check(&made, NULL, &check);
	ok(!check.status && check.result.lines - before >= 20000 &&
	   check.result.lines - before < 20020,
	   "20,000 lines are all there, after %.2f s (%.0f a second, under the sanitizers)", s,
	   20000 / s);
}

/* A process whose files may not grow: its disk is full. */
static void test_full(void)
{
	struct made_check check;
	struct log_client *client;
	struct complaint why;
	struct log_ack ack;
	unsigned int i, refused = 0, acked = 0;

	configure("%s", "");
	ok(start(64000), "kredact-logd starts on a small disk");
	log_open(&client, socket_path, &why);
	for (i = 0; i < 400; i++) {
		int error = log_put(client, "test.full", data_of(i), &ack, &why);

		acked += !error;
		refused += error == -EFBIG;
		if (error && error != -EFBIG)
			printf("# %u: %s\n", i, why.text);
	}
	ok(acked && refused && acked + refused == 400, "%u lines were acknowledged, %u refused: %s",
	   acked, refused, why.text);
	log_close(client);
	stop(SIGTERM);
	made_check(&made, NULL, &check);
	ok(check.status == 0 && check.result.lines >= acked, "those are there, and the log is intact");
	ok(start(0), "with room it starts again");
	log_open(&client, socket_path, &why);
	ok(!log_put(client, "test.full", data_of(i), &ack, &why), "and takes lines");
	log_close(client);
	stop(SIGTERM);
}

int main(int argc, char **argv)
{
	(void)argc;
	served_init(argv[0]);
	test_client();
	test_hostile();
	clear_log();
	test_policy();
	clear_log();
	test_kill();
	test_flood();
	clear_log();
	test_full();
	served_free();
	return tap_end();
}

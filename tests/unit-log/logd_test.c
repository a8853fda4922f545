// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-logd as a process: senders of all kinds, kills, full disks, its outputs. It is
 * under the sanitizers.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
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

#include "../../bpf/custody.h"
#include "custody_log.h"
#include "log/client.h"
#include "log/output.h"
#include "made.h"
#include "tap.h"

#define KILLS	12
#define SENDERS	4

static struct made made;
static char build[4096], socket_path[160], conf_path[160];
static pid_t daemon_pid;

static void configure(const char *format, ...)
{
	FILE *file = fopen(conf_path, "we");
	va_list args;

	fprintf(file, "dir = \"%s\";\nsocket = \"%s\";\nkey = \"%s\";\n", made.path, socket_path,
		made.key);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

static bool reachable(void)
{
	struct log_client *client;
	struct complaint why;
	int i;

	for (i = 0; i < 500; i++) {
		if (!log_open(&client, socket_path, &why)) {
			log_close(client);
			return true;
		}
		usleep(20000);
	}
	return false;
}

static bool start(rlim_t file_size)
{
	struct rlimit limit = { file_size, file_size };
	char path[4200];

	snprintf(path, sizeof(path), "%s/kredact-logd-san", build);
	unlink(socket_path);
	daemon_pid = fork();
	if (!daemon_pid) {
		if (file_size)
			setrlimit(RLIMIT_FSIZE, &limit);
		execl(path, path, "--config", conf_path, NULL);
		_exit(127);
	}
	return reachable();
}

static int stop(int sig)
{
	int status;

	kill(daemon_pid, sig);
	waitpid(daemon_pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static struct json_object *data_of(unsigned int n)
{
	struct json_object *data = json_object_new_object();

	json_object_object_add(data, "n", json_object_new_int((int)n));
	return data;
}

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
	ok(stop(SIGTERM) == 0, "it ends");
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
	snprintf(text, sizeof(text), "ls /proc/%d/fd | wc -l", daemon_pid);
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
	ok(!check.status && check.result.lines - before >= 20000 && check.result.lines - before < 20020,
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

static int listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval timeout = { .tv_sec = 10 };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(address.sun_path, path);
	unlink(path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) ? -1 : fd;
}

static void test_outputs(void)
{
	char path[170], text[70000], published[170], metrics[170], command[600];
	struct log_client *client;
	struct made_check check;
	struct complaint why;
	struct log_ack ack;
	unsigned int n = 0, good = 0;
	FILE *file;
	ssize_t len;
	int fd, audit;

	snprintf(path, sizeof(path), "%s.syslog", made.path);
	snprintf(published, sizeof(published), "%s.published", made.path);
	snprintf(metrics, sizeof(metrics), "%s.prom", made.path);
	fd = listen_unix(path);
	configure("syslog = { to = \"unix:%s\"; events = [ \"log.*\", \"test.*\" ]; };\naudit = { };\n"
		  "metrics = \"%s\";\n", path, metrics);
	ok(start(0), "kredact-logd starts, with syslog, audit and metrics");
	log_open(&client, socket_path, &why);
	ok(!log_put(client, "test.out", data_of(1), &ack, &why) &&
	   !log_put(client, "other.out", data_of(1), &ack, &why), "lines");
	log_close(client);
	ok(stop(SIGTERM) == 0, "it ends, though nobody reads");
	file = fopen(published, "we");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((len = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[len] = '\0';
		n++;
		good += strstr(text, "<110>1 20") == text && strstr(text, " kredact-log ") &&
			strstr(text, "[kredact@32473 seq=\"") && strstr(text, "] {\"seq\":");
		fprintf(file, "%s\n", text);
		if (strstr(text, "other.out"))
			good = 0;
	}
	fclose(file);
	ok(n >= 5 && good == n, "%u messages of syslog, all in its form, none that is not wanted", n);
	made_check(&made, published, &check);
	ok(check.status == 0, "checkpoints that came by syslog are those of the log");
	snprintf(command, sizeof(command), "grep -E '^kredact_log_(events_total.family=.test.. 1|lost_"
		 "total 0|undelivered_total.output=.syslog.. 0|signs 1)$' %s | wc -l", metrics);
	made_run(command, text, sizeof(text));
	ok(atoi(text) == 4, "the metrics are those of what was done");
	audit = output_audit.open("");
	printf("# the audit of this kernel: %s\n", audit < 0 ? strerror(-audit) : "there");
	if (audit >= 0) {
		struct line_stamp stamp = { .seq = 5, .boot_id = "4f98ffc8-15b4-4ac6-829c-773ae2757813" };
		struct line line;

		len = (ssize_t)line_write(text, sizeof(text), &stamp, "log.stop", "{}", "{}");
		line_read(&line, text, (size_t)len);
		ok(!output_audit.send(audit, &line, text, (size_t)len), "it takes a record");
		close(audit);
	}
	close(fd);
	unlink(path);
	unlink(published);
	unlink(metrics);
}

static void test_hanging_output(void)
{
	char path[170];
	struct log_client *client;
	struct complaint why;
	struct log_ack ack;
	unsigned int i, acked = 0;
	int fd;

	snprintf(path, sizeof(path), "%s.syslog", made.path);
	fd = listen_unix(path);
	configure("syslog = { to = \"unix:%s\"; };\n", path);
	start(0);
	log_open(&client, socket_path, &why);
	/* Some ten datagrams fill the socket, which nobody reads. */
	for (i = 0; i < 500; i++)
		acked += !log_put(client, "test.hang", data_of(i), &ack, &why);
	ok(acked == 500, "an output that hangs does not hold up the log");
	log_close(client);
	ok(stop(SIGTERM) == 0, "nor its end");
	close(fd);
	unlink(path);
}

static void test_journald(void)
{
	static const char data[] = "{\"labels\":[\"a\\nMESSAGE=b\",\"c\"],\"dump\":{\"sha256\":\"ab\"}}";
	struct line_stamp stamp = { .seq = 5, .boot_id = "4f98ffc8-15b4-4ac6-829c-773ae2757813" };
	char path[170], text[2048], line_text[1024];
	struct line line;
	size_t len = line_write(line_text, sizeof(line_text), &stamp, "dump.stored", "{}", data);
	int in, out;
	ssize_t n;

	snprintf(path, sizeof(path), "%s.journal", made.path);
	in = listen_unix(path);
	out = output_journald.open(path);
	line_read(&line, line_text, len);
	ok(out >= 0 && !output_journald.send(out, &line, line_text, len), "an entry of the journal");
	n = recv(in, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	ok(strstr(text, "\nKREDACT_EVENT=dump.stored\nKREDACT_SEQ=5\n") &&
	   strstr(text, "\nKREDACT_LABEL=a\\x0aMESSAGE=b\nKREDACT_LABEL=c\nKREDACT_DUMP_SHA256=ab\n") &&
	   strstr(text, "\nMESSAGE={\"seq\":5,"), "has its fields, and no others");
	close(in);
	close(out);
	unlink(path);
}

/* The log of custody needs this one of bpf/custody.c, and no kernel. */
const char *custody_op_name(enum custody_op op)
{
	return op == CUSTODY_READ ? "read" : "other";
}

/* The watch of dumps writes to this log. */
static void test_custody(void)
{
	struct custody_record record = { .op = CUSTODY_READ, .id = "feed", .path = "/var/crash/core",
					 .realtime_ns = 1, .who = { .pid = 77, .comm = "gdb",
					 .exe = "/usr/bin/gdb", .uid = 1000, .login_uid = 1001 } };
	struct custody_sink sink;
	struct custody_log log;
	char name[200], *text;
	size_t len;

	configure("%s", "");
	start(0);
	snprintf(name, sizeof(name), "socket:%s", socket_path);
	ok(!custody_log_open(&log, name), "custody writes to this log");
	custody_log_sink(&log, &sink);
	sink.record(sink.arg, &record);
	record.op = CUSTODY_OPEN;
	sink.record(sink.arg, &record);
	ok(!custody_log_sync(&log) && !log.failed, "and waits until it is on the disk");
	text = made_read(&made, "segment-0000000001.jsonl", &len);
	ok(strstr(text, "\"event\":\"custody.read\"") && strstr(text, "\"event\":\"custody.other\"") &&
	   strstr(text, "\"dump\":{\"mark\":\"feed\",\"path\":\"/var/crash/core\"") &&
	   strstr(text, "\"person\":{\"uid\":1000,\"login_uid\":1001"), "with dump and person");
	free(text);
	custody_log_close(&log);
	stop(SIGTERM);
	ok(custody_log_open(&log, "socket:/nonexistent") == -ENOENT, "without a log it does not begin");
}

static void clear_log(void)
{
	char command[256], out[16];

	snprintf(command, sizeof(command), "rm -f %s/*", made.path);
	made_run(command, out, sizeof(out));
}

int main(int argc, char **argv)
{
	char *slash;

	(void)argc;
	snprintf(build, sizeof(build), "%s", argv[0]);
	slash = strrchr(build, '/');
	if (slash)
		*slash = '\0';
	made_init(&made);
	snprintf(socket_path, sizeof(socket_path), "%s.sock", made.path);
	snprintf(conf_path, sizeof(conf_path), "%s.conf", made.path);
	test_client();
	test_hostile();
	clear_log();
	test_policy();
	clear_log();
	test_kill();
	test_flood();
	clear_log();
	test_full();
	clear_log();
	test_outputs();
	test_hanging_output();
	test_journald();
	clear_log();
	test_custody();
	unlink(socket_path);
	unlink(conf_path);
	made_free(&made);
	return tap_end();
}

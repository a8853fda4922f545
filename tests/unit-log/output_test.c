// SPDX-License-Identifier: GPL-2.0
/* Where lines of kredact-logd go besides the log, and what else writes to it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../bpf/custody.h"
#include "custody_log.h"
#include "log/client.h"
#include "log/output.h"
#include "served.h"
#include "tap.h"

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

int main(int argc, char **argv)
{
	(void)argc;
	served_init(argv[0]);
	test_outputs();
	test_hanging_output();
	test_journald();
	clear_log();
	test_custody();
	served_free();
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The log of custody: see custody_log.h; Documentation/custody.rst describes the
 * members. Inode numbers are strings, since numbers of JSON lose bits beyond 2^53.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "custody_event.h"
#include "custody_log.h"
#include "custody_unit.h"
#include "log/client.h"
#include "text.h"

#define FORMAT	1
/* Instead of a file: the socket of kredact-logd. */
#define SOCKET	"socket:"

static void add_number(struct json_object *to, const char *name, u64 value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

/* What is not known is null. */
static void add_known(struct json_object *to, const char *name, u64 value, u64 unknown)
{
	json_object_object_add(to, name, value == unknown ? NULL : json_object_new_uint64(value));
}

static void add_bool(struct json_object *to, const char *name, bool value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}

static void add_text(struct json_object *to, const char *name, const char *value)
{
	char text[TEXT_ESCAPED(8192)];

	if (value)
		text_escape(text, sizeof(text), value, strlen(value));
	json_object_object_add(to, name, value ? json_object_new_string(text) : NULL);
}

static void add_time(struct json_object *to, u64 realtime_ns, u64 boot_ns)
{
	char text[40], *at;

	/* "2026-11-24 10:00:00 UTC", as RFC 3339 has it. */
	text_time(text, sizeof(text), realtime_ns);
	at = strstr(text, " UTC");
	if (at)
		snprintf(at, sizeof(text) - (size_t)(at - text), ".%09uZ",
			 (unsigned int)(realtime_ns % 1000000000));
	at = strchr(text, ' ');
	if (at)
		*at = 'T';
	json_object_object_add(to, "time", json_object_new_string(text));
	add_number(to, "realtime_ns", realtime_ns);
	add_number(to, "boot_ns", boot_ns);
}

static void add_now(struct json_object *to)
{
	struct timespec real, boot;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	add_time(to, (u64)real.tv_sec * 1000000000 + (u64)real.tv_nsec,
		 (u64)boot.tv_sec * 1000000000 + (u64)boot.tv_nsec);
}

/* To the audit log. The last event waits, so that custody_log_sync() can ask for its answer. */
static int send_last(struct custody_log *log, struct log_ack *ack)
{
	struct json_object *data = log->last;
	struct complaint why;

	log->last = NULL;
	return data ? log_put(log->client, log->last_event, data, ack, &why) : 0;
}

static int send_event(struct custody_log *log, struct json_object *line)
{
	int error = send_last(log, NULL);

	log->last = custody_event(line, log->last_event);
	log->dirty = true;
	return log->last ? error : -ENOMEM;
}

/* One line, in one write. Return: 0, or a negative errno if it is not there whole. */
static int append(struct custody_log *log, struct json_object *line)
{
	struct iovec part[3];
	const char *text;
	size_t len;
	ssize_t n;

	if (log->client)
		return send_event(log, line);
	text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return -ENOMEM;
	/* What is left of a line that was written in part stays a line of its own. */
	part[0] = (struct iovec){ .iov_base = (char *)"\n", .iov_len = log->torn };
	part[1] = (struct iovec){ .iov_base = (char *)text, .iov_len = strlen(text) };
	part[2] = (struct iovec){ .iov_base = (char *)"\n", .iov_len = 1 };
	len = part[0].iov_len + part[1].iov_len + 1;
	do {
		n = writev(log->fd, part, 3);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	log->dirty = true;
	if ((size_t)n == len) {
		log->torn = false;
		return 0;
	}
	if (n)
		log->torn = true;
	return -ENOSPC;
}

static void put(struct custody_log *log, struct json_object *line)
{
	int err = line ? append(log, line) : -ENOMEM;

	json_object_put(line);
	if (!err)
		return;
	if (!log->failed++)
		fprintf(stderr, "kredact custody: the log cannot be written: %s\n",
			strerror(-err));
}

static struct json_object *new_line(const char *op)
{
	struct json_object *line = json_object_new_object();

	if (line)
		json_object_object_add(line, "op", json_object_new_string(op));
	return line;
}

/* What could not be written is told when it can be again. */
static void tell_failed(struct custody_log *log)
{
	struct json_object *line;
	u64 failed = log->failed;

	if (failed == log->told)
		return;
	line = new_line("lost");
	if (!line)
		return;
	add_now(line);
	add_number(line, "count", failed - log->told);
	add_text(line, "text", "the log could not be written");
	if (!append(log, line))
		log->told = failed;
	json_object_put(line);
}

static void add_who(struct json_object *to, const struct custody_who *who)
{
	char unit[CUSTODY_UNIT_LEN], container[CUSTODY_UNIT_LEN];

	add_bool(to, "identified", !who->unidentified);
	if (who->unidentified)
		add_text(to, "unidentified", who->unidentified);
	add_number(to, "pid", who->pid);
	add_known(to, "tid", who->tid, 0);
	add_known(to, "ppid", who->ppid, 0);
	add_known(to, "ns_pid", who->ns_pid, 0);
	add_known(to, "start_ns", who->start_ns, 0);
	add_text(to, "comm", who->comm);
	add_text(to, "exe", who->exe);
	add_known(to, "uid", who->uid, CUSTODY_NOBODY);
	add_known(to, "euid", who->euid, CUSTODY_NOBODY);
	add_known(to, "gid", who->gid, CUSTODY_NOBODY);
	add_known(to, "egid", who->egid, CUSTODY_NOBODY);
	add_known(to, "login_uid", who->login_uid, CUSTODY_NOBODY);
	add_known(to, "session", who->session, CUSTODY_NOBODY);
	add_text(to, "cgroup", who->cgroup);
	add_text(to, "unit", custody_unit(who->cgroup, unit));
	add_text(to, "container", custody_container(who->cgroup, container));
	add_known(to, "pid_ns", who->pid_ns, 0);
	add_known(to, "mnt_ns", who->mnt_ns, 0);
}

static void on_record(void *arg, const struct custody_record *rec)
{
	struct custody_log *log = arg;
	struct json_object *line = new_line(custody_op_name(rec->op));
	char dev[32], ino[24];

	tell_failed(log);
	log->records++;
	if (!line) {
		put(log, NULL);
		return;
	}
	add_time(line, rec->realtime_ns, rec->boot_ns);
	add_text(line, "dump", *rec->id ? rec->id : NULL);
	if (*rec->other_id)
		add_text(line, "replaced", rec->other_id);
	add_text(line, "path", rec->path);
	if (rec->new_path)
		add_text(line, "new_path", rec->new_path);
	snprintf(dev, sizeof(dev), "%u:%u", rec->dev >> 20, rec->dev & 0xfffff);
	snprintf(ino, sizeof(ino), "%" PRIu64, (u64)rec->ino);
	add_text(line, "dev", dev);
	add_text(line, "ino", ino);
	add_bool(line, "deleted", rec->deleted);
	json_object_object_add(line, "result",
			       rec->has_result ? json_object_new_int(rec->result) : NULL);
	add_number(line, "detail", rec->detail);
	add_who(line, &rec->who);
	put(log, line);
}

static void on_lost(void *arg, __u64 n, const char *why)
{
	struct json_object *line = new_line("lost");
	struct custody_log *log = arg;

	log->lost += n ?: 1;
	if (line) {
		add_now(line);
		add_known(line, "count", n, 0);
		add_text(line, "text", why);
	}
	put(log, line);
}

static void on_note(void *arg, const char *what, const char *id, const char *path, const char *text)
{
	struct json_object *line = new_line(what);

	if (line) {
		add_now(line);
		add_text(line, "dump", id);
		add_text(line, "path", path);
		add_text(line, "text", text);
	}
	put(arg, line);
}

static void on_start(void *arg, const struct custody_about *about)
{
	struct json_object *line = new_line("start"), *list;
	struct utsname name;
	size_t i;

	if (!line) {
		put(arg, NULL);
		return;
	}
	add_now(line);
	add_number(line, "format", FORMAT);
	add_text(line, "version", KREDACT_VERSION);
	add_number(line, "pid", (u64)getpid());
	if (!uname(&name)) {
		add_text(line, "host", name.nodename);
		add_text(line, "kernel", name.release);
	}
	add_text(line, "backend", about->backend);
	add_text(line, "why", about->why);
	list = json_object_new_array();
	for (i = 0; list && about->blind[i]; i++)
		json_object_array_add(list, json_object_new_string(about->blind[i]));
	json_object_object_add(line, "cannot_see", list);
	put(arg, line);
}

/**
 * custody_log_open() - open a log for appending
 * @log:	takes it
 * @path:	made for root only if there is none; "socket:PATH": the audit log, by the socket
 *		of kredact-logd; NULL: standard output
 *
 * Return: 0, or a negative errno.
 */
int custody_log_open(struct custody_log *log, const char *path)
{
	struct complaint why;
	struct stat st;

	memset(log, 0, sizeof(*log));
	log->fd = STDOUT_FILENO;
	if (!path)
		return 0;
	if (!strncmp(path, SOCKET, strlen(SOCKET)))
		return log_open(&log->client, path + strlen(SOCKET), &why);
	log->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
	if (log->fd < 0)
		return -errno;
	if (fstat(log->fd, &st))
		return -errno;
	log->is_file = S_ISREG(st.st_mode);
	/* The last writer may have been killed within a line. */
	if (log->is_file && st.st_size) {
		char last = '\n';

		log->torn = pread(log->fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
	}
	return 0;
}

/**
 * custody_log_sink() - let a watch write to the log
 * @log:	has to stay as long as the watch
 * @sink:	for struct custody_opts
 */
void custody_log_sink(struct custody_log *log, struct custody_sink *sink)
{
	sink->start = on_start;
	sink->record = on_record;
	sink->lost = on_lost;
	sink->note = on_note;
	sink->arg = log;
}

/**
 * custody_log_ready() - say that a watch is at work: the folders have been looked at
 * @log:	the log
 * @known:	how many files are known
 */
void custody_log_ready(struct custody_log *log, size_t known)
{
	struct json_object *line = new_line("ready");

	if (line) {
		add_now(line);
		add_number(line, "known", known);
	}
	put(log, line);
}

/**
 * custody_log_stop() - say that a watch has ended
 * @log:	the log
 * @sig:	by which signal
 */
void custody_log_stop(struct custody_log *log, int sig)
{
	struct json_object *line = new_line("stop");

	tell_failed(log);
	if (line) {
		add_now(line);
		add_text(line, "signal", sigabbrev_np(sig));
		add_number(line, "records", log->records);
		add_number(line, "lost", log->lost + log->failed);
	}
	put(log, line);
}

/**
 * custody_log_sync() - bring what was written to the disk
 * @log:	the log
 *
 * Return: 0, or a negative errno.
 */
int custody_log_sync(struct custody_log *log)
{
	struct log_ack ack;
	int error;

	if (log->client && log->dirty) {
		error = send_last(log, &ack);
		log->dirty = error != 0;
		log->failed += error != 0;
		return error;
	}
	if (!log->dirty || !log->is_file)
		return 0;
	if (fdatasync(log->fd))
		return -errno;
	log->dirty = false;
	return 0;
}

/**
 * custody_log_close() - close a log
 * @log:	the log
 */
void custody_log_close(struct custody_log *log)
{
	custody_log_sync(log);
	log_close(log->client);
	if (log->fd != STDOUT_FILENO)
		close(log->fd);
}

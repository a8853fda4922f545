// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-logd: keeps the audit log. See Documentation/audit-log.rst.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../commands.h"
#include "../daemon.h"
#include "metrics.h"
#include "output.h"
#include "pack.h"
#include "server.h"

#define METRICS_TICKS	15	/* seconds between two files for Prometheus */
#define EVENTS		64
#define LISTEN_FD	3	/* the first descriptor that systemd passes */
#define LISTEN_MOST	4

struct logd {
	const char *path;
	const char *socket;
	struct logd_conf *conf;
	struct signer *signer;
	struct writer *writer;
	struct server *server;
	struct packer *packer;
	struct output *outputs[OUTPUTS];
	u64 last_checkpoint_ns;
	unsigned int ticks;
	bool metrics_failed;	/* as was said */
	int dir;
	int epoll;
	int signals;
	int timer;
	bool failing;		/* the disk cannot be written, as was said */
	u64 written_seq;	/* last line that was on the disk when that was looked at */
};

__attribute__((format(printf, 1, 2)))
static void tell(const char *format, ...)
{
	va_list ap;

	fputs("kredact-logd: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static int usage(FILE *to)
{
	fputs("usage: kredact-logd [--config FILE] [--dir DIR] [--socket PATH]\n"
	      "       kredact-logd --check [--config FILE]\n"
	      "Keeps the audit log: takes events from a socket, chains them, and brings them to\n"
	      "the disk. SIGHUP: read the configuration again. SIGTERM: end.\n"
	      "  --config FILE   another configuration than " LOGD_CONF "\n"
	      "  --dir DIR       another folder than the configuration says\n"
	      "  --socket PATH   another socket\n"
	      "  --check         only say what is wrong with the configuration\n"
	      "Exit code 0, 1 on an error, 3 for wrong usage.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

/* A line is on the disk. */
static void on_line(void *arg, const char *text, size_t len)
{
	struct logd *d = arg;
	struct line line;
	unsigned int i;

	if (line_read(&line, text, len) != LINE_GOOD)
		return;
	if (line_is(&line, "log.checkpoint"))
		d->last_checkpoint_ns = line.stamp.realtime_ns;
	if (d->server)
		server_count_line(d->server, &line);
	for (i = 0; i < OUTPUTS; i++)
		output_put(d->outputs[i], &line, text, len);
}

static const struct output_kind *const output_kinds[OUTPUTS] = {
	[OUTPUT_JOURNALD] = &output_journald,
	[OUTPUT_SYSLOG] = &output_syslog,
	[OUTPUT_AUDIT] = &output_audit,
};

static bool start_outputs(struct logd *d)
{
	unsigned int i;

	for (i = 0; i < OUTPUTS; i++) {
		if (!d->conf->outputs[i].on)
			continue;
		d->outputs[i] = output_start(output_kinds[i], &d->conf->outputs[i]);
		if (!d->outputs[i])
			return false;
	}
	return true;
}

static void stop_outputs(struct logd *d)
{
	unsigned int i;

	for (i = 0; i < OUTPUTS; i++) {
		output_stop(d->outputs[i]);
		d->outputs[i] = NULL;
	}
}

static void write_metrics(struct logd *d)
{
	struct metrics metrics = { d->failing, d->last_checkpoint_ns, { NULL }, { 0 } };
	struct complaint why;
	unsigned int i;
	int error;

	if (!d->conf->metrics || !d->server)
		return;
	for (i = 0; i < OUTPUTS; i++) {
		if (!d->outputs[i])
			continue;
		metrics.outputs[i] = output_kinds[i]->name;
		metrics.undelivered[i] = output_undelivered(d->outputs[i]);
	}
	error = metrics_write(d->conf->metrics, &metrics, server_counts(d->server), d->writer,
			      &why);
	if (error && !d->metrics_failed)
		tell("%s", why.text);
	d->metrics_failed = error != 0;
}

/* Said once, not for each group. Return: whether it goes on. */
static bool carry_on(struct logd *d, int error, const struct complaint *why)
{
	bool wrote = d->writer->synced.seq != d->written_seq;

	if (error && !d->failing)
		tell("the log cannot be written: %s", why->text);
	if (!error && wrote && d->failing)
		tell("the log can be written again");
	if (error || wrote)
		d->failing = error != 0;
	d->written_seq = d->writer->synced.seq;
	return error != -ENOTRECOVERABLE;
}

static bool listen_all(struct logd *d, struct complaint *why)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int i, n = pid && fds && atol(pid) == getpid() ? atoi(fds) : 0;

	if (n <= 0)
		return !server_bind(d->server, d->conf->socket, why);
	if (n > LISTEN_MOST) {
		complaint_set(why, "systemd passes more than %d sockets", LISTEN_MOST);
		return false;
	}
	for (i = 0; i < n; i++) {
		int fd = LISTEN_FD + i;

		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		if (server_listen(d->server, fd, why))
			return false;
	}
	return true;
}

static struct logd_conf *read_conf(const struct logd *d)
{
	return logd_conf_load(d->path ?: access(LOGD_CONF, F_OK) ? d->path : LOGD_CONF, stderr);
}

static void set_opts(const struct logd_conf *conf, struct writer_opts *opts)
{
	opts->checkpoint_lines = conf->checkpoint_lines;
	opts->checkpoint_s = conf->checkpoint_s;
	opts->rotate_bytes = conf->rotate_bytes;
	opts->rotate_s = conf->rotate_s;
	opts->retain_s = conf->retain_s;
	opts->retain_bytes = conf->retain_bytes;
}

static bool open_log(struct logd *d, const char *dir, struct complaint *why)
{
	struct writer_opts opts = { .line = on_line, .arg = d };

	d->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0) {
		complaint_set(why, "%s: %s", dir, strerror(errno));
		return false;
	}
	if (d->conf->key) {
		struct complaint what;

		d->signer = signer_load(d->conf->key, &what);
		if (!d->signer) {
			complaint_set(why, "%s: %s", d->conf->key, what.text);
			return false;
		}
	}
	opts.dir = d->dir;
	opts.signer = d->signer;
	set_opts(d->conf, &opts);
	return !writer_open(&d->writer, &opts, why);
}

/* Who changes what is logged is logged: which bytes hold from now on. */
static void say_changed(struct logd *d)
{
	const char *path = d->path ?: LOGD_CONF;
	struct json_object *data = json_object_new_object();
	char text[65536], hash[2 * LINE_HASH_LEN + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	u8 digest[LINE_HASH_LEN];
	struct complaint why;

	if (fd >= 0)
		close(fd);
	json_object_object_add(data, "program", json_object_new_string("kredact-logd"));
	json_object_object_add(data, "file", json_object_new_string(path));
	if (n >= 0 && line_hash(text, (size_t)n, digest)) {
		text_hex(hash, digest, sizeof(digest));
		json_object_object_add(data, "sha256", json_object_new_string(hash));
	}
	if (writer_say(d->writer, "config.changed", data, &why))
		tell("%s", why.text);
}

static void reload(struct logd *d)
{
	struct logd_conf *conf = read_conf(d);

	if (!conf) {
		tell("the configuration stays as it was");
		return;
	}
	say_changed(d);
	/* Outputs point into the configuration that goes. */
	stop_outputs(d);
	server_reconfigure(d->server, conf);
	set_opts(conf, &d->writer->opts);
	logd_conf_free(d->conf);
	d->conf = conf;
	if (!start_outputs(d))
		tell("out of memory");
}

/* Return: whether it goes on. */
static bool handle_signal(struct logd *d)
{
	struct signalfd_siginfo info;

	if (read(d->signals, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo != SIGHUP)
		return false;
	notify("RELOADING=1");
	reload(d);
	notify("READY=1");
	return true;
}

static bool tick(struct logd *d)
{
	struct complaint why;
	u64 times;
	int error;

	if (read(d->timer, &times, sizeof(times)) != sizeof(times))
		return true;
	error = server_tick(d->server, &why);
	if (!error)
		error = writer_tick(d->writer, &why);
	notify("WATCHDOG=1");
	if (!carry_on(d, error, &why))
		return false;
	if (!(d->ticks++ % METRICS_TICKS))
		write_metrics(d);
	return true;
}

/* Until it is told to end. Return: an exit status. */
static int run(struct logd *d)
{
	struct epoll_event events[EVENTS];
	bool ends = false;

	while (!ends) {
		int n = epoll_wait(d->epoll, events, EVENTS, -1), i, error;
		bool ticks = false;
		struct complaint why;

		for (i = 0; i < n; i++) {
			if (events[i].data.ptr == &d->signals) {
				ends = !handle_signal(d);
			} else if (events[i].data.ptr == &d->timer) {
				ticks = true;
			} else if (server_handle(d->server, events[i].data.ptr, &why)) {
				carry_on(d, -ENOTRECOVERABLE, &why);
				return EXIT_FAILED;
			}
		}
		error = server_commit(d->server, &why);
		if (!carry_on(d, error, &why) || (ticks && !tick(d)))
			return EXIT_FAILED;
		packer_wake(d->packer, d->writer->synced.segment);
	}
	return 0;
}

static bool add_fd(struct logd *d, int *fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = fd };

	return *fd >= 0 && !epoll_ctl(d->epoll, EPOLL_CTL_ADD, *fd, &event);
}

static bool set_up(struct logd *d)
{
	const struct itimerspec each = { { 1, 0 }, { 1, 0 } };
	const struct rlimit none = { 0, 0 };
	sigset_t mask;

	/* It has a key. */
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return false;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &mask, NULL))
		return false;
	signal(SIGPIPE, SIG_IGN);
	/* A segment that may not grow is a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	d->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	d->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	return d->epoll >= 0 && add_fd(d, &d->signals) && add_fd(d, &d->timer) &&
	       !timerfd_settime(d->timer, 0, &each, NULL);
}

static int serve(struct logd *d, const char *dir)
{
	struct complaint why = { "" };
	int status = EXIT_FAILED;

	if (!set_up(d)) {
		tell("%s", strerror(errno));
		return EXIT_FAILED;
	}
	if (!start_outputs(d) || !open_log(d, dir ?: d->conf->dir, &why))
		goto out;
	if (d->writer->repaired)
		tell("%llu bytes of a torn line were cut off",
		     (unsigned long long)d->writer->repaired);
	d->server = server_new(d->conf, d->writer, d->epoll);
	if (d->socket)
		d->conf->socket = d->socket;
	d->packer = packer_start(d->dir);
	if (!d->server || !d->packer || !listen_all(d, &why))
		goto out;
	packer_wake(d->packer, d->writer->synced.segment);
	notify("READY=1");
	status = run(d);
	notify("STOPPING=1");
	if (!status && server_drain(d->server, &why))
		status = EXIT_FAILED;
	write_metrics(d);
out:
	if (status && *why.text)
		tell("%s", why.text);
	if (!status && writer_close(d->writer, &why)) {
		tell("the end could not be written: %s", why.text);
		status = EXIT_FAILED;
	}
	server_free(d->server);
	stop_outputs(d);
	packer_stop(d->packer);
	signer_free(d->signer);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "dir", required_argument, NULL, 'd' },
		{ "socket", required_argument, NULL, 's' },
		{ "check", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct logd d = { .dir = -1 };
	const char *dir = NULL;
	bool check = false;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			d.path = optarg;
			break;
		case 'd':
			dir = optarg;
			break;
		case 's':
			d.socket = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'V':
			puts("kredact-logd " KREDACT_VERSION);
			return 0;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (optind != argc)
		return usage(stderr);
	d.conf = read_conf(&d);
	if (!d.conf)
		return EXIT_FAILED;
	status = check ? 0 : serve(&d, dir);
	logd_conf_free(d.conf);
	return status;
}

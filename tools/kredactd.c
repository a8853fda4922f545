// SPDX-License-Identifier: GPL-2.0
/*
 * kredactd: watches services from the boot on, as its configuration says, by the strongest
 * mechanism that the machine allows; and keeps custody of dumps.
 *
 * What it sets in the kernel is pinned (bpf/pins.h): it goes on when this process is
 * stopped, crashes or is replaced, and its successor takes it up.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../bpf/pins.h"
#include "commands.h"
#include "config.h"
#include "custody_child.h"
#include "daemon.h"
#include "event_child.h"
#include "key.h"
#include "mechanism.h"
#include "sidecar.h"
#include "tagging.h"

/* How often the machine is looked at, in seconds, and how soon after a file has changed. */
#define TICK_S		1
#define SETTLE_NS	200000000
/* Ticks between two tries of what did not work, and between two complaints of losses. */
#define RETRY_TICKS	10
#define REPORT_TICKS	60

struct kredactd {
	const char *path;
	struct config *config;
	struct table table;
	struct tagger *tagger;
	struct custody_child custody;
	struct event_child events;
	struct sidecar *sidecar;
	const char *pins;
	FILE *log;
	int inotify;
	int timer;
	unsigned int ticks;
	__u64 told;		/* losses that were complained of */
	bool has_module;
	bool look;		/* files may have changed */
	enum tag_why why;	/* tagging does not work, as was said */
};

static int usage(FILE *to)
{
	fputs("usage: kredactd [--config FILE] [--verbose]\n"
	      "       kredactd --check [--config FILE]\n"
	      "       kredactd --detach\n"
	      "Tags the keys of services that its configuration names (" CONFIG_FILE "),\n"
	      "and keeps custody of dumps. SIGHUP: read the configuration again. SIGTERM: end;\n"
	      "what is set in the kernel stays, for the next one.\n"
	      "  --config FILE   another configuration\n"
	      "  --check         only say what is wrong with it\n"
	      "  --detach        take away what a daemon that has ended has left in the kernel\n"
	      "  --verbose       libbpf's messages, too\n"
	      "Exit code 0, 1 on an error, 3 for wrong usage.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

/* A dump without the module gets its seal here. */
static void seal_dump(const struct free_dump *dump, void *arg)
{
	struct kredactd *d = arg;
	struct sidecar_made made;
	struct complaint why;

	if (!d->sidecar)
		return;
	if (sidecar_write(d->sidecar, dump, &made, &why))
		say("the dump of process %u has no seal: %s", dump->event.tgid, why.text);
	else
		say("%s: seal of the dump of process %u%s", made.path, dump->event.tgid,
		    made.bound ? "" : ", which is not bound to a core");
}

static struct tag_opts tag_opts_of(struct kredactd *d)
{
	return (struct tag_opts){
		.table = &d->table,
		.filters = d->config->filters,
		.nr_filters = d->config->nr_filters,
		.backend = d->config->backend,
		.patient = true,
		.pins = d->pins,
		.dumped = tagging_print_dump,
		.listed = seal_dump,
		.arg = d,
		.log = d->log,
	};
}

static void follow_dir_of(const struct kredactd *d, const char *file)
{
	char *dir = strdup(file), *slash = dir ? strrchr(dir, '/') : NULL;

	if (slash && slash != dir) {
		*slash = 0;
		inotify_add_watch(d->inotify, dir, IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE);
	}
	free(dir);
}

/* Files that are replaced by an update: a uprobe belongs to the old one. */
static void follow_files(const struct kredactd *d)
{
	const char *const *dir;
	const char *file;
	unsigned int i;

	for (i = 0; (file = tag_file(d->tagger, i)); i++)
		follow_dir_of(d, file);
	for (i = 0; i < d->config->nr_filters; i++)
		if (d->config->filters[i].exe)
			follow_dir_of(d, d->config->filters[i].exe);
	/* And those that are not there yet. */
	for (dir = symbol_dirs; *dir; dir++)
		inotify_add_watch(d->inotify, *dir, IN_CREATE | IN_MOVED_TO);
}

/* Seals of dumps without the module are made with the same key. */
static void set_up_sidecar(struct kredactd *d)
{
	struct sidecar_opts opts = { .dir = d->config->seals };
	struct complaint why;
	struct keyfile key;

	sidecar_close(d->sidecar);
	d->sidecar = NULL;
	if (!d->config->key)
		return;
	opts.key = &key;
	mkdir(opts.dir, 0700);
	if (!keyfile_load(&key, d->config->key, true, &why))
		d->sidecar = sidecar_open(&opts, &why);
	keyfile_wipe(&key);
	if (!d->sidecar)
		say("dumps have no seal: %s", why.text);
}

/* The key and the policy, which a module that was just loaded does not have. */
static void set_up_module(const struct kredactd *d)
{
	struct kredact_policy policy;
	struct complaint why;
	u8 id[KEYFILE_ID_LEN];
	int err;

	if (d->config->key && key_install(d->config->key, id, &why))
		say("%s: %s: seals cannot be authenticated", d->config->key, why.text);
	err = policy_change(&d->config->policy, &policy);
	if (err)
		say("the policy could not be set: %s", strerror(-err));
}

/* By what this machine is protected, and why not by more. */
static void say_mechanism(const struct kredactd *d)
{
	struct kredact_info info;
	struct mechanism_choice choice = mechanism_choose(&info, mechanism_ask(&info));
	const char *text = d->tagger ? tag_text(tag_backend(d->tagger)) :
				       mechanism_text(MECHANISM_LIBRARY);

	say("mechanism: %s", text);
	if (choice.module)
		say("not stronger: %s", choice.module);
	if (choice.bpf != FREE_OK)
		say("not BPF alone: %s", free_why_str(choice.bpf));
	notify("READY=1\nSTATUS=%s", text);
}

static void close_tagger(struct kredactd *d, void (*end)(struct tagger *t))
{
	struct tag_counters counters;

	if (!d->tagger)
		return;
	tag_read_counters(d->tagger, &counters);
	end(d->tagger);
	d->tagger = NULL;
	tagging_report(&counters, stderr);
}

/*
 * Nothing is to be tagged: nor by probes that are pinned, of this process or of one before.
 * What redacts without the module stays, for what was tagged until now.
 */
static void tag_nothing(struct kredactd *d)
{
	int err;

	close_tagger(d, tag_close);
	d->why = TAG_OK;
	err = d->pins ? pins_drop(d->pins, PINS_PROBES) : 0;
	if (err)
		say("%s: %s: probes are still at work that nobody wants", d->pins, strerror(-err));
}

/* Set the probes that are wanted now, and take those away that were. */
static void tag(struct kredactd *d)
{
	struct tag_opts opts = tag_opts_of(d);
	struct tagger *tagger;
	enum tag_why why;
	char *what;

	if (!d->config->tags || !d->config->nr_filters) {
		tag_nothing(d);
		return;
	}
	tagger = tag_open(&opts, d->tagger, &why, &what);
	if (!tagger && why != d->why)
		say("%s: %s%s%s", d->tagger ? "the probes stay as they were" : "nothing is tagged",
		    what ?: "", what ? ": " : "", tag_why_str(why));
	free(what);
	d->why = why;
	if (!tagger)
		return;
	tag_close(d->tagger);
	d->tagger = tagger;
	if (tag_backend(tagger) == TAG_DAEMON)
		tagging_hurry();
	tag_print_libraries(tagger, stderr);
	follow_files(d);
}

/* Its device comes last. */
static bool module_is_there(void)
{
	return !access(KREDACT_DEVICE, F_OK);
}

static void apply(struct kredactd *d)
{
	d->has_module = module_is_there();
	/* First: what is set up is in the log, too. */
	event_child_try(&d->events);
	if (d->has_module)
		set_up_module(d);
	else
		set_up_sidecar(d);
	tag(d);
	say_mechanism(d);
}

/* Return: success; without it the old ones stay. */
static bool read_files(struct kredactd *d)
{
	struct config *config = config_load(d->path, stderr);
	struct table table = { 0 };

	if (!config)
		return false;
	if (table_read_dirs(&table, TABLE_DIR, config->probes, stderr)) {
		table_free(&table);
		config_free(config);
		return false;
	}
	table_free(&d->table);
	config_free(d->config);
	d->table = table;
	d->config = config;
	return true;
}

static void set_up_children(struct kredactd *d)
{
	custody_child_set(&d->custody, d->config);
	event_child_set(&d->events, d->config->audit);
}

static void reload(struct kredactd *d)
{
	notify("RELOADING=1");
	if (read_files(d))
		set_up_children(d);
	else
		say("the configuration stays as it was");
	apply(d);
}

/* What should have been tagged, and was not. */
static void report_losses(struct kredactd *d)
{
	struct tag_counters counters;
	const struct probe_counters *p = &counters.probe;
	__u64 losses;

	tag_read_counters(d->tagger, &counters);
	losses = p->lost + p->forgotten + p->refused + p->unread;
	if (losses == d->told)
		return;
	d->told = losses;
	tagging_report(&counters, stderr);
}

static void tick(struct kredactd *d)
{
	struct tag_opts opts = tag_opts_of(d);
	__u64 times;

	if (read(d->timer, &times, sizeof(times)) != sizeof(times))
		return;
	d->ticks++;
	if (module_is_there() != d->has_module || (d->why && !(d->ticks % RETRY_TICKS)) ||
	    (d->tagger && d->look && tag_is_stale(d->tagger, &opts)))
		apply(d);
	d->look = false;
	if (d->tagger && !(d->ticks % REPORT_TICKS))
		report_losses(d);
	custody_child_tick(&d->custody);
	event_child_tick(&d->events);
}

static void set_timer(const struct kredactd *d, long first_ns)
{
	struct itimerspec when = {
		.it_value.tv_nsec = first_ns,
		.it_interval.tv_sec = TICK_S,
	};

	timerfd_settime(d->timer, 0, &when, NULL);
}

static void drain_inotify(struct kredactd *d)
{
	char events[4096];

	while (read(d->inotify, events, sizeof(events)) > 0)
		;
	d->look = true;
	set_timer(d, SETTLE_NS);
}

static void reap(struct kredactd *d)
{
	custody_child_reap(&d->custody);
	event_child_reap(&d->events);
}

/* Until it is told to end. */
static void run(struct kredactd *d, int signals)
{
	struct signalfd_siginfo info;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = d->timer, .events = POLLIN },
			{ .fd = d->inotify, .events = POLLIN },
			{ .fd = d->tagger ? tag_fd(d->tagger) : -1, .events = POLLIN },
		};

		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0)
			continue;
		if (fds[3].revents)
			tag_poll(d->tagger);
		if (fds[2].revents)
			drain_inotify(d);
		if (fds[1].revents)
			tick(d);
		if (!fds[0].revents || read(signals, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo == SIGHUP)
			reload(d);
		else if (info.ssi_signo == SIGCHLD)
			reap(d);
		else
			return;
	}
}

static int serve(struct kredactd *d)
{
	const struct rlimit none = { 0, 0 };
	sigset_t mask;
	int signals, err;

	/* It has the key of the seals. */
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) {
		say("%s", strerror(errno));
		return EXIT_FAILED;
	}

	if (!read_files(d))
		return EXIT_FAILED;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	d->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (signals < 0 || d->timer < 0 || d->inotify < 0) {
		say("%s", strerror(errno));
		return EXIT_FAILED;
	}
	err = pins_begin(PINS_DIR);
	if (err)
		say("%s: %s: what is set in the kernel ends with this process", PINS_DIR,
		    strerror(-err));
	else
		d->pins = PINS_DIR;
	set_up_children(d);
	apply(d);
	set_timer(d, SETTLE_NS);
	run(d, signals);
	notify("STOPPING=1");
	custody_child_end(&d->custody);
	event_child_end(&d->events);
	close_tagger(d, d->pins ? tag_leave : tag_close);
	sidecar_close(d->sidecar);
	if (d->pins && pins_count(PINS_DIR, PINS_PROBES))
		say("the probes stay in the kernel, for the next one; kredactd --detach takes "
		    "them away");
	return 0;
}

static int detach(void)
{
	unsigned int redaction = pins_count(PINS_DIR, PINS_REDACTION);
	int err = event_forget();

	if (err)
		say("the module still keeps events: %s", strerror(-err));
	err = pins_end(PINS_DIR);
	if (err) {
		say("%s: %s", PINS_DIR, strerror(-err));
		return EXIT_FAILED;
	}
	if (redaction)
		say("what had been tagged without the module is not left out of dumps any more");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "detach", no_argument, NULL, 'd' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct kredactd d = { .path = CONFIG_FILE, .custody.pid = -1, .events.pid = -1 };
	int opt, what = 0, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			d.path = optarg;
			break;
		case 'v':
			d.log = stderr;
			break;
		case 'k':
		case 'd':
			what = opt;
			break;
		case 'V':
			puts("kredactd " KREDACT_VERSION);
			return 0;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (optind != argc)
		return usage(stderr);
	if (what == 'k')
		return read_files(&d) ? 0 : EXIT_FAILED;
	if (!daemon_lock()) {
		say("%s", errno == EWOULDBLOCK ? "another one is at work" : strerror(errno));
		return EXIT_FAILED;
	}
	status = what == 'd' ? detach() : serve(&d);
	table_free(&d.table);
	config_free(d.config);
	return status;
}

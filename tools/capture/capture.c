// SPDX-License-Identifier: GPL-2.0
/*
 * kredact-capture: the kernel gives it cores (core_pattern), one to each call, by a pipe or by
 * a coredump socket.
 *
 * This process has the folders, the key and the log, and reads no byte of a core; children
 * without privileges do that. See Documentation/capture.rst.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cell.h"
#include "journal.h"
#include "keeper.h"
#include "peer.h"
#include "request.h"
#include "tee.h"

#define PROGRAM		"kredact-capture"
#define ROOM		(256ULL << 20)
#define EXIT_KEPT	1	/* in the quarantine, or pending there */
#define EXIT_LOST	2
#define EXIT_USAGE	3
#define EXIT_REFUSED	4	/* it is no core of the kernel's, or one of our own */

/* Of handlers that systemd starts. */
#define OWN_UNIT	"kredact-capture@"

/* The group of a file, who reads, who verifies, and an end to both. */
#define CAPABILITIES	(1ULL << CAP_CHOWN | 1ULL << CAP_SETUID | 1ULL << CAP_SETGID | \
			 1ULL << CAP_SETPCAP | 1ULL << CAP_KILL)

/**
 * struct capture - a core on its way
 * @conf:	file of settings
 * @settings:	all
 * @peer:	who dumps, if it comes by a socket
 * @specifiers:	from the kernel
 * @dump:	what becomes of it
 * @judge:	who judges it
 * @tee:	another handler
 */
struct capture {
	const char *conf;
	struct settings *settings;
	struct peer peer;
	struct specifiers specifiers;
	struct dump dump;
	struct judge judge;
	pid_t tee;
};

/*
 * A handler that crashes must not call itself. The kernel does not dump what is not dumpable;
 * and a limit of one byte, which it gives to handlers, is its own mark for them: of 0 it would
 * think as of any process whose core goes to a pipe.
 */
static int be_private(struct complaint *why)
{
	const struct rlimit one = { 1, 1 };

	if (setrlimit(RLIMIT_CORE, &one) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return complain(why, -errno, "cannot switch off own dumps: %s", strerror(errno));
	return 0;
}

/* The kernel starts handlers without standard output and error. */
static bool take_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

static void tell(const struct capture *capture, const char *what, const char *text)
{
	char about[TEXT_ESCAPED(64)];

	snprintf(about, sizeof(about), "process %.20s (%.40s)%s%.60s",
		 capture->dump.crash.facts[FACT_PID], capture->dump.crash.facts[FACT_COMM],
		 what ? ", " : "", what ?: "");
	journal_trouble(PROGRAM, about, text);
}

/* The name of a dump that is not whole says so. */
static void make_stem(const struct capture *capture, char *stem, size_t room)
{
	char name[CRASH_NAME];

	crash_name(&capture->dump.crash, name, sizeof(name));
	snprintf(stem, room, "%s%s", name,
		 *capture->dump.verdict.streamed.cut.text ? ".cut" : "");
}

/* Waits for the bytes, and gives them a name when all are on the disk. */
static int take_bytes(struct capture *capture, struct keeper *keeper, struct complaint *why)
{
	struct dump *dump = &capture->dump;
	struct judgement *verdict = &dump->verdict;
	char stem[STORE_NAME];
	int error;

	judge_streamed(&capture->judge, verdict, why);
	make_stem(capture, stem, sizeof(stem));
	crash_store(&dump->crash, dump->fd);
	fchmod(dump->fd, 0600);
	error = fsync(dump->fd) ? complain(why, -errno, "%s", strerror(errno)) :
				  store_pend(&keeper->store, dump->fd, stem, ".zst", dump->name,
					     why);
	if (error) {
		*dump->name = '\0';
		return error;
	}
	dump->where = STORE_QUARANTINE;
	error = keeper_tell(keeper, "dump.captured", dump, verdict->streamed.cut.text, why);
	if (error)
		tell(capture, "it stays pending in the quarantine", why->text);
	return error;
}

static void say_of_tee(struct capture *capture)
{
	static const char *const words[FED_STATES] = {
		[FED_LEFT] = "it did not read all of it",
		[FED_SLOW] = "it was too slow, and has not got all of it",
	};
	const char *word = words[capture->dump.verdict.streamed.tee];
	struct complaint why;

	tee_wait(capture->tee, word ? 0 : capture->settings->tee_patience, &why);
	if (word || *why.text)
		tell(capture, "the other handler", word ?: why.text);
}

/* Return: exit status. */
static int keep(struct capture *capture, struct keeper *keeper)
{
	struct complaint why = { "" }, also;
	struct dump *dump = &capture->dump;
	int error = take_bytes(capture, keeper, &why);

	/* From here on the process may go. systemd has a descriptor of a socket as well. */
	say_of_tee(capture);
	shutdown(STDIN_FILENO, SHUT_RDWR);
	close(STDIN_FILENO);
	judge_end(&capture->judge, &dump->verdict);
	if (*dump->name && !error)
		error = keeper_finish(keeper, &capture->judge, dump, &why);
	if (error)
		tell(capture, *dump->name ? "it stays pending in the quarantine" : "it is lost",
		     why.text);
	if (keeper_expire(keeper, 1, &also))
		journal_trouble(PROGRAM, "quota", also.text);
	if (!*dump->name)
		return EXIT_LOST;
	return error || dump->where != STORE_CLEAN ? EXIT_KEPT : 0;
}

/* Without a place for it the other handler at least gets it. Return: exit status. */
static int pass_on(struct capture *capture, int tee, const char *reason)
{
	struct complaint why;

	tell(capture, "it is lost", reason);
	if (tee < 0)
		return EXIT_LOST;
	capture->judge.stream.file = open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (!judge_begin(&capture->judge, capture->settings, &why)) {
		judge_streamed(&capture->judge, &capture->dump.verdict, &why);
		say_of_tee(capture);
		judge_end(&capture->judge, &capture->dump.verdict);
	}
	return EXIT_LOST;
}

static int capture_core(struct capture *capture)
{
	struct stream *stream = &capture->judge.stream;
	struct keeper keeper;
	struct complaint why;
	int tee, status;
	uid_t uid;
	gid_t gid;

	tee = tee_start(capture->settings, &capture->specifiers, &capture->tee, &why);
	if (tee < -1)
		tell(capture, "the other handler", why.text);
	stream->in = STDIN_FILENO;
	stream->tee = max(tee, -1);
	if (judge_user(capture->settings, &uid, &gid))
		tell(capture, capture->settings->user, "there is no such user; nobody does it");
	if (be_private(&why) || cell_keep_capabilities(CAPABILITIES, &why))
		tell(capture, NULL, why.text);
	if (keeper_open(&keeper, PROGRAM, capture->settings, &why)) {
		status = pass_on(capture, tee, why.text);
		goto out;
	}
	/* Old clean dumps make room for it. */
	if (store_free(&keeper.store) < ROOM && keeper_expire(&keeper, ROOM, &why))
		tell(capture, "quota", why.text);
	stream->room = store_room(&keeper.store);
	capture->dump.fd = stream->file = store_new(&keeper.store, &why);
	if (stream->file < 0)
		status = pass_on(capture, tee, why.text);
	else if (judge_begin(&capture->judge, capture->settings, &why))
		status = pass_on(capture, -1, why.text);
	else
		status = keep(capture, &keeper);
out:
	judgement_free(&capture->dump.verdict);
	keeper_close(&keeper);
	return status;
}

/*
 * By a coredump socket: the kernel says who dumps if it is asked, and asks whether the core is
 * wanted. That of a handler is not: it would be handled by one that crashes likewise. Return:
 * exit status.
 */
static int meet(struct capture *capture)
{
	struct crash *crash = &capture->dump.crash;
	struct complaint why;
	int error;
	bool own;

	/* A crash of this one before be_private() would start the next. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	error = peer_meet(&capture->peer, STDIN_FILENO, &why);
	if (error) {
		journal_trouble(PROGRAM, "a connection is refused", why.text);
		return EXIT_REFUSED;
	}
	peer_describe(&capture->peer, &capture->specifiers, crash);
	own = !strncmp(crash->facts[FACT_UNIT], OWN_UNIT, strlen(OWN_UNIT));
	error = request_answer(STDIN_FILENO, !own, &why);
	close(capture->peer.pidfd);
	if (own)
		tell(capture, "it is refused", "a handler of dumps is not dumped");
	else if (error)
		tell(capture, "it is lost", why.text);
	if (own)
		return EXIT_REFUSED;
	return error ? EXIT_LOST : 0;
}

/* By a pipe: the kernel has said it all. Return: exit status. */
static int listen_to(struct capture *capture, char **arguments, int nr)
{
	struct complaint why;

	if (specifiers_read(&capture->specifiers, arguments, nr, &why)) {
		journal_trouble(PROGRAM, NULL, why.text);
		fputs("Usage: kredact-capture [--config FILE] P=%P [LETTER=%LETTER]... <CORE\n"
		      "       kredact-capture [--config FILE] --socket <>SOCKET\n", stderr);
		return EXIT_USAGE;
	}
	crash_of(&capture->dump.crash, &capture->specifiers);
	return 0;
}

static int run(struct capture *capture)
{
	int status;

	capture->settings = settings_load(capture->conf, stderr);
	if (!capture->settings) {
		tell(capture, capture->conf, "cannot be used: the core goes to the quarantine");
		capture->settings = settings_default();
	}
	status = capture->settings ? capture_core(capture) : EXIT_LOST;
	settings_free(capture->settings);
	return status;
}

int main(int argc, char **argv)
{
	struct capture *this = calloc(1, sizeof(*this));
	int status, skip = 1;

	if (!this || !take_streams())
		return EXIT_LOST;
	/* Nothing but this program decides which algorithms are used. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	this->conf = CAPTURE_CONF;
	if (argc > 2 && !strcmp(argv[1], "--config")) {
		this->conf = argv[2];
		skip = 3;
	}
	if (argc == skip + 1 && !strcmp(argv[skip], "--socket"))
		status = meet(this);
	else
		status = listen_to(this, argv + skip, argc - skip);
	if (!status)
		status = run(this);
	free(this);
	return status;
}

// SPDX-License-Identifier: GPL-2.0
/* The programs: see program.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"
#include "scan.h"

#define CLIENTS		2

#define AGENT_HOME	WORK "/agent"
#define SSH_SOCKET	AGENT_HOME "/ssh"
#define GPG_SOCKET	AGENT_HOME "/gnupg/S.gpg-agent"
#define DUMPABLE	"LD_PRELOAD=" BIN "/dumpable.so"
#define TLS_PORT	"4433"

const char *const no_env[] = { NULL };

/* What there is besides the process to crash, of the current series. */
static pid_t holder = -1, master = -1, clients[CLIENTS];
static int client_out = -1;
static struct running master_places;
/* What the next process of spawn() gets as the descriptor behind stderr. */
static int inherit = -1;

/*
 * Start a program, with stdout to @out (-1: nowhere, and stderr too), as a user, with core
 * dumps of any size. It is killed if this process ends.
 */
pid_t spawn(const char *const *argv, const char *const *env, uid_t uid, int out)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_RDWR), 0);
	dup2(out < 0 ? 0 : out, 1);
	if (out < 0)
		dup2(0, 2);
	if (inherit >= 0)
		dup2(inherit, 3);
	setrlimit(RLIMIT_CORE, &unlimited);
	if (uid && (setgid(uid) || setuid(uid)))
		_exit(127);
	/* Again, since a change of users ends it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execve(argv[0], (char *const *)argv, (char *const *)env);
	_exit(127);
}

void finish(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Whether a line comes from @fd in time; then it is in @line. */
bool next_line(int fd, char *line, size_t len, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	/* Lines are short and few. */
	while (have + 1 < len && poll(&p, 1, timeout_ms) == 1 && read(fd, line + have, 1) == 1) {
		if (line[have] == '\n') {
			line[have] = 0;
			return true;
		}
		have++;
	}
	return false;
}

static bool wait_for(int fd, const char *word)
{
	char line[128];

	while (next_line(fd, line, sizeof(line), PATIENCE_MS))
		if (!strcmp(line, word))
			return true;
	return false;
}

/* Lines that came before now. */
static void drain(int fd)
{
	char line[128];

	while (next_line(fd, line, sizeof(line), 0))
		;
}

bool run_to_end(const char *const *argv, const char *const *env, uid_t uid)
{
	pid_t pid = spawn(argv, env, uid, -1);
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* The load programs of ours. */

static bool load_begin(const struct program *p, bool registers)
{
	(void)p;
	(void)registers;
	return true;
}

static void load_end(const struct program *p)
{
	(void)p;
}

static bool load_place(const char *line, struct running *r)
{
	struct registered *place = &r->places[r->nr_places];
	char name[64];
	unsigned int i;
	size_t len;

	if (r->nr_places == PLACES_MAX ||
	    sscanf(line, "place %63s %lx %zu", name, &place->addr, &place->len) != 3)
		return false;
	if (!strcmp(name, "aes/schedule"))
		strcpy(name, "symmetric/aes/enc");
	for (i = 0; i < scan_nr(); i++) {
		scan_secret(i, &len);
		if (strcmp(scan_name(i), name) || len != place->len)
			continue;
		place->secret = i;
		place->reversed = false;
		r->nr_places++;
		return true;
	}
	return false;
}

static bool load_start(const struct program *p, bool registers, struct running *r)
{
	char library[64], name[32], what[16], line[128];
	const char *argv[] = { library, what, KEYS, registers ? "register" : NULL, NULL };
	bool ready = false, good = true;
	int out[2];

	if (sscanf(p->arg, "%31s %15s", name, what) != 2 || pipe2(out, O_CLOEXEC))
		return false;
	snprintf(library, sizeof(library), BIN "/load_%s", name);
	r->pid = spawn(argv, no_env, 0, out[1]);
	close(out[1]);
	while (good && !ready && next_line(out[0], line, sizeof(line), PATIENCE_MS)) {
		ready = !strcmp(line, "ready");
		good = ready || load_place(line, r);
	}
	close(out[0]);
	return ready;
}

/* Clients outlive the crashes of those that they ask. */

bool start_client_pair(const char *const *const argv[2], uid_t uid)
{
	int out[2], i;

	if (pipe2(out, O_CLOEXEC | O_NONBLOCK))
		return false;
	fcntl(out[1], F_SETFL, 0);
	for (i = 0; i < CLIENTS; i++)
		clients[i] = spawn(argv[i], no_env, uid, out[1]);
	close(out[1]);
	client_out = out[0];
	return true;
}

static bool start_clients(const char *const *argv, uid_t uid)
{
	return start_client_pair((const char *const *const[]){ argv, argv }, uid);
}

/* Until one was served from now on. */
bool wait_for_client(void)
{
	drain(client_out);
	return wait_for(client_out, "signed");
}

void end_clients(void)
{
	int i;

	for (i = 0; i < CLIENTS; i++) {
		finish(clients[i]);
		clients[i] = -1;
	}
	if (client_out >= 0)
		close(client_out);
	client_out = -1;
}

/* The agents, as a user; a process of the same user holds the secrets. */

bool agent_begin(const struct program *p, bool registers)
{
	static const char *const script[] = {
		"/bin/sh", "-c", "rm -rf " AGENT_HOME " && mkdir -p " AGENT_HOME " && "
		"cp -r " KEYS "/ssh " KEYS "/gnupg " AGENT_HOME "/ && mv " AGENT_HOME "/ssh "
		AGENT_HOME "/keys && chown -R 1000:1000 " AGENT_HOME " && "
		"chmod -R go= " AGENT_HOME, NULL
	};
	const char *const ssh[] = { BIN "/client_agent", "ssh", SSH_SOCKET, NULL };
	const char *const gpg[] = { BIN "/client_agent", "gpg", GPG_SOCKET,
				    AGENT_HOME "/gnupg/grips", NULL };

	if (!run_to_end(script, (const char *const[]){ "PATH=/usr/bin:/bin", NULL }, 0))
		return false;
	if (registers) {
		holder = hold_secrets(AGENT_UID);
		if (holder < 0)
			return false;
	}
	return start_clients(strstr(p->name, "ssh-agent") ? ssh : gpg, AGENT_UID);
}

void agent_end(const struct program *p)
{
	(void)p;
	end_clients();
	finish(holder);
	holder = -1;
}

bool ssh_start(const struct program *p, bool registers, struct running *r)
{
	const char *const argv[] = { "/usr/bin/ssh-agent", "-D", "-a", SSH_SOCKET, NULL };
	const char *const env[] = { DUMPABLE, NULL };
	const char *const add[] = { "/usr/bin/ssh-add", "-q", AGENT_HOME "/keys/id_rsa",
				    AGENT_HOME "/keys/id_ecdsa", AGENT_HOME "/keys/id_ed25519",
				    NULL };
	const char *const add_env[] = { "SSH_AUTH_SOCK=" SSH_SOCKET, "HOME=" AGENT_HOME, NULL };
	int tries = PATIENCE_MS;

	(void)p;
	(void)registers;
	drain(client_out);
	unlink(SSH_SOCKET);
	r->pid = spawn(argv, env, AGENT_UID, -1);
	while (access(SSH_SOCKET, F_OK) && tries--)
		usleep(1000);
	return run_to_end(add, add_env, AGENT_UID) && wait_for(client_out, "signed");
}

/* As systemd's user units start it in Debian: with its socket, in the foreground. */
bool gpg_start(const struct program *p, bool registers, struct running *r)
{
	const char *const argv[] = { "/usr/bin/gpg-agent", "--homedir", AGENT_HOME "/gnupg",
				     "--supervised", NULL };
	const char *const env[] = { DUMPABLE, "LISTEN_FDS=1", "HOME=" AGENT_HOME, NULL };
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = GPG_SOCKET };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	bool good;
	int fd;

	(void)p;
	(void)registers;
	drain(client_out);
	unlink(GPG_SOCKET);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 8) ||
	    chmod(GPG_SOCKET, 0666))
		return false;
	/* dup2() of a descriptor to itself would leave it to be closed. */
	inherit = fd == 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 4) : fd;
	r->pid = spawn(argv, env, AGENT_UID, -1);
	if (inherit != fd)
		close(inherit);
	inherit = -1;
	close(fd);
	good = wait_for(client_out, "signed");
	/* It has also set its limit to 0. */
	return good && !prlimit(r->pid, RLIMIT_CORE, &unlimited, NULL);
}

/* The newest child of a process but for one, 0 if there is none, -1 if it is gone. */
pid_t last_child(pid_t parent, pid_t but)
{
	pid_t last = 0, pid;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fscanf(file, "%d", &pid) == 1)
		if (pid != but)
			last = pid;
	fclose(file);
	return last;
}

/* nginx: the key is registered once in the master, and workers are forked from it. */

/* The last worker that is no more, or shall not be: it may be a zombie for a while. */
static pid_t last_worker;

static pid_t wait_for_worker(void)
{
	int tries = PATIENCE_MS;
	pid_t worker;

	while (!(worker = last_child(master, last_worker)) && tries--)
		usleep(1000);
	if (worker < 0)
		return 0;
	last_worker = worker;
	return worker;
}

static bool nginx_begin(const struct program *p, bool registers)
{
	const char *const argv[] = { "/usr/sbin/nginx", "-p", WORK, "-c", BIN "/nginx.conf", NULL };
	const char *const client[] = { BIN "/client_tls", TLS_PORT, NULL };
	pid_t worker;

	(void)p;
	mkdir(WORK "/nginx", 0755);
	master = spawn(argv, no_env, 0, -1);
	worker = wait_for_worker();
	if (!worker)
		return false;
	master_places.pid = master;
	if (!find_places(&master_places) || (registers && !register_places(&master_places)))
		return false;
	/* It was there before, and has no tags. */
	kill(worker, SIGKILL);
	return start_clients(client, 0);
}

static bool nginx_start(const struct program *p, bool registers, struct running *r)
{
	(void)p;
	(void)registers;
	*r = master_places;
	r->pid = wait_for_worker();
	drain(client_out);
	return r->pid && wait_for(client_out, "signed");
}

static void nginx_end(const struct program *p)
{
	(void)p;
	end_clients();
	if (master > 0) {
		kill(master, SIGTERM);
		waitpid(master, NULL, 0);
	}
	master = -1;
	last_worker = 0;
}

static const char *const rsa[] = { "rsa/d", "rsa/p", "rsa/q", "rsa/dp", "rsa/dq", "rsa/qinv",
				   NULL };
static const char *const ec[] = { "ec/d", NULL };
static const char *const ed25519[] = { "ed25519/seed", NULL };
static const char *const aes[] = { "symmetric/aes", NULL };
static const char *const sodium[] = { "ed25519/seed", "symmetric/box", NULL };
static const char *const rsa_ec[] = { "rsa/d", "rsa/p", "rsa/q", "rsa/dp", "rsa/dq", "rsa/qinv",
				      "ec/d", NULL };
/* libgcrypt takes no exponents of the factors. */
static const char *const gcrypt[] = { "rsa/d", "rsa/p", "rsa/q", "rsa/qinv", "ec/d", NULL };
const char *const ssh_secrets[] = { "rsa-d", "rsa-p", "rsa-q", "rsa-dp", "rsa-dq", "rsa-qinv",
				    "ec-d", "ed25519-seed", NULL };
static const char *const gpg[] = { "rsa-d", "rsa-p", "rsa-q", "rsa-u", "ed25519-d", NULL };
static const char *const nginx[] = { "d", "p", "q", "dp", "dq", "qinv", NULL };

const struct program programs[] = {
	{ "openssl-rsa", "OpenSSL 3, RSA-2048", "openssl rsa", rsa,
	  .begin = load_begin, .start = load_start, .end = load_end },
	{ "openssl-ec", "OpenSSL 3, ECDSA on P-256", "openssl ec", ec,
	  .begin = load_begin, .start = load_start, .end = load_end },
	{ "openssl-ed25519", "OpenSSL 3, Ed25519", "openssl ed25519", ed25519,
	  .begin = load_begin, .start = load_start, .end = load_end },
	{ "openssl-aes", "OpenSSL 3, AES-256-GCM", "openssl aes", aes,
	  .begin = load_begin, .start = load_start, .end = load_end },
	{ "sodium", "libsodium, Ed25519, secretbox, BLAKE2b", "sodium all", sodium,
	  .begin = load_begin, .start = load_start, .end = load_end },
	{ "gnutls", "GnuTLS and nettle, RSA-2048 and P-256", "gnutls both", rsa_ec,
	  .begin = load_begin, .start = load_start, .end = load_end },
	{ "gcrypt", "libgcrypt, RSA-2048 and P-256", "gcrypt both", gcrypt,
	  .begin = load_begin, .start = load_start, .end = load_end },
	{ "ssh-agent", "ssh-agent, RSA-2048, P-256 and Ed25519", NULL, ssh_secrets,
	  .begin = agent_begin, .start = ssh_start, .end = agent_end },
	{ "gpg-agent", "gpg-agent, RSA-2048 and Ed25519", NULL, gpg,
	  .begin = agent_begin, .start = gpg_start, .end = agent_end },
	{ "nginx", "nginx, TLS with RSA-2048", NULL, nginx,
	  .begin = nginx_begin, .start = nginx_start, .end = nginx_end },
	{ NULL }
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Programs as Debian packages them, whose keys "kredact watch" tags, or whose OpenSSL has its
 * heap registered by libkredact-preload.so: nobody registers anything. The servers have an
 * RSA and an EC key, and clients that ask for each.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

#define TLS		KEYS "/tls"
#define PG_UID		1000
#define PG_DATA		WORK "/pgdata"
#define PG_BIN		"/usr/lib/postgresql/15/bin"

/* The watcher, the server that is not crashed, and what is started once. */
static pid_t watcher = -1, behind = -1, server = -1;
static int watcher_out = -1;

bool watch_begin(const char *comm)
{
	const char *const argv[] = { "/usr/bin/kredact", "watch", "--comm", comm, NULL };
	char line[256];
	int out[2];

	if (pipe2(out, O_CLOEXEC))
		return false;
	watcher = spawn(argv, no_env, 0, out[1]);
	close(out[1]);
	watcher_out = out[0];
	while (next_line(watcher_out, line, sizeof(line), PATIENCE_MS))
		if (!strcmp(line, "watching"))
			return true;
	puts("# kredact watch does not come to work");
	return false;
}

bool watch_end(void)
{
	bool good = true;
	char line[256];
	int status;

	kill(watcher, SIGTERM);
	while (next_line(watcher_out, line, sizeof(line), PATIENCE_MS)) {
		printf("# watch: %s\n", line);
		/* Those of processes that were dying meanwhile are no more. */
		good &= !strstr(line, "NOT tagged") &&
			(!strstr(line, "failed") || strstr(line, "No such process"));
	}
	close(watcher_out);
	good &= waitpid(watcher, &status, 0) == watcher && !status;
	watcher = -1;
	return good;
}

/* With the module or not at all. */
static const char *const preload_env[] = { "LD_PRELOAD=libkredact-preload.so",
					   "KREDACT_REQUIRE=module", NULL };

static const char *const *env_of(const struct program *p, bool registers)
{
	return p->preload && registers ? preload_env : no_env;
}

/* Clients of a server with two keys, at one port or at two. */
static bool start_tls_clients(const char *rsa_port, const char *ec_port)
{
	const char *const rsa[] = { BIN "/client_tls", rsa_port, "rsa", NULL };
	const char *const ec[] = { BIN "/client_tls", ec_port, "ec", NULL };

	return start_client_pair((const char *const *const[]){ rsa, ec }, 0);
}

static bool tls_begin(const struct program *p, bool registers)
{
	(void)p;
	(void)registers;
	mkdir(WORK "/nginx", 0755);
	return start_tls_clients("4433", "4433");
}

/* A server that is one process, started anew for each crash. */
static bool serve(const char *const *argv, const char *const *env, struct running *r)
{
	r->pid = spawn(argv, env, 0, -1);
	/* One of each kind, most likely. */
	return wait_for_client() && wait_for_client();
}

static void tls_end(const struct program *p)
{
	(void)p;
	end_clients();
	finish(server);
	finish(behind);
	server = behind = -1;
}

static bool openssl_start(const struct program *p, bool registers, struct running *r)
{
	const char *const argv[] = { "/usr/bin/openssl", "s_server", "-accept", "127.0.0.1:4433",
				     "-cert", TLS "/rsa.crt", "-key", TLS "/rsa.pem",
				     "-dcert", TLS "/ec.crt", "-dkey", TLS "/ec.pem", "-www", NULL };

	return serve(argv, env_of(p, registers), r);
}

static bool haproxy_start(const struct program *p, bool registers, struct running *r)
{
	const char *const argv[] = { "/usr/sbin/haproxy", "-db", "-f", BIN "/haproxy.cfg", NULL };

	return serve(argv, env_of(p, registers), r);
}

static bool stunnel_begin(const struct program *p, bool registers)
{
	const char *const argv[] = { "/usr/sbin/nginx", "-p", WORK, "-c", BIN "/nginx-plain.conf",
				     NULL };

	(void)p;
	(void)registers;
	mkdir(WORK "/nginx", 0755);
	behind = spawn(argv, no_env, 0, -1);
	return start_tls_clients("4433", "4434");
}

static bool stunnel_start(const struct program *p, bool registers, struct running *r)
{
	const char *const argv[] = { "/usr/bin/stunnel4", BIN "/stunnel.conf", NULL };

	return serve(argv, env_of(p, registers), r);
}

/* A child of the server that is likely to be at work. */
static pid_t newest_child(const struct running *r)
{
	int tries = PATIENCE_MS;
	pid_t child;

	while (!(child = last_child(r->pid, 0)) && tries--)
		usleep(1000);
	return child > 0 ? child : 0;
}

/* Does it make a handshake? Those for other things, and those behind it, have a title. */
static bool is_backend(pid_t pid)
{
	char path[64], title[16] = "";
	FILE *file;
	bool titled;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	titled = !fgets(title, sizeof(title), file) || !strncmp(title, "postgres: ", 10);
	fclose(file);
	return !titled;
}

/*
 * PostgreSQL has no children for a while when one has crashed, and then one that recovers, by
 * whose death it would end; which has its title a moment after it was made.
 */
static pid_t newest_backend(const struct running *r)
{
	int tries = PATIENCE_MS / 3;
	pid_t child;

	while (tries--) {
		child = newest_child(r);
		if (is_backend(child) && !usleep(2000) && is_backend(child))
			return child;
		usleep(1000);
	}
	return 0;
}

/* Its child died, and another comes in its place. */
static bool server_start(const struct program *p, bool registers, struct running *r)
{
	(void)p;
	(void)registers;
	r->pid = server;
	return wait_for_client() && wait_for_client();
}

/*
 * PostgreSQL takes SIGTERM for a wish to end when its clients have gone and it has recovered,
 * and then waits, at times, for ever. nginx ends with either.
 */
static void server_end(const struct program *p)
{
	end_clients();
	if (server > 0) {
		kill(server, SIGQUIT);
		waitpid(server, NULL, 0);
		server = -1;
	}
	tls_end(p);
}

static bool nginx_begin(const struct program *p, bool registers)
{
	const char *const argv[] = { "/usr/sbin/nginx", "-p", WORK, "-c", BIN "/nginx-watched.conf",
				     NULL };

	mkdir(WORK "/nginx", 0755);
	server = spawn(argv, env_of(p, registers), 0, -1);
	return start_tls_clients("4433", "4433");
}

static bool postgres_begin(const struct program *p, bool registers)
{
	static const char *const script[] = {
		"/bin/sh", "-c", "rm -rf " PG_DATA " && cp -r " BIN "/pgdata " PG_DATA " && "
		"cp " TLS "/ec.crt " TLS "/ec.pem " PG_DATA "/ && chown -R 1000:1000 " PG_DATA
		" && chmod 700 " PG_DATA " && chmod 600 " PG_DATA "/ec.pem", NULL
	};
	const char *const argv[] = {
		PG_BIN "/postgres", "-D", PG_DATA, "-h", "127.0.0.1", "-p", "4433", "-k", "",
		"-c", "ssl=on", "-c", "ssl_cert_file=ec.crt", "-c", "ssl_key_file=ec.pem",
		"-c", "fsync=off", "-c", "dynamic_shared_memory_type=mmap",
		"-c", "shared_buffers=1MB", "-c", "max_connections=16", NULL
	};
	const char *const client[] = { BIN "/client_tls", "4433", "ec", "postgres", NULL };

	if (!run_to_end(script, (const char *const[]){ "PATH=/usr/bin:/bin", NULL }, 0))
		return false;
	server = spawn(argv, env_of(p, registers), PG_UID, -1);
	return start_client_pair((const char *const *const[]){ client, client }, 0);
}

/* Numbers, and their text in the files that are read. */
static const char *const tls[] = { "rsa-d", "rsa-p", "rsa-q", "rsa-dp", "rsa-dq", "rsa-qinv",
				   "ec-d", "rsa-d-text", "rsa-p-text", "rsa-q-text",
				   "rsa-dp-text", "rsa-dq-text", "rsa-qinv-text", "ec-d-text",
				   NULL };
static const char *const ec[] = { "ec-d", "ec-d-text", NULL };
static const char *const gpg[] = { "rsa-d", "rsa-p", "rsa-q", "rsa-u", "ed25519-d",
				   "rsa-d-text", "rsa-p-text", "rsa-q-text", "rsa-u-text",
				   "ed25519-d-text", NULL };

const struct program watched_programs[] = {
	{ "watch-s_server", "openssl s_server, RSA-2048 and P-256", NULL, tls,
	  .begin = tls_begin, .start = openssl_start, .end = tls_end,
	  .keys = "tls", .watch = "openssl" },
	{ "watch-nginx", "nginx, RSA-2048 and P-256", NULL, tls,
	  .begin = nginx_begin, .start = server_start, .end = server_end,
	  .keys = "tls", .watch = "nginx", .pick = newest_child },
	{ "watch-haproxy", "HAProxy, RSA-2048 and P-256", NULL, tls,
	  .begin = tls_begin, .start = haproxy_start, .end = tls_end,
	  .keys = "tls", .watch = "haproxy" },
	{ "watch-stunnel", "stunnel, RSA-2048 and P-256", NULL, tls,
	  .begin = stunnel_begin, .start = stunnel_start, .end = tls_end,
	  .keys = "tls", .watch = "stunnel4" },
	{ "watch-postgres", "PostgreSQL, P-256", NULL, ec,
	  .begin = postgres_begin, .start = server_start, .end = server_end,
	  .keys = "tls", .watch = "postgres", .pick = newest_backend },
	{ "preload-s_server", "openssl s_server, RSA-2048 and P-256", NULL, tls,
	  .begin = tls_begin, .start = openssl_start, .end = tls_end,
	  .keys = "tls", .preload = true },
	{ "preload-nginx", "nginx, RSA-2048 and P-256", NULL, tls,
	  .begin = nginx_begin, .start = server_start, .end = server_end,
	  .keys = "tls", .preload = true, .pick = newest_child },
	{ "preload-haproxy", "HAProxy, RSA-2048 and P-256", NULL, tls,
	  .begin = tls_begin, .start = haproxy_start, .end = tls_end,
	  .keys = "tls", .preload = true },
	{ "preload-stunnel", "stunnel, RSA-2048 and P-256", NULL, tls,
	  .begin = stunnel_begin, .start = stunnel_start, .end = tls_end,
	  .keys = "tls", .preload = true },
	{ "preload-postgres", "PostgreSQL, P-256", NULL, ec,
	  .begin = postgres_begin, .start = server_start, .end = server_end,
	  .keys = "tls", .preload = true, .pick = newest_backend },
	{ "watch-ssh-agent", "ssh-agent, RSA-2048, P-256 and Ed25519", NULL, ssh_secrets,
	  .begin = agent_begin, .start = ssh_start, .end = agent_end,
	  .keys = "ssh-agent", .watch = "ssh-agent" },
	{ "watch-gpg-agent", "gpg-agent, RSA-2048 and Ed25519", NULL, gpg,
	  .begin = agent_begin, .start = gpg_start, .end = agent_end,
	  .keys = "gpg-agent", .watch = "gpg-agent" },
	{ NULL }
};

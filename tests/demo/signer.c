// SPDX-License-Identifier: GPL-2.0
/*
 * signer: a signing service, with its keys in kredact's memory or not.
 *
 * One listening UNIX-domain socket, a pool of threads, one epoll set that all
 * of them wait in. A connection is in the set one-shot: the thread that gets it
 * owns it until it is put back, so that a connection needs no lock. wire.h has
 * the protocol.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include <kredact.h>

#include "heap.h"
#include "keys.h"
#include "wire.h"

#define WORKERS_MAX	64
#define SEND_TIMEOUT_S	10	/* a client that does not read its replies is dropped */

struct conn {
	int fd;
	size_t have;			/* bytes in @in */
	uint8_t in[WIRE_FRAME_MAX];
	uint8_t out[WIRE_FRAME_MAX];
};

/* A request as parse_request() found it in a frame. */
struct request {
	uint8_t op;
	uint8_t key;
	uint8_t scheme;
	const uint8_t *payload;
	size_t len;
};

static struct {
	EVP_PKEY *key[WIRE_KEYS];
	int epoll;
	int listener;
	bool with_bug;
	atomic_ulong signatures;
} srv;

static void conn_close(struct conn *c)
{
	close(c->fd);	/* leaves the epoll set by this */
	free(c);
}

/*
 * Check a whole frame of @len payload bytes and take it apart.
 *
 * Not inlined, here and in the callers: the demonstration's backtraces name
 * the steps from the thread's start to the bug.
 */
static __attribute__((noinline)) int parse_request(const uint8_t *frame, size_t len,
						   struct request *req)
{
	const uint8_t *head = frame + WIRE_LEN;

	req->op = head[0];
	req->key = head[1];
	req->scheme = head[2];
	req->payload = head + WIRE_HEAD;
	req->len = len;
	if (head[3] || req->key >= WIRE_KEYS)
		return WIRE_EPROTO;
	switch (req->op) {
	case WIRE_PING:
		return WIRE_OK;
	case WIRE_SIGN:
		return len ? WIRE_OK : WIRE_EPROTO;
	case WIRE_CRASH:
		if (!srv.with_bug)
			return WIRE_EREFUSED;
		if (len != 8)
			return WIRE_EPROTO;
		/* The bug: an address from the network is believed. */
		req->scheme = *(volatile const uint8_t *)(uintptr_t)wire_get64(req->payload);
		return WIRE_EREFUSED;
	default:
		return WIRE_EPROTO;
	}
}

static __attribute__((noinline)) int sign_request(const struct request *req, uint8_t *sig,
						  size_t *sig_len)
{
	switch (keys_sign(srv.key[req->key], req->scheme, req->payload, req->len, sig, sig_len)) {
	case 0:
		atomic_fetch_add_explicit(&srv.signatures, 1, memory_order_relaxed);
		return WIRE_OK;
	case -EINVAL:
		return WIRE_ESCHEME;
	default:
		return WIRE_ESIGN;
	}
}

static int send_all(int fd, const uint8_t *buf, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Answer the frame at the front of @c->in. Return: 0, or -1 to close the connection. */
static __attribute__((noinline)) int serve_request(struct conn *c, size_t len)
{
	uint8_t sig[KEYS_SIG_MAX], head[3] = { 0 };
	const uint8_t *reply = NULL;
	struct request req;
	size_t reply_len = 0;
	int status;

	status = parse_request(c->in, len, &req);
	if (status == WIRE_OK && req.op == WIRE_SIGN) {
		status = sign_request(&req, sig, &reply_len);
		reply = sig;
	} else if (status == WIRE_OK) {
		reply = req.payload;
		reply_len = req.len;
	}
	if (status != WIRE_OK)
		reply_len = 0;
	head[0] = (uint8_t)status;
	if (send_all(c->fd, c->out, wire_frame(c->out, head, reply, reply_len)))
		return -1;
	return status == WIRE_EPROTO ? -1 : 0;
}

/* Serve the whole frames that have come in. Return: 0, or -1 to close the connection. */
static __attribute__((noinline)) int serve_connection(struct conn *c)
{
	for (;;) {
		ssize_t n = recv(c->fd, c->in + c->have, sizeof(c->in) - c->have, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n <= 0)
			return -1;
		c->have += (size_t)n;
		while (c->have >= WIRE_LEN) {
			uint32_t len = wire_get32(c->in);
			size_t frame = WIRE_LEN + (size_t)len;

			/* Cannot be answered: where the next frame begins is unknown. */
			if (len < WIRE_HEAD || len > WIRE_HEAD + WIRE_MAX)
				return -1;
			if (c->have < frame)
				break;
			if (serve_request(c, len - WIRE_HEAD))
				return -1;
			c->have -= frame;
			memmove(c->in, c->in + frame, c->have);
		}
	}
}

static int watch(int op, int fd, void *ptr)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = ptr };

	return epoll_ctl(srv.epoll, op, fd, &ev);
}

static void accept_connection(void)
{
	struct timeval tv = { .tv_sec = SEND_TIMEOUT_S };
	struct conn *c;
	int fd;

	fd = accept4(srv.listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv))) {
		free(c);
		close(fd);
		return;
	}
	c->fd = fd;
	if (watch(EPOLL_CTL_ADD, fd, c))
		conn_close(c);
}

static void *worker_main(void *arg)
{
	struct epoll_event ev;
	struct conn *c;
	int n;

	(void)arg;
	for (;;) {
		n = epoll_wait(srv.epoll, &ev, 1, -1);
		if (n < 0 && errno != EINTR)
			abort();
		if (n <= 0)
			continue;
		c = ev.data.ptr;
		if (!c) {
			accept_connection();
			if (watch(EPOLL_CTL_MOD, srv.listener, NULL))
				abort();
		} else if (serve_connection(c) || watch(EPOLL_CTL_MOD, c->fd, c)) {
			conn_close(c);
		}
	}
	return NULL;
}

static int start_workers(long nr)
{
	char name[16];
	pthread_t t;
	long i;

	for (i = 0; i < nr; i++) {
		if (pthread_create(&t, NULL, worker_main, NULL)) {
			fputs("signer: cannot start a thread\n", stderr);
			return -1;
		}
		snprintf(name, sizeof(name), "sign-%ld", i);
		pthread_setname_np(t, name);
		pthread_detach(t);
	}
	return 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		fprintf(stderr, "signer: %s: too long for a socket\n", path);
		return -1;
	}
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		goto fail;
	if (unlink(path) && errno != ENOENT)
		goto fail;
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, SOMAXCONN))
		goto fail;
	return fd;

fail:
	fprintf(stderr, "signer: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void print_use(const char *what, const struct heap_use *use)
{
	char text[256];

	kredact_protection_str(use->covered, text, sizeof(text));
	printf("signer: %s: loading it left %zu buffers of %zu bytes\n", what, use->buffers,
	       use->bytes);
	printf("signer: %s: what covers each of them: %s\n", what, text);
}

struct load {
	const char *path;
	EVP_PKEY *pkey;
};

static void load_aside(void *arg)
{
	struct load *load = arg;

	load->pkey = keys_load_private(load->path);
}

/* Return: 0, or -1 if a key cannot be loaded or is not in covered memory. */
static int load_key(enum wire_key which, const char *what, const char *path, bool covered)
{
	struct load load = { .path = path };
	struct heap_use use;
	int err;

	heap_record_begin();
	err = heap_run_aside(load_aside, &load, covered);
	if (heap_record_end(&use)) {
		fputs("signer: too many buffers to keep track of\n", stderr);
		return -1;
	}
	if (err)
		fprintf(stderr, "signer: cannot start a thread: %s\n", strerror(err));
	srv.key[which] = load.pkey;
	if (!load.pkey)
		return -1;
	if (!covered) {
		printf("signer: %s: in ordinary memory\n", what);
		return 0;
	}
	print_use(what, &use);
	if (!use.buffers || use.uncovered) {
		fprintf(stderr, "signer: %s: %zu buffers are not covered\n", what, use.uncovered);
		return -1;
	}
	return 0;
}

static _Noreturn void usage(void)
{
	fputs("usage: signer --rsa KEY.pem --ec KEY.pem --socket PATH [--workers N]\n"
	      "              [--kredact=off|library] [--require-module] [--with-bug]\n"
	      "  --kredact=library  OpenSSL's heap is kredact_alloc() memory, and a crash waits\n"
	      "                     for ECDSA signatures under way (default: off)\n"
	      "  --require-module   do not start without kredact.ko\n"
	      "  --with-bug         a crash request makes the service crash\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rsa", required_argument, NULL, 'r' },
		{ "ec", required_argument, NULL, 'e' },
		{ "socket", required_argument, NULL, 's' },
		{ "workers", required_argument, NULL, 'w' },
		{ "kredact", required_argument, NULL, 'k' },
		{ "require-module", no_argument, NULL, 'm' },
		{ "with-bug", no_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 }
	};
	const char *rsa = NULL, *ec = NULL, *path = NULL;
	bool library = false, require = false;
	long workers = 4;
	sigset_t stop;
	char *end;
	int opt, sig;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'r':
			rsa = optarg;
			break;
		case 'e':
			ec = optarg;
			break;
		case 's':
			path = optarg;
			break;
		case 'w':
			workers = strtol(optarg, &end, 10);
			if (*end || workers < 1 || workers > WORKERS_MAX)
				usage();
			break;
		case 'k':
			library = !strcmp(optarg, "library");
			if (!library && strcmp(optarg, "off"))
				usage();
			break;
		case 'm':
			require = true;
			break;
		case 'b':
			srv.with_bug = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc || !rsa || !ec || !path || (require && !library))
		usage();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (require && kredact_require(KREDACT_REQUIRE_MODULE)) {
		fputs("signer: kredact.ko cannot be used\n", stderr);
		return EXIT_FAILURE;
	}
	if (library && heap_use_kredact()) {
		fputs("signer: OpenSSL has allocated memory already\n", stderr);
		return EXIT_FAILURE;
	}
	if (load_key(WIRE_KEY_RSA, "RSA key", rsa, library) ||
	    load_key(WIRE_KEY_EC, "EC key", ec, library))
		return EXIT_FAILURE;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);

	srv.listener = listen_at(path);
	srv.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (srv.listener < 0 || srv.epoll < 0 || watch(EPOLL_CTL_ADD, srv.listener, NULL) ||
	    start_workers(workers))
		return EXIT_FAILURE;
	printf("signer: ready, process %d, %ld workers\n", (int)getpid(), workers);

	sigwait(&stop, &sig);
	printf("signer: ended by signal %d after %lu signatures\n", sig,
	       atomic_load(&srv.signatures));
	unlink(path);
	/* The workers are still at work with the keys: leave without taking those away. */
	_exit(EXIT_SUCCESS);
}

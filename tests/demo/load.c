// SPDX-License-Identifier: GPL-2.0
/*
 * load: asks the signing service for signatures, checks each one, and can make
 * the service crash while it works.
 *
 * Each connection has a thread of its own, which sends one request after the
 * other: random messages, both keys, every scheme in turn. With --crash-after
 * a further connection sends the crash request while the others go on (with
 * --idle: after they have ended, so that each thread of the service waits where
 * it always waits); then the service is expected to go away, and not before.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "keys.h"
#include "wire.h"

#define CONNS_MAX	256
#define MSG_MAX		256	/* bytes of a message */
#define REPLY_TIMEOUT_S	60
#define IDLE_S		1.0

static const struct {
	enum wire_key key;
	enum wire_scheme scheme;
} turns[] = {
	{ WIRE_KEY_RSA, WIRE_RSA_PSS_SHA256 },
	{ WIRE_KEY_EC, WIRE_ECDSA_SHA256 },
	{ WIRE_KEY_RSA, WIRE_RSA_PKCS1_SHA256 },
	{ WIRE_KEY_EC, WIRE_ECDSA_SHA256 },
};
#define NR_TURNS	(sizeof(turns) / sizeof(turns[0]))

static struct {
	const char *path;
	EVP_PKEY *key[WIRE_KEYS];
	atomic_bool stop;
	atomic_bool crashing;		/* the crash request is on its way */
	atomic_ulong good[WIRE_KEYS];
	atomic_ulong bad;		/* wrong signature, or an error reply */
	atomic_ulong lost;		/* connections that ended before the crash */
} load;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void pause_for(double s)
{
	struct timespec ts = { .tv_sec = (time_t)s };

	ts.tv_nsec = (long)((s - (double)ts.tv_sec) * 1e9);
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static int connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval tv = { .tv_sec = REPLY_TIMEOUT_S };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int recv_all(int fd, uint8_t *buf, size_t len)
{
	while (len) {
		ssize_t n = recv(fd, buf, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * One request and its reply, in @frame.
 *
 * Return: bytes of the reply's payload, -1 if the connection ended, -2 if the
 * reply is not one of this protocol.
 */
static int exchange(int fd, uint8_t *frame, size_t len)
{
	uint32_t n;

	if (send(fd, frame, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -1;
	if (recv_all(fd, frame, WIRE_LEN))
		return -1;
	n = wire_get32(frame);
	if (n < WIRE_HEAD || n > WIRE_HEAD + WIRE_MAX)
		return -2;
	if (recv_all(fd, frame + WIRE_LEN, n))
		return -1;
	return (int)(n - WIRE_HEAD);
}

static void lost(int fd)
{
	if (!atomic_load(&load.crashing))
		atomic_fetch_add(&load.lost, 1);
	if (fd >= 0)
		close(fd);
}

static void *conn_main(void *arg)
{
	size_t turn = (uintptr_t)arg % NR_TURNS;
	uint8_t msg[MSG_MAX], frame[WIRE_FRAME_MAX];
	int fd, n;

	fd = connect_to(load.path);
	if (fd < 0) {
		lost(fd);
		return NULL;
	}
	while (!atomic_load(&load.stop)) {
		enum wire_scheme scheme = turns[turn].scheme;
		enum wire_key key = turns[turn].key;
		uint8_t head[3] = { WIRE_SIGN, key, scheme };
		size_t len;

		turn = (turn + 1) % NR_TURNS;
		if (getrandom(msg, sizeof(msg), 0) != sizeof(msg))
			abort();
		len = msg[0] + 1U;
		n = exchange(fd, frame, wire_frame(frame, head, msg, len));
		if (n == -1) {
			lost(fd);
			return NULL;
		}
		if (n < 0 || frame[WIRE_LEN] != WIRE_OK ||
		    keys_verify(load.key[key], scheme, msg, len, frame + WIRE_LEN + WIRE_HEAD,
				(size_t)n))
			atomic_fetch_add(&load.bad, 1);
		else
			atomic_fetch_add(&load.good[key], 1);
	}
	close(fd);
	return NULL;
}

/*
 * Ask for the crash, @calm seconds after the service was called, when whoever took
 * the call waits again.
 *
 * Return: 0 if the service ended the connection without a reply, as one that crashes does.
 */
static int crash(double calm)
{
	uint8_t addr[8], frame[WIRE_FRAME_MAX], head[3] = { WIRE_CRASH, 0, 0 };
	int fd, n;

	fd = connect_to(load.path);
	if (fd < 0)
		return -1;
	pause_for(calm);
	wire_put64(addr, 0xbad);	/* in the first page, which nobody may map */
	atomic_store(&load.crashing, true);
	n = exchange(fd, frame, wire_frame(frame, head, addr, sizeof(addr)));
	close(fd);
	return n == -1 ? 0 : -1;
}

static int ping(void)
{
	uint8_t frame[WIRE_FRAME_MAX], head[3] = { WIRE_PING, 0, 0 };
	int fd, n;

	fd = connect_to(load.path);
	if (fd < 0)
		return -1;
	n = exchange(fd, frame, wire_frame(frame, head, "ping", 4));
	close(fd);
	return n == 4 && frame[WIRE_LEN] == WIRE_OK &&
	       !memcmp(frame + WIRE_LEN + WIRE_HEAD, "ping", 4) ? 0 : -1;
}

static _Noreturn void usage(void)
{
	fputs("usage: load --socket PATH --rsa-pub PUB.pem --ec-pub PUB.pem [--connections N]\n"
	      "            (--seconds S | --crash-after S [--idle])\n", stderr);
	exit(2);
}

static double seconds(const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s > 0 && s < 3600))
		usage();
	return s;
}

static int report(double took)
{
	unsigned long rsa = atomic_load(&load.good[WIRE_KEY_RSA]);
	unsigned long ec = atomic_load(&load.good[WIRE_KEY_EC]);
	unsigned long bad = atomic_load(&load.bad), gone = atomic_load(&load.lost);

	printf("load: %lu RSA and %lu ECDSA signatures verified in %.1f s (%.0f/s)\n", rsa, ec,
	       took, (double)(rsa + ec) / took);
	if (bad)
		printf("load: %lu replies were wrong\n", bad);
	if (gone)
		printf("load: %lu connections were refused or ended early\n", gone);
	if (!rsa || !ec)
		printf("load: a key did not sign anything\n");
	return bad || gone || !rsa || !ec ? -1 : 0;
}

static void end_load(const pthread_t *threads, long nr)
{
	atomic_store(&load.stop, true);
	while (nr--)
		pthread_join(threads[nr], NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "rsa-pub", required_argument, NULL, 'r' },
		{ "ec-pub", required_argument, NULL, 'e' },
		{ "connections", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 't' },
		{ "crash-after", required_argument, NULL, 'c' },
		{ "idle", no_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 }
	};
	const char *rsa = NULL, *ec = NULL;
	double start, took, run = 0, crash_after = 0;
	pthread_t threads[CONNS_MAX];
	bool idle = false;
	long i, nr = 8;
	int opt, ret;
	char *end;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			load.path = optarg;
			break;
		case 'r':
			rsa = optarg;
			break;
		case 'e':
			ec = optarg;
			break;
		case 'n':
			nr = strtol(optarg, &end, 10);
			if (*end || nr < 1 || nr > CONNS_MAX)
				usage();
			break;
		case 't':
			run = seconds(optarg);
			break;
		case 'c':
			crash_after = seconds(optarg);
			break;
		case 'i':
			idle = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc || !load.path || !rsa || !ec || !run == !crash_after ||
	    (idle && !crash_after))
		usage();
	load.key[WIRE_KEY_RSA] = keys_load_public(rsa);
	load.key[WIRE_KEY_EC] = keys_load_public(ec);
	if (!load.key[WIRE_KEY_RSA] || !load.key[WIRE_KEY_EC])
		return EXIT_FAILURE;
	if (ping()) {
		fprintf(stderr, "load: no service answers at %s\n", load.path);
		return EXIT_FAILURE;
	}

	start = now();
	for (i = 0; i < nr; i++) {
		if (pthread_create(&threads[i], NULL, conn_main, (void *)(uintptr_t)i)) {
			fputs("load: cannot start a thread\n", stderr);
			return EXIT_FAILURE;
		}
	}
	pause_for(run + crash_after);
	took = now() - start;
	ret = report(took);
	if (idle)
		end_load(threads, nr);
	if (crash_after) {
		/* By then the service has seen the ends of the connections, too. */
		if (crash(idle ? IDLE_S : 0)) {
			puts("load: the service did not crash");
			ret = -1;
		} else {
			puts("load: the service crashed, as asked for");
		}
	}
	if (!idle)
		end_load(threads, nr);
	EVP_PKEY_free(load.key[WIRE_KEY_RSA]);
	EVP_PKEY_free(load.key[WIRE_KEY_EC]);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

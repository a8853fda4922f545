// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs a server that nobody changed: handshakes that nginx makes in a second of
 * processor time of its worker, with and without "kredact watch", or a library that is
 * preloaded, in turns.
 *
 *	handshakes NGINX KEYS [ROUNDS [HANDSHAKES [LIBRARY]]]
 *
 * NGINX is the program, KEYS a folder with rsa.pem, rsa.crt, ec.pem and ec.crt. Each round is
 * one series without and one with; medians are printed. It is the same worker that is watched
 * and is not; the one with LIBRARY is another, on the same processor. Where
 * the module is not in the kernel, as natively, the same programs put their tags into maps
 * that nobody reads: probes cost what they cost, the module's part is not in it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <openssl/ssl.h>

#include "../../bpf/attach.h"
#include "../../bpf/filter.h"
#include "../../bpf/kernel.h"
#include "../../bpf/tag.h"
#include "tag_map.skel.h"

#define PORT		4481
#define ROUNDS		9
#define HANDSHAKES	400
#define ROUNDS_MOST	99
/* What it may cost, in percent. */
#define LIMIT		3.0

/* Those that watch, in one of two ways. */
struct watcher {
	pthread_t poller;
	volatile bool polls;
	struct table table;
	struct tag_opts opts;
	struct tag_filter filter;
	struct tagger *tagger;
	struct attachment *attachment;
	struct bpf_object *object;
};

/* The nginx that is watched, and one with a library, if that is the question. */
struct server {
	pid_t master;
	pid_t worker;
	int port;
};

struct bench {
	struct server plain;
	struct server preloaded;
	struct watcher watch;
	const char *library;
	unsigned int rounds;
	unsigned int nr;
};

struct series {
	double rate[ROUNDS_MOST];	/* per second of processor time */
	double tags;			/* per handshake */
};

static void die(const char *what)
{
	fprintf(stderr, "handshakes: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Before Linux 6.12 a process makes the tags: this one. */
static void *poll_tags(void *arg)
{
	struct watcher *w = arg;
	struct pollfd wait = { .fd = tag_fd(w->tagger), .events = POLLIN };

	while (w->polls)
		if (poll(&wait, 1, 20) > 0)
			tag_poll(w->tagger);
	return NULL;
}

static void start_by_module(struct watcher *w)
{
	enum tag_why why;
	char *what;

	w->tagger = tag_open(&w->opts, NULL, &why, &what);
	if (!w->tagger)
		die(tag_why_str(why));
	w->polls = tag_fd(w->tagger) >= 0;
	if (w->polls && pthread_create(&w->poller, NULL, poll_tags, w))
		die("a thread");
}

/* As bpf/tag.c does it, but without what redacts, which is forbidden on many a machine. */
static void start_by_maps(struct watcher *w)
{
	struct probe_settings settings;
	struct bpf_program *prog;
	enum tag_why why;
	__u64 mask;
	char *what;
	size_t size;
	const void *elf = tag_map_bpf__elf_bytes(&size);
	__u32 i;

	w->attachment = attach_plan(&w->opts, &mask, &why, &what);
	if (!w->attachment || filter_settings(&w->opts, &mask, &settings, &what) != TAG_OK)
		die("no libraries");
	w->object = bpf_object__open_mem(elf, size, NULL);
	bpf_object__for_each_program(prog, w->object)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), "enter") ||
						!strcmp(bpf_program__name(prog), "leave"));
	bpf_map__set_initial_value(bpf_object__find_map_by_name(w->object, ".rodata.settings"),
				   &settings, sizeof(settings));
	if (bpf_object__load(w->object))
		die("the programs");
	for (i = 0; i < w->table.nr_probes; i++)
		bpf_map_update_elem(bpf_object__find_map_fd_by_name(w->object, "probes"), &i,
				    &w->table.probes[i], BPF_ANY);
	if (attach_set(w->attachment, &w->opts, w->object, &what) != TAG_OK)
		die("the probes");
}

static bool has_module(void)
{
	return !access(KERNEL_MODULE_DIR, F_OK);
}

static void start_watching(struct watcher *w)
{
	if (has_module())
		start_by_module(w);
	else
		start_by_maps(w);
}

static __u64 tags_made(const struct watcher *w)
{
	struct tag_counters counters = { 0 };
	__u32 zero = 0;

	if (w->tagger)
		tag_read_counters(w->tagger, &counters);
	else
		bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(w->object, ".data.counters"),
				    &zero, &counters.probe);
	return counters.probe.tagged;
}

static void stop_watching(struct watcher *w)
{
	if (w->polls) {
		w->polls = false;
		pthread_join(w->poller, NULL);
	}
	tag_close(w->tagger);
	attach_end(w->attachment);
	bpf_object__close(w->object);
	w->tagger = NULL;
	w->attachment = NULL;
	w->object = NULL;
}

/* A configuration for one worker, in a folder of its own. */
static void configure(const char *dir, const char *keys, int port)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/nginx.conf", dir);
	file = fopen(path, "w");
	if (!file)
		die(path);
	fprintf(file, "daemon off; worker_processes 1; pid %s/pid; error_log /dev/null crit;\n"
		"user root; events { worker_connections 64; }\n"
		"http { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p;\n"
		"fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s;\n"
		"server { listen 127.0.0.1:%d ssl;\n", dir, dir, dir, dir, dir, dir, port);
	fprintf(file, "ssl_certificate %s/rsa.crt; ssl_certificate_key %s/rsa.pem;\n"
		"ssl_certificate %s/ec.crt; ssl_certificate_key %s/ec.pem;\n"
		"location / { return 200 \"well\"; } } }\n", keys, keys, keys, keys);
	if (fclose(file))
		die(path);
}

/* The only child of the master; 0: not there yet. */
static pid_t worker_of(pid_t master)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", master, master);
	return kernel_read(path, text, sizeof(text)) ? atoi(text) : 0;
}

static void stay_on(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

/* Until it has a worker. Where there are two processors, the client is not in its way. */
static void start_nginx(struct server *s, const char *nginx, const char *keys, const char *library)
{
	char dir[] = "/tmp/handshakes-XXXXXX", conf[512];
	int tries;

	if (!mkdtemp(dir))
		die("a folder");
	configure(dir, keys, s->port);
	s->master = fork();
	if (!s->master) {
		if (library)
			setenv("LD_PRELOAD", library, 1);
		snprintf(conf, sizeof(conf), "%s/nginx.conf", dir);
		execl(nginx, nginx, "-p", dir, "-e", "/dev/null", "-c", conf, NULL);
		_exit(127);
	}
	for (tries = 0; tries < 200 && !(s->worker = worker_of(s->master)); tries++)
		usleep(50000);
	if (!s->worker)
		die("nginx");
	usleep(300000);
	stay_on(s->worker, (int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
}

static void stop_nginx(const struct server *s)
{
	if (s->master <= 0)
		return;
	kill(s->master, SIGTERM);
	waitpid(s->master, NULL, 0);
}

/* Processor time that a process has had, in seconds. */
static double cpu_of(pid_t pid)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	if (!kernel_read(path, text, sizeof(text)))
		die(path);
	return strtoull(text, NULL, 10) / 1e9;
}

static bool visit(SSL_CTX *ctx, int port)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(ctx);
	char page[512];
	bool good;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	good = !connect(fd, (struct sockaddr *)&sin, sizeof(sin)) && SSL_set_fd(ssl, fd) == 1 &&
	       SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof(request) - 1) > 0 &&
	       SSL_read(ssl, page, sizeof(page)) > 0;
	SSL_free(ssl);
	close(fd);
	return good;
}

static double rate_of(SSL_CTX *ctx, const struct server *s, unsigned int nr)
{
	double before = cpu_of(s->worker);
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!visit(ctx, s->port))
			die("a handshake failed");
	return nr / (cpu_of(s->worker) - before);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned int nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return values[nr / 2];
}

/* A series with the probes, or with the library. Return: tags for each handshake. */
static double rate_with(struct bench *b, SSL_CTX *ctx, double *rate)
{
	__u64 tags;

	if (b->library) {
		*rate = rate_of(ctx, &b->preloaded, b->nr);
		return 0;
	}
	start_watching(&b->watch);
	rate_of(ctx, &b->plain, 4);
	tags = tags_made(&b->watch);
	*rate = rate_of(ctx, &b->plain, b->nr);
	tags = tags_made(&b->watch) - tags;
	stop_watching(&b->watch);
	return (double)tags / b->nr;
}

/* Return: whether the limit is kept. */
static bool measure(struct bench *b, const char *kind, const char *algorithm)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct series without = { 0 }, with = { 0 };
	double lower[ROUNDS_MOST], before, after, change;
	unsigned int i;

	SSL_CTX_set1_sigalgs_list(ctx, algorithm);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	rate_of(ctx, &b->plain, b->nr / 4 + 1);
	if (b->library)
		rate_of(ctx, &b->preloaded, b->nr / 4 + 1);
	for (i = 0; i < b->rounds; i++) {
		/* Each is the first in its turn: what changes meanwhile is in neither's favour. */
		if (i & 1)
			with.tags += rate_with(b, ctx, &with.rate[i]) / b->rounds;
		without.rate[i] = rate_of(ctx, &b->plain, b->nr);
		if (!(i & 1))
			with.tags += rate_with(b, ctx, &with.rate[i]) / b->rounds;
		lower[i] = 100 * (1 - with.rate[i] / without.rate[i]);
	}
	SSL_CTX_free(ctx);
	change = median(lower, b->rounds);
	before = median(without.rate, b->rounds);
	after = median(with.rate, b->rounds);
	printf("%-10s %10.0f %10.0f %8.2f %% %8.1f %10.0f\n", kind, before, after, change,
	       with.tags, with.tags > 0 ? (1 / after - 1 / before) * 1e9 / with.tags : 0);
	fflush(stdout);
	return change <= LIMIT;
}

static bool read_table(struct watcher *w)
{
	const char *dir = access(TABLE_DIR, F_OK) ? "bpf/probes" : TABLE_DIR;

	return !table_read_dirs(&w->table, dir, TABLE_ADMIN_DIR, stderr);
}

static const char *what_is_measured(const struct bench *b)
{
	enum tag_why why;

	if (b->library)
		return b->library;
	return has_module() ? tag_text(tag_choose(TAG_AUTO, &why)) : "probes without the module";
}

int main(int argc, char **argv)
{
	static const char *const libraries[] = { "libcrypto.so.3", NULL };
	static struct bench b = {
		.plain.port = PORT, .preloaded.port = PORT + 1,
		.watch.filter = { .comm = "nginx", .libraries = libraries },
		.watch.opts = { .table = &b.watch.table, .filters = &b.watch.filter,
				.nr_filters = 1 },
	};
	bool good;

	b.rounds = argc > 3 ? (unsigned int)atoi(argv[3]) : ROUNDS;
	b.nr = argc > 4 ? (unsigned int)atoi(argv[4]) : HANDSHAKES;
	b.library = argc > 5 ? argv[5] : NULL;
	if (argc < 3 || !b.rounds || b.rounds > ROUNDS_MOST || !b.nr) {
		fputs("usage: handshakes NGINX KEYS [ROUNDS [HANDSHAKES [LIBRARY]]]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (!read_table(&b.watch))
		die("setting up");
	start_nginx(&b.plain, argv[1], argv[2], NULL);
	if (b.library)
		start_nginx(&b.preloaded, argv[1], argv[2], b.library);
	stay_on(0, 0);

	printf("handshakes of nginx in a second of its worker, %s, %u rounds of %u\n",
	       what_is_measured(&b), b.rounds, b.nr);
	printf("%-10s %10s %10s %10s %8s %10s\n", "key", "without", "with", "lower", "tags",
	       "ns/tag");
	good = measure(&b, "RSA", "RSA-PSS+SHA256");
	good &= measure(&b, "ECDSA", "ECDSA+SHA256");
	stop_nginx(&b.plain);
	stop_nginx(&b.preloaded);
	table_free(&b.watch.table);
	printf("at most %.0f %% lower: %s\n", LIMIT, good ? "yes" : "NO");
	return !good;
}

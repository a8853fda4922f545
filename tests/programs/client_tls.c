// SPDX-License-Identifier: GPL-2.0
/*
 * client_tls PORT [rsa | ec] [postgres]: asks a TLS server on the loopback interface for
 * a page, with a new handshake each time, until it is killed. Its certificate is to be of
 * that kind. A database may hang up on whoever asks it for a page.
 *
 * Workers crash, and others come in their place. It says "signed" on stdout after each page.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define RETRY_US	3000

/* PostgreSQL is asked for TLS before it. */
static bool ask_for_tls(int fd)
{
	static const uint8_t request[8] = { 0, 0, 0, 8, 4, 210, 22, 47 };
	char answer;

	return write(fd, request, sizeof(request)) == sizeof(request) &&
	       read(fd, &answer, 1) == 1 && answer == 'S';
}

static bool visit(SSL_CTX *ctx, uint16_t port, bool postgres)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval patience = { .tv_sec = 5 };
	bool good = false;
	char page[1024];
	SSL *ssl;
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssl = SSL_new(ctx);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!connect(fd, (struct sockaddr *)&sin, sizeof(sin)) &&
	    (!postgres || ask_for_tls(fd)) && SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1 &&
	    SSL_write(ssl, request, sizeof(request) - 1) > 0)
		good = SSL_read(ssl, page, sizeof(page)) > 0 || postgres;
	SSL_free(ssl);
	close(fd);
	return good;
}

int main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	const char *kind = argc > 2 ? argv[2] : "any";
	bool postgres = argc > 3 && !strcmp(argv[3], "postgres");

	if (argc < 2 || !ctx) {
		fputs("usage: client_tls PORT [rsa | ec] [postgres]\n", stderr);
		return 2;
	}
	if (!strcmp(kind, "rsa"))
		SSL_CTX_set1_sigalgs_list(ctx, "RSA-PSS+SHA256");
	else if (!strcmp(kind, "ec"))
		SSL_CTX_set1_sigalgs_list(ctx, "ECDSA+SHA256");
	/* A worker that crashes closes its connections. */
	signal(SIGPIPE, SIG_IGN);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		if (visit(ctx, (uint16_t)strtoul(argv[1], NULL, 10), postgres))
			puts("signed");
		else
			usleep(RETRY_US);
	}
}

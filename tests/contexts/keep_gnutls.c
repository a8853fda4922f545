// SPDX-License-Identifier: GPL-2.0
/*
 * keep_gnutls 1.2|1.3: a client and a server of GnuTLS in one process, connected.
 */
#include <errno.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "keep.h"

/* What one side has sent and the other has not read. */
struct pipe {
	unsigned char bytes[65536];
	size_t len;
};

struct side {
	gnutls_session_t session;
	struct pipe *from;
	struct pipe *to;
};

static struct pipe pipes[2];

static ssize_t push(gnutls_transport_ptr_t arg, const void *bytes, size_t len)
{
	struct side *side = arg;

	keep_need(len <= sizeof(side->to->bytes) - side->to->len, "push");
	memcpy(side->to->bytes + side->to->len, bytes, len);
	side->to->len += len;
	return len;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *bytes, size_t len)
{
	struct side *side = arg;
	struct pipe *from = side->from;

	if (!from->len) {
		gnutls_transport_set_errno(side->session, EAGAIN);
		return -1;
	}
	if (len > from->len)
		len = from->len;
	memcpy(bytes, from->bytes, len);
	from->len -= len;
	memmove(from->bytes, from->bytes + len, from->len);
	return len;
}

static gnutls_certificate_credentials_t credentials(void)
{
	gnutls_certificate_credentials_t made;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;

	keep_need(!gnutls_certificate_allocate_credentials(&made) &&
		  !gnutls_x509_privkey_init(&key) && !gnutls_x509_crt_init(&cert) &&
		  !gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) &&
		  !gnutls_x509_crt_set_version(cert, 3) &&
		  !gnutls_x509_crt_set_serial(cert, "\1", 1) &&
		  !gnutls_x509_crt_set_activation_time(cert, 0) &&
		  !gnutls_x509_crt_set_expiration_time(cert, 4000000000) &&
		  !gnutls_x509_crt_set_key(cert, key) &&
		  !gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0) &&
		  !gnutls_certificate_set_x509_key(made, &cert, 1, key), "credentials");
	return made;
}

static struct side *make(unsigned int flags, const char *priority, struct pipe *from,
			 struct pipe *to, gnutls_certificate_credentials_t with)
{
	struct side *side = keep_new(sizeof(*side));

	side->from = from;
	side->to = to;
	keep_need(!gnutls_init(&side->session, flags | GNUTLS_NONBLOCK) &&
		  !gnutls_priority_set_direct(side->session, priority, NULL) &&
		  !gnutls_credentials_set(side->session, GNUTLS_CRD_CERTIFICATE, with),
		  "gnutls_init");
	gnutls_transport_set_ptr(side->session, side);
	gnutls_transport_set_push_function(side->session, push);
	gnutls_transport_set_pull_function(side->session, pull);
	return side;
}

int main(int argc, char **argv)
{
	bool old = argc > 1 && !strcmp(argv[1], "1.2");
	const char *priority = old ? "NORMAL:-VERS-ALL:+VERS-TLS1.2" :
				     "NORMAL:-VERS-ALL:+VERS-TLS1.3";
	gnutls_certificate_credentials_t with = credentials();
	struct side *client, *server;
	int i, a = -1, b = -1;

	client = make(GNUTLS_CLIENT, priority, &pipes[0], &pipes[1], with);
	/* One that could speak 1.3 says so in its random. */
	server = make(GNUTLS_SERVER, old ? "NORMAL" : priority, &pipes[1], &pipes[0], with);
	for (i = 0; i < 20; i++) {
		if (a)
			a = gnutls_handshake(client->session);
		if (b)
			b = gnutls_handshake(server->session);
	}
	keep_need(!a && !b && gnutls_record_send(client->session, "hello", 5) == 5, "handshake");
	keep_expect(4, "aes-schedule", "AES-256, encryption");
	/* GnuTLS's random number generators. */
	keep_expect(2, "chacha20-state", "256-bit key, after its constants");
	if (old)
		keep_expect(2, "tls-session",
			    "TLS 1.2, master secret, in a connection of GnuTLS");
	keep_sleep();
}

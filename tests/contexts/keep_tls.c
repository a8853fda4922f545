// SPDX-License-Identifier: GPL-2.0
/*
 * keep_tls 1.2|1.3: a client and a server of OpenSSL in one process, connected.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "keep.h"

static X509 *certificate(EVP_PKEY *key)
{
	X509 *cert = X509_new();

	keep_need(cert && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
		  X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
		  X509_gmtime_adj(X509_getm_notAfter(cert), 3600) &&
		  X509_set_pubkey(cert, key) && X509_sign(cert, key, EVP_sha256()), "X509_sign");
	return cert;
}

static SSL *side(SSL_CTX *ctx, BIO *bio, int version, bool server)
{
	SSL *ssl = SSL_new(ctx);

	keep_need(ssl && SSL_set_min_proto_version(ssl, version) &&
		  SSL_set_max_proto_version(ssl, version), "SSL_new");
	SSL_set_bio(ssl, bio, bio);
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

int main(int argc, char **argv)
{
	int version = argc > 1 && !strcmp(argv[1], "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	SSL *client, *server;
	BIO *left, *right;
	char bytes[100];
	int i;

	keep_need(ctx && key && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
		  SSL_CTX_use_certificate(ctx, certificate(key)) == 1 &&
		  BIO_new_bio_pair(&left, 0, &right, 0) == 1, "SSL_CTX_new");
	client = side(ctx, left, version, false);
	server = side(ctx, right, version, true);
	for (i = 0; i < 10; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	keep_need(SSL_write(client, "hello", 5) == 5 && SSL_read(server, bytes, 100) == 5 &&
		  SSL_write(server, "world", 5) == 5 && SSL_read(client, bytes, 100) == 5,
		  "handshake");
	if (version == TLS1_2_VERSION) {
		/* The client's, and the server's in its cache of sessions. */
		keep_expect(2, "tls-session", "TLS 1.2, master secret, in a session of OpenSSL");
	} else {
		keep_expect(2, "tls13-secrets",
			    "from the handshake's to the exporter's, in a connection of OpenSSL");
		keep_expect(2, "tls-session", "TLS 1.3, resumption secret, in a session of OpenSSL");
	}
	/* Each side has a key for each direction: TLS_AES_256_GCM_SHA384 or its elder. */
	keep_expect(4, "aes-schedule", "AES-256, encryption");
	keep_expect(6, "drbg-state", "OpenSSL CTR_DRBG, AES-256, encryption");
	keep_sleep();
}

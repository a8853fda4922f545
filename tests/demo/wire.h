/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The signing service's protocol, on a UNIX-domain stream socket.
 *
 * Both directions carry frames. All integers are big-endian.
 *
 *	offset 0, 4 bytes	length of what follows, WIRE_HEAD to WIRE_HEAD + WIRE_MAX
 *	offset 4, 1 byte	request: operation; reply: status
 *	offset 5, 1 byte	request: key;       reply: 0
 *	offset 6, 1 byte	request: scheme;    reply: 0
 *	offset 7, 1 byte	0
 *	offset 8		payload
 *
 *	WIRE_PING	any payload; the reply carries it back
 *	WIRE_SIGN	payload: the message; reply: its signature by @key under @scheme
 *	WIRE_CRASH	payload: 8 bytes, an address. No reply. A service started with
 *			--with-bug reads from that address without a check, as a parser
 *			with a memory-safety bug would; any other refuses.
 *
 * Requests on one connection are answered in order. After a frame that breaks
 * these rules the service answers WIRE_EPROTO and closes the connection.
 */
#ifndef DEMO_WIRE_H
#define DEMO_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIRE_LEN	4U	/* bytes of the length */
#define WIRE_HEAD	4U	/* bytes of the header that the length counts */
#define WIRE_MAX	4096U	/* longest payload */
#define WIRE_FRAME_MAX	(WIRE_LEN + WIRE_HEAD + WIRE_MAX)

enum wire_op {
	WIRE_PING	= 1,
	WIRE_SIGN	= 2,
	WIRE_CRASH	= 3,
};

enum wire_key {
	WIRE_KEY_RSA	= 0,	/* RSA-3072 */
	WIRE_KEY_EC	= 1,	/* P-256 */
	WIRE_KEYS	= 2,
};

enum wire_scheme {
	WIRE_RSA_PSS_SHA256	= 1,	/* salt as long as the digest */
	WIRE_RSA_PKCS1_SHA256	= 2,
	WIRE_ECDSA_SHA256	= 3,
};

enum wire_status {
	WIRE_OK		= 0,
	WIRE_EPROTO	= 1,	/* not a frame of this protocol */
	WIRE_ESCHEME	= 2,	/* that key does not sign by that scheme */
	WIRE_ESIGN	= 3,	/* signing failed */
	WIRE_EREFUSED	= 4,	/* not enabled in this service */
};

static inline void wire_put32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static inline uint32_t wire_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_put64(uint8_t *p, uint64_t v)
{
	wire_put32(p, v >> 32);
	wire_put32(p + 4, (uint32_t)v);
}

static inline uint64_t wire_get64(const uint8_t *p)
{
	return (uint64_t)wire_get32(p) << 32 | wire_get32(p + 4);
}

/**
 * wire_frame - build a frame
 * @buf:	WIRE_FRAME_MAX bytes
 * @head:	operation, key and scheme of a request; status, 0, 0 of a reply
 * @payload:	@len bytes; may already be in its place in @buf
 * @len:	at most WIRE_MAX
 *
 * Return: the frame's length.
 */
static inline size_t wire_frame(uint8_t *buf, const uint8_t head[3], const void *payload,
				size_t len)
{
	wire_put32(buf, (uint32_t)(WIRE_HEAD + len));
	memcpy(buf + WIRE_LEN, head, 3);
	buf[WIRE_LEN + 3] = 0;
	if (len)
		memmove(buf + WIRE_LEN + WIRE_HEAD, payload, len);
	return WIRE_LEN + WIRE_HEAD + len;
}

#endif /* DEMO_WIRE_H */

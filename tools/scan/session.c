// SPDX-License-Identifier: GPL-2.0
/*
 * Secrets of TLS sessions, where a structure confirms them: sessions and connections of
 * OpenSSL, connections of GnuTLS, and lines of a key log (SSLKEYLOGFILE).
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "detectors.h"
#include "needle.h"
#include "random.h"

static const struct kind session_kind = {
	.word = "tls-session",
	.text = "TLS session",
	.advice = "whoever recorded the connection can read it: end the session, and keep sessions "
		  "out of dumps",
	.weight = WEIGHT_KEY,
};

static const struct kind secrets_kind = {
	.word = "tls13-secrets",
	.text = "secrets of a TLS 1.3 connection",
	.advice = "whoever recorded the connection can read it: keep connections out of dumps",
	.weight = WEIGHT_KEY,
};

static const struct kind log_kind = {
	.word = "tls-key-log",
	.text = "line of a TLS key log",
	.advice = "whoever recorded the connection can read it: find out who set SSLKEYLOGFILE",
	.weight = WEIGHT_KEY,
};

static u64 u64_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static bool all_zero(const u8 *bytes, u32 len)
{
	while (len && !bytes[len - 1])
		len--;
	return !len;
}

/*
 * struct ssl_session_st of OpenSSL 3: int ssl_version; size_t master_key_length;
 * early_secret[64]; master_key[256]; size_t session_id_length; session_id[32];
 * size_t sid_ctx_length. It is zeroed before it is filled.
 */
static void length(struct scan *scan, void *state, const struct window *window, u64 at, u64 len)
{
	const u8 *bytes = window->bytes + at, *key = bytes + 72;
	u64 version;
	bool tls13;

	(void)state;
	if ((len != 32 && len != 48) || at < 8 || window->len - at < 376)
		return;
	version = u64_at(bytes - 8);
	tls13 = version == 0x304;
	/* TLS 1.0 to 1.3, DTLS 1.0 and 1.2 */
	if ((version < 0x301 || version > 0x304) && version != 0xfeff && version != 0xfefd)
		return;
	if ((!tls13 && len != 48) || !all_zero(key + len, 256 - len) ||
	    u64_at(bytes + 328) > 32 || u64_at(bytes + 368) > 32 || !looks_random(key, len))
		return;
	if (tls13)
		scan_report(scan, window, at + 72, len, &session_kind, false,
			    "TLS 1.3, resumption secret, in a session of OpenSSL");
	else
		scan_report(scan, window, at + 72, len, &session_kind, false,
			    "%sTLS 1.%u, master secret, in a session of OpenSSL",
			    version > 0x304 ? "D" : "", version == 0xfefd ? 2 :
			    version == 0xfeff ? 0 : (u32)version - 0x301);
}

/* The last bytes of a server's random, if it could have spoken TLS 1.3: RFC 8446, 4.1.3. */
#define RANDOM		32u
#define MASTER		48u

/*
 * security_parameters_st of GnuTLS: two pointers, master_secret[48], client_random[32],
 * server_random[32], session_id[32], uint8_t session_id_size.
 */
static void downgraded(struct scan *scan, void *state, const struct window *window, u64 at,
		       const struct needle *needle)
{
	const u8 *after = window->bytes + at + needle->len, *master;
	u32 before = MASTER + 2 * RANDOM - needle->len, i, id;

	(void)state;
	if (at < before + 16 || window->len - at < needle->len + RANDOM + 1)
		return;
	master = window->bytes + at - before;
	id = after[RANDOM];
	for (i = 1; i <= 2; i++)
		if (!u64_at(master - 8 * i) || u64_at(master - 8 * i) >> 48)
			return;
	if (id > RANDOM || !all_zero(after + id, RANDOM - id) || !looks_random(master, MASTER) ||
	    !looks_random(master + MASTER, RANDOM))
		return;
	scan_report(scan, window, at - before, MASTER, &session_kind, false,
		    "TLS 1.2, master secret, in a connection of GnuTLS");
}

/*
 * The early secret of a connection without a pre-shared key is HKDF-Extract(0, 0), which
 * everyone can compute. OpenSSL keeps it before the secrets that are derived from it:
 * early, handshake, master and nine others, each in 64 bytes.
 */
#define SLOT		64u
#define SLOTS		12u
#define EARLY_SHA256	"\x33\xad\x0a\x1c\x60\x7e\xc0\x3b\x09\xe6\xcd\x98\x93\x68\x0c\xe2" \
			"\x10\xad\xf3\x00\xaa\x1f\x26\x60\xe1\xb2\x2e\x10\xf1\x70\xf9\x2a"
#define EARLY_SHA384	"\x7e\xe8\x20\x6f\x55\x70\x02\x3e\x6d\xc7\x51\x9e\xb1\x07\x3b\xc4" \
			"\xe7\x91\xad\x37\xb5\xc3\x82\xaa\x10\xba\x18\xe2\x35\x7e\x71\x69" \
			"\x71\xf9\x36\x2f\x2c\x2f\xe2\xa7\x6b\xfd\x78\xdf\xec\x4e\xa9\xb5"

/* Is the master secret the one that follows from the handshake secret? RFC 8446, 7.1. */
static bool follows(const EVP_MD *hash, u32 len, const u8 *handshake, const u8 *master)
{
	static const u8 zeros[SLOT];
	u8 info[4 + 13 + SLOT + 1] = "\0\0\x0dtls13 derived", derived[EVP_MAX_MD_SIZE];
	u8 made[EVP_MAX_MD_SIZE] = { 0 };
	bool same;

	info[1] = len;
	info[16] = len;
	same = EVP_Digest("", 0, info + 17, NULL, hash, NULL) == 1;
	info[17 + len] = 1;
	same = same && HMAC(hash, handshake, len, info, 18 + len, derived, NULL) &&
	       HMAC(hash, derived, len, zeros, len, made, NULL) && !memcmp(made, master, len);
	OPENSSL_cleanse(derived, sizeof(derived));
	OPENSSL_cleanse(made, sizeof(made));
	return same;
}

static void early(struct scan *scan, void *state, const struct window *window, u64 at,
		  const struct needle *needle)
{
	const EVP_MD *hash = needle->len == 32 ? EVP_sha256() : EVP_sha384();
	const u8 *bytes = window->bytes + at;
	u32 i;

	(void)state;
	if (window->len - at < SLOTS * SLOT)
		return;
	/* Cheap, before what takes microseconds. */
	for (i = 0; i < 3; i++)
		if (!all_zero(bytes + i * SLOT + needle->len, SLOT - needle->len))
			return;
	if (!follows(hash, needle->len, bytes + SLOT, bytes + 2 * SLOT))
		return;
	scan_report(scan, window, at + SLOT, (SLOTS - 1) * SLOT, &secrets_kind, true,
		    "from the handshake's to the exporter's, in a connection of OpenSSL");
}

static int digit(u8 letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	letter |= 0x20;
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Digits from @at on, up to @most, as bytes in @to if that is wanted; returns how many. */
static u32 digits(const struct window *window, u64 at, u32 most, u8 *to)
{
	u32 nr;
	int value;

	for (nr = 0; nr < most && at + nr < window->len; nr++) {
		value = digit(window->bytes[at + nr]);
		if (value < 0)
			break;
		if (to)
			to[nr / 2] = nr % 2 ? to[nr / 2] << 4 | value : value;
	}
	return nr;
}

/* A label, a random of 32 bytes, and a secret of 32 or 48, in hexadecimal. */
static void logged(struct scan *scan, void *state, const struct window *window, u64 at,
		   const struct needle *needle)
{
	u64 secret = at + needle->len + 2 * RANDOM + 1;
	u8 bytes[MASTER + 1];
	u32 nr;

	(void)state;
	if (digits(window, at + needle->len, 2 * RANDOM + 1, NULL) != 2 * RANDOM ||
	    secret > window->len || window->bytes[secret - 1] != ' ')
		return;
	nr = digits(window, secret, 2 * MASTER + 1, bytes);
	if ((nr == 2 * RANDOM || nr == 2 * MASTER) && looks_random(bytes, nr / 2))
		scan_report(scan, window, at, secret + nr - at, &log_kind, false, "%.*s",
			    needle->len - 1, (const char *)needle->bytes);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

/* Loads what the hashes need before the sandbox closes. */
static void *open_session(struct scan *scan, struct complaint *why)
{
	static const u8 secret[SLOT];

	(void)scan;
	if (follows(EVP_sha256(), 32, secret, secret) ||
	    follows(EVP_sha384(), 48, secret, secret)) {
		complaint_set(why, "OpenSSL computes wrong digests");
		return NULL;
	}
	return (void *)&session_kind;
}

static const struct needle needles[] = {
	NEEDLE("DOWNGRD\x01", downgraded),
	NEEDLE(EARLY_SHA256, early),
	NEEDLE(EARLY_SHA384, early),
	NEEDLE("CLIENT_RANDOM ", logged),
	NEEDLE("CLIENT_EARLY_TRAFFIC_SECRET ", logged),
	NEEDLE("CLIENT_HANDSHAKE_TRAFFIC_SECRET ", logged),
	NEEDLE("SERVER_HANDSHAKE_TRAFFIC_SECRET ", logged),
	NEEDLE("CLIENT_TRAFFIC_SECRET_0 ", logged),
	NEEDLE("SERVER_TRAFFIC_SECRET_0 ", logged),
	NEEDLE("EXPORTER_SECRET ", logged),
	NEEDLE("EARLY_EXPORTER_SECRET ", logged),
	{ 0 }
};

const struct detector detect_session = {
	.name = "session",
	.needles = needles,
	.open = open_session,
	.length = length,
};

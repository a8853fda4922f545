// SPDX-License-Identifier: GPL-2.0
/*
 * Detectors of serialised keys on hostile input: keys of every kind with bytes changed, moved
 * and cut off, in windows that end where their memory does. The sanitizers are the judge; that
 * whole keys are found says that the parsers were reached.
 *
 * mutate_test [SECONDS [SEED]]
 */
#define _GNU_SOURCE
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#include "scan/needle.h"
#include "scan/wide.h"
#include "scanned.h"
#include "tap.h"

#define SAMPLES	40u
#define ROOM	20000u
#define SECONDS	8
#define NAMES	"pem,openssh,pgp,sexp,tokens,jwt,jwk,logins,small,coins,pkcs12"

static struct { u8 bytes[ROOM]; u32 len; } samples[SAMPLES];
static u32 nr_samples;
static u64 state = 0x452821e638d01377ULL;

static const struct detector *use[16];
static void *states[16];
static u32 nr_used;

static u32 below(u32 limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 33) % limit;
}

static void add(const void *bytes, u32 len)
{
	memcpy(samples[nr_samples].bytes, bytes, len);
	samples[nr_samples++].len = len;
}

static void add_text(const char *text)
{
	u8 wide[ROOM];

	add(text, strlen(text));
	if (2 * strlen(text) < ROOM)
		add(wide, widened(text, strlen(text), nr_samples % 2, wide));
}

static void add_key(EVP_PKEY *key, bool traditional)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char text[ROOM];

	if (traditional)
		PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
	else
		PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	text[BIO_read(bio, text, ROOM - 1)] = '\0';
	BIO_free(bio);
	add_text(text);
}

/* Files that ssh-keygen and gpg write. */
static void add_files(void)
{
	static const char command[] =
		"d=$(mktemp -d) && cd $d && mkdir -m 700 home && export GNUPGHOME=home && "
		"ssh-keygen -q -t rsa -b 2048 -N '' -f a && ssh-keygen -q -t ed25519 -N '' -f b && "
		"ssh-keygen -q -t ecdsa -N '' -f c && for k in a b c; do grep -v -e '---' $k | "
		"base64 -d >$k.bin; done; gpg -q --batch --passphrase '' --quick-gen-key a@b "
		"rsa2048 2>log; gpg --armor --export-secret-keys >d.asc; gpg --export-secret-keys "
		">d.gpg; cat home/private-keys-v1.d/*.key >d.key; gpgconf --kill gpg-agent; "
		"for f in a b c a.bin b.bin c.bin d.asc d.gpg d.key; do "
		"printf '%08u' $(stat -c %s $f); cat $f; done; cd /; rm -rf $d";
	FILE *pipe = popen(command, "r");
	char digits[9] = "";
	u8 bytes[ROOM];
	u32 len;

	while (fread(digits, 1, 8, pipe) == 8) {
		len = strtoul(digits, NULL, 10);
		if (len < ROOM && fread(bytes, 1, len, pipe) == len)
			add(bytes, len);
	}
	pclose(pipe);
}

static void make_samples(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");
	PKCS12 *store = PKCS12_create("a", "b", rsa, NULL, NULL, -1, -1, 0, 0, 0);
	u8 bytes[ROOM], *to = bytes;

	add_key(rsa, true);
	add_key(rsa, false);
	add_key(ec, true);
	add_key(ec, false);
	add(bytes, i2d_PKCS12(store, &to));
	PKCS12_free(store);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	add_files();
	add_text("{\"kty\":\"EC\", \"crv\":\"P-256\", \"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
		 "\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"d\":\""
		 "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\",\"use\":\"enc\"}");
	add_text("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4g"
		 "RG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c");
	add_text("pypi-AgEIcHlwaS5vcmcCJGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6YWJjZGVmZ2hpagACCjAxMjM0"
		 "NTY3ODkAAAYgAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
	add_text("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 xoxb-123456789012-1234567890123-AbCdEfGhIjKl"
		 " machine a login b password c0ffee postgres://a:b1234@c");
	add_text("AKIAQ3EGRJ7T2YKLM4XB\nsecret: abcdefghijABCDEFGHIJ0123456789abcdeFGHIJ\n"
		 "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr"
		 "/KBHBeksoGMGw==\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	add_text("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX "
		 "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5 "
		 "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ "
		 "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=");
	add_text("PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\n"
		 "AAAAC3NzaC1lZDI1NTE5AAAAIAAA\nPrivate-Lines: 1\nAAAAIAAAAAAAAAAA\nPrivate-MAC: 00");
}

static void look(struct needles *set, struct scan *scan, const u8 *from, u32 len, bool plain)
{
	u8 *bytes = malloc(len ? len : 1);	/* the sanitizer guards its end */
	u32 begin = plain || below(4) ? 0 : below(len + 1);
	struct window window = { .bytes = bytes, .len = len, .begin = begin, .end = len };
	u32 i;

	memcpy(bytes, from, len);
	if (!plain && !below(4)) {
		window.begin = 0;
		window.seam = below(len + 1);
		window.seam_offset = 1u << 20;
		window.end = window.seam;
	}
	needles_look(set, scan, &window);
	wide_look(set, scan, &window);
	for (i = 0; i < nr_used; i++)
		if (use[i]->look)
			use[i]->look(scan, states[i], &window);
	free(bytes);
}

/* Another sample's bytes, ends of range, lengths that lie, and less than there was. */
static u32 mutate(u8 *to, const u8 *from, u32 len)
{
	static const u8 extremes[] = { 0, 1, 0x7f, 0x80, 0x82, 0x84, 0xff, '(', ')', '"', '=', '\\' };
	u32 changes = 1 + below(6), at, nr, other;

	memcpy(to, from, len);
	for (; changes && len > 4; changes--) {
		at = below(len);
		switch (below(6)) {
		case 0:
			to[at] ^= 1 << below(8);
			break;
		case 1:
			to[at] = extremes[below(sizeof(extremes))];
			break;
		case 2:
			memset(to + at, 0xff, min(len - at, 4u));
			break;
		case 3:
			len = at + 1;
			break;
		case 4:
			nr = below(min(len - at, 64u));
			memmove(to + at, to + at + nr, len - at - nr);
			len -= nr;
			break;
		default:
			other = below(nr_samples);
			nr = min(min(len - at, samples[other].len), 1 + below(100));
			memcpy(to + at, samples[other].bytes, nr);
			break;
		}
	}
	return len;
}

int main(int argc, char **argv)
{
	struct scan_options options = { .only = NAMES };
	struct needles *set = needles_new();
	struct complaint why = { "" };
	struct scan *scan = scan_new(&options, &why);
	u32 i, rounds = 0, whole;
	u8 bytes[ROOM];
	time_t end;

	for (i = 0; detectors[i]; i++) {
		if (!memmem(NAMES, sizeof(NAMES), detectors[i]->name, strlen(detectors[i]->name)))
			continue;
		use[nr_used] = detectors[i];
		states[nr_used] = detectors[i]->open ? detectors[i]->open(scan, &why) : NULL;
		if (detectors[i]->needles)
			needles_add(set, detectors[i]->needles, states[nr_used], &why);
		nr_used++;
	}
	needles_prepare(set);
	make_samples();
	for (i = 0; i < nr_samples; i++)
		look(set, scan, samples[i].bytes, samples[i].len, true);
	whole = scan_sightings(scan)->nr;
	ok(scan && nr_used == 11 && nr_samples > 30, "%u samples for %u detectors", nr_samples,
	   nr_used);
	ok(whole > 25, "whole, they are seen");
	if (argc > 2)
		state += strtoull(argv[2], NULL, 0);
	for (end = time(NULL) + (argc > 1 ? atoi(argv[1]) : SECONDS); time(NULL) < end; rounds++) {
		i = below(nr_samples);
		look(set, scan, bytes, mutate(bytes, samples[i].bytes, samples[i].len),
		     false);
	}
	ok(rounds > 100, "changed, they are looked at without harm");
	printf("# %u rounds\n", rounds);
	for (i = 0; i < nr_used; i++)
		if (use[i]->close)
			use[i]->close(states[i]);
	needles_free(set);
	scan_free(scan);
	return tap_end();
}

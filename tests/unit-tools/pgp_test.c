// SPDX-License-Identifier: GPL-2.0
/*
 * Secret keys of OpenPGP and private keys of libgcrypt: written here byte by byte, and made by
 * gpg.
 */
#define _GNU_SOURCE
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "scan/effort.h"
#include "scanned.h"
#include "tap.h"

#define ED25519		"\x16\x09\x2b\6\1\4\1\xda\x47\x0f\1"
#define X25519		"\x12\x0a\x2b\6\1\4\1\x97\x55\1\5\1"
#define PARTS		6

static char dir[] = "/tmp/kredact-pgp-XXXXXX";
static u8 bytes[16384], armour[32768], raw[2][64], numbers[PARTS][512];
static u32 len, number_len[PARTS];
static struct seen seen;

__attribute__((format(printf, 1, 2)))
static bool shell(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return !system(command);
}

static void put(const void *from, u32 nr)
{
	memcpy(bytes + len, from, nr);
	len += nr;
}

static void put_mpi(const u8 *from, u32 nr)
{
	u32 bits;

	while (nr && !*from) {
		from++;
		nr--;
	}
	bits = 8 * nr - __builtin_clz((u32)*from << 24);
	bytes[len++] = bits >> 8;
	bytes[len++] = bits;
	put(from, nr);
}

/* Of what was put from @from on. */
static void put_sum(u32 from)
{
	u32 sum = 0, i;

	for (i = from; i < len; i++)
		sum += bytes[i];
	bytes[len++] = sum >> 8;
	bytes[len++] = sum;
}

/* The packet of a secret key on a curve, and after it a zero. */
static void make_packet(const char *head, u32 head_len, const u8 *public, u32 public_len,
			const u8 *private, u32 private_len, const char *kdf)
{
	u32 from;

	len = 0;
	put("\x94\0\4\x65\x92\1\2", 7);
	put(head, head_len);
	put_mpi(public, public_len);
	put(kdf, strlen(kdf));
	bytes[len++] = 0;
	from = len;
	put_mpi(private, private_len);
	seen = (struct seen){ "pgp-secret", from, len - from, true };
	put_sum(from);
	bytes[1] = len - 2;
	bytes[len++] = 0;
}

static void make_raw(const char *type)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, type);
	size_t nr = 64;

	EVP_PKEY_get_raw_private_key(key, raw[0], &nr);
	nr = 63;
	raw[1][0] = 0x40;
	EVP_PKEY_get_raw_public_key(key, raw[1] + 1, &nr);
	EVP_PKEY_free(key);
}

static void reverse(u8 *at, u32 nr)
{
	u32 i;

	for (i = 0; i < nr / 2; i++) {
		u8 byte = at[i];

		at[i] = at[nr - 1 - i];
		at[nr - 1 - i] = byte;
	}
}

static void test_curves(void)
{
	make_raw("ED25519");
	make_packet(ED25519, 11, raw[1], 33, raw[0], 32, "");
	ok(seen_everywhere(bytes, len, "pgp", &seen), "Ed25519");
	bytes[seen.first + 9] ^= 4;
	ok(nothing(bytes, len, "pgp"), "one bit changed: neither arithmetic nor the sum: nothing");
	len = seen.first + seen.len;
	put_sum(seen.first);
	seen.proven = false;
	ok(seen_at(bytes, len, "pgp", &seen, 30, 900), "and the sum as well: by its form");
	make_packet(ED25519, 11, raw[1], 33, raw[0], 32, "");
	bytes[seen.first - 1] = 254;
	memcpy(bytes + seen.first, "\x09\3\x0a", 3);
	seen = (struct seen){ "pgp-encrypted", 2, 6, false };
	ok(seen_at(bytes, len, "pgp", &seen, 30, 900) && !scanned_keys, "encrypted: a note");
	make_raw("X25519");
	reverse(raw[0], 32);
	make_packet(X25519, 12, raw[1], 33, raw[0], 32, "\3\1\x08\7");
	ok(seen_everywhere(bytes, len, "pgp", &seen), "X25519");
	bytes[5] = 5;
	ok(seen_at(bytes, len, "pgp", &seen, 30, 900), "at another time");
	bytes[2] = 3;
	ok(nothing(bytes, len, "pgp"), "of another version: nothing");
}

/* n, e, d, p, q and 1/p mod q. */
static void make_rsa(void)
{
	static const char *const names[] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
					     OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR2,
					     OSSL_PKEY_PARAM_RSA_FACTOR1,
					     OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };
	EVP_PKEY *key = EVP_RSA_gen(2048);
	u32 i;

	for (i = 0; i < PARTS; i++) {
		BIGNUM *number = NULL;

		EVP_PKEY_get_bn_param(key, names[i], &number);
		number_len[i] = BN_bn2bin(number, numbers[i]);
		BN_clear_free(number);
	}
	EVP_PKEY_free(key);
}

static void test_rsa(void)
{
	u32 i, from;

	len = 0;
	put("\x95\3\x98\4\x65\x92\1\2\1", 9);
	for (i = 0; i < 2; i++)
		put_mpi(numbers[i], number_len[i]);
	from = len;
	bytes[len++] = 0;
	from = len;
	for (i = 2; i < PARTS; i++)
		put_mpi(numbers[i], number_len[i]);
	seen = (struct seen){ "pgp-secret", from, len - from, true };
	put_sum(from);
	ok(seen_everywhere(bytes, len, "pgp", &seen), "RSA");
	bytes[from - 1] = 1;
	ok(nothing(bytes, from - 1, "pgp"), "a public key: nothing");
}

/* A list of names and values, as @form: 0 canonical, 1 advanced, 2 in memory. */
static void open_list(u32 form)
{
	bytes[len++] = form == 2 ? 3 : '(';
}

static void close_list(u32 form)
{
	bytes[len++] = form == 2 ? 4 : ')';
}

static u32 put_value(u32 form, const void *value, u32 nr, bool hex)
{
	u32 i, from;

	if (form == 0) {
		len += sprintf((char *)bytes + len, "%u:", nr);
	} else if (form == 2) {
		bytes[len++] = 1;
		bytes[len++] = nr;
		bytes[len++] = nr >> 8;
	} else if (hex) {
		len += sprintf((char *)bytes + len, " #");
		from = len;
		for (i = 0; i < nr; i++)
			len += sprintf((char *)bytes + len, "%02X%s", ((const u8 *)value)[i],
				       i % 32 == 31 && i + 1 < nr ? "\n  " : "");
		bytes[len++] = '#';
		return from;
	}
	from = len;
	put(value, nr);
	if (form == 1)
		bytes[len++] = ' ';
	return from;
}

static u32 put_number(u32 form, const char *name, const void *value, u32 nr)
{
	u32 from;

	open_list(form);
	put_value(form, name, 1, false);
	from = put_value(form, value, nr, true);
	close_list(form);
	return from;
}

static void begin_key(u32 form, const char *algorithm)
{
	len = 0;
	open_list(form);
	put_value(form, "private-key", 11, false);
	open_list(form);
	put_value(form, algorithm, 3, false);
}

static void end_key(u32 form)
{
	close_list(form);
	close_list(form);
	bytes[len++] = 0;
}

static void test_sexp(u32 form, const char *name)
{
	u32 i, at[PARTS] = { 0 };

	make_raw("ED25519");
	begin_key(form, "ecc");
	open_list(form);
	put_value(form, "curve", 5, false);
	put_value(form, "Ed25519", 7, false);
	close_list(form);
	put_number(form, "q", raw[1], 33);
	at[0] = put_number(form, "d", raw[0], 32);
	seen = (struct seen){ "sexp-private", at[0], len - at[0] - (form == 1 ? 2 : 1), true };
	end_key(form);
	ok(seen_everywhere(bytes, len, "sexp", &seen), "Ed25519, %s", name);
	bytes[seen.first + 4] = bytes[seen.first + 4] == '7' ? '3' : '7';
	ok(nothing(bytes, len, "sexp"), "Ed25519, %s, changed: nothing", name);
	begin_key(form, "rsa");
	for (i = 0; i < PARTS; i++)
		at[i] = put_number(form, (const char *const[]){ "n", "e", "d", "p", "q", "u" }[i],
				   numbers[i], number_len[i]);
	seen = (struct seen){ "sexp-private", at[2], len - at[2] - (form == 1 ? 2 : 1), true };
	end_key(form);
	ok(seen_everywhere(bytes, len, "sexp", &seen), "RSA, %s", name);
	ok(nothing(bytes, at[2], "sexp"), "RSA, %s, cut: nothing", name);
}

static u32 load(const char *name, u8 *to, u32 room)
{
	FILE *file = fopen(name, "r");
	u32 nr = file ? fread(to, 1, room - 1, file) : 0;

	to[nr] = 0;
	if (file)
		fclose(file);
	return nr;
}

static void test_gpg(const char *algorithm, const char *passphrase, const char *kind)
{
	bool clear = !*passphrase;
	char *first, *end;
	u32 nr;

	ok(shell("rm -rf home; mkdir -m 700 home; "
		 "gpg -q --batch --pinentry-mode loopback --passphrase '%s' --quick-gen-key a@b %s "
		 "default never 2>log && gpg --batch --pinentry-mode loopback --passphrase '%s' "
		 "--armor --export-secret-keys >secret.asc && "
		 "gpg --batch --pinentry-mode loopback --passphrase '%s' --export-secret-keys "
		 ">secret.gpg && gpg --export >public.gpg && gpg --armor --export >public.asc && "
		 "cat home/private-keys-v1.d/*.key >agent.key; status=$?; "
		 "gpgconf --kill gpg-agent; exit $status", passphrase, algorithm, passphrase,
		 passphrase), "%s: a key of gpg, %s", algorithm, clear ? "in clear" : "protected");
	nr = load("secret.asc", armour, sizeof(armour));
	first = strstr((char *)armour, "\n\n") + 2;
	end = strstr((char *)armour, "\n-----END") - strlen("\n=XXXX");
	seen = (struct seen){ kind, (u8 *)first - armour, end - first, clear };
	ok(text_everywhere((char *)armour, nr, "pgp", &seen) && clear == !!scanned_keys,
	   "%s: in armour", algorithm);
	ok(clear == !!strstr(scanned[0].detail, "CRC-24 is right") || !clear,
	   "%s: the CRC-24 is right", algorithm);
	scan_these(armour, load("secret.gpg", armour, sizeof(armour)), "pgp", NULL);
	ok(scanned_nr && !strcmp(scanned[0].kind->word, kind), "%s: in packets", algorithm);
	scan_these(armour, load("agent.key", armour, sizeof(armour)), "sexp", NULL);
	ok(scanned_nr && !strcmp(scanned[0].kind->word,
				 clear ? "sexp-private" : "sexp-protected") &&
	   scanned[0].proven == clear && clear == !!scanned_keys, "%s: of the agent", algorithm);
	ok(nothing(armour, load("public.gpg", armour, sizeof(armour)), "pgp,sexp") &&
	   nothing(armour, load("public.asc", armour, sizeof(armour)), "pgp,sexp"),
	   "%s: its public half: nothing", algorithm);
}

/* Exponents in a row, before each of which a modulus of any length could be. */
static void test_effort(void)
{
	static const u8 exponent[] = { 0, 0x11, 1, 0, 1 };
	const u64 least = effort_least;
	struct complaint why = { "" };

	for (len = 0; len + sizeof(exponent) <= sizeof(bytes); len += sizeof(exponent))
		memcpy(bytes + len, exponent, sizeof(exponent));
	effort_least = 0;
	ok(scan_tried(bytes, len, "pgp", NULL, &why) == -E2BIG && !scanned_nr,
	   "exponents everywhere, with little effort: it says so");
	effort_least = least;
	ok(nothing(bytes, len, "pgp"), "with as much as usual: nothing");
}

int main(void)
{
	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	setenv("GNUPGHOME", "home", 1);
	make_rsa();
	test_curves();
	test_rsa();
	test_sexp(0, "canonical");
	test_sexp(1, "advanced");
	test_sexp(2, "in memory");
	test_effort();
	test_gpg("rsa2048", "", "pgp-secret");
	test_gpg("ed25519", "", "pgp-secret");
	test_gpg("nistp256", "", "pgp-secret");
	test_gpg("ed25519", "secret", "pgp-encrypted");
	shell("rm -rf %s", dir);
	return tap_end();
}

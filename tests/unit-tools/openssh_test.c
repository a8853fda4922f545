// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of SSH: made by ssh-keygen, in messages to an agent, in PuTTY's files, and shielded in
 * a live ssh-agent.
 */
#define _GNU_SOURCE
#include <signal.h>

#include <openssl/evp.h>

#include "scan/effort.h"
#include "scan/proof.h"
#include "scan/sshkey.h"
#include "scan/simd.h"
#include "scanned.h"
#include "tap.h"

#define ROOM	16384u

static char dir[] = "/tmp/kredact-openssh-XXXXXX";
static u8 bytes[ROOM], message[ROOM];
static char text[ROOM];
static u32 len;

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

static u32 load(const char *name, void *to)
{
	FILE *file = fopen(name, "r");
	u32 got = file ? fread(to, 1, ROOM - 1, file) : 0;

	((char *)to)[got] = '\0';
	if (file)
		fclose(file);
	return got;
}

/* The file between its lines, decoded. */
static void decode(const char *name)
{
	EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
	u32 total = load(name, text);
	char *at = strchr(text, '\n') + 1;
	int part, last;

	EVP_DecodeInit(context);
	EVP_DecodeUpdate(context, bytes, &part, (u8 *)at, total - (at - text));
	EVP_DecodeFinal(context, bytes + part, &last);
	EVP_ENCODE_CTX_free(context);
	len = part + last;
}

/* Where the private section of @bytes begins: after the second check number. */
static u32 private_section(void)
{
	static const char magic[] = "openssh-key-v1";
	struct wire wire = { bytes + sizeof(magic), len - sizeof(magic) };
	struct octets string;
	u32 number, i;

	for (i = 0; i < 3; i++)
		wire_string(&wire, &string);
	wire_u32(&wire, &number);
	wire_string(&wire, &string);
	for (i = 0; i < 3; i++)
		wire_u32(&wire, &number);
	return wire.bytes - bytes;
}

/* The string of index @field after the type, of a private section at @at. */
static struct octets field(u32 at, u32 nr)
{
	struct wire wire = { bytes + at, len - at };
	struct octets string = { NULL, 0 };
	u32 i;

	for (i = 0; i <= nr + 1; i++)
		wire_string(&wire, &string);
	return string;
}

static void test_type(const char *type, const char *options, u32 first, u32 last, u32 shorter)
{
	struct seen seen = { "ssh-private", 0, 0, true }, pem;
	struct octets from, to;
	u32 at;

	ok(shell("rm -f key key.pub; ssh-keygen -q -t %s %s -N '' -C comment -f key", type,
		 options), "%s: a key", type);
	decode("key");
	at = private_section();
	from = field(at, first);
	to = field(at, last);
	seen.first = from.bytes - bytes;
	seen.len = to.bytes + to.len - from.bytes - shorter;
	ok(seen_everywhere(bytes, len, "openssh", &seen), "%s: a binary key file", type);
	/* SSH2_AGENTC_ADD_IDENTITY has the private section, and a comment. */
	message[4] = 17;
	memcpy(message + 5, bytes + at, len - at);
	seen.first -= at - 5;
	ok(seen_everywhere(message, len - at + 5, "openssh", &seen), "%s: sent to an agent", type);
	message[seen.first + seen.len - 1] ^= 2;
	ok(nothing(message, len - at + 5, "openssh"), "%s: one bit of the secret changed: nothing",
	   type);
	at = load("key", text);
	pem = (struct seen){ "pem-private", strchr(text, '\n') + 1 - text, 0, true };
	pem.len = strstr(text, "\n-----END") - text - pem.first;
	ok(text_everywhere(text, at, "pem", &pem), "%s: a key file", type);
	ok(nothing(text, load("key.pub", text), "openssh,pem"), "%s: its public key: nothing", type);
}

static void test_encrypted(void)
{
	struct seen seen = { "pem-encrypted", 0, 0, false };
	u32 total;

	ok(shell("rm -f key key.pub; ssh-keygen -q -t ed25519 -N secret -f key"),
	   "an encrypted key");
	total = load("key", text);
	seen.first = strchr(text, '\n') + 1 - text;
	seen.len = strstr(text, "\n-----END") - text - seen.first;
	ok(text_everywhere(text, total, "pem,openssh", &seen) && !scanned_keys, "is a note");
	decode("key");
	seen = (struct seen){ "ssh-encrypted", 0, 15, false };
	ok(seen_everywhere(bytes, len, "openssh", &seen) && !scanned_keys, "and so in binary");
}

static void test_cut(void)
{
	struct seen seen = { "pem-private-cut", 0, 0, false };

	shell("rm -f key key.pub; ssh-keygen -q -t rsa -b 2048 -N '' -f key");
	load("key", text);
	seen.first = strchr(text, '\n') + 1 - text;
	seen.len = 71 * 18 - 1;
	ok(seen_at(text, seen.first + seen.len, "pem", &seen, 30, 4000),
	   "a key file, its end overwritten");
	ok(nothing(text, seen.first + 71 * 5, "pem"), "only the public key is left: nothing");
}

static u32 put_string(u8 *to, const void *from, u32 nr)
{
	to[0] = nr >> 24;
	to[1] = nr >> 16;
	to[2] = nr >> 8;
	to[3] = nr;
	memcpy(to + 4, from, nr);
	return nr + 4;
}

static u32 put_base64(char *to, const u8 *from, u32 nr)
{
	u32 total = 0, part;

	for (; nr; from += part, nr -= part) {
		part = min(nr, 48u);
		total += EVP_EncodeBlock((u8 *)to + total, from, part);
		to[total++] = '\n';
	}
	return total;
}

/* A file as PuTTYgen writes it, of an Ed25519 key. */
static void test_putty(void)
{
	struct seen seen = { "putty-private", 0, 0, true };
	struct octets public, private;
	u32 total, at, n;
	char *broken;

	shell("rm -f key key.pub; ssh-keygen -q -t ed25519 -N '' -f key");
	decode("key");
	public = field(private_section(), 0);
	private = field(private_section(), 1);
	total = sprintf(text, "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n"
			"Comment: a key\nPublic-Lines: 2\n");
	n = put_string(message, "ssh-ed25519", 11);
	n += put_string(message + n, public.bytes, public.len);
	total += put_base64(text + total, message, n);
	total += sprintf(text + total, "Private-Lines: 1\n");
	n = put_string(message, private.bytes, 32);
	seen.first = total;
	at = put_base64(text + total, message, n);
	seen.len = at - 1;
	total += at;
	total += sprintf(text + total, "Private-MAC: 0123456789abcdef\n");
	ok(text_everywhere(text, total, "openssh", &seen), "PuTTY, Ed25519");
	broken = text + seen.first + 20;
	*broken = *broken == 'A' ? 'B' : 'A';
	ok(nothing(text, total, "openssh"), "PuTTY, one letter changed: nothing");
	broken = strstr(text, "none\n");
	memcpy(broken, "aes\n ", 5);
	seen = (struct seen){ "ssh-encrypted", 0, 20, false };
	ok(seen_at(text, total, "openssh", &seen, 30, 4000) && !scanned_keys,
	   "PuTTY, encrypted: a note");
}

/* The dump of a program that holds keys which it has shielded; on one path. */
static void test_dump(enum simd level)
{
	struct scan_options options = { .only = "openssh" };
	static const char *const types[] = { "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256" };
	const struct sightings *all;
	bool seen[3] = { false };
	struct complaint why = { "" };
	struct scan *scan;
	struct input in;
	struct core core;
	FILE *file;
	u32 i, k;

	simd_limit(level);
	scan = scan_new(&options, &why);
	file = fopen("agent.core", "r");
	ok(scan && file && !input_open(&in, fileno(file), true, &why) &&
	   !core_open(&core, &in, &why) && !scan_run(scan, &in, &core, &why),
	   "is scanned, path %u", level);
	all = scan_sightings(scan);
	for (i = 0; i < all->nr; i++)
		for (k = 0; k < 3; k++)
			if (!strcmp(all->list[i].kind->word, "ssh-shielded") &&
			    all->list[i].proven &&
			    !strncmp(all->list[i].detail, types[k], strlen(types[k])))
				seen[k] = true;
	for (k = 0; k < 3; k++)
		ok(seen[k], "%s: opened with what shields it, and proven", types[k]);
	core_close(&core);
	input_close(&in);
	scan_free(scan);
	fclose(file);
	simd_limit(SIMD_VBMI);
}

static void test_shielded(void)
{
	enum simd level;

	ok(shell("rm -f k1 k2 k3; for t in rsa ed25519 ecdsa; do ssh-keygen -q -t $t -N '' "
		 "-f k_$t || exit 1; done; eval $(ssh-agent -s) >agent.out && "
		 "ssh-add -q k_rsa k_ed25519 k_ecdsa && gcore -o agent $SSH_AGENT_PID "
		 ">gcore.out 2>&1; status=$?; kill $SSH_AGENT_PID; mv agent.[0-9]* agent.core; "
		 "exit $status"), "the dump of an ssh-agent with three keys");
	for (level = SIMD_NONE; level <= SIMD_VBMI; level++)
		test_dump(level);
}

/* What looks like a shielded key, more often than is kept. */
static void test_many_shielded(void)
{
	u64 size = 8192 * 4 * sizeof(u64), *words = malloc(size), i;
	struct core_segment all = { .vaddr = 0x10000, .filesz = size, .memsz = size };
	struct complaint why = { "" };
	struct core core;

	for (i = 0; i < size / sizeof(*words); i += 4) {
		words[i] = words[i + 2] = all.vaddr;
		words[i + 1] = 1024;
		words[i + 3] = 16384;
	}
	core_map(&core, &all, 1, size);
	ok(scan_tried(words, size, "openssh", &core, &why) == -E2BIG &&
	   strstr(why.text, "shielded"), "more shielded keys than are kept: it says so");
	core_close(&core);
	free(words);
}

/* Numbers are multiplied if that costs no more than there is. */
static void test_effort(void)
{
	const u64 least = effort_least;
	u8 n[40], p[20], q[20];
	struct octets numbers[3] = { { n, 39 }, { p, 20 }, { q, 20 } };
	u32 i;

	/* (2^160 - 1)^2 = 2^320 - 2^161 + 1 */
	memset(p, 0xff, sizeof(p));
	memset(q, 0xff, sizeof(q));
	memset(n, 0, sizeof(n));
	memset(n, 0xff, 20);
	n[19] = 0xfe;
	n[39] = 1;
	for (i = 0; i < 2; i++) {
		effort_least = i ? least : 0;
		effort_begin(0);
		numbers[0].len = 39;
		ok(proof_rsa(numbers[0], numbers[1], numbers[2]) == PROOF_WRONG && !effort_spent(),
		   "lengths that are none of a product cost nothing");
		numbers[0].len = 40;
		ok(proof_rsa(numbers[0], numbers[1], numbers[2]) ==
		   (i ? PROOF_DONE : PROOF_WRONG) && effort_spent() == !i,
		   "a product, with%s effort", i ? "" : "out");
	}
}

int main(void)
{
	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	test_type("ed25519", "", 1, 1, 32);
	test_type("rsa", "-b 2048", 2, 5, 0);
	test_type("ecdsa", "-b 256", 2, 2, 0);
	test_type("ecdsa", "-b 384", 2, 2, 0);
	test_type("ecdsa", "-b 521", 2, 2, 0);
	test_type("dsa", "", 4, 4, 0);
	test_encrypted();
	test_cut();
	test_effort();
	test_putty();
	test_shielded();
	test_many_shielded();
	shell("rm -rf %s", dir);
	return tap_end();
}

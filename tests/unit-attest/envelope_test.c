// SPDX-License-Identifier: GPL-2.0
/*
 * Envelopes: what envelope_make() writes is read back, and what two readers could take
 * differently is refused.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "attest/envelope.h"
#include "forge.h"
#include "run.h"
#include "tap.h"

#define TYPE	"\"payloadType\":\"application/vnd.in-toto+json\""
#define SIG	"\"signatures\":[{\"keyid\":\"k\",\"sig\":\"AAAA\"}]"

static bool reads(const char *text, size_t len)
{
	struct complaint why;
	struct envelope envelope;
	/* Of just its size, so that a byte too far is seen. */
	char *copy = malloc(len + !len);
	int error;

	memcpy(copy, text, len);
	error = envelope_read(&envelope, copy, len, &why);
	envelope_free(&envelope);
	free(copy);
	return !error;
}

static void refuse(const char *text, const char *what)
{
	ok(!reads(text, strlen(text)), "refused: %s", what);
}

static void test_forms(void)
{
	static char many[ENVELOPE_SIGNATURES * 40 + 200];
	u32 i, nr;

	ok(reads("{" TYPE ",\"payload\":\"e30=\"," SIG "}",
		 strlen("{" TYPE ",\"payload\":\"e30=\"," SIG "}")), "the least envelope is read");
	ok(reads("{" TYPE ",\"payload\":\"e30=\"," SIG ",\"more\":1}\n ",
		 strlen("{" TYPE ",\"payload\":\"e30=\"," SIG ",\"more\":1}\n ")),
	   "members of later versions, and a new line, are no matter");
	refuse("{" TYPE ",\"payload\":\"e30\"," SIG "}", "base64 without its padding");
	refuse("{" TYPE ",\"payload\":\"_-_-\"," SIG "}", "base64url");
	refuse("{" TYPE ",\"payload\":\"e30=\\n\"," SIG "}", "white space in base64");
	refuse("{" TYPE ",\"payload\":\" e30=   \"," SIG "}", "spaces around base64");
	refuse("{" TYPE ",\"payload\":\"e31=\"," SIG "}", "bits in base64 that are over");
	refuse("{" TYPE ",\"payload\":\"\"," SIG "}", "no payload");
	refuse("{" TYPE ",\"payload\":7," SIG "}", "a payload that is a number");
	refuse("{\"payloadType\":\"application/json\",\"payload\":\"e30=\"," SIG "}",
	       "another type");
	refuse("{\"payload\":\"e30=\"," SIG "}", "no type");
	refuse("{" TYPE ",\"payload\":\"e30=\",\"signatures\":[]}", "nobody has signed");
	refuse("{" TYPE ",\"payload\":\"e30=\"}", "no list of signatures");
	refuse("{" TYPE ",\"payload\":\"e30=\",\"signatures\":[7]}", "a signature that is a number");
	refuse("{" TYPE ",\"payload\":\"e30=\",\"signatures\":[{\"keyid\":\"k\"}]}", "no sig");
	refuse("{" TYPE ",\"payload\":\"e30=\",\"signatures\":[{\"keyid\":7,\"sig\":\"AAAA\"}]}",
	       "a keyid that is a number");
	refuse("{" TYPE ",\"payload\":\"e30=\",\"payload\":\"e30=\"," SIG "}", "a name twice");
	refuse("{" TYPE ",\"payload\":\"e30=\"," SIG "}{}", "something after it");
	refuse("[" TYPE "]", "a list");
	refuse("", "nothing");
	refuse("{" TYPE ",\"payload\":\"e30=\"," SIG ",\"a\":[[[[[[]]]]]]}", "too deep");
	refuse("{" TYPE ",\"payload\":\"e30=\"," SIG ",\"a\":\"\xff\xfe\"}", "no UTF-8");
	ok(!reads("{" TYPE ",\"payload\":\"e30=\"," SIG "}\0", strlen("{" TYPE ",\"payload\":\"e30=\"," SIG
								    "}") + 1), "refused: a NUL");
	for (nr = ENVELOPE_SIGNATURES; nr <= ENVELOPE_SIGNATURES + 1; nr++) {
		strcpy(many, "{" TYPE ",\"payload\":\"e30=\",\"signatures\":[{\"sig\":\"AAAA\"}");
		for (i = 1; i < nr; i++)
			strcat(many, ",{\"sig\":\"AAAA\"}");
		strcat(many, "]}");
		ok(reads(many, strlen(many)) == (nr == ENVELOPE_SIGNATURES), "%u signatures: %s", nr,
		   nr == ENVELOPE_SIGNATURES ? "read" : "refused");
	}
}

/* Cut anywhere it is no envelope; changed anywhere it is none, or one that nobody signed so. */
static void test_cuts(void)
{
	struct complaint why;
	struct signer *signer = signer_load("a.pem", &why);
	char *text = envelope_make("{\"a\":1}", &signer, 1, false, &why);
	size_t len = strlen(text) - 1, i;
	struct envelope envelope;
	u32 read = 0;

	ok(!envelope_read(&envelope, text, len, &why) && envelope.nr == 1 && envelope.len == 7 &&
	   !strcmp(envelope.payload, "{\"a\":1}") && envelope.signatures[0].len == 64,
	   "what is written is read back");
	envelope_free(&envelope);
	for (i = 0; i < len; i++)
		read += reads(text, i);
	ok(!read, "cut after any of its %zu bytes, it is refused", len);
	signer_free(signer);
	free(text);
}

/* The example of the specification of DSSE: what is signed. */
static void test_encoding(void)
{
	static const char wanted[] = "DSSEv1 28 application/vnd.in-toto+json 11 hello world";
	size_t len = 0;
	char *encoded = envelope_encoded("hello world", 11, &len);

	ok(len == strlen(wanted) && !memcmp(encoded, wanted, len), "the type, the payload and their lengths are signed");
	free(encoded);
}

static void test_json(void)
{
	struct complaint why;
	struct json_object *root;
	static const char twice[] = "{\"a\":{\"b\":1,\"c\":\"x:y\\\":\",\"b\":2}}";
	static const char once[] = "{\"a\":{\"b\":1,\"c\":\"x:y\\\":\",\"d\":2}}";

	root = envelope_json(once, strlen(once), 4, &why);
	ok(root, "colons in strings are no members");
	json_object_put(root);
	ok(!envelope_json(twice, strlen(twice), 4, &why) && strstr(why.text, "twice"),
	   "a name that is twice further down is seen, too");
}

int main(void)
{
	static char folder[] = "/tmp/envelope_test.XXXXXX";
	static struct outcome outcome;

	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	forge_key("a", "ed25519");
	test_forms();
	test_cuts();
	test_encoding();
	test_json();
	run(&outcome, (char *const[]){ "rm", "-rf", folder, NULL });
	return tap_end();
}

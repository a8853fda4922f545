// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: attestations. The first byte tells whether the rest is an envelope, or the payload
 * of one that is made here: mutations of base64 would hardly ever get further.
 */
#include <json-c/json.h>
#include <openssl/evp.h>

#include "attest/attestation.h"
#include "fuzz.h"

#define HEAD	"{\"payloadType\":\"" ENVELOPE_INTOTO "\",\"payload\":\""
#define TAIL	"\",\"signatures\":[{\"keyid\":\"k\",\"sig\":\"AAAA\"}]}"

static char *wrap(const u8 *data, size_t len, size_t *wrapped)
{
	char *text = malloc(sizeof(HEAD) + sizeof(TAIL) + 4 * (len / 3 + 1));
	size_t at = strlen(HEAD);

	must(text);
	memcpy(text, HEAD, at);
	at += EVP_EncodeBlock((u8 *)text + at, data, len);
	memcpy(text + at, TAIL, strlen(TAIL));
	*wrapped = at + strlen(TAIL);
	return text;
}

static void check(const struct attestation *a)
{
	size_t len;
	char *encoded = envelope_encoded(a->envelope.payload, a->envelope.len, &len);

	must(encoded && len > a->envelope.len &&
	     !memcmp(encoded + len - a->envelope.len, a->envelope.payload, a->envelope.len));
	must(a->envelope.nr && a->envelope.nr <= ENVELOPE_SIGNATURES && a->status <= 2 && a->time);
	must(json_object_is_type(json_object_object_get(a->predicate, "checks"), json_type_array));
	free(encoded);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct complaint why;
	struct attestation a;
	char *text;
	size_t wrapped;

	if (!len)
		return 0;
	if (*data == 'e')
		text = memcpy(malloc(len), data + 1, wrapped = len - 1);
	else
		text = wrap(data + 1, len - 1, &wrapped);
	if (!attestation_read(&a, text, wrapped, &why))
		check(&a);
	attestation_free(&a);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DSSE v1: a payload, its type, and who signed both. What is signed is the pre-authentication
 * encoding, never the JSON around it.
 */
#ifndef KREDACT_TOOLS_ENVELOPE_H
#define KREDACT_TOOLS_ENVELOPE_H

#include "signer.h"

#define ENVELOPE_INTOTO		"application/vnd.in-toto+json"
#define ENVELOPE_MAX		(4u << 20)	/* bytes of an envelope that is read */
#define ENVELOPE_SIGNATURES	16u
#define ENVELOPE_DEPTH		4
#define ENVELOPE_KEYID		128u

struct json_object;

/**
 * struct envelope_signature - who signed; nothing of it is true before it is verified
 * @keyid:	name of the key, as the envelope has it, escaped; empty if it has none
 * @bytes:	the signature
 * @len:	how many
 */
struct envelope_signature {
	char keyid[TEXT_ESCAPED(ENVELOPE_KEYID)];
	u8 bytes[SIGNATURE_MAX];
	size_t len;
};

/**
 * struct envelope - an envelope that was read
 * @payload:	followed by a NUL that is no part of it
 * @len:	its bytes
 * @signatures:	all of them
 * @nr:		how many, at least one
 */
struct envelope {
	char *payload;
	size_t len;
	struct envelope_signature signatures[ENVELOPE_SIGNATURES];
	u32 nr;
};

char *envelope_make(const char *payload, struct signer *const *signers, u32 nr, bool pretty,
		    struct complaint *why);
int envelope_read(struct envelope *envelope, const char *text, size_t len, struct complaint *why);
void envelope_free(struct envelope *envelope);
char *envelope_encoded(const char *payload, size_t payload_len, size_t *len);
struct json_object *envelope_json(const char *text, size_t len, int depth, struct complaint *why);

#endif /* KREDACT_TOOLS_ENVELOPE_H */

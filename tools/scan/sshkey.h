/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private keys as SSH writes them: RFC 4251's strings, in the order of PROTOCOL.key,
 * PROTOCOL.agent and PuTTY's files.
 */
#ifndef KREDACT_TOOLS_SSHKEY_H
#define KREDACT_TOOLS_SSHKEY_H

#include "proof.h"

/**
 * struct wire - what is left of a message
 * @bytes:	the rest
 * @len:	its length
 */
struct wire {
	const u8 *bytes;
	u64 len;
};

/**
 * struct sshkey - a private key in a message
 * @type:	"ssh-ed25519"
 * @proof:	never PROOF_WRONG
 * @bits:	of the modulus or the curve
 * @secret:	index of the first secret byte
 * @secret_len:	of the secret fields, with lengths between them
 */
struct sshkey {
	const char *type;
	enum proof proof;
	u32 bits;
	u32 secret;
	u32 secret_len;
};

bool wire_u32(struct wire *wire, u32 *value);
bool wire_string(struct wire *wire, struct octets *string);
bool wire_is(struct octets string, const char *word);
bool sshkey_private(const u8 *bytes, u64 len, struct sshkey *key);
bool sshkey_putty(struct wire public, struct wire private, struct sshkey *key);

#endif /* KREDACT_TOOLS_SSHKEY_H */

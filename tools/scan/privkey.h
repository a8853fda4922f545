/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private keys in DER: PKCS#1, SEC 1, PKCS#8 (RFC 5208, 5958), and OpenSSL's for DSA.
 */
#ifndef KREDACT_TOOLS_PRIVKEY_H
#define KREDACT_TOOLS_PRIVKEY_H

#include "sshkey.h"

enum privkey_state {
	PRIVKEY_NOT,		/* no private key */
	PRIVKEY_CLEAR,
	PRIVKEY_ENCRYPTED,
	PRIVKEY_CUT,		/* its end is missing, and some of the secret is there */
};

/**
 * struct privkey - a private key
 * @state:	what there is of it
 * @type:	"RSA", "P-256"
 * @bits:	of an RSA modulus, or 0
 * @proof:	what arithmetic says
 * @secret:	bytes of the secret that are there
 */
struct privkey {
	enum privkey_state state;
	const char *type;
	u32 bits;
	enum proof proof;
	u32 secret;
};

/**
 * struct element - one element
 * @tag:	its first byte
 * @in:		its content, as far as it is there
 * @cut:	some is not
 */
struct element {
	u8 tag;
	struct wire in;
	bool cut;
};

bool element_next(struct wire *wire, struct element *element);
bool element_is(struct wire *wire, u8 tag, struct element *element);
void privkey_read(const u8 *bytes, u64 len, struct privkey *key);

#endif /* KREDACT_TOOLS_PRIVKEY_H */

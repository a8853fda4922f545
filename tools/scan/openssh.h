/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Key files of OpenSSH, for who has decoded one.
 */
#ifndef KREDACT_TOOLS_OPENSSH_H
#define KREDACT_TOOLS_OPENSSH_H

#include "sshkey.h"

#define OPENSSH_MAGIC	"openssh-key-v1"	/* and the zero after it */

/* What a key file holds. */
enum openssh {
	OPENSSH_NOT,		/* it is none */
	OPENSSH_CLEAR,		/* a private key */
	OPENSSH_ENCRYPTED,
	OPENSSH_CUT,		/* a private key that is not whole */
};

enum openssh openssh_file(const u8 *bytes, u64 len, struct sshkey *key);

#endif /* KREDACT_TOOLS_OPENSSH_H */

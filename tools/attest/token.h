/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys to sign with, in a file or in a token.
 */
#ifndef KREDACT_TOOLS_TOKEN_H
#define KREDACT_TOOLS_TOKEN_H

#include "signer.h"

struct signer *token_signer(const char *name, struct complaint *why);

#endif /* KREDACT_TOOLS_TOKEN_H */

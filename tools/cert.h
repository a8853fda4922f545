/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Public keys from files: certificates and their chains, requests, public keys, key sets
 * of JSON Web Keys, lists of certificate transparency logs.
 */
#ifndef KREDACT_TOOLS_CERT_H
#define KREDACT_TOOLS_CERT_H

#include "scan/question.h"

#define CERT_FILE_MAX	(16u << 20)

int cert_load(struct questions *all, const char *path, const char *name, struct complaint *why);

#endif /* KREDACT_TOOLS_CERT_H */

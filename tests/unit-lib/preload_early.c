// SPDX-License-Identifier: GPL-2.0
/* A library that uses OpenSSL before the program does, for preload_test. */
#include <openssl/crypto.h>

static void __attribute__((constructor)) use(void)
{
	OPENSSL_free(OPENSSL_malloc(1));
}

// SPDX-License-Identifier: GPL-2.0
/* keep_gnutls: numbers are those of GMP. */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "keep.h"

static struct keep_der rsa, ec;

static gnutls_privkey_t load(struct keep_der *der)
{
	gnutls_datum_t data = { der->bytes, der->len };
	gnutls_privkey_t key;

	keep_need(!gnutls_privkey_init(&key) &&
		  !gnutls_privkey_import_x509_raw(key, &data, GNUTLS_X509_FMT_DER, NULL, 0),
		  "GnuTLS does not take the key");
	return key;
}

int main(int argc, char **argv)
{
	gnutls_privkey_t keys[2];
	int i;

	keep_read(&rsa);
	keep_read(&ec);
	keys[0] = load(&rsa);
	keys[1] = load(&ec);
	keep_forget(&rsa);
	keep_forget(&ec);
	for (i = 0; i < 2 && keep_freed(argc, argv); i++)
		gnutls_privkey_deinit(keys[i]);
	keep_wait();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* load_gnutls both KEYS [register]: GnuTLS on nettle under load, RSA-2048 and P-256 in turn. */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "load.h"

static gnutls_privkey_t rsa, ec;

static gnutls_datum_t datum(struct load_key key)
{
	gnutls_datum_t d = { key.bytes, (unsigned int)key.len };

	return d;
}

static void import(void)
{
	gnutls_datum_t n = datum(load_public("rsa/n")), e = datum(load_public("rsa/e"));
	gnutls_datum_t d = datum(load_secret("rsa/d", 0)), p = datum(load_secret("rsa/p", 0));
	gnutls_datum_t q = datum(load_secret("rsa/q", 0)), u = datum(load_secret("rsa/qinv", 0));
	gnutls_datum_t e1 = datum(load_secret("rsa/dp", 0)), e2 = datum(load_secret("rsa/dq", 0));
	gnutls_datum_t x = datum(load_public("ec/x")), y = datum(load_public("ec/y"));
	gnutls_datum_t k = datum(load_secret("ec/d", 0));

	if (gnutls_privkey_init(&rsa) || gnutls_privkey_init(&ec) ||
	    gnutls_privkey_import_rsa_raw(rsa, &n, &e, &d, &p, &q, &u, &e1, &e2) ||
	    gnutls_privkey_import_ecc_raw(ec, GNUTLS_ECC_CURVE_SECP256R1, &x, &y, &k))
		load_die("GnuTLS does not take the keys");
}

static void work(unsigned int thread)
{
	gnutls_datum_t message = { (uint8_t *)load_message(thread), LOAD_MESSAGE }, sig;
	gnutls_privkey_t keys[2] = { rsa, ec };
	int i;

	for (i = 0; i < 2; i++) {
		if (gnutls_privkey_sign_data(keys[i], GNUTLS_DIG_SHA256, 0, &message, &sig))
			load_die("GnuTLS does not sign");
		gnutls_free(sig.data);
	}
}

int main(int argc, char **argv)
{
	load_begin(argc, argv);
	import();
	load_run(work);
}

// SPDX-License-Identifier: GPL-2.0
/* load_gcrypt both KEYS [register]: libgcrypt under load, RSA-2048 and P-256 in turn. */
#include <string.h>

#include <gcrypt.h>

#include "load.h"

static gcry_sexp_t rsa, ec;

static gcry_mpi_t mpi(struct load_key key)
{
	gcry_mpi_t number;

	if (gcry_mpi_scan(&number, GCRYMPI_FMT_USG, key.bytes, key.len, NULL))
		load_die("libgcrypt does not take a number");
	return number;
}

static void import(void)
{
	gcry_mpi_t n = mpi(load_public("rsa/n")), e = mpi(load_public("rsa/e"));
	gcry_mpi_t d = mpi(load_secret("rsa/d", 0));
	/* libgcrypt wants p < q, so they change places: then u is OpenSSL's coefficient. */
	gcry_mpi_t q = mpi(load_secret("rsa/p", 0)), p = mpi(load_secret("rsa/q", 0));
	gcry_mpi_t u = mpi(load_secret("rsa/qinv", 0));
	struct load_key x = load_public("ec/x"), y = load_public("ec/y");
	struct load_key scalar = load_secret("ec/d", 0);
	uint8_t point[65] = { 4 };

	memcpy(point + 1, x.bytes, 32);
	memcpy(point + 33, y.bytes, 32);
	if (gcry_mpi_cmp(p, q) > 0) {
		gcry_mpi_swap(p, q);
		gcry_mpi_invm(u, p, q);
	}
	if (gcry_sexp_build(&rsa, NULL,
			    "(private-key (rsa (n %m)(e %m)(d %m)(p %m)(q %m)(u %m)))",
			    n, e, d, p, q, u) ||
	    gcry_sexp_build(&ec, NULL,
			    "(private-key (ecc (curve \"NIST P-256\")(q %b)(d %b)))",
			    (int)sizeof(point), point, (int)scalar.len, scalar.bytes))
		load_die("libgcrypt does not take the keys");
	gcry_mpi_release(n);
	gcry_mpi_release(e);
	gcry_mpi_release(d);
	gcry_mpi_release(p);
	gcry_mpi_release(q);
	gcry_mpi_release(u);
}

static void work(unsigned int thread)
{
	gcry_sexp_t data, sig;
	uint8_t hash[32];

	gcry_md_hash_buffer(GCRY_MD_SHA256, hash, load_message(thread), LOAD_MESSAGE);
	if (gcry_sexp_build(&data, NULL, "(data (flags pkcs1)(hash sha256 %b))", 32, hash) ||
	    gcry_pk_sign(&sig, data, rsa))
		load_die("libgcrypt does not sign with RSA");
	gcry_sexp_release(data);
	gcry_sexp_release(sig);
	if (gcry_sexp_build(&data, NULL, "(data (flags raw)(value %b))", 32, hash) ||
	    gcry_pk_sign(&sig, data, ec))
		load_die("libgcrypt does not sign with ECDSA");
	gcry_sexp_release(data);
	gcry_sexp_release(sig);
}

int main(int argc, char **argv)
{
	load_begin(argc, argv);
	if (!gcry_check_version(GCRYPT_VERSION))
		load_die("another libgcrypt");
	/* Keys in ordinary memory, as most programs on libgcrypt have them. */
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	import();
	load_run(work);
}

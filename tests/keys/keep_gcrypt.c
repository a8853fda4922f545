// SPDX-License-Identifier: GPL-2.0
/* keep_gcrypt: the integers of RSA as MPIs; libgcrypt reads no DER. */
#include <gcrypt.h>

#include "keep.h"

static struct keep_der rsa, ec;

/* The next INTEGER of a key. */
static gcry_mpi_t number(const uint8_t **at)
{
	uint32_t len = (*at)[1], header = 2;
	gcry_mpi_t mpi;

	if (len == 0x81)
		len = (*at)[2], header = 3;
	else if (len == 0x82)
		len = (*at)[2] << 8 | (*at)[3], header = 4;
	keep_need(**at == 2 && !gcry_mpi_scan(&mpi, GCRYMPI_FMT_USG, *at + header, len, NULL),
		  "libgcrypt does not take a number");
	*at += header + len;
	return mpi;
}

int main(int argc, char **argv)
{
	const uint8_t *at = rsa.bytes + 7;	/* past a sequence of two length bytes, and 0 */
	gcry_mpi_t numbers[8];
	int i;

	keep_need(gcry_check_version(NULL) != NULL, "no libgcrypt");
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	keep_read(&rsa);
	keep_read(&ec);
	for (i = 0; i < 8; i++)
		numbers[i] = number(&at);
	keep_forget(&rsa);
	keep_forget(&ec);
	for (i = 0; i < 8 && keep_freed(argc, argv); i++)
		gcry_mpi_release(numbers[i]);
	keep_wait();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* crash - register a secret, and die of SIGSEGV: a small dump that is sealed and clean */
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include <kredact.h>

int main(void)
{
	KREDACT_OPTS(opts, .label = "signing key 2026");
	static unsigned char secret[64] __attribute__((aligned(4096)));
	uint64_t handle;

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret) ||
	    kredact_register(secret, sizeof(secret), &opts, &handle))
		return 1;
	raise(SIGSEGV);
	return 1;
}

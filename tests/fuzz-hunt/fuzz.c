// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz SECONDS SEED: random secrets and random memory for the hunter, compared with the
 * oracle, until the time is over. Each round begins from a seed of its own, which is
 * printed if it fails: give that one, and 0 seconds, to repeat it.
 */
#include <time.h>

#include "hunt_fixture.h"

int main(int argc, char **argv)
{
	time_t until = time(NULL) + (argc > 1 ? atol(argv[1]) : 60);
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, rounds = 0, searches = 0, found = 0;

	do {
		/* Small ones most of the time: there what is rare is less rare. */
		static const u32 lens[] = { 40, 40, 40, 40, 100, 100, 300, 1500 };
		u32 hits = 0, len;

		random_state = (seed + rounds) * 0x9e3779b97f4a7c15ull + 88172645463325252ull;
		random_u64();
		len = lens[random_below(8)];
		searches += random_round(random_below(2) ? 20 : KR_RUN_MAX,
					 len < 300 ? 1 + random_below(20) : 3, len, &hits);
		found += hits;
		if (failures) {
			printf("failed: seed %llu\n", (unsigned long long)(seed + rounds));
			return 1;
		}
		rounds++;
	} while (time(NULL) < until);
	printf("%llu rounds from seed %llu, %llu searches, copies in %llu of them\n",
	       (unsigned long long)rounds, (unsigned long long)seed,
	       (unsigned long long)searches, (unsigned long long)found);
	return 0;
}

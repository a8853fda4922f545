/* SPDX-License-Identifier: GPL-2.0 */
/* What a core shows of the secrets, and what its seal says; sums over many cores. */
#ifndef PROGRAMS_JUDGE_H
#define PROGRAMS_JUDGE_H

#include "place.h"
#include "program.h"

/**
 * struct verdict - sums over cores
 * @crashes:		cores that were judged
 * @with_copies:	of those, cores with copies beyond the registered places
 * @copies:		copies: in a core without registration those that were found,
 *			in one with registration those that its seal names
 * @copy_bytes:		bytes of them
 * @where:		copies by place
 * @cores_where:	cores with a copy in such a place
 * @displaced:		without registration: cores in which a place that would be
 *			registered did not hold its secret
 * @schedules:		without registration: AES round keys found as whole schedules
 * @sealed:		cores with a seal
 * @hunted:		cores whose seal says that copies were hunted, none of them in vain
 * @verified:		of watched programs: cores that kredact-verify finds clean
 * @leaking:		with registration: cores with a run of a secret
 * @leaks:		runs in them
 * @register_bytes:	bytes of registers that were zeroed, by the seals
 * @lost:		copies that no record names
 * @plain_bytes:	bytes that are registered and were not hunted
 * @seconds:		what the series took
 */
struct verdict {
	unsigned int crashes;
	unsigned int with_copies;
	unsigned int copies;
	uint64_t copy_bytes;
	unsigned int where[PLACES];
	unsigned int cores_where[PLACES];
	unsigned int displaced;
	unsigned int schedules;
	unsigned int sealed;
	unsigned int hunted;
	unsigned int verified;
	unsigned int leaking;
	unsigned int leaks;
	uint64_t register_bytes;
	uint64_t lost;
	uint64_t plain_bytes;
	double seconds;
};

/* Judge a core of @r, whose secrets were registered or not; add to @sums. */
void judge(struct dump *dump, const struct running *r, bool registered, struct verdict *sums);

/* Lines for table.py: "# copies PROGRAM SERIES KIND: NAME=NUMBER...". */
void print_verdict(const char *program, const char *series, const struct verdict *sums);

#endif /* PROGRAMS_JUDGE_H */

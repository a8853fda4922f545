/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Running kredact-verify on an open file.
 */
#ifndef KREDACT_TOOLS_VERIFIER_H
#define KREDACT_TOOLS_VERIFIER_H

#include "attest/examine.h"

/**
 * struct verifier_result - how it ended
 * @status:	0 clean, 1 key material, 2 cannot be verified
 * @report:	its report, JSON as it came
 * @len:	bytes in it
 */
struct verifier_result {
	int status;
	char *report;
	size_t len;
};

int verifier_run(struct verifier_result *result, int fd, const struct examine_opts *opts,
		 struct complaint *why);
void verifier_free(struct verifier_result *result);

#endif /* KREDACT_TOOLS_VERIFIER_H */

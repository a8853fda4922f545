/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy of the module, for the programs that show and change it.
 */
#ifndef KREDACT_TOOLS_POLICY_H
#define KREDACT_TOOLS_POLICY_H

#include <stdbool.h>
#include <json-c/json.h>
#include <linux/kredact.h>

/**
 * struct policy_change - a wish: the members of @to whose flag is set
 */
struct policy_change {
	struct kredact_policy to;
	bool hunt, run, registers, unhunted, strict;
};

int policy_read(struct kredact_policy *policy);
int policy_change(const struct policy_change *change, struct kredact_policy *policy);
struct json_object *policy_json(const struct kredact_policy *policy);

#endif /* KREDACT_TOOLS_POLICY_H */

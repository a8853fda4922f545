/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy of the module, for the commands that show it.
 */
#ifndef KREDACT_TOOLS_POLICY_H
#define KREDACT_TOOLS_POLICY_H

#include <json-c/json.h>
#include <linux/kredact.h>

int policy_read(struct kredact_policy *policy);
struct json_object *policy_json(const struct kredact_policy *policy);

#endif /* KREDACT_TOOLS_POLICY_H */

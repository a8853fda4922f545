// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: seals, in a core, beside one, and all checks of an audit.
 */
#include "audit.h"
#include "fuzz.h"

static int take_range(void *arg, const struct seal_range *range, struct complaint *why)
{
	(void)arg;
	(void)why;
	must(range->last >= range->addr);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	static struct audit audit;
	const struct seal_visitor visitor = { NULL, take_range, NULL, NULL };
	struct input *in = fuzz_input(data, len), kept = *in;
	struct complaint why;
	struct seal seal;

	if (!seal_open_sidecar(&seal, in, &why))
		seal_visit(&seal, &visitor, &why);
	seal_close(&seal);
	memset(&audit, 0, sizeof(audit));
	audit.in = kept;
	audit.in.have = 0;
	audit.no_key = true;
	audit_run(&audit);
	/* The buffer is for the next one. */
	audit.in.buffer = NULL;
	audit_close(&audit);
	return 0;
}

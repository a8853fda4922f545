// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: the detectors, on bytes that are a core or that are none. The first byte says
 * which of them: all together are too slow, and those that work together are in one group.
 */
#include "fuzz.h"
#include "scan/scan.h"

static const char *const groups[] = {
	"aes,chacha,session,small",
	"openssh,pem,pgp,sexp",
	"tokens,jwt,jwk,logins,coins",
	"pkcs12,rsa-der,ec-der,raw,rsa-pieces,known",
	"bignum,rsa-der,known",
};

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct scan_options options = { .threads = 1 };
	struct input *in;
	const struct sightings *all;
	struct complaint why;
	struct core core;
	struct scan *scan;
	bool mapped;
	u32 i;

	if (!len)
		return 0;
	options.only = groups[*data % (sizeof(groups) / sizeof(*groups))];
	data++;
	len--;
	in = fuzz_input(data, len);
	scan = scan_new(&options, &why);
	must(scan);
	mapped = !core_open_as(&core, in, CORE_ELF, &why);
	scan_run(scan, in, mapped ? &core : NULL, &why);
	all = scan_sightings(scan);
	must(all->keys + all->notes >= all->nr);
	for (i = 0; i < all->nr; i++) {
		const struct sighting *at = &all->list[i];

		must(at->len && at->offset < len);
		must(at->joined || at->len <= len - at->offset);
		must(!i || all->list[i - 1].offset <= at->offset);
	}
	scan_free(scan);
	core_close(&core);
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What covers a range, for programs and for people.
 */
#include <stdio.h>
#include <string.h>
#include "internal.h"

static const struct {
	unsigned int flag;
	const char *name;
} names[] = {
	{ KREDACT_COVER_CORE,		"core" },
	{ KREDACT_COVER_FORK,		"fork" },
	{ KREDACT_COVER_MREMAP,		"mremap" },
	{ KREDACT_COVER_SHARED,		"shared" },
	{ KREDACT_COVER_SWAP,		"swap" },
	{ KREDACT_COVER_PANIC,		"panic" },
	{ KREDACT_COVER_READERS,	"readers" },
	{ KREDACT_COVER_COPIES,		"copies" },
	{ KREDACT_COVER_REGS,		"regs" },
	{ KREDACT_COVER_DONTDUMP,	"dontdump" },
	{ KREDACT_COVER_MLOCK,		"mlock" },
	{ KREDACT_COVER_GUARD,		"guard" },
	{ KREDACT_COVER_WIPE,		"wipe" },
};

KR_API int kredact_protection(const void *addr, size_t len, unsigned int *flags)
{
	struct kredact_query query = {
		.size = sizeof(query),
		.addr = (uintptr_t)addr,
		.len = len,
	};
	uintptr_t p = (uintptr_t)addr;
	struct kr_region *r;
	int err;

	kr_init();
	*flags = 0;
	err = kr_check_range(p, len);
	if (err)
		return err;

	if (!kr_device_ioctl(KREDACT_IOC_QUERY, &query) && query.tagged == len)
		*flags = query.coverage & ((1U << KREDACT_COVER_USER_SHIFT) - 1);
	*flags |= kr_cover_query(p, len);
	r = kr_region_find(p);
	if (r && p - r->base < r->len && len <= r->len - (p - r->base))
		*flags |= KREDACT_COVER_GUARD | KREDACT_COVER_WIPE;
	return 0;
}

struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void append(struct text *t, const char *s)
{
	for (; *s; s++, t->len++)
		if (t->len + 1 < t->size)
			t->buf[t->len] = *s;
}

/* No stdio: async-signal-safe. */
KR_API int kredact_protection_str(unsigned int flags, char *buf, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	struct text t = { .buf = buf, .size = size };
	char hex[] = "0x00000000";

	if (!flags)
		append(&t, "none");
	for (size_t i = 0; i < KR_ARRAY_SIZE(names); i++) {
		if (!(flags & names[i].flag))
			continue;
		if (t.len)
			append(&t, ",");
		append(&t, names[i].name);
		flags &= ~names[i].flag;
	}
	if (flags) {
		if (t.len)
			append(&t, ",");
		for (int i = 0; i < 8; i++)
			hex[2 + i] = digits[flags >> (28 - 4 * i) & 15];
		append(&t, hex);
	}
	if (size)
		buf[t.len < size ? t.len : size - 1] = '\0';
	return (int)t.len;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walks DER (X.690) in place: no copies, no recursion, nothing beyond the end.
 */
#ifndef KREDACT_TOOLS_DER_H
#define KREDACT_TOOLS_DER_H

#include "platform.h"

#define DER_INTEGER	0x02
#define DER_BITS	0x03
#define DER_OCTETS	0x04
#define DER_OID		0x06
#define DER_SEQUENCE	0x30
#define DER_CONTEXT	0xa0		/* constructed, + its number */

/**
 * struct der - bytes that are still to be read
 * @at:		first
 * @end:	after the last
 */
struct der {
	const u8 *at;
	const u8 *end;
};

bool der_next(struct der *from, u8 tag, struct der *content);
bool der_number(struct der *from, struct der *number);
u32 der_begins(const u8 *bytes, u64 at, u64 len, struct der *sequence);

static inline u32 der_len(const struct der *der)
{
	return der->end - der->at;
}

#endif /* KREDACT_TOOLS_DER_H */

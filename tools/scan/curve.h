/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Elliptic curves in the form of Weierstrass, and points that scalars make on them.
 */
#ifndef KREDACT_TOOLS_CURVE_H
#define KREDACT_TOOLS_CURVE_H

#include <openssl/ec.h>

#include "platform.h"

#define CURVE_BYTES_MAX		66u
#define CURVE_POINT_MAX		(1 + 2 * CURVE_BYTES_MAX)

/**
 * struct curve - a curve
 * @nid:	OpenSSL's number of it
 * @name:	for people
 * @oid:	its object identifier, without header
 * @oid_len:	bytes of it
 * @bytes:	of a coordinate, and of a scalar in SEC 1
 * @group:	OpenSSL's idea of it; NULL if it has none
 */
struct curve {
	int nid;
	const char *name;
	const u8 *oid;
	u32 oid_len;
	u32 bytes;
	EC_GROUP *group;
};

/* Ends with one whose @name is NULL. */
extern struct curve curves[];

bool curves_init(void);
const struct curve *curve_of_nid(int nid);
bool curve_public(const struct curve *curve, const BIGNUM *scalar, u8 *point);
bool curve_points(const struct curve *curve, const u64 *scalars, u32 nr, u32 total, u64 *points);
bool curve_has_point(const struct curve *curve, const u8 *point, u32 len);

#endif /* KREDACT_TOOLS_CURVE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * The time that a scan may take beyond one look at each byte: see effort.h. Nanoseconds are those
 * of OpenSSL 3.0 on a processor of AMD's family 26.
 */
#include <openssl/obj_mac.h>

#include "effort.h"

#define HALF_A_MINUTE	30000000000ull
#define EACH		10u		/* for each byte of a file, besides */
#define DIVISION	2000u
#define LETTER		4u
#define PRODUCT		1000u		/* and for each 1024 bits, squared, as much as a step */
#define SCHEDULE	60u
#define STEP		240u		/* of a power, for each 1024 bits and each of their limbs */

u64 effort_least = HALF_A_MINUTE;

/* Of the one scan that a process has at a time; what is no scan has no bounds. */
static u64 left = UINT64_MAX;
static bool spent;

/**
 * effort_begin() - begin a scan
 * @size:	bytes of its file
 */
void effort_begin(u64 size)
{
	size = min(size, UINT64_MAX / 2 / EACH);
	__atomic_store_n(&left, effort_least + EACH * size, __ATOMIC_RELAXED);
	__atomic_store_n(&spent, false, __ATOMIC_RELAXED);
}

/**
 * effort_spent() - was something left out?
 *
 * Return: true if so, since the beginning of the scan.
 */
bool effort_spent(void)
{
	return __atomic_load_n(&spent, __ATOMIC_RELAXED);
}

/* For any thread, as all that follow. */
static bool afford(u64 ns)
{
	u64 have = __atomic_load_n(&left, __ATOMIC_RELAXED);

	do {
		if (have < ns) {
			__atomic_store_n(&spent, true, __ATOMIC_RELAXED);
			return false;
		}
	} while (!__atomic_compare_exchange_n(&left, &have, have - ns, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

/**
 * effort_division() - may a modulus be divided?
 *
 * Return: false if it is to be left out.
 */
bool effort_division(void)
{
	return afford(DIVISION);
}

/* Many small things are counted when they are done: what is left is then for none of them. */
static bool count(u64 ns)
{
	if (afford(ns))
		return true;
	__atomic_store_n(&left, 0, __ATOMIC_RELAXED);
	return false;
}

/**
 * effort_letters() - count letters that were looked at, or decoded
 * @nr:		how many
 *
 * Return: false if no more are to be looked at.
 */
bool effort_letters(u64 nr)
{
	return count(LETTER * nr);
}

/**
 * effort_schedules() - count places that were tried for a key schedule
 * @nr:		how many
 *
 * Return: false if no more are to be tried.
 */
bool effort_schedules(u32 nr)
{
	return count((u64)SCHEDULE * nr);
}

/**
 * effort_product() - may two numbers be multiplied?
 * @bits:	of the product
 *
 * Return: false if they are to be left out.
 */
bool effort_product(u32 bits)
{
	u64 kbits = (bits + 1023) / 1024;

	return afford(PRODUCT + STEP * kbits * kbits / 4);
}

/**
 * effort_power() - may a power be computed?
 * @bits:	of the modulus
 * @exponent:	bits of the exponent
 *
 * Return: false if it is to be left out.
 */
bool effort_power(u32 bits, u32 exponent)
{
	u64 kbits = (bits + 1023) / 1024;

	return afford(STEP * kbits * kbits * exponent);
}

/**
 * effort_multiple() - may a multiple of the generator be computed?
 * @nid:	of the curve
 *
 * Return: false if it is to be left out.
 */
bool effort_multiple(int nid)
{
	switch (nid) {
	case NID_X9_62_prime256v1:
		return afford(15000);
	case NID_ED25519:
	case NID_X25519:
		return afford(40000);
	case NID_secp521r1:
	case NID_ED448:
	case NID_X448:
		return afford(200000);
	default:
		return afford(1200000);
	}
}

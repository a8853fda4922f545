// SPDX-License-Identifier: GPL-2.0
/*
 * What this machine can do with many bytes at once: see simd.h.
 */
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "platform.h"
#include "simd.h"

static enum simd limit = SIMD_VBMI;

#ifdef HAVE_SIMD
/* clang 14 has no word for it. */
static bool has_lzcnt(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && ecx & bit_LZCNT;
}
#endif

static enum simd detect(void)
{
#ifdef HAVE_SIMD
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
	    !__builtin_cpu_supports("bmi2") || !has_lzcnt())
		return SIMD_NONE;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
		return SIMD_AVX512;
	return SIMD_AVX2;
#else
	return SIMD_NONE;
#endif
}

/**
 * simd_level() - the widest path that may be taken
 *
 * Return: what processor and kernel both have, and simd_limit() allows; SIMD_AVX512 at most.
 */
enum simd simd_level(void)
{
	static int found = -1;
	int level = __atomic_load_n(&found, __ATOMIC_RELAXED);

	/* Asked once: a virtual machine takes some 30 microseconds for CPUID. */
	if (level < 0) {
		level = detect();
		__atomic_store_n(&found, level, __ATOMIC_RELAXED);
	}
	return min((enum simd)level, limit);
}

/**
 * simd_vaes() - AES on vectors of AVX-512?
 *
 * Return: true if processor and kernel have it, and simd_limit() allows AVX-512.
 */
bool simd_vaes(void)
{
#ifdef HAVE_SIMD
	unsigned int eax, ebx, ecx, edx;

	/* another one that clang 14 has no word for */
	return simd_level() == SIMD_AVX512 && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
	       ecx & bit_VAES;
#else
	return false;
#endif
}

/**
 * simd_vbmi() - tables of bytes in vectors of AVX-512?
 *
 * Return: true if processor and kernel have it, and simd_limit() allows SIMD_VBMI.
 */
bool simd_vbmi(void)
{
#ifdef HAVE_SIMD
	return simd_level() == SIMD_AVX512 && limit == SIMD_VBMI &&
	       __builtin_cpu_supports("avx512vbmi");
#else
	return false;
#endif
}

/**
 * simd_limit() - take no wider path than this, so that tests reach each of them
 * @most:	the widest; for scans that begin later
 */
void simd_limit(enum simd most)
{
	limit = most;
}

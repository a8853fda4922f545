/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this machine can do with many bytes at once. Every detector that has fast
 * paths has a portable one too, and finds the same with each of them.
 */
#ifndef KREDACT_TOOLS_SIMD_H
#define KREDACT_TOOLS_SIMD_H

#include <stdbool.h>

enum simd {
	SIMD_NONE,
	SIMD_AVX2,
	SIMD_AVX512,		/* F, BW, VL and DQ */
	SIMD_VBMI,		/* that too, for simd_limit(): see simd_vbmi() */
};

/* For functions that are called only where simd_level() allows it. */
#if defined(__x86_64__)
#define HAVE_SIMD	1
#define TARGET_AVX2	__attribute__((target("avx2,bmi,bmi2,lzcnt")))
#define TARGET_AVX512	__attribute__((target("avx2,bmi,bmi2,lzcnt,avx512f,avx512bw,avx512vl,avx512dq")))
#define TARGET_VBMI	__attribute__((target("avx2,bmi,bmi2,lzcnt,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")))
#endif

enum simd simd_level(void);
bool simd_vaes(void);
bool simd_vbmi(void);
void simd_limit(enum simd most);

#endif /* KREDACT_TOOLS_SIMD_H */

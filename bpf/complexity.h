/* SPDX-License-Identifier: GPL-2.0 */
/* What every BPF program of this tree keeps to. */
#ifndef KREDACT_BPF_COMPLEXITY_H
#define KREDACT_BPF_COMPLEXITY_H

/*
 * Instructions that the verifier may have to look at, of the million at which it gives up.
 * The test "complexity" measures each program, on each kernel.
 */
#define KREDACT_BPF_COMPLEXITY	20000

#endif /* KREDACT_BPF_COMPLEXITY_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Where libbpf's messages go. */
#ifndef KREDACT_BPF_LOG_H
#define KREDACT_BPF_LOG_H

#include <stdio.h>

/**
 * bpf_log_to - let libbpf and the verifier say what they have to say
 * @file:	where to, but for what helps to debug libbpf; has to stay open. NULL: nowhere
 *
 * For the whole process: libbpf prints through a function without a context.
 */
void bpf_log_to(FILE *file);

#endif /* KREDACT_BPF_LOG_H */

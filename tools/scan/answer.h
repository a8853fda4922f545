/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answers: the proof that a number is the private half of a public key, or a part of it, and
 * all the other numbers that follow from it.
 */
#ifndef KREDACT_TOOLS_ANSWER_H
#define KREDACT_TOOLS_ANSWER_H

#include "question.h"

bool question_answer_rsa(struct questions *all, struct question *question, const BIGNUM *prime);
bool question_answer_exponent(struct questions *all, struct question *question, const BIGNUM *d);
bool question_answer_crt(struct questions *all, struct question *question, const BIGNUM *x);
bool question_answer_key(struct questions *all, struct question *question, const u8 *key,
			 u32 len);

#endif /* KREDACT_TOOLS_ANSWER_H */

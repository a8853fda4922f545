/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private scalars among big numbers: those that make a point that is known.
 */
#ifndef KREDACT_TOOLS_SCALAR_H
#define KREDACT_TOOLS_SCALAR_H

#include "number.h"
#include "question.h"

int scalars_find(struct numbers *all, struct questions *questions, struct complaint *why);

#endif /* KREDACT_TOOLS_SCALAR_H */

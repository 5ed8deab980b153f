/* SPDX-License-Identifier: Apache-2.0 */
/* Which alerts fire, but are not told. */
#ifndef TICKSCOPE_JUDGE_SILENCE_H
#define TICKSCOPE_JUDGE_SILENCE_H

#include "judge/internal.h"

/* Some silence that is not over matches. */
bool silence_covers(const struct judge *judge, const struct alert *alert, uint64_t wall_ns);
/* A critical alert of the same group and target fires and was told: milder ones say nothing new. */
bool silence_is_inhibited(const struct judge *judge, const struct alert *alert);
/* Forgets those that are over. */
void silence_sweep(struct judge *judge, uint64_t wall_ns);

#endif

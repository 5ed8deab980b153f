/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration -> rules that can be judged: those that are written, and one for each limit of a
 * contract. */
#ifndef TICKSCOPE_JUDGE_RULES_H
#define TICKSCOPE_JUDGE_RULES_H

#include "judge/internal.h"

/* What a limit is judged over (S2.3). */
#define RULES_CONTRACT_OVER_NS 60000000000ULL
#define RULES_CONTRACT_SAMPLES 100

/* -ENOMEM. */
int rules_new(const struct config *config, struct rule **ret_rules, size_t *ret_cnt);
void rules_free(struct rule *rules, size_t cnt);
/* The levels of a limit (S2.2), into room for LEVEL_MAX; how many they are. */
size_t rules_levels(const struct config_limit *limit, struct level *levels);

#endif

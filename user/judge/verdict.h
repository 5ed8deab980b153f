/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says of one instance now. */
#ifndef TICKSCOPE_JUDGE_VERDICT_H
#define TICKSCOPE_JUDGE_VERDICT_H

#include "judge/internal.h"

void verdict_of(struct judge *judge, const struct rule *rule, const struct instance *instance,
		uint64_t mono_ns, struct judgement *ret_judgement);

#endif

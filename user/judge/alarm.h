/* SPDX-License-Identifier: Apache-2.0 */
/* pending -> firing -> resolved, for one instance of a rule. judge.h says how. */
#ifndef TICKSCOPE_JUDGE_ALARM_H
#define TICKSCOPE_JUDGE_ALARM_H

#include "judge/internal.h"

/* One second on. -ENOMEM: the alert could not be kept, nothing changed. */
int alarm_step(struct judge *judge, struct rule *rule, struct instance *instance,
	       const struct judgement *judgement, const struct times *now);
/* Ends what is open, for a reason other than its condition. */
void alarm_end(struct judge *judge, struct instance *instance, uint64_t mono_ns, uint64_t wall_ns,
	       const char *reason);
/* An alert that fired before the restart, and is about this new instance, fires on. */
void alarm_adopt(struct judge *judge, const struct rule *rule, struct instance *instance,
		 uint64_t mono_ns);
/* Among those that are over. */
void alarm_keep(struct judge *judge, const struct alert *alert);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule is judged for: once, or once for each value of its `by` labels. */
#ifndef TICKSCOPE_JUDGE_INSTANCES_H
#define TICKSCOPE_JUDGE_INSTANCES_H

#include "judge/internal.h"

void instances_free(struct rule *rule);
/* After the sources changed: finds new instances, and binds all of them. Those whose series are
 * gone are kept while an alert is about them. -ENOMEM: tried again. */
int instances_bind(struct rule *rule, struct source_table *sources);
/* The first metric that no series and no value is of; NULL: each has one. */
const struct rule_metric *instances_missing(const struct rule *rule,
					    const struct source_table *sources);

#endif

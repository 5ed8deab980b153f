/* SPDX-License-Identifier: Apache-2.0 */
/* A number out of what was fed, for whoever shows it: the arithmetic of rules, without a rule. */
#include <errno.h>
#include <math.h>

#include "judge/internal.h"

double judge_number(struct judge *judge, const struct rule_expression *expression, uint64_t mono_ns,
		    uint64_t over_ns)
{
	struct metric_binding bindings[RULE_METRIC_MAX] = {0};
	struct metric_context context = {.now_ns = mono_ns,
					 .span_ns = over_ns,
					 .min_samples = judge->config->judge.min_samples,
					 .scratch = &judge->scratch};
	double number = NAN;
	int err = 0;

	for (size_t i = 0; !err && i < expression->metric_cnt; i++)
		err = metric_bind(&bindings[i], &judge->sources, &expression->metrics[i], "", NULL);
	if (!err)
		number = evaluate_number(&context, expression, bindings);
	for (size_t i = 0; i < expression->metric_cnt; i++)
		metric_unbind(&bindings[i]);
	judge->counters.memory_failures += err == -ENOMEM;
	return isfinite(number) ? number : NAN;
}

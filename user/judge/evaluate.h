/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of a rule -> true, false or null. */
#ifndef TICKSCOPE_JUDGE_EVALUATE_H
#define TICKSCOPE_JUDGE_EVALUATE_H

#include "judge/metric.h"

/* Null: not known. It goes through all that is not decided without it (Kleene's logic). */
enum truth { TRUTH_NULL, TRUTH_FALSE, TRUTH_TRUE };

struct evaluation {
	enum truth truth;
	/* The comparison that decided: of a metric with a limit. */
	uint16_t compare;	 /* node */
	double value, threshold; /* NAN: not known */
	bool is_swapped;	 /* the metric stands on the right */
};

/* bindings: one for each of the expression's metrics. */
void evaluate_expression(struct metric_context *context, const struct rule_expression *expression,
			 const struct metric_binding *bindings, struct evaluation *ret_evaluation);
/* An expression that is a number; NAN: not known. */
double evaluate_number(struct metric_context *context, const struct rule_expression *expression,
		       const struct metric_binding *bindings);

#endif

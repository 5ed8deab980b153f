/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions are rules of one comparison: a metric on the left, a number on the right. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/query.h"

#define OPERATION "x." /* stands for whatever row is judged */

static const struct rule_metric *metric_of(const struct rule_expression *a)
{
	return &a->metrics[a->nodes[a->nodes[a->root].left].metric];
}

/* What is wrong with it beyond what the parser refuses; NULL: nothing. */
static const char *problem_of(const struct rule_expression *a, bool is_value)
{
	const struct rule_node *root = &a->nodes[a->root];

	if (root->type < RULE_NODE_LT || root->type > RULE_NODE_NE ||
	    a->nodes[root->left].type != RULE_NODE_METRIC ||
	    a->nodes[root->right].type != RULE_NODE_NUMBER)
		return "one comparison is expected, of a metric with a number";
	if (metric_of(a)->is_rate || metric_of(a)->span_ns || metric_of(a)->is_connect ||
	    metric_of(a)->label_cnt)
		return "the span and the labels are those of the query";
	if (!is_value && metric_of(a)->statistic == RULE_VALUE)
		return "there is count, errors, error_rate, rate, mean, min, max, sum, p50, p99.9 "
		       "…";
	return NULL;
}

int query_assert_parse(const char *text, bool is_value, struct rule_expression **ret_assertion,
		       struct fault *why)
{
	char rule[RULE_TEXT_MAX + 1];
	struct rule_expression *a;
	const char *problem;
	size_t column;
	int err, length = snprintf(rule, sizeof(rule), "%s%s", OPERATION, text);

	if (length < 0 || (size_t)length >= sizeof(rule))
		return fault_set(why, -EINVAL, "\"%.32s…\" is too long", text);
	err = rule_expression_parse(rule, &a, &column, why);
	if (err) {
		struct fault reason = *why;

		return fault_set(why, err, "\"%s\": %s", text, reason.text);
	}
	problem = problem_of(a, is_value);
	if (problem) {
		rule_expression_free(a);
		return fault_set(why, -EINVAL, "\"%s\": %s", text, problem);
	}
	*ret_assertion = a;
	return 0;
}

static bool compare(enum rule_node_type type, double left, double right)
{
	switch (type) {
	case RULE_NODE_LT:
		return left < right;
	case RULE_NODE_LE:
		return left <= right;
	case RULE_NODE_GT:
		return left > right;
	case RULE_NODE_GE:
		return left >= right;
	case RULE_NODE_EQ:
		return left == right;
	default:
		return left != right;
	}
}

/* False: it is not known. */
static bool number_of(const struct rule_metric *m, const struct report_operation *op,
		      double *ret_number)
{
	const struct stats *s = &op->stats;
	uint64_t ns;

	switch (m->statistic) {
	case RULE_COUNT:
		*ret_number = (double)s->count;
		return true;
	case RULE_ERRORS:
		*ret_number = (double)s->errors;
		return true;
	case RULE_RATE:
		*ret_number = s->rate_per_s;
		return true;
	case RULE_ERROR_RATE:
		*ret_number = s->count ? (double)s->errors / (double)s->count : 0;
		return s->count;
	case RULE_MEAN:
		*ret_number = s->mean_ns;
		return s->count;
	case RULE_MIN:
		*ret_number = (double)s->min_ns;
		return s->count;
	case RULE_MAX:
		*ret_number = (double)s->max_ns;
		return s->count;
	case RULE_SUM:
		*ret_number = (double)s->sum_ns;
		return true;
	default:
		if (!window_quantile(op->window, m->quantile, &ns))
			return false;
		*ret_number = (double)ns;
		return true;
	}
}

static const char *number_text(const struct rule_metric *m, double number,
			       char text[static UNITS_TEXT_BYTES])
{
	if (m->unit == RULE_UNIT_NS)
		return units_duration((uint64_t)number, text);
	if (m->unit == RULE_UNIT_RATIO)
		snprintf(text, UNITS_TEXT_BYTES, "%.3g%%", number * 100);
	else
		snprintf(text, UNITS_TEXT_BYTES, "%.6g", number);
	return text;
}

static bool judge(const struct rule_expression *a, double number, struct fault *why)
{
	const struct rule_node *root = &a->nodes[a->root];
	char text[UNITS_TEXT_BYTES];

	if (compare(root->type, number, a->nodes[root->right].number))
		return true;
	fault_set(why, 0, "%s is %s", metric_of(a)->metric,
		  number_text(metric_of(a), number, text));
	return false;
}

bool query_assert_operation(const struct rule_expression *assertion,
			    const struct report_operation *op, struct fault *why)
{
	char count[UNITS_TEXT_BYTES];
	double number;

	if (number_of(metric_of(assertion), op, &number))
		return judge(assertion, number, why);
	fault_set(why, 0, "%s is not known, of %s values", metric_of(assertion)->metric,
		  units_count(op->stats.count, count));
	return false;
}

bool query_assert_value(const struct rule_expression *assertion, const struct query_value *value,
			bool *ret_is_about, struct fault *why)
{
	*ret_is_about = strcmp(metric_of(assertion)->metric, value->series->name) == 0;
	return !*ret_is_about || judge(assertion, value->mean, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Judges expressions and limits. */
#include <math.h>
#include <string.h>

#include "judge/rules.h"
#include "judge/verdict.h"

static struct metric_context context_of(struct judge *judge, const struct rule *rule,
					uint64_t mono_ns)
{
	return (struct metric_context){
		.now_ns = mono_ns,
		.span_ns = rule->over_ns ? rule->over_ns : judge->config->judge.over_ns,
		.samples = rule->over_samples,
		.min_samples = judge->config->judge.min_samples,
		.scratch = &judge->scratch,
	};
}

/* The first metric below a node; NULL: there is none. */
static const struct rule_metric *metric_below(const struct rule_expression *e, uint16_t idx)
{
	const struct rule_node *n = &e->nodes[idx];
	const struct rule_metric *metric;

	if (n->type == RULE_NODE_METRIC)
		return &e->metrics[n->metric];
	if (n->type == RULE_NODE_NUMBER)
		return NULL;
	metric = metric_below(e, n->left);
	if (metric || n->type == RULE_NODE_NEGATE || n->type == RULE_NODE_NOT)
		return metric;
	return metric_below(e, n->right);
}

static void judge_expression(const struct rule *rule, const struct instance *instance,
			     struct metric_context *context, struct judgement *j)
{
	const struct rule_expression *e = rule->expression;
	struct evaluation result;
	const struct rule_node *n;
	uint16_t side;

	evaluate_expression(context, e, instance->bindings, &result);
	n = &e->nodes[result.compare];
	side = result.is_swapped ? n->right : n->left;
	j->truth = result.truth;
	j->severity = rule->severity;
	j->value = result.value;
	j->threshold = result.threshold;
	j->is_minimum = result.is_swapped ? n->type == RULE_NODE_GT || n->type == RULE_NODE_GE
					  : n->type == RULE_NODE_LT || n->type == RULE_NODE_LE;
	j->unit = e->nodes[side].unit;
	j->metric = metric_below(e, side);
	j->binding = j->metric ? &instance->bindings[j->metric - e->metrics] : NULL;
}

/* 0: within the limit. */
static enum alert_severity severity_of(const struct rule *rule, double value)
{
	enum alert_severity severity = 0;

	for (size_t i = 0; i < rule->level_cnt; i++) {
		if (rule->limit->is_minimum ? value < rule->levels[i].threshold
					    : value > rule->levels[i].threshold)
			severity = rule->levels[i].severity;
	}
	return severity;
}

/* Nothing that was measured is over the limit: then no percentile is, and no histogram is needed.
 */
static bool is_all_within(const struct rule *rule, const struct metric_context *c,
			  const struct metric_binding *binding, uint64_t span_ns)
{
	struct rolling_totals t = metric_totals(binding, c->now_ns, span_ns);

	return t.count >= c->min_samples && t.count && (double)t.max_ns <= rule->limit->limit;
}

/* Over one span. */
static void judge_limit_over(const struct rule *rule, struct metric_context *c,
			     const struct metric_binding *binding, struct judgement *j)
{
	const struct rule_metric *metric = &rule->expression->metrics[0];

	j->truth = TRUTH_NULL;
	if (!c->span_ns)
		return;
	if (metric->statistic == RULE_QUANTILE && !rule->limit->is_minimum &&
	    is_all_within(rule, c, binding, c->span_ns)) {
		j->truth = TRUTH_FALSE;
		j->severity = 0;
		return;
	}
	j->value = metric_number(c, metric, binding);
	if (isnan(j->value))
		return;
	j->severity = severity_of(rule, j->value);
	j->truth = j->severity ? TRUTH_TRUE : TRUTH_FALSE;
}

/*
 * S2.3: over the last 100 samples and over the last minute; the milder one counts. The first ends
 * an alert as soon as calls are fast again, the second keeps one bad moment from being one; where
 * calls are too rare for a minute, the samples alone count.
 */
static void judge_limit(const struct rule *rule, const struct instance *instance,
			struct metric_context *c, struct judgement *j)
{
	const struct metric_binding *binding = &instance->bindings[0];
	enum rule_statistic statistic = rule->expression->metrics[0].statistic;
	uint64_t over_ns = c->span_ns;
	struct judgement minute;

	j->metric = &rule->expression->metrics[0];
	j->binding = binding;
	j->unit = j->metric->unit;
	j->is_minimum = rule->limit->is_minimum;
	j->threshold = rule->limit->limit;
	minute = *j;
	if (statistic != RULE_MEAN && statistic != RULE_ERROR_RATE && statistic != RULE_QUANTILE) {
		judge_limit_over(rule, c, binding, j);
		return;
	}
	c->span_ns = metric_span_of(binding, c->now_ns, RULES_CONTRACT_SAMPLES);
	judge_limit_over(rule, c, binding, j);
	if (j->truth == TRUTH_FALSE)
		return;
	c->span_ns = over_ns;
	judge_limit_over(rule, c, binding, &minute);
	if (j->truth == TRUTH_NULL || (minute.truth != TRUTH_NULL && minute.severity < j->severity))
		*j = minute;
}

void verdict_of(struct judge *judge, const struct rule *rule, const struct instance *instance,
		uint64_t mono_ns, struct judgement *ret_judgement)
{
	struct metric_context context = context_of(judge, rule, mono_ns);

	*ret_judgement = (struct judgement){.value = NAN, .threshold = NAN};
	if (rule->limit)
		judge_limit(rule, instance, &context, ret_judgement);
	else
		judge_expression(rule, instance, &context, ret_judgement);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Health and trends, with the formulas of S2. */
#include <math.h>
#include <string.h>

#include "judge/report.h"
#include "judge/system_check.h"

#define OVER_NS	      60000000000ULL
#define QUARTER_NS    (OVER_NS / 4)
#define TREND_SAMPLES 10

/* S2.4 */
#define LATENCY_CHANGE 0.20
#define ERRORS_MORE    1.5
#define ERRORS_FEWER   0.5

/* S2.7 */
#define LATENCY_PENALTY_MAX   50.0
#define ERROR_PENALTY_MAX     30.0
#define VIOLATION_PENALTY     5.0
#define VIOLATION_PENALTY_MAX 20.0

const char *report_trend_name(enum report_trend trend)
{
	static const char *const names[] = {"unknown", "stable", "increasing", "decreasing"};

	return names[trend];
}

enum report_trend report_trend_of_latency(double before_ns, double after_ns)
{
	if (isnan(before_ns) || isnan(after_ns) || before_ns == 0)
		return REPORT_TREND_UNKNOWN;
	if (after_ns > before_ns * (1 + LATENCY_CHANGE))
		return REPORT_INCREASING;
	return after_ns < before_ns * (1 - LATENCY_CHANGE) ? REPORT_DECREASING : REPORT_STABLE;
}

enum report_trend report_trend_of_errors(double before_ratio, double after_ratio)
{
	if (isnan(before_ratio) || isnan(after_ratio))
		return REPORT_TREND_UNKNOWN;
	if (after_ratio > before_ratio * ERRORS_MORE)
		return REPORT_INCREASING;
	return after_ratio < before_ratio * ERRORS_FEWER ? REPORT_DECREASING : REPORT_STABLE;
}

static double at_most(double value, double most)
{
	return isnan(value) || value < 0 ? 0 : value > most ? most : value;
}

void report_score(struct report_component *component)
{
	struct report_component *c = component;

	c->latency_penalty =
		at_most((c->mean_ns / c->latency_limit_ns - 1) * 100, LATENCY_PENALTY_MAX);
	c->error_penalty = at_most(c->error_ratio * 100, ERROR_PENALTY_MAX);
	c->violation_penalty =
		at_most((double)c->violations_5m * VIOLATION_PENALTY, VIOLATION_PENALTY_MAX);
	c->score = 100 - c->latency_penalty - c->error_penalty - c->violation_penalty;
}

/* An operation as a whole, as a rule would name it. */
static struct rule_metric metric_of(const char *name, const char *metric, double q)
{
	return (struct rule_metric){.name = name,
				    .metric = metric,
				    .statistic = q > 0 ? RULE_QUANTILE : RULE_COUNT,
				    .quantile = q};
}

static double mean_of(const struct rolling_totals *t, uint64_t samples)
{
	return t->count && t->count >= samples ? (double)t->sum_ns / (double)t->count : NAN;
}

static double errors_of(const struct rolling_totals *t, uint64_t samples)
{
	return t->count && t->count >= samples ? (double)t->errors / (double)t->count : NAN;
}

static void fill_latency(struct judge *judge, struct report_component *c,
			 const struct metric_binding *binding, uint64_t mono_ns)
{
	struct metric_context context = {.now_ns = mono_ns,
					 .span_ns = OVER_NS,
					 .min_samples = judge->config->judge.min_samples,
					 .scratch = &judge->scratch};
	struct rule_metric p95 = metric_of(c->name, "p95", 0.95);
	struct rule_metric p99 = metric_of(c->name, "p99", 0.99);
	struct rolling_totals t = metric_totals(binding, mono_ns, OVER_NS), after, before;

	c->count = t.count;
	c->mean_ns = mean_of(&t, context.min_samples);
	c->error_ratio = errors_of(&t, context.min_samples);
	c->rate_per_min = t.duration_ns ? (double)t.count / ((double)t.duration_ns / 60e9) : NAN;
	c->p95_ns = metric_number(&context, &p95, binding);
	c->p99_ns = metric_number(&context, &p99, binding);
	after = metric_totals(binding, mono_ns, QUARTER_NS);
	before = metric_totals(binding, mono_ns - QUARTER_NS, QUARTER_NS);
	c->latency_trend = report_trend_of_latency(mean_of(&before, TREND_SAMPLES),
						   mean_of(&after, TREND_SAMPLES));
	c->error_trend = report_trend_of_errors(errors_of(&before, TREND_SAMPLES),
						errors_of(&after, TREND_SAMPLES));
}

static void add_rule(struct report_component *c, const struct rule *rule, uint64_t mono_ns)
{
	c->violations_5m += violations_count(&rule->violations, mono_ns, VIOLATIONS_5M_NS);
	c->violations_24h += violations_count(&rule->violations, mono_ns, VIOLATIONS_DAY_NS);
	if (!strcmp(rule->limit->metric, "mean"))
		c->latency_limit_ns = rule->limit->limit;
	/* Until something is known of it, it has no score. */
	if (rule->has_data)
		c->score = 0;
	for (size_t i = 0; i < rule->instance_cnt; i++)
		c->alerts += rule->instances[i]->state == ALERT_FIRING;
}

/* Limits of one component stand beside each other: rules.c adds them so. */
static size_t fill_component(struct judge *judge, size_t first, uint64_t mono_ns,
			     struct report_component *c)
{
	const struct rule *rule = &judge->rules[first];
	struct rule_metric whole = metric_of(rule->component, "count", 0);
	struct metric_binding binding = {0};
	size_t next = first;

	*c = (struct report_component){.name = rule->component,
				       .is_target = rule->is_of_target,
				       .mean_ns = NAN,
				       .p95_ns = NAN,
				       .p99_ns = NAN,
				       .error_ratio = NAN,
				       .rate_per_min = NAN,
				       .latency_limit_ns = NAN,
				       .uptime_ratio = NAN,
				       .score = NAN};
	for (; next < judge->rule_cnt && judge->rules[next].limit &&
	       judge->rules[next].component == rule->component;
	     next++)
		add_rule(c, &judge->rules[next], mono_ns);
	if (c->is_target)
		c->uptime_ratio = system_check_uptime(judge, c->name, mono_ns);
	else if (metric_bind(&binding, &judge->sources, &whole, "", NULL) == 0)
		fill_latency(judge, c, &binding, mono_ns);
	metric_unbind(&binding);
	if (!isnan(c->score))
		report_score(c);
	return next;
}

void report_each_component(struct judge *judge, uint64_t mono_ns, report_component_fn fn,
			   void *context)
{
	struct report_component component;
	size_t i = 0;

	while (i < judge->rule_cnt) {
		if (!judge->rules[i].limit) {
			i++;
			continue;
		}
		i = fill_component(judge, i, mono_ns, &component);
		fn(context, &component);
	}
}

struct score_sum {
	double sum;
	size_t cnt;
};

static void add_score(void *context, const struct report_component *component)
{
	struct score_sum *sum = context;

	if (isnan(component->score))
		return;
	sum->sum += component->score;
	sum->cnt++;
}

void report_system(struct judge *judge, uint64_t mono_ns, struct report_system *ret_system)
{
	struct rolling_totals t = system_check_totals(judge, mono_ns);
	uint64_t samples = judge->config->judge.min_samples;
	struct score_sum score = {0};

	report_each_component(judge, mono_ns, add_score, &score);
	*ret_system = (struct report_system){
		.uptime_ratio = system_check_uptime(judge, NULL, mono_ns),
		.requests_per_s =
			t.duration_ns ? (double)t.count / ((double)t.duration_ns / 1e9) : NAN,
		.error_ratio = errors_of(&t, samples),
		.latency_ns = mean_of(&t, samples),
		.alerts = system_check_alerts(judge),
		.violations_24h = system_check_violations(judge, mono_ns),
		.score = score.cnt ? score.sum / (double)score.cnt : NAN,
		.fired = judge->counters.fired,
		.told = judge->counters.told,
	};
}

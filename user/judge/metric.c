/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of metrics: sums over the series that a metric is about. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/labels.h"
#include "base/time_units.h"
#include "judge/metric.h"

/* Some values come every second, those of the system check every ten; older ones count as gone. */
#define VALUE_FRESH_NS 15000000000ULL

void metric_unbind(struct metric_binding *binding)
{
	free(binding->items);
	*binding = (struct metric_binding){0};
}

static bool is_bound(const struct source *s, const struct rule_metric *metric, const char *labels,
		     const char *target)
{
	/* The host is part of whatever a target does. */
	return source_is_of(s, metric, labels) &&
	       (!target || !strcmp(s->id.target, target) || !strcmp(s->id.target, SERIES_HOST));
}

/* Values of a whole target belong to whatever series of it is judged. */
static bool passes(const struct source *s, const char *filter)
{
	return (s->kind == SOURCE_VALUE && !s->id.labels[0]) ||
	       labels_contain(s->id.labels, filter);
}

static int labels_of(const struct rule_metric *metric, char text[static LABELS_TEXT_BYTES])
{
	return labels_write(metric->labels, metric->label_cnt, text, LABELS_TEXT_BYTES);
}

int metric_bind(struct metric_binding *binding, struct source_table *table,
		const struct rule_metric *metric, const char *filter, const char *target)
{
	bool needs_history =
		metric->statistic == RULE_VALUE && (metric->span_ns || metric->is_rate);
	char labels[LABELS_TEXT_BYTES];
	size_t cnt = 0, at = 0;

	metric_unbind(binding);
	if (labels_of(metric, labels) != 0)
		return 0;
	for (size_t i = 0; i < table->cnt; i++)
		cnt += is_bound(table->items[i], metric, labels, target);
	if (!cnt)
		return 0;
	binding->items = calloc(cnt, sizeof(struct source *));
	if (!binding->items)
		return -ENOMEM;
	for (size_t i = 0; i < table->cnt; i++) {
		struct source *s = table->items[i];

		if (!is_bound(s, metric, labels, target) || !passes(s, filter))
			continue;
		if (needs_history && !s->history) {
			s->history = rolling_value_new();
			if (!s->history)
				return -ENOMEM;
		}
		binding->items[at++] = s;
	}
	binding->cnt = at;
	return 0;
}

/*
 * Where the newest window ended, if that was in this second: windows end a little before they are
 * judged, and a span of a second must not lie behind them.
 */
static uint64_t end_of(const struct source *s, uint64_t now_ns)
{
	return s->newest_ns <= now_ns && now_ns - s->newest_ns < NS_PER_S ? s->newest_ns : now_ns;
}

struct rolling_totals metric_totals(const struct metric_binding *binding, uint64_t now_ns,
				    uint64_t span_ns)
{
	struct rolling_totals total = {.min_ns = UINT64_MAX}, part;

	for (size_t i = 0; i < binding->cnt; i++) {
		const struct source *s = binding->items[i];

		if (!s->rolling)
			continue;
		rolling_sum(s->rolling, end_of(s, now_ns), span_ns, &part);
		/* Series of one operation run beside each other, not after each other. */
		if (part.duration_ns > total.duration_ns)
			total.duration_ns = part.duration_ns;
		total.count += part.count;
		total.errors += part.errors;
		total.sum_ns += part.sum_ns;
		total.min_ns = part.min_ns < total.min_ns ? part.min_ns : total.min_ns;
		total.max_ns = part.max_ns > total.max_ns ? part.max_ns : total.max_ns;
	}
	return total;
}

uint64_t metric_span_of(const struct metric_binding *binding, uint64_t now_ns, uint64_t samples)
{
	static const uint64_t spans_ns[] = {NS_PER_S,	       10 * NS_PER_S,	   NS_PER_MINUTE,
					    5 * NS_PER_MINUTE, 15 * NS_PER_MINUTE, NS_PER_HOUR};
	uint64_t shortest_ns = 0;

	for (size_t i = 0; i < binding->cnt; i++) {
		const struct source *s = binding->items[i];
		uint64_t span_ns =
			s->rolling ? rolling_span_of(s->rolling, end_of(s, now_ns), samples) : 0;

		if (span_ns && (!shortest_ns || span_ns < shortest_ns))
			shortest_ns = span_ns;
	}
	/* No series alone has them: together they may. */
	for (size_t i = 0; !shortest_ns && i < sizeof(spans_ns) / sizeof(spans_ns[0]); i++) {
		if (metric_totals(binding, now_ns, spans_ns[i]).count >= samples)
			shortest_ns = spans_ns[i];
	}
	return shortest_ns;
}

static double quantile(struct metric_context *c, double q, const struct metric_binding *binding,
		       uint64_t span_ns)
{
	uint64_t ns;

	if (!binding->cnt)
		return NAN;
	if (c->memo_cnt != binding->cnt || c->memo_span_ns != span_ns ||
	    memcmp(c->memo_items, binding->items, binding->cnt * sizeof(struct source *)) != 0) {
		window_clear(c->scratch);
		for (size_t i = 0; i < binding->cnt; i++)
			rolling_merge(binding->items[i]->rolling,
				      end_of(binding->items[i], c->now_ns), span_ns, c->scratch);
		c->memo_items = binding->items;
		c->memo_cnt = binding->cnt;
		c->memo_span_ns = span_ns;
	}
	if (c->scratch->count < c->min_samples || !window_quantile(c->scratch, q, &ns))
		return NAN;
	return (double)ns;
}

static double per_s(double amount, uint64_t duration_ns)
{
	return duration_ns ? amount / ((double)duration_ns / NS_PER_S) : NAN;
}

static double of_totals(const struct metric_context *c, const struct rule_metric *metric,
			const struct rolling_totals *t)
{
	double amount;

	if (!t->duration_ns)
		return NAN;
	switch (metric->statistic) {
	case RULE_RATE:
		return per_s((double)t->count, t->duration_ns);
	case RULE_ERROR_RATE:
		return t->count && t->count >= c->min_samples ? (double)t->errors / (double)t->count
							      : NAN;
	case RULE_MEAN:
		return t->count && t->count >= c->min_samples ? (double)t->sum_ns / (double)t->count
							      : NAN;
	case RULE_MIN:
		return t->count ? (double)t->min_ns : NAN;
	case RULE_MAX:
		return t->count ? (double)t->max_ns : NAN;
	case RULE_COUNT:
		amount = (double)t->count;
		break;
	case RULE_ERRORS:
		amount = (double)t->errors;
		break;
	default:
		/* A second of calls in a second: how many were under way at a time. */
		amount = metric->is_rate ? (double)t->sum_ns / NS_PER_S : (double)t->sum_ns;
		break;
	}
	return metric->is_rate ? per_s(amount, t->duration_ns) : amount;
}

/* One source's reading; false: none that is new enough. */
static bool read_value(const struct metric_context *c, const struct rule_metric *metric,
		       const struct source *s, double *ret_value)
{
	uint64_t span_ns = metric->span_ns ? metric->span_ns : c->span_ns;
	struct rolling_value_span span;

	if (metric->is_rate || metric->span_ns) {
		if (!s->history || !rolling_value_sum(s->history, c->now_ns, span_ns, &span))
			return false;
		*ret_value = metric->is_rate ? per_s(span.increase, span.duration_ns) : span.mean;
		return true;
	}
	if (span_ns < VALUE_FRESH_NS)
		span_ns = VALUE_FRESH_NS;
	*ret_value = s->last;
	return s->newest_ns + span_ns > c->now_ns;
}

/* Amounts and rates of several sources add up; percents, ratios, states: the highest counts. */
static double of_values(const struct metric_context *c, const struct rule_metric *metric,
			const struct metric_binding *binding)
{
	bool is_sum = metric->unit == RULE_UNIT_BYTES || metric->is_rate ||
		      metric->unit == RULE_UNIT_PER_S;
	double total = NAN, value;

	for (size_t i = 0; i < binding->cnt; i++) {
		if (!read_value(c, metric, binding->items[i], &value))
			continue;
		if (is_sum && !isnan(total))
			total += value;
		else if (isnan(total) || value > total)
			total = value;
	}
	return total;
}

double metric_number(struct metric_context *context, const struct rule_metric *metric,
		     const struct metric_binding *binding)
{
	uint64_t span_ns = metric->span_ns ? metric->span_ns : context->span_ns;
	struct rolling_totals totals;

	if (metric->statistic == RULE_VALUE)
		return of_values(context, metric, binding);
	if (!metric->span_ns && context->samples) {
		span_ns = metric_span_of(binding, context->now_ns, context->samples);
		if (!span_ns)
			return NAN;
	}
	if (metric->statistic == RULE_QUANTILE)
		return quantile(context, metric->quantile, binding, span_ns);
	totals = metric_totals(binding, context->now_ns, span_ns);
	return of_totals(context, metric, &totals);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A metric of a rule -> its number now. NAN stands for null: nothing is known, or too little. */
#ifndef TICKSCOPE_JUDGE_METRIC_H
#define TICKSCOPE_JUDGE_METRIC_H

#include "judge/source.h"

/* What one metric of one instance is about. */
struct metric_binding {
	struct source **items;
	size_t cnt;
};

struct metric_context {
	uint64_t now_ns; /* mono */
	uint64_t span_ns;
	uint64_t samples; /* instead of span_ns, where the metric has no span; 0: no */
	uint64_t min_samples;
	struct window *scratch;
	/* The last histogram that was merged into scratch: p50 and p99 of one operation need one.
	 */
	struct source *const *memo_items;
	size_t memo_cnt;
	uint64_t memo_span_ns;
};

/* Choose the sources again, after the table changed. filter: canonical labels that they must have
 * beside the metric's (an instance's); target: NULL, or theirs. -ENOMEM. */
int metric_bind(struct metric_binding *binding, struct source_table *table,
		const struct rule_metric *metric, const char *filter, const char *target);
void metric_unbind(struct metric_binding *binding);

/*
 * count, errors, rate, sum, min and max are numbers as soon as windows are there; mean and
 * error_rate need min_samples, percentiles also n * (1 - q) >= 1. A value is its last reading,
 * unless it is older than the span.
 */
double metric_number(struct metric_context *context, const struct rule_metric *metric,
		     const struct metric_binding *binding);
/* Totals of all its series; duration_ns is the longest that one of them was there for. */
struct rolling_totals metric_totals(const struct metric_binding *binding, uint64_t now_ns,
				    uint64_t span_ns);
/* How far back the newest windows reach that hold so many values; 0: too few in an hour. */
uint64_t metric_span_of(const struct metric_binding *binding, uint64_t now_ns, uint64_t samples);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How a system does as a whole: health, trends, violations, of each component and together (S2.4,
 * S2.7, S2.10). A component is an operation or target with a contract. */
#ifndef TICKSCOPE_JUDGE_REPORT_H
#define TICKSCOPE_JUDGE_REPORT_H

#include "judge/judge.h"

enum report_trend {
	REPORT_TREND_UNKNOWN, /* fewer than 10 samples in one of the two quarters */
	REPORT_STABLE,
	REPORT_INCREASING,
	REPORT_DECREASING,
};

/* "unknown", "stable", "increasing", "decreasing". */
const char *report_trend_name(enum report_trend trend);

/* Scores are 0 to 100, healthy above 80. NAN: not known. */
#define REPORT_HEALTHY_SCORE 80

struct report_component {
	const char *name; /* of the configuration */
	bool is_target;
	uint64_t count; /* of the last minute, as all that follows */
	double mean_ns, p95_ns, p99_ns;
	double error_ratio;
	double rate_per_min;
	double latency_limit_ns; /* of the mean; NAN: the contract has none */
	double uptime_ratio;	 /* of a target, of the last day */
	double latency_penalty, error_penalty, violation_penalty;
	double score; /* NAN: nothing is known of it yet */
	uint64_t violations_5m, violations_24h;
	enum report_trend latency_trend, error_trend;
	size_t alerts; /* firing now */
};

struct report_system {
	double uptime_ratio;
	double requests_per_s, error_ratio, latency_ns;
	size_t alerts;
	uint64_t violations_24h;
	double score;	      /* mean of the components'; NAN: none has one */
	uint64_t fired, told; /* since the start: 1 - told / fired is noise that nobody saw */
};

typedef void (*report_component_fn)(void *context, const struct report_component *component);

void report_system(struct judge *judge, uint64_t mono_ns, struct report_system *ret_system);
void report_each_component(struct judge *judge, uint64_t mono_ns, report_component_fn fn,
			   void *context);

/* S2.7: penalties from the mean latency over its limit (at most 50), the error ratio (30), the
 * violations of five minutes (20); NAN where something is not known, which costs nothing. */
void report_score(struct report_component *component);
/* S2.4: the last quarter of a span against the quarter before it. */
enum report_trend report_trend_of_latency(double before_ns, double after_ns);
enum report_trend report_trend_of_errors(double before_ratio, double after_ratio);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A window -> the numbers that are shown, each with what limits its worth. Pure. */
#ifndef TICKSCOPE_MEASURE_STATS_H
#define TICKSCOPE_MEASURE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/window.h"

/* The quantiles that every output has, in this order: p50 p90 p95 p99 p999 p9999. */
enum { STATS_P50, STATS_P90, STATS_P95, STATS_P99, STATS_P999, STATS_P9999, STATS_QUANTILE_CNT };

struct stats_quantile {
	const char *name;  /* "p50" … "p9999", as in JSON */
	const char *title; /* "p50" … "p99.99", as people write it */
	double q;
};
extern const struct stats_quantile stats_quantiles[STATS_QUANTILE_CNT];

#define STATS_NULL                                                                               \
	UINT64_MAX /* a quantile that the window has too few samples for, or a net value that is \
		      not known */

/*
 * Identities (DESIGN.md §3): entries = returns + unwound + in_flight + lost, count + dropped =
 * returns. A span whose exit could not be looked up was counted as unwound by the kernel; here it
 * is lost instead.
 */
struct stats_quality {
	uint64_t entries;
	uint64_t returns;
	uint64_t unwound;
	uint64_t lost;
	uint64_t unpaired_entries; /* entries that ended without a return seen: unwound + lost */
	uint64_t unpaired_returns;
	uint64_t dropped;
	int64_t in_flight; /* of this window: negative where more calls ended in it than began */
	uint64_t clock_clamped;
	uint64_t nested_hits;
	uint64_t migrations;
	uint64_t involuntary_switches;
	bool below_noise; /* p50 is less than three times the probe's inner cost */
};

struct stats {
	uint64_t count;
	uint64_t errors;
	double rate_per_s; /* count over the window's duration; 0 for an empty duration */
	uint64_t min_ns;   /* STATS_NULL when count is 0; likewise max_ns */
	uint64_t max_ns;
	double mean_ns; /* 0 when count is 0 */
	uint64_t sum_ns;
	uint64_t quantile_ns[STATS_QUANTILE_CNT];
	uint64_t quantile_net_ns[STATS_QUANTILE_CNT]; /* inner cost taken off, never below 0 */
	struct stats_quality quality;
};

/*
 * probe_inner_ns: the calibrated part of the probe's cost that lies inside the measured interval; 0
 * where it was not measured, and then net values are STATS_NULL. They also are where nested_hits >
 * 0.
 */
void stats_of(struct stats *ret_stats, const struct window *window, uint64_t probe_inner_ns);

#endif

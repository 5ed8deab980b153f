/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of one window, raw and net of the probe's cost. */
#include <string.h>

#include "measure/stats.h"

/* Below this multiple of the probe's inner cost, a value says more about the probe than about the
 * function. */
#define NOISE_FLOOR_FACTOR 3

const struct stats_quantile stats_quantiles[STATS_QUANTILE_CNT] = {
	[STATS_P50] = {"p50", "p50", 0.5},	 [STATS_P90] = {"p90", "p90", 0.9},
	[STATS_P95] = {"p95", "p95", 0.95},	 [STATS_P99] = {"p99", "p99", 0.99},
	[STATS_P999] = {"p999", "p99.9", 0.999}, [STATS_P9999] = {"p9999", "p99.99", 0.9999},
};

static void quality_of(struct stats_quality *q, const struct window *w)
{
	/* A missed exit left its span open; the kernel closed it as unwound when its frame was
	 * gone. */
	uint64_t missed = w->missed_exits < w->unwound ? w->missed_exits : w->unwound;

	q->entries = w->entries;
	q->returns = w->returns;
	q->unwound = w->unwound - missed;
	q->lost = w->lost + missed;
	q->unpaired_entries = q->unwound + q->lost;
	q->unpaired_returns = w->unpaired_returns;
	q->dropped = w->dropped;
	q->in_flight = (int64_t)(w->entries - w->returns - w->unwound - w->lost);
	q->clock_clamped = w->clock_clamped;
	q->nested_hits = w->nested_hits;
	q->migrations = w->migrations;
	q->involuntary_switches = w->involuntary_switches;
}

void stats_of(struct stats *ret_stats, const struct window *window, uint64_t probe_inner_ns)
{
	struct stats *s = ret_stats;
	bool has_net = probe_inner_ns && !window->nested_hits;

	memset(s, 0, sizeof(*s));
	s->count = window->count;
	s->errors = window->errors;
	s->sum_ns = window->sum_ns;
	s->min_ns = window->count ? window->min_ns : STATS_NULL;
	s->max_ns = window->count ? window->max_ns : STATS_NULL;
	if (window->duration_ns)
		s->rate_per_s = (double)window->count * 1e9 / (double)window->duration_ns;
	if (window->count)
		s->mean_ns = (double)window->sum_ns / (double)window->count;
	for (int i = 0; i < STATS_QUANTILE_CNT; i++) {
		uint64_t ns;

		s->quantile_ns[i] = STATS_NULL;
		s->quantile_net_ns[i] = STATS_NULL;
		if (!window_quantile(window, stats_quantiles[i].q, &ns))
			continue;
		s->quantile_ns[i] = ns;
		if (has_net)
			s->quantile_net_ns[i] = ns > probe_inner_ns ? ns - probe_inner_ns : 0;
	}
	quality_of(&s->quality, window);
	s->quality.below_noise = s->quantile_ns[STATS_P50] != STATS_NULL &&
				 s->quantile_ns[STATS_P50] < NOISE_FLOOR_FACTOR * probe_inner_ns;
}

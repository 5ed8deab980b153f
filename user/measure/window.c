/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots, differences, merging, quantiles. Sums over 4608 buckets are plain loops that the
 * compiler vectorises. */
#include <string.h>

#include "measure/window.h"

static uint64_t load(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void add_stripe(struct snapshot *s, const struct ts_series *stripe)
{
	uint64_t max_ns = load(&stripe->max_ns), min_ns = ~load(&stripe->inverse_min_ns);

	s->entries += load(&stripe->entries);
	s->returns += load(&stripe->returns);
	s->unwound += load(&stripe->unwound);
	s->unpaired_returns += load(&stripe->unpaired_returns);
	s->lost += load(&stripe->lost);
	s->missed_exits += load(&stripe->missed_exits);
	s->clock_clamped += load(&stripe->clock_clamped);
	s->dropped += load(&stripe->dropped);
	s->errors += load(&stripe->errors);
	s->nested_hits += load(&stripe->nested_hits);
	s->sum_ns += load(&stripe->sum_ns);
	s->max_ns = max_ns > s->max_ns ? max_ns : s->max_ns;
	s->min_ns = min_ns < s->min_ns ? min_ns : s->min_ns;
	for (size_t i = 0; i < TS_BUCKET_CNT; i++) {
		/* A plain read: 4-byte loads are atomic on x86-64, and volatile would keep the loop
		 * from being vectorised. */
		s->buckets[i] += stripe->buckets[i];
	}
}

void snapshot_read(struct snapshot *ret_snapshot, const struct ts_series *stripes,
		   size_t stripe_cnt)
{
	memset(ret_snapshot, 0, sizeof(*ret_snapshot));
	ret_snapshot->min_ns = UINT64_MAX;
	for (size_t i = 0; i < stripe_cnt; i++)
		add_stripe(ret_snapshot, &stripes[i]);
}

/* First and last bucket that counted; false where none did. */
static bool window_outermost(const struct window *w, uint32_t *ret_first, uint32_t *ret_last)
{
	uint32_t first = 0, last = TS_BUCKET_CNT - 1;

	if (!w->count)
		return false;
	while (!w->buckets[first])
		first++;
	while (!w->buckets[last])
		last--;
	*ret_first = first;
	*ret_last = last;
	return true;
}

static void window_set_bounds(struct window *w, const struct snapshot *before,
			      const struct snapshot *after)
{
	uint32_t first, last;

	w->min_ns = UINT64_MAX;
	w->max_ns = 0;
	if (!window_outermost(w, &first, &last))
		return;
	w->min_ns = ts_bucket_low(first);
	w->max_ns = ts_bucket_high(last);
	if (after->min_ns < before->min_ns && after->min_ns > w->min_ns)
		w->min_ns = after->min_ns;
	/* The last bucket has no upper bound of its own: values of 2^42 ns and more are in it. */
	if (after->max_ns > before->max_ns &&
	    (after->max_ns < w->max_ns || last == TS_BUCKET_CNT - 1))
		w->max_ns = after->max_ns;
}

void window_between(struct window *ret_window, const struct snapshot *before,
		    const struct snapshot *after, uint64_t duration_ns)
{
	struct window *w = ret_window;
	uint64_t count = 0;

	w->duration_ns = duration_ns;
	w->entries = after->entries - before->entries;
	w->returns = after->returns - before->returns;
	w->unwound = after->unwound - before->unwound;
	w->unpaired_returns = after->unpaired_returns - before->unpaired_returns;
	w->lost = after->lost - before->lost;
	w->missed_exits = after->missed_exits - before->missed_exits;
	w->clock_clamped = after->clock_clamped - before->clock_clamped;
	w->dropped = after->dropped - before->dropped;
	w->errors = after->errors - before->errors;
	w->nested_hits = after->nested_hits - before->nested_hits;
	w->sum_ns = after->sum_ns - before->sum_ns;
	for (size_t i = 0; i < TS_BUCKET_CNT; i++) {
		w->buckets[i] = (uint32_t)(after->buckets[i] - before->buckets[i]);
		count += w->buckets[i];
	}
	w->count = count;
	window_set_bounds(w, before, after);
}

void window_clear(struct window *window)
{
	memset(window, 0, sizeof(*window));
	window->min_ns = UINT64_MAX;
}

void window_merge(struct window *total, const struct window *part)
{
	total->duration_ns += part->duration_ns;
	total->entries += part->entries;
	total->returns += part->returns;
	total->unwound += part->unwound;
	total->unpaired_returns += part->unpaired_returns;
	total->lost += part->lost;
	total->missed_exits += part->missed_exits;
	total->clock_clamped += part->clock_clamped;
	total->dropped += part->dropped;
	total->errors += part->errors;
	total->nested_hits += part->nested_hits;
	total->sum_ns += part->sum_ns;
	if (!part->count)
		return;
	total->count += part->count;
	total->max_ns = part->max_ns > total->max_ns ? part->max_ns : total->max_ns;
	total->min_ns = part->min_ns < total->min_ns ? part->min_ns : total->min_ns;
	for (size_t i = 0; i < TS_BUCKET_CNT; i++)
		total->buckets[i] += part->buckets[i];
}

/* ceil(q * count), at least 1 and at most count, without the error that count as a double would
 * have above 2^53. */
static uint64_t nearest_rank(double q, uint64_t count)
{
	long double exact = (long double)q * (long double)count;
	uint64_t rank = (uint64_t)exact;

	/* q as a decimal (0.99) is not exact in binary: a product within 1e-9 of a whole number is
	 * that number. */
	if (exact - (long double)rank > 1e-9L * (exact > 1 ? exact : 1))
		rank++;
	if (rank < 1)
		rank = 1;
	return rank > count ? count : rank;
}

bool window_quantile(const struct window *window, double q, uint64_t *ret_ns)
{
	uint64_t rank, seen = 0, middle;
	uint32_t idx = 0;

	/* Once more the decimal q: 100 * (1 - 0.99) is meant to be 1. */
	if (!window->count || (long double)window->count * (1.0L - (long double)q) < 1.0L - 1e-9L)
		return false;
	rank = nearest_rank(q, window->count);
	for (; idx < TS_BUCKET_CNT - 1; idx++) {
		seen += window->buckets[idx];
		if (seen >= rank)
			break;
	}
	middle = ts_bucket_low(idx) + (ts_bucket_high(idx) - ts_bucket_low(idx)) / 2;
	if (idx == TS_BUCKET_CNT - 1 || middle > window->max_ns)
		middle = window->max_ns;
	if (middle < window->min_ns)
		middle = window->min_ns;
	*ret_ns = middle;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots, differences, merging, quantiles. Loops go over the octaves that counted, which are
 * few. */
#include <string.h>

#include "measure/window.h"

#define OCTAVE_BUCKETS TS_BUCKET_SUB_CNT

static uint64_t load(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* The lowest octave of a mask, taken out of it; call while the mask is not 0. First bucket of it.
 */
static size_t next_octave(uint64_t *mask)
{
	size_t octave = (size_t)__builtin_ctzll(*mask);

	*mask &= *mask - 1;
	return octave * OCTAVE_BUCKETS;
}

void snapshot_init(struct snapshot *zeroed)
{
	zeroed->min_ns = UINT64_MAX;
}

void window_init(struct window *zeroed)
{
	zeroed->min_ns = UINT64_MAX;
}

static void clear_counters(struct snapshot *s)
{
	uint64_t octaves = s->octaves;

	memset(s, 0, offsetof(struct snapshot, buckets));
	s->min_ns = UINT64_MAX;
	while (octaves)
		memset(&s->buckets[next_octave(&octaves)], 0,
		       OCTAVE_BUCKETS * sizeof(s->buckets[0]));
}

static void add_stripe(struct snapshot *s, const struct ts_series *stripe)
{
	uint64_t max_ns = load(&stripe->max_ns), min_ns = ~load(&stripe->inverse_min_ns);
	uint64_t octaves = load(&stripe->octaves);

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
	s->migrations += load(&stripe->migrations);
	s->involuntary_switches += load(&stripe->involuntary_switches);
	s->sum_ns += load(&stripe->sum_ns);
	s->max_ns = max_ns > s->max_ns ? max_ns : s->max_ns;
	s->min_ns = min_ns < s->min_ns ? min_ns : s->min_ns;
	s->octaves |= octaves;
	while (octaves) {
		size_t first = next_octave(&octaves);

		/* Plain reads: 4-byte loads are atomic on x86-64, and the compiler may vectorise
		 * them. */
		for (size_t i = first; i < first + OCTAVE_BUCKETS; i++)
			s->buckets[i] += stripe->buckets[i];
	}
}

void snapshot_read(struct snapshot *snapshot, const struct ts_series *stripes, size_t stripe_cnt)
{
	clear_counters(snapshot);
	for (size_t i = 0; i < stripe_cnt; i++)
		add_stripe(snapshot, &stripes[i]);
}

bool snapshot_is_same(const struct snapshot *before, const struct snapshot *after)
{
	return before->entries == after->entries && before->returns == after->returns &&
	       before->unwound == after->unwound &&
	       before->unpaired_returns == after->unpaired_returns && before->lost == after->lost &&
	       before->missed_exits == after->missed_exits && before->errors == after->errors &&
	       before->nested_hits == after->nested_hits && before->sum_ns == after->sum_ns;
}

/* Bounds of the first and the last bucket that counted. */
static void window_set_bounds(struct window *w, const struct snapshot *before,
			      const struct snapshot *after)
{
	size_t first = (size_t)__builtin_ctzll(w->octaves) * OCTAVE_BUCKETS;
	size_t last = (size_t)(64 - __builtin_clzll(w->octaves)) * OCTAVE_BUCKETS - 1;

	while (!w->buckets[first])
		first++;
	while (!w->buckets[last])
		last--;
	w->min_ns = ts_bucket_low((uint32_t)first);
	w->max_ns = ts_bucket_high((uint32_t)last);
	/*
	 * A lifetime value outside the outermost bucket is not that of the call counted there: the
	 * kernel counts a call in its bucket before it raises the maximum, and was read in between.
	 */
	if (after->min_ns < before->min_ns && after->min_ns > w->min_ns &&
	    after->min_ns <= ts_bucket_high((uint32_t)first))
		w->min_ns = after->min_ns;
	if (after->max_ns > before->max_ns && after->max_ns >= ts_bucket_low((uint32_t)last) &&
	    (after->max_ns < w->max_ns || last == TS_BUCKET_CNT - 1))
		/* The last bucket has no upper bound of its own: 2^42 ns and more are in it. */
		w->max_ns = after->max_ns;
}

static void subtract_counters(struct window *w, const struct snapshot *before,
			      const struct snapshot *after)
{
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
	w->migrations = after->migrations - before->migrations;
	w->involuntary_switches = after->involuntary_switches - before->involuntary_switches;
	w->sum_ns = after->sum_ns - before->sum_ns;
}

void window_between(struct window *window, const struct snapshot *before,
		    const struct snapshot *after, uint64_t duration_ns)
{
	uint64_t octaves = after->octaves;

	window_clear(window);
	window->duration_ns = duration_ns;
	subtract_counters(window, before, after);
	while (octaves) {
		size_t first = next_octave(&octaves);
		uint64_t count = 0;

		for (size_t i = first; i < first + OCTAVE_BUCKETS; i++) {
			window->buckets[i] = (uint32_t)(after->buckets[i] - before->buckets[i]);
			count += window->buckets[i];
		}
		if (count)
			window->octaves |= 1ULL << (first / OCTAVE_BUCKETS);
		window->count += count;
	}
	if (window->count)
		window_set_bounds(window, before, after);
}

void window_clear(struct window *window)
{
	uint64_t octaves = window->octaves;

	memset(window, 0, offsetof(struct window, buckets));
	window->min_ns = UINT64_MAX;
	while (octaves)
		memset(&window->buckets[next_octave(&octaves)], 0,
		       OCTAVE_BUCKETS * sizeof(window->buckets[0]));
}

bool window_is_empty(const struct window *w)
{
	return !(w->entries | w->returns | w->unwound | w->unpaired_returns | w->lost |
		 w->missed_exits | w->clock_clamped | w->dropped | w->errors | w->nested_hits |
		 w->sum_ns | w->count);
}

void window_merge(struct window *total, const struct window *part)
{
	uint64_t octaves = part->octaves;

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
	total->migrations += part->migrations;
	total->involuntary_switches += part->involuntary_switches;
	total->sum_ns += part->sum_ns;
	total->count += part->count;
	total->octaves |= octaves;
	total->max_ns = part->max_ns > total->max_ns ? part->max_ns : total->max_ns;
	total->min_ns = part->min_ns < total->min_ns ? part->min_ns : total->min_ns;
	while (octaves) {
		size_t first = next_octave(&octaves);

		for (size_t i = first; i < first + OCTAVE_BUCKETS; i++)
			total->buckets[i] += part->buckets[i];
	}
}

/* ceil(q * count), at least 1 and at most count. */
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

/* The bucket that holds this rank, counted from 1. Whole octaves below it are added up at once. */
static uint32_t bucket_of_rank(const struct window *window, uint64_t rank)
{
	uint64_t octaves = window->octaves, seen = 0;

	while (octaves) {
		size_t first = next_octave(&octaves);
		uint64_t count = 0;

		for (size_t i = first; i < first + OCTAVE_BUCKETS; i++)
			count += window->buckets[i];
		if (seen + count < rank) {
			seen += count;
			continue;
		}
		for (size_t i = first;; i++) {
			seen += window->buckets[i];
			if (seen >= rank)
				return (uint32_t)i;
		}
	}
	return TS_BUCKET_CNT - 1;
}

bool window_quantile(const struct window *window, double q, uint64_t *ret_ns)
{
	uint64_t middle;
	uint32_t idx;

	/* Once more the decimal q: 100 * (1 - 0.99) is meant to be 1. */
	if (!window->count || (long double)window->count * (1.0L - (long double)q) < 1.0L - 1e-9L)
		return false;
	idx = bucket_of_rank(window, nearest_rank(q, window->count));
	middle = ts_bucket_low(idx) + (ts_bucket_high(idx) - ts_bucket_low(idx)) / 2;
	if (idx == TS_BUCKET_CNT - 1 || middle > window->max_ns)
		middle = window->max_ns;
	if (middle < window->min_ns)
		middle = window->min_ns;
	*ret_ns = middle;
	return true;
}

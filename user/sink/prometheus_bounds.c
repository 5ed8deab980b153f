/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets of bucket.h -> buckets of the page. */
#include <tickscope/bucket.h>

#include "sink/prometheus_bounds.h"

static void set_bound(struct prometheus_bounds *b, uint64_t bound_ns)
{
	uint32_t idx = ts_bucket_of(bound_ns);

	b->ns[b->cnt] = bound_ns;
	b->end_idx[b->cnt++] =
		ts_bucket_low(idx) + ts_bucket_high(idx) <= 2 * bound_ns ? idx + 1 : idx;
}

void prometheus_bounds_exact(struct prometheus_bounds *ret_bounds)
{
	ret_bounds->cnt = 0;
	for (int bit = PROMETHEUS_EXACT_FIRST_BIT; bit <= PROMETHEUS_EXACT_LAST_BIT; bit++)
		set_bound(ret_bounds, (1ULL << bit) - 1);
}

void prometheus_bounds_mapped(const struct prometheus_mapped *family,
			      struct prometheus_bounds *ret_bounds)
{
	ret_bounds->cnt = 0;
	for (size_t i = 0; i < PROMETHEUS_MAPPED_BOUND_MAX && family->bounds_ns[i]; i++)
		set_bound(ret_bounds, family->bounds_ns[i]);
}

void prometheus_bounds_count(const struct prometheus_bounds *b, const struct window *w,
			     uint64_t *numbers)
{
	size_t at = 0;

	for (uint32_t octave = 0; octave < TS_OCTAVE_CNT; octave++) {
		uint32_t first = octave * TS_BUCKET_SUB_CNT;

		if (!(w->octaves >> octave & 1))
			continue;
		for (uint32_t idx = first; idx < first + TS_BUCKET_SUB_CNT; idx++) {
			while (at < b->cnt && idx >= b->end_idx[at])
				at++;
			numbers[at] += w->buckets[idx];
		}
	}
}

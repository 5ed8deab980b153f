/* SPDX-License-Identifier: Apache-2.0 */
/* One thread writes and the same one reads: no atomics. */
#include "measure/recorder.h"

void recorder_add(struct ts_series *series, int64_t delta_ns)
{
	uint64_t ns = delta_ns < 0 ? 0 : (uint64_t)delta_ns;
	uint32_t bucket = ts_bucket_of(ns);

	series->clock_clamped += delta_ns < 0;
	series->entries++;
	series->returns++;
	series->octaves |= 1ULL << (bucket >> TS_BUCKET_SUB_BITS);
	series->buckets[bucket]++;
	series->sum_ns += ns;
	if (ns > series->max_ns)
		series->max_ns = ns;
	if (~ns > series->inverse_min_ns)
		series->inverse_min_ns = ~ns;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* How a measurement is added to a series that several may add to at once, in the kernel or in user
 * space. */
#ifndef TICKSCOPE_RECORD_H
#define TICKSCOPE_RECORD_H

#include <tickscope/abi.h>

/*
 * Uprobe programs are preemptible, and stripes may be shared by CPUs: every addition is atomic.
 * Nothing is ever reset; user space subtracts.
 */
#define COUNTER_ADD(counter, n) ((void)__sync_fetch_and_add(&(counter), (n)))

/* One attempt to raise *top to value; not 0 when nothing is left to do. */
static inline __attribute__((always_inline)) int counter_try_raise(__u64 *top, __u64 value)
{
	__u64 seen = *(volatile __u64 *)top;

	return value <= seen || __sync_val_compare_and_swap(top, seen, value) == seen;
}

/* Raises *top to value. Each attempt fails only where another CPU of this stripe raised it in the
 * same instant. */
static inline __attribute__((always_inline)) void counter_raise(__u64 *top, __u64 value)
{
	if (!counter_try_raise(top, value) && !counter_try_raise(top, value))
		counter_try_raise(top, value);
}

/* Counts one completed call that took delta_ns (signed: a clock that stepped back between CPUs is
 * counted as 0). */
static inline __attribute__((always_inline)) void series_record(struct ts_series *s, __s64 delta_ns)
{
	__u32 bucket;

	if (delta_ns < 0) {
		COUNTER_ADD(s->clock_clamped, 1);
		delta_ns = 0;
	}
	bucket = ts_bucket_of(delta_ns);
	/* For the verifier: the compiler proves the bound and would drop the check, the verifier
	 * cannot follow its proof. */
	asm volatile("" : "+r"(bucket));
	if (bucket < TS_BUCKET_CNT) {
		__u64 octave = 1ULL << (bucket >> TS_BUCKET_SUB_BITS);

		/* Before the count, so that no reader passes it by. */
		if (!(*(volatile __u64 *)&s->octaves & octave))
			__sync_fetch_and_or(&s->octaves, octave);
		COUNTER_ADD(s->buckets[bucket], 1);
	}
	COUNTER_ADD(s->sum_ns, delta_ns);
	counter_raise(&s->max_ns, delta_ns);
	counter_raise(&s->inverse_min_ns, ~(__u64)delta_ns);
	COUNTER_ADD(s->returns, 1);
}

#endif

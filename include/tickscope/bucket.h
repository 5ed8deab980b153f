/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/*
 * The log-linear bucket layout of every histogram, compiled into both the BPF programs and user
 * space, so that the two can never disagree. It is HdrHistogram's layout with 7 sub-bucket bits:
 * values below 128 ns have a bucket each, every octave above has 128 buckets of equal width. A
 * bucket's midpoint is within 0.39 % of every value in it.
 */
#ifndef TICKSCOPE_BUCKET_H
#define TICKSCOPE_BUCKET_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define TS_BUCKET_SUB_BITS 7
#define TS_BUCKET_SUB_CNT  (1U << TS_BUCKET_SUB_BITS)
/* The highest octave is [2^41, 2^42) ns, 37 to 73 minutes: the first that holds the hour the design
 * promises. */
#define TS_BUCKET_TOP_BIT 41
#define TS_BUCKET_CNT	  ((TS_BUCKET_TOP_BIT - TS_BUCKET_SUB_BITS + 2) * TS_BUCKET_SUB_CNT)

/* Buckets come in groups of 128: the first holds 0 to 127 ns, each other one an octave. */
#define TS_OCTAVE_CNT (TS_BUCKET_CNT / TS_BUCKET_SUB_CNT)

/*
 * Position of the highest set bit; 0 for 0. A shift search, since clang 14's BPF back end crashes
 * on
 * __builtin_clzll.
 */
static inline __u32 ts_highest_bit(__u64 value)
{
	__u32 bit = 0;

	if (value >> 32) {
		value >>= 32;
		bit += 32;
	}
	if (value >> 16) {
		value >>= 16;
		bit += 16;
	}
	if (value >> 8) {
		value >>= 8;
		bit += 8;
	}
	if (value >> 4) {
		value >>= 4;
		bit += 4;
	}
	if (value >> 2) {
		value >>= 2;
		bit += 2;
	}
	return bit + (__u32)(value >> 1);
}

/* Bucket that counts value_ns; values of 2^42 ns and more share the last one. */
static inline __u32 ts_bucket_of(__u64 value_ns)
{
	__u32 shift;

	if (value_ns < TS_BUCKET_SUB_CNT)
		return (__u32)value_ns;
	if (value_ns >> (TS_BUCKET_TOP_BIT + 1))
		return TS_BUCKET_CNT - 1;
	shift = ts_highest_bit(value_ns) - TS_BUCKET_SUB_BITS;
	return ((shift + 1) << TS_BUCKET_SUB_BITS) +
	       ((__u32)(value_ns >> shift) & (TS_BUCKET_SUB_CNT - 1));
}

/* Smallest value of bucket idx, in ns. */
static inline __u64 ts_bucket_low(__u32 idx)
{
	__u32 shift;

	if (idx < TS_BUCKET_SUB_CNT)
		return idx;
	shift = (idx >> TS_BUCKET_SUB_BITS) - 1;
	return (__u64)(TS_BUCKET_SUB_CNT + (idx & (TS_BUCKET_SUB_CNT - 1))) << shift;
}

/* Largest value of bucket idx, in ns (inclusive). */
static inline __u64 ts_bucket_high(__u32 idx)
{
	return idx < TS_BUCKET_SUB_CNT
		       ? idx
		       : ts_bucket_low(idx) + (1ULL << ((idx >> TS_BUCKET_SUB_BITS) - 1)) - 1;
}

#endif

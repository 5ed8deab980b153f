/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* How a span of a thread is split into shares, in the kernel or in user space. */
#ifndef TICKSCOPE_TASK_SHARES_H
#define TICKSCOPE_TASK_SHARES_H

#include <tickscope/abi_sched.h>

/* More than clocks of two CPUs differ by, and less than anybody could miss. */
#define TASK_SHARES_SLACK_NS 1000

/*
 * What became of the span_ns between two readings of one thread, by state; they sum to it exactly.
 * 0: it was not watched all the time, a switch was not seen, or it was not one thread. Shares can
 * take the place of from->ns.
 */
static inline __attribute__((always_inline)) int task_shares_split(const struct ts_task_sums *from,
								   const struct ts_task_sums *to,
								   __u64 span_ns,
								   __u64 shares[TS_STATE_CNT])
{
	__u64 left_ns = span_ns, sum_ns = 0;

	for (int i = 1; i < TS_STATE_CNT; i++) {
		__u64 ns = to->ns[i] - from->ns[i];

		sum_ns += ns;
		shares[i] = ns < left_ns ? ns : left_ns;
		left_ns -= shares[i];
	}
	sum_ns += to->ns[TS_STATE_ON_CPU] - from->ns[TS_STATE_ON_CPU];
	shares[TS_STATE_ON_CPU] = left_ns;
	return from->gaps == to->gaps &&
	       sum_ns - span_ns + TASK_SHARES_SLACK_NS <= 2 * TASK_SHARES_SLACK_NS;
}

#endif

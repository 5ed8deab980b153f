/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* Where a thread's time went: what the scheduler's programs add up, and those of spans read. */
#ifndef TICKSCOPE_ABI_SCHED_H
#define TICKSCOPE_ABI_SCHED_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Every instant of a thread is in one of these. The order is that of their series. */
enum ts_task_state {
	TS_STATE_ON_CPU = 0,
	TS_STATE_RUNNABLE, /* could run, and waits for a CPU */
	TS_STATE_BLOCKED_SOCKET,
	TS_STATE_BLOCKED_FUTEX,
	TS_STATE_BLOCKED_DISK,
	TS_STATE_BLOCKED_SLEEP,
	TS_STATE_BLOCKED_OTHER,
	TS_STATE_INTERRUPTED, /* its CPU handled interrupts */
	TS_STATE_PAGE_FAULT,
	TS_STATE_CNT,
};

/* Since the thread has been watched; only grows. CLOCK_MONOTONIC ns, whose sum is the time since
 * then. */
struct ts_task_sums {
	__u64 ns[TS_STATE_CNT];
	__u32 migrations;	    /* times that it was given to another CPU */
	__u32 involuntary_switches; /* times that it was taken off its CPU while it could run */
	__u64 gaps; /* switches that were not seen: what is in between cannot be told */
};
_Static_assert(sizeof(struct ts_task_sums) == 88, "sums have no hidden padding");

#endif

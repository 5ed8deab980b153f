/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* The slowest of each operation: told one by one, through a ring, as they happen. */
#ifndef TICKSCOPE_ABI_SLOWEST_H
#define TICKSCOPE_ABI_SLOWEST_H

#include <tickscope/abi_chain.h>

#define TS_SLOWEST_MAX	      32  /* of an operation */
#define TS_SLOW_OPERATION_MAX 512 /* that have them: functions, and behind them chains */
#define TS_SLOW_FUNCTION_MAX  (TS_SLOW_OPERATION_MAX - TS_CHAIN_MAX)
#define TS_SLOW_STACK_MAX     32 /* frames of the user stack */
#define TS_SLOW_RING_BYTES    (256U << 10)

/* The durations of the slowest so far; whoever finds a smaller one than its own takes its place,
 * and tells. All times of an operation that reaches N in random order are told N (1 + ln(count/N))
 * times. */
struct ts_slow_slots {
	__u64 limit_ns; /* nothing up to this is among them */
	__u64 dropped;	/* belonged here, and did not fit the ring */
	__u64 durations_ns[TS_SLOWEST_MAX];
};

#define TS_SLOW_CPU_UNKNOWN 0xffffffffU /* an answer that user space has found */

struct ts_slow_event {
	__u64 end_ns; /* CLOCK_MONOTONIC */
	__u64 duration_ns;
	__u32 operation; /* index of the slots */
	__u32 tgid;
	__u32 tid;	 /* that ended it; 0: not known */
	__u32 cpu;	 /* where it ended */
	__u32 stage_cnt; /* of a chain; 0: a function */
	__u32 frame_cnt;
	__u32 has_sums;
	__u32 reserved;
	__u64 times_ns[TS_CHAIN_STAGE_MAX];
	struct ts_task_sums sums; /* over the whole, where has_sums */
	/* Return addresses, innermost first; of a chain the first is the instruction itself. */
	__u64 frames[TS_SLOW_STACK_MAX];
};

#endif

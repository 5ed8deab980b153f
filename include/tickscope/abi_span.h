/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* Calls in progress, as the kernel keeps them; user space reads them only when a process has ended.
 */
#ifndef TICKSCOPE_ABI_SPAN_H
#define TICKSCOPE_ABI_SPAN_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/*
 * Open spans of one stack, innermost last: a thread's own, or a goroutine's. Deeper recursion
 * spills into a hash, so that depth is bounded by TS_SPILL_MAX over all stacks only.
 */
#define TS_SPAN_INLINE 16
#define TS_SPILL_MAX   131072
/* Open spans on stacks that are not a thread's own (coroutines, signal stacks), over all processes.
 */
#define TS_FOREIGN_MAX 65536
/* Goroutines with open spans, over all processes. */
#define TS_GOROUTINE_MAX 65536

struct ts_span {
	__u64 sp; /* stack pointer at function entry: the address of the return address. Of a
		     goroutine, whose stack moves: less the upper end of the stack */
	__u64 start_ns;
	__u64 result; /* first argument: where a result that fits no register is put */
	__u32 series;
	__u32 hits; /* of its list when the span began */
};

struct ts_span_list {
	__u64 owner; /* a tid, or the address of a goroutine's descriptor */
	__u32 tgid;  /* of the goroutine's process; 0: the owner is a thread */
	__u32 depth; /* open spans, the spilled ones included */
	__u32 hits;  /* entries so far */
	__u32 reserved;
	struct ts_span spans[TS_SPAN_INLINE];
};

struct ts_goroutine_key {
	__u64 goroutine; /* address of its descriptor (runtime.g) */
	__u32 tgid;
	__u32 reserved;
};

struct ts_spill_key {
	__u64 owner;
	__u32 tgid;
	__u32 depth;
};

struct ts_foreign_key {
	__u64 sp;
	__u32 tgid;
	__u32 reserved;
};

#endif

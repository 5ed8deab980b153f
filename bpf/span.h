/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Open spans, matched by stack pointer. On a thread's own stack they form a list in task storage,
 * sorted by address, so that a frame which was left without a return (exception, longjmp) is
 * recognised as soon as the stack grows over it. Spans on any other stack (coroutines, signal
 * stacks) may end on another thread and interleave freely: they are kept in a hash by address
 * alone, and nothing is concluded from their order.
 */
#ifndef TICKSCOPE_BPF_SPAN_H
#define TICKSCOPE_BPF_SPAN_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "series.h"

/* The main thread's stack grows down; the kernel keeps at least this much address space free below
 * it (mmap_base). */
#define MAIN_STACK_BYTES (128UL << 20)

struct thread {
	__u64 stack_low;
	__u64 stack_high; /* 0: not known yet; 1: this thread's own stack cannot be told */
	__u32 depth;	  /* open spans on the own stack, the spilled ones included */
	__u32 hits;	  /* entries so far */
	struct ts_span spans[TS_SPAN_INLINE];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps");

/* Spans deeper than TS_SPAN_INLINE. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_SPILL_MAX);
	__type(key, struct ts_spill_key);
	__type(value, struct ts_span);
} spilled SEC(".maps");

struct foreign_span {
	struct ts_span span;
	__u32 tid; /* of the entry: only on the same thread do the hit counts compare */
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_FOREIGN_MAX);
	__type(key, struct ts_foreign_key);
	__type(value, struct foreign_span);
} foreign SEC(".maps");

static __always_inline struct thread *thread_get(__u64 flags)
{
	return bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, flags);
}

static __always_inline struct ts_spill_key spill_key(__u32 depth)
{
	struct ts_spill_key key = {.tid = (__u32)bpf_get_current_pid_tgid(), .depth = depth};

	return key;
}

static __always_inline struct ts_span *span_at(struct thread *t, __u32 idx)
{
	struct ts_spill_key key;

	if (idx < TS_SPAN_INLINE)
		return &t->spans[idx];
	key = spill_key(idx);
	return bpf_map_lookup_elem(&spilled, &key);
}

static __always_inline void span_pop(struct thread *t)
{
	__u32 idx = --t->depth;

	if (idx >= TS_SPAN_INLINE) {
		struct ts_spill_key key = spill_key(idx);

		bpf_map_delete_elem(&spilled, &key);
	}
}

static __always_inline void span_count_unwound(__u32 series_idx)
{
	struct ts_series *s = series_get(series_idx);

	if (s)
		COUNTER_ADD(s->unwound, 1);
}

struct unwind_context {
	struct thread *thread;
	__u64 limit; /* spans whose frame begins below this address are gone */
};

static long unwind_one(__u32 iteration, struct unwind_context *c)
{
	struct thread *t = c->thread;
	struct ts_span *top;

	if (!t->depth)
		return 1;
	top = span_at(t, t->depth - 1);
	if (top && top->sp >= c->limit)
		return 1;
	if (top)
		span_count_unwound(top->series);
	span_pop(t);
	return 0;
}

/* Closes the spans whose frames begin below `limit`: the stack has been popped past them without a
 * return. */
static __noinline int span_unwind(struct thread *t, __u64 limit)
{
	struct unwind_context c = {.thread = t, .limit = limit};

	if (!t)
		return 0;
	bpf_loop(TS_SPILL_MAX, unwind_one, &c, 0);
	return 0;
}

struct stack_bounds {
	__u64 low;
	__u64 high;
};

static long stack_found(struct task_struct *task, struct vm_area_struct *vma,
			struct stack_bounds *bounds)
{
	bounds->low = BPF_CORE_READ(vma, vm_start);
	bounds->high = BPF_CORE_READ(vma, vm_end);
	return 0;
}

/*
 * Finds the thread's own stack once: the mapping that holds the thread control block (C libraries
 * put it at the top of the stack they allocate), or for the first thread the process stack. -EBUSY
 * (mmap lock taken) is tried again at the next hit; until then spans are kept by address, which is
 * right on any stack.
 */
static __noinline int thread_find_stack(struct thread *t)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct stack_bounds bounds = {};
	bool is_main = task->pid == task->tgid;
	__u64 inside =
		is_main ? BPF_CORE_READ(task, mm, start_stack) : BPF_CORE_READ(task, thread.fsbase);
	long err;

	if (!t)
		return 0;
	err = bpf_find_vma(task, inside, stack_found, &bounds, 0);
	if (!err) {
		t->stack_low = is_main ? bounds.high - MAIN_STACK_BYTES : bounds.low;
		t->stack_high = bounds.high;
	} else if (err == -2 /* ENOENT */) {
		t->stack_high = 1;
	}
	return 0;
}

static __always_inline bool thread_owns(struct thread *t, __u64 sp)
{
	if (!t->stack_high)
		thread_find_stack(t);
	return sp >= t->stack_low && sp < t->stack_high;
}

static __always_inline int span_open_own(struct thread *t, const struct ts_span *span)
{
	struct ts_spill_key key;
	struct ts_span *top;
	__u32 idx;

	if (t->depth) {
		top = span_at(t, t->depth - 1);
		if (!top || top->sp <= span->sp)
			span_unwind(t, span->sp + 1);
	}
	idx = t->depth;
	if (idx < TS_SPAN_INLINE) {
		t->spans[idx] = *span;
	} else {
		key = spill_key(idx);
		if (bpf_map_update_elem(&spilled, &key, span, BPF_ANY))
			return -1;
	}
	t->depth = idx + 1;
	return 0;
}

static __always_inline int span_open_foreign(const struct ts_span *span)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct ts_foreign_key key = {.sp = span->sp, .tgid = id >> 32};
	struct foreign_span *old, fresh = {.span = *span, .tid = (__u32)id};

	old = bpf_map_lookup_elem(&foreign, &key);
	if (old) { /* its frame is being reused: it was left without a return */
		span_count_unwound(old->span.series);
		*old = fresh;
		return 0;
	}
	return bpf_map_update_elem(&foreign, &key, &fresh, BPF_ANY) ? -1 : 0;
}

/* Opens a span at stack pointer sp. Negative: it could not be kept. */
static __always_inline int span_open(__u64 sp, __u32 series_idx)
{
	struct thread *t = thread_get(BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct ts_span span = {.sp = sp, .series = series_idx};

	if (!t)
		return -1;
	span.hits = ++t->hits;
	if (thread_owns(t, sp)) {
		span.start_ns = bpf_ktime_get_ns();
		return span_open_own(t, &span);
	}
	span.start_ns = bpf_ktime_get_ns();
	return span_open_foreign(&span);
}

struct span_end {
	__u64 start_ns;
	__u32 nested_hits;
};

enum span_result { SPAN_FOUND = 0, SPAN_UNPAIRED, SPAN_MISSED };

static __always_inline enum span_result span_close_own(struct thread *t, __u64 sp, __u32 series_idx,
						       struct span_end *end)
{
	struct ts_span *top;

	if (!t->depth)
		return SPAN_UNPAIRED;
	top = span_at(t, t->depth - 1);
	if (!top || top->sp < sp) {
		span_unwind(t, sp);
		if (!t->depth)
			return SPAN_UNPAIRED;
		top = span_at(t, t->depth - 1);
	}
	if (!top || top->sp != sp || top->series != series_idx)
		return SPAN_UNPAIRED;
	end->start_ns = top->start_ns;
	end->nested_hits = t->hits - top->hits;
	span_pop(t);
	return SPAN_FOUND;
}

static __always_inline enum span_result span_close_foreign(struct thread *t, __u64 sp,
							   __u32 series_idx, struct span_end *end)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct ts_foreign_key key = {.sp = sp, .tgid = id >> 32};
	struct foreign_span *f = bpf_map_lookup_elem(&foreign, &key);

	if (!f || f->span.series != series_idx)
		return SPAN_UNPAIRED;
	end->start_ns = f->span.start_ns;
	end->nested_hits = f->tid == (__u32)id ? t->hits - f->span.hits : 0;
	bpf_map_delete_elem(&foreign, &key);
	return SPAN_FOUND;
}

/* Closes the span that was opened at stack pointer sp. */
static __always_inline enum span_result span_close(__u64 sp, __u32 series_idx, struct span_end *end)
{
	/* Created where it is missing, so that NULL means just one thing: it could not be looked
	 * up. */
	struct thread *t = thread_get(BPF_LOCAL_STORAGE_GET_F_CREATE);
	enum span_result result;

	if (!t)
		return SPAN_MISSED;
	if (thread_owns(t, sp)) {
		result = span_close_own(t, sp, series_idx, end);
		if (result == SPAN_FOUND)
			return result;
	}
	return span_close_foreign(t, sp, series_idx, end);
}

#endif

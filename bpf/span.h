/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Open spans, matched by stack pointer. On a thread's own stack they form a list in task storage,
 * sorted by address, so that a frame which was left without a return (exception, longjmp) is
 * recognised as soon as the stack grows over it. Spans on any other stack (coroutines, signal
 * stacks) may end on another thread and interleave freely: they are kept in a hash by address
 * alone, and nothing is concluded from their order. A goroutine's stack moves in memory and from
 * thread to thread, but is one stack: its spans form a list like a thread's, with positions
 * relative to the upper end of the stack.
 */
#ifndef TICKSCOPE_BPF_SPAN_H
#define TICKSCOPE_BPF_SPAN_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "series.h"
#include "task_times.h"

/* The main thread's stack grows down; the kernel keeps at least this much address space free below
 * it (mmap_base). */
#define MAIN_STACK_BYTES (128UL << 20)

struct thread {
	__u64 stack_low;
	__u64 stack_high; /* 0: not known yet; 1: this thread's own stack cannot be told */
	struct ts_span_list list;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps");

/* Goroutines with open spans. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_GOROUTINE_MAX);
	__type(key, struct ts_goroutine_key);
	__type(value, struct ts_span_list);
} goroutines SEC(".maps");

/* What a new one starts from: too large for the stack of a program. */
static struct ts_span_list empty_list;

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

static __always_inline struct ts_spill_key spill_key(const struct ts_span_list *list, __u32 depth)
{
	struct ts_spill_key key = {.owner = list->owner, .tgid = list->tgid, .depth = depth};

	return key;
}

static __always_inline struct ts_span *span_at(struct ts_span_list *list, __u32 idx)
{
	struct ts_spill_key key;

	if (idx < TS_SPAN_INLINE)
		return &list->spans[idx];
	key = spill_key(list, idx);
	return bpf_map_lookup_elem(&spilled, &key);
}

static __always_inline void span_pop(struct ts_span_list *list)
{
	__u32 idx = --list->depth;

	if (idx >= TS_SPAN_INLINE) {
		struct ts_spill_key key = spill_key(list, idx);

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
	struct ts_span_list *list;
	__u64 limit; /* spans whose frame begins below this address are gone */
};

static long unwind_one(__u32 iteration, struct unwind_context *c)
{
	struct ts_span_list *list = c->list;
	struct ts_span *top;

	if (!list->depth)
		return 1;
	top = span_at(list, list->depth - 1);
	if (top && top->sp >= c->limit)
		return 1;
	if (top)
		span_count_unwound(top->series);
	span_pop(list);
	return 0;
}

/* Closes the spans whose frames begin below `limit`: the stack has been popped past them without a
 * return. */
static __noinline int span_unwind(struct ts_span_list *list, __u64 limit)
{
	struct unwind_context c = {.list = list, .limit = limit};

	if (!list)
		return 0;
	bpf_loop(TS_SPILL_MAX, unwind_one, &c, 0);
	if (has_task_times && !list->tgid)
		task_times_trim(list->depth);
	return 0;
}

/* Adds the innermost span. Negative: it could not be kept. */
static __always_inline int span_push(struct ts_span_list *list, const struct ts_span *span)
{
	struct ts_spill_key key;
	struct ts_span *top;
	__u32 idx;

	if (list->depth) {
		top = span_at(list, list->depth - 1);
		if (!top || top->sp <= span->sp)
			span_unwind(list, span->sp + 1);
	}
	idx = list->depth;
	if (idx < TS_SPAN_INLINE) {
		list->spans[idx] = *span;
	} else {
		key = spill_key(list, idx);
		if (bpf_map_update_elem(&spilled, &key, span, BPF_ANY))
			return -1;
	}
	list->depth = idx + 1;
	return 0;
}

struct span_end {
	__u64 start_ns;
	__u64 result;
	__u32 nested_hits;
	__u32 idx;	 /* where it was in its list */
	bool is_foreign; /* it was in none */
};

enum span_result { SPAN_FOUND = 0, SPAN_UNPAIRED, SPAN_MISSED };

/* Takes the span that begins at sp out of the list, and those inside it that have not returned. */
static __always_inline enum span_result span_take(struct ts_span_list *list, __u64 sp,
						  __u32 series_idx, struct span_end *end)
{
	struct ts_span *top;

	if (!list->depth)
		return SPAN_UNPAIRED;
	top = span_at(list, list->depth - 1);
	if (!top || top->sp < sp) {
		span_unwind(list, sp);
		if (!list->depth)
			return SPAN_UNPAIRED;
		top = span_at(list, list->depth - 1);
	}
	if (!top || top->sp != sp || top->series != series_idx)
		return SPAN_UNPAIRED;
	end->start_ns = top->start_ns;
	end->result = top->result;
	end->nested_hits = list->hits - top->hits;
	end->idx = list->depth - 1;
	span_pop(list);
	return SPAN_FOUND;
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
	t->list.owner = task->pid;
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
static __always_inline int span_open(struct pt_regs *ctx, __u64 sp, __u32 series_idx)
{
	struct thread *t = thread_get(BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct ts_span span = {.sp = sp, .result = ctx->di, .series = series_idx};

	if (!t)
		return -1;
	span.hits = ++t->list.hits;
	if (thread_owns(t, sp)) {
		span.start_ns = bpf_ktime_get_ns();
		return span_push(&t->list, &span);
	}
	span.start_ns = bpf_ktime_get_ns();
	return span_open_foreign(&span);
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
	end->result = f->span.result;
	end->nested_hits = f->tid == (__u32)id ? t->list.hits - f->span.hits : 0;
	end->is_foreign = true;
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
		result = span_take(&t->list, sp, series_idx, end);
		if (result == SPAN_FOUND)
			return result;
	}
	return span_close_foreign(t, sp, series_idx, end);
}

/* The compiler keeps the running goroutine's descriptor in r14 (Go's ABIInternal, amd64). */
#define GO_STACK_HIGH_OFFSET 8		  /* runtime.g: the first field is stack, {lo, hi} */
#define GO_STACK_BYTES_MAX   (1ULL << 30) /* the runtime's default limit on 64-bit machines */

/* Where a goroutine is on its stack; false where that cannot be told. */
static __always_inline bool goroutine_position(struct pt_regs *ctx, __s32 sp_adjust,
					       __u64 *position)
{
	__u64 sp = ctx->sp + sp_adjust, high;

	if (bpf_probe_read_user(&high, sizeof(high), (void *)(ctx->r14 + GO_STACK_HIGH_OFFSET)))
		return false;
	*position = sp - high;
	return high - sp <= GO_STACK_BYTES_MAX;
}

static __always_inline struct ts_goroutine_key goroutine_key(struct pt_regs *ctx)
{
	struct ts_goroutine_key key = {
		.goroutine = ctx->r14,
		.tgid = bpf_get_current_pid_tgid() >> 32,
	};

	return key;
}

/* As span_open, on the goroutine's stack. */
static __always_inline int span_open_goroutine(struct pt_regs *ctx, __s32 sp_adjust,
					       __u32 series_idx)
{
	struct ts_goroutine_key key = goroutine_key(ctx);
	struct ts_span span = {.series = series_idx};
	struct ts_span_list *list;

	if (!goroutine_position(ctx, sp_adjust, &span.sp))
		return -1;
	list = bpf_map_lookup_elem(&goroutines, &key);
	if (!list) {
		bpf_map_update_elem(&goroutines, &key, &empty_list, BPF_NOEXIST);
		list = bpf_map_lookup_elem(&goroutines, &key);
		if (!list)
			return -1;
		list->owner = key.goroutine;
		list->tgid = key.tgid;
	}
	span.hits = ++list->hits;
	span.start_ns = bpf_ktime_get_ns();
	return span_push(list, &span);
}

/* As span_close, on the goroutine's stack. A list without spans is given back: goroutines come and
 * go by the million. */
static __always_inline enum span_result span_close_goroutine(struct pt_regs *ctx, __u32 series_idx,
							     struct span_end *end)
{
	struct ts_goroutine_key key = goroutine_key(ctx);
	struct ts_span_list *list;
	enum span_result result;
	__u64 position;

	if (!goroutine_position(ctx, 0, &position))
		return SPAN_MISSED;
	list = bpf_map_lookup_elem(&goroutines, &key);
	if (!list)
		return SPAN_UNPAIRED;
	result = span_take(list, position, series_idx, end);
	if (!list->depth)
		bpf_map_delete_elem(&goroutines, &key);
	return result;
}

#endif

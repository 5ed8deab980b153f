// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Measures calls of functions in user space: one program for the entry, one for exit instructions,
 * one for hijacked returns, and one that does entry and return at once where the kernel has
 * sessions. Which of them is attached where, and why that is harmless, is user space's decision
 * (user/target, user/probe).
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <tickscope/abi.h>
#include "series.h"
#include "site.h"
#include "span.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 10); /* 2700 processes started between two turns of the loop */
} events SEC(".maps");

/* Life-cycle events that did not fit the ring. */
__u64 events_dropped = 0;

/* 6.13+: what a session's entry leaves for its own return. */
extern __u64 *bpf_session_cookie(void) __ksym __weak;
extern bool bpf_session_is_return(void) __ksym __weak;

/* True where the kernel will not catch this call's return: it keeps TS_URETPROBE_DEPTH of them for
 * a thread. */
static __always_inline bool is_too_deep(const struct ts_site *site)
{
	struct task_struct *task;
	struct uprobe_task *utask;

	if (!(site->flags & TS_SITE_LIMIT_DEPTH))
		return false;
	task = bpf_get_current_task_btf();
	utask = BPF_CORE_READ(task, utask);
	return utask && BPF_CORE_READ(utask, depth) >= TS_URETPROBE_DEPTH;
}

SEC("uprobe")
int func_entry(struct pt_regs *ctx)
{
	const struct ts_site *site = site_get(ctx);
	struct ts_series *s;

	if (!site)
		return 0;
	s = series_get(site->series);
	if (!s)
		return 0;
	COUNTER_ADD(s->entries, 1);
	if (is_too_deep(site) || span_open(ctx->sp + site->sp_adjust, site->series) < 0)
		COUNTER_ADD(s->lost, 1);
	return 0;
}

static __always_inline void close_call(struct pt_regs *ctx, const struct ts_site *site, __u64 sp,
				       __u64 now_ns)
{
	struct ts_series *s = series_get(site->series);
	struct span_end end;

	if (!s)
		return;
	switch (span_close(sp, site->series, &end)) {
	case SPAN_UNPAIRED:
		COUNTER_ADD(s->unpaired_returns, 1);
		return;
	case SPAN_MISSED:
		COUNTER_ADD(s->missed_exits, 1);
		return;
	case SPAN_FOUND:
		break;
	}
	series_record(s, now_ns - end.start_ns);
	if (end.nested_hits)
		COUNTER_ADD(s->nested_hits, end.nested_hits);
	if (site->error && !(site->flags & TS_SITE_NO_VALUE) && is_error(site->error, ctx->ax))
		COUNTER_ADD(s->errors, 1);
}

/* At an instruction that leaves the function: the stack pointer is where it was at entry. */
SEC("uprobe")
int func_exit(struct pt_regs *ctx)
{
	__u64 now_ns = bpf_ktime_get_ns();
	const struct ts_site *site = site_get(ctx);

	if (!site ||
	    (site->flags & TS_SITE_CONDITIONAL && !condition_holds(ctx->flags, site->condition)))
		return 0;
	close_call(ctx, site, ctx->sp, now_ns);
	return 0;
}

/* After a hijacked return: the return address has been popped. */
SEC("uretprobe")
int func_return(struct pt_regs *ctx)
{
	__u64 now_ns = bpf_ktime_get_ns();
	const struct ts_site *site = site_get(ctx);

	if (site)
		close_call(ctx, site, ctx->sp - sizeof(__u64), now_ns);
	return 0;
}

/* The entry half of a session. Returns 1 where the return is of no interest. */
static __always_inline int session_entry(struct pt_regs *ctx, const struct ts_site *site,
					 struct ts_series *s, __u64 *start_ns)
{
	struct thread *t;

	COUNTER_ADD(s->entries, 1);
	if (is_too_deep(site)) {
		COUNTER_ADD(s->lost, 1);
		return 1;
	}
	if (site->flags & TS_SITE_KEEP_SPAN) {
		if (span_open(ctx->sp + site->sp_adjust, site->series) == 0)
			return 0;
		COUNTER_ADD(s->lost, 1);
		return 1;
	}
	if (site->flags & TS_SITE_COUNT_HIT) {
		t = thread_get(BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (t)
			t->hits++;
	}
	*start_ns = bpf_ktime_get_ns();
	return 0;
}

/*
 * Entry and return in one program. The start time is in the session's own cookie, which needs no
 * map; where calls of other traced functions, a fork inside the call, or a hijack that is not
 * proven harmless may come between, it is kept as a span.
 */
SEC("uprobe")
int func_session(struct pt_regs *ctx)
{
	bool is_return = bpf_session_is_return();
	__u64 now_ns = is_return ? bpf_ktime_get_ns() : 0;
	__u64 *start_ns = bpf_session_cookie();
	const struct ts_site *site = site_get(ctx);
	struct ts_series *s;

	if (!site || !start_ns)
		return 1;
	s = series_get(site->series);
	if (!s)
		return 1;
	if (!is_return)
		return session_entry(ctx, site, s, start_ns);
	if (site->flags & TS_SITE_KEEP_SPAN) {
		close_call(ctx, site, ctx->sp - sizeof(__u64), now_ns);
		return 0;
	}
	series_record(s, now_ns - *start_ns);
	if (site->error && is_error(site->error, ctx->ax))
		COUNTER_ADD(s->errors, 1);
	return 0;
}

/* A thread ends, or a process replaces its image: whatever it had open ends without a return. */
static __always_inline void close_thread(void)
{
	struct thread *t = thread_get(0);

	if (t && t->depth)
		span_unwind(t, ~0ULL);
}

SEC("raw_tp/sched_process_exit")
int thread_exit(struct bpf_raw_tracepoint_args *ctx)
{
	close_thread();
	return 0;
}

SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct thread *t = thread_get(0);
	struct ts_event *event;

	close_thread();
	if (t)
		t->stack_high = 0; /* a new address space */
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		COUNTER_ADD(events_dropped, 1);
		return 0;
	}
	event->mono_ns = bpf_ktime_get_ns();
	event->kind = TS_EVENT_EXEC;
	event->tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

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
#include "chain_function.h"
#include "result.h"
#include "series.h"
#include "site.h"
#include "slowest.h"
#include "span.h"
#include "split.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 10); /* 2700 processes started between two turns of the loop */
} events SEC(".maps");

/* Life-cycle events that did not fit the ring. */
__u64 events_dropped = 0;

/* 6.13+: what a session's entry leaves for its own return; libbpf resolves it only where the
 * program is loaded. */
extern __u64 *bpf_session_cookie(void) __ksym __weak;

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
	int err;

	if (!site)
		return 0;
	s = series_get(site->series);
	if (!s)
		return 0;
	COUNTER_ADD(s->entries, 1);
	if (is_too_deep(site))
		err = -1;
	else if (site->flags & TS_SITE_GO)
		err = span_open_goroutine(ctx, site->sp_adjust, site->series);
	else
		err = span_open(ctx, ctx->sp + site->sp_adjust, site->series);
	if (err)
		COUNTER_ADD(s->lost, 1);
	else if (has_task_times && site->shares)
		split_begin(ctx->sp + site->sp_adjust);
	return 0;
}

static __always_inline void close_call(struct pt_regs *ctx, const struct ts_site *site, __u64 sp,
				       __u64 now_ns)
{
	struct ts_series *s = series_get(site->series);
	enum span_result result;
	struct ts_task_sums sums = {};
	struct span_end end = {};
	bool is_split = false;

	if (!s)
		return;
	if (has_task_times && site->shares)
		now_ns = split_read(&sums);
	if (site->flags & TS_SITE_GO)
		result = span_close_goroutine(ctx, site->series, &end);
	else
		result = span_close(sp, site->series, &end);
	switch (result) {
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
	if (has_task_times && site->shares)
		is_split = split_end(
			&(struct split_end){&end, sp, now_ns, site->series, site->shares}, &sums);
	if (slowest_cnt && site->slow_operation)
		slowest_call(site->slow_operation,
			     &(struct slow_end){now_ns, now_ns - end.start_ns,
						sp == ctx->sp ? sp : 0, is_split ? &sums : NULL});
	if (end.nested_hits)
		COUNTER_ADD(s->nested_hits, end.nested_hits);
	if (site->error && !(site->flags & TS_SITE_NO_VALUE) &&
	    is_error(site->error, ctx, end.result))
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

/*
 * A session's cookie: the low 48 bits of the start time (78 hours; differences are taken modulo
 * that) and the number of the site plus one. The kernel hands an entry a cookie of 0
 * (handler_chain, kernel/events/uprobes.c): it also tells entry from return, without a call of
 * bpf_session_is_return.
 */
#define COOKIE_TIME_BITS 48
#define COOKIE_TIME_MASK ((1ULL << COOKIE_TIME_BITS) - 1)
_Static_assert(TS_SITE_MAX < 1 << (64 - COOKIE_TIME_BITS),
	       "a cookie holds any site number plus one");

static __always_inline __s64 cookie_elapsed_ns(__u64 cookie, __u64 now_ns)
{
	__s64 high = (now_ns - cookie)
		     << (64 - COOKIE_TIME_BITS); /* NOLINT: the sign is what is wanted */

	return high >> (64 - COOKIE_TIME_BITS);
}

/* Returns 1 where the return is of no interest. */
static __always_inline int session_entry(struct pt_regs *ctx, __u64 *cookie)
{
	__u64 idx = bpf_get_attach_cookie(ctx);
	const struct ts_site *site = site_at(idx);
	struct ts_series *s;
	struct thread *t;

	if (!site || !site_is_for_task(site))
		return 1;
	s = series_get(site->series);
	if (!s)
		return 1;
	COUNTER_ADD(s->entries, 1);
	if (is_too_deep(site)) {
		COUNTER_ADD(s->lost, 1);
		return 1;
	}
	if (site->flags & TS_SITE_KEEP_SPAN) {
		*cookie = (idx + 1) << COOKIE_TIME_BITS;
		if (span_open(ctx, ctx->sp + site->sp_adjust, site->series)) {
			COUNTER_ADD(s->lost, 1);
			return 1;
		}
		if (has_task_times && site->shares)
			split_begin(ctx->sp + site->sp_adjust);
		return 0;
	}
	if (site->flags & TS_SITE_COUNT_HIT) {
		t = thread_get(BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (t)
			t->list.hits++;
	}
	*cookie = (idx + 1) << COOKIE_TIME_BITS | (bpf_ktime_get_ns() & COOKIE_TIME_MASK);
	return 0;
}

/*
 * A forked child inherits pending returns. It is kept out by the link's own process filter, which
 * is right on all kernels that have sessions; a link for all processes of a file keeps spans, and
 * those are a task's own.
 */
static __always_inline void session_return(struct pt_regs *ctx, __u64 cookie)
{
	__u64 now_ns = bpf_ktime_get_ns();
	const struct ts_site *site = site_at((cookie >> COOKIE_TIME_BITS) - 1);
	struct ts_series *s;
	__s64 elapsed_ns;

	if (!site)
		return;
	if (site->flags & TS_SITE_KEEP_SPAN) {
		close_call(ctx, site, ctx->sp - sizeof(__u64), now_ns);
		return;
	}
	s = series_get(site->series);
	if (!s)
		return;
	elapsed_ns = cookie_elapsed_ns(cookie, now_ns);
	series_record(s, elapsed_ns);
	if (slowest_cnt && site->slow_operation)
		slowest_call(site->slow_operation, &(struct slow_end){now_ns, elapsed_ns, 0, NULL});
	if (site->error && is_error(site->error, ctx, 0))
		COUNTER_ADD(s->errors, 1);
}

/*
 * Entry and return in one program. The start time is in the session's own cookie, which needs no
 * map; where calls of other traced functions, a fork inside the call, or a hijack that is not
 * proven harmless may come between, it is kept as a span.
 */
SEC("uprobe")
int func_session(struct pt_regs *ctx)
{
	__u64 *cookie = bpf_session_cookie();

	if (!cookie)
		return 1;
	if (!*cookie)
		return session_entry(ctx, cookie);
	session_return(ctx, *cookie);
	return 0;
}

/* A function that is a stage of chains is called. */
SEC("uprobe")
int func_mark(struct pt_regs *ctx)
{
	__u64 now_ns = bpf_ktime_get_ns();
	const struct ts_site *site = site_get(ctx);

	if (!site)
		return 0;
	chain_hit(site->series);
	if (site->flags & TS_SITE_CONDITIONAL && !condition_holds(ctx->flags, site->condition))
		return 0;
	chain_at_function(ctx, site->series, now_ns);
	return 0;
}

/* Likewise, it returns, where that is seen by a hijacked return. */
SEC("uretprobe")
int func_mark_return(struct pt_regs *ctx)
{
	__u64 now_ns = bpf_ktime_get_ns();
	const struct ts_site *site = site_get(ctx);

	if (!site)
		return 0;
	chain_hit(site->series);
	chain_at_function(ctx, site->series, now_ns);
	return 0;
}

/* A thread ends, or a process replaces its image: whatever it had open ends without a return. */
static __always_inline void close_thread(void)
{
	struct thread *t = thread_get(0);

	if (t && t->list.depth)
		span_unwind(&t->list, ~0ULL);
}

SEC("raw_tp/sched_process_exit")
int func_thread_exit(struct bpf_raw_tracepoint_args *ctx)
{
	close_thread();
	return 0;
}

SEC("raw_tp/sched_process_exec")
int func_process_exec(struct bpf_raw_tracepoint_args *ctx)
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

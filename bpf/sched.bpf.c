// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Adds up where the time of watched threads goes: switches on and off their CPU, what woke them,
 * interrupts on top of them, page faults inside them. Tracepoints only, which all kernels have;
 * threads that are not watched are passed over after one look.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "blocked.h"
#include "task_times.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Of another thread than the running one. Most have no storage of any kind, which needs no call to
 * see. */
static __always_inline struct task_times *times_of(struct task_struct *task)
{
	return task->bpf_storage ? bpf_task_storage_get(&sched_tasks, task, 0, 0) : NULL;
}

/* The time that a chain asked for is over, and no span is open. */
static __always_inline bool has_lapsed(struct task_times *t, __u64 now_ns)
{
	if (t->spans || now_ns <= t->until_ns)
		return false;
	t->until_ns = 0;
	task_times_stop(t, NULL);
	return true;
}

static __always_inline void switch_out(struct task_struct *task, bool is_preempted)
{
	struct task_times *t = times_of(task);
	struct cpu_times *c = cpu_times_get();

	if (!t || !c || (!t->spans && !t->until_ns))
		return;
	c->is_watched = 0;
	if (!t->since_ns) /* about to be watched */
		return;
	if (t->state != TS_STATE_ON_CPU)
		task_times_note_gap(t);
	task_times_fold(t, c, bpf_ktime_get_ns());
	/* A signal that waits keeps it from blocking, which its state says and the tracepoint's
	 * argument does not on all kernels. */
	if (is_preempted || task->__state == TASK_RUNNING)
		t->state = TS_STATE_RUNNABLE;
	else
		t->state = blocked_on(task, t->is_in_fault);
}

/* Adds the time off the CPU: until it was woken it was blocked. */
static __always_inline void add_time_off(struct task_times *t, __u64 now_ns)
{
	__u64 state = t->state, woken_ns = t->waking_ns;

	if (!woken_ns || woken_ns > now_ns)
		woken_ns = now_ns;
	/* A waker on another CPU can be a little ahead of the switch. */
	if (state == TS_STATE_RUNNABLE || woken_ns < t->since_ns)
		woken_ns = t->since_ns;
	/* For the verifier, which cannot follow that it is in bounds. */
	asm volatile("" : "+r"(state));
	if (state < TS_STATE_CNT)
		t->sums.ns[state] += woken_ns - t->since_ns;
	t->sums.ns[TS_STATE_RUNNABLE] += now_ns - woken_ns;
}

static __always_inline void switch_in(struct task_struct *task)
{
	struct task_times *t = times_of(task);
	struct cpu_times *c = cpu_times_get();
	__u64 now_ns;

	if (!t || !c || (!t->spans && !t->until_ns))
		return;
	now_ns = bpf_ktime_get_ns();
	if (has_lapsed(t, now_ns))
		return;
	if (now_ns < t->since_ns)
		now_ns = t->since_ns;
	if (t->since_ns && t->state == TS_STATE_ON_CPU)
		task_times_note_gap(t);
	else if (t->since_ns)
		add_time_off(t, now_ns);
	t->waking_ns = 0;
	t->state = TS_STATE_ON_CPU;
	t->since_ns = now_ns;
	t->irq_ns = c->irq_ns;
	t->seq++;
	c->irq_depth = 0;
	c->is_watched = 1;
}

/* sched_switch(preempt, prev, next, …) */
SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool is_preempted, struct task_struct *prev, struct task_struct *next)
{
	switch_out(prev, is_preempted);
	switch_in(next);
	return 0;
}

/* sched_waking(task): sched_wakeup comes later, by the time that an idle CPU takes to get up. */
SEC("tp_btf/sched_waking")
int BPF_PROG(sched_waking, struct task_struct *task)
{
	struct task_times *t = times_of(task);

	if (t && t->since_ns)
		t->waking_ns = bpf_ktime_get_ns();
	return 0;
}

/* --- interrupts, on top of a watched thread ------------------------------------------------------
 */

SEC("raw_tp")
int sched_irq_entry(struct bpf_raw_tracepoint_args *ctx)
{
	struct cpu_times *c = cpu_times_get();

	if (!c || !c->is_watched)
		return 0;
	if (!c->irq_depth++)
		c->irq_since_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp")
int sched_irq_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct cpu_times *c = cpu_times_get();
	__u64 now_ns;

	if (!c || !c->irq_depth)
		return 0;
	if (--c->irq_depth)
		return 0;
	now_ns = bpf_ktime_get_ns();
	if (now_ns > c->irq_since_ns)
		c->irq_ns += now_ns - c->irq_since_ns;
	return 0;
}

/* --- page faults of a watched thread -------------------------------------------------------------
 */

static __always_inline struct task_times *times_here(struct cpu_times *c)
{
	struct task_times *t = c && c->is_watched ? task_times_get(0) : NULL;

	return t && t->since_ns ? t : NULL;
}

/* page_fault_user(address, regs, error_code). Those of the kernel, in copies from and to the
 * thread, need not end in an event: their time is in on_cpu. */
SEC("raw_tp")
int sched_fault_entry(struct bpf_raw_tracepoint_args *ctx)
{
	struct cpu_times *c = cpu_times_get();
	struct task_times *t = times_here(c);

	/* With faults disabled it fails at once: a look at memory that need not be there. */
	if (!t || t->is_in_fault || bpf_get_current_task_btf()->pagefault_disabled)
		return 0;
	task_times_fold(t, c, bpf_ktime_get_ns());
	t->is_in_fault = 1;
	return 0;
}

static __always_inline void leave_fault(void)
{
	struct cpu_times *c = cpu_times_get();
	struct task_times *t = times_here(c);

	if (!t || !t->is_in_fault)
		return;
	task_times_fold(t, c, bpf_ktime_get_ns());
	t->is_in_fault = 0;
}

/* The software events page-faults-min and -maj, every one: the kernel counts a fault when it has
 * been handled (mm_account_fault). */
SEC("perf_event")
int sched_fault_exit(void *ctx)
{
	leave_fault();
	return 0;
}

/* signal_deliver: of a fault that could not be handled */
SEC("raw_tp/signal_deliver")
int sched_signal(struct bpf_raw_tracepoint_args *ctx)
{
	leave_fault();
	return 0;
}

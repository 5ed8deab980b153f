/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the running thread's time has gone since it has been watched. A thread is watched while a
 * span that asks for it is open on its stack, or for a while that a chain asks for;
 * bpf/sched.bpf.c adds its time up, and shares the maps with the programs that read them here.
 */
#ifndef TICKSCOPE_BPF_TASK_TIMES_H
#define TICKSCOPE_BPF_TASK_TIMES_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_sched.h>
#include <tickscope/abi_span.h>

/* Set before load where somebody wants a breakdown; else all of this is dead code. */
const volatile bool has_task_times = false;

struct task_times {
	__u64 since_ns;	 /* what was before is in sums; 0: not watched */
	__u64 until_ns;	 /* watched until then; 0: only while spans is not */
	__u64 waking_ns; /* when it was last woken */
	__u64 irq_ns;	 /* cpu_times.irq_ns at since_ns */
	__u32 seq;	 /* changes with all of this */
	__u32 spans;	 /* a bit for each place in the thread's list of spans: asks to watch */
	__u8 state;	 /* enum ts_task_state; on the CPU also in a page fault */
	__u8 is_in_fault;
	__u8 reserved[6];
	struct ts_task_sums sums;
	struct ts_task_sums at_entry[TS_SPAN_INLINE]; /* by the place in the list of spans */
};
_Static_assert(TS_SPAN_INLINE <= 32, "task_times.spans has a bit for each");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_times);
} sched_tasks SEC(".maps");

/* Interrupts of a CPU, counted while a watched thread is on it. */
struct cpu_times {
	__u64 irq_ns;	    /* spent in them, the outermost of nested ones */
	__u64 irq_since_ns; /* of the one that runs */
	__u32 irq_depth;
	__u32 is_watched; /* the thread on it */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_times);
} sched_cpus SEC(".maps");

/* A program that is preempted, or interrupted, between two of these lines begins again. */
#define TASK_TIMES_TRIES 4

#define TASK_TIMES_NOW(field) (*(volatile typeof(field) *)&(field))

static __always_inline struct task_times *task_times_get(__u64 flags)
{
	return bpf_task_storage_get(&sched_tasks, bpf_get_current_task_btf(), 0, flags);
}

static __always_inline struct cpu_times *cpu_times_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sched_cpus, &zero);
}

/* A switch of the thread was not seen: it is on its CPU where it should not be, or the other way
 * round. */
static __always_inline void task_times_note_gap(struct task_times *t)
{
	t->sums.gaps++;
	t->seq++;
}

/* Adds what the thread did on its CPU up to now. */
static __always_inline void task_times_fold(struct task_times *t, const struct cpu_times *c,
					    __u64 now_ns)
{
	__u64 slice_ns = now_ns > t->since_ns ? now_ns - t->since_ns : 0;
	__u64 irq_ns = c->irq_ns - t->irq_ns;

	if (irq_ns > slice_ns)
		irq_ns = slice_ns;
	t->sums.ns[TS_STATE_INTERRUPTED] += irq_ns;
	if (t->is_in_fault)
		t->sums.ns[TS_STATE_PAGE_FAULT] += slice_ns - irq_ns;
	else
		t->sums.ns[TS_STATE_ON_CPU] += slice_ns - irq_ns;
	t->since_ns += slice_ns;
	t->irq_ns = c->irq_ns;
	t->seq++;
}

/* The thread, for which watching was just asked, is watched from now on. */
static __noinline int task_times_start(struct task_times *t, struct cpu_times *c)
{
	if (!t || !c)
		return 0;
	for (int i = 0; i < TASK_TIMES_TRIES && !TASK_TIMES_NOW(t->since_ns); i++) {
		t->state = TS_STATE_ON_CPU;
		t->is_in_fault = 0;
		t->irq_ns = c->irq_ns;
		c->irq_depth = 0;
		c->is_watched = 1;
		/* Preempted just now, it is watched since it came back. */
		__sync_val_compare_and_swap(&t->since_ns, 0, bpf_ktime_get_ns());
	}
	return 0;
}

static __always_inline void task_times_stop(struct task_times *t, struct cpu_times *c)
{
	t->since_ns = 0;
	t->seq++;
	if (c)
		c->is_watched = 0;
}

/* A try to read; 0: the thread was switched or interrupted meanwhile. */
static __always_inline __u64 task_times_try(const struct task_times *t, const struct cpu_times *c,
					    struct ts_task_sums *sums)
{
	__u32 seq = TASK_TIMES_NOW(t->seq);
	__u64 irq_ns = TASK_TIMES_NOW(c->irq_ns), since_ns = TASK_TIMES_NOW(t->since_ns);
	__u64 now_ns, slice_ns, interrupted_ns = irq_ns - t->irq_ns;

	*sums = t->sums;
	now_ns = bpf_ktime_get_ns();
	if (TASK_TIMES_NOW(t->seq) != seq || TASK_TIMES_NOW(c->irq_ns) != irq_ns)
		return 0;
	if (now_ns < since_ns)
		now_ns = since_ns;
	slice_ns = now_ns - since_ns;
	if (interrupted_ns > slice_ns)
		interrupted_ns = slice_ns;
	sums->ns[TS_STATE_ON_CPU] += slice_ns - interrupted_ns;
	sums->ns[TS_STATE_INTERRUPTED] += interrupted_ns;
	return now_ns;
}

/*
 * The current thread's sums at the instant that is returned, CLOCK_MONOTONIC ns. 0: it is not
 * watched, or is switched so often that it cannot be read. From programs that run for the thread,
 * on its probes and in its system calls.
 */
static __noinline __u64 task_times_read(struct ts_task_sums *sums)
{
	struct task_times *t = task_times_get(0);
	struct cpu_times *c = cpu_times_get();
	__u64 now_ns = 0;

	if (!t || !c || !sums || !TASK_TIMES_NOW(t->since_ns))
		return 0;
	if (TASK_TIMES_NOW(t->state) != TS_STATE_ON_CPU) {
		task_times_note_gap(t);
		t->state = TS_STATE_ON_CPU;
	}
	/* It got here, so a fault that nobody saw end has ended: with a signal, or with EFAULT. */
	if (t->is_in_fault) {
		task_times_fold(t, c, bpf_ktime_get_ns());
		t->is_in_fault = 0;
	}
	for (int i = 0; i < TASK_TIMES_TRIES && !now_ns; i++)
		now_ns = task_times_try(t, c, sums);
	/* The kernel's own counts: nothing needs to be added to at a switch. */
	sums->migrations = (__u32)bpf_get_current_task_btf()->se.nr_migrations;
	sums->involuntary_switches = (__u32)bpf_get_current_task_btf()->nivcsw;
	return now_ns;
}

/* The bound of a place as the verifier can see it, behind everything that the compiler may do: 6.1
 * loses it over a call. */
#define PLACE_BOUND(place) asm volatile("%0 &= 15" : "+r"(place))
_Static_assert(TS_SPAN_INLINE == 16, "a mask bounds places");

/* Watches the current thread while the span at this place of its list is open. The instant that
 * its sums at entry are of; 0: it cannot be. */
static __always_inline __u64 task_times_begin(__u32 idx)
{
	struct task_times *t = task_times_get(BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct ts_task_sums sums;
	__u64 now_ns, place = idx;

	if (!t || idx >= TS_SPAN_INLINE)
		return 0;
	/* What is above was left without a return. */
	t->spans = (t->spans & ((1U << idx) - 1)) | 1U << idx;
	task_times_start(t, cpu_times_get());
	now_ns = task_times_read(&sums);
	PLACE_BOUND(place);
	if (now_ns)
		t->at_entry[place] = sums;
	return now_ns;
}

/* The thread's list has this many spans left: those above ask for nothing any more. */
static __always_inline void task_times_trim(__u32 span_cnt)
{
	struct task_times *t = task_times_get(0);

	if (!t || !t->spans || span_cnt >= TS_SPAN_INLINE)
		return;
	t->spans &= (1U << span_cnt) - 1;
	if (!t->spans && !t->until_ns)
		task_times_stop(t, cpu_times_get());
}

/* The span at this place has ended: its sums at entry. False: it was not watched. */
static __always_inline bool task_times_end(__u32 idx, struct ts_task_sums *ret_at_entry)
{
	struct task_times *t = task_times_get(0);
	__u64 place = idx;

	if (!t || idx >= TS_SPAN_INLINE || !(t->spans & 1U << idx))
		return false;
	PLACE_BOUND(place);
	*ret_at_entry = t->at_entry[place];
	t->spans &= ~(1U << idx);
	if (!t->spans && !t->until_ns)
		task_times_stop(t, cpu_times_get());
	return true;
}

/*
 * Watches the current thread for this long from now on, for what may end elsewhere or not at all.
 * Sums that are read later compare with earlier ones only while it was watched all the time:
 * task_shares_split sees where it was not.
 */
static __always_inline void task_times_keep(__u64 for_ns)
{
	struct task_times *t = task_times_get(BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 until_ns = bpf_ktime_get_ns() + for_ns;

	if (!t)
		return;
	if (t->until_ns < until_ns)
		t->until_ns = until_ns;
	task_times_start(t, cpu_times_get());
}

#endif

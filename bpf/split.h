/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Spans whose time is split into shares: what the thread's sums were at entry is kept beside the
 * span, and the differences are recorded at its end. Shares have series of their own behind one
 * another, in the order of enum ts_task_state.
 */
#ifndef TICKSCOPE_BPF_SPLIT_H
#define TICKSCOPE_BPF_SPLIT_H

#include <tickscope/task_shares.h>
#include "series.h"
#include "span.h"
#include "task_times.h"

/* Of spans on stacks that are not the thread's own: they can end anywhere, or never. */
struct foreign_sums {
	struct ts_task_sums sums;
	__u32 tid;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_FOREIGN_MAX);
	__type(key, struct ts_foreign_key);
	__type(value, struct foreign_sums);
} foreign_sums SEC(".maps");

/* For so long at least the thread of such a span is watched; what takes longer is not split. */
#define SPLIT_FOREIGN_NS 10000000000ULL

static __noinline int split_begin_foreign(__u64 sp)
{
	__u64 id = bpf_get_current_pid_tgid(), now_ns;
	struct ts_foreign_key key = {.sp = sp, .tgid = id >> 32};
	struct foreign_sums fresh = {.tid = (__u32)id};
	struct foreign_span *f = bpf_map_lookup_elem(&foreign, &key);

	if (!f)
		return 0;
	task_times_keep(SPLIT_FOREIGN_NS);
	now_ns = task_times_read(&fresh.sums);
	if (now_ns && bpf_map_update_elem(&foreign_sums, &key, &fresh, BPF_ANY) == 0)
		f->span.start_ns = now_ns;
	return 0;
}

/* The span that was just opened at this stack pointer begins where its sums are read. */
static __noinline int split_begin(__u64 sp)
{
	struct thread *t = thread_get(0);
	__u64 now_ns, place;

	if (!t)
		return 0;
	if (!thread_owns(t, sp))
		return split_begin_foreign(sp);
	if (!t->list.depth || t->list.depth > TS_SPAN_INLINE)
		return 0;
	place = t->list.depth - 1;
	now_ns = task_times_begin(place);
	PLACE_BOUND(place);
	if (now_ns)
		t->list.spans[place].start_ns = now_ns;
	return 0;
}

/* The end of a span, before anything is looked up: it is over here. */
static __always_inline __u64 split_read(struct ts_task_sums *sums)
{
	__u64 now_ns = task_times_read(sums);

	return now_ns ? now_ns : bpf_ktime_get_ns();
}

static __always_inline bool split_end_foreign(__u64 sp, struct ts_task_sums *at_entry)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct ts_foreign_key key = {.sp = sp, .tgid = id >> 32};
	struct foreign_sums *f = bpf_map_lookup_elem(&foreign_sums, &key);
	bool is_own = f && f->tid == (__u32)id;

	if (is_own)
		*at_entry = f->sums;
	if (f)
		bpf_map_delete_elem(&foreign_sums, &key);
	return is_own;
}

static __noinline int split_record(__u32 series_idx, __u64 ns, bool is_known)
{
	struct ts_series *s = series_get(series_idx);

	if (!s)
		return 0;
	COUNTER_ADD(s->entries, 1);
	if (is_known)
		series_record(s, (__s64)ns);
	else
		COUNTER_ADD(s->lost, 1);
	return 0;
}

struct split_end {
	const struct span_end *span;
	__u64 sp;
	__u64 now_ns;
	__u32 series; /* of the span itself */
	__u32 shares; /* the first of them */
};

/* Records the shares of a span that has ended, which had these sums then. 1: in their place are
 * those of the span alone; 0: they are not known. */
static __noinline int split_end(const struct split_end *e, struct ts_task_sums *sums)
{
	struct ts_task_sums at_entry = {};
	__u64 shares[TS_STATE_CNT] = {};
	struct ts_series *s;
	bool is_known;

	if (!e || !sums)
		return 0;
	is_known = e->span->is_foreign ? split_end_foreign(e->sp, &at_entry)
				       : task_times_end(e->span->idx, &at_entry);
	is_known = is_known &&
		   task_shares_split(&at_entry, sums, e->now_ns - e->span->start_ns, shares);
	for (__u32 i = 0; i < TS_STATE_CNT; i++)
		split_record(e->shares + i, shares[i], is_known);
	s = series_get(e->series);
	if (!s || !is_known)
		return 0;
	if (sums->migrations != at_entry.migrations)
		COUNTER_ADD(s->migrations, sums->migrations - at_entry.migrations);
	if (sums->involuntary_switches != at_entry.involuntary_switches)
		COUNTER_ADD(s->involuntary_switches,
			    sums->involuntary_switches - at_entry.involuntary_switches);
	__builtin_memcpy(sums->ns, shares, sizeof(shares));
	sums->migrations -= at_entry.migrations;
	sums->involuntary_switches -= at_entry.involuntary_switches;
	return 1;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chains: what is under way, and what happens when it passes a stage. The programs that see a stage
 * are in several objects; the maps are those of chain.bpf.c in all of them.
 */
#ifndef TICKSCOPE_BPF_CHAIN_H
#define TICKSCOPE_BPF_CHAIN_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_chain.h>
#include <tickscope/record.h>
#include <tickscope/task_shares.h>
#include "image.h"
#include "slowest.h"
#include "task_times.h"

/* There are any; set before load, as is the next. Without, nothing of this is in the kernel. */
const volatile __u8 has_chains = 0;
/* Stripes per series minus one. */
const volatile __u32 chain_stripe_mask = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TS_CHAIN_CNT);
	__type(key, __u32);
	__type(value, struct ts_chain);
} chain_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TS_POINT_CNT);
	__type(key, __u32);
	__type(value, struct ts_point);
} chain_points SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_CHAIN_STATE_MAX);
	__type(key, struct ts_chain_key);
	__type(value, struct ts_chain_state);
} chain_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* series x stripes, set before load */
	__type(key, __u32);
	__type(value, struct ts_series);
} chain_series SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TS_CHAIN_CNT);
	__type(key, __u32);
	__type(value, struct ts_chain_counts);
} chain_counts SEC(".maps");

/* Of each point that is a function, how often a probe of it was hit. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TS_POINT_CNT); /* x stripes, set before load */
	__type(key, __u32);
	__type(value, __u64);
} chain_hits SEC(".maps");

/* What a new one begins as: too large for the stack of a program. */
static struct ts_chain_state chain_blank;

/* A ts_step as an argument. */
#define CHAIN_STEP(chain, stage, is_arrival) ((chain) | (stage) << 8 | (is_arrival) << 16)
#define CHAIN_STEP_CHAIN(step)		     ((step)&0xff)
#define CHAIN_STEP_STAGE(step)		     ((step) >> 8 & 0xff)
#define CHAIN_STEP_IS_ARRIVAL(step)	     ((step) >> 16 & 1)

/* A passage of one stage. */
struct passage {
	struct ts_chain_key key;
	__u64 then_value; /* where the stage rekeys */
	__u64 time_ns;
	__u32 stage;
	__u32 tid; /* 0: the time is that of an arrival */
};

static __always_inline struct ts_series *chain_series_get(__u32 idx)
{
	__u32 stripe =
		idx * (chain_stripe_mask + 1) + (bpf_get_smp_processor_id() & chain_stripe_mask);

	return bpf_map_lookup_elem(&chain_series, &stripe);
}

static __always_inline struct ts_chain_counts *chain_counts_get(__u32 chain)
{
	return bpf_map_lookup_elem(&chain_counts, &chain);
}

/* The bound as the verifier can see it, behind everything that the compiler may do. */
#define STAGE_BOUND(stage) asm volatile("%0 &= 7" : "+r"(stage))
_Static_assert(TS_CHAIN_STAGE_MAX == 8, "a mask bounds stages");

/* It will not complete: it stopped behind the last stage that it passed. */
static __always_inline void chain_stops(__u32 chain, __u32 passed_cnt, bool is_overtaken)
{
	struct ts_chain_counts *counts = chain_counts_get(chain);
	struct ts_chain *c = bpf_map_lookup_elem(&chain_table, &chain);
	struct ts_series *whole = c ? chain_series_get(c->series) : NULL;
	__u64 stage = passed_cnt - 1;

	if (!counts || !whole)
		return;
	STAGE_BOUND(stage);
	if (is_overtaken)
		COUNTER_ADD(counts->overtaken, 1);
	else
		COUNTER_ADD(counts->timed_out, 1);
	COUNTER_ADD(counts->stopped_at[stage], 1);
	COUNTER_ADD(whole->unwound, 1);
}

/* Whoever changes passed_cnt to TS_CHAIN_BUSY owns the state until it writes another number. */
static __always_inline bool chain_claims(struct ts_chain_state *s, __u32 passed_cnt)
{
	return __sync_val_compare_and_swap(&s->passed_cnt, passed_cnt, TS_CHAIN_BUSY) == passed_cnt;
}

static __always_inline void chain_gives_back(struct ts_chain_state *s, __u32 passed_cnt)
{
	*(volatile __u32 *)&s->passed_cnt = passed_cnt;
}

/* The stage is passed when the thread's sums are read, which it has to be watched for. */
static __noinline int chain_enter_sums(struct ts_chain_state *s, __u64 stage, __u64 timeout_ns)
{
	__u64 now_ns;

	if (!s)
		return 0;
	STAGE_BOUND(stage);
	task_times_keep(timeout_ns);
	now_ns = task_times_read(&s->sums[stage]);
	if (now_ns)
		s->times_ns[stage] = now_ns;
	else
		s->tids[stage] = 0;
	return 0;
}

static __always_inline void chain_enter_time(const struct ts_chain *chain, struct ts_chain_state *s,
					     const struct passage *p)
{
	__u64 stage = p->stage;

	STAGE_BOUND(stage);
	s->times_ns[stage] = p->time_ns;
	s->tids[stage] = p->tid;
	if (has_task_times && chain->wants_breakdown && p->tid)
		chain_enter_sums(s, stage, chain->timeout_ns);
}

/* Whether chain_settle has come by or not: what took too long did not complete. */
static __always_inline bool chain_is_overdue(const struct ts_chain *chain,
					     const struct ts_chain_state *s, __u64 now_ns)
{
	__u64 begin_ns = *(const volatile __u64 *)&s->times_ns[0];

	return begin_ns < now_ns && now_ns - begin_ns >= chain->timeout_ns;
}

/* A new place under this key; what is there has been overtaken. */
static __always_inline struct ts_chain_state *
chain_place(const struct ts_chain *chain, const struct ts_chain_key *key, __u64 now_ns)
{
	struct ts_chain_state *s = bpf_map_lookup_elem(&chain_states, key);
	__u32 passed_cnt;

	if (!s) {
		if (bpf_map_update_elem(&chain_states, key, &chain_blank, BPF_NOEXIST))
			return NULL;
		s = bpf_map_lookup_elem(&chain_states, key);
		return s && chain_claims(s, 0) ? s : NULL;
	}
	passed_cnt = *(volatile __u32 *)&s->passed_cnt;
	if (passed_cnt == TS_CHAIN_BUSY || !chain_claims(s, passed_cnt))
		return NULL; /* someone else begins it, or completes it, at this instant */
	if (passed_cnt)
		chain_stops(key->chain, passed_cnt, !chain_is_overdue(chain, s, now_ns));
	return s;
}

struct completion {
	struct ts_chain_state *state;
	__u32 series;
	__u32 stage_cnt;
	__u32 wants_breakdown;
	__u32 unsplit_cnt;
};

/* One of the shares. A function of the verifier's own, as chain_pass. */
__noinline int chain_share(__u32 series, __u64 ns)
{
	struct ts_series *s;

	if (!has_task_times)
		return 0;
	s = chain_series_get(series);
	if (!s)
		return 0;
	COUNTER_ADD(s->entries, 1);
	series_record(s, (__s64)ns);
	return 0;
}

/* What the thread did between two stages, into the series of a segment's shares. 0: it was not one
 * thread, or not watched all the time. */
static __noinline int chain_split(const struct completion *c, __u64 from, __u64 to, __u32 segment)
{
	const struct ts_chain_state *s = c ? c->state : NULL;
	__u64 shares[TS_STATE_CNT] = {};

	if (!s)
		return 0;
	STAGE_BOUND(from);
	STAGE_BOUND(to);
	if (!s->tids[from] || s->tids[from] != s->tids[to] ||
	    !task_shares_split(&s->sums[from], &s->sums[to], s->times_ns[to] - s->times_ns[from],
			       shares))
		return 0;
	for (__u32 i = 0; i < TS_STATE_CNT; i++)
		chain_share(c->series + TS_CHAIN_SHARE(segment, i), shares[i]);
	return 1;
}

/* Of two stages, with the later time where a clock stepped back between CPUs, so that the segments
 * add up to the whole. */
static long complete_segment(__u32 i, struct completion *c)
{
	struct ts_series *segment;
	__u64 from = i, to = i + 1;
	__s64 delta_ns;

	if (to >= c->stage_cnt)
		return 1;
	STAGE_BOUND(from);
	STAGE_BOUND(to);
	delta_ns = c->state->times_ns[to] - c->state->times_ns[from];
	if (delta_ns < 0)
		c->state->times_ns[to] = c->state->times_ns[from];
	segment = chain_series_get(c->series + to);
	if (!segment)
		return 1;
	COUNTER_ADD(segment->entries, 1);
	series_record(segment, delta_ns);
	if (has_task_times && c->wants_breakdown && !chain_split(c, from, to, to))
		c->unsplit_cnt++;
	return 0;
}

static __always_inline void chain_completes(const struct ts_chain *chain, __u32 number,
					    struct ts_chain_state *s)
{
	struct completion c = {.state = s,
			       .series = chain->series,
			       .stage_cnt = chain->stage_cnt,
			       .wants_breakdown = chain->wants_breakdown};
	struct ts_series *whole = chain_series_get(c.series);
	struct ts_chain_counts *counts = chain_counts_get(number);
	__u64 last = c.stage_cnt - 1;

	if (!whole)
		return;
	bpf_loop(TS_CHAIN_STAGE_MAX - 1, complete_segment, &c, 0);
	STAGE_BOUND(last);
	series_record(whole, s->times_ns[last] - s->times_ns[0]);
	if (!has_task_times || !c.wants_breakdown)
		return;
	chain_split(&c, 0, last, 0);
	if (c.unsplit_cnt && counts)
		COUNTER_ADD(counts->unsplit, c.unsplit_cnt);
}

/* It may be among the slowest. The first sums of a state that is at its end become those of the
 * whole, and this is a function of its own: old kernels allow all frames 512 bytes together. */
static __noinline int chain_offers(const struct ts_chain *chain, __u32 number,
				   struct ts_chain_state *s)
{
	struct ts_task_sums *whole = NULL;
	__u64 last;

	if (!chain || !s)
		return 0;
	last = chain->stage_cnt - 1;
	STAGE_BOUND(last);
	if (has_task_times && chain->wants_breakdown && s->tids[0] && s->tids[0] == s->tids[last] &&
	    task_shares_split(&s->sums[0], &s->sums[last], s->times_ns[last] - s->times_ns[0],
			      s->sums[0].ns))
		whole = &s->sums[0];
	slowest_chain(number, chain->stage_cnt, s, whole);
	return 0;
}

static __always_inline void chain_loses(const struct ts_chain *chain)
{
	struct ts_series *whole = chain_series_get(chain->series);

	if (whole)
		COUNTER_ADD(whole->lost, 1);
}

/* A thread or goroutine will need its place again; an order does not. */
static __always_inline void chain_leaves(const struct ts_chain_stage *stage,
					 const struct passage *p, struct ts_chain_state *s)
{
	if (stage->key.kind == TS_KEY_THREAD || stage->key.kind == TS_KEY_GOROUTINE)
		chain_gives_back(s, 0);
	else
		bpf_map_delete_elem(&chain_states, &p->key);
}

/* It goes on under another key. */
static __always_inline void chain_moves(const struct ts_chain *chain, const struct passage *p,
					struct ts_chain_state *s)
{
	struct ts_chain_key key = p->key;
	struct ts_chain_state *to;

	key.value = p->then_value;
	key.slot++;
	to = chain_place(chain, &key, p->time_ns);
	if (!to) {
		chain_loses(chain);
		return;
	}
	to->tgid = s->tgid;
	to->image = s->image;
	__builtin_memcpy(to->times_ns, s->times_ns, sizeof(to->times_ns));
	__builtin_memcpy(to->tids, s->tids, sizeof(to->tids));
	if (chain->wants_breakdown)
		__builtin_memcpy(to->sums, s->sums, sizeof(to->sums));
	chain_gives_back(to, p->stage + 1);
}

/*
 * What is under way passes a stage where it has passed those before it. Passing one again counts
 * anew from there: the latest call before the next stage is the one that led to it. What the
 * process was about before it executed another program ends as that of an ended thread does: it
 * times out, or is overtaken.
 */
static __always_inline struct ts_chain_state *chain_find(const struct ts_chain *chain,
							 const struct passage *p)
{
	struct ts_chain_state *s = bpf_map_lookup_elem(&chain_states, &p->key);
	struct ts_chain_counts *counts;
	__u32 passed_cnt;

	if (s) {
		passed_cnt = *(volatile __u32 *)&s->passed_cnt;
		if (passed_cnt != TS_CHAIN_BUSY && passed_cnt >= p->stage &&
		    chain_claims(s, passed_cnt)) {
			bool is_over = chain_is_overdue(chain, s, p->time_ns);

			if (!is_over && s->image == image_current())
				return s;
			if (is_over)
				chain_stops(p->key.chain, passed_cnt, false);
			chain_gives_back(s, is_over ? 0 : passed_cnt);
		}
	}
	if (p->stage + 1 == chain->stage_cnt) {
		counts = chain_counts_get(p->key.chain);
		if (counts)
			COUNTER_ADD(counts->unmatched, 1);
	}
	return NULL;
}

static __always_inline struct ts_chain_state *chain_begin(const struct ts_chain *chain,
							  const struct passage *p)
{
	struct ts_series *whole = chain_series_get(chain->series);
	struct ts_chain_state *s;

	if (!whole)
		return NULL;
	COUNTER_ADD(whole->entries, 1);
	s = chain_place(chain, &p->key, p->time_ns);
	if (!s) {
		chain_loses(chain);
		return NULL;
	}
	s->tgid = p->key.tgid;
	s->image = image_current();
	return s;
}

static __always_inline void chain_passes(const struct ts_chain *chain,
					 const struct ts_chain_stage *stage,
					 const struct passage *p)
{
	struct ts_chain_state *s = p->stage ? chain_find(chain, p) : chain_begin(chain, p);

	if (!s)
		return;
	chain_enter_time(chain, s, p);
	if (p->stage + 1 == chain->stage_cnt) {
		chain_completes(chain, p->key.chain, s);
		if (slowest_cnt)
			chain_offers(chain, p->key.chain, s);
		chain_leaves(stage, p, s);
	} else if (stage->rekeys) {
		chain_moves(chain, p, s);
		chain_leaves(stage, p, s);
	} else {
		chain_gives_back(s, p->stage + 1);
	}
}

/* A stage is passed by what this key belongs to. A function of the verifier's own, which is looked
 * at once, whoever calls it. */
__noinline int chain_pass(__u32 step, __u64 key_value, __u64 then_value, __u64 time_ns)
{
	__u32 number = CHAIN_STEP_CHAIN(step);
	__u64 idx = CHAIN_STEP_STAGE(step), id = bpf_get_current_pid_tgid();
	struct passage p = {.then_value = then_value, .time_ns = time_ns, .stage = idx};
	struct ts_chain_stage *stage;
	struct ts_chain *chain;

	if (!has_chains)
		return 0;
	chain = bpf_map_lookup_elem(&chain_table, &number);
	if (!chain)
		return 0;
	STAGE_BOUND(idx);
	stage = &chain->stages[idx];
	p.key.value = key_value;
	p.key.tgid = id >> 32;
	p.key.chain = number;
	p.key.slot = stage->slot;
	p.tid = CHAIN_STEP_IS_ARRIVAL(step) ? 0 : (__u32)id;
	chain_passes(chain, stage, &p);
	return 0;
}

/* The chain and stage of a step, where the kernel passes it. */
static __always_inline bool chain_step(const struct ts_step *step, struct ts_chain **chain,
				       struct ts_chain_stage **stage)
{
	__u32 number = step->chain;
	__u64 idx = step->stage;

	*chain = bpf_map_lookup_elem(&chain_table, &number);
	if (!*chain || (*chain)->is_withdrawn || idx >= (*chain)->kernel_cnt)
		return false;
	STAGE_BOUND(idx);
	*stage = &(*chain)->stages[idx];
	return true;
}

#endif

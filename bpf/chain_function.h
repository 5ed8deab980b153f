/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stages of chains at functions. */
#ifndef TICKSCOPE_BPF_CHAIN_FUNCTION_H
#define TICKSCOPE_BPF_CHAIN_FUNCTION_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_chain.h>
#include "chain.h"
#include "chain_key.h"

/* Also where the stage is not passed: what a hit costs is for the trap, above all. */
static __always_inline void chain_hit(__u32 point)
{
	__u32 stripe = (bpf_get_smp_processor_id() & chain_stripe_mask) * TS_POINT_CNT + point;
	__u64 *hits = bpf_map_lookup_elem(&chain_hits, &stripe);

	if (hits)
		COUNTER_ADD(*hits, 1);
}

static __always_inline void function_step(struct pt_regs *ctx, const struct ts_step *step,
					  __u64 now_ns)
{
	__u64 value, then_value = 0;
	struct ts_chain_counts *counts;
	struct ts_chain_stage *stage;
	struct ts_chain *chain;

	if (!chain_step(step, &chain, &stage))
		return;
	if (key_read(ctx, &stage->key, &value) &&
	    (!stage->rekeys || key_read(ctx, &stage->then_key, &then_value))) {
		chain_pass(CHAIN_STEP(step->chain, step->stage, 0), value, then_value, now_ns);
		return;
	}
	counts = chain_counts_get(step->chain);
	if (counts)
		COUNTER_ADD(counts->unread_keys, 1);
}

static __always_inline void chain_at_function(struct pt_regs *ctx, __u32 point, __u64 now_ns)
{
	struct ts_point *p = bpf_map_lookup_elem(&chain_points, &point);

	if (!p)
		return;
	for (__u32 i = 0; i < TS_POINT_STEP_MAX; i++) {
		if (i >= p->step_cnt)
			break;
		function_step(ctx, &p->steps[i], now_ns);
	}
}

#endif

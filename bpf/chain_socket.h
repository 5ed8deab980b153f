/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stages of chains at sockets: what is under way there belongs to a thread or a goroutine. */
#ifndef TICKSCOPE_BPF_CHAIN_SOCKET_H
#define TICKSCOPE_BPF_CHAIN_SOCKET_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_chain.h>
#include "chain.h"
#include "endpoint.h"

/* Go's compiler keeps the running goroutine's descriptor in r14, also in system calls. */
static __always_inline __u64 socket_key(const struct ts_key *key)
{
	struct pt_regs *regs;

	if (key->kind != TS_KEY_GOROUTINE)
		return (__u32)bpf_get_current_pid_tgid();
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return BPF_CORE_READ(regs, r14);
}

/* Several targets can use one endpoint. */
static __always_inline bool is_followed(__u32 tgid, __u8 number)
{
	struct ts_target *target = bpf_map_lookup_elem(&targets, &tgid);

	return target && target->chains == number;
}

static __always_inline void socket_step(const struct ts_step *step, __u64 now_ns, __u64 arrived_ns)
{
	__u64 time_ns = now_ns, then_value = 0;
	struct ts_chain_counts *counts;
	struct ts_chain_stage *stage;
	struct ts_chain *chain;

	if (!chain_step(step, &chain, &stage) ||
	    (chain->target && !is_followed(bpf_get_current_pid_tgid() >> 32, chain->target)))
		return;
	if (step->is_arrival && arrived_ns) {
		time_ns = arrived_ns;
	} else if (step->is_arrival) {
		counts = chain_counts_get(step->chain);
		if (counts)
			COUNTER_ADD(counts->arrivals_missed, 1);
	}
	if (stage->rekeys)
		then_value = socket_key(&stage->then_key);
	chain_pass(CHAIN_STEP(step->chain, step->stage, step->is_arrival), socket_key(&stage->key),
		   then_value, time_ns);
}

/*
 * The calling thread has sent or received. A function of the verifier's own, which is looked at
 * once for all programs that call it. point: its number plus one. arrived_ns, of a receive: when
 * what was read had come; 0: not known.
 */
__noinline int chain_at_socket(__u32 point, __u64 now_ns, __u64 arrived_ns)
{
	__u32 number = point - 1;
	struct ts_point *p;

	if (!has_chains)
		return 0;
	p = bpf_map_lookup_elem(&chain_points, &number);
	if (!p)
		return 0;
	for (__u32 i = 0; i < TS_POINT_STEP_MAX; i++) {
		if (i >= p->step_cnt)
			break;
		socket_step(&p->steps[i], now_ns, arrived_ns);
	}
	return 0;
}

#endif

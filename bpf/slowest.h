/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tells the slowest calls and chains one by one. Whoever is not slower than the slowest so far pays
 * one comparison; which of those that are told are the slowest in the end is user space's to say.
 */
#ifndef TICKSCOPE_BPF_SLOWEST_H
#define TICKSCOPE_BPF_SLOWEST_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_slowest.h>
#include <tickscope/record.h>

/* Of each operation; 0: none are kept, and the verifier drops all of this. Set before load. */
const volatile __u32 slowest_cnt = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TS_SLOW_OPERATION_MAX);
	__type(key, __u32);
	__type(value, struct ts_slow_slots);
} slow_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TS_SLOW_RING_BYTES);
} slow_events SEC(".maps");

/* What may be among the slowest. */
struct slow_offer {
	__u64 end_ns;
	__u64 duration_ns;
	__u64 return_at; /* where on the user stack the return address is; 0: not looked for */
	const __u64 *times_ns;		 /* of a chain, TS_CHAIN_STAGE_MAX of them; NULL: none */
	const struct ts_task_sums *sums; /* NULL: without a breakdown */
	__u32 operation;		 /* number of its slots */
	__u32 stage_cnt;
};

struct slow_scan {
	struct ts_slow_slots *slots;
	__u64 least_ns;
	__u32 least_idx;
	__u32 reserved;
};

static long slow_look(__u32 i, struct slow_scan *scan)
{
	__u64 duration_ns;

	if (i >= TS_SLOWEST_MAX)
		return 1;
	duration_ns = *(volatile __u64 *)&scan->slots->durations_ns[i];
	if (duration_ns < scan->least_ns) {
		scan->least_ns = duration_ns;
		scan->least_idx = i;
	}
	return 0;
}

/* One attempt to take the place of the least. 1: taken; 0: it is not slow enough; -1: another CPU
 * was faster. */
static __always_inline int slow_try_claim(struct ts_slow_slots *slots, __u64 duration_ns)
{
	struct slow_scan scan = {.slots = slots, .least_ns = ~0ULL};
	__u32 idx;

	bpf_loop(slowest_cnt, slow_look, &scan, 0);
	if (duration_ns <= scan.least_ns)
		return 0;
	idx = scan.least_idx;
	asm volatile("" : "+r"(idx)); /* for the verifier: the check stays */
	if (idx >= TS_SLOWEST_MAX)
		return 0;
	return __sync_val_compare_and_swap(&slots->durations_ns[idx], scan.least_ns, duration_ns) ==
			       scan.least_ns
		       ? 1
		       : -1;
}

/*
 * True where the call is to be told: it has taken a slot, or after some attempts it may belong to
 * one. Slots only grow, so that whoever finds none that is smaller is not among the slowest.
 */
static __noinline int slow_claim(struct ts_slow_slots *slots, __u64 duration_ns)
{
	struct slow_scan scan = {.slots = slots, .least_ns = ~0ULL};
	int claimed;

	if (!slots)
		return 0;
	claimed = slow_try_claim(slots, duration_ns);
	if (claimed < 0)
		claimed = slow_try_claim(slots, duration_ns);
	if (claimed < 0)
		claimed = slow_try_claim(slots, duration_ns);
	if (claimed > 0) {
		bpf_loop(slowest_cnt, slow_look, &scan, 0);
		counter_raise(&slots->limit_ns, scan.least_ns);
	}
	return claimed;
}

/*
 * The frames above a return address that lies on the stack: where a function leaves, the frame
 * pointer is its caller's again, and a walk along it would pass the caller by. The first frame of
 * the walk, the instruction itself, is left out.
 */
static __always_inline long slow_callers(struct ts_slow_event *event, __u64 return_at)
{
	long bytes;

	if (bpf_probe_read_user(&event->frames[0], sizeof(event->frames[0]), (void *)return_at))
		return 0;
	bytes = bpf_get_task_stack(bpf_get_current_task_btf(), &event->frames[1],
				   sizeof(event->frames) - sizeof(__u64), BPF_F_USER_STACK | 1);
	return bytes > 0 ? bytes + (long)sizeof(__u64) : (long)sizeof(__u64);
}

static __always_inline void slow_fill(struct ts_slow_event *event, const struct slow_offer *offer)
{
	__u64 id = bpf_get_current_pid_tgid();
	long bytes;

	event->end_ns = offer->end_ns;
	event->duration_ns = offer->duration_ns;
	event->operation = offer->operation;
	event->tgid = id >> 32;
	event->tid = (__u32)id;
	event->cpu = bpf_get_smp_processor_id();
	event->stage_cnt = offer->stage_cnt;
	event->has_sums = offer->sums != NULL;
	event->reserved = 0;
	if (offer->times_ns)
		__builtin_memcpy(event->times_ns, offer->times_ns, sizeof(event->times_ns));
	if (offer->sums)
		event->sums = *offer->sums;
	if (offer->return_at)
		bytes = slow_callers(event, offer->return_at);
	else
		bytes = bpf_get_task_stack(bpf_get_current_task_btf(), event->frames,
					   sizeof(event->frames), BPF_F_USER_STACK);
	event->frame_cnt = bytes > 0 ? bytes / sizeof(__u64) : 0;
}

/* The event has its room before a slot is taken: what cannot be told must not keep others out. */
static __noinline int slow_tell(struct ts_slow_slots *slots, const struct slow_offer *offer)
{
	struct ts_slow_event *event;

	if (!slots || !offer)
		return 0;
	event = bpf_ringbuf_reserve(&slow_events, sizeof(*event), 0);
	if (!event) {
		COUNTER_ADD(slots->dropped, 1);
		return 0;
	}
	if (!slow_claim(slots, offer->duration_ns)) {
		bpf_ringbuf_discard(event, 0);
		return 0;
	}
	slow_fill(event, offer);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* The slots that a duration may belong to; NULL: it is not among the slowest. */
static __always_inline struct ts_slow_slots *slowest_slots(__u32 operation, __s64 duration_ns)
{
	struct ts_slow_slots *slots;

	slots = bpf_map_lookup_elem(&slow_slots, &operation);
	return slots && duration_ns > (__s64) * (volatile __u64 *)&slots->limit_ns ? slots : NULL;
}

/* A call that has ended. */
struct slow_end {
	__u64 end_ns;
	__s64 duration_ns;
	__u64 return_at; /* where its return address is on the stack; 0: it has returned already */
	const struct ts_task_sums *sums; /* over the call; NULL: it is not split */
};

/* Where slowest_cnt is not 0. number: of its operation's slots, plus one. */
static __always_inline void slowest_call(__u32 number, const struct slow_end *end)
{
	struct ts_slow_slots *slots = slowest_slots(number - 1, end->duration_ns);

	if (slots) {
		struct slow_offer offer = {
			.end_ns = end->end_ns,
			.duration_ns = end->duration_ns,
			.return_at = end->return_at,
			.sums = end->sums,
			.operation = number - 1,
		};

		slow_tell(slots, &offer);
	}
}

/* Where slowest_cnt is not 0: the chain of this number has been completed by the current thread.
 * sums: over the whole; NULL: without a breakdown. */
static __always_inline void slowest_chain(__u32 chain, __u32 stage_cnt,
					  const struct ts_chain_state *state,
					  const struct ts_task_sums *sums)
{
	__u64 last = stage_cnt - 1, duration_ns;
	struct ts_slow_slots *slots;

	asm volatile("%0 &= 7" : "+r"(last)); /* for the verifier, behind all that is optimised */
	duration_ns = state->times_ns[last] - state->times_ns[0];
	slots = slowest_slots(TS_SLOW_FUNCTION_MAX + chain, duration_ns);
	if (slots) {
		struct slow_offer offer = {
			.end_ns = state->times_ns[last],
			.duration_ns = duration_ns,
			.times_ns = state->times_ns,
			.sums = sums,
			.operation = TS_SLOW_FUNCTION_MAX + chain,
			.stage_cnt = stage_cnt,
		};

		slow_tell(slots, &offer);
	}
}

#endif

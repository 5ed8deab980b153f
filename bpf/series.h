/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where measurements are counted: the mmap-able series array. */
#ifndef TICKSCOPE_BPF_SERIES_H
#define TICKSCOPE_BPF_SERIES_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi.h>
#include <tickscope/record.h>

/* Stripes per series minus one; a power of two minus one, set before load. */
const volatile __u32 stripe_mask = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* series x stripes, set before load */
	__type(key, __u32);
	__type(value, struct ts_series);
} series SEC(".maps");

static __always_inline struct ts_series *series_get(__u32 idx)
{
	__u32 stripe = idx * (stripe_mask + 1) + (bpf_get_smp_processor_id() & stripe_mask);

	return bpf_map_lookup_elem(&series, &stripe);
}

#endif

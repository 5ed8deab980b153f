/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a thread is sending or receiving, where the programs see that begin, too. */
#ifndef TICKSCOPE_BPF_CALL_H
#define TICKSCOPE_BPF_CALL_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "endpoint.h"

/* A send or receive that a thread is in. */
struct call {
	__u64 sk;
	__u64 start_ns;
	int flags;
	int reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline void call_begin(struct sock *sk, int flags)
{
	struct call *call;

	if (!current_target())
		return;
	call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!call)
		return;
	call->sk = (__u64)sk;
	call->flags = flags;
	call->start_ns = bpf_ktime_get_ns();
}

static __always_inline struct call *call_end(void)
{
	struct call *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);

	return call && call->sk ? call : NULL;
}

#endif

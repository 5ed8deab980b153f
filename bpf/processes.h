/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that keep the map `targets` right where executables are measured: a process that runs
 * one is in it before its first instruction, and one that has ended no longer.
 */
#ifndef TICKSCOPE_BPF_PROCESSES_H
#define TICKSCOPE_BPF_PROCESSES_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_sock.h>
#include "endpoint.h"

/* Processes that found no room in `targets`. */
__u64 targets_dropped = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TS_EXECUTABLE_MAX);
	__type(key, struct ts_file_key);
	__type(value, __u8); /* number of the target */
} executables SEC(".maps");

static __always_inline void target_put(__u32 tgid, __u8 number)
{
	struct ts_target target = {.number = number, .chains = number, .is_by_file = 1};

	if (bpf_map_update_elem(&targets, &tgid, &target, BPF_ANY))
		COUNTER_ADD(targets_dropped, 1);
}

/* sched_process_exec(task, old_pid, bprm) */
SEC("raw_tp/sched_process_exec")
int sock_process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct file *file = BPF_CORE_READ((struct linux_binprm *)ctx->args[2], file);
	struct ts_file_key key = {
		.inode = BPF_CORE_READ(file, f_inode, i_ino),
		.device = BPF_CORE_READ(file, f_inode, i_sb, s_dev),
	};
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct ts_target *target = bpf_map_lookup_elem(&targets, &tgid);
	__u8 *number = bpf_map_lookup_elem(&executables, &key);

	if (target && !target->is_by_file)
		return 0; /* it was asked for by its number, whatever it runs */
	if (number)
		target_put(tgid, *number);
	else if (target)
		bpf_map_delete_elem(&targets, &tgid);
	return 0;
}

/* sched_process_fork(parent, child): of a new thread, too */
SEC("raw_tp/sched_process_fork")
int sock_process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[1];
	__u32 parent_tgid = bpf_get_current_pid_tgid() >> 32;
	struct ts_target *target = bpf_map_lookup_elem(&targets, &parent_tgid);
	__u32 tgid;

	if (!target || !target->is_by_file)
		return 0;
	tgid = BPF_CORE_READ(child, tgid);
	if (tgid != parent_tgid)
		target_put(tgid, target->number);
	return 0;
}

/* Of each thread: the last one's takes the process away. */
SEC("raw_tp/sched_process_exit")
int sock_process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (bpf_map_lookup_elem(&targets, &tgid) && BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&targets, &tgid);
	return 0;
}

#endif

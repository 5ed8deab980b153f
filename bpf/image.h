/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which program a process runs: its number stays the same when it executes another one. */
#ifndef TICKSCOPE_BPF_IMAGE_H
#define TICKSCOPE_BPF_IMAGE_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/*
 * What the current process runs: the start of the process, which tells apart processes that had one
 * number, plus how many programs it and its ancestors have executed (begin_new_exec, fs/exec.c).
 */
static __always_inline __u64 image_current(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->group_leader->start_boottime + task->self_exec_id;
}

#endif

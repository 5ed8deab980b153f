/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a thread waits for that gives up its CPU: from its system call, and from the descriptor that
 * the call is about. */
#ifndef TICKSCOPE_BPF_BLOCKED_H
#define TICKSCOPE_BPF_BLOCKED_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_sched.h>

/* include/linux/sched.h */
#define TASK_RUNNING	    0x0
#define TASK_STOPPED_TRACED 0xc

/* include/uapi/linux/stat.h */
#define MODE_KIND    0170000
#define MODE_SOCKET  0140000
#define MODE_REGULAR 0100000
#define MODE_BLOCK   0060000

/* What the first argument of its call, a descriptor, is. */
static __always_inline enum ts_task_state blocked_on_file(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file;
	unsigned short mode;

	if (fd >= BPF_CORE_READ(table, max_fds) ||
	    bpf_probe_read_kernel(&file, sizeof(file), &files[fd]))
		return TS_STATE_BLOCKED_OTHER;
	mode = BPF_CORE_READ(file, f_inode, i_mode) & MODE_KIND;
	if (mode == MODE_SOCKET)
		return TS_STATE_BLOCKED_SOCKET;
	return mode == MODE_REGULAR || mode == MODE_BLOCK ? TS_STATE_BLOCKED_DISK
							  : TS_STATE_BLOCKED_OTHER;
}

/* Without descriptors, a call that waits for them is a sleep. */
static __always_inline enum ts_task_state blocked_on_set(__u32 cnt)
{
	return cnt ? TS_STATE_BLOCKED_SOCKET : TS_STATE_BLOCKED_SLEEP;
}

/* Numbers of arch/x86/entry/syscalls/syscall_64.tbl. */
static __always_inline enum ts_task_state blocked_in_call(struct task_struct *task,
							  const struct pt_regs *regs)
{
	switch (regs->orig_ax) {
	case 202: /* futex */
	case 449: /* futex_waitv */
	case 455: /* futex_wait */
	case 456: /* futex_requeue */
		return TS_STATE_BLOCKED_FUTEX;
	case 35:  /* nanosleep */
	case 230: /* clock_nanosleep */
		return TS_STATE_BLOCKED_SLEEP;
	case 7:	  /* poll(fds, nfds, …) */
	case 271: /* ppoll */
		return blocked_on_set(regs->si);
	case 23:  /* select(nfds, …) */
	case 270: /* pselect6 */
		return blocked_on_set(regs->di);
	case 42:  /* connect */
	case 43:  /* accept */
	case 44:  /* sendto */
	case 45:  /* recvfrom */
	case 46:  /* sendmsg */
	case 47:  /* recvmsg */
	case 232: /* epoll_wait */
	case 281: /* epoll_pwait */
	case 288: /* accept4 */
	case 299: /* recvmmsg */
	case 307: /* sendmmsg */
	case 441: /* epoll_pwait2 */
		return TS_STATE_BLOCKED_SOCKET;
	case 26:  /* msync */
	case 74:  /* fsync */
	case 75:  /* fdatasync */
	case 162: /* sync */
	case 277: /* sync_file_range */
	case 306: /* syncfs */
		return TS_STATE_BLOCKED_DISK;
	case 0:	  /* read */
	case 1:	  /* write */
	case 17:  /* pread64 */
	case 18:  /* pwrite64 */
	case 19:  /* readv */
	case 20:  /* writev */
	case 40:  /* sendfile(out, …) */
	case 275: /* splice(in, …) */
	case 295: /* preadv */
	case 296: /* pwritev */
	case 327: /* preadv2 */
	case 328: /* pwritev2 */
		return blocked_on_file(task, regs->di);
	default:
		return TS_STATE_BLOCKED_OTHER;
	}
}

static __always_inline enum ts_task_state blocked_on(struct task_struct *task, bool is_in_fault)
{
	if (BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait))
		return TS_STATE_BLOCKED_DISK;
	if (is_in_fault)
		return TS_STATE_PAGE_FAULT;
	if (task->__state & TASK_STOPPED_TRACED)
		return TS_STATE_BLOCKED_OTHER;
	return blocked_in_call(task, (const struct pt_regs *)bpf_task_pt_regs(task));
}

#endif

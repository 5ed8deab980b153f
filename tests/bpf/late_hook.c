/* SPDX-License-Identifier: Apache-2.0 */
/* A program that only takes time, written in the machine's own words: no compiler is needed. */
#include <linux/bpf.h>
#include <stddef.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "late_hook.h"

#define LOOKS_MASK 2047 /* at the clock, each of some 20 ns */

#define INSN(CODE, DST, SRC, OFF, IMM) \
	((struct bpf_insn){            \
		.code = (CODE), .dst_reg = (DST), .src_reg = (SRC), .off = (OFF), .imm = (IMM)})
#define CALL(FUNCTION)	 INSN(BPF_JMP | BPF_CALL, 0, 0, 0, FUNCTION)
#define ON(OP, DST, IMM) INSN(BPF_ALU64 | (OP) | BPF_K, DST, 0, 0, IMM)

int late_hook_open(pid_t pid)
{
	const struct bpf_insn program[] = {
		CALL(BPF_FUNC_get_current_pid_tgid),
		ON(BPF_RSH, BPF_REG_0, 32),
		/* Another process: to the end. */
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 7, pid),
		CALL(BPF_FUNC_ktime_get_ns),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_0, 0, 0),
		ON(BPF_AND, BPF_REG_6, LOOKS_MASK),
		ON(BPF_ADD, BPF_REG_6, 1),
		CALL(BPF_FUNC_ktime_get_ns),
		ON(BPF_SUB, BPF_REG_6, 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_6, 0, -3, 0),
		ON(BPF_MOV, BPF_REG_0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int link, fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "late_hook", "Dual BSD/GPL",
				     program, sizeof(program) / sizeof(program[0]), NULL);

	if (fd < 0)
		return fd;
	link = bpf_raw_tracepoint_open("sock_send_length", fd);
	close(fd);
	return link;
}

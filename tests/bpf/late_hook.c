/* SPDX-License-Identifier: Apache-2.0 */
/* A program that only takes time, written in the machine's own words: no compiler is needed. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "late_hook.h"

#define LOOKS_MASK 2047 /* at the clock, each of some 20 ns */

#define INSN(CODE, DST, SRC, OFF, IMM) \
	((struct bpf_insn){            \
		.code = (CODE), .dst_reg = (DST), .src_reg = (SRC), .off = (OFF), .imm = (IMM)})
#define CALL(FUNCTION)	 INSN(BPF_JMP | BPF_CALL, 0, 0, 0, FUNCTION)
#define ON(OP, DST, IMM) INSN(BPF_ALU64 | (OP) | BPF_K, DST, 0, 0, IMM)

static int load(enum bpf_prog_type type, pid_t pid)
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
		/* Not "while it is not 0": before 6.8 the verifier learns nothing from that. */
		INSN(BPF_JMP | BPF_JGT | BPF_K, BPF_REG_6, 0, -3, 0),
		ON(BPF_MOV, BPF_REG_0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return bpf_prog_load(type, "late_hook", "Dual BSD/GPL", program,
			     sizeof(program) / sizeof(program[0]), NULL);
}

static int open_tracepoint(const char *name, pid_t pid)
{
	int link, fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, pid);

	if (fd < 0)
		return fd;
	link = bpf_raw_tracepoint_open(name, fd);
	close(fd);
	return link;
}

/* At a function's first instruction; the descriptor holds the program, too. */
static int open_function(const char *name, pid_t pid)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .config1 = (uintptr_t)name};
	FILE *file = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	char line[32] = "";
	int event, fd;

	if (!file)
		return -errno;
	if (fgets(line, sizeof(line), file))
		attr.type = (uint32_t)strtoul(line, NULL, 10);
	fclose(file);
	event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	fd = load(BPF_PROG_TYPE_KPROBE, pid);
	if (event < 0 || fd < 0 || ioctl(event, PERF_EVENT_IOC_SET_BPF, fd) ||
	    ioctl(event, PERF_EVENT_IOC_ENABLE, 0)) {
		close(event);
		event = -1;
	}
	close(fd);
	return event;
}

int late_hook_open(pid_t pid)
{
	return open_tracepoint("sock_send_length", pid);
}

int late_arrival_open(pid_t pid)
{
	int fd = open_tracepoint("sk_data_ready", pid);

	/* The function that has the tracepoint since 6.3. */
	if (fd < 0)
		fd = open_function("sock_def_readable", pid);
	if (fd < 0)
		fail_msg("nothing to hold up the arrival of bytes with");
	return fd;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that do nothing: what is left of a call's cost with them is the kernel's, and the floor
 * for any tracer. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* On an instruction, or on a hijacked return. */
SEC("uprobe")
int empty_uprobe(void *ctx)
{
	return 0;
}

/* Where tickscope sees a request and its answer, on any TCP connection (6.3+). */
SEC("raw_tp/sock_send_length")
int empty_sent(void *ctx)
{
	return 0;
}

SEC("raw_tp/sock_recv_length")
int empty_received(void *ctx)
{
	return 0;
}

SEC("raw_tp/tcp_probe")
int empty_arrived(void *ctx)
{
	return 0;
}

/* 6.13+: runs at the entry and at the return of the same call. */
SEC("uprobe")
int empty_session(void *ctx)
{
	return 0;
}

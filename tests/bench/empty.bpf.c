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

/* 6.13+: runs at the entry and at the return of the same call. */
SEC("uprobe")
int empty_session(void *ctx)
{
	return 0;
}

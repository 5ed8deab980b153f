/* SPDX-License-Identifier: Apache-2.0 */
/* One attached link: a program on one or many instructions of one file. */
#ifndef TICKSCOPE_PROBE_LINK_H
#define TICKSCOPE_PROBE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_program;
struct bpf_link;

/*
 * Numbers of the kernel's user API that Debian 12's headers are too old to name
 * (include/uapi/linux/bpf.h of 6.6 and 6.13).
 */
#define LINK_ATTACH_UPROBE_MULTI   48
#define LINK_ATTACH_UPROBE_SESSION 57

/* Instructions of one file that one program is attached to, with a cookie each. */
struct link_sites {
	const char *path; /* opens the file */
	pid_t pid;	  /* only this process; 0: all that map the file */
	bool is_return;	  /* the hijacked return of the function whose entry this is */
	size_t cnt;
	unsigned long *offsets; /* file offsets */
	uint64_t *cookies;
};

/* BPF_LINK_CREATE for uprobe_multi or a session, which libbpf 1.1 has no call for. Returns a
 * descriptor or -errno. */
int link_create_multi(int prog_fd, int attach_type, const struct link_sites *sites);

/* True where uprobe_multi exists and its pid means a process: in 6.6 to 6.9 it meant a thread. */
bool link_has_multi(int prog_fd);

/* One perf event. Returns NULL with *ret_err set to -errno. */
struct bpf_link *link_create_perf(const struct bpf_program *prog, const struct link_sites *sites,
				  size_t idx, int *ret_err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Creates links: by the bare system call where libbpf 1.1 (Debian 12) is older than the kernel's
 * link type. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "probe/link.h"

/* The kernel's `union bpf_attr` as BPF_LINK_CREATE reads it for uprobe_multi (6.6). */
struct multi_attr {
	uint32_t prog_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t ref_ctr_offsets;
	uint64_t cookies;
	uint32_t cnt;
	uint32_t multi_flags;
	uint32_t pid;
	uint32_t reserved;
};

#define MULTI_FLAG_RETURN 1U

static int link_create(const struct multi_attr *attr)
{
	int fd = (int)syscall(__NR_bpf, BPF_LINK_CREATE, attr, sizeof(*attr));

	return fd < 0 ? -errno : fd;
}

int link_create_multi(int prog_fd, int attach_type, const struct link_sites *sites)
{
	struct multi_attr attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = (uint32_t)attach_type,
		.path = (uintptr_t)sites->path,
		.offsets = (uintptr_t)sites->offsets,
		.cookies = (uintptr_t)sites->cookies,
		.cnt = (uint32_t)sites->cnt,
		.multi_flags = sites->is_return ? MULTI_FLAG_RETURN : 0,
		.pid = (uint32_t)sites->pid,
	};

	return link_create(&attr);
}

bool link_has_multi(int prog_fd)
{
	unsigned long offset = 0;
	struct multi_attr attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = LINK_ATTACH_UPROBE_MULTI,
		.path = (uintptr_t) "/", /* not a regular file: refused after the arguments were
					    understood */
		.offsets = (uintptr_t)&offset,
		.cnt = 1,
	};

	if (link_create(&attr) != -EBADF)
		return false;
	attr.pid = UINT32_MAX; /* refused as a pid only since the filter was mended
				  (46ba0e49b642, 6.10) */
	return link_create(&attr) == -EINVAL;
}

struct bpf_link *link_create_perf(const struct bpf_program *prog, const struct link_sites *sites,
				  size_t idx, int *ret_err)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = sites->cookies[idx],
		    .retprobe = sites->is_return);
	struct bpf_link *link;

	link = bpf_program__attach_uprobe_opts(prog, sites->pid ? sites->pid : -1, sites->path,
					       sites->offsets[idx], &opts);
	if (!link)
		*ret_err = errno ? -errno : -EINVAL;
	return link;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a probe's cookie stands for, and whom it is for. */
#ifndef TICKSCOPE_BPF_SITE_H
#define TICKSCOPE_BPF_SITE_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before load */
	__type(key, __u32);
	__type(value, struct ts_site);
} sites SEC(".maps");

static __always_inline const struct ts_site *site_at(__u32 idx)
{
	return bpf_map_lookup_elem(&sites, &idx);
}

/* Another process can map the same file. The kernel inlines this look at the task;
 * bpf_get_current_pid_tgid is a call. */
static __always_inline bool site_is_for_task(const struct ts_site *site)
{
	return !site->tgid || site->tgid == (__u32)bpf_get_current_task_btf()->tgid;
}

/* The site of this hit, or NULL where the hit is not the target's. */
static __always_inline const struct ts_site *site_get(void *ctx)
{
	const struct ts_site *site = site_at(bpf_get_attach_cookie(ctx));

	return site && site_is_for_task(site) ? site : NULL;
}

/* Whether a conditional jump with this condition code is taken (Intel SDM vol. 1, appendix B.1). */
static __always_inline bool condition_holds(__u64 flags, __u8 condition)
{
	bool cf = flags >> 0 & 1, pf = flags >> 2 & 1, zf = flags >> 6 & 1;
	bool sf = flags >> 7 & 1, of = flags >> 11 & 1;
	bool holds;

	switch (condition >> 1) {
	case 0:
		holds = of;
		break;
	case 1:
		holds = cf;
		break;
	case 2:
		holds = zf;
		break;
	case 3:
		holds = cf | zf;
		break;
	case 4:
		holds = sf;
		break;
	case 5:
		holds = pf;
		break;
	case 6:
		holds = sf != of;
		break;
	default:
		holds = zf | (sf != of);
		break;
	}
	return holds != (condition & 1);
}

#endif

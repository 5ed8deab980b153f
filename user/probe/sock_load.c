/* SPDX-License-Identifier: Apache-2.0 */
/* Which socket programs each kind of hook needs, and how large their maps are. */
#include <errno.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "probe/sock_load.h"

#define RING_BYTES_UNUSED 4096 /* the smallest there is */
#define STRIPE_MAX	  4    /* 65 endpoints of 6 series are 7 MiB a stripe */

struct hook_program {
	struct bpf_program *program;
	enum sock_hooks hooks; /* SOCK_HOOKS_AUTO: needed with all */
};

#define HOOK_PROGRAM_CNT 19

/* Only where the kernel has the function that it is for. */
#define PAGE_FUNCTION "tcp_sendpage"

static size_t list_programs(struct sock_bpf *skel, struct hook_program list[HOOK_PROGRAM_CNT])
{
	const struct hook_program all[] = {
		{skel->progs.sock_arrived, SOCK_HOOKS_AUTO},
		{skel->progs.sock_state, SOCK_HOOKS_AUTO},
		{skel->progs.sock_retransmit, SOCK_HOOKS_AUTO},
		{skel->progs.sock_destroyed, SOCK_HOOKS_AUTO},
		{skel->progs.sock_process_exec, SOCK_HOOKS_AUTO},
		{skel->progs.sock_process_fork, SOCK_HOOKS_AUTO},
		{skel->progs.sock_process_exit, SOCK_HOOKS_AUTO},
		{skel->progs.sock_sent, SOCK_HOOKS_RAW_TP},
		{skel->progs.sock_received, SOCK_HOOKS_RAW_TP},
		{skel->progs.sock_send_enter, SOCK_HOOKS_FENTRY},
		{skel->progs.sock_send_exit, SOCK_HOOKS_FENTRY},
		{skel->progs.sock_receive_exit, SOCK_HOOKS_FENTRY},
		{skel->progs.sock_send_probe, SOCK_HOOKS_KPROBE},
		{skel->progs.sock_send_return, SOCK_HOOKS_KPROBE},
		{skel->progs.sock_receive_probe, SOCK_HOOKS_KPROBE},
		{skel->progs.sock_receive_return, SOCK_HOOKS_KPROBE},
		{skel->progs.sock_page_exit, SOCK_HOOKS_FENTRY},
		{skel->progs.sock_page_probe, SOCK_HOOKS_KPROBE},
		{skel->progs.sock_page_return, SOCK_HOOKS_KPROBE},
	};

	memcpy(list, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

static bool is_used(const struct hook_program *p, enum sock_hooks hooks)
{
	const char *function = strchr(bpf_program__section_name(p->program), '/');

	if (function && strcmp(function + 1, PAGE_FUNCTION) == 0 &&
	    libbpf_find_vmlinux_btf_id(PAGE_FUNCTION, BPF_TRACE_FEXIT) < 0)
		return false;
	return p->hooks == SOCK_HOOKS_AUTO || p->hooks == hooks;
}

static size_t choose_stripes(void)
{
	int cpu_cnt = libbpf_num_possible_cpus();
	size_t stripe_cnt = 1;

	while (stripe_cnt < STRIPE_MAX && stripe_cnt * 2 <= (size_t)(cpu_cnt > 0 ? cpu_cnt : 1))
		stripe_cnt *= 2;
	return stripe_cnt;
}

static void set_filters(struct sock_bpf *skel, const struct sock_options *options)
{
	skel->rodata->wants_stream = options->wants_stream;
	skel->rodata->filter_cnt = (uint32_t)options->filter_cnt;
	for (size_t i = 0; i < options->filter_cnt; i++)
		memcpy((void *)&skel->rodata->filters[i], &options->filters[i],
		       sizeof(options->filters[i]));
}

int sock_load_programs(struct sock_probe *probe, enum sock_hooks hooks)
{
	uint32_t series_cnt = (TS_ENDPOINT_MAX + 1) * TS_RPC_SERIES_CNT;
	struct hook_program list[HOOK_PROGRAM_CNT];
	size_t cnt;
	int err;

	probe->skel = sock_bpf__open();
	if (!probe->skel)
		return errno ? -errno : -EINVAL;
	probe->stripe_cnt = choose_stripes();
	probe->skel->rodata->stripe_mask = (uint32_t)probe->stripe_cnt - 1;
	probe->skel->rodata->endpoint_max = TS_ENDPOINT_MAX;
	set_filters(probe->skel, &probe->options);
	cnt = list_programs(probe->skel, list);
	for (size_t i = 0; i < cnt; i++)
		bpf_program__set_autoload(list[i].program, is_used(&list[i], hooks));
	err = bpf_map__set_max_entries(probe->skel->maps.series,
				       series_cnt * (uint32_t)probe->stripe_cnt);
	if (!err && !probe->is_streaming)
		err = bpf_map__set_max_entries(probe->skel->maps.stream, RING_BYTES_UNUSED);
	return err ? err : sock_bpf__load(probe->skel);
}

int sock_load_attach(struct sock_probe *probe, enum sock_hooks hooks)
{
	struct hook_program list[HOOK_PROGRAM_CNT];
	size_t cnt = list_programs(probe->skel, list);

	for (size_t i = 0; i < cnt; i++) {
		if (!is_used(&list[i], hooks))
			bpf_program__set_autoattach(list[i].program, false);
	}
	return sock_bpf__attach(probe->skel);
}

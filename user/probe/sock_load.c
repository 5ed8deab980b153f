/* SPDX-License-Identifier: Apache-2.0 */
/* Which socket programs each kind of hook needs, and how large their maps are. */
#include <errno.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "probe/chain.h"
#include "probe/object.h"
#include "probe/slowest_bind.h"
#include "probe/share.h"
#include "probe/sock_load.h"

#define RING_BYTES_UNUSED 4096 /* the smallest there is */
#define STRIPE_MAX	  4    /* 65 endpoints of 6 series are 7 MiB a stripe */

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The kind of hook that a program belongs to; SOCK_HOOKS_AUTO: it is needed with all. */
static enum sock_hooks hooks_of(const char *section)
{
	if (has_prefix(section, "fentry/") || has_prefix(section, "fexit/"))
		return SOCK_HOOKS_FENTRY;
	if (has_prefix(section, "kprobe/") || has_prefix(section, "kretprobe/"))
		return SOCK_HOOKS_KPROBE;
	if (has_prefix(section, "raw_tp/sock_"))
		return SOCK_HOOKS_RAW_TP;
	return SOCK_HOOKS_AUTO;
}

static bool has_function(const struct btf *kernel, const char *name)
{
	return btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) >= 0;
}

/* Some programs are for what a kernel may have, or are another way to see the same. */
static bool is_of_this_kernel(const struct btf *kernel, const char *section)
{
	bool has_ready =
		btf__find_by_name_kind(kernel, "btf_trace_sk_data_ready", BTF_KIND_TYPEDEF) >= 0;
	const char *name = strchr(section, '/');

	if (!name)
		return true;
	if (strcmp(name, "/sk_data_ready") == 0)
		return has_ready;
	if (strcmp(name, "/sock_def_readable") == 0)
		return !has_ready;
	/* Gone since 6.5; without IPv6; static, so that a compiler may rename it. */
	if (strcmp(name, "/tcp_sendpage") == 0 || strcmp(name, "/unix_stream_sendpage") == 0 ||
	    has_prefix(name, "/udpv6_") || strcmp(name, "/unix_stream_splice_read") == 0)
		return has_function(kernel, name + 1);
	return true;
}

static int choose_programs(struct sock_bpf *skel, enum sock_hooks hooks)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	struct bpf_program *program;

	if (!kernel)
		return errno ? -errno : -ENOTSUP;
	bpf_object__for_each_program(program, skel->obj)
	{
		const char *section = bpf_program__section_name(program);
		enum sock_hooks of = hooks_of(section);
		bool is_used = (of == SOCK_HOOKS_AUTO || of == hooks) &&
			       is_of_this_kernel(kernel, section);

		bpf_program__set_autoload(program, is_used);
		bpf_program__set_autoattach(program, is_used);
	}
	btf__free(kernel);
	return 0;
}

static void set_filters(struct sock_bpf *skel, const struct sock_options *options)
{
	skel->rodata->wants_stream = options->wants_stream;
	skel->rodata->filter_cnt = (uint32_t)options->filter_cnt;
	for (size_t i = 0; i < options->filter_cnt; i++)
		memcpy((void *)&skel->rodata->filters[i], &options->filters[i],
		       sizeof(options->filters[i]));
}

static int share_chains(struct sock_bpf *skel, const struct sock_options *options)
{
	const struct sched_probe *sched = chain_sched(options->chains);
	int slowest_cnt = slowest_bind(chain_slowest(options->chains), skel->obj);
	int err;

	if (slowest_cnt < 0)
		return slowest_cnt;
	skel->rodata->slowest_cnt = (uint32_t)slowest_cnt;
	skel->rodata->has_task_times = sched != NULL;
	err = share_maps(skel->obj, sched_object(sched), "sched_");
	if (err)
		return err;
	if (options->chains) {
		skel->rodata->has_chains = 1;
		skel->rodata->chain_stripe_mask = (uint32_t)chain_stripe_cnt(options->chains) - 1;
		for (size_t i = 0; options->points && i < options->filter_cnt; i++)
			memcpy((void *)&skel->rodata->endpoint_points[i], &options->points[i],
			       sizeof(options->points[i]));
	}
	return share_maps(skel->obj, chain_object(options->chains), "chain_");
}

int sock_load_programs(struct sock_probe *probe, enum sock_hooks hooks)
{
	uint32_t series_cnt = (TS_ENDPOINT_MAX + 1) * TS_RPC_SERIES_CNT;
	int err;

	probe->skel = sock_bpf__open_opts(object_options());
	if (!probe->skel)
		return errno ? -errno : -EINVAL;
	probe->stripe_cnt = share_stripe_cnt(STRIPE_MAX);
	probe->skel->rodata->stripe_mask = (uint32_t)probe->stripe_cnt - 1;
	probe->skel->rodata->endpoint_max = TS_ENDPOINT_MAX;
	set_filters(probe->skel, &probe->options);
	err = choose_programs(probe->skel, hooks);
	if (!err)
		err = share_chains(probe->skel, &probe->options);
	if (!err)
		err = bpf_map__set_max_entries(probe->skel->maps.series,
					       series_cnt * (uint32_t)probe->stripe_cnt);
	if (!err && !probe->is_streaming)
		err = bpf_map__set_max_entries(probe->skel->maps.stream, RING_BYTES_UNUSED);
	return err ? err : sock_bpf__load(probe->skel);
}

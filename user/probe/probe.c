/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the programs at the best level that works, maps the counters, and reads life-cycle events.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/capability.h"
#include "probe/calibrate.h"
#include "probe/chain.h"
#include "probe/internal.h"
#include "probe/object.h"
#include "probe/share.h"
#include "probe/slowest_bind.h"

static const char *const level_names[PROBE_LEVEL_END] = {"auto", "session", "multi", "perf"};

const char *probe_level_name(enum probe_level level)
{
	return level < PROBE_LEVEL_END ? level_names[level] : "unknown";
}

enum probe_level probe_level_parse(const char *text)
{
	for (int level = PROBE_LEVEL_SESSION; level < PROBE_LEVEL_END; level++) {
		if (strcmp(text, level_names[level]) == 0)
			return level;
	}
	return PROBE_LEVEL_END;
}

/* libbpf explains failures at length on stderr; ours are explained by struct fault. */
static int discard_libbpf_output(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int event_received(void *context, void *data, size_t bytes)
{
	struct probe *probe = context;

	if (bytes >= sizeof(struct ts_event) && probe->event_fn)
		probe->event_fn(data, probe->event_context);
	return 0;
}

static int probe_set_types(struct probe *probe, enum probe_level level)
{
	struct bpf_program *plain[] = {probe->skel->progs.func_entry, probe->skel->progs.func_exit,
				       probe->skel->progs.func_return, probe->skel->progs.func_mark,
				       probe->skel->progs.func_mark_return};

	bpf_program__set_autoload(probe->skel->progs.func_session, level == PROBE_LEVEL_SESSION);
	bpf_program__set_autoload(probe->skel->progs.func_mark, probe->chains != NULL);
	bpf_program__set_autoload(probe->skel->progs.func_mark_return, probe->chains != NULL);
	if (level == PROBE_LEVEL_PERF)
		return 0;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		int err = bpf_program__set_expected_attach_type(plain[i], LINK_ATTACH_UPROBE_MULTI);

		if (err)
			return err;
	}
	return bpf_program__set_expected_attach_type(probe->skel->progs.func_session,
						     LINK_ATTACH_UPROBE_SESSION);
}

static int probe_size_maps(struct probe *probe)
{
	size_t cnt = (probe->series_cnt + probe->scratch_cnt) * probe->stripe_cnt;
	int err = bpf_map__set_max_entries(probe->skel->maps.series, (uint32_t)cnt);

	if (!err)
		err = bpf_map__set_max_entries(probe->skel->maps.sites, TS_SITE_MAX);
	if (!err)
		err = bpf_map__set_max_entries(probe->skel->maps.errors, PROBE_ERROR_MAX);
	return err;
}

static int probe_share_chains(struct probe *probe)
{
	struct func_bpf *skel = probe->skel;

	skel->rodata->has_chains = probe->chains != NULL;
	skel->rodata->chain_stripe_mask =
		probe->chains ? (uint32_t)chain_stripe_cnt(probe->chains) - 1 : 0;
	return share_maps(skel->obj, chain_object(probe->chains), "chain_");
}

/* What the scheduler's programs add up, where spans are split. */
static int probe_share_times(struct probe *probe)
{
	probe->skel->rodata->has_task_times = probe->sched != NULL;
	return share_maps(probe->skel->obj, sched_object(probe->sched), "sched_");
}

static int probe_bind_slowest(struct probe *probe)
{
	int cnt = slowest_bind(probe->slowest, probe->skel->obj);

	if (cnt < 0)
		return cnt;
	probe->skel->rodata->slowest_cnt = (uint32_t)cnt;
	return 0;
}

/* Loads everything at one level. */
static int probe_load(struct probe *probe, enum probe_level level)
{
	int err;

	probe->skel = func_bpf__open_opts(object_options());
	if (!probe->skel)
		return errno ? -errno : -EINVAL;
	probe->skel->rodata->stripe_mask = (uint32_t)probe->stripe_cnt - 1;
	err = probe_bind_slowest(probe);
	if (!err)
		err = probe_size_maps(probe);
	if (!err)
		err = probe_share_chains(probe);
	if (!err)
		err = probe_share_times(probe);
	if (!err)
		err = probe_set_types(probe, level);
	if (!err)
		err = func_bpf__load(probe->skel);
	if (!err && level != PROBE_LEVEL_PERF &&
	    !link_has_multi(bpf_program__fd(probe->skel->progs.func_entry)))
		err = -ENOTSUP;
	if (err)
		goto destroy;
	probe->level = level;
	return 0;
destroy:
	func_bpf__destroy(probe->skel);
	probe->skel = NULL;
	return err;
}

/* Maps the counters, opens the ring, attaches what watches threads and processes. */
static int probe_start(struct probe *probe)
{
	probe->series = share_map_array(probe->skel->maps.series,
					(probe->series_cnt + probe->scratch_cnt) *
						probe->stripe_cnt * sizeof(struct ts_series),
					&probe->series_bytes);
	if (!probe->series)
		return -errno;
	probe->free_sites = calloc(TS_SITE_MAX, sizeof(*probe->free_sites));
	if (!probe->free_sites)
		return -ENOMEM;
	while (probe->free_site_cnt < TS_SITE_MAX) {
		probe->free_sites[probe->free_site_cnt] =
			TS_SITE_MAX - 1 - (uint32_t)probe->free_site_cnt;
		probe->free_site_cnt++;
	}
	probe->error_cnt = 1;
	probe->ring = ring_buffer__new(bpf_map__fd(probe->skel->maps.events), event_received, probe,
				       NULL);
	if (!probe->ring)
		return errno ? -errno : -ENOMEM;
	probe->skel->links.func_thread_exit =
		bpf_program__attach(probe->skel->progs.func_thread_exit);
	probe->skel->links.func_process_exec =
		bpf_program__attach(probe->skel->progs.func_process_exec);
	if (!probe->skel->links.func_thread_exit || !probe->skel->links.func_process_exec)
		return errno ? -errno : -EINVAL;
	return calibrate_try(probe);
}

static void probe_stop(struct probe *probe)
{
	ring_buffer__free(probe->ring);
	probe->ring = NULL;
	free(probe->free_sites);
	probe->free_sites = NULL;
	probe->free_site_cnt = 0;
	if (probe->series)
		munmap(probe->series, probe->series_bytes);
	probe->series = NULL;
	func_bpf__destroy(probe->skel);
	probe->skel = NULL;
}

static int probe_try_level(struct probe *probe, enum probe_level level)
{
	int err = probe_load(probe, level);

	if (err)
		return err;
	err = probe_start(probe);
	if (err)
		probe_stop(probe);
	return err;
}

/* As many copies of each series as there are CPUs to keep apart and memory to hold them: a power of
 * two. */
static int probe_choose_stripes(struct probe *probe, size_t max_map_bytes, struct fault *why)
{
	int cpu_cnt = libbpf_num_possible_cpus();
	size_t one = (probe->series_cnt + probe->scratch_cnt) * sizeof(struct ts_series);

	if (cpu_cnt < 1)
		cpu_cnt = 1;
	if (one > max_map_bytes)
		return fault_set(why, -E2BIG,
				 "%zu series need %zu MiB of kernel memory, %zu MiB are allowed: "
				 "trace fewer "
				 "functions",
				 probe->series_cnt, one >> 20, max_map_bytes >> 20);
	probe->stripe_cnt = 1;
	while (probe->stripe_cnt * 2 <= (size_t)cpu_cnt &&
	       one * probe->stripe_cnt * 2 <= max_map_bytes)
		probe->stripe_cnt *= 2;
	return 0;
}

static int explain_level(enum probe_level level, int err, struct fault *why)
{
	char hint[CAPABILITY_HINT_BYTES];

	if (err == -EPERM) /* -EACCES is the verifier's word for a program it does not accept */
		return fault_set(why, -EPERM, "not allowed to load BPF programs%s",
				 capability_hint(CAPABILITY_LOADING, hint));
	/* For uprobes by perf event since CVE-2025-38466. */
	if ((level == PROBE_LEVEL_AUTO || level == PROBE_LEVEL_PERF) &&
	    !(capability_usable() & CAPABILITY_BIT(CAPABILITY_SYS_ADMIN)))
		return fault_set(why, -EPERM,
				 "not allowed to attach to functions by perf events, the only way "
				 "below kernel 6.10: %s%s",
				 strerror(-err),
				 capability_hint(CAPABILITY_BIT(CAPABILITY_SYS_ADMIN), hint));
	if (level == PROBE_LEVEL_AUTO)
		return fault_set(why, -ENOTSUP,
				 "no way to attach to user functions works on this kernel (%s): "
				 "it needs CONFIG_UPROBES, CONFIG_BPF_SYSCALL and BTF, version "
				 "5.17 or later",
				 strerror(-err));
	return fault_set(why, -ENOTSUP, "level \"%s\" is not available on this kernel (%s)",
			 probe_level_name(level), strerror(-err));
}

int probe_open(const struct probe_options *options, struct probe **ret_probe, struct fault *why)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	enum probe_level first = options->level ? options->level : PROBE_LEVEL_SESSION;
	enum probe_level last = options->level ? options->level : PROBE_LEVEL_PERF;
	int err;

	if (!probe)
		return fault_set(why, -ENOMEM, "out of memory");
	libbpf_set_print(discard_libbpf_output);
	probe->series_cnt = options->series_cnt;
	probe->chains = options->chains;
	probe->slowest = options->slowest;
	probe->sched = options->sched;
	probe->scratch_cnt = options->sched ? 1 + TS_STATE_CNT : 1;
	err = probe_choose_stripes(
		probe, options->max_map_bytes ? options->max_map_bytes : PROBE_MAP_BYTES, why);
	if (err)
		goto free_probe;
	for (enum probe_level level = first; level <= last; level++) {
		err = probe_try_level(probe, level);
		if (!err) {
			*ret_probe = probe;
			return 0;
		}
		if (err == -EPERM)
			break;
	}
	err = explain_level(options->level, err, why);
free_probe:
	free(probe);
	return err;
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	probe_stop(probe);
	free(probe);
}

enum probe_level probe_level(const struct probe *probe)
{
	return probe->level;
}

bool probe_can_attach(struct probe *probe)
{
	return probe->level == PROBE_LEVEL_PERF
		       ? calibrate_attach(probe)
		       : link_has_multi(bpf_program__fd(probe->skel->progs.func_entry));
}

size_t probe_stripe_cnt(const struct probe *probe)
{
	return probe->stripe_cnt;
}

size_t probe_map_bytes(const struct probe *probe)
{
	return probe->series_bytes + TS_SITE_MAX * sizeof(struct ts_site) +
	       PROBE_ERROR_MAX * sizeof(struct ts_error) +
	       bpf_map__max_entries(probe->skel->maps.events);
}

const struct ts_series *probe_series(const struct probe *probe, uint32_t series)
{
	return probe->series + series * probe->stripe_cnt;
}

int probe_add_error(struct probe *probe, const struct ts_error *error, uint32_t *ret_idx,
		    struct fault *why)
{
	uint32_t idx = probe->error_cnt;

	if (idx >= PROBE_ERROR_MAX)
		return fault_set(why, -ENOSPC, "more than %d error expressions",
				 PROBE_ERROR_MAX - 1);
	if (bpf_map_update_elem(bpf_map__fd(probe->skel->maps.errors), &idx, error, BPF_ANY))
		return fault_set(why, -errno, "cannot store an error expression in the kernel: %s",
				 strerror(errno));
	probe->error_cnt++;
	*ret_idx = idx;
	return 0;
}

int probe_event_fd(const struct probe *probe)
{
	return ring_buffer__epoll_fd(probe->ring);
}

int probe_read_events(struct probe *probe, probe_event_fn fn, void *context)
{
	int cnt;

	probe->event_fn = fn;
	probe->event_context = context;
	cnt = ring_buffer__consume(probe->ring);
	probe->event_fn = NULL;
	return cnt;
}

uint64_t probe_dropped_events(const struct probe *probe)
{
	return probe->skel->bss->events_dropped;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What was open where a process or a series has ended, and no thread will close it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/internal.h"

static void count_unwound(struct probe *probe, uint32_t series)
{
	if (series <= probe->series_cnt)
		__atomic_fetch_add(&probe->series[series * probe->stripe_cnt].unwound, 1,
				   __ATOMIC_RELAXED);
}

static void settle_foreign(struct probe *probe, pid_t pid)
{
	int fd = bpf_map__fd(probe->skel->maps.foreign);
	int sums_fd = bpf_map__fd(probe->skel->maps.foreign_sums);
	struct ts_foreign_key key, next;
	struct {
		struct ts_span span;
		uint64_t tid;
	} value;
	int err = bpf_map_get_next_key(fd, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(fd, &key, &next);
		if (key.tgid != (uint32_t)pid || bpf_map_lookup_elem(fd, &key, &value))
			continue;
		bpf_map_delete_elem(sums_fd, &key);
		if (bpf_map_delete_elem(fd, &key) == 0)
			count_unwound(probe, value.span.series);
	}
}

static void settle_list(struct probe *probe, const struct ts_span_list *list)
{
	int fd = bpf_map__fd(probe->skel->maps.spilled);

	for (uint32_t i = 0; i < list->depth; i++) {
		struct ts_spill_key key = {.owner = list->owner, .tgid = list->tgid, .depth = i};
		struct ts_span span;

		if (i < TS_SPAN_INLINE) {
			count_unwound(probe, list->spans[i].series);
		} else if (bpf_map_lookup_elem(fd, &key, &span) == 0) {
			count_unwound(probe, span.series);
			bpf_map_delete_elem(fd, &key);
		}
	}
}

static void settle_goroutines(struct probe *probe, pid_t pid)
{
	int fd = bpf_map__fd(probe->skel->maps.goroutines);
	struct ts_goroutine_key key, next;
	struct ts_span_list list;
	int err = bpf_map_get_next_key(fd, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(fd, &key, &next);
		if (key.tgid != (uint32_t)pid || bpf_map_lookup_elem(fd, &key, &list))
			continue;
		if (bpf_map_delete_elem(fd, &key) == 0)
			settle_list(probe, &list);
	}
}

void probe_settle_process(struct probe *probe, pid_t pid)
{
	settle_foreign(probe, pid);
	settle_goroutines(probe, pid);
}

void probe_settle_series(struct probe *probe, uint32_t series)
{
	struct ts_series *s = probe->series + series * probe->stripe_cnt;
	uint64_t open_cnt = 0;

	for (size_t i = 0; i < probe->stripe_cnt; i++)
		open_cnt += s[i].entries - s[i].returns - s[i].unwound - s[i].lost;
	__atomic_fetch_add(&s[0].unwound, open_cnt, __ATOMIC_RELAXED);
}

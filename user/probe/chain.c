/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the maps of chains, and reads and settles what is in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <tickscope/record.h>
#include <tickscope/task_shares.h>

#include "base/time_units.h"
#include "chain.skel.h"
#include "probe/chain.h"
#include "probe/object.h"
#include "probe/share.h"
#include "probe/slowest_bind.h"

#define STRIPE_MAX 4 /* a chain of 8 stages is 0.2 MiB a stripe, 1.7 MiB with a breakdown */

#define SCRATCH_TIMEOUT_NS NS_PER_S /* longer than calibrating takes */

struct chain_probe {
	struct chain_bpf *skel;
	struct sched_probe *sched;	      /* NULL: no chain wants a breakdown */
	struct ts_chain chains[TS_CHAIN_CNT]; /* the last one to calibrate */
	size_t chain_cnt;
	struct ts_point points[TS_POINT_MAX];
	size_t stripe_cnt;
	const struct slowest_probe *slowest;
	struct ts_series *series;
	size_t series_bytes;
	struct ts_chain_counts *counts;
	size_t counts_bytes;
	uint64_t *hits; /* a stripe behind the other */
	size_t hits_bytes;
};

/* Gives each chain its series; their number. */
static uint32_t number_series(struct chain_probe *probe, const struct chain_options *options)
{
	bool has_breakdown = false;
	uint32_t cnt = 0;

	probe->chain_cnt = options->chain_cnt;
	for (size_t i = 0; i < options->chain_cnt; i++) {
		probe->chains[i] = options->chains[i];
		probe->chains[i].series = cnt;
		cnt += probe->chains[i].wants_breakdown ? TS_CHAIN_SERIES_CNT : TS_CHAIN_STAGE_MAX;
		has_breakdown |= probe->chains[i].wants_breakdown;
	}
	probe->chains[TS_CHAIN_SCRATCH].series = cnt;
	return cnt + (has_breakdown ? TS_CHAIN_SHARE(SCRATCH_PASS_CNT, 0) : SCRATCH_PASS_CNT);
}

static int map_arrays(struct chain_probe *probe, uint32_t entries)
{
	probe->series = share_map_array(probe->skel->maps.chain_series,
					entries * sizeof(struct ts_series), &probe->series_bytes);
	if (!probe->series)
		return -errno;
	probe->counts = share_map_array(probe->skel->maps.chain_counts,
					TS_CHAIN_CNT * sizeof(struct ts_chain_counts),
					&probe->counts_bytes);
	if (!probe->counts)
		return -errno;
	probe->hits = share_map_array(probe->skel->maps.chain_hits,
				      TS_POINT_CNT * probe->stripe_cnt * sizeof(uint64_t),
				      &probe->hits_bytes);
	return probe->hits ? 0 : -errno;
}

static int load(struct chain_probe *probe, uint32_t series_cnt)
{
	uint32_t entries = series_cnt * (uint32_t)probe->stripe_cnt;
	int err;

	probe->skel = chain_bpf__open_opts(object_options());
	if (!probe->skel)
		return errno ? -errno : -EINVAL;
	err = slowest_bind(probe->slowest, probe->skel->obj);
	if (err < 0)
		return err;
	probe->skel->rodata->slowest_cnt = (uint32_t)err;
	probe->skel->rodata->has_chains = 1;
	probe->skel->rodata->chain_stripe_mask = (uint32_t)probe->stripe_cnt - 1;
	err = bpf_map__set_max_entries(probe->skel->maps.chain_series, entries);
	if (!err)
		err = bpf_map__set_max_entries(probe->skel->maps.chain_hits,
					       TS_POINT_CNT * (uint32_t)probe->stripe_cnt);
	if (!err)
		err = share_maps(probe->skel->obj, NULL, "sched_");
	if (!err)
		err = chain_bpf__load(probe->skel);
	return err ? err : map_arrays(probe, entries);
}

static int put(const struct bpf_map *map, uint32_t key, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), &key, value, BPF_ANY) ? -errno : 0;
}

static int fill(struct chain_probe *probe, const struct chain_options *options)
{
	int err = 0;

	for (uint32_t i = 0; i < options->chain_cnt && !err; i++)
		err = put(probe->skel->maps.chain_table, i, &probe->chains[i]);
	memcpy(probe->points, options->points, options->point_cnt * sizeof(*options->points));
	for (uint32_t i = 0; i < options->point_cnt && !err; i++)
		err = put(probe->skel->maps.chain_points, i, &options->points[i]);
	return err;
}

int chain_open(const struct chain_options *options, struct chain_probe **ret_probe,
	       struct fault *why)
{
	struct chain_probe *probe = calloc(1, sizeof(*probe));
	int err = -ENOMEM;

	if (!probe)
		return fault_set(why, err, "out of memory");
	if (!options->chain_cnt || options->chain_cnt > TS_CHAIN_MAX ||
	    options->point_cnt > TS_POINT_MAX) {
		err = fault_set(why, -EINVAL, "between 1 and %d chains can be followed",
				TS_CHAIN_MAX);
		goto free_probe;
	}
	probe->slowest = options->slowest;
	probe->stripe_cnt = share_stripe_cnt(STRIPE_MAX);
	probe->sched = options->sched;
	err = load(probe, number_series(probe, options));
	if (!err)
		err = fill(probe, options);
	if (err) {
		fault_set(why, err, "chains cannot be followed on this kernel: %s", strerror(-err));
		goto free_probe;
	}
	*ret_probe = probe;
	return 0;
free_probe:
	chain_free(probe);
	return err;
}

void chain_free(struct chain_probe *probe)
{
	if (!probe)
		return;
	if (probe->series)
		munmap(probe->series, probe->series_bytes);
	if (probe->counts)
		munmap(probe->counts, probe->counts_bytes);
	if (probe->hits)
		munmap(probe->hits, probe->hits_bytes);
	chain_bpf__destroy(probe->skel);
	free(probe);
}

const struct bpf_object *chain_object(const struct chain_probe *probe)
{
	return probe ? probe->skel->obj : NULL;
}

const struct slowest_probe *chain_slowest(const struct chain_probe *probe)
{
	return probe ? probe->slowest : NULL;
}

struct sched_probe *chain_sched(const struct chain_probe *probe)
{
	return probe ? probe->sched : NULL;
}

int chain_set_stage(struct chain_probe *probe, uint32_t chain, uint32_t stage,
		    const struct ts_chain_stage *value)
{
	if (chain >= probe->chain_cnt || stage >= TS_CHAIN_STAGE_MAX)
		return -EINVAL;
	probe->chains[chain].stages[stage] = *value;
	return put(probe->skel->maps.chain_table, chain, &probe->chains[chain]);
}

int chain_withdraw(struct chain_probe *probe, uint32_t chain)
{
	if (chain >= TS_CHAIN_CNT)
		return -EINVAL;
	probe->chains[chain].is_withdrawn = 1;
	return put(probe->skel->maps.chain_table, chain, &probe->chains[chain]);
}

uint64_t chain_hits(const struct chain_probe *probe, uint32_t point)
{
	uint64_t hits = 0;

	for (size_t i = 0; i < probe->stripe_cnt; i++)
		hits += *(const volatile uint64_t *)&probe->hits[i * TS_POINT_CNT + point];
	return hits;
}

size_t chain_passes(const struct chain_probe *probe, uint32_t point, struct chain_pass *ret_passes)
{
	const struct ts_point *p = &probe->points[point];

	for (uint32_t i = 0; i < p->step_cnt; i++) {
		const struct ts_chain *chain = &probe->chains[p->steps[i].chain];

		ret_passes[i] = (struct chain_pass){
			.key_kind = chain->stages[p->steps[i].stage].key.kind,
			.is_split = chain->wants_breakdown,
		};
	}
	return p->step_cnt;
}

int chain_set_scratch(struct chain_probe *probe, const struct chain_pass *pass)
{
	struct ts_chain *chain = &probe->chains[TS_CHAIN_SCRATCH];
	struct ts_point point = {.step_cnt = SCRATCH_PASS_CNT};
	int err;

	chain->stage_cnt = chain->kernel_cnt = SCRATCH_PASS_CNT;
	chain->timeout_ns = SCRATCH_TIMEOUT_NS;
	chain->wants_breakdown = pass->is_split;
	chain->is_withdrawn = 0;
	for (uint32_t i = 0; i < SCRATCH_PASS_CNT; i++) {
		chain->stages[i].key = (struct ts_key){
			.kind = pass->key_kind,
			.source = pass->key_kind == TS_KEY_STDSTRING ? TS_SOURCE_DX : TS_SOURCE_DI,
			.width_bytes = sizeof(uint64_t),
		};
		point.steps[i].chain = TS_CHAIN_SCRATCH;
		point.steps[i].stage = (uint8_t)(SCRATCH_PASS_CNT - 1 - i);
	}
	err = put(probe->skel->maps.chain_table, TS_CHAIN_SCRATCH, chain);
	return err ? err : put(probe->skel->maps.chain_points, TS_POINT_SCRATCH, &point);
}

void chain_clear_scratch(struct chain_probe *probe)
{
	if (!chain_withdraw(probe, TS_CHAIN_SCRATCH))
		chain_settle(probe);
}

size_t chain_stripe_cnt(const struct chain_probe *probe)
{
	return probe->stripe_cnt;
}

static struct ts_series *stripes_of(const struct chain_probe *probe, uint32_t chain, uint32_t which)
{
	return probe->series + (probe->chains[chain].series + which) * probe->stripe_cnt;
}

const struct ts_series *chain_series(const struct chain_probe *probe, uint32_t chain,
				     uint32_t which)
{
	return stripes_of(probe, chain, which);
}

const struct ts_chain_counts *chain_counts(const struct chain_probe *probe, uint32_t chain)
{
	return &probe->counts[chain];
}

void chain_settle(struct chain_probe *probe)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	bpf_prog_test_run_opts(bpf_program__fd(probe->skel->progs.chain_settle), &run);
}

int chain_take(struct chain_probe *probe, const struct ts_chain_key *key,
	       struct ts_chain_state *ret_state)
{
	int fd = bpf_map__fd(probe->skel->maps.chain_states);

	return bpf_map_lookup_and_delete_elem(fd, key, ret_state) ? -errno : 0;
}

static void offer_slowest(const struct chain_probe *probe, uint32_t chain,
			  const struct ts_chain_state *state)
{
	uint32_t last = probe->chains[chain].stage_cnt - 1;
	struct ts_slow_event event = {
		.end_ns = state->times_ns[last],
		.duration_ns = state->times_ns[last] - state->times_ns[0],
		.operation = TS_SLOW_FUNCTION_MAX + chain,
		.tgid = state->tgid,
		.cpu = TS_SLOW_CPU_UNKNOWN,
		.stage_cnt = last + 1,
	};

	for (uint32_t i = 0; i <= last; i++)
		event.tid = state->tids[i] ? state->tids[i] : event.tid;
	memcpy(event.times_ns, state->times_ns, sizeof(event.times_ns));
	slowest_tell(probe->slowest, &event);
}

/* Of the segment that ends with a stage that the kernel passed, as chain_split does it there. */
static void split_segment(struct chain_probe *probe, uint32_t chain,
			  const struct ts_chain_state *state, uint32_t to)
{
	uint32_t from = to - 1;
	__u64 shares[TS_STATE_CNT];

	if (!state->tids[from] || state->tids[from] != state->tids[to] ||
	    !task_shares_split(&state->sums[from], &state->sums[to],
			       state->times_ns[to] - state->times_ns[from], shares)) {
		COUNTER_ADD(probe->counts[chain].unsplit, 1);
		return;
	}
	for (uint32_t i = 0; i < TS_STATE_CNT; i++) {
		struct ts_series *share = stripes_of(probe, chain, TS_CHAIN_SHARE(to, i));

		COUNTER_ADD(share->entries, 1);
		series_record(share, (int64_t)shares[i]);
	}
}

void chain_complete(struct chain_probe *probe, uint32_t chain, const struct ts_chain_state *state)
{
	uint64_t before_ns = state->times_ns[0];

	for (uint32_t i = 1; i < probe->chains[chain].stage_cnt; i++) {
		struct ts_series *segment = stripes_of(probe, chain, i);

		COUNTER_ADD(segment->entries, 1);
		series_record(segment, (int64_t)(state->times_ns[i] - before_ns));
		if (probe->chains[chain].wants_breakdown && i < probe->chains[chain].kernel_cnt)
			split_segment(probe, chain, state, i);
		if (state->times_ns[i] > before_ns)
			before_ns = state->times_ns[i];
	}
	series_record(stripes_of(probe, chain, 0), (int64_t)(before_ns - state->times_ns[0]));
	if (probe->slowest)
		offer_slowest(probe, chain, state);
}

void chain_time_out(struct chain_probe *probe, uint32_t chain, const struct ts_chain_state *state)
{
	struct ts_chain_counts *counts = &probe->counts[chain];

	if (!state->passed_cnt || state->passed_cnt > TS_CHAIN_STAGE_MAX)
		return;
	COUNTER_ADD(counts->timed_out, 1);
	COUNTER_ADD(counts->stopped_at[state->passed_cnt - 1], 1);
	COUNTER_ADD(stripes_of(probe, chain, 0)->unwound, 1);
}

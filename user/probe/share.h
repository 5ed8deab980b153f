/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/probe: maps that programs of several objects have in common, and how they are
 * sized and read. */
#ifndef TICKSCOPE_PROBE_SHARE_H
#define TICKSCOPE_PROBE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRATCH_PASS_CNT 2 /* stages of the chain that is there to calibrate */

struct bpf_map;
struct bpf_object;
struct chain_probe;
struct sched_probe;

/*
 * Before `to` is loaded: its maps whose names begin so become those of `from`, which is loaded;
 * with NULL they are not made, and no code that can be reached may use them. 0 or -errno.
 */
int share_maps(struct bpf_object *to, const struct bpf_object *from, const char *prefix);

/* Copies of each series: a power of two, not more than there are CPUs, nor than max. */
size_t share_stripe_cnt(size_t max);

/* The array in our address space, in whole pages, *ret_bytes of them; NULL with errno. */
void *share_map_array(const struct bpf_map *map, size_t bytes, size_t *ret_bytes);

/* NULL of NULL. */
const struct bpf_object *chain_object(const struct chain_probe *probe);
/* What its breakdowns read; NULL: it has none. */
struct sched_probe *chain_sched(const struct chain_probe *probe);
/* Likewise: of bpf/task_times.h, whose maps begin with "sched_"; where there is one,
 * has_task_times is to be set. */
const struct bpf_object *sched_object(const struct sched_probe *probe);

/* A stage as far as it matters for what it costs to pass it. */
struct chain_pass {
	uint8_t key_kind; /* enum ts_key_kind */
	bool is_split;
};

/* The stages that happen at a point, at most TS_POINT_STEP_MAX; their number. */
size_t chain_passes(const struct chain_probe *probe, uint32_t point, struct chain_pass *ret_passes);
/*
 * Makes the scratch point pass the SCRATCH_PASS_CNT stages of the scratch chain at each hit, the
 * last one first, so that one ends what the hit before began. Keys of numbers and texts are taken
 * from the first three arguments of a C function: the text, its length, and where both of them are.
 * 0 or -errno.
 */
int chain_set_scratch(struct chain_probe *probe, const struct chain_pass *pass);
/* What the last hit began takes no room any more. */
void chain_clear_scratch(struct chain_probe *probe);

#endif

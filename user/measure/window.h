/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of the kernel -> windows -> statistics with their quality. Pure: no I/O, no clock. A
 * snapshot is what the kernel had counted at one instant, a window what it counted between two;
 * windows of one series merge by addition.
 */
#ifndef TICKSCOPE_MEASURE_WINDOW_H
#define TICKSCOPE_MEASURE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tickscope/abi.h>

/* All stripes of one series added up; the buckets modulo 2^32, as the kernel keeps them. */
struct snapshot {
	uint64_t entries;
	uint64_t returns;
	uint64_t unwound;
	uint64_t unpaired_returns;
	uint64_t lost;
	uint64_t missed_exits;
	uint64_t clock_clamped;
	uint64_t dropped;
	uint64_t errors;
	uint64_t nested_hits;
	uint64_t migrations;
	uint64_t involuntary_switches;
	uint64_t sum_ns;
	uint64_t max_ns;  /* lifetime */
	uint64_t min_ns;  /* lifetime; UINT64_MAX: no value yet */
	uint64_t octaves; /* which groups of 128 buckets are not all zero, as in struct ts_series */
	uint32_t buckets[TS_BUCKET_CNT];
};

/* What a series counted between two instants. */
struct window {
	uint64_t duration_ns;
	uint64_t entries;
	uint64_t returns;
	uint64_t unwound; /* as the kernel counted; see stats_quality for what is shown */
	uint64_t unpaired_returns;
	uint64_t lost;
	uint64_t missed_exits;
	uint64_t clock_clamped;
	uint64_t dropped;
	uint64_t errors;
	uint64_t nested_hits;
	uint64_t migrations; /* of spans that are split; the history does not keep these two */
	uint64_t involuntary_switches;
	uint64_t sum_ns;
	uint64_t count;	  /* values in the buckets */
	uint64_t max_ns;  /* of this window; 0 when count is 0 */
	uint64_t min_ns;  /* of this window; UINT64_MAX when count is 0 */
	uint64_t octaves; /* which groups of 128 buckets may be other than zero */
	uint64_t buckets[TS_BUCKET_CNT];
};

/* An empty snapshot or window out of zeroed memory (calloc), without touching its buckets. */
void snapshot_init(struct snapshot *zeroed);
void window_init(struct window *zeroed);

/*
 * Reads stripe_cnt consecutive stripes, which the kernel may be adding to meanwhile, over a
 * snapshot that was initialised. Only octaves that ever counted are read.
 */
void snapshot_read(struct snapshot *snapshot, const struct ts_series *stripes, size_t stripe_cnt);

/* True where nothing was counted between the two. */
bool snapshot_is_same(const struct snapshot *before, const struct snapshot *after);

/*
 * The window from `before` to `after` (two snapshots of one series), duration_ns apart. Minimum and
 * maximum are the bounds of the outermost non-empty buckets, sharpened by the lifetime value where
 * that moved in between and lies in that bucket (DESIGN.md §3 "Counting"). Bucket differences are
 * taken modulo 2^32.
 */
void window_between(struct window *window, const struct snapshot *before,
		    const struct snapshot *after, uint64_t duration_ns);

/* Adds `part` to `total`, which starts out as window_init or window_clear left it. Durations add up
 * too. */
void window_merge(struct window *total, const struct window *part);
void window_clear(struct window *window);
/* True where none of its counters counted: a call that was unwound began in another window. */
bool window_is_empty(const struct window *window);

/*
 * The nearest-rank quantile q in (0, 1): the midpoint of the bucket that holds rank ceil(q *
 * count), kept inside [min, max]. False (and *ret_ns untouched) where count * (1 - q) < 1, that is
 * with too few samples to say.
 */
bool window_quantile(const struct window *window, double q, uint64_t *ret_ns);

#endif

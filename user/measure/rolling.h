/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last hour of a series, for judging and for live views: windows of a second for a minute, of
 * ten seconds for 15 minutes, of a minute for an hour, each as packed bytes. Pure:
 * times are given, of the monotonic clock.
 */
#ifndef TICKSCOPE_MEASURE_ROLLING_H
#define TICKSCOPE_MEASURE_ROLLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/window.h"

#define ROLLING_SPAN_MAX_NS 3600000000000ULL

/* What needs no histogram. */
struct rolling_totals {
	uint64_t duration_ns; /* that windows were there for: less than the span where there are
				 gaps */
	uint64_t count;
	uint64_t errors;
	uint64_t sum_ns;
	uint64_t min_ns; /* UINT64_MAX where count is 0 */
	uint64_t max_ns;
};

struct rolling;

struct rolling *rolling_new(void); /* NULL: out of memory */
void rolling_free(struct rolling *rolling);

/*
 * Adds what was counted up to end_ns; windows of about a second, empty ones too (they say that
 * nothing happened, a missing one that nothing is known). Several of one instant, as two functions
 * of one name have, count as one time. scratch is overwritten. 0; -ESTALE: more than a minute older
 * than the newest, dropped; -ENOMEM: dropped.
 */
int rolling_add(struct rolling *rolling, uint64_t end_ns, const struct window *window,
		struct window *scratch);
/* When the newest window ended; 0: there is none. */
uint64_t rolling_newest_ns(const struct rolling *rolling);
size_t rolling_bytes(const struct rolling *rolling);

/*
 * The windows of (now - span, now]. What is older than a minute is taken in tens of seconds, than
 * 15 minutes in minutes: the span's far end is rounded up to such.
 */
void rolling_sum(const struct rolling *rolling, uint64_t now_ns, uint64_t span_ns,
		 struct rolling_totals *ret_totals);
/* The same with histogram, added to total. */
void rolling_merge(const struct rolling *rolling, uint64_t now_ns, uint64_t span_ns,
		   struct window *total);
/*
 * What ended in the second that end_ns is in, of the last minute: its packed bytes
 * (measure/packed.h), good until the next rolling_add, and how long it took. NULL: nothing is known
 * of it, or nothing was counted.
 */
const uint8_t *rolling_second(const struct rolling *rolling, uint64_t end_ns, size_t *ret_byte_cnt,
			      uint64_t *ret_duration_ns);
/* How far back from now the newest windows reach that hold at least so many values; 0: an hour does
 * not hold them. */
uint64_t rolling_span_of(const struct rolling *rolling, uint64_t now_ns, uint64_t value_cnt);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of a histogram's buckets on the page, and a window's buckets counted between them. */
#ifndef TICKSCOPE_SINK_PROMETHEUS_BOUNDS_H
#define TICKSCOPE_SINK_PROMETHEUS_BOUNDS_H

#include <stddef.h>
#include <stdint.h>

#include "measure/window.h"
#include "sink/prometheus_families.h"

struct prometheus_bounds {
	size_t cnt;
	uint64_t ns[PROMETHEUS_BOUND_MAX];
	uint32_t
		end_idx[PROMETHEUS_BOUND_MAX]; /* our buckets below this one are within the bound */
};

/* Those of tickscope_operation_duration_seconds. */
void prometheus_bounds_exact(struct prometheus_bounds *ret_bounds);
/* Of a mapped family: a bucket of ours whose midpoint is at most the bound is within it. What is
 * counted on the wrong side lies within 0.39 % of the bound. */
void prometheus_bounds_mapped(const struct prometheus_mapped *family,
			      struct prometheus_bounds *ret_bounds);

/* Adds to bounds->cnt + 1 numbers: those within each bound but not the one before; the last one has
 * what is above all. */
void prometheus_bounds_count(const struct prometheus_bounds *bounds, const struct window *window,
			     uint64_t *numbers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The longest of the durations that have been seen, sorted. Pure. */
#ifndef TICKSCOPE_MEASURE_LONGEST_H
#define TICKSCOPE_MEASURE_LONGEST_H

#include <stddef.h>
#include <stdint.h>

#include <tickscope/abi_slowest.h>

/* Zeroed, but for max: an empty one. */
struct longest {
	size_t max; /* to keep, at most TS_SLOWEST_MAX */
	size_t cnt;
	uint64_t durations_ns[TS_SLOWEST_MAX]; /* longest first; of equal ones the earlier first */
	size_t places[TS_SLOWEST_MAX];	       /* of each, what longest_add gave it */
};

/* Not among them. */
#define LONGEST_NONE SIZE_MAX

/*
 * Where the caller keeps what belongs to this duration: a number below max, which was free, or that
 * of the duration that is not among the longest any more. LONGEST_NONE: as many are at least as
 * long.
 */
size_t longest_add(struct longest *longest, uint64_t duration_ns);

#endif

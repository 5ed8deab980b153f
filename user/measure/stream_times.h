/* SPDX-License-Identifier: Apache-2.0 */
/* When bytes of a stream passed: positions -> times. Pure. */
#ifndef TICKSCOPE_MEASURE_STREAM_TIMES_H
#define TICKSCOPE_MEASURE_STREAM_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* System calls, or packets, that are remembered: what waits longer for its answer is not timed. */
#define STREAM_TIMES_MAX 1024

struct stream_time {
	uint64_t end; /* position behind the last byte */
	uint64_t ns;
};

/* A ring that grows up to STREAM_TIMES_MAX; zeroed: empty. */
struct stream_times {
	struct stream_time *items;
	size_t room; /* a power of two, or 0 */
	size_t first;
	size_t cnt;
};

void stream_times_fini(struct stream_times *times);
void stream_times_clear(struct stream_times *times);
/* Bytes up to `end` passed at ns. Not beyond the last end: a repetition, ignored. Beyond the room,
 * or out of memory, the oldest is forgotten. */
void stream_times_add(struct stream_times *times, uint64_t end, uint64_t ns);
/* When the byte at this position passed; false where that is not known (any more). */
bool stream_times_find(const struct stream_times *times, uint64_t position, uint64_t *ret_ns);

#endif

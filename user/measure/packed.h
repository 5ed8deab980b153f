/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window as bytes, for keeping many: counters and the buckets that are not zero, in LEB128
 * numbers; a few hundred bytes where a struct window has 37 KB. Pure. The same bytes are stored in
 * the history file: the first byte is the version of the format.
 */
#ifndef TICKSCOPE_MEASURE_PACKED_H
#define TICKSCOPE_MEASURE_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/window.h"

/* No window takes more. */
#define PACKED_MAX_BYTES (512 + TS_BUCKET_CNT * 12)

/* Writes at most `room` bytes: the number of bytes that the window takes, or -ENOSPC. */
int packed_write(const struct window *window, uint8_t *bytes, size_t room);
/* Adds the window in these bytes to `total`, as window_merge does. 0, or -EBADMSG (damaged, or of a
 * later version): then `total` is unchanged. */
int packed_merge(struct window *total, const uint8_t *bytes, size_t cnt);

/* What needs no histogram. */
struct packed_totals {
	uint64_t duration_ns;
	uint64_t entries;
	uint64_t returns;
	uint64_t errors;
	uint64_t sum_ns;
	uint64_t count;
	uint64_t max_ns;
	uint64_t min_ns; /* UINT64_MAX where count is 0 */
	bool is_empty;	 /* as window_is_empty */
};

/*
 * The same, and the totals alone, of bytes that were nowhere else since packed_write: neither their
 * checksum nor, before anything is added, their buckets are looked at. 0 or -EBADMSG.
 */
int packed_merge_own(struct window *total, const uint8_t *bytes, size_t cnt);
int packed_totals(const uint8_t *bytes, size_t cnt, struct packed_totals *ret_totals);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window as bytes, for keeping many: counters and the buckets that are not zero, in LEB128
 * numbers; a few hundred bytes where a struct window has 37 KB. Pure. The same bytes are stored in
 * the history file: the first byte is the version of the format.
 */
#ifndef TICKSCOPE_MEASURE_PACKED_H
#define TICKSCOPE_MEASURE_PACKED_H

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

#endif

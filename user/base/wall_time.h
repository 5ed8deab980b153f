/* SPDX-License-Identifier: Apache-2.0 */
/* Instants of the wall clock as text. */
#ifndef TICKSCOPE_BASE_WALL_TIME_H
#define TICKSCOPE_BASE_WALL_TIME_H

#include <stdint.h>

#define WALL_TIME_TEXT_BYTES 40

/* "2026-01-01T00:00:00.000000000Z" (RFC 3339, UTC); wall_ns counts from 1970. Returns text. */
const char *wall_time_text(uint64_t wall_ns, char text[static WALL_TIME_TEXT_BYTES]);

#endif

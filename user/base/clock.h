/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks, for rooms that may look at them; how long units are stands in time_units.h. */
#ifndef TICKSCOPE_BASE_CLOCK_H
#define TICKSCOPE_BASE_CLOCK_H

#include <stdint.h>

#include "base/time_units.h"

/* CLOCK_MONOTONIC. */
uint64_t clock_mono_ns(void);
/* CLOCK_REALTIME: since 1970. */
uint64_t clock_wall_ns(void);

#endif

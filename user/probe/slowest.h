/* SPDX-License-Identifier: Apache-2.0 */
/* The slowest calls and chains, each told with its thread, its stages and its stack. */
#ifndef TICKSCOPE_PROBE_SLOWEST_H
#define TICKSCOPE_PROBE_SLOWEST_H

#include <stddef.h>
#include <stdint.h>

#include <tickscope/abi_slowest.h>
#include "base/fault.h"

struct slowest_probe;

/* cnt: of each operation, at most TS_SLOWEST_MAX. It outlives the probes that are opened with it.
 */
int slowest_open(size_t cnt, struct slowest_probe **ret_probe, struct fault *why);
void slowest_free(struct slowest_probe *probe);

/* The descriptor becomes readable; slowest_read calls back for each. */
typedef void (*slowest_fn)(const struct ts_slow_event *event, void *context);
int slowest_fd(const struct slowest_probe *probe);
int slowest_read(struct slowest_probe *probe, slowest_fn fn, void *context);
/* Those that did not fit the ring. */
uint64_t slowest_dropped(const struct slowest_probe *probe);

#endif

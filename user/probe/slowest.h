/* SPDX-License-Identifier: Apache-2.0 */
/* The slowest calls and chains, each told with its thread, its stages and its stack. */
#ifndef TICKSCOPE_PROBE_SLOWEST_H
#define TICKSCOPE_PROBE_SLOWEST_H

#include <stddef.h>
#include <stdint.h>

#include <tickscope/abi_slowest.h>
#include "base/fault.h"

struct slowest_probe;

/* One that may be among the slowest; all that are have been told. */
typedef void (*slowest_fn)(const struct ts_slow_event *event, void *context);

struct slowest_options {
	size_t cnt;    /* of each operation, at most TS_SLOWEST_MAX */
	slowest_fn fn; /* from within slowest_read and chain_complete */
	void *context;
};

/* It outlives the probes that are opened with it. */
int slowest_open(const struct slowest_options *options, struct slowest_probe **ret_probe,
		 struct fault *why);
void slowest_free(struct slowest_probe *probe);

/* The descriptor becomes readable; slowest_read calls back. */
int slowest_fd(const struct slowest_probe *probe);
void slowest_read(struct slowest_probe *probe);
/* Those that did not fit the ring. */
uint64_t slowest_dropped(const struct slowest_probe *probe);

#endif

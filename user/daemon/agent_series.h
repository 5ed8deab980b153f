/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent keeps of each series: its identity, the open window of the history, and the last
 * minute second by second for live views.
 */
#ifndef TICKSCOPE_DAEMON_AGENT_SERIES_H
#define TICKSCOPE_DAEMON_AGENT_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/labels.h"
#include "daemon/daemon.h"
#include "measure/series_id.h"
#include "measure/window.h"

#define AGENT_LIVE_MAX 60 /* windows of one second: what a live view can show */

struct agent_live {
	uint64_t start_wall_ns;
	uint64_t duration_ns;
	uint8_t *packed; /* measure/packed.h; NULL: nothing was counted */
	size_t packed_bytes;
};

struct agent_series {
	struct series_id id; /* its strings are here, and the operation's */
	char *labels;
	char *target;
	char *operation;
	uint64_t probe_inner_ns;
	double calls_per_s;  /* in the last second */
	struct window *open; /* since the last window of the history was closed */
	struct agent_live live[AGENT_LIVE_MAX];
	size_t live_next;
};

/* Makes the series of an operation; of its connects where is_connect. 0; -ENOMEM; -E2BIG: labels
 * that do not fit. */
int agent_series_init(struct agent_series *series, const struct operation *operation,
		      bool is_connect);
void agent_series_fini(struct agent_series *series);

/* Another second. */
int agent_series_add(struct agent_series *series, const struct window *window,
		     uint64_t start_wall_ns);

#endif

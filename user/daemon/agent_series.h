/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent keeps of each series: its identity, and the open window of the history. Its last
 * hour is the judge's, for live views too.
 */
#ifndef TICKSCOPE_DAEMON_AGENT_SERIES_H
#define TICKSCOPE_DAEMON_AGENT_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/labels.h"
#include "daemon/daemon.h"
#include "measure/series_id.h"
#include "measure/window.h"

struct rolling;

struct agent_series {
	struct series_id id; /* its strings are here, and the operation's */
	char *labels;
	char *target;
	char *operation;
	uint64_t probe_inner_ns;
	double calls_per_s;	      /* in the last second */
	struct window *open;	      /* since the last window of the history was closed */
	const struct rolling *recent; /* the judge's; NULL: it took no last second */
};

/* Makes the series of an operation; of its connects where is_connect. 0; -ENOMEM; -E2BIG: labels
 * that do not fit. */
int agent_series_init(struct agent_series *series, const struct operation *operation,
		      bool is_connect);
void agent_series_fini(struct agent_series *series);

/* Another second. */
void agent_series_add(struct agent_series *series, const struct window *window);
/* The newest seconds, at most an hour of them, over what is in a window (of window_init); empty
 * where nothing is known. Spans above a minute begin at a whole period of rolling.h. */
void agent_series_recent(const struct agent_series *series, uint64_t seconds,
			 struct window *ret_window);

#endif

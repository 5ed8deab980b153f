/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks as the agent drives them: one file and one line of the table for each. */
#ifndef TICKSCOPE_DAEMON_AGENT_SINKS_H
#define TICKSCOPE_DAEMON_AGENT_SINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "config/config_sinks.h"
#include "sink/sink.h"

struct agent;

/* All in the loop's thread; none waits, but `stop` for at most max_ns. */
struct agent_sink {
	const char *name;
	bool (*is_wanted)(const struct config_sinks *config);
	/* After a reload: it goes on as it is; else it is stopped and started. */
	bool (*is_same)(const struct config_sinks *before, const struct config_sinks *after);
	/* `config` is that of the agent from now on, and outlives the state. */
	int (*start)(struct agent *a, const struct config_sinks *config, void **ret_state,
		     struct fault *why);
	void (*stop)(struct agent *a, void *state, uint64_t max_ns);
	/* A second has passed: windows are in a->operations, values in a->values, and judged. */
	void (*second)(struct agent *a, void *state);
	/* The open window of the history is closed. is_direct: the history does not take it, so the
	 * sink has to. NULL: the sink does not live on the history. */
	void (*batch)(struct agent *a, void *state, bool is_direct);
	void (*status)(void *state, struct sink_status *ret_status);
};

extern const struct agent_sink agent_sink_questdb, agent_sink_redis, agent_sink_prometheus;

#endif

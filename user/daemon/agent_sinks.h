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

#define AGENT_SINK_MAX	   4		 /* lines that the table has room for */
#define AGENT_SINKS_END_NS 5000000000ULL /* that all of them together have at the agent's end */

/* A sink that the configuration wants. */
struct agent_sink_slot {
	const struct agent_sink *sink; /* NULL: the slot is free */
	void *state;		       /* NULL: it could not be started, and is tried again */
	struct config *config;	       /* that it was started with, and reads */
	struct sink_status status;     /* of the last second */
	enum sink_state said;
	uint64_t start_mono_ns; /* when it is tried again */
};

/* Starts zeroed. */
struct agent_sinks {
	struct agent_sink_slot slots[AGENT_SINK_MAX];
	uint64_t dropped_cnt; /* rows that are lost for a sink which should have all */
	bool is_direct;	      /* the last batch went to sinks, since the history did not take it */
};

/* agent_sinks.c. Sinks that the configuration wants; one that cannot be started is said, shown as
 * failing, and tried again. */
void agent_sinks_start(struct agent *a);
/* At the end of each second. */
void agent_sinks_second(struct agent *a);
/* Whether one of them would take batches: else a batch that the history does not take is nobody's.
 */
bool agent_sinks_take_batches(const struct agent *a);
/* The open window of the history is closed, and not yet cleared. */
void agent_sinks_batch(struct agent *a, bool is_direct);
/* a->config is another: those that it changes are stopped and started. The one before is the
 * caller's to free, unless agent_sinks_hold it. */
void agent_sinks_reload(struct agent *a, const struct config *before);
/* One of them reads this configuration: when it is no longer the agent's, it is freed with the
 * last such sink. */
bool agent_sinks_hold(const struct agent *a, const struct config *config);
/* max_ns for all together; positions that they have reached go to the store. */
void agent_sinks_stop(struct agent *a, uint64_t max_ns);
size_t agent_sinks_failing_cnt(const struct agent *a);

#endif

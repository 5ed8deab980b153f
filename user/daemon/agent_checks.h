/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of the agent's own components, by the clock: what each of them looks at. */
#ifndef TICKSCOPE_DAEMON_AGENT_CHECKS_H
#define TICKSCOPE_DAEMON_AGENT_CHECKS_H

#include <stdint.h>

#include <jansson.h>

#include "judge/health.h"

struct agent;

/* Starts zeroed. */
struct agent_checks {
	struct health health;
	uint64_t next_mono_ns;
	uint64_t turned_mono_ns;     /* the loop, the last time */
	uint64_t longest_turn_ns;    /* since the last round */
	uint64_t kernel_lost_cnt;    /* at the last round */
	uint64_t history_batch_cnt;  /* a second ago */
	uint64_t history_mono_ns;    /* when the history last wrote, or had nothing to write */
	uint64_t written_window_cnt; /* dropped by the history at the last round */
};

/* Each second, after the sinks; checks when it is time. Changes are logged, and events. */
void agent_checks_second(struct agent *a);
/* The loop did something long on purpose. */
void agent_checks_excuse(struct agent *a);
/* [{name, state, since, checks, failures, reason}]; NULL: no memory. */
json_t *agent_checks_json(const struct agent *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent answers on its socket. */
#ifndef TICKSCOPE_DAEMON_AGENT_ANSWERS_H
#define TICKSCOPE_DAEMON_AGENT_ANSWERS_H

#include <jansson.h>

#include "daemon/agent_internal.h"

/* tickscope.status/1; NULL: out of memory, here and below. */
json_t *agent_status(const struct agent *a);
/* {"now_ns", "windows", "values", "alerts"}: seconds that began at since_wall_ns or later. */
json_t *agent_windows(const struct agent *a, uint64_t since_wall_ns);

/* A list as in tickscope.alerts/1: those that are active, or all that are kept. */
json_t *agent_serve_alerts(const struct agent *a, bool wants_all);

/* agent_sandbox.c: what the agent may still do. */
json_t *agent_sandbox_json(const struct agent *a);

#endif

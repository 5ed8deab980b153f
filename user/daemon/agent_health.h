/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the agent is well: for whoever asks over HTTP, and for the log. */
#ifndef TICKSCOPE_DAEMON_AGENT_HEALTH_H
#define TICKSCOPE_DAEMON_AGENT_HEALTH_H

#include "base/fault.h"
#include "daemon/agent_pulse.h"
#include "daemon/agent_watchdog.h"
#include "serve/web.h"

struct agent;

/* Starts zeroed, but for the pulse. */
struct agent_health {
	struct agent_pulse pulse;
	struct agent_watchdog *watchdog; /* NULL: systemd watches, or nobody */
	struct web *web;		 /* NULL: not asked for */
	bool is_pinging;		 /* systemd waits for it */
};

#define AGENT_HEALTH_ROUTE_CNT 2
/* /healthz and /readyz, for a server: they wait for nothing but their own thread. */
void agent_health_routes(struct agent *a, struct web_route ret_routes[AGENT_HEALTH_ROUTE_CNT]);

/* What a->config says; a port that is taken fails the start. */
int agent_health_start(struct agent *a, struct fault *why);
/* a->config is another. What cannot be had is said. */
void agent_health_reload(struct agent *a, const struct config_health *before);
void agent_health_stop(struct agent *a);

/* A turn of the loop, each second: tells whoever watches, and what `ready` means now. */
void agent_health_second(struct agent *a);
/* All is attached: systemd hears of it. */
void agent_health_attached(struct agent *a);
/* What begins may take long: a reload, a process that is new, the end. */
void agent_health_excuse(struct agent *a);

#endif

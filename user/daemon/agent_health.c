/* SPDX-License-Identifier: Apache-2.0 */
/* The pulse of the loop, who watches it, and the pages that tell of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time_units.h"
#include "daemon/agent_internal.h"

#define TEXT_BYTES     (AGENT_PULSE_REASON_BYTES + 2) /* with a line feed */
#define STATUS_NOT_NOW 503

/* --- pages, in the server's thread ------------------------------------------------------------ */

static int answer(struct web_answer *ret_answer, bool is_well, const char *text)
{
	size_t bytes = strlen(text);

	ret_answer->body = malloc(bytes + 2);
	if (!ret_answer->body)
		return -ENOMEM;
	memcpy(ret_answer->body, text, bytes);
	memcpy(ret_answer->body + bytes, "\n", 2);
	ret_answer->body_bytes = bytes + 1;
	if (!is_well)
		ret_answer->status = STATUS_NOT_NOW;
	return 0;
}

static int on_healthz(void *context, const struct web_request *request,
		      struct web_answer *ret_answer)
{
	char text[TEXT_BYTES];
	bool is_alive = agent_pulse_is_alive(context, text, sizeof(text));

	(void)request;
	return answer(ret_answer, is_alive, text);
}

static int on_readyz(void *context, const struct web_request *request,
		     struct web_answer *ret_answer)
{
	char text[TEXT_BYTES];
	bool is_ready = agent_pulse_is_ready(context, text, sizeof(text));

	(void)request;
	return answer(ret_answer, is_ready, text);
}

void agent_health_routes(struct agent *a, struct web_route ret_routes[AGENT_HEALTH_ROUTE_CNT])
{
	ret_routes[0] = (struct web_route){"/healthz", on_healthz, &a->health.pulse};
	ret_routes[1] = (struct web_route){"/readyz", on_readyz, &a->health.pulse};
}

/* --- life ------------------------------------------------------------------------------------- */

static int start_web(struct agent *a, struct fault *why)
{
	const char *listen = a->config->health.listen;
	struct web_route routes[AGENT_HEALTH_ROUTE_CNT];
	int err;

	if (!listen)
		return 0;
	agent_health_routes(a, routes);
	err = web_start(listen, routes, AGENT_HEALTH_ROUTE_CNT, &a->health.web, why);
	if (!err)
		agent_log(&a->log, AGENT_LOG_INFO, "health",
			  "health is at http://%.*s:%u/healthz and /readyz",
			  (int)(strrchr(listen, ':') - listen), listen, web_port(a->health.web));
	return err;
}

static int start_watchdog(struct agent *a, struct fault *why)
{
	uint64_t period_ns;

	if (agent_watchdog_is_systemd(&period_ns)) {
		a->health.is_pinging = true;
		if (period_ns < CONFIG_WATCHDOG_MIN_NS)
			agent_log(&a->log, AGENT_LOG_WARNING, "watchdog",
				  "WatchdogSec is too short: the loop turns once a second");
		return 0;
	}
	if (!a->config->health.watchdog_ns)
		return 0;
	return agent_watchdog_start(&a->health.pulse, &a->log, a->config->health.watchdog_ns,
				    &a->health.watchdog, why);
}

int agent_health_start(struct agent *a, struct fault *why)
{
	int err;

	agent_pulse_limit(&a->health.pulse, a->config->health.timeout_ns);
	err = start_watchdog(a, why);
	return err ? err : start_web(a, why);
}

void agent_health_reload(struct agent *a, const struct config_health *before)
{
	const struct config_health *now = &a->config->health;
	struct fault why;
	int err = 0;

	agent_pulse_limit(&a->health.pulse, now->timeout_ns);
	if (before->watchdog_ns != now->watchdog_ns) {
		agent_watchdog_stop(a->health.watchdog);
		a->health.watchdog = NULL;
		err = start_watchdog(a, &why);
	}
	if (err)
		agent_log(&a->log, AGENT_LOG_ERROR, "watchdog", "%s", why.text);
	if (a->health.web ? text_is_same(before->listen, now->listen) : !now->listen)
		return;
	web_stop(a->health.web);
	a->health.web = NULL;
	if (start_web(a, &why))
		agent_log(&a->log, AGENT_LOG_ERROR, "health", "%s", why.text);
}

void agent_health_stop(struct agent *a)
{
	agent_watchdog_stop(a->health.watchdog);
	web_stop(a->health.web);
	a->health.watchdog = NULL;
	a->health.web = NULL;
}

/* --- the loop --------------------------------------------------------------------------------- */

/* What keeps the agent from being ready; "" where nothing does. */
static void find_reason(const struct agent *a, char *text, size_t text_bytes)
{
	text[0] = '\0';
	if (a->view.is_disabled)
		agent_switch_describe(a, text, text_bytes);
	for (size_t i = 0; i < a->config->target_cnt && !text[0]; i++) {
		const struct daemon_target_state *t = &a->view.targets[i];

		if (t->refused_cnt)
			snprintf(text, text_bytes, "target \"%s\": %zu process%s not traced: %s",
				 a->config->targets[i].name, t->refused_cnt,
				 t->refused_cnt == 1 ? " is" : "es are", t->problem);
	}
	text_clean(text);
}

void agent_health_second(struct agent *a)
{
	char reason[AGENT_PULSE_REASON_BYTES];

	agent_pulse_turn(&a->health.pulse);
	if (a->health.is_pinging)
		agent_watchdog_tell("WATCHDOG=1");
	find_reason(a, reason, sizeof(reason));
	a->is_ready = !reason[0];
	agent_pulse_set_reason(&a->health.pulse, reason);
}

void agent_health_attached(struct agent *a)
{
	agent_health_second(a);
	agent_watchdog_tell("READY=1");
}

void agent_health_excuse(struct agent *a)
{
	if (a->health.is_pinging)
		agent_watchdog_tell("WATCHDOG=1");
	agent_pulse_excuse(&a->health.pulse);
	agent_checks_excuse(a);
}

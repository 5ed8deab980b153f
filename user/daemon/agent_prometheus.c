/* SPDX-License-Identifier: Apache-2.0 */
/* The scrape endpoint of the agent: its seconds go to the sink, whose page a server shows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time_units.h"
#include "daemon/agent_internal.h"
#include "daemon/agent_sinks.h"
#include "serve/web.h"
#include "sink/prometheus.h"

/* What is set with each check of the system stays until the next one is overdue. */
#define OVERDUE_S 2

struct endpoint {
	struct prometheus *prometheus;
	struct web *web;
	bool has_refused; /* which was said */
};

static bool is_wanted(const struct config_sinks *config)
{
	return config->prometheus.listen != NULL;
}

static bool is_same(const struct config_sinks *before, const struct config_sinks *after)
{
	const struct config_prometheus *a = &before->prometheus, *b = &after->prometheus;
	bool is_equal = text_is_same(a->listen, b->listen) && a->series_max == b->series_max;

	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++)
		is_equal = is_equal && text_is_same(a->families[i], b->families[i]);
	return is_equal;
}

/* --- pages, in the server's thread ------------------------------------------------------------ */

static int on_metrics(void *context, const struct web_request *request,
		      struct web_answer *ret_answer)
{
	enum prometheus_format format = prometheus_format_of(request->accept);

	ret_answer->content_type = prometheus_content_type(format);
	return prometheus_page(context, format, &ret_answer->body, &ret_answer->body_bytes);
}

static int on_root(void *context, const struct web_request *request, struct web_answer *ret_answer)
{
	(void)context;
	(void)request;
	ret_answer->body = strdup("tickscope " TICKSCOPE_VERSION ": metrics are at /metrics\n");
	if (!ret_answer->body)
		return -ENOMEM;
	ret_answer->body_bytes = strlen(ret_answer->body);
	return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

static int start(struct agent *a, const struct config_sinks *config, void **ret_state,
		 struct fault *why)
{
	const char *listen = config->prometheus.listen;
	struct endpoint *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return fault_set(why, -ENOMEM, "out of memory");
	err = prometheus_new(&config->prometheus, a->host, &e->prometheus, why);
	if (!err) {
		struct web_route routes[2 + AGENT_HEALTH_ROUTE_CNT] = {
			{"/metrics", on_metrics, e->prometheus},
			{"/", on_root, NULL},
		};

		agent_health_routes(a, routes + 2);
		err = web_start(listen, routes, sizeof(routes) / sizeof(routes[0]), &e->web, why);
	}
	if (err) {
		prometheus_free(e->prometheus);
		free(e);
		return err;
	}
	agent_log(&a->log, AGENT_LOG_INFO, "sink",
		  "prometheus: metrics are at http://%.*s:%u/metrics",
		  (int)(strrchr(listen, ':') - listen), listen, web_port(e->web));
	*ret_state = e;
	return 0;
}

static void stop(struct agent *a, void *state, uint64_t max_ns)
{
	struct endpoint *e = state;

	(void)a;
	(void)max_ns; /* requests that run are broken off */
	web_stop(e->web);
	prometheus_free(e->prometheus);
	free(e);
}

/* --- seconds ---------------------------------------------------------------------------------- */

static bool is_current(const struct agent *a, const struct agent_value *v)
{
	uint64_t period_s = a->config->judge.system_check_ns / NS_PER_S;

	if (v->is_fresh)
		return true;
	return (strncmp(v->id.name, "system_", strlen("system_")) == 0 ||
		strcmp(v->id.name, "uptime_ratio") == 0) &&
	       v->age_s <= period_s + OVERDUE_S;
}

static void say_refused(struct agent *a, struct endpoint *e)
{
	struct sink_status now;

	prometheus_status(e->prometheus, &now);
	if (!now.refused_cnt || e->has_refused)
		return;
	e->has_refused = true;
	agent_log(&a->log, AGENT_LOG_WARNING, "sink", "prometheus: %s", now.last_error);
}

static void second(struct agent *a, void *state)
{
	struct endpoint *e = state;

	prometheus_begin(e->prometheus);
	for (size_t i = 0; i < a->operation_cnt; i++) {
		const struct operation *o = &a->view.operations[i];

		if (a->operations[i].total)
			prometheus_window(e->prometheus, &a->operations[i].total->id,
					  o->counted.interval);
		if (a->operations[i].connect)
			prometheus_window(e->prometheus, &a->operations[i].connect->id,
					  o->rpc->connect.interval);
	}
	for (size_t i = 0; i < a->values.cnt; i++) {
		if (is_current(a, &a->values.items[i]))
			prometheus_value(e->prometheus, &a->values.items[i].id,
					 a->values.items[i].now);
	}
	prometheus_end(e->prometheus);
	say_refused(a, e);
}

static void status(void *state, struct sink_status *ret_status)
{
	const struct endpoint *e = state;

	prometheus_status(e->prometheus, ret_status);
}

const struct agent_sink agent_sink_prometheus = {
	.name = "prometheus",
	.is_wanted = is_wanted,
	.is_same = is_same,
	.start = start,
	.stop = stop,
	.second = second,
	.status = status,
};

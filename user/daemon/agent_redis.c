/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dashboards read out of Redis, every interval: the configured numbers, the last seconds of
 * each target, what fires. All of it expires: what an agent that is gone wrote is gone with it.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time_units.h"
#include "config/rule_unit.h"
#include "daemon/agent_internal.h"
#include "daemon/agent_redis_format.h"
#include "daemon/agent_sinks.h"
#include "sink/redis.h"
#include "wire/wire.h"

#define DASHBOARD_TTL_S	   "30"
#define SERVICE_TTL_S	   "60"
#define TIMESERIES_DAYS	   7
#define TIMESERIES_TTL_S   "604800"  /* the same in seconds */
#define TIMESERIES_LAST	   "-100001" /* by rank: the newest 100000 stay, a day has 86400 seconds */
#define REALTIME_MIN_S	   10	     /* percentiles of fewer seconds have too few calls */
#define OPERATION_MAX	   1000	     /* of one target: 300 KB of JSON */
#define KEY_BYTES	   256	     /* a name has less than 192 */
#define SECONDS_TEXT_BYTES 24
#define DAY_S		   86400

struct redis_state {
	struct redis *redis;
	struct window *scratch;
	uint64_t written_mono_ns; /* 0: nothing yet */
};

/* One that is written now. */
struct tick {
	struct agent *a;
	const struct config_redis *config;
	struct redis_state *state;
	uint64_t wall_s;
	char wall_text[SECONDS_TEXT_BYTES]; /* the same */
};

/* --- commands --------------------------------------------------------------------------------- */

static void command(const struct tick *t, const char *const *args, size_t cnt)
{
	size_t bytes[8];

	for (size_t i = 0; i < cnt; i++)
		bytes[i] = strlen(args[i]);
	redis_command(t->state->redis, args, bytes, cnt);
}

#define COMMAND(t, ...)                                \
	command(t, (const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static char *text_of_take(json_t *json)
{
	char *text = json ? json_dumps(json, AGENT_REDIS_FORMAT_JSON) : NULL;

	json_decref(json);
	return text;
}

/* No memory: this time the key keeps what it has. */
static void set_json_take(const struct tick *t, const char *of, const char *service, json_t *json)
{
	char *text = text_of_take(json);
	char key[KEY_BYTES];

	snprintf(key, sizeof(key), "%s:%s", of, service);
	if (text)
		COMMAND(t, "SET", key, text, "EX", SERVICE_TTL_S);
	free(text);
}

/* --- dashboard:* ------------------------------------------------------------------------------ */

/* What there is of the configured numbers. */
static void set_dashboard(const struct tick *t, json_t *member)
{
	for (int i = 0; i < CONFIG_DASHBOARD_KEY_CNT; i++) {
		enum config_dashboard_key key = (enum config_dashboard_key)i;
		const struct rule_expression *expression = t->config->dashboard[i].expression;
		char text[AGENT_REDIS_FORMAT_NUMBER_BYTES], name[KEY_BYTES];
		double value;

		if (!expression)
			continue;
		value = judge_number(t->a->judge, expression, t->a->judged_mono_ns,
				     t->a->config->judge.over_ns);
		value = agent_redis_format_value(key, rule_unit_of_expression(expression), value);
		if (!isfinite(value))
			continue;
		snprintf(name, sizeof(name), "dashboard:%s", agent_redis_format_name(key));
		COMMAND(t, "SET", name, agent_redis_format_number(value, text), "EX",
			DASHBOARD_TTL_S);
		json_object_set_new(member, agent_redis_format_name(key), json_real(value));
	}
}

/* The time and the host tell members with equal numbers apart. */
static void add_to_timeseries(const struct tick *t, const char *member)
{
	char key[KEY_BYTES], day[AGENT_REDIS_FORMAT_DAY_BYTES], oldest[SECONDS_TEXT_BYTES];

	snprintf(key, sizeof(key), "dashboard:timeseries:%s",
		 agent_redis_format_day(t->wall_s * NS_PER_S, day));
	snprintf(oldest, sizeof(oldest), "(%lld",
		 (long long)t->wall_s - (long long)TIMESERIES_DAYS * DAY_S);
	COMMAND(t, "ZADD", key, t->wall_text, member);
	COMMAND(t, "ZREMRANGEBYSCORE", key, "-inf", oldest);
	COMMAND(t, "ZREMRANGEBYRANK", key, "0", TIMESERIES_LAST);
	COMMAND(t, "EXPIRE", key, TIMESERIES_TTL_S);
}

static void write_dashboard(const struct tick *t)
{
	json_t *member = json_object();
	char *text;

	set_dashboard(t, member);
	if (json_object_size(member)) {
		json_object_set_new(member, "time", json_integer((json_int_t)t->wall_s));
		json_object_set_new(member, "host", wire_text(t->a->host));
		text = json_dumps(member, AGENT_REDIS_FORMAT_JSON);
		if (text)
			add_to_timeseries(t, text);
		free(text);
	}
	json_decref(member);
}

/* --- metrics:realtime:*, alerts:active:* ------------------------------------------------------ */

static json_t *values_json(const struct agent *a, const char *service)
{
	json_t *values = json_object();

	for (size_t i = 0; i < a->values.cnt; i++) {
		const struct agent_value *v = &a->values.items[i];

		if (v->is_fresh && !v->id.of.operation[0] && !strcmp(v->id.of.target, service) &&
		    isfinite(v->now))
			json_object_set_new(values, v->id.name, json_real(v->now));
	}
	return values;
}

static uint64_t realtime_s(const struct tick *t)
{
	uint64_t interval_s = t->config->interval_ns / NS_PER_S;

	return interval_s > REALTIME_MIN_S ? interval_s : REALTIME_MIN_S;
}

static void add_operation(const struct tick *t, const struct agent_series *s, const char *service,
			  json_t *list)
{
	if (!s || strcmp(s->id.target, service) != 0 || json_array_size(list) == OPERATION_MAX)
		return;
	agent_series_recent(s, realtime_s(t), t->state->scratch);
	json_array_append_new(list, agent_redis_format_operation(&s->id, t->state->scratch));
}

static json_t *operations_json(const struct tick *t, const char *service)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->a->operation_cnt; i++) {
		add_operation(t, t->a->operations[i].total, service, list);
		add_operation(t, t->a->operations[i].connect, service, list);
	}
	return list;
}

struct listing {
	const struct agent *a;
	const char *service;
	bool is_target;
	json_t *alerts;
};

static bool has_operation(const struct agent *a, const char *service, const char *operation)
{
	for (size_t i = 0; i < a->operation_cnt; i++) {
		const struct agent_series *s = a->operations[i].total;

		if (s && !strcmp(s->id.target, service) && !strcmp(s->id.operation, operation))
			return true;
	}
	return false;
}

/* An alert about several targets names none: it is each one's that has the operation, and, where it
 * names no operation either, every target's. */
static void list_alert(void *context, const struct alert *alert)
{
	struct listing *l = context;
	bool is_about = alert->target[0]      ? !strcmp(alert->target, l->service)
			: alert->operation[0] ? has_operation(l->a, l->service, alert->operation)
					      : l->is_target;

	if (alert->state == ALERT_FIRING && is_about)
		json_array_append_new(l->alerts, wire_alert(alert));
}

static void write_service(const struct tick *t, const char *service, bool is_target)
{
	struct listing l = {t->a, service, is_target, json_array()};
	json_t *realtime =
		json_pack("{s:I, s:o, s:o, s:I, s:o, s:o}", "time", (json_int_t)t->wall_s, "host",
			  wire_text(t->a->host), "service", wire_text(service), "window_s",
			  (json_int_t)realtime_s(t), "values", values_json(t->a, service),
			  "operations", operations_json(t, service));

	set_json_take(t, "metrics:realtime", service, realtime);
	judge_each_alert(t->a->judge, list_alert, &l);
	set_json_take(t, "alerts:active", service, l.alerts);
}

/* --- the sink --------------------------------------------------------------------------------- */

static bool is_wanted(const struct config_sinks *config)
{
	return config->redis.url != NULL;
}

/* What is sent is read out of the configuration each time. */
static bool is_same(const struct config_sinks *before, const struct config_sinks *after)
{
	const struct config_redis *a = &before->redis, *b = &after->redis;

	/* A password may be another, while its file has the same name. */
	return !b->password_file && text_is_same(a->url, b->url) &&
	       text_is_same(a->user, b->user) && text_is_same(a->password_file, b->password_file) &&
	       text_is_same(a->prefix, b->prefix) && a->timeout_ns == b->timeout_ns;
}

static int start(struct agent *a, const struct config_sinks *config, void **ret_state,
		 struct fault *why)
{
	struct redis_state *state = calloc(1, sizeof(*state));
	int err = -ENOMEM;

	(void)a;
	if (state)
		state->scratch = calloc(1, sizeof(*state->scratch));
	if (!state || !state->scratch) {
		fault_set(why, err, "out of memory");
		goto free_state;
	}
	window_init(state->scratch);
	err = redis_start(&config->redis, &state->redis, why);
	if (err)
		goto free_state;
	*ret_state = state;
	return 0;

free_state:
	if (state)
		free(state->scratch);
	free(state);
	return err;
}

static void stop(struct agent *a, void *state, uint64_t max_ns)
{
	struct redis_state *s = state;

	(void)a;
	redis_stop(s->redis, max_ns);
	free(s->scratch);
	free(s);
}

/* Seconds are not exactly one apart: half of one belongs to the interval. */
static bool is_due(const struct redis_state *s, const struct tick *t)
{
	return !s->written_mono_ns ||
	       t->a->judged_mono_ns + NS_PER_S / 2 >= s->written_mono_ns + t->config->interval_ns;
}

/* Whoever hears of it finds all of it written: PUBLISH is the last. */
static void second(struct agent *a, void *state)
{
	struct redis_state *s = state;
	struct tick t = {.a = a,
			 .config = &a->config->sinks.redis,
			 .state = s,
			 .wall_s = a->view.now_wall_ns / NS_PER_S};

	if (!is_due(s, &t))
		return;
	s->written_mono_ns = a->judged_mono_ns;
	snprintf(t.wall_text, sizeof(t.wall_text), "%llu", (unsigned long long)t.wall_s);
	redis_begin(s->redis);
	write_dashboard(&t);
	for (size_t i = 0; i < a->config->target_cnt; i++)
		write_service(&t, a->config->targets[i].name, true);
	write_service(&t, SERIES_HOST, false);
	write_service(&t, AGENT_SELF, false);
	COMMAND(&t, "PUBLISH", "dashboard:metrics:updated", t.wall_text);
	redis_end(s->redis);
}

static void status(void *state, struct sink_status *ret_status)
{
	struct redis_state *s = state;

	redis_status(s->redis, ret_status);
}

const struct agent_sink agent_sink_redis = {
	.name = "redis",
	.is_wanted = is_wanted,
	.is_same = is_same,
	.start = start,
	.stop = stop,
	.second = second,
	.status = status,
};

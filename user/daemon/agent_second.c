/* SPDX-License-Identifier: Apache-2.0 */
/* What was counted in a second -> judge, live views, and every ten seconds the history. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"
#include "judge/report.h"

static struct agent_series *series_new(struct agent *a, const struct operation *o, bool is_connect)
{
	struct agent_series *s = malloc(sizeof(*s));
	int err = s ? agent_series_init(s, o, is_connect) : -ENOMEM;

	if (!err)
		return s;
	free(s);
	agent_log(&a->log, AGENT_LOG_ERROR, "series", "\"%s\" of \"%s\" is not kept: %s", o->name,
		  o->target, strerror(-err));
	return NULL;
}

/* Operations that are new since the last second. */
static void find_operations(struct agent *a, const struct daemon_view *view)
{
	struct agent_operation *grown;

	if (view->operation_cnt <= a->operation_cnt)
		return;
	grown = reallocarray(a->operations, view->operation_cnt, sizeof(*grown));
	if (!grown)
		return; /* tried again in a second */
	a->operations = grown;
	for (; a->operation_cnt < view->operation_cnt; a->operation_cnt++) {
		const struct operation *o = &view->operations[a->operation_cnt];

		grown[a->operation_cnt] = (struct agent_operation){
			.total = series_new(a, o, false),
			.connect = o->rpc && o->kind == OPERATION_RPC_CLIENT
					   ? series_new(a, o, true)
					   : NULL,
		};
	}
}

static void series_free(struct agent_series *s)
{
	if (s)
		agent_series_fini(s);
	free(s);
}

void agent_second_forget(struct agent *a)
{
	for (size_t i = 0; i < a->operation_cnt; i++) {
		series_free(a->operations[i].total);
		series_free(a->operations[i].connect);
	}
	free(a->operations);
	a->operations = NULL;
	a->operation_cnt = 0;
}

static void feed_series(struct agent *a, struct agent_series *s, const struct window *w,
			uint64_t now_ns)
{
	if (!s)
		return;
	agent_series_add(s, w);
	s->recent = judge_feed(a->judge, &s->id, now_ns, w);
}

static void set_value(struct agent *a, const struct series_id *of, const char *name, double value)
{
	const struct value_id id = {.of = {.target = of->target,
					   .operation = of->operation,
					   .kind = "value",
					   .labels = of->labels},
				    .name = name};

	if (agent_values_set(&a->values, &id, value) && !a->values.is_full) {
		a->values.is_full = true;
		agent_log(&a->log, AGENT_LOG_ERROR, "values",
			  "more than %d values: \"%s\" and others are not kept", AGENT_VALUE_MAX,
			  name);
	}
}

/* What an endpoint has beside its latencies, of this second. */
static void set_endpoint_values(struct agent *a, const struct agent_series *s,
				const struct rpc *rpc, uint64_t duration_ns)
{
	const struct rpc_figures *f = &rpc->interval;
	double seconds = (double)duration_ns / NS_PER_S;
	struct series_id id;

	if (!s || seconds <= 0)
		return;
	id = s->id;
	id.operation = rpc->given_name ? rpc->given_name : s->id.operation;
	set_value(a, &id, "bytes_sent_per_s", (double)f->bytes_sent / seconds);
	set_value(a, &id, "bytes_received_per_s", (double)f->bytes_received / seconds);
	set_value(a, &id, "retransmits_per_s", (double)f->retransmits / seconds);
	set_value(a, &id, "resets_per_s", (double)f->resets / seconds);
	if (f->srtt_ns)
		set_value(a, &id, "srtt_ns", (double)f->srtt_ns);
	if (f->queue_limit_bytes) {
		set_value(a, &id, "queue_bytes", (double)f->queue_bytes);
		set_value(a, &id, "datagrams_dropped_per_s",
			  (double)f->datagrams_dropped / seconds);
	}
}

/* Probes that were detached for what they cost. */
static size_t count_detached(const struct agent *a)
{
	size_t cnt = 0;

	for (size_t i = 0; i < a->view.operation_cnt; i++)
		cnt += a->view.operations[i].is_detached &&
		       !operations_is_part(&a->view.operations[i]);
	return cnt;
}

/* What began and will not complete, of this second. */
static void set_chain_values(struct agent *a, const struct agent_series *s,
			     const struct chain_figures *chain, uint64_t duration_ns)
{
	double seconds = (double)duration_ns / NS_PER_S;

	if (!s || seconds <= 0)
		return;
	set_value(a, &s->id, "overtaken_per_s", (double)chain->interval.overtaken / seconds);
	set_value(a, &s->id, "timed_out_per_s", (double)chain->interval.timed_out / seconds);
}

static void set_own_values(struct agent *a)
{
	static const struct series_id own = {.target = AGENT_SELF, .operation = "", .labels = ""};
	size_t down_cnt = 0;

	for (size_t i = 0; i < notify_channel_cnt(a->notify); i++) {
		struct notify_status status;

		notify_channel_status(a->notify, i, &status);
		down_cnt += status.state == NOTIFY_DOWN;
	}
	set_value(a, &own, "channels_down", (double)down_cnt);
	set_value(a, &own, "history_failing", a->store && a->store_state.health != STORE_GOOD);
	set_value(a, &own, "dropped_windows_per_s",
		  (double)(a->store_state.dropped_window_cnt - a->dropped_window_cnt));
	set_value(a, &own, "probes_over_budget", (double)count_detached(a));
	set_value(a, &own, "unhealthy_components", (double)health_bad_cnt(&a->checks.health));
	set_value(a, &own, "disabled", a->view.is_disabled);
	set_value(a, &own, "sinks_failing", (double)agent_sinks_failing_cnt(a));
	set_value(a, &own, "sink_dropped_per_s",
		  (double)(a->sinks.dropped_cnt - a->dropped_row_cnt));
	a->dropped_window_cnt = a->store_state.dropped_window_cnt;
	a->dropped_row_cnt = a->sinks.dropped_cnt;
}

/* Whether each target has a process, and what its probes cost it. */
static void set_up(struct agent *a)
{
	for (size_t i = 0; !a->view.is_disabled && i < a->config->target_cnt; i++) {
		const struct series_id id = {
			.target = a->config->targets[i].name, .operation = "", .labels = ""};

		set_value(a, &id, "up", a->view.targets[i].live_cnt > 0);
		set_value(a, &id, "overhead_percent", a->view.targets[i].overhead_ratio * 100);
	}
}

static void set_target_uptime(void *context, const struct report_component *c)
{
	const struct series_id id = {.target = c->name, .operation = "", .labels = ""};

	if (c->is_target && isfinite(c->uptime_ratio))
		set_value(context, &id, "uptime_ratio", c->uptime_ratio);
}

/* What the judge found out about the whole, for the history; it knows it already. */
static void set_system_values(struct agent *a, uint64_t now_ns)
{
	static const struct series_id host = {.target = SERIES_HOST, .operation = "", .labels = ""};
	struct report_system s;
	const struct {
		const char *name;
		const double *value;
	} values[] = {
		{"system_uptime_ratio", &s.uptime_ratio},
		{"system_requests_per_s", &s.requests_per_s},
		{"system_error_ratio", &s.error_ratio},
		{"system_latency_ns", &s.latency_ns},
		{"system_health_score", &s.score},
	};

	if (a->system_mono_ns && now_ns - a->system_mono_ns < a->config->judge.system_check_ns)
		return;
	a->system_mono_ns = now_ns;
	report_system(a->judge, now_ns, &s);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (isfinite(*values[i].value))
			set_value(a, &host, values[i].name, *values[i].value);
	}
	set_value(a, &host, "system_alerts", (double)s.alerts);
	set_value(a, &host, "system_violations", (double)s.violations_24h);
	report_each_component(a->judge, now_ns, set_target_uptime, a);
}

static void tell_health(struct agent *a, const struct store_state *now)
{
	if (now->health != STORE_GOOD) {
		agent_log(&a->log, AGENT_LOG_ERROR, "history",
			  "history is not written, measuring goes on: %s", now->problem);
		agent_event(a, "history_failing", "", "%s", now->problem);
	} else if (a->store_state.health) {
		agent_log(&a->log, AGENT_LOG_INFO, "history", "history is written again");
		agent_event(a, "history_ok", "", "history is written again");
	}
}

/* Said when it changes. */
static void look_at_store(struct agent *a)
{
	struct store_state now;

	if (!a->store)
		return;
	store_state(a->store, &now);
	if (now.set_aside_cnt != a->store_state.set_aside_cnt) {
		agent_log(&a->log, AGENT_LOG_WARNING, "history",
			  "the history that was there is set aside: %s", now.set_aside);
		agent_event(a, "history_set_aside", "", "%s", now.set_aside);
	}
	if (now.health != a->store_state.health)
		tell_health(a, &now);
	a->store_state = now;
}

static void take_series(const struct agent_batch_taker *taker, void *context,
			const struct agent_series *s, const struct operation *o)
{
	const struct store_window window = {
		.id = s->id,
		.window = s->open,
		.probe = o->probe_text,
		.probe_cost_ns = o->cost.call_ns,
		.probe_inner_ns = s->probe_inner_ns,
	};

	if (!window_is_empty(s->open))
		taker->window(context, &window);
}

void agent_second_batch(const struct agent *a, const struct agent_batch_taker *taker, void *context)
{
	for (size_t i = 0; i < a->operation_cnt; i++) {
		const struct agent_operation *kept = &a->operations[i];

		if (kept->total)
			take_series(taker, context, kept->total, &a->view.operations[i]);
		if (kept->connect)
			take_series(taker, context, kept->connect, &a->view.operations[i]);
	}
	for (size_t i = 0; i < a->values.cnt; i++) {
		const struct agent_value *v = &a->values.items[i];
		const struct store_value value = {.mean = v->sum / (double)(v->cnt ? v->cnt : 1),
						  .min = v->min,
						  .max = v->max,
						  .last = v->now};

		if (v->cnt)
			taker->value(context, &v->id, &value);
	}
}

static void store_window(void *store, const struct store_window *window)
{
	store_batch_window(store, window);
}

static void store_value(void *store, const struct value_id *id, const struct store_value *value)
{
	store_batch_value(store, id, value);
}

static void store_batch(struct agent *a, bool is_direct)
{
	static const struct agent_batch_taker taker = {store_window, store_value};

	store_batch_begin(a->store, a->batch_start_wall_ns, is_direct);
	agent_second_batch(a, &taker, a->store);
	store_batch_end(a->store);
}

static void clear_series(struct agent_series *s)
{
	if (s)
		window_clear(s->open);
}

/*
 * The history first: sinks read it there. What it does not take now they get directly, and pass
 * over it should it come there after all.
 */
void agent_second_close(struct agent *a)
{
	bool has_readers = agent_sinks_take_batches(a), is_direct;

	if (!a->batch_start_wall_ns || (!a->store && !has_readers))
		return;
	is_direct = has_readers && (!a->store || a->store_state.health != STORE_GOOD);
	if (a->store)
		store_batch(a, is_direct);
	agent_sinks_batch(a, is_direct);
	for (size_t i = 0; i < a->operation_cnt; i++) {
		clear_series(a->operations[i].total);
		clear_series(a->operations[i].connect);
	}
	agent_values_close(&a->values);
	a->batch_start_wall_ns = 0;
}

/* Windows of the history end where the wall clock is at a multiple of ten seconds. */
static bool is_batch_over(const struct agent *a)
{
	return a->batch_start_wall_ns &&
	       a->batch_start_wall_ns / AGENT_HISTORY_NS != a->view.now_wall_ns / AGENT_HISTORY_NS;
}

void agent_second(struct agent *a, const struct daemon_view *view)
{
	uint64_t now_ns = agent_windows_moment(a, clock_mono_ns(), view->interval_start_wall_ns);

	a->view = *view;
	find_operations(a, view);
	agent_values_age(&a->values);
	if (!a->batch_start_wall_ns)
		a->batch_start_wall_ns = view->interval_start_wall_ns;
	for (size_t i = 0; i < a->operation_cnt; i++) {
		const struct operation *o = &view->operations[i];

		/* Nobody counts any more, which is not that nothing is called. */
		if (o->is_detached && !o->counted.interval->entries &&
		    !o->counted.interval->returns)
			continue;
		feed_series(a, a->operations[i].total, o->counted.interval, now_ns);
		if (o->chain)
			set_chain_values(a, a->operations[i].total, o->chain,
					 o->counted.interval->duration_ns);
		if (!o->rpc)
			continue;
		feed_series(a, a->operations[i].connect, o->rpc->connect.interval, now_ns);
		set_endpoint_values(a, a->operations[i].total, o->rpc,
				    o->counted.interval->duration_ns);
	}
	look_at_store(a);
	set_own_values(a);
	set_up(a);
	if (agent_usage_read(a->usage, agent_config_get(a->daemon_config), view, &a->values))
		agent_log(&a->log, AGENT_LOG_WARNING, "values", "what targets use is not complete");
	for (size_t i = 0; i < a->values.cnt; i++) {
		if (a->values.items[i].is_fresh)
			judge_feed_value(a->judge, &a->values.items[i].id, now_ns,
					 a->values.items[i].now);
	}
	a->judged_mono_ns = now_ns;
	judge_pause_uptime(a->judge, view->is_disabled);
	judge_evaluate(a->judge, now_ns, view->now_wall_ns);
	set_system_values(a, now_ns);
	agent_alerts_tell_silences(a);
	if (is_batch_over(a))
		agent_second_close(a);
	agent_sinks_second(a);
	agent_checks_second(a);
}

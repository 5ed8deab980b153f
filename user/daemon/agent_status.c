/* SPDX-License-Identifier: Apache-2.0 */
/* tickscope.status/1. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time_units.h"
#include "daemon/agent_answers.h"
#include "judge/report.h"
#include "measure/stats.h"
#include "wire/wire.h"

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? wire_text(text) : json_null();
}

/* The newest values of one owner, as an object. */
static json_t *values_json(const struct agent *a, const char *target)
{
	json_t *o = json_object();

	for (size_t i = 0; i < a->values.cnt; i++) {
		const struct agent_value *v = &a->values.items[i];

		if (v->is_fresh && strcmp(v->id.of.target, target) == 0 && !v->id.of.operation[0])
			json_object_set_new(o, v->id.name, json_real(v->now));
	}
	return o;
}

static json_t *processes_json(const struct agent *a, size_t target_idx)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->view.process_cnt; i++) {
		const struct daemon_process *p = &a->view.processes[i];

		if (p->target_idx == target_idx)
			json_array_append_new(list, json_pack("{s:i, s:o, s:o}", "pid", p->pid,
							      "name", wire_text(p->name), "since",
							      wire_time(p->since_wall_ns)));
	}
	return list;
}

static json_t *targets_json(const struct agent *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->config->target_cnt; i++) {
		const struct daemon_target_state *t = &a->view.targets[i];
		const char *name = a->config->targets[i].name;
		double max_percent = a->config->targets[i].max_overhead_percent;
		const char *state = a->view.is_disabled ? "disabled"
				    : t->live_cnt	? "traced"
				    : t->problem[0]	? "failed"
							: "waiting";

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:o, s:f, s:o, s:o, s:o}", "name", name, "state",
				  state, "reason", text_or_null(t->problem), "overhead_percent",
				  t->overhead_ratio * 100, "max_overhead_percent",
				  max_percent > 0 ? json_real(max_percent) : json_null(),
				  "processes", processes_json(a, i), "values",
				  values_json(a, name)));
	}
	return list;
}

static json_t *labels_json(const struct operation *o)
{
	json_t *labels = json_object();

	for (size_t i = 0; i < o->label_cnt; i++)
		json_object_set_new(labels, o->labels[i].name, wire_text(o->labels[i].value));
	return labels;
}

/* Since the agent, or its configuration, started. */
static json_t *quality_json(const struct operation *o)
{
	struct stats stats;
	const struct stats_quality *q = &stats.quality;

	stats_of(&stats, o->counted.total, o->cost.inner_ns);
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "entries", (json_int_t)q->entries,
		"returns", (json_int_t)q->returns, "unwound", (json_int_t)q->unwound, "lost",
		(json_int_t)q->lost, "unpaired_returns", (json_int_t)q->unpaired_returns, "dropped",
		(json_int_t)q->dropped, "in_flight", (json_int_t)q->in_flight, "clock_clamped",
		(json_int_t)q->clock_clamped, "uncovered_copies", (json_int_t)o->uncovered_copies);
}

static json_t *operations_json(const struct agent *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->operation_cnt; i++) {
		const struct operation *o = &a->view.operations[i];
		const struct agent_series *s = a->operations[i].total;
		double cost_ratio = o->chain ? o->budget.cost_ratio
				    : s	     ? s->calls_per_s * (double)o->cost.call_ns / 1e9
					     : 0;
		const char *level = o->kind == OPERATION_FUNCTION ? probe_level_name(a->view.level)
								  : sock_hooks_name(a->view.hooks);

		if (!s)
			continue;
		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:s, s:o, s:o, s:s, s:I, s:I, s:f, s:f, s:b, s:o}",
				  "target", wire_text(o->target), "name", wire_text(o->name),
				  "kind", s->id.kind, "labels", labels_json(o), "probe",
				  wire_text(o->probe_text), "level", level, "probe_cost_ns",
				  (json_int_t)o->cost.call_ns, "probe_inner_ns",
				  (json_int_t)o->cost.inner_ns, "calls_per_s", s->calls_per_s,
				  "cost_percent", cost_ratio * 100, "detached", o->is_detached,
				  "quality", quality_json(o)));
	}
	return list;
}

static json_t *history_json(const struct agent *a)
{
	const struct store_state *s = &a->store_state;
	const char *state = !a->store ? "off" : s->health == STORE_GOOD ? "ok" : "degraded";

	return json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:o}", "name", "history", "state", state,
			 "bypassed", a->sinks.is_direct, "waiting_bytes",
			 (json_int_t)s->waiting_bytes, "file_bytes", (json_int_t)s->file_bytes,
			 "dropped_windows", (json_int_t)s->dropped_window_cnt, "last_error",
			 text_or_null(s->problem));
}

static json_t *sink_json(const struct agent *a, const struct agent_sink_slot *slot)
{
	const struct sink_status *s = &slot->status;
	uint64_t now_ns = a->view.now_wall_ns;
	double oldest_s =
		now_ns > s->oldest_wall_ns ? (double)(now_ns - s->oldest_wall_ns) / NS_PER_S : 0;

	return json_pack(
		"{s:s, s:s, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:o}", "name", slot->sink->name,
		"state", sink_state_name(s->state), "behind_rows", (json_int_t)s->behind_cnt,
		"oldest_s", s->oldest_wall_ns ? json_real(oldest_s) : json_null(), "last_error",
		text_or_null(s->last_error), "sent", (json_int_t)s->sent_cnt, "retries",
		(json_int_t)s->retry_cnt, "refused", (json_int_t)s->refused_cnt, "dropped",
		(json_int_t)s->dropped_cnt, "last_success", wire_time(s->last_success_wall_ns));
}

static json_t *sinks_json(const struct agent *a)
{
	json_t *list = json_array();

	json_array_append_new(list, history_json(a));
	for (size_t i = 0; i < AGENT_SINK_MAX; i++) {
		if (a->sinks.slots[i].sink)
			json_array_append_new(list, sink_json(a, &a->sinks.slots[i]));
	}
	return list;
}

static json_t *channels_json(const struct agent *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < notify_channel_cnt(a->notify); i++) {
		struct notify_status s;

		notify_channel_status(a->notify, i, &s);
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "name", s.name,
				  "type", s.type, "state", notify_channel_state_name(s.state),
				  "sent", (json_int_t)s.sent_cnt, "failed",
				  (json_int_t)s.failed_cnt, "retries", (json_int_t)s.retry_cnt,
				  "pending", (json_int_t)s.pending_cnt, "last_success",
				  wire_time(s.last_success_wall_ns), "last_error",
				  text_or_null(s.last_error)));
	}
	return list;
}

static json_t *self_json(const struct agent *a)
{
	struct judge_counters c;

	judge_count(a->judge, &c);
	return json_pack("{s:o, s:o, s:{s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I}}", "values",
			 values_json(a, AGENT_SELF), "sandbox", agent_sandbox_json(a), "dropped",
			 "history_windows", (json_int_t)a->store_state.dropped_window_cnt,
			 "judge_windows", (json_int_t)c.refused_windows, "judge_instances",
			 (json_int_t)c.refused_instances, "alerts",
			 (json_int_t)notify_dropped_cnt(a->notify), "alerts", "fired",
			 (json_int_t)c.fired, "told", (json_int_t)c.told, "resolved",
			 (json_int_t)c.resolved, "rules_without_data", (json_int_t)c.rules_no_data);
}

static json_t *real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void add_component(void *context, const struct report_component *c)
{
	json_t *list = context;

	json_array_append_new(
		list,
		json_pack("{s:o, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:i}",
			  "name", wire_text(c->name), "kind", c->is_target ? "target" : "operation",
			  "score", real_or_null(c->score), "count", (json_int_t)c->count, "mean_ns",
			  real_or_null(c->mean_ns), "p95_ns", real_or_null(c->p95_ns), "p99_ns",
			  real_or_null(c->p99_ns), "error_ratio", real_or_null(c->error_ratio),
			  "uptime_ratio", real_or_null(c->uptime_ratio), "latency_trend",
			  report_trend_name(c->latency_trend), "error_trend",
			  report_trend_name(c->error_trend), "violations_5m",
			  (json_int_t)c->violations_5m, "violations", (json_int_t)c->violations_24h,
			  "alerts", (int)c->alerts));
}

static json_t *health_json(const struct agent *a)
{
	struct report_system s;
	json_t *components = json_array();

	report_system(a->judge, a->judged_mono_ns, &s);
	report_each_component(a->judge, a->judged_mono_ns, add_component, components);
	return json_pack("{s:o, s:o, s:{s:o, s:o, s:o, s:o, s:i, s:I, s:I, s:I}}", "score",
			 real_or_null(s.score), "components", components, "system", "uptime_ratio",
			 real_or_null(s.uptime_ratio), "requests_per_s",
			 real_or_null(s.requests_per_s), "error_ratio", real_or_null(s.error_ratio),
			 "latency_ns", real_or_null(s.latency_ns), "alerts", (int)s.alerts,
			 "violations", (json_int_t)s.violations_24h, "fired", (json_int_t)s.fired,
			 "told", (json_int_t)s.told);
}

json_t *agent_status(const struct agent *a)
{
	uint64_t age_ns = a->view.now_wall_ns - a->start_wall_ns;

	return json_pack("{s:s, s:o, s:s, s:i, s:o, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o}",
			 "schema", "tickscope.status/1", "host", wire_text(a->host), "version",
			 TICKSCOPE_VERSION, "pid", (int)getpid(), "started",
			 wire_time(a->start_wall_ns), "uptime_s", (json_int_t)(age_ns / NS_PER_S),
			 "ready", a->is_ready, "not_ready", text_or_null(a->health.pulse.reason),
			 "host_values", values_json(a, SERIES_HOST), "targets", targets_json(a),
			 "operations", operations_json(a), "sinks", sinks_json(a), "channels",
			 channels_json(a), "health", health_json(a), "checks", agent_checks_json(a),
			 "self", self_json(a));
}

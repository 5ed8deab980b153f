/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is checked has its own way to recover: targets are looked for again, the history and sinks
 * try again, channels too, a loop that hangs is the watchdog's. Here is seen whether they do.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"
#include "wire/wire.h"

#define REASON_BYTES FAULT_TEXT_BYTES

/* "" stays where the component is well. */
typedef void (*check_fn)(struct agent *a, char reason[static REASON_BYTES]);

static void check_kernel(struct agent *a, char reason[static REASON_BYTES])
{
	uint64_t before = a->checks.kernel_lost_cnt, now = a->view.kernel_lost_cnt;

	a->checks.kernel_lost_cnt = now;
	/* A configuration that is read again counts from 0. */
	if (now > before)
		snprintf(reason, REASON_BYTES,
			 "%llu events, records, connections or processes did not fit the kernel's "
			 "maps and rings since the last check",
			 (unsigned long long)(now - before));
}

static void check_targets(struct agent *a, char reason[static REASON_BYTES])
{
	/* What was switched off on purpose is well. */
	if (!a->view.is_disabled)
		snprintf(reason, REASON_BYTES, "%s", a->health.pulse.reason);
}

static void check_history(struct agent *a, char reason[static REASON_BYTES])
{
	uint64_t waited_ns = clock_mono_ns() - a->checks.history_mono_ns;
	uint64_t dropped_cnt = a->store_state.dropped_window_cnt - a->checks.written_window_cnt;
	char text[UNITS_TEXT_BYTES];

	a->checks.written_window_cnt = a->store_state.dropped_window_cnt;
	if (!a->store)
		return;
	if (a->store_state.health != STORE_GOOD)
		snprintf(reason, REASON_BYTES, "%.900s", a->store_state.problem);
	else if (dropped_cnt)
		snprintf(reason, REASON_BYTES, "%llu windows were dropped since the last check",
			 (unsigned long long)dropped_cnt);
	else if (waited_ns > a->config->health.timeout_ns)
		snprintf(reason, REASON_BYTES, "what waits was not written for %s",
			 units_duration(waited_ns, text));
}

static void check_channels(struct agent *a, char reason[static REASON_BYTES])
{
	for (size_t i = 0; i < notify_channel_cnt(a->notify) && !reason[0]; i++) {
		struct notify_status s;

		notify_channel_status(a->notify, i, &s);
		if (s.state == NOTIFY_DOWN)
			snprintf(reason, REASON_BYTES, "\"%.200s\": %.700s", s.name, s.last_error);
	}
}

static void check_loop(struct agent *a, char reason[static REASON_BYTES])
{
	char text[UNITS_TEXT_BYTES];

	if (a->checks.longest_turn_ns > a->config->health.timeout_ns)
		snprintf(reason, REASON_BYTES, "a turn took %s",
			 units_duration(a->checks.longest_turn_ns, text));
	a->checks.longest_turn_ns = 0;
}

static void check_memory(struct agent *a, char reason[static REASON_BYTES])
{
	double max = (double)a->config->health.max_memory_bytes;

	for (size_t i = 0; i < a->values.cnt; i++) {
		const struct agent_value *v = &a->values.items[i];

		if (strcmp(v->id.of.target, AGENT_SELF) == 0 && v->now > max &&
		    strcmp(v->id.name, "memory_bytes") == 0)
			snprintf(reason, REASON_BYTES, "%.1f MiB are more than the %.1f allowed",
				 v->now / (1 << 20), max / (1 << 20));
	}
}

static const struct {
	const char *name;
	check_fn check;
} components[] = {
	{"kernel", check_kernel},     {"targets", check_targets}, {"history", check_history},
	{"channels", check_channels}, {"loop", check_loop},	  {"memory", check_memory},
};

static void take(struct agent *a, const char *name, const char *reason)
{
	const struct health_limits limits = {a->config->health.failure_threshold,
					     a->config->health.recovery_threshold};
	const struct health_finding finding = {name, reason[0] ? reason : NULL, clock_wall_ns()};

	switch (health_check(&a->checks.health, &limits, &finding)) {
	case HEALTH_BROKE:
		agent_log(&a->log, AGENT_LOG_ERROR, "unhealthy", "%s: %s", name, reason);
		agent_event(a, "unhealthy", "", "%s: %s", name, reason);
		break;
	case HEALTH_RECOVERED:
		agent_log(&a->log, AGENT_LOG_INFO, "healthy", "%s is well again", name);
		agent_event(a, "healthy", "", "%s", name);
		break;
	case HEALTH_SAME:
		break;
	}
}

static void check_sinks(struct agent *a)
{
	for (size_t i = 0; i < AGENT_SINK_MAX; i++) {
		const struct agent_sink_slot *slot = &a->sinks.slots[i];
		char name[HEALTH_NAME_BYTES];
		const char *reason = "";

		if (!slot->sink)
			continue;
		snprintf(name, sizeof(name), "sink %s", slot->sink->name);
		if (slot->status.state == SINK_FAILING)
			reason = slot->status.last_error[0] ? slot->status.last_error : "failing";
		take(a, name, reason);
	}
}

static void note_second(struct agent *a, uint64_t now_ns)
{
	struct agent_checks *c = &a->checks;

	if (c->turned_mono_ns && now_ns - c->turned_mono_ns > c->longest_turn_ns)
		c->longest_turn_ns = now_ns - c->turned_mono_ns;
	c->turned_mono_ns = now_ns;
	if (!a->store_state.waiting_bytes || a->store_state.batch_cnt != c->history_batch_cnt)
		c->history_mono_ns = now_ns;
	c->history_batch_cnt = a->store_state.batch_cnt;
}

void agent_checks_second(struct agent *a)
{
	uint64_t now_ns = clock_mono_ns();

	note_second(a, now_ns);
	if (now_ns < a->checks.next_mono_ns)
		return;
	a->checks.next_mono_ns = now_ns + a->config->health.interval_ns;
	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
		char reason[REASON_BYTES] = "";

		components[i].check(a, reason);
		take(a, components[i].name, reason);
	}
	check_sinks(a);
	health_sweep(&a->checks.health);
}

void agent_checks_excuse(struct agent *a)
{
	a->checks.turned_mono_ns = 0;
	a->checks.history_mono_ns = clock_mono_ns();
}

json_t *agent_checks_json(const struct agent *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->checks.health.cnt; i++) {
		const struct health_component *c = &a->checks.health.components[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o, s:I, s:I, s:o}", "name", c->name,
						"state", health_state_name(c->state), "since",
						wire_time(c->since_wall_ns), "checks",
						(json_int_t)c->check_cnt, "failures",
						(json_int_t)c->failure_cnt, "reason",
						c->reason[0] ? wire_text(c->reason) : json_null()));
	}
	return list;
}

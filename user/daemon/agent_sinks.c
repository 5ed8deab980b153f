/* SPDX-License-Identifier: Apache-2.0 */
/* The life of sinks: what the configuration wants runs, and what becomes of it is said. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"

/* What a start fails with (a file, a port) is put right by somebody, not by trying often. */
#define START_AGAIN_NS (10 * NS_PER_S)
/* At a reload nobody measures meanwhile; what is not sent then is sent out of the history. */
#define RELOAD_STOP_NS (NS_PER_S / 2)

static const struct agent_sink *const sinks[] = {
	&agent_sink_questdb,
	&agent_sink_redis,
	&agent_sink_prometheus,
};
enum { SINK_CNT = sizeof(sinks) / sizeof(sinks[0]) };
_Static_assert(SINK_CNT <= AGENT_SINK_MAX, "each has a slot");

bool agent_sinks_hold(const struct agent *a, const struct config *config)
{
	for (size_t i = 0; i < SINK_CNT; i++) {
		if (a->sinks.slots[i].state && a->sinks.slots[i].config == config)
			return true;
	}
	return false;
}

/* Said when it changes. */
static void tell_state(struct agent *a, struct agent_sink_slot *slot)
{
	const char *name = slot->sink->name;
	enum sink_state state = slot->status.state;

	if (state == slot->said || state == SINK_STARTING)
		return;
	if (state == SINK_FAILING) {
		agent_log(&a->log, AGENT_LOG_WARNING, "sink", "\"%s\" is failing: %s", name,
			  slot->status.last_error);
		agent_event(a, "sink_failing", "", "%s: %s", name, slot->status.last_error);
	} else {
		agent_log(&a->log, AGENT_LOG_INFO, "sink", "\"%s\" is ok%s", name,
			  slot->said == SINK_FAILING ? " again" : "");
		agent_event(a, "sink_ok", "", "%s", name);
	}
	slot->said = state;
}

static void start_slot(struct agent *a, struct agent_sink_slot *slot)
{
	struct fault why = {""};

	slot->status = (struct sink_status){.state = SINK_STARTING};
	slot->config = a->config;
	if (!slot->sink->start(a, &a->config->sinks, &slot->state, &why))
		return;
	slot->state = NULL;
	slot->config = NULL;
	slot->start_mono_ns = clock_mono_ns() + START_AGAIN_NS;
	slot->status.state = SINK_FAILING;
	slot->status.retry_cnt++;
	snprintf(slot->status.last_error, sizeof(slot->status.last_error), "%.255s", why.text);
	tell_state(a, slot);
}

/* The configuration that the slot was started with; NULL: it did not run. */
static struct config *stop_slot(struct agent *a, struct agent_sink_slot *slot, uint64_t max_ns)
{
	struct config *config = slot->config;

	if (slot->state)
		slot->sink->stop(a, slot->state, max_ns);
	*slot = (struct agent_sink_slot){.sink = NULL};
	return config;
}

/* Of a sink that was stopped: it was kept for sinks only, and nothing else reads it. */
static void free_unused(const struct agent *a, struct config *config)
{
	if (config != a->config && !agent_sinks_hold(a, config))
		config_free(config);
}

void agent_sinks_start(struct agent *a)
{
	for (size_t i = 0; i < SINK_CNT; i++) {
		if (!sinks[i]->is_wanted(&a->config->sinks))
			continue;
		a->sinks.slots[i].sink = sinks[i];
		start_slot(a, &a->sinks.slots[i]);
	}
}

void agent_sinks_reload(struct agent *a, const struct config *before)
{
	for (size_t i = 0; i < SINK_CNT; i++) {
		struct agent_sink_slot *slot = &a->sinks.slots[i];
		bool is_wanted = sinks[i]->is_wanted(&a->config->sinks);
		struct config *config;

		if (slot->state && is_wanted &&
		    sinks[i]->is_same(&slot->config->sinks, &a->config->sinks))
			continue;
		config = stop_slot(a, slot, RELOAD_STOP_NS);
		if (config != before)
			free_unused(a, config);
		if (!is_wanted)
			continue;
		slot->sink = sinks[i];
		start_slot(a, slot);
	}
}

void agent_sinks_stop(struct agent *a, uint64_t max_ns)
{
	uint64_t end_ns = clock_mono_ns() + max_ns;

	for (size_t i = 0; i < SINK_CNT; i++) {
		uint64_t now_ns = clock_mono_ns();

		free_unused(
			a, stop_slot(a, &a->sinks.slots[i], now_ns < end_ns ? end_ns - now_ns : 0));
	}
}

static void look_at(struct agent *a, struct agent_sink_slot *slot)
{
	uint64_t dropped_cnt = slot->status.dropped_cnt;

	slot->sink->status(slot->state, &slot->status);
	/* What shows the present only has lost nothing when it leaves a moment out. */
	if (slot->sink->batch)
		a->sinks.dropped_cnt += slot->status.dropped_cnt - dropped_cnt;
	tell_state(a, slot);
}

void agent_sinks_second(struct agent *a)
{
	for (size_t i = 0; i < SINK_CNT; i++) {
		struct agent_sink_slot *slot = &a->sinks.slots[i];

		if (!slot->sink)
			continue;
		if (!slot->state && clock_mono_ns() >= slot->start_mono_ns)
			start_slot(a, slot);
		if (!slot->state)
			continue;
		if (slot->sink->second)
			slot->sink->second(a, slot->state);
		look_at(a, slot);
	}
}

bool agent_sinks_take_batches(const struct agent *a)
{
	for (size_t i = 0; i < SINK_CNT; i++) {
		if (a->sinks.slots[i].state && a->sinks.slots[i].sink->batch)
			return true;
	}
	return false;
}

/* Said when it changes; where there is no history, that is how somebody wants it. */
static void tell_way(struct agent *a, bool is_direct)
{
	if (a->store && is_direct && !a->sinks.is_direct)
		agent_log(&a->log, AGENT_LOG_WARNING, "sink",
			  "the history takes no windows: sinks get them directly");
	else if (a->store && !is_direct && a->sinks.is_direct)
		agent_log(&a->log, AGENT_LOG_INFO, "sink", "sinks read the history again");
	a->sinks.is_direct = is_direct;
}

void agent_sinks_batch(struct agent *a, bool is_direct)
{
	tell_way(a, is_direct);
	for (size_t i = 0; i < SINK_CNT; i++) {
		struct agent_sink_slot *slot = &a->sinks.slots[i];

		if (slot->state && slot->sink->batch)
			slot->sink->batch(a, slot->state, is_direct);
	}
}

size_t agent_sinks_failing_cnt(const struct agent *a)
{
	size_t cnt = 0;

	for (size_t i = 0; i < SINK_CNT; i++)
		cnt += a->sinks.slots[i].sink && a->sinks.slots[i].status.state == SINK_FAILING;
	return cnt;
}

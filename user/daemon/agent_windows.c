/* SPDX-License-Identifier: Apache-2.0 */
/* The last minute, second by second, for live views. */
#include <stdlib.h>

#include "base/time_units.h"
#include "daemon/agent_answers.h"
#include "measure/rolling.h"
#include "wire/wire.h"

/* As rolling.h has them. */
static uint64_t second_of(uint64_t end_ns)
{
	return end_ns ? (end_ns - 1) / NS_PER_S : 0;
}

uint64_t agent_windows_moment(struct agent *a, uint64_t mono_ns, uint64_t start_wall_ns)
{
	size_t newest = (a->moment_next + AGENT_LIVE_MAX - 1) % AGENT_LIVE_MAX;
	uint64_t last_ns = a->moments[newest].mono_ns, last_s = second_of(last_ns);

	if (second_of(mono_ns) <= last_s) {
		/* What a configuration that goes counted last belongs to the second before. */
		if (mono_ns < last_ns + NS_PER_S / 2)
			return mono_ns > last_ns ? mono_ns : last_ns + 1;
		/* Timers are late by turns: a whole interval has a second of its own. */
		mono_ns = (last_s + 1) * NS_PER_S + 1;
	}
	a->moments[a->moment_next] = (struct agent_moment){mono_ns, start_wall_ns};
	a->moment_next = (a->moment_next + 1) % AGENT_LIVE_MAX;
	return mono_ns;
}

/* Two digits for each byte: what is sent once a second to one reader needs no denser code. */
static json_t *hex_json(const uint8_t *bytes, size_t cnt)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(cnt * 2 + 1);
	json_t *json;

	if (!text)
		return NULL;
	for (size_t i = 0; i < cnt; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	json = json_stringn(text, cnt * 2);
	free(text);
	return json;
}

static void add_series(const struct agent *a, json_t *list, const struct agent_series *s,
		       uint64_t since_wall_ns)
{
	for (size_t i = 0; s && s->recent && i < AGENT_LIVE_MAX; i++) {
		const struct agent_moment *m = &a->moments[(a->moment_next + i) % AGENT_LIVE_MAX];
		uint64_t duration_ns;
		const uint8_t *bytes;
		size_t cnt;

		if (!m->mono_ns || m->start_wall_ns < since_wall_ns)
			continue;
		bytes = rolling_second(s->recent, m->mono_ns, &cnt, &duration_ns);
		if (!bytes)
			continue;
		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:s, s:o, s:I, s:I, s:I, s:o}", "target",
				  wire_text(s->id.target), "operation", wire_text(s->id.operation),
				  "kind", s->id.kind, "labels", wire_text(s->id.labels), "start_ns",
				  (json_int_t)m->start_wall_ns, "duration_ns",
				  (json_int_t)duration_ns, "probe_inner_ns",
				  (json_int_t)s->probe_inner_ns, "packed", hex_json(bytes, cnt)));
	}
}

static json_t *values_json(const struct agent *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->values.cnt; i++) {
		const struct agent_value *v = &a->values.items[i];

		if (v->is_fresh)
			json_array_append_new(list,
					      json_pack("{s:o, s:o, s:o, s:s, s:f}", "target",
							wire_text(v->id.of.target), "operation",
							wire_text(v->id.of.operation), "labels",
							wire_text(v->id.of.labels), "name",
							v->id.name, "value", v->now));
	}
	return list;
}

json_t *agent_windows(const struct agent *a, uint64_t since_wall_ns)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->operation_cnt; i++) {
		add_series(a, list, a->operations[i].total, since_wall_ns);
		add_series(a, list, a->operations[i].connect, since_wall_ns);
	}
	return json_pack("{s:I, s:o, s:o, s:o}", "now_ns", (json_int_t)a->view.now_wall_ns,
			 "windows", list, "values", values_json(a), "alerts",
			 agent_serve_alerts(a, false));
}

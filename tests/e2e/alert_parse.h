/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts for the test programs, out of what their tests write. */
#ifndef TICKSCOPE_TESTS_ALERT_PARSE_H
#define TICKSCOPE_TESTS_ALERT_PARSE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "judge/alert.h"

static inline uint64_t alert_number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static inline void alert_text(const json_t *o, const char *name, char *to, size_t to_bytes)
{
	const char *text = json_string_value(json_object_get(o, name));

	if (text)
		snprintf(to, to_bytes, "%s", text);
}

static inline void alert_parse(const json_t *o, struct alert *a)
{
	alert_text(o, "id", a->id, sizeof(a->id));
	alert_text(o, "rule", a->rule, sizeof(a->rule));
	alert_text(o, "group", a->group, sizeof(a->group));
	alert_text(o, "operation", a->operation, sizeof(a->operation));
	alert_text(o, "target", a->target, sizeof(a->target));
	alert_text(o, "labels", a->labels, sizeof(a->labels));
	alert_text(o, "metric", a->metric, sizeof(a->metric));
	alert_text(o, "unit", a->unit, sizeof(a->unit));
	alert_text(o, "title", a->title, sizeof(a->title));
	alert_text(o, "message", a->message, sizeof(a->message));
	alert_text(o, "description", a->description, sizeof(a->description));
	alert_text(o, "suggested_actions", a->suggested_actions, sizeof(a->suggested_actions));
	alert_text(o, "runbook", a->runbook, sizeof(a->runbook));
	alert_text(o, "correlation_id", a->correlation_id, sizeof(a->correlation_id));
	a->state = alert_state_parse(json_string_value(json_object_get(o, "state")));
	a->severity = alert_severity_parse(json_string_value(json_object_get(o, "severity")));
	a->value = json_number_value(json_object_get(o, "value"));
	a->threshold = json_number_value(json_object_get(o, "threshold"));
	a->started_ns = alert_number(o, "started_ns");
	a->fired_ns = alert_number(o, "fired_ns");
	a->ended_ns = alert_number(o, "ended_ns");
	a->acknowledged_ns = alert_number(o, "acknowledged_ns");
	alert_text(o, "acknowledged_by", a->acknowledged_by, sizeof(a->acknowledged_by));
}

#endif

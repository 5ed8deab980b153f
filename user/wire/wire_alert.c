/* SPDX-License-Identifier: Apache-2.0 */
/* An alert as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wall_time.h"
#include "wire/wire.h"

json_t *wire_text(const char *text)
{
	json_t *json = json_string(text);
	char *copy;

	if (json)
		return json;
	copy = strdup(text);
	if (!copy)
		return NULL;
	text_clean(copy);
	json = json_string(copy);
	free(copy);
	return json;
}

json_t *wire_time(uint64_t wall_ns)
{
	char text[WALL_TIME_TEXT_BYTES];

	return wall_ns ? json_string(wall_time_text(wall_ns, text)) : json_null();
}

/* JSON has no infinity and no NaN. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return *text ? wire_text(text) : json_null();
}

static json_t *labels(const char *text)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES];
	json_t *o = json_object();

	while (labels_next(&text, name, value))
		json_object_set_new(o, name, wire_text(value));
	return o;
}

/* One per line -> a list. */
static json_t *lines(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t length = strcspn(text, "\n");
		char line[ALERT_TEXT_BYTES];

		if (length && length < sizeof(line)) {
			memcpy(line, text, length);
			line[length] = '\0';
			json_array_append_new(list, wire_text(line));
		}
		text += length + (text[length] == '\n');
	}
	return list;
}

static void set_texts(json_t *o, const struct alert *a)
{
	const struct {
		const char *name;
		const char *text;
	} texts[] = {
		{"id", a->id},
		{"rule", a->rule},
		{"title", a->title},
		{"message", a->message},
		{"metric", a->metric},
		{"unit", a->unit},
		{"description", a->description},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_object_set_new(o, texts[i].name, wire_text(texts[i].text));
}

json_t *wire_alert(const struct alert *a)
{
	json_t *o = json_object();

	set_texts(o, a);
	json_object_set_new(o, "state", json_string(alert_state_name(a->state)));
	json_object_set_new(o, "severity", json_string(alert_severity_name(a->severity)));
	json_object_set_new(o, "operation", text_or_null(a->operation));
	json_object_set_new(o, "target", text_or_null(a->target));
	json_object_set_new(o, "labels", labels(a->labels));
	json_object_set_new(o, "value", number(a->value));
	json_object_set_new(o, "threshold", number(a->threshold));
	json_object_set_new(o, "suggested_actions", lines(a->suggested_actions));
	json_object_set_new(o, "runbook", text_or_null(a->runbook));
	json_object_set_new(o, "group", text_or_null(a->group));
	json_object_set_new(o, "correlation_id", text_or_null(a->correlation_id));
	json_object_set_new(o, "started_at", wire_time(a->started_ns));
	json_object_set_new(o, "fired_at", wire_time(a->fired_ns));
	json_object_set_new(o, "ended_at", wire_time(a->ended_ns));
	json_object_set_new(o, "acknowledged_at", wire_time(a->acknowledged_ns));
	json_object_set_new(o, "acknowledged_by", text_or_null(a->acknowledged_by));
	json_object_set_new(o, "flaps", json_integer((json_int_t)a->flap_cnt));
	return o;
}

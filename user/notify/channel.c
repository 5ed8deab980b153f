/* SPDX-License-Identifier: Apache-2.0 */
/* The table of channels, and the words that several of them use. */
#include <stdio.h>

#include "notify/channel.h"
#include "wire/wire.h"

static const struct channel_type *const types[] = {
	&channel_alertmanager,
	&channel_webhook,
	&channel_command,
};

const struct channel_type *channel_find(enum config_channel_type type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i]->type == type)
			return types[i];
	}
	return NULL;
}

static void set_text(json_t *o, const char *name, const char *text)
{
	if (*text)
		json_object_set_new(o, name, wire_text(text));
}

json_t *channel_labels(const struct alert *a, enum alert_severity severity, const char *host)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES];
	const char *cursor = a->labels;
	json_t *o = json_object();

	while (labels_next(&cursor, name, value))
		json_object_set_new(o, name, wire_text(value));
	/* Ours last: a label of a rule cannot take the place of the alert's identity. */
	set_text(o, "alertname", a->rule);
	set_text(o, "severity", alert_severity_name(severity));
	set_text(o, "operation", a->operation);
	set_text(o, "target", a->target);
	set_text(o, "host", host);
	return o;
}

static void set_number(json_t *o, const char *name, double value, const char *unit)
{
	char text[64];

	snprintf(text, sizeof(text), "%.15g%s%s", value, *unit ? " " : "", unit);
	json_object_set_new(o, name, wire_text(text));
}

json_t *channel_annotations(const struct alert *a)
{
	json_t *o = json_object();

	set_text(o, "summary", a->title);
	set_text(o, "message", a->message);
	set_text(o, "description", a->description);
	set_text(o, "suggested_actions", a->suggested_actions);
	set_text(o, "runbook_url", a->runbook);
	set_text(o, "metric", a->metric);
	set_number(o, "value", a->value, a->unit);
	set_number(o, "threshold", a->threshold, a->unit);
	set_text(o, "alert_id", a->id);
	set_text(o, "correlation_id", a->correlation_id);
	set_text(o, "acknowledged_by", a->acknowledged_by);
	return o;
}

json_t *channel_generator(const struct alert *a, const char *host)
{
	return json_sprintf("tickscope://%s/alerts/%s", host, a->id);
}

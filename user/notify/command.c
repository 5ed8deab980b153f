/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command for each alert: the alert as JSON on standard input, and as variables TICKSCOPE_* of an
 * otherwise empty environment. How it runs: runner.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wall_time.h"
#include "notify/channel.h"
#include "wire/wire.h"

#define SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct variable {
	const char *name;
	const char *value;
};

/* All of them, one behind the other. NULL: no memory. */
static char *join(const struct variable *variables, size_t cnt, size_t *ret_bytes)
{
	size_t bytes = 0, used = 0;
	char *text;

	for (size_t i = 0; i < cnt; i++)
		bytes += strlen(variables[i].name) + 1 + strlen(variables[i].value) + 1;
	text = malloc(bytes);
	for (size_t i = 0; text && i < cnt; i++)
		used += (size_t)snprintf(text + used, bytes - used, "%s=%s", variables[i].name,
					 variables[i].value) +
			1;
	*ret_bytes = bytes;
	return text;
}

static const char *number_text(double value, char text[static 32])
{
	snprintf(text, 32, "%.15g", value);
	return text;
}

static const char *time_text(uint64_t wall_ns, char text[static WALL_TIME_TEXT_BYTES])
{
	return wall_ns ? wall_time_text(wall_ns, text) : "";
}

static char *environment(const struct channel_message *m, size_t *ret_bytes)
{
	const struct alert *a = m->batch->items[0].alert;
	char value[32], threshold[32];
	char started[WALL_TIME_TEXT_BYTES], ended[WALL_TIME_TEXT_BYTES];
	const struct variable variables[] = {
		{"PATH", SEARCH_PATH},
		{"TICKSCOPE_ALERT_ID", a->id},
		{"TICKSCOPE_RULE", a->rule},
		{"TICKSCOPE_STATE", alert_state_name(a->state)},
		{"TICKSCOPE_SEVERITY", alert_severity_name(a->severity)},
		{"TICKSCOPE_OPERATION", a->operation},
		{"TICKSCOPE_TARGET", a->target},
		{"TICKSCOPE_HOST", m->host},
		{"TICKSCOPE_CHANNEL", m->config->name},
		{"TICKSCOPE_LABELS", a->labels},
		{"TICKSCOPE_METRIC", a->metric},
		{"TICKSCOPE_VALUE", number_text(a->value, value)},
		{"TICKSCOPE_THRESHOLD", number_text(a->threshold, threshold)},
		{"TICKSCOPE_UNIT", a->unit},
		{"TICKSCOPE_TITLE", a->title},
		{"TICKSCOPE_MESSAGE", a->message},
		{"TICKSCOPE_RUNBOOK", a->runbook},
		{"TICKSCOPE_CORRELATION_ID", a->correlation_id},
		{"TICKSCOPE_STARTED_AT", time_text(a->started_ns, started)},
		{"TICKSCOPE_ENDED_AT", time_text(a->ended_ns, ended)},
	};

	return join(variables, sizeof(variables) / sizeof(variables[0]), ret_bytes);
}

static int word(const struct channel_message *m, struct channel_run *ret_run)
{
	json_t *o = wire_alert(m->batch->items[0].alert);

	json_object_set_new(o, "host", wire_text(m->host));
	json_object_set_new(o, "channel", wire_text(m->config->name));
	ret_run->input = json_dumps(o, JSON_COMPACT);
	ret_run->environment = environment(m, &ret_run->environment_bytes);
	json_decref(o);
	if (!ret_run->input || !ret_run->environment)
		return -ENOMEM;
	ret_run->input_bytes = strlen(ret_run->input);
	return 0;
}

const struct channel_type channel_command = {
	.name = "command",
	.type = CONFIG_COMMAND,
	.batch_max = 1,
	.run = word,
};

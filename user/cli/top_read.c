/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of the agent's socket. An item that lacks what it must have makes the whole answer refused:
 * a page that is right in part would look right. */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time_units.h"
#include "cli/top_read.h"
#include "measure/packed.h"

/* A member that is text; "" where there is none. */
static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* A member that is a whole number of at least 0. */
static bool count_of(const json_t *object, const char *name, uint64_t *ret_count)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_integer(member) || json_integer_value(member) < 0)
		return false;
	*ret_count = (uint64_t)json_integer_value(member);
	return true;
}

static double number_or(const json_t *object, const char *name, double otherwise)
{
	const json_t *member = json_object_get(object, name);

	return json_is_number(member) ? json_number_value(member) : otherwise;
}

static void copy_clean(char *copy, size_t copy_bytes, const char *text)
{
	snprintf(copy, copy_bytes, "%s", text);
	text_clean(copy);
}

static char *clean_copy(const char *text)
{
	char *copy = strdup(text);

	if (copy)
		text_clean(copy);
	return copy;
}

/* Half a byte; 16: no digit. */
static unsigned int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? (unsigned int)(c - '0')
	       : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10)
				      : 16;
}

/* malloc'ed; NULL: no hex, or nothing, or more than a window takes. */
static uint8_t *bytes_of(const char *hex, size_t *ret_cnt)
{
	size_t cnt = strlen(hex) / 2;
	uint8_t *bytes;

	if (!cnt || strlen(hex) % 2 || cnt > PACKED_MAX_BYTES)
		return NULL;
	bytes = malloc(cnt);
	for (size_t i = 0; bytes && i < cnt; i++) {
		unsigned int high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);

		if (high > 15 || low > 15) {
			free(bytes);
			return NULL;
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_cnt = cnt;
	return bytes;
}

static struct series_id id_of(const json_t *item)
{
	return (struct series_id){text_of(item, "target"), text_of(item, "operation"),
				  text_of(item, "kind"), text_of(item, "labels")};
}

static int read_window(struct top_model *m, const json_t *item, struct fault *why)
{
	struct series_id id = id_of(item);
	struct top_series *series;
	struct top_window window = {0};
	uint64_t inner_ns;
	int err;

	if (!*id.operation || !*id.kind || !count_of(item, "start_ns", &window.start_ns) ||
	    !count_of(item, "duration_ns", &window.duration_ns) ||
	    !count_of(item, "probe_inner_ns", &inner_ns))
		return fault_set(why, -EPROTO, "a window without its operation or its times");
	window.packed = bytes_of(text_of(item, "packed"), &window.packed_bytes);
	if (!window.packed)
		return fault_set(why, -EPROTO, "a window that is not hexadecimal");
	err = top_model_series(m, &id, &series);
	if (!err) {
		series->probe_inner_ns = inner_ns;
		err = top_model_add(m, series, &window);
	}
	free(window.packed);
	if (err == -EBADMSG)
		return fault_set(why, -EPROTO, "a damaged window, or one of a later version");
	return err == -E2BIG ? 0 : err;
}

static int read_value(struct top_model *m, const json_t *item, struct fault *why)
{
	const json_t *number = json_object_get(item, "value");
	struct top_value *v;

	if (json_is_null(number) || m->value_cnt == TOP_VALUE_MAX)
		return 0;
	if (!json_is_number(number) || !*text_of(item, "name"))
		return fault_set(why, -EPROTO, "a value without its name or number");
	v = &m->values[m->value_cnt++];
	*v = (struct top_value){.target = strdup(text_of(item, "target")),
				.operation = strdup(text_of(item, "operation")),
				.labels = strdup(text_of(item, "labels")),
				.name = clean_copy(text_of(item, "name")),
				.value = json_number_value(number)};
	return v->target && v->operation && v->labels && v->name ? 0 : -ENOMEM;
}

/* Labels are an object here: malloc'ed as canonical text. */
static char *labels_of(const json_t *object)
{
	char text[LABELS_TEXT_BYTES];
	struct label labels[LABELS_MAX];
	const json_t *value;
	const char *name;
	size_t cnt = 0;

	json_object_foreach((json_t *)object, name, value)
	{
		if (cnt < LABELS_MAX && json_is_string(value))
			labels[cnt++] = (struct label){name, json_string_value(value)};
	}
	/* Names that are no labels' cannot be those of a series either. */
	return strdup(labels_write(labels, cnt, text, sizeof(text)) ? "" : text);
}

static int read_alert(struct top_model *m, const json_t *item, struct fault *why)
{
	enum alert_severity severity = alert_severity_parse(text_of(item, "severity"));
	enum alert_state state = alert_state_parse(text_of(item, "state"));
	struct top_alert *a;

	if (!severity || !state || !*text_of(item, "rule"))
		return fault_set(why, -EPROTO, "an alert without its rule, state or severity");
	if (m->alert_cnt == TOP_ALERT_MAX)
		return 0;
	a = &m->alerts[m->alert_cnt++];
	*a = (struct top_alert){
		.target = strdup(text_of(item, "target")),
		.operation = strdup(text_of(item, "operation")),
		.rule = clean_copy(text_of(item, "rule")),
		.title = clean_copy(text_of(item, "title")),
		.metric = clean_copy(text_of(item, "metric")),
		.labels = labels_of(json_object_get(item, "labels")),
		.severity = severity,
		.state = state,
		.is_acknowledged = *text_of(item, "acknowledged_by") != '\0',
	};
	return a->target && a->operation && a->rule && a->title && a->metric && a->labels ? 0
											  : -ENOMEM;
}

/* Calls read for each item of a member that must be a list. */
static int read_list(struct top_model *m, const json_t *root, const char *name,
		     int (*read_item)(struct top_model *, const json_t *, struct fault *),
		     struct fault *why)
{
	const json_t *list = json_object_get(root, name), *item;
	size_t i;
	int err = 0;

	if (!json_is_array(list))
		return fault_set(why, -EPROTO, "an answer without \"%s\"", name);
	json_array_foreach(list, i, item)
	{
		err = json_is_object(item) ? read_item(m, item, why)
					   : fault_set(why, -EPROTO, "a list of no objects");
		if (err)
			return err;
	}
	return 0;
}

/* The answer's object; NULL with the reason, also where the agent says what is wrong. */
static json_t *parse(const char *text, size_t bytes, struct fault *why)
{
	json_error_t error;
	json_t *root = json_loadb(text, bytes, 0, &error);

	if (!root) {
		fault_set(why, -EPROTO, "no JSON: %s", error.text);
		text_clean(why->text);
		return NULL;
	}
	if (json_is_object(root) && !json_object_get(root, "error"))
		return root;
	fault_set(why, -EPROTO, "%s",
		  json_is_object(root) ? text_of(root, "error") : "no JSON object");
	text_clean(why->text);
	json_decref(root);
	return NULL;
}

int top_read_windows(struct top_model *model, const char *text, size_t bytes, struct fault *why)
{
	json_t *root = parse(text, bytes, why);
	uint64_t now_ns = 0;
	int err = 0;

	if (!root)
		return -EPROTO;
	if (!count_of(root, "now_ns", &now_ns))
		err = fault_set(why, -EPROTO, "an answer without its time");
	/* The clock was set back: nothing that is known has a place in the new time. */
	if (!err && now_ns + NS_PER_S < model->now_ns)
		top_model_clear(model);
	if (!err) {
		model->now_ns = now_ns;
		top_model_clear_values(model);
		top_model_clear_alerts(model);
		err = read_list(model, root, "windows", read_window, why);
	}
	if (!err)
		err = read_list(model, root, "values", read_value, why);
	if (!err)
		err = read_list(model, root, "alerts", read_alert, why);
	json_decref(root);
	return err == -ENOMEM ? fault_set(why, err, "out of memory") : err;
}

/* ---- status ---- */

static bool has_state(const json_t *item, const char *state)
{
	return strcmp(text_of(item, "state"), state) == 0;
}

/* The first of a list that is not well: "off" is what somebody wanted, "unused" a channel that
 * nothing was sent to. */
static void find_trouble(struct top_agent *a, const json_t *list, const char *what)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (*a->trouble || !json_is_object(item) || has_state(item, "ok") ||
		    has_state(item, "off") || has_state(item, "unused") ||
		    has_state(item, "traced"))
			continue;
		snprintf(a->trouble, sizeof(a->trouble), "%s %s: %s", what, text_of(item, "name"),
			 text_of(item, "state"));
		text_clean(a->trouble);
	}
}

static int add_target(struct top_model *m, const json_t *item)
{
	const json_t *processes = json_object_get(item, "processes"), *process;
	size_t i, room = json_array_size(processes);
	struct top_target *t;

	if (m->target_cnt == TOP_TARGET_MAX)
		return 0;
	room = room < TOP_TARGET_PID_MAX ? room : TOP_TARGET_PID_MAX;
	t = &m->targets[m->target_cnt++];
	*t = (struct top_target){.name = strdup(text_of(item, "name")),
				 .pids = calloc(room + 1, sizeof(*t->pids))};
	if (!t->name || !t->pids)
		return -ENOMEM;
	json_array_foreach(processes, i, process)
	{
		uint64_t pid;

		if (i == room)
			break;
		if (count_of(process, "pid", &pid) && pid <= INT_MAX)
			t->pids[t->pid_cnt++] = (pid_t)pid;
	}
	return 0;
}

static int read_targets(struct top_model *m, const json_t *targets)
{
	struct top_agent *a = &m->agent;
	const json_t *item;
	size_t i;

	top_model_clear_targets(m);
	a->target_cnt = json_array_size(targets);
	find_trouble(a, targets, "target");
	json_array_foreach(targets, i, item)
	{
		a->traced_cnt += has_state(item, "traced");
		if (add_target(m, item))
			return -ENOMEM;
	}
	return 0;
}

static char *canonical_labels(const json_t *item)
{
	const json_t *labels = json_object_get(item, "labels");

	return json_is_string(labels) ? strdup(json_string_value(labels)) : labels_of(labels);
}

/* How an operation's series are attached; those that have not counted yet are not known here. */
static void read_probes(struct top_model *m, const json_t *operations)
{
	const json_t *item;
	size_t i;

	json_array_foreach(operations, i, item)
	{
		char *labels = canonical_labels(item);
		struct series_id id = {text_of(item, "target"), text_of(item, "name"),
				       text_of(item, "kind"), labels ? labels : ""};
		struct top_series *s = top_model_find(m, &id);

		if (s) {
			free(s->probe);
			s->probe = clean_copy(text_of(item, "probe"));
			count_of(item, "probe_cost_ns", &s->probe_cost_ns);
			count_of(json_object_get(item, "quality"), "uncovered_copies",
				 &s->uncovered_copies);
		}
		free(labels);
	}
}

int top_read_status(struct top_model *model, const char *text, size_t bytes, struct fault *why)
{
	json_t *root = parse(text, bytes, why);
	struct top_agent *a = &model->agent;
	const json_t *self, *values;
	int err;

	if (!root)
		return -EPROTO;
	if (strcmp(text_of(root, "schema"), "tickscope.status/1") != 0) {
		json_decref(root);
		return fault_set(why, -EPROTO, "no tickscope.status/1");
	}
	*a = (struct top_agent){0};
	copy_clean(a->host, sizeof(a->host), text_of(root, "host"));
	copy_clean(a->version, sizeof(a->version), text_of(root, "version"));
	a->uptime_s = number_or(root, "uptime_s", -1);
	a->health = number_or(json_object_get(root, "health"), "score", -1);
	self = json_object_get(root, "self");
	values = json_object_get(self, "values"); /* as those of a target */
	a->cpu_percent = number_or(values, "cpu_percent", number_or(self, "cpu_percent", -1));
	a->rss_bytes = number_or(values, "memory_bytes", number_or(self, "rss_bytes", -1));
	err = read_targets(model, json_object_get(root, "targets"));
	find_trouble(a, json_object_get(root, "sinks"), "sink");
	find_trouble(a, json_object_get(root, "channels"), "channel");
	read_probes(model, json_object_get(root, "operations"));
	json_decref(root);
	return err ? fault_set(why, err, "out of memory") : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the command line. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/agent_answers.h"
#include "judge/report.h"
#include "wire/wire.h"

static json_t *answer_status(const json_t *request, const struct serve_peer *peer, void *context,
			     struct fault *why)
{
	(void)request;
	(void)peer;
	(void)why;
	return agent_status(context);
}

static json_t *answer_windows(const json_t *request, const struct serve_peer *peer, void *context,
			      struct fault *why)
{
	json_t *since = json_object_get(request, "since_ns");

	(void)peer;
	if (since && !json_is_integer(since)) {
		fault_set(why, -EINVAL, "\"since_ns\" is no number");
		return NULL;
	}
	return agent_windows(context, (uint64_t)json_integer_value(since));
}

/* Puts what was counted so far into the history; to be asked again until nothing waits. */
static json_t *answer_commit(const json_t *request, const struct serve_peer *peer, void *context,
			     struct fault *why)
{
	struct agent *a = context;
	struct store_state state = {0};

	(void)request;
	(void)peer;
	(void)why;
	agent_second_close(a);
	if (a->store)
		store_state(a->store, &state);
	return json_pack("{s:b, s:I}", "ok", true, "waiting_bytes",
			 (json_int_t)state.waiting_bytes);
}

struct listing {
	json_t *alerts;
	bool wants_all;
};

static void list_alert(void *context, const struct alert *alert)
{
	struct listing *l = context;

	if (l->wants_all || alert->state != ALERT_RESOLVED)
		json_array_append_new(l->alerts, wire_alert(alert));
}

json_t *agent_serve_alerts(const struct agent *a, bool wants_all)
{
	struct listing l = {.alerts = json_array(), .wants_all = wants_all};

	judge_each_alert(a->judge, list_alert, &l);
	return l.alerts;
}

static json_t *silences_json(const struct agent *a)
{
	json_t *list = json_array();
	size_t cnt;
	const struct judge_silence *items = judge_silences(a->judge, &cnt);

	for (size_t i = 0; i < cnt; i++)
		json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
						      (json_int_t)items[i].id, "rule",
						      wire_text(items[i].rule), "operation",
						      wire_text(items[i].operation), "target",
						      wire_text(items[i].target), "labels",
						      wire_text(items[i].labels), "until",
						      wire_time(items[i].until_wall_ns), "by",
						      wire_text(items[i].by)));
	return list;
}

static json_t *answer_alerts(const json_t *request, const struct serve_peer *peer, void *context,
			     struct fault *why)
{
	bool wants_all = json_is_true(json_object_get(request, "all"));

	(void)peer;
	(void)why;
	return json_pack("{s:s, s:o, s:o}", "schema", "tickscope.alerts/1", "alerts",
			 agent_serve_alerts(context, wants_all), "silences",
			 silences_json(context));
}

/* A text of a request; "" where it has none. */
static const char *text_of(const json_t *request, const char *name)
{
	const char *text = json_string_value(json_object_get(request, name));

	return text ? text : "";
}

static json_t *answer_ack(const json_t *request, const struct serve_peer *peer, void *context,
			  struct fault *why)
{
	const char *id = text_of(request, "id"), *by = text_of(request, "by");
	struct agent *a = context;
	char uid[32];
	int err;

	snprintf(uid, sizeof(uid), "uid %u", peer->uid);
	err = judge_acknowledge(a->judge, id, by[0] ? by : uid, a->view.now_wall_ns);
	if (err && err != -EALREADY) {
		fault_set(why, err, "nothing with the id \"%s\" fires", id);
		return NULL;
	}
	if (!err)
		notify_acknowledged(a->notify, id, by[0] ? by : uid);
	return json_pack("{s:b, s:b}", "ok", true, "already", err == -EALREADY);
}

/* An object of labels as canonical text. -EINVAL: it is none. */
static int labels_of(const json_t *request, char *text, size_t text_bytes)
{
	json_t *object = json_object_get(request, "labels"), *value;
	struct label labels[LABELS_MAX];
	const char *name;
	size_t cnt = 0;

	json_object_foreach(object, name, value)
	{
		if (cnt == LABELS_MAX || !json_is_string(value))
			return -EINVAL;
		labels[cnt++] = (struct label){.name = name, .value = json_string_value(value)};
	}
	return labels_write(labels, cnt, text, text_bytes);
}

static json_t *answer_silence(const json_t *request, const struct serve_peer *peer, void *context,
			      struct fault *why)
{
	json_t *duration = json_object_get(request, "for_ns");
	struct judge_silence silence = {0};
	struct agent *a = context;
	uint32_t id;
	int err;

	(void)peer;
	if (!json_is_integer(duration) || json_integer_value(duration) <= 0) {
		fault_set(why, -EINVAL, "\"for_ns\" says for how long: a number above 0");
		return NULL;
	}
	silence.until_wall_ns = a->view.now_wall_ns + (uint64_t)json_integer_value(duration);
	snprintf(silence.rule, sizeof(silence.rule), "%s", text_of(request, "rule"));
	snprintf(silence.operation, sizeof(silence.operation), "%s", text_of(request, "operation"));
	snprintf(silence.target, sizeof(silence.target), "%s", text_of(request, "target"));
	if (labels_of(request, silence.labels, sizeof(silence.labels))) {
		fault_set(why, -EINVAL, "\"labels\" are names with texts, at most %d", LABELS_MAX);
		return NULL;
	}
	snprintf(silence.by, sizeof(silence.by), "%s", text_of(request, "by"));
	err = judge_silence(a->judge, &silence, &id);
	if (err) {
		fault_set(why, err, "there are %d silences already", JUDGE_SILENCE_MAX);
		return NULL;
	}
	return json_pack("{s:b, s:I, s:o}", "ok", true, "id", (json_int_t)id, "until",
			 wire_time(silence.until_wall_ns));
}

static json_t *answer_unsilence(const json_t *request, const struct serve_peer *peer, void *context,
				struct fault *why)
{
	json_int_t id = json_integer_value(json_object_get(request, "id"));
	struct agent *a = context;

	(void)peer;
	if (id <= 0 || id > UINT32_MAX || judge_unsilence(a->judge, (uint32_t)id)) {
		fault_set(why, -ENOENT, "there is no silence of this number");
		return NULL;
	}
	return json_pack("{s:b}", "ok", true);
}

static const struct serve_handler handlers[] = {
	{"status", false, answer_status},
	{"windows", false, answer_windows},
	{"commit", false, answer_commit},
	{"alerts", false, answer_alerts},
	{"ack", true, answer_ack},
	{"silence", true, answer_silence},
	{"unsilence", true, answer_unsilence},
};

int agent_serve_start(struct agent *a, struct fault *why)
{
	const struct serve_options options = {
		.path = a->socket_path,
		.gid = (gid_t)-1,
		.handlers = handlers,
		.handler_cnt = sizeof(handlers) / sizeof(handlers[0]),
		.context = a,
	};

	return serve_open(&options, &a->serve, why);
}

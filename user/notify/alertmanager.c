/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alertmanager's API v2, POST /api/v2/alerts (api/v2/openapi.yaml, docs/alerts_api.md). It knows an
 * alert by its labels, and forgets one that nobody repeats: so each is repeated while it fires,
 * with an end that moves along, and some times after it is over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify/channel.h"
#include "wire/wire.h"

#define PATH	    "/api/v2/alerts"
#define END_REPEATS 4 /* as Prometheus: an agent that died is not believed for longer */
#define END_MIN_NS  180000000000ULL

static json_t *alert_json(const struct channel_message *m, const struct alert *a,
			  enum alert_severity severity, uint64_t ends_ns)
{
	json_t *o = json_object();

	json_object_set_new(o, "labels", channel_labels(a, severity, m->host));
	json_object_set_new(o, "annotations", channel_annotations(a));
	json_object_set_new(o, "startsAt", wire_time(a->started_ns ? a->started_ns : m->wall_ns));
	json_object_set_new(o, "endsAt", wire_time(ends_ns));
	json_object_set_new(o, "generatorURL", channel_generator(a, m->host));
	return o;
}

static uint64_t ends_ns(const struct channel_message *m, const struct alert *a)
{
	uint64_t after_ns = m->config->repeat_ns * END_REPEATS;

	/* An end in the future, by a clock that stepped back, would keep it firing. */
	if (a->state != ALERT_FIRING)
		return a->ended_ns && a->ended_ns < m->wall_ns ? a->ended_ns : m->wall_ns;
	return m->wall_ns + (after_ns < END_MIN_NS ? END_MIN_NS : after_ns);
}

static char *make_url(const char *root)
{
	size_t length = strlen(root), url_bytes = length + sizeof(PATH);
	char *url = malloc(url_bytes);

	while (length && root[length - 1] == '/')
		length--;
	if (url)
		snprintf(url, url_bytes, "%.*s" PATH, (int)length, root);
	return url;
}

static int word(const void *state, const struct channel_message *m, struct channel_post *ret_post)
{
	json_t *list = json_array();

	(void)state;
	for (size_t i = 0; i < m->batch->cnt; i++) {
		const struct book_item *item = &m->batch->items[i];

		/* The severity is a label, so with another one it is another alert there. */
		if (item->told_severity && item->told_severity != item->severity)
			json_array_append_new(
				list, alert_json(m, item->alert, item->told_severity, m->wall_ns));
		json_array_append_new(
			list, alert_json(m, item->alert, item->severity, ends_ns(m, item->alert)));
	}
	ret_post->body = json_dumps(list, JSON_COMPACT);
	ret_post->url = make_url(m->config->url);
	json_decref(list);
	if (!ret_post->body || !ret_post->url)
		return -ENOMEM;
	ret_post->body_bytes = strlen(ret_post->body);
	return 0;
}

const struct channel_type channel_alertmanager = {
	.name = "alertmanager",
	.type = CONFIG_ALERTMANAGER,
	.batch_max = BOOK_BATCH_MAX,
	.forgets = true,
	.post = word,
};

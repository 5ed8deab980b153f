/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webhook payload of Alertmanager, version 4 (prometheus/docs, alerting/configuration.md,
 * <webhook_config>), which most receivers understand; each alert has the whole of it beside, as
 * "tickscope". Signed, where there is a secret:
 *   X-Tickscope-Timestamp: seconds since 1970
 *   X-Tickscope-Signature: sha256=hex of HMAC-SHA256(secret, timestamp "." body)
 * Idempotency-Key is the same for all attempts of one notification, after a restart too.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "notify/channel.h"
#include "notify/signature.h"
#include "wire/wire.h"

#define NOT_ENDED "0001-01-01T00:00:00Z" /* how Go writes no time */

/* The alert's identity without its occurrence. */
static json_t *fingerprint(const struct alert *a)
{
	return json_stringn(a->id, strcspn(a->id, "-"));
}

static json_t *alert_json(const struct channel_message *m, const struct book_item *item)
{
	const struct alert *a = item->alert;
	json_t *o = json_object();

	json_object_set_new(o, "status", json_string(alert_state_name(a->state)));
	json_object_set_new(o, "labels", channel_labels(a, item->severity, m->host));
	json_object_set_new(o, "annotations", channel_annotations(a));
	json_object_set_new(o, "startsAt", wire_time(a->started_ns ? a->started_ns : m->wall_ns));
	json_object_set_new(o, "endsAt",
			    a->state == ALERT_FIRING
				    ? json_string(NOT_ENDED)
				    : wire_time(a->ended_ns ? a->ended_ns : m->wall_ns));
	json_object_set_new(o, "generatorURL", channel_generator(a, m->host));
	json_object_set_new(o, "fingerprint", fingerprint(a));
	json_object_set_new(o, "tickscope", wire_alert(a));
	return o;
}

/* What all alerts have with the same value. */
static json_t *common(const json_t *alerts, const char *member)
{
	json_t *first = json_object_get(json_array_get(alerts, 0), member);
	json_t *o = json_object();
	const char *name;
	json_t *value;

	json_object_foreach(first, name, value)
	{
		size_t i = 1;

		while (i < json_array_size(alerts) &&
		       json_equal(value, json_object_get(
						 json_object_get(json_array_get(alerts, i), member),
						 name)))
			i++;
		if (i >= json_array_size(alerts))
			json_object_set(o, name, value);
	}
	return o;
}

static bool is_firing(const struct book_batch *batch)
{
	for (size_t i = 0; i < batch->cnt; i++) {
		if (batch->items[i].alert->state == ALERT_FIRING)
			return true;
	}
	return false;
}

static json_t *payload(const struct channel_message *m)
{
	const struct book_batch *batch = m->batch;
	json_t *o = json_object(), *alerts = json_array(), *group = json_object();

	for (size_t i = 0; i < batch->cnt; i++)
		json_array_append_new(alerts, alert_json(m, &batch->items[i]));
	json_object_set_new(group, "group", wire_text(batch->group));
	json_object_set_new(o, "version", json_string("4"));
	json_object_set_new(o, "groupKey", json_sprintf("{}/{}:{group=\"%s\"}", batch->group));
	json_object_set_new(o, "truncatedAlerts", json_integer((json_int_t)batch->more_cnt));
	json_object_set_new(o, "status", json_string(is_firing(batch) ? "firing" : "resolved"));
	json_object_set_new(o, "receiver", wire_text(m->config->name));
	json_object_set_new(o, "groupLabels", group);
	json_object_set_new(o, "commonLabels", common(alerts, "labels"));
	json_object_set_new(o, "commonAnnotations", common(alerts, "annotations"));
	json_object_set_new(o, "externalURL", json_sprintf("tickscope://%s", m->host));
	json_object_set_new(o, "alerts", alerts);
	return o;
}

/* FNV-1a over what is told, not over how it is worded. */
static uint64_t notification_hash(const struct book_batch *batch)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < batch->cnt; i++) {
		const struct book_item *item = &batch->items[i];
		char text[ALERT_ID_BYTES + 64];

		snprintf(text, sizeof(text), "%s %d %d %" PRIu32 "\n", item->alert->id,
			 (int)item->alert->state, (int)item->severity, item->told_cnt);
		for (const char *c = text; *c; c++)
			h = (h ^ (uint8_t)*c) * 0x100000001b3ULL;
	}
	return h;
}

static int sign(const struct signature_key *key, const struct channel_message *m,
		struct channel_post *post)
{
	char text[SIGNATURE_TEXT_BYTES];
	uint64_t wall_s = m->wall_ns / NS_PER_S;
	int err = signature_make(key, wall_s, post->body, post->body_bytes, text);

	if (err)
		return err;
	snprintf(post->headers[post->header_cnt++], CHANNEL_HEADER_BYTES,
		 "X-Tickscope-Timestamp: %" PRIu64, wall_s);
	snprintf(post->headers[post->header_cnt++], CHANNEL_HEADER_BYTES,
		 "X-Tickscope-Signature: sha256=%s", text);
	return 0;
}

static int word(const void *state, const struct channel_message *m, struct channel_post *ret_post)
{
	json_t *o = payload(m);

	ret_post->body = json_dumps(o, JSON_COMPACT);
	ret_post->url = strdup(m->config->url);
	json_decref(o);
	if (!ret_post->body || !ret_post->url)
		return -ENOMEM;
	ret_post->body_bytes = strlen(ret_post->body);
	snprintf(ret_post->headers[ret_post->header_cnt++], CHANNEL_HEADER_BYTES,
		 "Idempotency-Key: %016" PRIx64, notification_hash(m->batch));
	return state ? sign(state, m, ret_post) : 0;
}

static int open_channel(const struct config_channel *config, void **ret_state, struct fault *why)
{
	struct signature_key *key = NULL;
	int err = config->secret_file ? signature_load(config->secret_file, &key, why) : 0;

	if (!err)
		*ret_state = key;
	return err;
}

static void close_channel(void *state)
{
	signature_free(state);
}

const struct channel_type channel_webhook = {
	.name = "webhook",
	.type = CONFIG_WEBHOOK,
	.batch_max = BOOK_BATCH_MAX,
	.open = open_channel,
	.close = close_channel,
	.post = word,
};

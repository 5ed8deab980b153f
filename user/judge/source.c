/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sources: found by hash, walked in order of arrival. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/labels.h"
#include "judge/source.h"

static const struct {
	const char *name;
	enum source_kind kind;
} kinds[] = {
	{"segment", SOURCE_SEGMENT},
	{"share", SOURCE_SHARE},
	{"connect", SOURCE_CONNECT},
	{"value", SOURCE_VALUE},
};

static enum source_kind kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i].name, name))
			return kinds[i].kind;
	}
	return SOURCE_TOTAL;
}

/* FNV-1a over the strings with their ends. */
static uint64_t hash_add(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	while (*text++);
	return hash;
}

static uint64_t hash_of(const struct series_id *id, const char *name)
{
	uint64_t hash = hash_add(14695981039346656037ULL, id->target);

	hash = hash_add(hash, id->operation);
	hash = hash_add(hash, id->kind);
	hash = hash_add(hash, id->labels);
	return hash_add(hash, name);
}

static bool is_same(const struct source *s, const struct series_id *id, const char *name)
{
	return !strcmp(s->id.operation, id->operation) && !strcmp(s->id.target, id->target) &&
	       !strcmp(s->id.labels, id->labels) && !strcmp(s->id.kind, id->kind) &&
	       !strcmp(s->name, name);
}

static const char *put(char **at, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = *at;

	memcpy(copy, text, bytes);
	*at += bytes;
	return copy;
}

static void source_free(struct source *source)
{
	if (!source)
		return;
	rolling_free(source->rolling);
	rolling_value_free(source->history);
	free(source);
}

static struct source *source_new(const struct series_id *id, const char *name)
{
	size_t bytes = strlen(id->target) + strlen(id->operation) + strlen(id->kind) +
		       strlen(id->labels) + strlen(name) + 5;
	struct source *source = calloc(1, sizeof(*source) + bytes);
	char *at;

	if (!source)
		return NULL;
	at = source->text;
	source->id.target = put(&at, id->target);
	source->id.operation = put(&at, id->operation);
	source->id.kind = put(&at, id->kind);
	source->id.labels = put(&at, id->labels);
	source->name = put(&at, name);
	source->kind = kind_of(id->kind);
	if (source->kind == SOURCE_VALUE)
		return source;
	source->rolling = rolling_new();
	if (!source->rolling) {
		free(source);
		return NULL;
	}
	return source;
}

void source_table_fini(struct source_table *table)
{
	for (size_t i = 0; i < table->cnt; i++)
		source_free(table->items[i]);
	free(table->items);
	free(table->slots);
	*table = (struct source_table){0};
}

static struct source **slot_of(const struct source_table *t, uint64_t hash,
			       const struct series_id *id, const char *name)
{
	size_t idx = (size_t)hash & (t->slot_cnt - 1);

	while (t->slots[idx] && (t->slots[idx]->hash != hash || !is_same(t->slots[idx], id, name)))
		idx = (idx + 1) & (t->slot_cnt - 1);
	return &t->slots[idx];
}

static void fill_slots(struct source_table *t)
{
	memset(t->slots, 0, t->slot_cnt * sizeof(struct source *));
	for (size_t i = 0; i < t->cnt; i++) {
		const struct source *s = t->items[i];

		*slot_of(t, s->hash, &s->id, s->name) = t->items[i];
	}
}

/* At most half of the slots are taken. */
static int grow(struct source_table *t)
{
	size_t room_cnt = t->room_cnt ? 2 * t->room_cnt : 64;
	struct source **items, **slots;

	if (t->cnt < t->room_cnt)
		return 0;
	slots = calloc(2 * room_cnt, sizeof(struct source *));
	items = realloc(t->items, room_cnt * sizeof(struct source *));
	if (items)
		t->items = items;
	if (!items || !slots) {
		free(slots);
		return -ENOMEM;
	}
	t->room_cnt = room_cnt;
	free(t->slots);
	t->slots = slots;
	t->slot_cnt = 2 * room_cnt;
	fill_slots(t);
	return 0;
}

int source_table_get(struct source_table *table, const struct series_id *id, const char *name,
		     struct source **ret_source)
{
	uint64_t hash = hash_of(id, name);
	bool is_value = kind_of(id->kind) == SOURCE_VALUE;
	struct source *source;
	int err = grow(table);

	if (err)
		return err;
	source = *slot_of(table, hash, id, name);
	if (source) {
		*ret_source = source;
		return 0;
	}
	if (is_value ? table->value_cnt == SOURCE_VALUE_MAX
		     : table->series_cnt == SOURCE_SERIES_MAX) {
		table->refused_cnt++;
		return -ENOSPC;
	}
	source = source_new(id, name);
	if (!source)
		return -ENOMEM;
	source->hash = hash;
	*slot_of(table, hash, id, name) = source;
	table->items[table->cnt++] = source;
	table->value_cnt += is_value;
	table->series_cnt += !is_value;
	table->generation++;
	*ret_source = source;
	return 0;
}

void source_table_sweep(struct source_table *table, uint64_t mono_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->cnt; i++) {
		struct source *s = table->items[i];

		if (mono_ns < s->newest_ns + SOURCE_SILENT_NS) {
			table->items[kept++] = s;
			continue;
		}
		table->value_cnt -= s->kind == SOURCE_VALUE;
		table->series_cnt -= s->kind != SOURCE_VALUE;
		source_free(s);
	}
	if (kept == table->cnt)
		return;
	table->cnt = kept;
	table->generation++;
	fill_slots(table);
}

static bool has_label(const struct rule_metric *metric, const char *name)
{
	for (size_t i = 0; i < metric->label_cnt; i++) {
		if (!strcmp(metric->labels[i].name, name))
			return true;
	}
	return false;
}

static enum source_kind wanted_kind(const struct rule_metric *metric)
{
	if (metric->statistic == RULE_VALUE)
		return SOURCE_VALUE;
	if (metric->is_connect)
		return SOURCE_CONNECT;
	if (has_label(metric, "from") || has_label(metric, "to"))
		return SOURCE_SEGMENT;
	return has_label(metric, "state") ? SOURCE_SHARE : SOURCE_TOTAL;
}

bool source_is_of(const struct source *source, const struct rule_metric *metric, const char *labels)
{
	if (source->kind != wanted_kind(metric) || !labels_contain(source->id.labels, labels))
		return false;
	if (metric->statistic != RULE_VALUE)
		return !strcmp(source->id.operation, metric->name);
	if (strcmp(source->name, metric->metric) != 0)
		return false;
	return !metric->name[0] || !strcmp(source->id.operation, metric->name) ||
	       (!source->id.operation[0] && !strcmp(source->id.target, metric->name));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Series by identity, and what their windows say over a span. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time_units.h"
#include "cli/top_model.h"
#include "measure/packed.h"

#define NAME_BYTES 1024

struct top_model *top_model_new(void)
{
	struct top_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->scratch = calloc(1, sizeof(*m->scratch));
	m->series = calloc(TOP_SERIES_MAX, sizeof(void *));
	m->values = calloc(TOP_VALUE_MAX, sizeof(*m->values));
	m->alerts = calloc(TOP_ALERT_MAX, sizeof(*m->alerts));
	m->targets = calloc(TOP_TARGET_MAX, sizeof(*m->targets));
	if (!m->scratch || !m->series || !m->values || !m->alerts || !m->targets) {
		top_model_free(m);
		return NULL;
	}
	window_init(m->scratch);
	top_model_clear(m);
	return m;
}

static void series_free(struct top_series *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < TOP_WINDOW_CNT; i++)
		free(s->windows[i].packed);
	free(s->target);
	free(s->operation);
	free(s->kind);
	free(s->labels);
	free(s->name);
	free(s->probe);
	free(s);
}

void top_model_clear_values(struct top_model *model)
{
	for (size_t i = 0; i < model->value_cnt; i++) {
		free(model->values[i].target);
		free(model->values[i].operation);
		free(model->values[i].labels);
		free(model->values[i].name);
	}
	model->value_cnt = 0;
}

void top_model_clear_alerts(struct top_model *model)
{
	for (size_t i = 0; i < model->alert_cnt; i++) {
		struct top_alert *a = &model->alerts[i];

		free(a->target);
		free(a->operation);
		free(a->rule);
		free(a->title);
		free(a->metric);
		free(a->labels);
	}
	model->alert_cnt = 0;
}

void top_model_clear_targets(struct top_model *model)
{
	for (size_t i = 0; i < model->target_cnt; i++) {
		free(model->targets[i].name);
		free(model->targets[i].pids);
	}
	model->target_cnt = 0;
}

void top_model_clear(struct top_model *model)
{
	for (size_t i = 0; i < model->series_cnt; i++)
		series_free(model->series[i]);
	model->series_cnt = model->left_out_cnt = 0;
	top_model_clear_values(model);
	top_model_clear_alerts(model);
	top_model_clear_targets(model);
	model->clear_cnt++;
	model->now_ns = model->last_ns = 0;
	model->agent = (struct top_agent){
		.health = -1, .cpu_percent = -1, .rss_bytes = -1, .uptime_s = -1};
}

void top_model_free(struct top_model *model)
{
	if (!model)
		return;
	top_model_clear(model); /* lists that could not be made are empty */
	free(model->scratch);
	free(model->series);
	free(model->values);
	free(model->alerts);
	free(model->targets);
	free(model);
}

static bool is_same(const struct top_series *s, const struct series_id *id)
{
	return strcmp(s->operation, id->operation) == 0 && strcmp(s->target, id->target) == 0 &&
	       strcmp(s->kind, id->kind) == 0 && strcmp(s->labels, id->labels) == 0;
}

struct top_series *top_model_find(const struct top_model *model, const struct series_id *id)
{
	for (size_t i = 0; i < model->series_cnt; i++) {
		if (is_same(model->series[i], id))
			return model->series[i];
	}
	return NULL;
}

/* Operation and label values; of a segment its two ends, of a share its state. */
static char *shown_name(const struct top_series *s)
{
	char from[LABEL_VALUE_BYTES], to[LABEL_VALUE_BYTES], label[LABEL_NAME_BYTES];
	char name[NAME_BYTES];
	const char *cursor = s->labels;
	size_t length;

	if (s->is_part && labels_find(s->labels, "from", from) && labels_find(s->labels, "to", to))
		snprintf(name, sizeof(name), "%s -> %s", from, to);
	else if (s->is_part && labels_find(s->labels, "state", from))
		snprintf(name, sizeof(name), "%s", from);
	else {
		const char *suffix = strcmp(s->kind, "feed") == 0      ? " feed"
				     : strcmp(s->kind, "connect") == 0 ? " connect"
								       : "";

		length = (size_t)snprintf(name, sizeof(name), "%s%s", s->operation, suffix);
		while (length < sizeof(name) && labels_next(&cursor, label, from))
			length +=
				(size_t)snprintf(name + length, sizeof(name) - length, " %s", from);
	}
	text_clean(name);
	return strdup(name);
}

/* Whether all labels of a whole are those of its part: the part has more. */
static bool is_part_of(const struct top_series *part, const struct top_series *whole)
{
	return !whole->is_part && strcmp(part->operation, whole->operation) == 0 &&
	       strcmp(part->target, whole->target) == 0 && strcmp(whole->kind, "feed") != 0 &&
	       strcmp(whole->kind, "connect") != 0 && labels_contain(part->labels, whole->labels);
}

/* The whole that has the most of a part's labels. */
static void find_wholes(struct top_model *m)
{
	for (size_t p = 0; p < m->series_cnt; p++) {
		struct top_series *part = m->series[p];
		size_t best = SIZE_MAX, best_length = 0;

		for (size_t w = 0; part->is_part && w < m->series_cnt; w++) {
			size_t length = strlen(m->series[w]->labels) + 1;

			if (length > best_length && is_part_of(part, m->series[w])) {
				best = w;
				best_length = length;
			}
		}
		part->whole_idx = best;
	}
}

int top_model_series(struct top_model *model, const struct series_id *id,
		     struct top_series **ret_series)
{
	struct top_series *s = top_model_find(model, id);

	if (s) {
		*ret_series = s;
		return 0;
	}
	if (model->series_cnt == TOP_SERIES_MAX) {
		model->left_out_cnt++;
		return -E2BIG;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->target = strdup(id->target);
	s->operation = strdup(id->operation);
	s->kind = strdup(id->kind);
	s->labels = strdup(id->labels);
	s->is_part = strcmp(id->kind, "segment") == 0 || strcmp(id->kind, "share") == 0;
	s->name = s->target && s->operation && s->kind && s->labels ? shown_name(s) : NULL;
	if (!s->name) {
		series_free(s);
		return -ENOMEM;
	}
	s->whole_idx = SIZE_MAX;
	model->series[model->series_cnt++] = s;
	model->has_new_series = true;
	*ret_series = s;
	return 0;
}

/* The newest window is number 0. */
static const struct top_window *window_at(const struct top_series *s, size_t age_cnt)
{
	return &s->windows[(s->next_idx + TOP_WINDOW_CNT - 1 - age_cnt) % TOP_WINDOW_CNT];
}

static uint64_t tail_of(const struct window *w)
{
	uint64_t ns = 0;

	if (!w->count || window_quantile(w, 0.99, &ns))
		return ns;
	return w->max_ns;
}

int top_model_add(struct top_model *model, struct top_series *series,
		  const struct top_window *window)
{
	struct top_window *place = &series->windows[series->next_idx];
	uint8_t *packed;
	int err;

	if (window->start_ns <= window_at(series, 0)->start_ns)
		return 0;
	window_clear(model->scratch);
	err = packed_merge(model->scratch, window->packed, window->packed_bytes);
	if (err)
		return err;
	packed = malloc(window->packed_bytes);
	if (!packed)
		return -ENOMEM;
	memcpy(packed, window->packed, window->packed_bytes);
	free(place->packed);
	*place = *window;
	place->packed = packed;
	place->tail_ns = tail_of(model->scratch);
	series->next_idx = (series->next_idx + 1) % TOP_WINDOW_CNT;
	if (!series->first_ns)
		series->first_ns = window->start_ns;
	if (window->start_ns > model->last_ns)
		model->last_ns = window->start_ns;
	return 0;
}

/*
 * Windows of different series of one second begin within it; those that began more than a span
 * before the newest did, less half a second, are out.
 */
static bool is_within(const struct top_model *m, const struct top_window *w, uint64_t span_ns)
{
	const uint64_t slack_ns = 500000000;

	return w->packed && w->start_ns + span_ns > m->last_ns + slack_ns;
}

void top_model_merge(const struct top_model *model, const struct top_series *series,
		     uint64_t span_ns, struct window *total)
{
	window_clear(total);
	for (size_t age_cnt = 0; age_cnt < TOP_WINDOW_CNT; age_cnt++) {
		const struct top_window *w = window_at(series, age_cnt);

		/* They were looked at when they came. */
		if (is_within(model, w, span_ns))
			packed_merge(total, w->packed, w->packed_bytes);
	}
}

static void set_trend(struct top_series *s, const struct top_model *m)
{
	const uint64_t second_ns = NS_PER_S;

	for (size_t i = 0; i < TOP_TREND_CNT; i++) {
		const struct top_window *w = window_at(s, i);
		bool is_recent = is_within(m, w, (TOP_TREND_CNT + 1) * second_ns);

		s->trend_ns[TOP_TREND_CNT - 1 - i] = is_recent ? w->tail_ns : UINT64_MAX;
	}
}

/* Whether no label that both have differs: an alert's also has those of its rule. */
static bool labels_agree(const char *series_labels, const char *alert_labels)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES], other[LABEL_VALUE_BYTES];
	const char *cursor = series_labels;

	while (labels_next(&cursor, name, value)) {
		if (labels_find(alert_labels, name, other) && strcmp(value, other) != 0)
			return false;
	}
	return true;
}

static bool is_about(const struct top_alert *a, const struct top_series *s)
{
	return *a->operation && strcmp(a->operation, s->operation) == 0 &&
	       (!*a->target || strcmp(a->target, s->target) == 0) && !s->is_part &&
	       a->state != ALERT_RESOLVED && labels_agree(s->labels, a->labels);
}

/* Firing before pending, then the most severe. */
static void set_alert_state(struct top_series *s, const struct top_model *m)
{
	s->severity = 0;
	s->is_firing = s->is_acknowledged = false;
	for (size_t i = 0; i < m->alert_cnt; i++) {
		const struct top_alert *a = &m->alerts[i];
		bool is_firing = a->state == ALERT_FIRING;

		if (!is_about(a, s) || (s->is_firing && !is_firing) ||
		    (s->is_firing == is_firing && a->severity <= s->severity))
			continue;
		s->severity = a->severity;
		s->is_firing = is_firing;
		s->is_acknowledged = a->is_acknowledged;
	}
}

/* Seconds without calls may have no window: they are time all the same. */
static void set_rate(struct top_series *s, const struct top_model *m, uint64_t span_ns)
{
	uint64_t known_ns = m->last_ns - s->first_ns + NS_PER_S;
	uint64_t ns = known_ns < span_ns ? known_ns : span_ns;

	if (m->scratch->duration_ns < ns && s->first_ns)
		s->stats.rate_per_s = (double)s->stats.count * 1e9 / (double)ns;
}

void top_model_update(struct top_model *model, uint64_t span_ns)
{
	if (model->has_new_series)
		find_wholes(model);
	model->has_new_series = false;
	for (size_t i = 0; i < model->series_cnt; i++) {
		struct top_series *s = model->series[i];

		top_model_merge(model, s, span_ns, model->scratch);
		stats_of(&s->stats, model->scratch, s->probe_inner_ns);
		set_rate(s, model, span_ns);
		set_trend(s, model);
		set_alert_state(s, model);
	}
}

bool top_model_value(const struct top_model *model, const char *target, const char *name,
		     double *ret_value)
{
	for (size_t i = 0; i < model->value_cnt; i++) {
		const struct top_value *v = &model->values[i];

		if (!*v->operation && strcmp(v->target, target) == 0 &&
		    strcmp(v->name, name) == 0) {
			*ret_value = v->value;
			return true;
		}
	}
	return false;
}

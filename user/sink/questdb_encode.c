/* SPDX-License-Identifier: Apache-2.0 */
/* Names of columns are those of questdb_tables.c; a test compares them. */
#include <math.h>
#include <string.h>

#include "measure/stats.h"
#include "sink/questdb_encode.h"
#include "sink/questdb_tables.h"

static void put_long(struct ilp *ilp, const char *column, uint64_t value)
{
	ilp_long(ilp, column, value < INT64_MAX ? (int64_t)value : INT64_MAX);
}

/* STATS_NULL is none. */
static void put_time(struct ilp *ilp, const char *column, uint64_t value_ns)
{
	if (value_ns != STATS_NULL)
		put_long(ilp, column, value_ns);
}

static void begin(struct ilp *ilp, enum questdb_table_idx table)
{
	ilp_begin(ilp, questdb_tables[table].name);
}

static void put_series(struct ilp *ilp, const char *host, const struct series_id *id)
{
	ilp_symbol(ilp, "host", host);
	ilp_symbol(ilp, "target", id->target);
	ilp_symbol(ilp, "operation", id->operation);
	ilp_symbol(ilp, "kind", id->kind);
	ilp_symbol(ilp, "labels", id->labels);
}

static const char *label_column(const char *name)
{
	for (size_t i = 0; i < QUESTDB_LABEL_CNT; i++) {
		if (strcmp(questdb_labels[i].label, name) == 0)
			return questdb_labels[i].column;
	}
	return NULL;
}

static void put_labels(struct ilp *ilp, const char *labels)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES];
	const char *cursor = labels;

	while (labels_next(&cursor, name, value)) {
		const char *column = label_column(name);

		if (column)
			ilp_symbol(ilp, column, value);
	}
}

/* Calls that took place, and whose time is not in the counts. */
static uint64_t lost_cnt(const struct stats *s)
{
	return s->quality.lost + s->quality.dropped;
}

int questdb_encode_latency(struct ilp *ilp, const struct questdb_origin *origin,
			   const struct series_id *id, const struct window *window)
{
	static const char *const columns[] = {"p50_ns", "p90_ns", "p95_ns", "p99_ns", "p999_ns"};
	struct stats s;

	stats_of(&s, window, 0);
	begin(ilp, QUESTDB_LATENCY);
	put_series(ilp, origin->host, id);
	put_labels(ilp, id->labels);
	ilp_symbol(ilp, "run_id", origin->run_id);
	put_long(ilp, "window_ns", window->duration_ns);
	put_long(ilp, "count", s.count);
	put_long(ilp, "errors", s.errors);
	put_long(ilp, "sum_ns", s.sum_ns);
	put_time(ilp, "min_ns", s.min_ns);
	put_time(ilp, "max_ns", s.max_ns);
	ilp_double(ilp, "mean_ns", s.count ? s.mean_ns : NAN);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		put_time(ilp, columns[i], s.quantile_ns[STATS_P50 + i]);
	put_long(ilp, "lost", lost_cnt(&s));
	return ilp_end(ilp, origin->start_wall_ns);
}

/* Counts of an octave without the zeros at its end. */
static size_t octave_counts(const struct window *w, uint32_t octave,
			    double counts[static TS_BUCKET_SUB_CNT])
{
	const uint64_t *buckets = &w->buckets[octave * TS_BUCKET_SUB_CNT];
	size_t cnt = 0;

	if (!(w->octaves >> octave & 1))
		return 0;
	for (size_t i = 0; i < TS_BUCKET_SUB_CNT; i++) {
		counts[i] = (double)buckets[i];
		if (buckets[i])
			cnt = i + 1;
	}
	return cnt;
}

/* Of the window as a whole. */
static void put_once(struct ilp *ilp, const struct window *window)
{
	struct stats s;

	stats_of(&s, window, 0);
	put_long(ilp, "errors", s.errors);
	put_long(ilp, "sum_ns", s.sum_ns);
	put_time(ilp, "min_ns", s.min_ns);
	put_time(ilp, "max_ns", s.max_ns);
	put_long(ilp, "lost", lost_cnt(&s));
}

int questdb_encode_buckets(struct ilp *ilp, const struct questdb_origin *origin,
			   const struct series_id *id, const struct window *window)
{
	bool is_lowest = true;
	int err = 0;

	/* A window without counts may have errors or losses: it is an octave of one zero. */
	for (uint32_t octave = 0; !err && octave < TS_OCTAVE_CNT; octave++) {
		double counts[TS_BUCKET_SUB_CNT] = {0};
		size_t cnt = octave_counts(window, octave, counts);

		if (!cnt && (window->count || octave))
			continue;
		begin(ilp, QUESTDB_BUCKET);
		put_series(ilp, origin->host, id);
		ilp_symbol(ilp, "run_id", origin->run_id);
		put_long(ilp, "window_ns", window->duration_ns);
		put_long(ilp, "octave", octave);
		ilp_array(ilp, "counts", counts, cnt ? cnt : 1);
		if (is_lowest)
			put_once(ilp, window);
		is_lowest = false;
		err = ilp_end(ilp, origin->start_wall_ns);
	}
	return err;
}

int questdb_encode_value(struct ilp *ilp, const struct questdb_origin *origin,
			 const struct value_id *id, const struct store_value *value)
{
	begin(ilp, QUESTDB_VALUE);
	ilp_symbol(ilp, "host", origin->host);
	ilp_symbol(ilp, "target", id->of.target);
	ilp_symbol(ilp, "operation", id->of.operation);
	ilp_symbol(ilp, "labels", id->of.labels);
	ilp_symbol(ilp, "name", id->name);
	ilp_symbol(ilp, "run_id", origin->run_id);
	ilp_double(ilp, "mean", value->mean);
	ilp_double(ilp, "min", value->min);
	ilp_double(ilp, "max", value->max);
	ilp_double(ilp, "last", value->last);
	return ilp_end(ilp, origin->start_wall_ns);
}

int questdb_encode_event(struct ilp *ilp, const char *host, int64_t seq,
			 const struct history_event *event)
{
	begin(ilp, QUESTDB_EVENT);
	ilp_symbol(ilp, "host", host);
	ilp_symbol(ilp, "kind", event->kind);
	ilp_symbol(ilp, "target", event->target);
	ilp_long(ilp, "seq", seq);
	ilp_text(ilp, "text", event->text);
	return ilp_end(ilp, event->wall_ns);
}

int questdb_encode_alert(struct ilp *ilp, const char *host, const struct alert *a)
{
	begin(ilp, QUESTDB_ALERT);
	ilp_symbol(ilp, "host", host);
	ilp_symbol(ilp, "service", a->target);
	ilp_symbol(ilp, "operation", a->operation);
	ilp_symbol(ilp, "labels", a->labels);
	ilp_symbol(ilp, "severity", alert_severity_name(a->severity));
	ilp_symbol(ilp, "metric", a->metric);
	ilp_symbol(ilp, "rule", a->rule);
	ilp_symbol(ilp, "status", alert_state_name(a->state));
	ilp_text(ilp, "id", a->id);
	ilp_double(ilp, "threshold", a->threshold);
	ilp_double(ilp, "actual", a->value);
	if (a->ended_ns >= a->started_ns)
		put_long(ilp, "duration_ns", a->ended_ns - a->started_ns);
	ilp_text(ilp, "acknowledged_by", a->acknowledged_by);
	ilp_text(ilp, "notes", a->message);
	ilp_time(ilp, "fired", a->fired_ns);
	ilp_time(ilp, "ended", a->ended_ns);
	ilp_time(ilp, "acknowledged", a->acknowledged_ns);
	return ilp_end(ilp, a->started_ns);
}

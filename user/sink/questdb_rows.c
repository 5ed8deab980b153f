/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are made anew for each attempt, from the history alone, so that an attempt after a restart
 * sends the same ones. Buckets wait until their minute is over: a later batch outside of it is
 * there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "measure/packed.h"
#include "sink/questdb_group.h"
#include "sink/questdb_rows.h"

#define PART_MAX 1024 /* then it is a row that does not fit */
#define NOT_OVER 2    /* a group that may still grow */
#define LIST_MAX 1000 /* alerts or events in one request */

const struct questdb_stream questdb_rows_streams[QUESTDB_STREAM_CNT] = {
	{"questdb", QUESTDB_LATENCY, true},	  {"questdb:value", QUESTDB_VALUE, true},
	{"questdb:bucket", QUESTDB_BUCKET, true}, {"questdb:alert", QUESTDB_ALERT, false},
	{"questdb:event", QUESTDB_EVENT, false},
};

struct reading {
	struct questdb_rows *rows;
	struct history *history;
	struct questdb_origin origin;
	struct questdb_group group;
	struct window *window;
};

void questdb_rows_init(struct questdb_rows *rows, int ilp_version)
{
	*rows = (struct questdb_rows){.part_cnt = 1};
	ilp_init(&rows->ilp, ilp_version, QUESTDB_BUFFER_BYTES);
}

void questdb_rows_fini(struct questdb_rows *rows)
{
	ilp_fini(&rows->ilp);
}

void questdb_rows_restart(struct questdb_rows *rows)
{
	rows->part_cnt = 1;
	rows->part_idx = 0;
}

/* Whether a series is in the part that is made now. */
static bool is_in_part(const struct questdb_rows *rows, const struct series_id *id)
{
	const char *const texts[] = {id->target, id->operation, id->kind, id->labels};
	uint32_t hash = 2166136261U; /* FNV-1a */

	if (rows->part_cnt == 1)
		return true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (const char *at = texts[i]; *at; at++)
			hash = (hash ^ (uint8_t)*at) * 16777619U;
	}
	return hash % rows->part_cnt == rows->part_idx;
}

/* What an encoder said of one row. */
static int judge_row(struct questdb_rows *rows, int err)
{
	if (err == -EINVAL || (err == -ENOSPC && rows->part_cnt == PART_MAX)) {
		rows->refused_cnt++;
		return 0;
	}
	return err;
}

static int on_window(void *context, const struct history_batch_window *w)
{
	struct reading *r = context;

	if (!is_in_part(r->rows, &w->id))
		return 0;
	window_clear(r->window);
	if (packed_merge(r->window, w->packed, w->packed_bytes))
		return 0; /* damaged: no row */
	return judge_row(r->rows,
			 questdb_encode_latency(&r->rows->ilp, &r->origin, &w->id, r->window));
}

static int on_value(void *context, const struct history_batch_value *v)
{
	const struct store_value value = {v->mean, v->min, v->max, v->last};
	struct reading *r = context;

	if (!is_in_part(r->rows, &v->id.of))
		return 0;
	return judge_row(r->rows, questdb_encode_value(&r->rows->ilp, &r->origin, &v->id, &value));
}

static int on_group_window(void *context, const struct history_batch_window *w)
{
	struct reading *r = context;

	if (!is_in_part(r->rows, &w->id))
		return 0;
	return judge_row(r->rows, questdb_group_add(&r->group, &w->id, w->packed, w->packed_bytes));
}

/* The next batch that was not sent directly; *position passes over those that were. 1; 0: none. */
static int next_batch(struct history *history, int64_t *position, struct history_batch *ret_batch)
{
	int found;

	while ((found = history_batch_after(history, *position, ret_batch)) == 1) {
		if (!ret_batch->is_direct)
			return 1;
		*position = ret_batch->id;
	}
	return found;
}

static bool is_same_group(const struct history_batch *first, const struct history_batch *other)
{
	return strcmp(first->run_id, other->run_id) == 0 &&
	       first->start_wall_ns / NS_PER_MINUTE == other->start_wall_ns / NS_PER_MINUTE;
}

/* The last batch of the group that begins with `first`. 1; 0: it is not over. */
static int find_group_end(const struct reading *r, const struct history_batch *first,
			  int64_t *ret_last_id)
{
	struct history_batch batch;
	int64_t last = first->id, at = last;
	int found;

	while ((found = next_batch(r->history, &at, &batch)) == 1) {
		if (!is_same_group(first, &batch)) {
			*ret_last_id = last;
			return 1;
		}
		at = last = batch.id;
	}
	return found;
}

/* The rows of the group from `batch` to the one with this id. */
static int read_group(struct reading *r, const struct history_batch *first, int64_t last_id)
{
	struct history_batch batch = *first;
	int64_t at = first->id;
	int err;

	questdb_group_clear(&r->group);
	err = history_batch_windows(r->history, &batch, on_group_window, r);
	while (!err && at < last_id && (err = next_batch(r->history, &at, &batch)) == 1) {
		at = batch.id;
		err = history_batch_windows(r->history, &batch, on_group_window, r);
	}
	if (err)
		return err;
	return judge_row(r->rows, questdb_group_encode(&r->group, &r->rows->ilp, &r->origin));
}

/* One batch, or group of batches, that begins with this one: its rows, and the position behind it.
 * 1; 0: it is not over. */
static int read_one(struct reading *r, enum questdb_table_idx table,
		    const struct history_batch *batch, int64_t *ret_position)
{
	int64_t last_id = batch->id;
	int err;

	r->origin.run_id = batch->run_id;
	r->origin.start_wall_ns = batch->start_wall_ns;
	if (table == QUESTDB_LATENCY) {
		err = history_batch_windows(r->history, batch, on_window, r);
	} else if (table == QUESTDB_VALUE) {
		err = history_batch_values(r->history, batch, on_value, r);
	} else {
		err = find_group_end(r, batch, &last_id);
		err = err == 1 ? read_group(r, batch, last_id) : err ? err : NOT_OVER;
	}
	r->origin.run_id = NULL; /* it is the batch's */
	if (err)
		return err == NOT_OVER ? 0 : err;
	*ret_position = last_id;
	return 1;
}

/* What does not fit behind others waits for the next request; alone, it goes in parts. True: to be
 * read again. */
static bool split(struct questdb_rows *rows)
{
	if (rows->part_cnt == PART_MAX)
		return false;
	rows->part_cnt *= 2;
	rows->part_idx = 0;
	ilp_clear(&rows->ilp);
	return true;
}

static int read_batches(struct reading *r, enum questdb_table_idx table)
{
	struct questdb_rows *rows = r->rows;
	struct history_batch batch;
	int64_t position = rows->position;
	int found;

	while ((found = next_batch(r->history, &position, &batch)) == 1) {
		size_t row_cnt = rows->ilp.row_cnt;
		uint64_t refused_cnt = rows->refused_cnt;

		found = read_one(r, table, &batch, &position);
		if (found == -ENOSPC) {
			rows->refused_cnt = refused_cnt;
			if (row_cnt) {
				ilp_cut(&rows->ilp, row_cnt);
				return 0;
			}
			if (split(rows))
				continue;
		}
		if (found <= 0)
			return found;
		rows->position = position;
		if (rows->part_cnt > 1 || rows->ilp.used >= QUESTDB_REQUEST_BYTES)
			return 0;
	}
	if (!found)
		rows->position = position > rows->position ? position : rows->position;
	return found;
}

static int on_alert(void *context, int64_t seq, const struct alert *alert)
{
	struct reading *r = context;
	int err = 0;

	/* Nobody is told of what is pending. */
	if (alert->state != ALERT_PENDING)
		err = judge_row(r->rows,
				questdb_encode_alert(&r->rows->ilp, r->origin.host, alert));
	if (!err)
		r->rows->position = seq;
	return err;
}

static int on_event(void *context, int64_t seq, const struct history_event *event)
{
	struct reading *r = context;
	int err =
		judge_row(r->rows, questdb_encode_event(&r->rows->ilp, r->origin.host, seq, event));

	if (!err)
		r->rows->position = seq;
	return err;
}

static int read_stream(struct reading *r, const struct questdb_stream *stream)
{
	int64_t position = r->rows->position;
	int err;

	if (stream->is_of_batches)
		return read_batches(r, stream->table);
	if (stream->table == QUESTDB_ALERT)
		err = history_alerts_after(r->history, position, LIST_MAX, on_alert, r);
	else
		err = history_events_after(r->history, position, LIST_MAX, on_event, r);
	/* The others are next: the buffer has room for any one of them. */
	return err == -ENOSPC ? 0 : err;
}

int questdb_rows_read(struct questdb_rows *rows, const struct questdb_stream *stream,
		      struct history *history, const char *host, int64_t position)
{
	struct reading r = {.rows = rows, .history = history, .origin.host = host};
	int err = -ENOMEM;

	ilp_clear(&rows->ilp);
	rows->position = position;
	rows->refused_cnt = 0;
	questdb_group_init(&r.group, QUESTDB_BUFFER_BYTES);
	r.window = calloc(1, sizeof(*r.window));
	if (r.window) {
		window_init(r.window);
		err = read_stream(&r, stream);
	}
	free(r.window);
	questdb_group_fini(&r.group);
	return err;
}

bool questdb_rows_sent(struct questdb_rows *rows)
{
	if (++rows->part_idx < rows->part_cnt)
		return false;
	questdb_rows_restart(rows);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of QuestDB -> windows and values, as if they were read from a history. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/time_units.h"
#include "cli/query_fleet.h"
#include "measure/packed.h"
#include "sink/questdb_answer.h"

/* Rows have up to 128 numbers each, and a series has them for some octaves of each step. */
#define SERIES_STEPS_MAX 4096		    /* of one statement: answers of some ten megabytes */
#define COUNT_MAX	 9007199254740992.0 /* 2^53: up to here DOUBLE[] has every number */

enum {
	CELL_STEP = QUERY_FLEET_SERIES_CELLS,
	CELL_OCTAVE,
	CELL_COUNTS,
	CELL_ERRORS,
	CELL_SUM,
	CELL_MIN,
	CELL_MAX,
	CELL_LOST,
	CELL_TIME,
};
enum {
	CELL_PART_CNT = QUERY_FLEET_SERIES_CELLS + 1,
	CELL_VALUE_SUM,
	CELL_VALUE_MIN,
	CELL_VALUE_MAX,
	CELL_VALUE_LAST,
};

/* What one reading has beside the source. */
struct reading {
	struct query_fleet *fleet;
	const struct query_fleet_part *part;
	uint64_t step_idx; /* of the row before */
	struct window *window;
	uint8_t *packed;
	union {
		history_window_fn window_fn;
		history_value_fn value_fn;
	};
	void *context;
};

typedef int (*row_fn)(struct reading *r, const json_t *row, size_t series_idx,
		      uint64_t start_wall_ns, struct fault *why);

static int refuse(struct fault *why)
{
	return fault_set(why, -EPROTO, "its rows have other values in them than asked for");
}

static bool take_counts(struct window *w, uint64_t octave, const json_t *counts)
{
	const json_t *cell;
	size_t i;

	if (!json_is_null(counts) && (!json_is_array(counts) || octave >= TS_OCTAVE_CNT ||
				      json_array_size(counts) > TS_BUCKET_SUB_CNT))
		return false;
	json_array_foreach(counts, i, cell)
	{
		double count = json_number_value(cell);

		if (!json_is_number(cell) || !(count >= 0 && count <= COUNT_MAX) ||
		    count != floor(count))
			return false;
		w->buckets[octave * TS_BUCKET_SUB_CNT + i] = (uint64_t)count;
		w->count += (uint64_t)count;
	}
	if (i)
		w->octaves = 1ULL << octave;
	return true;
}

/* One octave of a series, and what all its windows have once. */
static bool take_window(struct window *w, const json_t *row)
{
	uint64_t octave, min_ns;
	bool is_null, has_min;

	window_clear(w);
	if (!questdb_answer_count(row, CELL_OCTAVE, &octave, &is_null) || is_null ||
	    !take_counts(w, octave, json_array_get(row, CELL_COUNTS)) ||
	    !questdb_answer_count(row, CELL_ERRORS, &w->errors, &is_null) ||
	    !questdb_answer_count(row, CELL_SUM, &w->sum_ns, &is_null) ||
	    !questdb_answer_count(row, CELL_MIN, &min_ns, &has_min) ||
	    !questdb_answer_count(row, CELL_MAX, &w->max_ns, &is_null) ||
	    !questdb_answer_count(row, CELL_LOST, &w->lost, &is_null) ||
	    !questdb_answer_count(row, CELL_TIME, &w->duration_ns, &is_null))
		return false;
	if (!has_min)
		w->min_ns = min_ns;
	return true;
}

static int take_window_row(struct reading *r, const json_t *row, size_t series_idx,
			   uint64_t start_wall_ns, struct fault *why)
{
	struct history_window window = {
		.series_idx = series_idx,
		.start_wall_ns = start_wall_ns,
		.resolution_ns = NS_PER_MINUTE,
		.packed = r->packed,
		.probe = "",
	};
	int bytes;

	if (!take_window(r->window, row))
		return refuse(why);
	bytes = packed_write(r->window, r->packed, PACKED_MAX_BYTES);
	if (bytes < 0)
		return refuse(why);
	window.packed_bytes = (size_t)bytes;
	return r->window_fn(r->context, &window);
}

static int take_value_row(struct reading *r, const json_t *row, size_t series_idx,
			  uint64_t start_wall_ns, struct fault *why)
{
	struct history_value value = {
		.series_idx = series_idx,
		.start_wall_ns = start_wall_ns,
		.resolution_ns = NS_PER_MINUTE,
	};
	bool is_null;

	if (!questdb_answer_count(row, CELL_PART_CNT, &value.part_cnt, &is_null) ||
	    !questdb_answer_double(row, CELL_VALUE_SUM, &value.sum) ||
	    !questdb_answer_double(row, CELL_VALUE_MIN, &value.min) ||
	    !questdb_answer_double(row, CELL_VALUE_MAX, &value.max) ||
	    !questdb_answer_double(row, CELL_VALUE_LAST, &value.last))
		return refuse(why);
	return r->value_fn(r->context, &value);
}

/* Where the row's step begins. Steps come in their order, and within what was asked for. */
static bool take_step(struct reading *r, const json_t *row, uint64_t *ret_start_wall_ns)
{
	uint64_t step_ns = r->fleet->query->span.step_ns, step_idx;
	bool is_null;

	if (!questdb_answer_count(row, CELL_STEP, &step_idx, &is_null) || is_null ||
	    step_idx < r->step_idx)
		return false;
	r->step_idx = step_idx;
	if (!step_ns) {
		*ret_start_wall_ns = r->part->since_wall_ns;
		return step_idx == 0;
	}
	if (step_idx < r->part->since_wall_ns / step_ns ||
	    step_idx > r->part->until_wall_ns / step_ns)
		return false;
	*ret_start_wall_ns = step_idx * step_ns;
	return true;
}

static int take_row(struct reading *r, row_fn take, const json_t *row, struct fault *why)
{
	struct query_fleet *f = r->fleet;
	char labels[LABELS_TEXT_BYTES];
	struct history_series series, *found;
	uint64_t start_wall_ns;
	int passes = query_fleet_series(f, row, &series, labels, why);

	if (passes < 0)
		return passes;
	if (!take_step(r, row, &start_wall_ns))
		return refuse(why);
	/* One that came up after the list was made is of no row. */
	found = passes ? bsearch(&series, f->list.items, f->list.cnt, sizeof(series),
				 query_fleet_compare)
		       : NULL;
	return found ? take(r, row, (size_t)(found - f->list.items), start_wall_ns, why) : 0;
}

static int read_chunk(struct reading *r, row_fn take, struct fault *why)
{
	const struct query *q = r->fleet->query;
	bool is_value = q->filter.is_value;
	json_t *rows, *row;
	size_t i;
	int err = query_fleet_ask(
		r->fleet,
		is_value ? query_fleet_sql_values(q, r->part) : query_fleet_sql_windows(q, r->part),
		is_value ? QUERY_FLEET_VALUE_CELLS : QUERY_FLEET_WINDOW_CELLS, &rows, why);

	if (err)
		return err;
	r->step_idx = 0;
	json_array_foreach(rows, i, row)
	{
		err = take_row(r, take, row, why);
		if (err)
			break;
	}
	json_decref(rows);
	return err;
}

/* As many whole steps at a time as make an answer of bounded length. */
static int read_part(struct reading *r, const struct query_fleet_part *part, row_fn take,
		     struct fault *why)
{
	size_t step_cnt = SERIES_STEPS_MAX / r->fleet->list.cnt + 1;
	uint64_t step_ns = r->fleet->query->span.step_ns;
	struct query_fleet_part chunk = *part;
	int err = 0;

	r->part = &chunk;
	while (!err && chunk.since_wall_ns < part->until_wall_ns) {
		chunk.until_wall_ns = part->until_wall_ns;
		if (step_ns && (part->until_wall_ns - chunk.since_wall_ns) / step_ns > step_cnt)
			chunk.until_wall_ns = (chunk.since_wall_ns / step_ns + step_cnt) * step_ns;
		err = read_chunk(r, take, why);
		chunk.since_wall_ns = chunk.until_wall_ns;
	}
	r->part = NULL;
	return err;
}

static int read_all(struct reading *r, row_fn take, struct fault *why)
{
	struct query_fleet_part parts[QUERY_FLEET_PART_MAX];
	size_t cnt = r->fleet->list.cnt ? query_fleet_parts(r->fleet, parts) : 0;
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++)
		err = read_part(r, &parts[i], take, why);
	return err;
}

int query_fleet_read_windows(void *state, history_window_fn fn, void *context, struct fault *why)
{
	struct reading r = {
		.fleet = state,
		.window = calloc(1, sizeof(*r.window)),
		.packed = malloc(PACKED_MAX_BYTES),
		.window_fn = fn,
		.context = context,
	};
	int err = -ENOMEM;

	if (r.window && r.packed) {
		window_init(r.window);
		err = read_all(&r, take_window_row, why);
	}
	free(r.window);
	free(r.packed);
	return err;
}

int query_fleet_read_values(void *state, history_value_fn fn, void *context, struct fault *why)
{
	struct reading r = {.fleet = state, .value_fn = fn, .context = context};

	return read_all(&r, take_value_row, why);
}

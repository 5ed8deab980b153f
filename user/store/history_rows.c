/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A span is read as pieces, each of one resolution. Rows are in order of time, then series: of a
 * piece, those of other series are skipped by seeking once they are many.
 */
#include <errno.h>
#include <stdlib.h>

#include "store/history_internal.h"

#define MISS_MAX                                                                        \
	16 /* rows of other series in a row: a seek costs about as much as reading them \
	    */

struct piece {
	int resolution;
	uint64_t from_ns;
	uint64_t to_ns;
};

struct plan {
	struct history_span span;
	uint64_t kept_ns[DATABASE_RESOLUTION_CNT];
};

static uint64_t floor_to(uint64_t ns, uint64_t unit_ns)
{
	return ns - ns % unit_ns;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Steps begin at multiples of the resolution. */
static bool fits_step(const struct plan *p, int resolution)
{
	return p->span.step_ns % database_resolution_ns[resolution] == 0;
}

static int finest_at(const struct plan *p, uint64_t at_ns)
{
	for (int i = DATABASE_10S; i < DATABASE_1H; i++) {
		if (at_ns >= p->kept_ns[i])
			return i;
	}
	return DATABASE_1H;
}

/* The piece of this resolution ends where a coarser one can go on. */
static uint64_t coarser_from(const struct plan *p, int resolution, uint64_t at_ns)
{
	uint64_t unit_ns;

	if (resolution == DATABASE_1H || !fits_step(p, resolution + 1))
		return UINT64_MAX;
	unit_ns = database_resolution_ns[resolution + 1];
	return floor_to(at_ns, unit_ns) + unit_ns;
}

/* The piece that begins at at_ns, before the end of the span. */
static struct piece piece_at(const struct plan *p, uint64_t at_ns)
{
	int finest = finest_at(p, at_ns);
	struct piece piece = {finest, at_ns, p->span.until_wall_ns};

	for (int i = DATABASE_1H; i > finest; i--) {
		uint64_t unit_ns = database_resolution_ns[i];

		if (!fits_step(p, i) || at_ns % unit_ns || at_ns < p->kept_ns[i] ||
		    p->span.until_wall_ns - at_ns < unit_ns)
			continue;
		piece.resolution = i;
		piece.to_ns =
			least(floor_to(p->span.until_wall_ns, unit_ns), coarser_from(p, i, at_ns));
		return piece;
	}
	piece.to_ns = least(piece.to_ns, coarser_from(p, finest, at_ns));
	/* From there on finer ones are kept. */
	if (finest > DATABASE_10S)
		piece.to_ns = least(piece.to_ns, p->kept_ns[finest - 1]);
	return piece;
}

/* The rows of series in a list, in order. */
struct wanted {
	int64_t row;
	size_t idx;
};

static int compare_wanted(const void *left, const void *right)
{
	int64_t a = ((const struct wanted *)left)->row, b = ((const struct wanted *)right)->row;

	return a < b ? -1 : a > b;
}

/* How a table's row is told. */
struct reading {
	struct history *history;
	sqlite3_stmt *statement;
	struct wanted *wanted;
	size_t wanted_cnt;
	int (*tell)(const struct reading *r, size_t series_idx, int resolution);
	history_window_fn window_fn;
	history_value_fn value_fn;
	void *context;
};

/* The first that is wanted at or after this row; wanted_cnt: none. */
static size_t find_wanted(const struct reading *r, int64_t row)
{
	size_t low = 0, high = r->wanted_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->wanted[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void seek(const struct reading *r, const struct piece *piece, int64_t start_ns,
		 int64_t series)
{
	sqlite3_reset(r->statement);
	sqlite3_bind_int(r->statement, 1, piece->resolution);
	sqlite3_bind_int64(r->statement, 2, start_ns);
	sqlite3_bind_int64(r->statement, 3, series);
	sqlite3_bind_int64(r->statement, 4, history_time(piece->to_ns));
}

static int read_piece(const struct reading *r, const struct piece *piece)
{
	size_t misses = 0;
	int code, err = 0;

	seek(r, piece, history_time(piece->from_ns), r->wanted[0].row);
	while (!err && (code = sqlite3_step(r->statement)) == SQLITE_ROW) {
		int64_t start_ns = sqlite3_column_int64(r->statement, 0);
		int64_t series = sqlite3_column_int64(r->statement, 1);
		size_t at = find_wanted(r, series);

		if (at < r->wanted_cnt && r->wanted[at].row == series) {
			misses = 0;
			err = r->tell(r, r->wanted[at].idx, piece->resolution);
		} else if (++misses == MISS_MAX) {
			misses = 0;
			if (at < r->wanted_cnt)
				seek(r, piece, start_ns, r->wanted[at].row);
			else
				seek(r, piece, start_ns + 1, r->wanted[0].row);
		}
	}
	if (!err && code != SQLITE_DONE)
		err = database_error(r->history->db, &r->history->why);
	sqlite3_reset(r->statement);
	return err;
}

static int read_span(struct reading *r, const struct history_list *list,
		     const struct history_span *span)
{
	struct plan p = {.span = *span};
	int err = history_kept(r->history, p.kept_ns);

	if (err || !list->cnt)
		return err;
	p.span.until_wall_ns = least(span->until_wall_ns, INT64_MAX);
	r->wanted_cnt = list->cnt;
	r->wanted = calloc(list->cnt, sizeof(*r->wanted));
	if (!r->wanted)
		return fault_set(&r->history->why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < list->cnt; i++)
		r->wanted[i] = (struct wanted){list->items[i].row, i};
	qsort(r->wanted, list->cnt, sizeof(*r->wanted), compare_wanted);
	for (uint64_t at = span->since_wall_ns; !err && at < p.span.until_wall_ns;) {
		struct piece piece = piece_at(&p, at);

		err = read_piece(r, &piece);
		at = piece.to_ns;
	}
	free(r->wanted);
	return err;
}

/* The first rows at or after (start, series): rows of this comparison are in the key's order. */
#define IN_PIECE "resolution = ? AND (start_ns, series) >= (?, ?) AND start_ns < ? "

static int tell_window(const struct reading *r, size_t series_idx, int resolution)
{
	sqlite3_stmt *s = r->statement;
	const char *probe = (const char *)sqlite3_column_text(s, 3);
	const struct history_window w = {
		.series_idx = series_idx,
		.start_wall_ns = (uint64_t)sqlite3_column_int64(s, 0),
		.resolution_ns = database_resolution_ns[resolution],
		.packed = sqlite3_column_blob(s, 2),
		.packed_bytes = (size_t)sqlite3_column_bytes(s, 2),
		.probe = probe ? probe : "",
		.probe_cost_ns = (uint64_t)sqlite3_column_int64(s, 4),
		.probe_inner_ns = (uint64_t)sqlite3_column_int64(s, 5),
	};

	return r->window_fn(r->context, &w);
}

int history_windows(struct history *history, const struct history_list *list,
		    const struct history_span *span, history_window_fn fn, void *context)
{
	struct reading r = {
		.history = history, .tell = tell_window, .window_fn = fn, .context = context};
	int err = database_prepare(
		history->db,
		"SELECT start_ns, series, data, text, cost_ns, inner_ns FROM window "
		"LEFT JOIN probe ON probe.id = window.probe WHERE " IN_PIECE
		"ORDER BY start_ns, series, batch",
		&r.statement, &history->why);

	if (!err)
		err = read_span(&r, list, span);
	sqlite3_finalize(r.statement);
	return err;
}

static int tell_value(const struct reading *r, size_t series_idx, int resolution)
{
	sqlite3_stmt *s = r->statement;
	const struct history_value v = {
		.series_idx = series_idx,
		.start_wall_ns = (uint64_t)sqlite3_column_int64(s, 0),
		.resolution_ns = database_resolution_ns[resolution],
		.part_cnt = (uint64_t)sqlite3_column_int64(s, 2),
		.sum = sqlite3_column_double(s, 3),
		.min = sqlite3_column_double(s, 4),
		.max = sqlite3_column_double(s, 5),
		.last = sqlite3_column_double(s, 6),
	};

	return r->value_fn(r->context, &v);
}

int history_values(struct history *history, const struct history_list *list,
		   const struct history_span *span, history_value_fn fn, void *context)
{
	struct reading r = {
		.history = history, .tell = tell_value, .value_fn = fn, .context = context};
	int err = database_prepare(history->db,
				   "SELECT start_ns, series, cnt, sum, min, max, last FROM value "
				   "WHERE " IN_PIECE "ORDER BY start_ns, series, batch",
				   &r.statement, &history->why);

	if (!err)
		err = read_span(&r, list, span);
	sqlite3_finalize(r.statement);
	return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window is written three times: as it is, and merged into its minute and its hour. So coarser
 * windows are always the sum of the finer ones, whenever the agent ends.
 */
#include <errno.h>
#include <string.h>

#include "base/time_units.h"
#include "store/internal.h"

#define SEEN_EVERY_NS (3600 * NS_PER_S) /* how exactly series.last_ns is kept */

static void bind_texts(sqlite3_stmt *s, const char *const *strings, int cnt)
{
	for (int i = 0; i < cnt; i++)
		sqlite3_bind_text(s, i + 1, strings[i], -1, SQLITE_STATIC);
}

/* The first column of a row as *ret_id. 1; 0: no row. Reset by the caller. */
static int find(struct writer *w, int idx, int64_t *ret_id, struct fault *why)
{
	int code = sqlite3_step(w->statements[idx]);

	if (code == SQLITE_DONE)
		return 0;
	if (code != SQLITE_ROW)
		return database_error(w->db, why);
	*ret_id = sqlite3_column_int64(w->statements[idx], 0);
	return 1;
}

int writer_rows_add(struct writer *w, int idx, int64_t *ret_id, struct fault *why)
{
	int err = database_run(w->statements[idx], why);

	if (!err)
		*ret_id = sqlite3_last_insert_rowid(w->db);
	return err;
}

static int touch_series(struct writer *w, int64_t id, uint64_t start_ns, struct fault *why)
{
	sqlite3_stmt *s = w->statements[TOUCH_SERIES];

	sqlite3_bind_int64(s, 1, (int64_t)start_ns);
	sqlite3_bind_int64(s, 2, id);
	return database_run(s, why);
}

/* identity: target, operation, kind, labels, name. */
static int series_row(struct writer *w, const char *const identity[5], uint64_t start_ns,
		      int64_t *ret_id, struct fault *why)
{
	sqlite3_stmt *s = w->statements[FIND_SERIES];
	uint64_t last_ns = 0;
	int found;

	bind_texts(s, identity, 5);
	found = find(w, FIND_SERIES, ret_id, why);
	if (found > 0)
		last_ns = (uint64_t)sqlite3_column_int64(s, 1);
	sqlite3_reset(s);
	if (found < 0)
		return found;
	if (found)
		return last_ns + SEEN_EVERY_NS < start_ns ? touch_series(w, *ret_id, start_ns, why)
							  : 0;
	s = w->statements[ADD_SERIES];
	bind_texts(s, identity, 5);
	sqlite3_bind_int64(s, 6, (int64_t)start_ns);
	return writer_rows_add(w, ADD_SERIES, ret_id, why);
}

static int probe_row(struct writer *w, const char *text, const struct writer_record *r,
		     int64_t *ret_id, struct fault *why)
{
	int found = 0;

	for (int idx = FIND_PROBE; idx <= ADD_PROBE; idx++) {
		bind_texts(w->statements[idx], &text, 1);
		sqlite3_bind_int64(w->statements[idx], 2, (int64_t)r->probe_cost_ns);
		sqlite3_bind_int64(w->statements[idx], 3, (int64_t)r->probe_inner_ns);
	}
	found = find(w, FIND_PROBE, ret_id, why);
	sqlite3_reset(w->statements[FIND_PROBE]);
	return found ? (found < 0 ? found : 0) : writer_rows_add(w, ADD_PROBE, ret_id, why);
}

static void bind_place(sqlite3_stmt *s, int resolution, const struct place *at)
{
	uint64_t length_ns = database_resolution_ns[resolution];
	uint64_t start_ns =
		resolution == DATABASE_10S ? at->start_ns : at->start_ns - at->start_ns % length_ns;

	sqlite3_bind_int64(s, 1, resolution);
	sqlite3_bind_int64(s, 2, (int64_t)start_ns);
	sqlite3_bind_int64(s, 3, at->series);
	if (sqlite3_bind_parameter_count(s) > 3)
		sqlite3_bind_int64(s, 4, resolution == DATABASE_10S ? at->batch : 0);
}

static int put_window(struct writer *w, int64_t probe, const void *packed, size_t packed_bytes,
		      struct fault *why)
{
	sqlite3_stmt *s = w->statements[PUT_WINDOW];

	sqlite3_bind_int64(s, 5, probe);
	sqlite3_bind_blob64(s, 6, packed, packed_bytes, SQLITE_STATIC);
	return database_run(s, why);
}

/* Adds the window to what its minute or hour has. A coarser one that is damaged begins anew. */
static int merge_window(struct writer *w, const void *packed, size_t packed_bytes,
			struct fault *why)
{
	sqlite3_stmt *s = w->statements[FIND_WINDOW];
	int64_t ignored;
	int found;

	window_clear(&w->merged);
	found = find(w, FIND_WINDOW, &ignored, why);
	if (found > 0 &&
	    packed_merge(&w->merged, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)))
		w->damaged_cnt++;
	sqlite3_reset(s);
	if (found < 0)
		return found;
	if (packed_merge(&w->merged, packed, packed_bytes))
		return fault_set(why, -EINVAL, "a window was damaged in memory");
	return packed_write(&w->merged, w->packed, sizeof(w->packed));
}

int writer_rows_window(struct writer *w, const struct writer_record *r, const char *const *strings,
		       const struct place *batch, struct fault *why)
{
	const char *identity[5] = {strings[0], strings[1], strings[2], strings[3], ""};
	const char *packed = strings[4] + strlen(strings[4]) + 1;
	struct place at = *batch;
	int64_t probe = 0;
	int err = series_row(w, identity, at.start_ns, &at.series, why);

	if (!err)
		err = probe_row(w, strings[4], r, &probe, why);
	if (err)
		return err;
	bind_place(w->statements[PUT_WINDOW], DATABASE_10S, &at);
	err = put_window(w, probe, packed, r->packed_bytes, why);
	for (int i = DATABASE_1M; !err && i < DATABASE_RESOLUTION_CNT; i++) {
		int bytes;

		bind_place(w->statements[FIND_WINDOW], i, &at);
		bind_place(w->statements[PUT_WINDOW], i, &at);
		bytes = merge_window(w, packed, r->packed_bytes, why);
		err = bytes < 0 ? bytes : put_window(w, probe, w->packed, (size_t)bytes, why);
	}
	return err;
}

int writer_rows_value(struct writer *w, const struct writer_record *r, const char *const *strings,
		      const struct place *batch, struct fault *why)
{
	sqlite3_stmt *s = w->statements[PUT_VALUE];
	struct place at = *batch;
	int err = series_row(w, strings, at.start_ns, &at.series, why);

	sqlite3_bind_double(s, 5, r->value.mean);
	sqlite3_bind_double(s, 6, r->value.min);
	sqlite3_bind_double(s, 7, r->value.max);
	sqlite3_bind_double(s, 8, r->value.last);
	for (int i = DATABASE_10S; !err && i < DATABASE_RESOLUTION_CNT; i++) {
		bind_place(s, i, &at);
		err = database_run(s, why);
	}
	return err;
}

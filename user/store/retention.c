/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oldest rows of a resolution go, at most ROW_MAX at a time, and kept.from_ns says up to where
 * it is no longer whole: readers take coarser windows there. It follows what was removed, not the
 * clock, so that a clock that was wrong for a while hides nothing.
 */
#include <stdbool.h>

#include "store/database.h"
#include "store/retention.h"

#define ROW_MAX	     2000 /* of one table: more than 200 series bring in 10 s, milliseconds of work */
#define VACUUM_PAGES 512 /* given back at a time: 2 MiB */
/* Free pages of a file that neither grows nor shrinks are used again; more than this share of it
 * are given back. */
#define FREE_SHARE 8
#define FREE_MIN   256

struct bound {
	int resolution;
	uint64_t before_ns; /* rows that began earlier may go */
};

#define PARAMETER_MAX 3

static int step_number(sqlite3 *db, const char *sql, const int64_t parameters[static PARAMETER_MAX],
		       int64_t *ret_number, struct fault *why)
{
	sqlite3_stmt *s;
	int code, err = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL))
		return database_error(db, why);
	for (int i = 0; i < PARAMETER_MAX && i < sqlite3_bind_parameter_count(s); i++)
		sqlite3_bind_int64(s, i + 1, parameters[i]);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(s, 0);
	else if (code != SQLITE_DONE)
		err = database_error(db, why);
	sqlite3_finalize(s);
	return err;
}

static const char *const nth_start[] = {
	"SELECT start_ns FROM window WHERE resolution = ? AND start_ns < ? ORDER BY start_ns LIMIT "
	"1 OFFSET ?",
	"SELECT start_ns FROM value WHERE resolution = ? AND start_ns < ? ORDER BY start_ns LIMIT "
	"1 OFFSET ?",
};
static const char last_start[] =
	"SELECT max(ifnull(a, -1), ifnull(b, -1)) FROM"
	" (SELECT max(start_ns) AS a FROM window WHERE resolution = ?1 AND start_ns < ?2),"
	" (SELECT max(start_ns) AS b FROM value WHERE resolution = ?1 AND start_ns < ?2)";

/* The start of the newest row that goes now; -1: none does. */
static int newest_to_go(sqlite3 *db, const struct bound *b, int64_t *ret_start_ns,
			struct fault *why)
{
	const int64_t parameters[PARAMETER_MAX] = {b->resolution, (int64_t)b->before_ns,
						   ROW_MAX - 1};
	int64_t newest_ns = INT64_MAX;
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(nth_start) / sizeof(nth_start[0]); i++) {
		int64_t start_ns = INT64_MAX;

		err = step_number(db, nth_start[i], parameters, &start_ns, why);
		newest_ns = start_ns < newest_ns ? start_ns : newest_ns;
	}
	if (!err && newest_ns == INT64_MAX)
		err = step_number(db, last_start, parameters, &newest_ns, why);
	if (!err)
		*ret_start_ns = newest_ns;
	return err;
}

/* Up to which time a resolution is no longer whole when this start is gone: a window of the next
 * coarser one is either made of what is kept, or it is not. */
static uint64_t whole_from(int resolution, uint64_t start_ns)
{
	int coarser = resolution < DATABASE_1H ? resolution + 1 : DATABASE_1H;
	uint64_t length_ns = database_resolution_ns[coarser];

	return start_ns - start_ns % length_ns + length_ns;
}

static int remove_old(sqlite3 *db, const struct bound *b, bool *ret_removed, struct fault *why)
{
	int64_t parameters[PARAMETER_MAX] = {b->resolution, -1}, ignored;
	int err = newest_to_go(db, b, &parameters[1], why);

	*ret_removed = !err && parameters[1] >= 0;
	if (!*ret_removed)
		return err;
	err = step_number(db, "DELETE FROM window WHERE resolution = ? AND start_ns <= ?",
			  parameters, &ignored, why);
	if (!err)
		err = step_number(db, "DELETE FROM value WHERE resolution = ? AND start_ns <= ?",
				  parameters, &ignored, why);
	if (!err && b->resolution == DATABASE_10S)
		err = step_number(db, "DELETE FROM batch WHERE start_ns <= ?2", parameters,
				  &ignored, why);
	parameters[1] = (int64_t)whole_from(b->resolution, (uint64_t)parameters[1]);
	if (!err)
		err = step_number(
			db, "UPDATE kept SET from_ns = max(from_ns, ?2) WHERE resolution = ?1",
			parameters, &ignored, why);
	return err;
}

/* What no row can name any more. The last time of a series is kept to the hour, and its last hour
 * began before. */
static int remove_names(sqlite3 *db, struct fault *why)
{
	const int64_t parameters[PARAMETER_MAX] = {2 * (int64_t)database_resolution_ns[DATABASE_1H],
						   ROW_MAX};
	int64_t ignored;
	int err = step_number(db,
			      "DELETE FROM series WHERE id IN (SELECT id FROM series WHERE last_ns "
			      "+ ? < (SELECT min(from_ns) FROM kept) LIMIT ?)",
			      parameters, &ignored, why);

	if (err)
		return err;
	return step_number(db,
			   "DELETE FROM run WHERE id < (SELECT max(id) FROM run) AND id NOT IN "
			   "(SELECT run FROM batch)",
			   parameters, &ignored, why);
}

static int remove_expired(sqlite3 *db, const struct config_history *keep, uint64_t now_ns,
			  struct fault *why)
{
	const uint64_t keep_ns[DATABASE_RESOLUTION_CNT] = {
		[DATABASE_10S] = keep->keep_10s_ns,
		[DATABASE_1M] = keep->keep_1m_ns,
		[DATABASE_1H] = keep->keep_1h_ns,
	};
	int err = 0;

	for (int i = 0; !err && i < DATABASE_RESOLUTION_CNT; i++) {
		struct bound b = {i, now_ns > keep_ns[i] ? now_ns - keep_ns[i] : 0};
		bool is_removed;

		/* Whole windows of the coarser resolution, so that none is read half. */
		if (i < DATABASE_1H)
			b.before_ns -= b.before_ns % database_resolution_ns[i + 1];
		err = remove_old(db, &b, &is_removed, why);
		if (!err && is_removed && i == DATABASE_1H)
			err = remove_names(db, why);
	}
	return err;
}

/* The oldest of the finest that has any, but never of the hour that runs. */
static int remove_excess(sqlite3 *db, uint64_t now_ns, struct fault *why)
{
	bool is_removed = false;
	int err = 0;

	for (int i = 0; !err && !is_removed && i < DATABASE_RESOLUTION_CNT; i++) {
		int coarser = i < DATABASE_1H ? i + 1 : i;
		struct bound b = {i, now_ns - now_ns % database_resolution_ns[coarser]};

		err = remove_old(db, &b, &is_removed, why);
	}
	return err;
}

static int give_back(sqlite3 *db, bool is_too_large, int64_t pages, struct fault *why)
{
	int64_t free_pages = 0;
	int err = database_number(db, "PRAGMA freelist_count", &free_pages, why);

	if (err || !free_pages || (!is_too_large && free_pages < pages / FREE_SHARE + FREE_MIN))
		return err;
	return database_exec(db, "PRAGMA incremental_vacuum(512)", why);
}
_Static_assert(VACUUM_PAGES == 512, "SQL takes no parameter there");

static int step(sqlite3 *db, const struct config_history *keep, uint64_t now_ns, struct fault *why)
{
	int64_t pages = 0, free_pages = 0, page_bytes = 0;
	int err = remove_expired(db, keep, now_ns, why);
	uint64_t max_pages;
	bool is_too_large;

	if (!err)
		err = database_number(db, "PRAGMA page_count", &pages, why);
	if (!err)
		err = database_number(db, "PRAGMA freelist_count", &free_pages, why);
	if (!err)
		err = database_number(db, "PRAGMA page_size", &page_bytes, why);
	if (err)
		return err;
	max_pages = keep->max_bytes / (uint64_t)(page_bytes ? page_bytes : 1);
	is_too_large = (uint64_t)pages > max_pages;
	if ((uint64_t)(pages - free_pages) > max_pages)
		err = remove_excess(db, now_ns, why);
	return err ? err : give_back(db, is_too_large, pages, why);
}

int retention_step(sqlite3 *db, const struct config_history *keep, uint64_t now_wall_ns,
		   struct fault *why)
{
	int err = database_exec(db, "BEGIN IMMEDIATE", why);

	if (err)
		return err;
	err = step(db, keep, now_wall_ns, why);
	if (!err)
		err = database_exec(db, "COMMIT", why);
	if (err)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

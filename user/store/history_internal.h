/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of history.h share. */
#ifndef TICKSCOPE_STORE_HISTORY_INTERNAL_H
#define TICKSCOPE_STORE_HISTORY_INTERNAL_H

#include "store/database.h"
#include "store/history.h"

struct history {
	sqlite3 *db;
	struct fault why;
};

/* From when on each resolution is whole. */
int history_kept(struct history *h, uint64_t ret_from_ns[static DATABASE_RESOLUTION_CNT]);

static inline const char *history_text(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text ? text : "";
}

/* SQLite's integers are signed. */
static inline int64_t history_time(uint64_t wall_ns)
{
	return wall_ns > INT64_MAX ? INT64_MAX : (int64_t)wall_ns;
}

#endif

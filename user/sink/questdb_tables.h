/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables and materialized views that tickscope keeps in QuestDB: their columns in one place,
 * for whoever makes, checks, fills or reads them. Each table has beside its columns the designated
 * timestamp, which is a key of its deduplication.
 */
#ifndef TICKSCOPE_SINK_QUESTDB_TABLES_H
#define TICKSCOPE_SINK_QUESTDB_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

/* What knows DOUBLE[] and array_elem_sum(). */
#define QUESTDB_OLDEST "9.3.4"

#define QUESTDB_TIMESTAMP "timestamp" /* column of each table: what ILP calls it, too */

enum questdb_type {
	QUESTDB_SYMBOL = 1,
	QUESTDB_LONG,
	QUESTDB_DOUBLE,
	QUESTDB_DOUBLES, /* DOUBLE[] */
	QUESTDB_TEXT,	 /* VARCHAR */
	QUESTDB_TIME,	 /* TIMESTAMP, of microseconds */
};
/* "SYMBOL" … as SQL writes it and the server shows it. */
const char *questdb_type_name(enum questdb_type type);

struct questdb_column {
	const char *name;
	enum questdb_type type;
	bool is_key; /* of the deduplication: it tells rows of one timestamp apart */
};

enum questdb_table_idx {
	QUESTDB_LATENCY,
	QUESTDB_BUCKET,
	QUESTDB_VALUE,
	QUESTDB_EVENT,
	QUESTDB_ALERT,
	QUESTDB_TABLE_CNT
};

struct questdb_table {
	const char *name;
	const char *partition; /* "MONTH" */
	const char *ttl;       /* "12 MONTHS": whole partitions */
	const struct questdb_column *columns;
	size_t column_cnt;
};
extern const struct questdb_table questdb_tables[QUESTDB_TABLE_CNT];

/* NULL: it has none of that name. */
const struct questdb_column *questdb_table_column(const struct questdb_table *table,
						  const char *name);

/* Labels that have a column of their own in tickscope_latency, and which. */
struct questdb_label {
	const char *label;
	const char *column;
};
#define QUESTDB_LABEL_CNT 15
extern const struct questdb_label questdb_labels[QUESTDB_LABEL_CNT];

/* A view sums rows up by the hour, over all runs. */
struct questdb_view {
	const char *name;
	enum questdb_table_idx base;
	const char *query;
	const char *partition;
	const char *ttl;
	/* Rows that come later than this are left out: the base may have dropped what else is of
	 * their hour, which would then be summed up anew without it. Shorter than the base's TTL.
	 */
	const char *limit;
};

enum questdb_view_idx { QUESTDB_LATENCY_1H, QUESTDB_BUCKET_1H, QUESTDB_VIEW_CNT };
extern const struct questdb_view questdb_views[QUESTDB_VIEW_CNT];

#define QUESTDB_STATEMENT_BYTES 4096 /* room for the longest statement that makes one of these */

/* "CREATE TABLE IF NOT EXISTS …", without an end sign; returns `text`. */
const char *questdb_table_create(const struct questdb_table *table,
				 char text[static QUESTDB_STATEMENT_BYTES]);
const char *questdb_view_create(const struct questdb_view *view,
				char text[static QUESTDB_STATEMENT_BYTES]);

#endif

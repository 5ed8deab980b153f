/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the query's source of several hosts: what it asks QuestDB, and makes of the rows. */
#ifndef TICKSCOPE_CLI_QUERY_FLEET_H
#define TICKSCOPE_CLI_QUERY_FLEET_H

#include <jansson.h>

#include "cli/query_source.h"
#include "sink/http.h"

struct query_fleet {
	struct query *query;
	struct http *http;
	char *url; /* for messages */
	struct history_list list;
	size_t list_room_cnt;
	uint64_t asked_until_wall_ns; /* before it was cut */
	uint64_t oldest_wall_ns;      /* of what is there; 0: nothing is */
	uint64_t newest_wall_ns;
	uint64_t finest_from_wall_ns; /* what began earlier is kept by the hour only; 0: all is */
};

/* A table, or view, and the time that is read of it. */
struct query_fleet_part {
	const char *table;
	uint64_t since_wall_ns;
	uint64_t until_wall_ns;
};
#define QUERY_FLEET_PART_MAX 2
/* What the span is put together from, the oldest first; how many. */
size_t query_fleet_parts(const struct query_fleet *f,
			 struct query_fleet_part parts[static QUERY_FLEET_PART_MAX]);

/* Cells of every row that is of a series: host (or NULL), target, operation, kind, labels, name. */
#define QUERY_FLEET_SERIES_CELLS 6
/* The series of a row that passes: 1, 0, or -EPROTO. `labels` are those of the answer's row. */
int query_fleet_series(const struct query_fleet *f, const json_t *row,
		       struct history_series *ret_series, char labels[static LABELS_TEXT_BYTES],
		       struct fault *why);
/* In the order of lists. */
int query_fleet_compare(const void *series, const void *other);

/* --- query_fleet_sql.c: statements; heap, of the caller; NULL: no memory --------------------- */

/* min and max of all timestamps, in microseconds. */
char *query_fleet_sql_extent(const struct query *q);
/* The series that are there. */
char *query_fleet_sql_list(const struct query *q, const struct query_fleet_part *part);
/* Of each series, step and octave: the step's number, octave, counts, errors, sum, min, max, lost,
 * time; in order of steps. */
#define QUERY_FLEET_WINDOW_CELLS (QUERY_FLEET_SERIES_CELLS + 9)
char *query_fleet_sql_windows(const struct query *q, const struct query_fleet_part *part);
/* Of each series and step: the step's number, count, sum of means, min, max, last. */
#define QUERY_FLEET_VALUE_CELLS (QUERY_FLEET_SERIES_CELLS + 6)
char *query_fleet_sql_values(const struct query *q, const struct query_fleet_part *part);

/* --- query_fleet_read.c: as struct query_source ---------------------------------------------- */

int query_fleet_read_windows(void *state, history_window_fn fn, void *context, struct fault *why);
int query_fleet_read_values(void *state, history_value_fn fn, void *context, struct fault *why);

/* The rows of one statement, which is freed. */
int query_fleet_ask(struct query_fleet *f, char *statement, size_t column_cnt, json_t **ret_answer,
		    struct fault *why);

#endif

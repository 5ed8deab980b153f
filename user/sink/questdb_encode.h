/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that was measured -> its row of a table (questdb_tables.h), or rows. Pure. */
#ifndef TICKSCOPE_SINK_QUESTDB_ENCODE_H
#define TICKSCOPE_SINK_QUESTDB_ENCODE_H

#include "sink/ilp.h"
#include "store/history.h"
#include "store/store.h"

/* Where rows of a batch come from. */
struct questdb_origin {
	const char *host;
	const char *run_id;
	uint64_t start_wall_ns;
};

/* As ilp_end. Rows of the same thing are the same bytes whenever they are made. */
int questdb_encode_latency(struct ilp *ilp, const struct questdb_origin *origin,
			   const struct series_id *id, const struct window *window);
/* One row for each octave that has counts; errors, losses and bounds are in the lowest one. */
int questdb_encode_buckets(struct ilp *ilp, const struct questdb_origin *origin,
			   const struct series_id *id, const struct window *window);
int questdb_encode_value(struct ilp *ilp, const struct questdb_origin *origin,
			 const struct value_id *id, const struct store_value *value);
int questdb_encode_event(struct ilp *ilp, const char *host, int64_t seq,
			 const struct history_event *event);
int questdb_encode_alert(struct ilp *ilp, const char *host, const struct alert *alert);

#endif

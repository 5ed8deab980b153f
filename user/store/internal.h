/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the writer, and its rows of windows and values. */
#ifndef TICKSCOPE_STORE_INTERNAL_H
#define TICKSCOPE_STORE_INTERNAL_H

#include "measure/packed.h"
#include "store/database.h"
#include "store/writer.h"

enum {
	FIND_SERIES,
	ADD_SERIES,
	TOUCH_SERIES,
	FIND_PROBE,
	ADD_PROBE,
	ADD_RUN,
	ADD_BATCH,
	FIND_WINDOW,
	PUT_WINDOW,
	PUT_VALUE,
	PUT_ALERT,
	TRIM_ALERTS,
	PUT_EVENT,
	TRIM_EVENTS,
	PUT_POSITION,
	WRITER_STATEMENT_CNT
};

struct writer {
	const struct store_options *options;
	sqlite3 *db;
	sqlite3_stmt *statements[WRITER_STATEMENT_CNT];
	int64_t run;		/* row of the run; 0: nothing was written yet */
	uint32_t run_cnt;	/* of this writer */
	uint64_t last_start_ns; /* of the run */
	uint64_t damaged_cnt;
	struct window merged;
	uint8_t packed[PACKED_MAX_BYTES];
};

/* Where a row of a window or value belongs. */
struct place {
	uint64_t start_ns;
	int64_t batch;
	int64_t series;
};

/* Runs the statement, which is an INSERT that is bound: the row's id. */
int writer_rows_add(struct writer *w, int idx, int64_t *ret_id, struct fault *why);
/* A record of a batch, with its texts; the packed window stands behind the last. */
int writer_rows_window(struct writer *w, const struct writer_record *r, const char *const *strings,
		       const struct place *batch, struct fault *why);
int writer_rows_value(struct writer *w, const struct writer_record *r, const char *const *strings,
		      const struct place *batch, struct fault *why);

#endif

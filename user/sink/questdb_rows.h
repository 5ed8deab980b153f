/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is next to send: of each stream of the history the rows after a position, as much as goes
 * into one request. A stream is one table's rows in the order of the history, and has a position of
 * its own.
 */
#ifndef TICKSCOPE_SINK_QUESTDB_ROWS_H
#define TICKSCOPE_SINK_QUESTDB_ROWS_H

#include "sink/ilp.h"
#include "sink/questdb_tables.h"
#include "store/history_batch.h"

/* A request ends after the batch that makes it this long: large enough that its costs do not count,
 * small enough for a server to take it at once. */
#define QUESTDB_REQUEST_BYTES (1U << 20)
/* A larger batch goes in parts. */
#define QUESTDB_BUFFER_BYTES (8U << 20)

/* The order in which they are sent. */
struct questdb_stream {
	const char *name; /* of its position in the history */
	enum questdb_table_idx table;
	bool is_of_batches; /* the position is a batch's id */
};
#define QUESTDB_STREAM_CNT 5
extern const struct questdb_stream questdb_rows_streams[QUESTDB_STREAM_CNT];

struct questdb_rows {
	struct ilp ilp;
	int64_t position;     /* of the stream once these rows are sent */
	uint64_t refused_cnt; /* rows that are too large for any request, left out */
	/* A batch that is too large goes in this many parts, this one is next. */
	uint32_t part_cnt;
	uint32_t part_idx;
};

void questdb_rows_init(struct questdb_rows *rows, int ilp_version);
void questdb_rows_fini(struct questdb_rows *rows);

/* Another stream, or another attempt. */
void questdb_rows_restart(struct questdb_rows *rows);
/* The next rows of this stream after `position`: there may be none, and the position still move. As
 * history.h. */
int questdb_rows_read(struct questdb_rows *rows, const struct questdb_stream *stream,
		      struct history *history, const char *host, int64_t position);
/* The rows were sent: true where the stream's position is rows->position now, false where more
 * parts follow. */
bool questdb_rows_sent(struct questdb_rows *rows);

#endif

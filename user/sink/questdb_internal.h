/* SPDX-License-Identifier: Apache-2.0 */
/* The sink as its two threads share it: questdb.c is what others call, questdb_worker.c sends. */
#ifndef TICKSCOPE_SINK_QUESTDB_INTERNAL_H
#define TICKSCOPE_SINK_QUESTDB_INTERNAL_H

#include <pthread.h>

#include "sink/questdb.h"
#include "sink/questdb_direct.h"
#include "sink/questdb_rows.h"

struct questdb {
	/* As they were at the start. */
	bool has_buckets;
	char *history_path; /* NULL: none */
	char *host;
	struct http *http;
	struct questdb_direct *direct;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	bool is_woken;
	bool is_stopping;
	bool is_ended;
	uint64_t stop_at_ns; /* monotonic */
	bool is_all_sent;    /* when it ended */
	struct sink_status status;
	int64_t positions[QUESTDB_STREAM_CNT];
	bool is_moved[QUESTDB_STREAM_CNT];

	/* The worker's. */
	struct history *history; /* NULL: not open */
	bool has_positions;
	bool is_connected;
	uint64_t prepared_ns; /* monotonic: when tables were looked at */
	uint64_t checked_ns;  /* likewise, whether they are suspended */
	struct questdb_rows rows;
	uint64_t backoff_ns;
	uint64_t random;
};

/* questdb_history.c: all in the worker's thread. 0 with `history` NULL: there is none yet. */
int questdb_history_open(struct questdb *q, struct fault *why);
void questdb_history_close(struct questdb *q);
int64_t questdb_history_position(struct questdb *q, size_t stream_idx);
void questdb_history_move(struct questdb *q, size_t stream_idx, int64_t position);
/* What waits, for the status. */
int questdb_history_count(struct questdb *q, struct fault *why);

void *questdb_worker_run(void *questdb);

#endif

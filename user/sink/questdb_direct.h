/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches that the history cannot take, from the thread that measures to the one that sends, in a
 * queue of limited size. What does not fit is refused, and counted.
 */
#ifndef TICKSCOPE_SINK_QUESTDB_DIRECT_H
#define TICKSCOPE_SINK_QUESTDB_DIRECT_H

#include "sink/questdb_send.h"
#include "store/store.h"

struct questdb_direct;

/* host outlives it. NULL: no memory. */
struct questdb_direct *questdb_direct_new(const char *host, size_t limit_bytes);
void questdb_direct_free(struct questdb_direct *direct);

/* The giver. */
void questdb_direct_begin(struct questdb_direct *direct, const char *run_id,
			  uint64_t start_wall_ns);
void questdb_direct_window(struct questdb_direct *direct, const struct store_window *window);
void questdb_direct_value(struct questdb_direct *direct, const struct value_id *id,
			  const struct store_value *value);
void questdb_direct_end(struct questdb_direct *direct);

/* The sender: all rows of the oldest batch, into an emptied buffer of the right version. 1: one was
 * sent; 0: none waits; else as questdb_send, and it still waits. */
int questdb_direct_send(struct questdb_direct *direct, struct http *http, struct ilp *ilp,
			struct questdb_sent *sent, struct fault *why);
/* The sender: when the oldest batch that waits began; 0: none does. */
uint64_t questdb_direct_oldest_ns(struct questdb_direct *direct);
/* Without rows of buckets. */
void questdb_direct_skip_buckets(struct questdb_direct *direct);

/* Any thread. */
uint64_t questdb_direct_waiting_cnt(const struct questdb_direct *direct);
uint64_t questdb_direct_dropped_cnt(const struct questdb_direct *direct);

#endif

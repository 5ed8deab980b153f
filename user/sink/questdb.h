/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of this host -> QuestDB, in a thread of its own: what the history has and this sink
 * has not yet sent, in its order, each row until the server took it. Rows have timestamps and keys
 * of ours, and the tables deduplicate, so that what is sent twice is there once. Where the history
 * cannot be written, batches come here directly.
 */
#ifndef TICKSCOPE_SINK_QUESTDB_H
#define TICKSCOPE_SINK_QUESTDB_H

#include "base/fault.h"
#include "config/config_sinks.h"
#include "sink/sink.h"
#include "store/store.h"

/* Batches that came directly and wait; what does not fit is dropped, and counted. */
#define QUESTDB_DIRECT_BYTES (4U << 20)

struct questdb;

struct questdb_options {
	const struct config_questdb *config; /* copied */
	const char *history_path;	     /* NULL: there is no history, all comes directly */
	const char *host;		     /* this host's name */
};

/* -errno with the reason: of the password's file, of the thread. A server that does not answer is
 * no failure. */
int questdb_start(const struct questdb_options *options, struct questdb **ret_questdb,
		  struct fault *why);
/* Sends what waits for at most max_ns; 0: breaks off at once. -ETIMEDOUT: something still waits.
 * The positions can be asked for until questdb_free. */
int questdb_stop(struct questdb *questdb, uint64_t max_ns);
void questdb_free(struct questdb *questdb);

/* The history has something new. */
void questdb_wake(struct questdb *questdb);

/* A batch that the history does not get (or marks as sent: store_batch_begin): as in store.h.
 * run_id: of this agent's life. */
void questdb_batch_begin(struct questdb *questdb, const char *run_id, uint64_t start_wall_ns);
void questdb_batch_window(struct questdb *questdb, const struct store_window *window);
void questdb_batch_value(struct questdb *questdb, const struct value_id *id,
			 const struct store_value *value);
void questdb_batch_end(struct questdb *questdb);

/* Up to where the history was sent, for store_position: those that moved since the last call. */
typedef void (*questdb_position_fn)(void *context, const char *name, int64_t position);
void questdb_positions(struct questdb *questdb, questdb_position_fn fn, void *context);

void questdb_status(struct questdb *questdb, struct sink_status *ret_status);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history as an outbox: all that was written, in the order in which it was written, for readers
 * that continue after what they have. Ids and numbers only grow, over files that take the place of
 * damaged ones, too. Errors and handles as in history.h.
 */
#ifndef TICKSCOPE_STORE_HISTORY_BATCH_H
#define TICKSCOPE_STORE_HISTORY_BATCH_H

#include "store/history.h"

/* Batches of 10 s windows. */
struct history_batch {
	int64_t id;
	uint64_t start_wall_ns;
	char run_id[64];
	bool is_direct; /* sinks had it otherwise: they pass over it */
};
/* The first after this id: 1; 0: there is none yet. */
int history_batch_after(struct history *history, int64_t id, struct history_batch *ret_batch);

struct history_batch_window {
	struct series_id id;
	const uint8_t *packed; /* measure/packed.h */
	size_t packed_bytes;
	const char *probe;
	uint64_t probe_cost_ns;
	uint64_t probe_inner_ns;
};
/* Other than 0 ends the reading, which returns it. */
typedef int (*history_batch_window_fn)(void *context, const struct history_batch_window *window);
/* In the order in which its series were first seen. */
int history_batch_windows(struct history *history, const struct history_batch *batch,
			  history_batch_window_fn fn, void *context);

struct history_batch_value {
	struct value_id id;
	double mean;
	double min;
	double max;
	double last;
};
typedef int (*history_batch_value_fn)(void *context, const struct history_batch_value *value);
int history_batch_values(struct history *history, const struct history_batch *batch,
			 history_batch_value_fn fn, void *context);

/* What readers have to do: windows and values of the batches after this id that are not direct, and
 * when the oldest of them began; 0: there are none. Batches that the first version of the format
 * wrote count none. */
int history_batch_waiting(struct history *history, int64_t id, uint64_t *ret_row_cnt,
			  uint64_t *ret_oldest_wall_ns);

/* The newest id that was ever given; 0: none. One that is below a reader's position: the file is
 * another one, made while the clock was wrong, and read from its beginning. */
int history_last_batch(struct history *history, int64_t *ret_id);

/* States of alerts, ascending: each is told as it is now, under the number of its last change.
 * `alert` is only there for the call. */
typedef int (*history_alert_after_fn)(void *context, int64_t seq, const struct alert *alert);
int history_alerts_after(struct history *history, int64_t seq, size_t max,
			 history_alert_after_fn fn, void *context);

typedef int (*history_event_after_fn)(void *context, int64_t seq,
				      const struct history_event *event);
int history_events_after(struct history *history, int64_t seq, size_t max,
			 history_event_after_fn fn, void *context);

/* What store_position kept; 0: nothing. */
int history_position(struct history *history, const char *name, int64_t *ret_position);

#endif

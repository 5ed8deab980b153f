/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of this host, as it is written: windows of 10 s and, made of them, of 1 min and 1 h;
 * values; alerts; events; in one SQLite file. All that is handed over waits in memory for a thread
 * that writes it, so that no call here waits for a disk. What cannot wait is dropped and counted.
 * history.h reads.
 */
#ifndef TICKSCOPE_STORE_STORE_H
#define TICKSCOPE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "config/config.h"
#include "judge/alert.h"
#include "measure/series_id.h"
#include "measure/window.h"

#define STORE_FILE "history.db" /* in the state directory */

/* 200 busy series make 100 KB in 10 s: this holds ten minutes of a disk that is full or hangs. */
#define STORE_QUEUE_BYTES (8U << 20)
#define STORE_RETRY_NS	  (2 * 1000000000ULL) /* after a failure to write */
#define STORE_CLOSE_NS	  (5 * 1000000000ULL) /* what waits may still take so long at the end */
#define STORE_ALERT_MAX	  1000		      /* kept, with those that are active */
#define STORE_EVENT_MAX	  10000		      /* kept */
#define STORE_TEXT_BYTES  8192 /* of one name, label set or text; what is longer is dropped */

struct store;

struct store_options {
	const char *path;	    /* of the file */
	const char *run_id;	    /* of this agent's life; sinks tell restarts apart by it */
	struct config_history keep; /* is_enabled is not read */
	size_t queue_bytes;	    /* 0: STORE_QUEUE_BYTES */
	uint64_t retry_ns;	    /* 0: STORE_RETRY_NS */
};

/*
 * Opens or makes the file and starts the thread. A damaged file, or one of another program, is set
 * aside as PATH.damaged-TIME; store_state says so. -EBUSY: another agent writes it; -EPROTO: a
 * later version wrote it; -errno of making it; all with the reason. Strings are copied.
 */
int store_open(const struct store_options *options, struct store **ret_store, struct fault *why);

/* Writes what waits, for at most STORE_CLOSE_NS, and closes. -ETIMEDOUT: something was not written;
 * the disk may hold the thread even then, and its memory stays. */
int store_close(struct store *store);

/*
 * One batch is what a window of time was: begin, its windows and values, end; nothing else in
 * between. start_wall_ns is when its windows began. Within a run the starts that are kept increase
 * strictly: where the clock stepped back by less than a minute, by one us each; where by more, a
 * new run begins ("RUN.2"). is_direct: sinks get this batch otherwise, and pass over it when it is
 * in the history after all.
 */
void store_batch_begin(struct store *store, uint64_t start_wall_ns, bool is_direct);

struct store_window {
	struct series_id id;
	const struct window *window;
	const char *probe; /* how it is attached; "" where that has no meaning */
	uint64_t probe_cost_ns;
	uint64_t probe_inner_ns;
};
void store_batch_window(struct store *store, const struct store_window *window);

struct store_value {
	double mean;
	double min;
	double max;
	double last;
};
/* A value that is not finite is none. */
void store_batch_value(struct store *store, const struct value_id *id,
		       const struct store_value *value);
void store_batch_end(struct store *store);

/* New, or another state of one that is kept (by its id). */
void store_alert(struct store *store, const struct alert *alert);

struct store_event {
	const char *kind; /* "target_attached" … */
	const char *target;
	const char *text;
	uint64_t wall_ns;
};
void store_event(struct store *store, const struct store_event *event);

/* Up to where a sink has read: what history_position tells from then on. The last one counts. */
void store_position(struct store *store, const char *sink, int64_t position);

enum store_health {
	STORE_GOOD = 1,
	STORE_FULL,    /* no room: nothing is written, and tried again */
	STORE_FAILING, /* likewise, for another reason */
};

struct store_state {
	enum store_health health;
	char problem[FAULT_TEXT_BYTES];	  /* why, where it is not good */
	char set_aside[FAULT_TEXT_BYTES]; /* the last file that was set aside, and why; or "" */
	uint32_t set_aside_cnt;		  /* grows when set_aside changes */
	uint64_t batch_cnt;		  /* written */
	uint64_t dropped_window_cnt; /* of batches that the queue or the file had no room for */
	uint64_t dropped_value_cnt;
	uint64_t dropped_other_cnt;  /* alerts, events */
	uint64_t damaged_window_cnt; /* found in the file, and left out of coarser ones */
	uint64_t waiting_bytes;
	uint64_t file_bytes;
	uint64_t last_batch_ns; /* time that writing the last batch took */
};
/* Any time; to be asked each second. */
void store_state(struct store *store, struct store_state *ret_state);

/* Until all that was handed over is written, or given up. -ETIMEDOUT. Waits: for tests and the end.
 */
int store_flush(struct store *store, uint64_t max_ns);

#endif

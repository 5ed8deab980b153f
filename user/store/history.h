/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of this host, as it is read: by any process that may read the file, also while an
 * agent writes it, and when none runs. All that one handle reads is one state of the file, that of
 * the first reading. store.h writes.
 */
#ifndef TICKSCOPE_STORE_HISTORY_H
#define TICKSCOPE_STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "judge/alert.h"
#include "measure/series_id.h"

struct history;

/* -ENOENT: there is no file; -EACCES; -EPROTO: of a later version; -EBADMSG: damaged, or of another
 * program; all with the reason. */
int history_open(const char *path, struct history **ret_history, struct fault *why);
void history_close(struct history *history);

#define HISTORY_SERIES_MAX 10000 /* that one reading may be of: 370 MB of windows */

/* NULL is any. */
struct history_filter {
	const char *operation; /* glob */
	const char *target;    /* glob */
	const char *kind;
	const char *labels; /* that it must have: canonical text */
	const char *name;   /* of a value: glob */
	bool is_value;	    /* values, else windows */
};

struct history_series {
	struct series_id id;
	const char *name; /* of a value; else "" */
	int64_t row;
};

bool history_filter_passes(const struct history_filter *filter,
			   const struct history_series *series);

struct history_list {
	struct history_series *items; /* ordered by target, operation, kind, labels, name */
	size_t cnt;
};

/* The series that pass, ever seen. -E2BIG: more than HISTORY_SERIES_MAX. */
int history_list(struct history *history, const struct history_filter *filter,
		 struct history_list *ret_list, struct fault *why);
void history_list_fini(struct history_list *list);

/*
 * The time that is read: what began in [since, until). step_ns, other than 0: nothing coarser than
 * that is read where finer is kept, and no step is in two rows. Steps begin at multiples of
 * step_ns since 1970.
 */
struct history_span {
	uint64_t since_wall_ns;
	uint64_t until_wall_ns;
	uint64_t step_ns;
};

struct history_window {
	size_t series_idx; /* in the list */
	uint64_t start_wall_ns;
	uint64_t resolution_ns; /* 10 s, 1 min, 1 h */
	const uint8_t *packed;	/* measure/packed.h */
	size_t packed_bytes;
	const char *probe; /* of the newest in it */
	uint64_t probe_cost_ns;
	uint64_t probe_inner_ns;
};
/* Other than 0 ends the reading, which returns it. */
typedef int (*history_window_fn)(void *context, const struct history_window *window);

/*
 * The windows of these series that together hold what was counted in the span, each count once, in
 * order of time: of every part of the span the coarsest that neither crosses its bounds nor a
 * step's, or the finest that is still kept.
 */
int history_windows(struct history *history, const struct history_list *list,
		    const struct history_span *span, history_window_fn fn, void *context);

struct history_value {
	size_t series_idx;
	uint64_t start_wall_ns;
	uint64_t resolution_ns;
	uint64_t part_cnt; /* 10 s values in it */
	double sum;	   /* of their means */
	double min;
	double max;
	double last;
};
typedef int (*history_value_fn)(void *context, const struct history_value *value);
int history_values(struct history *history, const struct history_list *list,
		   const struct history_span *span, history_value_fn fn, void *context);

/* Newest first; `alert` is only there for the call. active_only: pending and firing ones. */
typedef int (*history_alert_fn)(void *context, const struct alert *alert);
int history_alerts(struct history *history, bool active_only, size_t max, history_alert_fn fn,
		   void *context);

struct history_event {
	uint64_t wall_ns;
	const char *kind;
	const char *target;
	const char *text;
};
typedef int (*history_event_fn)(void *context, const struct history_event *event);
/* Those in the span, newest first. */
int history_events(struct history *history, const struct history_span *span, size_t max,
		   history_event_fn fn, void *context);

/* What is kept: for messages. */
struct history_extent {
	uint64_t oldest_wall_ns; /* 0: nothing is kept */
	uint64_t newest_wall_ns;
	uint64_t finest_from_wall_ns; /* 10 s windows that began earlier are gone; 0: none are */
	uint64_t minutes_from_wall_ns;
};
int history_extent(struct history *history, struct history_extent *ret_extent);

/* The words for what the last call that failed said. */
const char *history_problem(const struct history *history);

#endif

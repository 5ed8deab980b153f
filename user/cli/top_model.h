/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `top` knows: the last minute of each series as packed windows, values, alerts, and the
 * agent's last status. Filled by top_read, shown by top_view and top_screen. No terminal, no
 * socket, no clock.
 */
#ifndef TICKSCOPE_CLI_TOP_MODEL_H
#define TICKSCOPE_CLI_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/labels.h"
#include "judge/alert.h"
#include "measure/series_id.h"
#include "measure/stats.h"

#define TOP_SERIES_MAX 4096
#define TOP_VALUE_MAX  8192
#define TOP_ALERT_MAX  1000 /* as many as the agent keeps */
#define TOP_WINDOW_CNT 64   /* of a second each: a minute, and those at its ends */
#define TOP_TREND_CNT  8

/* A window of a second as it came. */
struct top_window {
	uint64_t start_ns;
	uint64_t duration_ns;
	uint64_t tail_ns; /* p99, or the maximum where there are too few samples; 0: no calls */
	uint8_t *packed;
	size_t packed_bytes;
};

struct top_series {
	char *target, *operation, *kind, *labels;
	char *name;  /* as shown: operation and label values, clean; of segments "from -> to" */
	char *probe; /* how it is attached, of the status; NULL: not known */
	uint64_t probe_cost_ns;
	uint64_t probe_inner_ns;
	uint64_t uncovered_copies;
	bool is_part;	  /* segment or share: shown below its operation */
	size_t whole_idx; /* the series of that operation; SIZE_MAX: none */
	struct top_window windows[TOP_WINDOW_CNT]; /* a ring; the newest is before next_idx */
	size_t next_idx;
	uint64_t first_ns;		  /* start of its first window */
	struct stats stats;		  /* of the shown span */
	uint64_t trend_ns[TOP_TREND_CNT]; /* oldest first; UINT64_MAX: no window */
	enum alert_severity severity;	  /* of its worst alert; 0: none */
	bool is_firing;			  /* else that alert is pending */
	bool is_acknowledged;
};

struct top_value {
	char *target, *operation, *labels, *name;
	double value;
};

struct top_alert {
	char *target, *operation, *rule, *title, *metric;
	char *labels; /* canonical text */
	enum alert_severity severity;
	enum alert_state state;
	bool is_acknowledged;
};

#define TOP_TARGET_MAX	   256
#define TOP_TARGET_PID_MAX 4096

struct top_target {
	char *name;
	pid_t *pids;
	size_t pid_cnt;
};

/* Of the agent's status. Counts and texts start empty. */
struct top_agent {
	char host[ALERT_NAME_BYTES];
	char version[32];
	double health;	    /* negative: not known */
	double cpu_percent; /* of the agent itself; likewise */
	double rss_bytes;   /* likewise */
	double uptime_s;    /* likewise */
	size_t target_cnt;
	size_t traced_cnt;
	char trouble[ALERT_NAME_BYTES]; /* the first thing that is wrong; empty: nothing */
};

struct top_model {
	struct top_series **series;
	size_t series_cnt;
	size_t left_out_cnt; /* series beyond TOP_SERIES_MAX */
	struct top_value *values;
	size_t value_cnt;
	struct top_alert *alerts;
	size_t alert_cnt;
	struct top_target *targets;
	size_t target_cnt;
	struct top_agent agent;
	size_t clear_cnt;    /* times that it was cleared: series of before are no more */
	uint64_t now_ns;     /* of the agent, at its last answer */
	uint64_t last_ns;    /* start of the newest window; 0: none */
	bool has_new_series; /* since the last update */
	struct window *scratch;
};

/* NULL: out of memory. */
struct top_model *top_model_new(void);
void top_model_free(struct top_model *model);
/* Forgets all: another agent, or its clock stepped back. */
void top_model_clear(struct top_model *model);
void top_model_clear_values(struct top_model *model);
void top_model_clear_alerts(struct top_model *model);
void top_model_clear_targets(struct top_model *model);

/* The series of this identity, made where there is none. -E2BIG: there are too many; counted. */
int top_model_series(struct top_model *model, const struct series_id *id,
		     struct top_series **ret_series);
/* The series of this identity, NULL: none. */
struct top_series *top_model_find(const struct top_model *model, const struct series_id *id);

/* Adds a window, of which the bytes are copied. One that is not newer than the last is ignored.
 * -EBADMSG: damaged bytes. */
int top_model_add(struct top_model *model, struct top_series *series,
		  const struct top_window *window);

/* Computes stats, trends and alert states of all series over the last span_ns. */
void top_model_update(struct top_model *model, uint64_t span_ns);
/* The windows of the span, merged into `total`, which is cleared first. */
void top_model_merge(const struct top_model *model, const struct top_series *series,
		     uint64_t span_ns, struct window *total);

/* A value of the host or of a target itself. False: it is not known. */
bool top_model_value(const struct top_model *model, const char *target, const char *name,
		     double *ret_value);

#endif

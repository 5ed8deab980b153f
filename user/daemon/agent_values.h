/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that are no latencies: their newest value, and what the open window of the history has of
 * them. */
#ifndef TICKSCOPE_DAEMON_AGENT_VALUES_H
#define TICKSCOPE_DAEMON_AGENT_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/series_id.h"

#define AGENT_SELF SERIES_AGENT

/* 64 targets and 64 endpoints, each with less than 20. */
#define AGENT_VALUE_MAX 4096

struct agent_value {
	struct value_id id; /* with strings of its own */
	double now;
	bool is_fresh;	/* set since the last agent_values_age */
	uint32_t age_s; /* seconds since it was set */
	uint64_t cnt;	/* in the open window, and what it has */
	double sum;
	double min;
	double max;
};

struct agent_values {
	struct agent_value *items;
	size_t cnt;
	size_t hint;  /* values are set in the same order each second */
	bool is_full; /* said already */
};

/* Starts zeroed. */
void agent_values_fini(struct agent_values *values);
/* 0; -ENOSPC: AGENT_VALUE_MAX; -ENOMEM. */
int agent_values_set(struct agent_values *values, const struct value_id *id, double value);
/* A second has passed. */
void agent_values_age(struct agent_values *values);
/* The window has been closed. */
void agent_values_close(struct agent_values *values);

#endif

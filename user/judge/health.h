/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components that are checked by the clock: one failed check is no news, some in a row are; and
 * some good ones in a row end it.
 */
#ifndef TICKSCOPE_JUDGE_HEALTH_H
#define TICKSCOPE_JUDGE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEALTH_COMPONENT_MAX 16 /* of the agent: six, and its sinks */
#define HEALTH_NAME_BYTES    32
#define HEALTH_REASON_BYTES  256 /* a line; the log has what is longer */

enum health_state {
	HEALTH_GOOD = 1,
	HEALTH_FAILING,	   /* fails, too few times to say so */
	HEALTH_BAD,	   /* failure_threshold checks in a row failed */
	HEALTH_RECOVERING, /* good again, too few times to trust it */
};

/* "healthy", "failing", "unhealthy", "recovering". */
const char *health_state_name(enum health_state state);

struct health_component {
	char name[HEALTH_NAME_BYTES];
	enum health_state state;
	uint32_t row_cnt; /* checks in a row that do not fit the state */
	uint64_t check_cnt;
	uint64_t failure_cnt;
	uint64_t since_wall_ns;		  /* of good or bad, as health_check told it last */
	char reason[HEALTH_REASON_BYTES]; /* of the last check that failed; "": none did */
	bool is_checked;		  /* in this round */
};

/* Starts zeroed. */
struct health {
	struct health_component components[HEALTH_COMPONENT_MAX];
	size_t cnt;
};

struct health_limits {
	uint32_t failure_threshold;
	uint32_t recovery_threshold;
};

enum health_change { HEALTH_SAME = 0, HEALTH_BROKE, HEALTH_RECOVERED };

struct health_finding {
	const char *name;   /* of the component, which is new where it is not known */
	const char *reason; /* why it fails; NULL: it is good */
	uint64_t wall_ns;
};

/* One check. A component that is one too many is good for ever. */
enum health_change health_check(struct health *health, const struct health_limits *limits,
				const struct health_finding *finding);
/* A round is over: what was not checked in it is there no more. */
void health_sweep(struct health *health);
/* Of the component; NULL: there is none. */
const struct health_component *health_find(const struct health *health, const char *name);
/* Unhealthy, or recovering from it. */
size_t health_bad_cnt(const struct health *health);

#endif

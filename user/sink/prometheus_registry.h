/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Prometheus sink share. */
#ifndef TICKSCOPE_SINK_PROMETHEUS_REGISTRY_H
#define TICKSCOPE_SINK_PROMETHEUS_REGISTRY_H

#include <pthread.h>

#include "sink/prometheus.h"
#include "sink/prometheus_bounds.h"
#include "sink/prometheus_rows.h"

/* Behind the buckets of a histogram come its sum in ns and, of operations, what has families of its
 * own, from PROMETHEUS_ERRORS on. */
#define PROMETHEUS_EXTRA_CNT  (PROMETHEUS_OPERATION_FAMILY_CNT - 1)
#define PROMETHEUS_NUMBER_MAX (PROMETHEUS_BOUND_MAX + 2 + PROMETHEUS_EXTRA_CNT)

/* Refused series that are told apart, so that each is counted once: as many as the daemon can have.
 */
#define PROMETHEUS_REFUSED_MAX 4096

/* Where a series or value of the agent goes. */
struct prometheus_goal {
	struct prometheus_rows *rows;
	struct prometheus_row *row;
	const struct prometheus_bounds *bounds; /* of a histogram */
	double scale;				/* of a value */
};
/* Its own family, and all that are mapped. */
#define PROMETHEUS_GOAL_MAX (1 + CONFIG_FAMILY_CNT)

struct prometheus_origin {
	struct value_id id; /* with strings of its own; name "": a series */
	struct prometheus_goal goals[PROMETHEUS_GOAL_MAX];
	size_t goal_cnt;
	size_t idx;
	/* As the kernel counted, and what was made of it. */
	uint64_t missed;
	uint64_t unwound;
	uint64_t told_unwound;
	char strings[];
};

struct prometheus {
	char *host;
	char *patterns[CONFIG_FAMILY_CNT];
	size_t series_max;
	struct prometheus_bounds exact;
	struct prometheus_bounds mapped_bounds[CONFIG_FAMILY_CNT];
	/* The counting thread's. */
	void *tree; /* tsearch(3): origins by id */
	struct prometheus_origin **origins;
	size_t origin_cnt;
	size_t origin_room;
	size_t hint; /* they come in the same order each second */
	uint64_t second;
	/* Under the lock, as are the rows. */
	pthread_mutex_t lock;
	struct prometheus_rows operations;
	struct prometheus_rows mapped[CONFIG_FAMILY_CNT];
	struct prometheus_rows *gauges; /* by prometheus_gauges; the last: those without a family */
	size_t series_cnt;
	uint64_t refused_cnt;
	uint64_t scrape_cnt;
	uint64_t failed_cnt;
	uint64_t last_scrape_wall_ns;
	bool is_failing;
};

/* prometheus_origins.c: the origin of this id, made if it is new. NULL: no memory, or no room. */
struct prometheus_origin *prometheus_origins_find(struct prometheus *prometheus,
						  const struct value_id *id);
void prometheus_origins_free(struct prometheus *prometheus);

#endif

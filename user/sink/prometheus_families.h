/* SPDX-License-Identifier: Apache-2.0 */
/* The families of the page: names, types, what feeds them. All that is there is in these tables. */
#ifndef TICKSCOPE_SINK_PROMETHEUS_FAMILIES_H
#define TICKSCOPE_SINK_PROMETHEUS_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

#include "config/config_sinks.h"

enum prometheus_type {
	PROMETHEUS_GAUGE = 1,
	PROMETHEUS_COUNTER, /* the name ends in _total */
	PROMETHEUS_HISTOGRAM,
	PROMETHEUS_INFO, /* the name ends in _info */
};

struct prometheus_family {
	const char *name;
	const char *help;
	const char *unit; /* that the name ends in, before _total; NULL: none that has a word */
	enum prometheus_type type;
};

/* Of every operation; labels: operation, target, kind, and those of the series. */
enum {
	PROMETHEUS_DURATION = 0, /* the only histogram among them */
	PROMETHEUS_ERRORS,
	PROMETHEUS_LOST,
	PROMETHEUS_UNWOUND,
	PROMETHEUS_DROPPED,
	PROMETHEUS_OPERATION_FAMILY_CNT
};
extern const struct prometheus_family
	prometheus_operation_families[PROMETHEUS_OPERATION_FAMILY_CNT];

/* Its bounds are (2^m - 1) ns for m from 10 to 36, 1 us to 69 s. A time is whole ns, so what is
 * below 2^m ns, where a bucket of ours begins, is just what is at most 2^m - 1: counts are exact.
 */
#define PROMETHEUS_EXACT_FIRST_BIT 10
#define PROMETHEUS_EXACT_LAST_BIT  36
#define PROMETHEUS_BOUND_MAX	   (PROMETHEUS_EXACT_LAST_BIT - PROMETHEUS_EXACT_FIRST_BIT + 1)

/* What a mapped family takes. */
enum prometheus_source {
	PROMETHEUS_FROM_DURATION = 1, /* of operations */
	PROMETHEUS_FROM_COUNT,	      /* likewise */
	PROMETHEUS_FROM_MEMORY,	      /* of targets: memory_bytes */
	PROMETHEUS_FROM_CPU,	      /* of targets: cpu_percent */
};

#define PROMETHEUS_MAPPED_LABEL_MAX 3
#define PROMETHEUS_MAPPED_BOUND_MAX 12

struct prometheus_mapped {
	struct prometheus_family family;
	enum prometheus_source source;
	const char *labels[PROMETHEUS_MAPPED_LABEL_MAX];
	uint64_t bounds_ns[PROMETHEUS_MAPPED_BOUND_MAX]; /* ascending; 0: no more */
};
/* By enum config_family. */
extern const struct prometheus_mapped prometheus_mapped_families[CONFIG_FAMILY_CNT];

/* The label of a series that stands for one of a mapped family where that one is missing; NULL:
 * none does. */
const char *prometheus_families_alias(const char *label);

/* Whose value it is. */
enum prometheus_scope {
	PROMETHEUS_OF_TARGET = 1, /* label: target */
	PROMETHEUS_OF_ENDPOINT,	  /* operation, target, and those of the series */
	PROMETHEUS_OF_HOST,
	PROMETHEUS_OF_AGENT,
};

struct prometheus_gauge {
	enum prometheus_scope scope;
	const char *value; /* its name elsewhere */
	double scale;	   /* times the value */
	struct prometheus_family family;
};
extern const struct prometheus_gauge prometheus_gauges[];
extern const size_t prometheus_gauge_cnt;

/* A value that has no family; labels: name, and those of its kind. */
extern const struct prometheus_family prometheus_other_values;

/* The endpoint's own. */
extern const struct prometheus_family prometheus_build_info, prometheus_series,
	prometheus_refused_series;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What rules are about: every series and every value that was fed, with its last hour. */
#ifndef TICKSCOPE_JUDGE_SOURCE_H
#define TICKSCOPE_JUDGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/rule_expression.h"
#include "measure/rolling.h"
#include "measure/rolling_value.h"
#include "measure/series_id.h"

/* Labels multiply series: as many as a live view shows. */
#define SOURCE_SERIES_MAX 4096
#define SOURCE_VALUE_MAX  8192
/* Nothing was heard of it for so long: it is forgotten, as its windows are over too. */
#define SOURCE_SILENT_NS 3600000000000ULL

/* How its windows count when an operation is judged as a whole. */
enum source_kind {
	SOURCE_TOTAL = 1, /* calls, requests, orders, spans: the operation itself */
	SOURCE_SEGMENT,	  /* a part of it, asked for by labels from and to */
	SOURCE_SHARE,	  /* a part of it, asked for by label state */
	SOURCE_CONNECT,
	SOURCE_VALUE,
};

struct source {
	uint64_t hash;
	struct series_id id; /* strings belong to the source */
	const char *name;    /* of a value; "" of a series */
	enum source_kind kind;
	uint64_t newest_ns;	       /* mono */
	struct rolling *rolling;       /* of a series */
	double last;		       /* of a value */
	struct rolling_value *history; /* of a value that a rule takes over a span; else NULL */
	char text[];		       /* the strings */
};

struct source_table {
	struct source **items;
	size_t cnt, room_cnt;
	size_t series_cnt, value_cnt;
	struct source **slots; /* open addressing; a power of two, or none */
	size_t slot_cnt;
	uint64_t generation;  /* changes with the set of sources */
	uint64_t refused_cnt; /* windows and values of sources beyond the limits */
};

void source_table_fini(struct source_table *table);

/* Finds or makes. -ENOSPC: there are too many, counted; -ENOMEM. */
int source_table_get(struct source_table *table, const struct series_id *id, const char *name,
		     struct source **ret_source);
/* Forgets those that are silent. */
void source_table_sweep(struct source_table *table, uint64_t mono_ns);

/* Whether a metric of a rule is about this source; labels is the canonical text of the metric's. */
bool source_is_of(const struct source *source, const struct rule_metric *metric,
		  const char *labels);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains: their stages as points of functions and sockets (chains.c), in each process (stages.c),
 * and what they counted as operations (chain_operations.c).
 */
#ifndef TICKSCOPE_DAEMON_CHAINS_H
#define TICKSCOPE_DAEMON_CHAINS_H

#include "daemon/internal.h"
#include "probe/chain.h"

/* A chain in one target: a chain of the kernel, with this number. */
struct chain_item {
	const struct chain *config;
	size_t target_idx;
	struct ts_chain kernel;
	uint16_t points[TS_CHAIN_STAGE_MAX];
	uint8_t filters[TS_CHAIN_STAGE_MAX]; /* of its endpoint, from 1; 0: a function */
	bool is_go[TS_CHAIN_STAGE_MAX];	     /* where it is a function that was found */
	bool is_found[TS_CHAIN_STAGE_MAX];
	size_t first_operation; /* of the daemon's, and its segments behind it */
	size_t operation_cnt;
	bool is_withdrawn; /* over the budget */
	double hits_per_s; /* of its functions, in the last second */
};

/* A function that is a stage, in the processes of a target. */
struct chain_function {
	const char *pattern;
	enum chain_verb verb;
	size_t target_idx;
	uint16_t point;
	bool is_optional; /* a process without it is no news */
	/* What a hit adds to what else is there (probe_request.beside); the most of all matches. */
	uint64_t hit_ns[PROBE_KIND_CNT];
	/* What else is at the same instruction, where the pattern is one function. */
	const struct chain_function *twin; /* another stage, or NULL */
	size_t operation;		   /* index plus one, or 0 */
	uint64_t hits;			   /* that overhead.c has seen */
	double cost_ratio;		   /* in the last second, of one CPU */
	struct fault fault;
};

struct chains {
	struct chain_probe *probe;
	struct chain_item items[TS_CHAIN_MAX];
	size_t cnt;
	struct ts_point points[TS_POINT_MAX];
	size_t point_cnt;
	struct chain_function functions[TS_POINT_MAX];
	size_t function_cnt;
	/* Those of the configuration, and behind or before them those of stages. */
	struct daemon_endpoint endpoints[TS_FILTER_MAX];
	size_t endpoint_cnt;
	struct ts_endpoint_points endpoint_points[TS_FILTER_MAX];
};

/* Makes points of all stages; nothing is loaded yet. Also says which endpoints are measured. */
int chains_plan(struct daemon *d, struct fault *why);
/* Loads what will count them. */
int chains_open(struct daemon *d, struct fault *why);
void chains_free(struct daemon *d);
/* Whether chains need the connections of a target's processes. */
bool chains_want_sockets(const struct daemon *d, size_t target_idx);

/* stages.c: functions of a process that are stages. */
int stages_resolve(struct daemon *d, struct traced *t, struct fault *why);
void stages_fini(const struct daemon *d, struct traced *t);
bool stages_have_nop5_site(const struct daemon *d, const struct traced *t);
size_t stages_request_cnt(const struct daemon *d, const struct traced *t);
/* Chains that it is a stage of and that are followed. */
size_t stages_chain_cnt(const struct daemon *d, const struct chain_function *f);
/* What a hit of its probe costs, with what else is there now. */
uint64_t stages_hit_ns(const struct daemon *d, const struct chain_function *f);
bool stages_has_chain(const struct chain_item *item, const struct chain_function *f);
struct request_lists;
/* Tells the kernel the registers of their keys, and appends what is to be attached. */
int stages_add_requests(struct daemon *d, const struct traced *t, struct request_lists *lists,
			struct fault *why);

/* chain_operations.c */
size_t chain_operations_max(const struct daemon *d);
/* A process of its target is there. 0 or -ENOMEM. */
int chain_operations_add_process(struct daemon *d, const struct traced *t);
/* Brings the figures up to date. */
void chain_operations_read(struct daemon *d);
void chain_operations_begin_interval(struct daemon *d);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs into the kernel and onto instructions: load, attach, calibrate, detach, and the counters
 * to read. The only room that sees libbpf. Nothing is pinned: when this process ends, however it
 * ends, every probe is gone.
 */
#ifndef TICKSCOPE_PROBE_PROBE_H
#define TICKSCOPE_PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tickscope/abi.h>
#include "base/fault.h"
#include "target/target.h"

/* How probes are attached, best first. */
enum probe_level {
	PROBE_LEVEL_AUTO = 0,
	PROBE_LEVEL_SESSION, /* entry and return in one program, one link for many sites (6.13+) */
	PROBE_LEVEL_MULTI,   /* one link for many sites (6.6+; with a right pid filter 6.10+) */
	PROBE_LEVEL_PERF,    /* one perf event for each site */
	PROBE_LEVEL_END,
};

const char *probe_level_name(enum probe_level level);
/* PROBE_LEVEL_END where the text names none. */
enum probe_level probe_level_parse(const char *text);

struct probe_options {
	enum probe_level level;
	size_t series_cnt;	       /* series that will be asked for */
	size_t max_map_bytes;	       /* for the series of all CPUs together; 0: PROBE_MAP_BYTES */
	struct chain_probe *chains;    /* that functions are stages of; NULL: none */
	struct sched_probe *sched;     /* for spans that want a breakdown; NULL: none does */
	struct slowest_probe *slowest; /* NULL: none are kept */
};

/* 200 series in 8 stripes: half of what DESIGN.md §5 allows on 16 CPUs, since zeroing it is half of
 * an attach. */
#define PROBE_MAP_BYTES (32UL << 20)

struct probe;

/*
 * Loads the programs at the wanted level, or at the best that works here: tried out by attaching to
 * a function of this process. -EPERM: not allowed to; -ENOTSUP: the (wanted) level does not work on
 * this kernel; -E2BIG: the series do not fit max_map_bytes.
 */
int probe_open(const struct probe_options *options, struct probe **ret_probe, struct fault *why);
void probe_free(struct probe *probe);

enum probe_level probe_level(const struct probe *probe);
/* Copies of each series, and the bytes of kernel memory that all maps take. */
size_t probe_stripe_cnt(const struct probe *probe);
size_t probe_map_bytes(const struct probe *probe);

/* The stripes of a series (probe_stripe_cnt of them), read-only, live: the kernel adds to them at
 * any time. */
const struct ts_series *probe_series(const struct probe *probe, uint32_t series);

/* Puts an error expression into the kernel; *ret_idx goes into probe_request.error. -ENOSPC: too
 * many. */
int probe_add_error(struct probe *probe, const struct ts_error *error, uint32_t *ret_idx,
		    struct fault *why);

/* What is probed of a function. */
enum probe_kind {
	PROBE_CALL = 0, /* how long its calls take */
	PROBE_ENTER,	/* that it is called: `series` is the number of a chain's point */
	PROBE_RETURN,	/* likewise, that it returns */
	PROBE_KIND_CNT,
};

struct probe_request {
	const struct operation_plan *plan;
	enum probe_kind kind;
	uint32_t series;
	uint32_t shares; /* with a breakdown, the first of TS_STATE_CNT series; 0: without */
	uint32_t slow_operation; /* number plus one of its ts_slow_slots; 0: none are kept */
	uint32_t error;		 /* from probe_add_error; 0: none */
	bool keeps_result;	 /* the expression judges a result in the caller's memory */
	bool is_alone;		 /* no other function is traced in this process */
	enum probe_kind beside;	 /* of a stage, for probe_calibrate: what has paid for its trap,
				    PROBE_RETURN also of a call; PROBE_CALL: nothing */
	bool is_separate;	 /* it can be detached alone, for some more descriptors */
};

struct probe_group;

/*
 * Attaches all copies of all requested operations in one process, or for pid 0 in every present and
 * future process that maps the files. All or nothing: on failure the message names the function.
 * Exits are attached before entries, so that no entry misses its return.
 */
int probe_attach(struct probe *probe, pid_t pid, const struct probe_request *requests,
		 size_t request_cnt, struct probe_group **ret_group, struct fault *why);
/* Entries first, then exits; waits until no program of the group runs any more. */
void probe_detach(struct probe_group *group);
/* Likewise of one series, or one point of chains, whose requests were separate; the others are not
 * disturbed. NULL: none. */
void probe_detach_series(struct probe_group *group, uint32_t series);
void probe_detach_point(struct probe_group *group, uint32_t point);

/* A process has ended: counts its spans on coroutine and goroutine stacks, which no thread owned,
 * as unwound. */
void probe_settle_process(struct probe *probe, pid_t pid);

/* No process feeds this series any more: calls that were in flight will not return. */
void probe_settle_series(struct probe *probe, uint32_t series);

/* Whether probes can still be attached with what this thread may do now. */
bool probe_can_attach(struct probe *probe);

/* Whether it can be said where the time of its calls went: -ENOTSUP with the reason. */
int probe_check_breakdown(const struct operation_plan *plan, struct fault *why);

/* Instructions that the copies of an operation are probed at. */
size_t probe_site_cnt(const struct probe *probe, const struct operation_plan *plan);

/* "uprobe session at execute_trade+4 (push)", for people; returns the text's length as snprintf
 * does. */
int probe_describe(const struct probe *probe, const struct function_plan *plan, char *text,
		   size_t text_bytes);

struct probe_cost {
	uint64_t call_ns;  /* what a traced call pays */
	uint64_t inner_ns; /* the part of it inside the measured interval */
};

/*
 * Measures, on a function of this process and within a few ms, what a probe like that of the first
 * copy costs on this machine; of a point of chains, what one hit adds, with the stages that happen
 * there. Results are kept: the same kind of probe is measured once.
 */
int probe_calibrate(struct probe *probe, const struct probe_request *request, pid_t pid,
		    struct probe_cost *ret_cost, struct fault *why);

/* Life-cycle events: the descriptor becomes readable, probe_read_events calls back for each. */
typedef void (*probe_event_fn)(const struct ts_event *event, void *context);
int probe_event_fd(const struct probe *probe);
int probe_read_events(struct probe *probe, probe_event_fn fn, void *context);

/* Events that did not fit the ring. */
uint64_t probe_dropped_events(const struct probe *probe);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains in the kernel: their stages' points, what is under way, and what completed. Programs on
 * functions (probe.h) and sockets (sock.h) that are opened with it pass stages on.
 */
#ifndef TICKSCOPE_PROBE_CHAIN_H
#define TICKSCOPE_PROBE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include <tickscope/abi_chain.h>
#include "base/fault.h"

struct chain_probe;
struct sched_probe;
struct slowest_probe;

struct chain_options {
	const struct ts_chain *chains; /* read by chain_open only */
	size_t chain_cnt;	       /* at most TS_CHAIN_MAX */
	const struct ts_point *points;
	size_t point_cnt;	       /* at most TS_POINT_MAX */
	struct sched_probe *sched;     /* for those that want a breakdown; NULL: none does */
	struct slowest_probe *slowest; /* NULL: the slowest are not kept */
};

/* Nothing passes a stage before a probe_open or sock_open with it attaches. -EPERM, -ENOTSUP with
 * the reason. It outlives those. */
int chain_open(const struct chain_options *options, struct chain_probe **ret_probe,
	       struct fault *why);
void chain_free(struct chain_probe *probe);

/*
 * The keys of a stage, for the registers of the function that was found: may be put in until the
 * stage's probe is attached. 0 or -errno.
 */
int chain_set_stage(struct chain_probe *probe, uint32_t chain, uint32_t stage,
		    const struct ts_chain_stage *value);

size_t chain_stripe_cnt(const struct chain_probe *probe);
/* Stripes of a series, live: 0 the whole; from 1 on the segment that ends with stage `which`; with
 * a breakdown TS_CHAIN_SHARE of each of them. */
const struct ts_series *chain_series(const struct chain_probe *probe, uint32_t chain,
				     uint32_t which);

/* How often probes of a point that is a function were hit, whether a stage was passed or not. */
uint64_t chain_hits(const struct chain_probe *probe, uint32_t point);

/* From now on no stage of it is passed in the kernel; what is under way there is lost with the next
 * chain_settle. 0 or -errno. */
int chain_withdraw(struct chain_probe *probe, uint32_t chain);

/* Live. */
const struct ts_chain_counts *chain_counts(const struct chain_probe *probe, uint32_t chain);

/* Ends what took longer than its chain allows. */
void chain_settle(struct chain_probe *probe);

/* Takes what is under way with this key out, for a stage that user space passes: 0, or -ENOENT. */
int chain_take(struct chain_probe *probe, const struct ts_chain_key *key,
	       struct ts_chain_state *ret_state);
/* What chain_take gave has completed (the times of all stages are in it), or has not. */
void chain_complete(struct chain_probe *probe, uint32_t chain, const struct ts_chain_state *state);
void chain_time_out(struct chain_probe *probe, uint32_t chain, const struct ts_chain_state *state);

#endif

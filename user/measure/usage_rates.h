/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two readings of what processes and the host used, and the time between -> values as rules name
 * them. Pure. A value that is not known, or would be wrong (a counter stepped back), is not among
 * the results.
 */
#ifndef TICKSCOPE_MEASURE_USAGE_RATES_H
#define TICKSCOPE_MEASURE_USAGE_RATES_H

#include "base/usage_counters.h"

struct usage_value {
	const char *name; /* static: "cpu_percent" … */
	double value;
};

#define USAGE_RATES_MAX 16

struct usage_rates {
	struct usage_value items[USAGE_RATES_MAX];
	size_t cnt;
};

/* The processes of a target at one instant. */
struct usage_target {
	uint64_t at_ns;			       /* CLOCK_BOOTTIME, when the first of them was read */
	const struct usage_process *processes; /* in any order */
	size_t cnt;
};

/*
 * Values of a target, of `after`; rates since `before` (at_ns 0: there is none, and no rates).
 * `host` is the reading that belongs to `after`.
 *   cpu_percent of one core, cpu_ratio of all of the host's
 *   memory_bytes (resident; shared pages count in each process), memory_ratio of the host's
 *   descriptors in total; descriptors_ratio of its limit, of the process that is nearest to it
 *   threads, processes, uptime_s of its oldest process
 *   read_bytes_per_s, write_bytes_per_s of storage; context_switches_per_s
 * Rates are sums over processes, each by itself, so that processes that come and go leave them
 * right: one that started since `before` counts with all it used, one that is read for the first
 * time but is older makes rates unknown this once, and of one that ended what it used after
 * `before` is not in them. No process: only "processes", 0.
 */
void usage_rates_of_target(const struct usage_target *before, const struct usage_target *after,
			   const struct usage_host *host, struct usage_rates *ret_rates);

/*
 * Values of the host: cpu_percent (100: all CPUs busy), memory_used_ratio, memory_available_bytes,
 * network_received_bytes_per_s, network_sent_bytes_per_s, disk_read_bytes_per_s,
 * disk_written_bytes_per_s, disk_busy_ratio of the busiest disk, disk_free_ratio (of the state
 * directory), load_1m. before->at_ns 0: there is none.
 */
void usage_rates_of_host(const struct usage_host *before, const struct usage_host *after,
			 struct usage_rates *ret_rates);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the last day something was there. Pure. */
#ifndef TICKSCOPE_MEASURE_UPTIME_H
#define TICKSCOPE_MEASURE_UPTIME_H

#include <stdbool.h>
#include <stdint.h>

#define UPTIME_SLOT_CNT 288
#define UPTIME_SLOT_NS	300000000000 /* five minutes: a day in all */

/* How much of the last day a target had a process, counted from its first one on. Starts zeroed. */
struct uptime {
	struct uptime_slot {
		uint64_t slot_idx; /* since boot */
		uint64_t seen_ns;
		uint64_t up_ns;
	} slots[UPTIME_SLOT_CNT];
	uint64_t last_ns; /* of the last addition; 0: none */
	bool was_up;
};

/* Adds the time since the last addition, as the target was then. at_ns: CLOCK_BOOTTIME. */
void uptime_add(struct uptime *uptime, uint64_t at_ns, bool is_up);
/* Negative: it never had a process. */
double uptime_ratio(const struct uptime *uptime);

#endif

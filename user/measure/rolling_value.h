/* SPDX-License-Identifier: Apache-2.0 */
/* The last hour of a value (CPU, memory, a gauge): mean, minimum, maximum and last of each period,
 * in the periods of rolling.h. Pure. */
#ifndef TICKSCOPE_MEASURE_ROLLING_VALUE_H
#define TICKSCOPE_MEASURE_ROLLING_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rolling_value_span {
	uint64_t cnt;
	double mean;
	double min;
	double max;
	double last;
	double increase; /* from reading to reading, where it grew: a counter that began anew counts
			    from 0 */
	uint64_t duration_ns; /* between the first and the last reading's periods, at least one */
};

struct rolling_value;

struct rolling_value *rolling_value_new(void); /* NULL: out of memory */
void rolling_value_free(struct rolling_value *rolling);
/* False: older than the newest by more than a minute, or no number; dropped. */
bool rolling_value_add(struct rolling_value *rolling, uint64_t mono_ns, double value);
/* Readings of (now - span, now]. False: there is none. */
bool rolling_value_sum(const struct rolling_value *rolling, uint64_t now_ns, uint64_t span_ns,
		       struct rolling_value_span *ret_span);

#endif

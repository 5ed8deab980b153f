/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of minutes; those that went by without a violation are cleared when the next one comes. */
#include "base/time_units.h"
#include "judge/violations.h"

void violations_add(struct violations *violations, uint64_t mono_ns)
{
	uint64_t minute = mono_ns / NS_PER_MINUTE;
	uint16_t *cnt = &violations->cnt[minute % VIOLATIONS_MINUTES];

	if (minute + VIOLATIONS_MINUTES <= violations->newest_minute)
		return;
	for (uint64_t m = violations->newest_minute + 1;
	     m <= minute && m <= violations->newest_minute + VIOLATIONS_MINUTES; m++)
		violations->cnt[m % VIOLATIONS_MINUTES] = 0;
	if (minute > violations->newest_minute + VIOLATIONS_MINUTES)
		*cnt = 0;
	if (minute > violations->newest_minute)
		violations->newest_minute = minute;
	if (*cnt < UINT16_MAX)
		(*cnt)++;
}

uint64_t violations_count(const struct violations *violations, uint64_t now_ns, uint64_t span_ns)
{
	uint64_t minute = now_ns / NS_PER_MINUTE, span = span_ns / NS_PER_MINUTE, total = 0;

	for (uint64_t i = 0; i < span && i < VIOLATIONS_MINUTES && i <= minute; i++) {
		if (minute - i <= violations->newest_minute &&
		    minute - i + VIOLATIONS_MINUTES > violations->newest_minute)
			total += violations->cnt[(minute - i) % VIOLATIONS_MINUTES];
	}
	return total;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Three rings, each of which every reading goes into: a slot is small, so nothing is put together
 * later. */
#include <math.h>
#include <stdlib.h>

#include "base/time_units.h"
#include "measure/rolling_value.h"

#define TIER_CNT 3
#define SLOT_CNT (60 + 90 + 60)

static const struct {
	uint64_t period_s;
	size_t first, cnt;
} tiers[TIER_CNT] = {{1, 0, 60}, {10, 60, 90}, {60, 150, 60}};

struct slot {
	uint64_t period_idx; /* plus one; 0: nothing was written yet */
	uint64_t cnt;
	double sum, min, max, last, increase;
	uint64_t last_ns;
};

struct rolling_value {
	uint64_t newest_ns;
	double newest;
	struct slot slots[SLOT_CNT];
};

struct rolling_value *rolling_value_new(void)
{
	return calloc(1, sizeof(struct rolling_value));
}

void rolling_value_free(struct rolling_value *rolling)
{
	free(rolling);
}

static uint64_t second_of(uint64_t ns)
{
	return ns ? (ns - 1) / NS_PER_S : 0;
}

static void slot_add(struct slot *slot, uint64_t ns, double value, double increase)
{
	slot->min = !slot->cnt || value < slot->min ? value : slot->min;
	slot->max = !slot->cnt || value > slot->max ? value : slot->max;
	if (ns >= slot->last_ns) {
		slot->last = value;
		slot->last_ns = ns;
	}
	slot->cnt++;
	slot->sum += value;
	slot->increase += increase;
}

bool rolling_value_add(struct rolling_value *rolling, uint64_t mono_ns, double value)
{
	uint64_t s = second_of(mono_ns);
	bool is_late = mono_ns < rolling->newest_ns;
	double increase = 0;

	if (!isfinite(value) || (is_late && second_of(rolling->newest_ns) - s >= tiers[0].cnt))
		return false;
	if (rolling->newest_ns && !is_late)
		increase = value >= rolling->newest ? value - rolling->newest : value;
	for (int tier = 0; tier < TIER_CNT; tier++) {
		uint64_t period_idx = s / tiers[tier].period_s;
		struct slot *slot =
			&rolling->slots[tiers[tier].first + (size_t)(period_idx % tiers[tier].cnt)];

		if (slot->period_idx != period_idx + 1)
			*slot = (struct slot){.period_idx = period_idx + 1};
		slot_add(slot, mono_ns, value, increase);
	}
	if (!is_late) {
		rolling->newest_ns = mono_ns;
		rolling->newest = value;
	}
	return true;
}

static void span_add(struct rolling_value_span *span, const struct slot *slot)
{
	span->min = !span->cnt || slot->min < span->min ? slot->min : span->min;
	span->max = !span->cnt || slot->max > span->max ? slot->max : span->max;
	span->cnt += slot->cnt;
	span->mean += slot->sum;
	span->increase += slot->increase;
}

bool rolling_value_sum(const struct rolling_value *rolling, uint64_t now_ns, uint64_t span_ns,
		       struct rolling_value_span *ret_span)
{
	uint64_t span_s = (span_ns + NS_PER_S - 1) / NS_PER_S, last = second_of(now_ns);
	uint64_t newest_idx = 0, oldest_idx = 0;
	struct rolling_value_span span = {0};
	int tier = 0;

	while (tier < TIER_CNT - 1 && span_s > tiers[tier].period_s * tiers[tier].cnt)
		tier++;
	last /= tiers[tier].period_s;
	span_s = (span_s + tiers[tier].period_s - 1) / tiers[tier].period_s;
	for (uint64_t i = 0; i < span_s && i < tiers[tier].cnt && i <= last; i++) {
		uint64_t period_idx = last - i;
		const struct slot *slot =
			&rolling->slots[tiers[tier].first + (size_t)(period_idx % tiers[tier].cnt)];

		if (slot->period_idx != period_idx + 1)
			continue;
		if (!span.cnt) {
			span.last = slot->last;
			newest_idx = i;
		}
		span_add(&span, slot);
		oldest_idx = i;
	}
	if (!span.cnt)
		return false;
	span.mean /= (double)span.cnt;
	span.duration_ns = (oldest_idx - newest_idx + 1) * tiers[tier].period_s * NS_PER_S;
	*ret_span = span;
	return true;
}

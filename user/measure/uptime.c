/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of five minutes each: old ones are overwritten, and known by their number. */
#include <stddef.h>

#include "measure/uptime.h"

/* Adds a span that lies within one slot. */
static void add_span(struct uptime *u, uint64_t slot_idx, uint64_t span_ns)
{
	struct uptime_slot *slot = &u->slots[slot_idx % UPTIME_SLOT_CNT];

	if (slot->slot_idx != slot_idx)
		*slot = (struct uptime_slot){.slot_idx = slot_idx};
	slot->seen_ns += span_ns;
	slot->up_ns += u->was_up ? span_ns : 0;
}

void uptime_add(struct uptime *uptime, uint64_t at_ns, bool is_up)
{
	uint64_t from_ns = uptime->last_ns;
	const uint64_t day_ns = (uint64_t)UPTIME_SLOT_CNT * UPTIME_SLOT_NS;

	if (!from_ns && !is_up)
		return;
	if (from_ns && at_ns > from_ns + day_ns) /* no more than a day counts */
		from_ns = at_ns - day_ns;
	while (from_ns && from_ns < at_ns) {
		uint64_t slot_idx = from_ns / UPTIME_SLOT_NS;
		uint64_t end_ns = (slot_idx + 1) * UPTIME_SLOT_NS;

		end_ns = end_ns < at_ns ? end_ns : at_ns;
		add_span(uptime, slot_idx, end_ns - from_ns);
		from_ns = end_ns;
	}
	uptime->last_ns = at_ns > uptime->last_ns ? at_ns : uptime->last_ns;
	uptime->was_up = is_up;
}

double uptime_ratio(const struct uptime *uptime)
{
	uint64_t last_idx = uptime->last_ns / UPTIME_SLOT_NS, seen_ns = 0, up_ns = 0;

	for (size_t i = 0; i < UPTIME_SLOT_CNT; i++) {
		const struct uptime_slot *slot = &uptime->slots[i];

		if (slot->slot_idx + UPTIME_SLOT_CNT <= last_idx)
			continue;
		seen_ns += slot->seen_ns;
		up_ns += slot->up_ns;
	}
	if (!seen_ns)
		return uptime->last_ns ? 1 : -1;
	return (double)up_ns / (double)seen_ns;
}

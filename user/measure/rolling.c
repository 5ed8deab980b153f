/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three rings of slots. A slot holds what ended in one period of its ring's length; the period's
 * number says whether it is that of now or one of a former round. When the newest window begins
 * another period of ten seconds, or of a minute, the one before is put together from the finer
 * ring, so that a span of a minute needs few merges; a window that comes late goes into the finest
 * ring and what it changes is put together anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "measure/packed.h"
#include "measure/rolling.h"

#define TIER_CNT 3
/* A minute, 15 minutes, an hour; and what is left up to the coarser ring's next boundary. */
#define SECOND_CNT 70
#define TEN_CNT	   96
#define MINUTE_CNT 60
#define SLOT_CNT   (SECOND_CNT + TEN_CNT + MINUTE_CNT)
#define LATE_MAX_S 60
#define NO_PERIOD  UINT32_MAX

/* Periods in seconds, and how many a ring holds; each period is a multiple of the one before. */
static const struct {
	uint64_t period_s;
	size_t first, cnt;
} tiers[TIER_CNT] = {
	{1, 0, SECOND_CNT}, {10, SECOND_CNT, TEN_CNT}, {60, SECOND_CNT + TEN_CNT, MINUTE_CNT}};

/* There are SLOT_CNT of each series: what the bytes tell is not kept beside them. */
struct slot {
	uint8_t *bytes;	     /* packed */
	uint32_t period_idx; /* time / length of a period: 136 years of seconds */
	uint16_t byte_cnt;
	uint16_t room_bytes;
};
_Static_assert(PACKED_MAX_BYTES <= UINT16_MAX, "16 bits count the bytes of a window");

struct rolling {
	uint64_t newest_ns;
	uint64_t newest_s; /* the period of a second that newest_ns is in */
	struct slot slots[SLOT_CNT];
};

struct rolling *rolling_new(void)
{
	struct rolling *rolling = calloc(1, sizeof(*rolling));

	for (size_t i = 0; rolling && i < SLOT_CNT; i++)
		rolling->slots[i].period_idx = NO_PERIOD;
	return rolling;
}

void rolling_free(struct rolling *rolling)
{
	for (size_t i = 0; rolling && i < SLOT_CNT; i++)
		free(rolling->slots[i].bytes);
	free(rolling);
}

size_t rolling_bytes(const struct rolling *rolling)
{
	size_t bytes = sizeof(*rolling);

	for (size_t i = 0; i < SLOT_CNT; i++)
		bytes += rolling->slots[i].room_bytes;
	return bytes;
}

uint64_t rolling_newest_ns(const struct rolling *rolling)
{
	return rolling->newest_ns;
}

/* A window that ends right at a second belongs to what was before. */
static uint64_t second_of(uint64_t end_ns)
{
	return end_ns ? (end_ns - 1) / NS_PER_S : 0;
}

static size_t place(int tier, uint64_t period_idx)
{
	return tiers[tier].first + (size_t)(period_idx % tiers[tier].cnt);
}

static const struct slot *find(const struct rolling *r, int tier, uint64_t period_idx)
{
	const struct slot *slot = &r->slots[place(tier, period_idx)];

	return slot->period_idx == period_idx ? slot : NULL;
}

/* Bytes are this room's own: they are as packed_write left them. */
static struct packed_totals totals_of(const struct slot *slot)
{
	struct packed_totals totals = {.min_ns = UINT64_MAX};

	packed_totals(slot->bytes, slot->byte_cnt, &totals);
	return totals;
}

/* Grows to what the series needs; a slot never gives room back, its series goes on alike. */
static int make_room(struct slot *slot, const uint8_t *bytes, size_t cnt)
{
	if (cnt > slot->room_bytes) {
		uint8_t *larger = realloc(slot->bytes, cnt);

		if (!larger)
			return -ENOMEM;
		slot->bytes = larger;
		slot->room_bytes = (uint16_t)cnt;
	}
	memcpy(slot->bytes, bytes, cnt);
	slot->byte_cnt = (uint16_t)cnt;
	return 0;
}

static int slot_set(struct slot *slot, uint64_t period_idx, const struct window *window)
{
	uint8_t bytes[PACKED_MAX_BYTES];
	int cnt = packed_write(window, bytes, sizeof(bytes));
	int err = cnt < 0 ? cnt : make_room(slot, bytes, (size_t)cnt);

	slot->period_idx = err ? NO_PERIOD : (uint32_t)period_idx;
	return err;
}

static void slot_merge(const struct slot *slot, struct window *total)
{
	packed_merge_own(total, slot->bytes, slot->byte_cnt);
}

/* Puts a period together from those of the finer ring. */
static int build(struct rolling *r, int tier, uint64_t period_idx, struct window *scratch)
{
	uint64_t parts = tiers[tier].period_s / tiers[tier - 1].period_s;
	bool has_part = false;

	window_clear(scratch);
	for (uint64_t i = 0; i < parts; i++) {
		const struct slot *part = find(r, tier - 1, period_idx * parts + i);

		if (part)
			slot_merge(part, scratch);
		has_part |= part != NULL;
	}
	return has_part ? slot_set(&r->slots[place(tier, period_idx)], period_idx, scratch) : 0;
}

/* The periods that the second `s` is in, those that are over when the newest second is newest_s. */
static int build_over(struct rolling *r, uint64_t s, uint64_t newest_s, struct window *scratch)
{
	int err = 0;

	for (int tier = 1; tier < TIER_CNT && !err; tier++) {
		uint64_t period_idx = s / tiers[tier].period_s;

		if (period_idx != newest_s / tiers[tier].period_s)
			err = build(r, tier, period_idx, scratch);
	}
	return err;
}

int rolling_add(struct rolling *rolling, uint64_t end_ns, const struct window *window,
		struct window *scratch)
{
	uint64_t s = second_of(end_ns), before_s = rolling->newest_s;
	bool is_first = !rolling->newest_ns, is_late = !is_first && s < before_s;
	struct slot *slot = &rolling->slots[place(0, s)];
	int err = 0;

	if (is_late && before_s - s >= LATE_MAX_S)
		return -ESTALE;
	/* What is over, before its seconds are written over. */
	if (!is_first && s > before_s)
		err = build_over(rolling, before_s, s, scratch);
	if (slot->period_idx == s) {
		uint64_t before_ns;

		window_clear(scratch);
		slot_merge(slot, scratch);
		before_ns = scratch->duration_ns;
		window_merge(scratch, window);
		/* Those that end at one instant ran beside each other, not after each other. */
		if (end_ns == rolling->newest_ns)
			scratch->duration_ns =
				before_ns > window->duration_ns ? before_ns : window->duration_ns;
		window = scratch;
	}
	if (!err)
		err = slot_set(slot, s, window);
	if (!err && is_late)
		err = build_over(rolling, s, before_s, scratch);
	if (end_ns > rolling->newest_ns) {
		rolling->newest_ns = end_ns;
		rolling->newest_s = s;
	}
	return err;
}

/* Walks seconds [from, to) backwards, in the longest periods that fit. */
struct walk {
	const struct rolling *rolling;
	uint64_t from_s, to_s;
	bool is_fine; /* in the shortest periods that are still kept instead */
};

static struct walk walk_of(const struct rolling *r, uint64_t now_ns, uint64_t span_ns)
{
	uint64_t to_s = second_of(now_ns) + 1, span_s = (span_ns + NS_PER_S - 1) / NS_PER_S;

	return (struct walk){
		.rolling = r, .from_s = to_s > span_s ? to_s - span_s : 0, .to_s = to_s};
}

static const struct slot *take_whole(struct walk *w, int tier)
{
	uint64_t period_s = tiers[tier].period_s;
	const struct slot *slot;

	if (w->to_s % period_s || w->to_s < w->from_s + period_s)
		return NULL;
	slot = find(w->rolling, tier, w->to_s / period_s - 1);
	if (slot)
		w->to_s -= period_s;
	return slot;
}

/* Whether the ring of the next tier takes over here: at its boundary, so that nothing counts twice.
 */
static bool is_beyond(const struct walk *w, int tier, uint64_t age_s)
{
	uint64_t kept_s = tiers[tier].period_s * tiers[tier].cnt;
	uint64_t next_s = tiers[tier + 1].period_s;

	return age_s >= kept_s ||
	       (age_s >= kept_s / next_s * next_s - next_s && !(w->to_s % next_s));
}

/* Steps over one period, which may begin before from_s: NULL where nothing is known of it. */
static const struct slot *take_kept(struct walk *w)
{
	uint64_t last_s = w->to_s - 1, newest_s = w->rolling->newest_s;
	uint64_t age_s = newest_s > last_s ? newest_s - last_s : 0;
	int tier = 0;

	while (tier < TIER_CNT - 1 && is_beyond(w, tier, age_s))
		tier++;
	last_s /= tiers[tier].period_s;
	w->to_s = last_s * tiers[tier].period_s;
	return find(w->rolling, tier, last_s);
}

/* The next slot that there is; NULL: at the end. */
static const struct slot *walk_next(struct walk *w)
{
	const struct slot *slot = NULL;

	while (!slot && w->to_s > w->from_s) {
		for (int tier = TIER_CNT - 1; tier > 0 && !slot && !w->is_fine; tier--)
			slot = take_whole(w, tier);
		if (!slot)
			slot = take_kept(w);
	}
	return slot;
}

void rolling_sum(const struct rolling *rolling, uint64_t now_ns, uint64_t span_ns,
		 struct rolling_totals *ret_totals)
{
	struct walk w = walk_of(rolling, now_ns, span_ns);
	const struct slot *slot;

	*ret_totals = (struct rolling_totals){.min_ns = UINT64_MAX};
	while ((slot = walk_next(&w))) {
		struct packed_totals part = totals_of(slot);

		ret_totals->duration_ns += part.duration_ns;
		ret_totals->count += part.count;
		ret_totals->errors += part.errors;
		ret_totals->sum_ns += part.sum_ns;
		if (part.min_ns < ret_totals->min_ns)
			ret_totals->min_ns = part.min_ns;
		if (part.max_ns > ret_totals->max_ns)
			ret_totals->max_ns = part.max_ns;
	}
}

void rolling_merge(const struct rolling *rolling, uint64_t now_ns, uint64_t span_ns,
		   struct window *total)
{
	struct walk w = walk_of(rolling, now_ns, span_ns);
	const struct slot *slot;

	while ((slot = walk_next(&w)))
		slot_merge(slot, total);
}

uint64_t rolling_span_of(const struct rolling *rolling, uint64_t now_ns, uint64_t value_cnt)
{
	struct walk w = walk_of(rolling, now_ns, ROLLING_SPAN_MAX_NS);
	uint64_t to_s = w.to_s, count = 0;
	const struct slot *slot;

	w.is_fine = true;
	while (count < value_cnt) {
		slot = walk_next(&w);
		if (!slot)
			return 0;
		count += totals_of(slot).count;
	}
	return (to_s - w.to_s) * NS_PER_S;
}

const uint8_t *rolling_second(const struct rolling *rolling, uint64_t end_ns, size_t *ret_byte_cnt,
			      uint64_t *ret_duration_ns)
{
	const struct slot *slot = find(rolling, 0, second_of(end_ns));
	struct packed_totals totals;

	if (!slot)
		return NULL;
	totals = totals_of(slot);
	*ret_byte_cnt = slot->byte_cnt;
	*ret_duration_ns = totals.duration_ns;
	return totals.is_empty ? NULL : slot->bytes;
}

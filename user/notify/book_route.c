/* SPDX-License-Identifier: Apache-2.0 */
/* Which channels are to know of an alert: the first ones, and those it escalates to. */
#include "notify/internal.h"

static bool takes(const struct book *b, size_t channel_idx, const struct entry *e)
{
	return e->alert.severity >= b->channels[channel_idx].config.min_severity;
}

static bool is_wanted(const struct entry *e, size_t channel_idx)
{
	return e->wanted_mask & 1U << channel_idx;
}

static void want(struct entry *e, size_t channel_idx, uint64_t now_ns)
{
	e->wanted_mask |= 1U << channel_idx;
	e->deliveries[channel_idx].wanted_ns = now_ns;
}

void book_route_escalate(struct book *b, struct entry *e, size_t channel_idx, uint64_t now_ns)
{
	int next = b->channels[channel_idx].config.then_idx;

	if (e->deliveries[channel_idx].has_escalated)
		return;
	e->deliveries[channel_idx].has_escalated = true;
	/* As many steps as there are channels: a circle ends. */
	for (size_t i = 0; next >= 0 && i < b->channel_cnt; i++) {
		struct channel_record *c = &b->channels[next];

		if (takes(b, (size_t)next, e) && !is_wanted(e, (size_t)next)) {
			want(e, (size_t)next, now_ns);
			if (c->state != NOTIFY_DOWN)
				return;
			e->deliveries[next].has_escalated = true;
		}
		next = c->config.then_idx;
	}
}

void book_route_want(struct book *b, struct entry *e, size_t channel_idx, uint64_t now_ns)
{
	if (!takes(b, channel_idx, e) || is_wanted(e, channel_idx))
		return;
	want(e, channel_idx, now_ns);
	if (b->channels[channel_idx].state == NOTIFY_DOWN)
		book_route_escalate(b, e, channel_idx, now_ns);
}

/* When the alert escalates from the channel; BOOK_NEVER: not. */
static uint64_t escalates_ns(const struct book *b, const struct entry *e, size_t channel_idx)
{
	const struct book_channel *c = &b->channels[channel_idx].config;
	const struct delivery *d = &e->deliveries[channel_idx];

	if (!e->key || b->is_draining || e->alert.state != ALERT_FIRING || e->is_acknowledged ||
	    e->is_silenced || !is_wanted(e, channel_idx) || d->has_escalated ||
	    !c->escalate_after_ns || c->then_idx < 0)
		return BOOK_NEVER;
	return d->wanted_ns + c->escalate_after_ns;
}

void book_route_escalate_due(struct book *b, uint64_t now_ns)
{
	for (size_t i = 0; i < b->entry_end; i++) {
		for (size_t c = 0; c < b->channel_cnt; c++) {
			if (escalates_ns(b, &b->entries[i], c) <= now_ns)
				book_route_escalate(b, &b->entries[i], c, now_ns);
		}
	}
}

uint64_t book_route_next_ns(const struct book *b)
{
	uint64_t next_ns = BOOK_NEVER;

	for (size_t i = 0; i < b->entry_end; i++) {
		for (size_t c = 0; c < b->channel_cnt; c++) {
			uint64_t at_ns = escalates_ns(b, &b->entries[i], c);

			if (at_ns < next_ns)
				next_ns = at_ns;
		}
	}
	return next_ns;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is due, for which channel, and with what it goes together. */
#include <string.h>

#include "notify/internal.h"

/* When the channel is to be told of the alert, leaving flows aside: 0 at once, BOOK_NEVER. */
static uint64_t delivery_due(const struct book *b, const struct entry *e, size_t channel_idx)
{
	const struct book_channel *c = &b->channels[channel_idx].config;
	const struct delivery *d = &e->deliveries[channel_idx];
	bool is_firing = e->alert.state == ALERT_FIRING;
	uint64_t repeat_at_ns = d->told_ns + c->repeat_ns;

	if (!e->key || !(e->wanted_mask & 1U << channel_idx) || d->is_sending)
		return BOOK_NEVER;
	if (d->told_version != e->version)
		return is_firing || d->may_know || !e->is_told_anywhere ? 0 : BOOK_NEVER;
	if (b->is_draining || !c->repeat_ns)
		return BOOK_NEVER;
	if (is_firing)
		return (e->is_acknowledged || e->is_silenced) && !c->forgets ? BOOK_NEVER
									     : repeat_at_ns;
	return c->forgets && d->may_know && repeat_at_ns <= e->resolved_ns + RESOLVED_REPEAT_NS
		       ? repeat_at_ns
		       : BOOK_NEVER;
}

/* The same, with what holds its group or its channel back. */
static uint64_t flow_due(const struct book *b, const struct entry *e, size_t channel_idx)
{
	const struct channel_record *c = &b->channels[channel_idx];
	const struct flow *f = &b->groups[e->group_idx].flows[channel_idx];
	uint64_t at_ns = delivery_due(b, e, channel_idx);

	if (at_ns == BOOK_NEVER || f->is_sending || c->in_flight_cnt >= BOOK_IN_FLIGHT_MAX)
		return BOOK_NEVER;
	if (at_ns < f->not_before_ns)
		at_ns = f->not_before_ns;
	return at_ns < c->not_before_ns ? c->not_before_ns : at_ns;
}

/* The alert and channel that are due first, and when. */
static uint64_t find_first(const struct book *b, size_t *ret_entry_idx, size_t *ret_channel_idx)
{
	uint64_t first_ns = BOOK_NEVER;

	for (size_t i = 0; i < b->entry_end; i++) {
		for (size_t c = 0; b->entries[i].key && c < b->channel_cnt; c++) {
			uint64_t at_ns = flow_due(b, &b->entries[i], c);

			if (at_ns >= first_ns)
				continue;
			first_ns = at_ns;
			*ret_entry_idx = i;
			*ret_channel_idx = c;
		}
	}
	return first_ns;
}

/* Nothing is left to tell of it. */
static bool is_over(const struct book *b, const struct entry *e)
{
	if (e->alert.state == ALERT_FIRING || e->in_flight_cnt)
		return false;
	for (size_t c = 0; c < b->channel_cnt; c++) {
		if (delivery_due(b, e, c) != BOOK_NEVER)
			return false;
	}
	return true;
}

static void release(struct book *b, struct entry *e)
{
	struct group *g = &b->groups[e->group_idx];

	e->key = 0;
	if (--g->entry_cnt == 0)
		g->key = 0;
	while (b->entry_end && !b->entries[b->entry_end - 1].key)
		b->entry_end--;
}

static bool has_expired(const struct entry *e, uint64_t now_ns)
{
	return e->alert.state != ALERT_FIRING && !e->in_flight_cnt &&
	       now_ns >= e->resolved_ns + RESOLVED_DROP_NS;
}

static void sweep(struct book *b, uint64_t now_ns)
{
	for (size_t i = b->entry_end; i-- > 0;) {
		struct entry *e = &b->entries[i];

		if (!e->key)
			continue;
		if (is_over(b, e)) {
			release(b, e);
		} else if (has_expired(e, now_ns)) {
			b->dropped_cnt++;
			release(b, e);
		}
	}
}

uint64_t book_next_ns(const struct book *b, uint64_t now_ns)
{
	size_t entry_idx, channel_idx;
	uint64_t due_ns = find_first(b, &entry_idx, &channel_idx);
	uint64_t next_ns = book_route_next_ns(b);

	if (due_ns < next_ns)
		next_ns = due_ns;
	return next_ns < now_ns ? now_ns : next_ns;
}

static void add_item(struct book *b, struct book_batch *batch, size_t entry_idx)
{
	struct entry *e = &b->entries[entry_idx];
	struct delivery *d = &e->deliveries[batch->channel_idx];

	batch->items[batch->cnt++] = (struct book_item){
		.alert_idx = entry_idx,
		.version = e->version,
		.alert = &e->alert,
		.told_severity = d->told_severity,
		.severity = e->alert.severity,
		.told_cnt = d->told_cnt,
	};
	d->is_sending = true;
	e->in_flight_cnt++;
}

/* What is due first, then what else fires in the group: receivers of whole groups take what is
 * missing for resolved. */
static void fill(struct book *b, struct book_batch *batch, uint64_t now_ns)
{
	const struct channel_record *c = &b->channels[batch->channel_idx];
	struct flow *f = &b->groups[batch->group_idx].flows[batch->channel_idx];

	f->has_more = false;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < b->entry_end; i++) {
			const struct entry *e = &b->entries[i];
			const struct delivery *d = &e->deliveries[batch->channel_idx];
			bool is_due = delivery_due(b, e, batch->channel_idx) <= now_ns;

			if (!e->key || e->group_idx != batch->group_idx || d->is_sending)
				continue;
			if (pass == 0 ? !is_due
				      : is_due || c->config.batch_max == 1 || !d->may_know ||
						e->alert.state != ALERT_FIRING)
				continue;
			if (batch->cnt < c->config.batch_max) {
				add_item(b, batch, i);
				continue;
			}
			batch->more_cnt++;
			f->has_more |= pass == 0;
		}
	}
}

bool book_take(struct book *b, uint64_t now_ns, struct book_batch *ret_batch)
{
	size_t entry_idx, channel_idx;
	struct flow *f;

	sweep(b, now_ns);
	book_route_escalate_due(b, now_ns);
	if (find_first(b, &entry_idx, &channel_idx) > now_ns)
		return false;
	ret_batch->channel_idx = channel_idx;
	ret_batch->group_idx = b->entries[entry_idx].group_idx;
	ret_batch->group = b->groups[ret_batch->group_idx].name;
	ret_batch->cnt = 0;
	ret_batch->more_cnt = 0;
	fill(b, ret_batch, now_ns);
	f = &b->groups[ret_batch->group_idx].flows[channel_idx];
	f->is_sending = true;
	f->began_ns = now_ns;
	b->channels[channel_idx].in_flight_cnt++;
	return true;
}

bool book_is_idle(const struct book *b, uint64_t now_ns)
{
	size_t entry_idx, channel_idx;

	for (size_t c = 0; c < b->channel_cnt; c++) {
		if (b->channels[c].in_flight_cnt)
			return false;
	}
	return find_first(b, &entry_idx, &channel_idx) > now_ns;
}

uint64_t book_pending_cnt(const struct book *b, size_t channel_idx)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < b->entry_end; i++) {
		const struct entry *e = &b->entries[i];
		const struct delivery *d = &e->deliveries[channel_idx];

		/* What is on its way is not known there yet. */
		cnt += e->key && d->told_version != e->version &&
		       (d->is_sending || delivery_due(b, e, channel_idx) == 0);
	}
	return cnt;
}

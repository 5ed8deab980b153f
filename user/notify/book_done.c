/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a notification: told, to be tried again, or given up. */
#include "base/random.h"
#include "notify/internal.h"

/* Doubled by each failure, ±20 %, so that channels that failed together do not come back together.
 */
static uint64_t backoff_ns(struct book *b, uint32_t failure_cnt)
{
	uint64_t ns = b->retry_base_ns;

	for (uint32_t i = 1; i < failure_cnt && ns < BACKOFF_MAX_NS; i++)
		ns *= 2;
	if (ns > BACKOFF_MAX_NS)
		ns = BACKOFF_MAX_NS;
	return ns * 4 / 5 + random_next(&b->random) % (ns * 2 / 5 + 1);
}

/* The channel cannot be told now. Whoever comes next is, unless this is the end of what others know
 * and only this one misses. */
static void give_up(struct book *b, const struct book_batch *batch, uint64_t now_ns)
{
	for (size_t i = 0; i < batch->cnt; i++) {
		struct entry *e = &b->entries[batch->items[i].alert_idx];
		struct delivery *d = &e->deliveries[batch->channel_idx];

		if (!d->has_given_up)
			b->channels[batch->channel_idx].counts.failed_cnt++;
		d->has_given_up = true;
		if (e->alert.state == ALERT_FIRING || !e->is_told_anywhere)
			book_route_escalate(b, e, batch->channel_idx, now_ns);
	}
}

static void on_sent(struct book *b, const struct book_batch *batch, uint64_t now_ns)
{
	struct channel_record *c = &b->channels[batch->channel_idx];
	struct flow *f = &b->groups[batch->group_idx].flows[batch->channel_idx];

	for (size_t i = 0; i < batch->cnt; i++) {
		const struct book_item *item = &batch->items[i];
		struct entry *e = &b->entries[item->alert_idx];
		struct delivery *d = &e->deliveries[batch->channel_idx];

		d->told_version = item->version;
		d->told_severity = item->severity;
		d->told_cnt++;
		d->told_ns = now_ns;
		d->may_know = true;
		d->has_given_up = false;
		e->is_told_anywhere = true;
	}
	c->counts.sent_cnt++;
	c->state = NOTIFY_OK;
	c->not_before_ns = 0;
	f->failure_cnt = 0;
	f->not_before_ns =
		f->has_more || b->is_draining ? now_ns : f->began_ns + NOTIFY_GROUP_WAIT_NS;
}

static void on_failed(struct book *b, const struct book_batch *batch,
		      const struct book_result *result, uint64_t now_ns)
{
	struct channel_record *c = &b->channels[batch->channel_idx];
	struct flow *f = &b->groups[batch->group_idx].flows[batch->channel_idx];
	uint64_t asked_ns = result->retry_after_ns;
	uint64_t wait_ns = backoff_ns(b, ++f->failure_cnt);

	if (asked_ns > RETRY_AFTER_MAX_NS)
		asked_ns = RETRY_AFTER_MAX_NS;
	if (asked_ns)
		c->not_before_ns = now_ns + asked_ns;
	c->counts.retry_cnt++;
	f->not_before_ns = b->is_draining ? BOOK_NEVER : now_ns + wait_ns;
	if (c->state == NOTIFY_DOWN || f->failure_cnt > c->config.retry_max ||
	    asked_ns > RETRY_AFTER_PATIENCE_NS || b->is_draining) {
		c->state = NOTIFY_DOWN;
		give_up(b, batch, now_ns);
	} else {
		c->state = NOTIFY_RETRYING;
	}
}

/* As good as told: only a newer version, or the next reminder, is tried again. */
static void on_refused(struct book *b, const struct book_batch *batch, uint64_t now_ns)
{
	struct flow *f = &b->groups[batch->group_idx].flows[batch->channel_idx];

	b->channels[batch->channel_idx].state = NOTIFY_DOWN;
	give_up(b, batch, now_ns);
	for (size_t i = 0; i < batch->cnt; i++) {
		struct delivery *d =
			&b->entries[batch->items[i].alert_idx].deliveries[batch->channel_idx];

		d->told_version = batch->items[i].version;
		d->told_ns = now_ns;
	}
	f->failure_cnt = 0;
	f->not_before_ns =
		f->has_more || b->is_draining ? now_ns : f->began_ns + NOTIFY_GROUP_WAIT_NS;
}

void book_done(struct book *b, const struct book_batch *batch, const struct book_result *result,
	       uint64_t now_ns)
{
	for (size_t i = 0; i < batch->cnt; i++) {
		struct entry *e = &b->entries[batch->items[i].alert_idx];
		struct delivery *d = &e->deliveries[batch->channel_idx];

		d->is_sending = false;
		d->may_know |= result->may_have_arrived;
		e->in_flight_cnt--;
	}
	b->groups[batch->group_idx].flows[batch->channel_idx].is_sending = false;
	b->channels[batch->channel_idx].in_flight_cnt--;
	if (result->outcome == BOOK_SENT)
		on_sent(b, batch, now_ns);
	else if (result->outcome == BOOK_RETRY)
		on_failed(b, batch, result, now_ns);
	else
		on_refused(b, batch, now_ns);
}

void book_drain(struct book *b, uint64_t now_ns)
{
	b->is_draining = true;
	for (size_t c = 0; c < b->channel_cnt; c++)
		b->channels[c].not_before_ns = now_ns;
	for (size_t i = 0; i < b->entry_end; i++) {
		struct flow *flows = b->groups[b->entries[i].group_idx].flows;

		for (size_t c = 0; c < b->channel_cnt; c++)
			flows[c].not_before_ns = now_ns;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of alerts that are being told: how alerts get in, and what the rest of the room asks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "notify/internal.h"

#define RETRY_BASE_NS NS_PER_S

const char *notify_channel_state_name(enum notify_channel_state state)
{
	static const char *const names[] = {[NOTIFY_UNUSED] = "unused",
					    [NOTIFY_OK] = "ok",
					    [NOTIFY_RETRYING] = "retrying",
					    [NOTIFY_DOWN] = "down"};

	return names[state];
}

int book_new(const struct book_channel *channels, size_t cnt, uint64_t seed, uint64_t retry_base_ns,
	     struct book **ret_book)
{
	struct book *b;

	if (cnt > NOTIFY_CHANNEL_MAX)
		return -E2BIG;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		b->channels[i].config = channels[i];
	b->channel_cnt = cnt;
	b->random = seed;
	b->retry_base_ns = retry_base_ns ? retry_base_ns : RETRY_BASE_NS;
	*ret_book = b;
	return 0;
}

void book_free(struct book *b)
{
	free(b);
}

/* FNV-1a; 0 stands for none. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3ULL;
	return h ? h : 1;
}

static struct entry *find(struct book *b, const char *id)
{
	uint64_t key = hash(id);

	for (size_t i = 0; i < b->entry_end; i++) {
		if (b->entries[i].key == key && strcmp(b->entries[i].alert.id, id) == 0)
			return &b->entries[i];
	}
	return NULL;
}

/* There are as many groups as entries: one is always found or free. */
static size_t join_group(struct book *b, const char *name)
{
	uint64_t key = hash(name);
	size_t free_idx = NOTIFY_ALERT_MAX;
	struct group *g;

	for (size_t i = 0; i < NOTIFY_ALERT_MAX; i++) {
		g = &b->groups[i];
		if (g->key == key && strcmp(g->name, name) == 0) {
			g->entry_cnt++;
			return i;
		}
		if (!g->key && free_idx == NOTIFY_ALERT_MAX)
			free_idx = i;
	}
	g = &b->groups[free_idx];
	memset(g, 0, sizeof(*g));
	g->key = key;
	g->entry_cnt = 1;
	memcpy(g->name, name, strlen(name) + 1);
	return free_idx;
}

/* NULL: the table is full, which is counted. */
static struct entry *add(struct book *b, const struct alert *alert)
{
	size_t i = 0;
	struct entry *e;

	while (i < b->entry_end && b->entries[i].key)
		i++;
	if (i == NOTIFY_ALERT_MAX) {
		b->dropped_cnt++;
		return NULL;
	}
	if (i == b->entry_end)
		b->entry_end++;
	e = &b->entries[i];
	memset(e, 0, sizeof(*e));
	e->key = hash(alert->id);
	e->group_idx = join_group(b, *alert->group ? alert->group : alert->rule);
	e->version = 1;
	e->alert = *alert;
	return e;
}

/* The newest state replaces what was to be sent; only a change that has to be told is a version. */
static void update(struct entry *e, const struct alert *alert, uint64_t now_ns)
{
	if (alert->state != e->alert.state || alert->severity > e->alert.severity)
		e->version++;
	if (alert->state == ALERT_RESOLVED && e->alert.state != ALERT_RESOLVED)
		e->resolved_ns = now_ns;
	e->alert = *alert;
}

static void want_first(struct book *b, struct entry *e, uint32_t first_mask, uint64_t now_ns)
{
	for (size_t c = 0; c < b->channel_cnt; c++) {
		if (first_mask & 1U << c)
			book_route_want(b, e, c, now_ns);
	}
}

int book_alert(struct book *b, const struct alert *alert, uint32_t first_mask, uint64_t now_ns)
{
	struct entry *e;

	if (alert->state != ALERT_FIRING && alert->state != ALERT_RESOLVED)
		return 0;
	e = find(b, alert->id);
	/* Resolved, and nobody was told that it fired: nothing to say. */
	if (!e && alert->state == ALERT_RESOLVED)
		return 0;
	if (e)
		update(e, alert, now_ns);
	else
		e = add(b, alert);
	if (!e)
		return -ENOSPC;
	e->is_acknowledged = alert->acknowledged_ns != 0;
	if (alert->state == ALERT_FIRING)
		want_first(b, e, first_mask, now_ns);
	return 0;
}

int book_restore(struct book *b, const struct alert *alert, uint32_t first_mask, uint64_t now_ns)
{
	int err = book_alert(b, alert, first_mask, now_ns);
	struct entry *e = err ? NULL : find(b, alert->id);

	for (size_t c = 0; e && c < b->channel_cnt; c++) {
		struct delivery *d = &e->deliveries[c];
		const struct book_channel *config = &b->channels[c].config;

		if (!(e->wanted_mask & 1U << c))
			continue;
		d->told_version = e->version;
		d->told_severity = e->alert.severity;
		d->may_know = true;
		/* What forgets may have forgotten by now. */
		d->told_ns = config->forgets && now_ns > config->repeat_ns
				     ? now_ns - config->repeat_ns
				     : now_ns;
		e->is_told_anywhere = true;
	}
	return err;
}

bool book_acknowledge(struct book *b, const char *id, const char *by)
{
	struct entry *e = find(b, id);
	size_t length = strlen(by);

	if (!e || e->alert.state != ALERT_FIRING)
		return false;
	e->is_acknowledged = true;
	if (length >= sizeof(e->alert.acknowledged_by))
		length = sizeof(e->alert.acknowledged_by) - 1;
	memcpy(e->alert.acknowledged_by, by, length);
	e->alert.acknowledged_by[length] = '\0';
	return true;
}

void book_silence(struct book *b, const char *id, bool is_silenced, uint64_t now_ns)
{
	struct entry *e = find(b, id);

	if (!e || e->is_silenced == is_silenced)
		return;
	e->is_silenced = is_silenced;
	/* Who was not told to hurry meanwhile has the whole time again. */
	for (size_t c = 0; c < b->channel_cnt; c++)
		e->deliveries[c].wanted_ns = now_ns;
}

/* NULL: there is no room. */
static struct entry *adopt_entry(struct book *fresh, const struct entry *from,
				 const struct book *old, uint64_t now_ns)
{
	struct entry *e = add(fresh, &from->alert);

	if (!e)
		return NULL;
	e->version = from->version;
	e->is_acknowledged = from->is_acknowledged;
	e->is_silenced = from->is_silenced;
	e->is_told_anywhere = from->is_told_anywhere;
	e->resolved_ns = from->resolved_ns;
	for (size_t c = 0; c < fresh->channel_cnt; c++) {
		for (size_t o = 0; o < old->channel_cnt; o++) {
			struct delivery *d = &e->deliveries[c];

			if (!(from->wanted_mask & 1U << o) ||
			    strcmp(fresh->channels[c].config.name, old->channels[o].config.name) !=
				    0)
				continue;
			e->wanted_mask |= 1U << c;
			*d = from->deliveries[o];
			d->may_know |= d->is_sending;
			d->is_sending = false;
			d->has_escalated = false;
			d->wanted_ns = now_ns;
		}
	}
	return e;
}

void book_adopt(struct book *fresh, const struct book *old, book_first_fn first,
		const void *context, uint64_t now_ns)
{
	for (size_t c = 0; c < fresh->channel_cnt; c++) {
		for (size_t o = 0; o < old->channel_cnt; o++) {
			if (strcmp(fresh->channels[c].config.name, old->channels[o].config.name) ==
			    0)
				fresh->channels[c].counts = old->channels[o].counts;
		}
	}
	for (size_t i = 0; i < old->entry_end; i++) {
		const struct entry *from = &old->entries[i];
		struct entry *e = from->key ? adopt_entry(fresh, from, old, now_ns) : NULL;

		if (e && e->alert.state == ALERT_FIRING)
			want_first(fresh, e, first(context, &e->alert), now_ns);
	}
}

enum notify_channel_state book_state(const struct book *b, size_t channel_idx)
{
	return b->channels[channel_idx].state;
}

const struct book_counts *book_counts(const struct book *b, size_t channel_idx)
{
	return &b->channels[channel_idx].counts;
}

uint64_t book_dropped_cnt(const struct book *b)
{
	return b->dropped_cnt;
}

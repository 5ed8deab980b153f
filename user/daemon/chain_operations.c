/* SPDX-License-Identifier: Apache-2.0 */
/* Chains as operations: the whole, and behind it its segments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/chains.h"
#include "daemon/operations.h"
#include "daemon/shares.h"
#include "daemon/slow_calls.h"

size_t chain_operations_max(const struct daemon *d)
{
	size_t cnt = 0;

	for (size_t i = 0; d->chains && i < d->chains->cnt; i++) {
		const struct chain *chain = d->chains->items[i].config;

		cnt += chain->stage_cnt * (chain->wants_breakdown ? 1 + TS_STATE_CNT : 1);
	}
	return cnt;
}

/* "4 stages, by uprobe session and raw_tp". */
static void describe(const struct daemon *d, const struct chain_item *item, struct operation *o)
{
	bool has_function = false, has_socket = false;

	for (size_t i = 0; i < item->config->stage_cnt; i++) {
		has_function |= !item->filters[i];
		has_socket |= item->filters[i] != 0;
	}
	snprintf(o->probe_text, sizeof(o->probe_text), "%zu stages, seen by %s%s%s",
		 item->config->stage_cnt,
		 has_function && d->probe ? probe_level_name(probe_level(d->probe)) : "",
		 has_function && has_socket ? " and " : "",
		 has_socket && d->sock ? sock_hooks_name(sock_hooks(d->sock)) : "");
}

static struct operation *add(struct daemon *d, struct chain_item *item, const struct traced *t,
			     uint32_t which)
{
	const struct daemon_target *target = d->targets[item->target_idx].config;
	uint32_t number = (uint32_t)(item - d->chains->items);
	struct operation *o =
		operations_add(d, item->config->name, chain_series(d->chains->probe, number, which),
			       chain_stripe_cnt(d->chains->probe));

	if (!o)
		return NULL;
	o->kind = OPERATION_SEGMENT;
	o->target_idx = item->target_idx;
	o->target = strdup(target->name ? target->name : process_name(t->process));
	describe(d, item, o);
	return o->target ? o : NULL;
}

/*
 * Shares of the operation that was added last, from one stage to another. What begins in the
 * network, or ends where user space tells, is no thread's time.
 */
static int add_shares(struct daemon *d, const struct chain_item *item, uint32_t from, uint32_t to)
{
	uint32_t number = (uint32_t)(item - d->chains->items);
	uint32_t segment = to - from == 1 && !item->config->is_span ? to : 0;

	if (!item->config->wants_breakdown || item->config->stages[from].verb == CHAIN_ARRIVE ||
	    to >= item->kernel.kernel_cnt)
		return 0;
	return shares_add(d, &d->operations[d->operation_cnt - 1],
			  chain_series(d->chains->probe, number, TS_CHAIN_SHARE(segment, 0)),
			  chain_stripe_cnt(d->chains->probe));
}

/* The only segment of a span is the span. */
static int add_segments(struct daemon *d, struct chain_item *item, const struct traced *t)
{
	const struct chain *chain = item->config;

	for (uint32_t i = 1; !chain->is_span && i < chain->stage_cnt; i++) {
		struct operation *o = add(d, item, t, i);

		if (!o)
			return -ENOMEM;
		operations_add_label(o, "from", chain->stages[i - 1].text);
		operations_add_label(o, "to", chain->stages[i].text);
		if (add_shares(d, item, i - 1, i))
			return -ENOMEM;
	}
	return 0;
}

static int add_operations(struct daemon *d, struct chain_item *item, const struct traced *t)
{
	struct operation *o = add(d, item, t, 0);
	int err;

	if (!o)
		return -ENOMEM;
	o->kind = item->config->is_span ? OPERATION_SPAN : OPERATION_CHAIN;
	o->chain = calloc(1, sizeof(*o->chain));
	if (!o->chain)
		return -ENOMEM;
	o->slow_operation = slow_calls_slots_of_chain(d, (uint32_t)(item - d->chains->items));
	o->chain->config = item->config;
	o->chain->live = chain_counts(d->chains->probe, (uint32_t)(item - d->chains->items));
	item->first_operation = (size_t)(o - d->operations);
	err = add_shares(d, item, 0, (uint32_t)item->config->stage_cnt - 1);
	if (!err)
		err = add_segments(d, item, t);
	item->operation_cnt = d->operation_cnt - item->first_operation;
	return err;
}

static int add_pid(struct daemon *d, const struct chain_item *item, pid_t pid)
{
	int err = 0;

	for (size_t i = 0; i < item->operation_cnt && !err; i++)
		err = operations_add_pid(&d->operations[item->first_operation + i], pid);
	return err;
}

int chain_operations_add_process(struct daemon *d, const struct traced *t)
{
	int err = 0;

	for (size_t i = 0; d->chains && i < d->chains->cnt && !err; i++) {
		struct chain_item *item = &d->chains->items[i];

		if (item->target_idx != t->target_idx)
			continue;
		if (!item->operation_cnt)
			err = add_operations(d, item, t);
		if (!err)
			err = add_pid(d, item, t->pid);
	}
	return err;
}

void chain_operations_read(struct daemon *d)
{
	if (!d->chains || !d->chains->probe)
		return; /* nothing may be attached now */
	chain_settle(d->chains->probe);
	for (size_t i = 0; i < d->operation_cnt; i++) {
		struct chain_figures *f = d->operations[i].chain;

		if (!f)
			continue;
		f->total = *f->live;
		/* All are counters of 64 bits. */
		for (size_t n = 0; n < sizeof(f->total) / sizeof(uint64_t); n++)
			((uint64_t *)&f->interval)[n] = ((const uint64_t *)&f->total)[n] -
							((const uint64_t *)&f->interval_start)[n];
	}
}

void chain_operations_begin_interval(struct daemon *d)
{
	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (d->operations[i].chain)
			d->operations[i].chain->interval_start = d->operations[i].chain->total;
	}
}

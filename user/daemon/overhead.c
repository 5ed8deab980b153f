/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and hits of stages per second, times what one costs here: what it takes from a target, in
 * CPUs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "daemon/chains.h"
#include "daemon/operations.h"
#include "daemon/overhead.h"

#define LOOK_NS (NS_PER_S - NS_PER_S / 10) /* a timer may be early against the reading before */

static void measure(struct operation *o, uint64_t passed_ns)
{
	uint64_t entries = o->counted.total->entries;
	uint64_t cost_ns = (entries - o->overhead_entries) * o->cost.call_ns;

	o->overhead_entries = entries;
	o->budget.cost_ratio = (double)cost_ns / (double)passed_ns;
}

/* The whole; NULL: no process of its target has come yet. */
static struct operation *operation_of(struct daemon *d, const struct chain_item *item)
{
	return item->operation_cnt ? &d->operations[item->first_operation] : NULL;
}

/* What the hits of a function cost is borne in equal parts by the chains that it is a stage of. */
static void measure_stage(struct daemon *d, struct chain_function *f, uint64_t passed_ns)
{
	uint64_t hits = chain_hits(d->chains->probe, f->point), fresh = hits - f->hits;
	size_t chain_cnt = stages_chain_cnt(d, f);

	f->hits = hits;
	f->cost_ratio = (double)(fresh * stages_hit_ns(d, f)) / (double)passed_ns;
	for (size_t i = 0; i < d->chains->cnt; i++) {
		struct chain_item *item = &d->chains->items[i];
		struct operation *o = operation_of(d, item);

		if (!o || !stages_has_chain(item, f))
			continue;
		o->budget.cost_ratio += f->cost_ratio / (double)chain_cnt;
		item->hits_per_s += (double)fresh * NS_PER_S / (double)passed_ns;
	}
}

static void measure_chains(struct daemon *d, uint64_t passed_ns)
{
	if (!d->chains || !d->chains->probe)
		return;
	for (size_t i = 0; i < d->chains->cnt; i++)
		d->chains->items[i].hits_per_s = 0;
	for (size_t i = 0; i < d->chains->function_cnt; i++)
		measure_stage(d, &d->chains->functions[i], passed_ns);
}

typedef void (*detach_fn)(struct probe_group *group, uint32_t number);

static void detach_everywhere(struct daemon *d, size_t target_idx, detach_fn fn, uint32_t number)
{
	for (size_t i = 0; i < d->traced_cnt; i++) {
		const struct traced *t = &d->traced[i];

		for (; t && t->target_idx == target_idx; t = t->late)
			fn(t->group, number);
	}
	for (size_t i = 0; i < d->file_cnt; i++) {
		if (d->files[i].target_idx == target_idx)
			fn(d->files[i].group, number);
	}
}

static struct chain_item *item_of(struct daemon *d, const struct operation *o)
{
	struct chain_item *item = d->chains->items;

	while (operation_of(d, item) != o)
		item++;
	return item;
}

/* Its dearest stage that is a function. */
static const char *dearest_stage(const struct daemon *d, const struct chain_item *item)
{
	const struct chain_function *dearest = NULL;
	const char *text = "";

	for (size_t i = 0; i < d->chains->function_cnt; i++) {
		const struct chain_function *f = &d->chains->functions[i];

		if (stages_has_chain(item, f) && (!dearest || f->cost_ratio > dearest->cost_ratio))
			dearest = f;
	}
	for (size_t s = 0; dearest && s < item->config->stage_cnt; s++) {
		if (!item->filters[s] && item->points[s] == dearest->point)
			text = item->config->stages[s].text;
	}
	return text;
}

/* Probes that other chains need stay. */
static void withdraw(struct daemon *d, struct operation *o, double max_ratio)
{
	struct chain_item *item = item_of(d, o);
	int err = chain_withdraw(d->chains->probe, (uint32_t)(item - d->chains->items));

	if (err)
		daemon_message(d, "what else \"%s\" takes of its target cannot be detached: %s",
			       o->name, strerror(-err));
	snprintf(o->probe_text, sizeof(o->probe_text),
		 "detached (over budget): %.2f%% of a CPU at %.0f hits/s of its stages, %.4g%% "
		 "allowed; the dearest is \"%s\"",
		 o->budget.cost_ratio * 100, item->hits_per_s, max_ratio * 100,
		 dearest_stage(d, item));
	for (size_t i = 0; i < d->chains->function_cnt; i++) {
		const struct chain_function *f = &d->chains->functions[i];
		bool is_its = stages_has_chain(item, f);

		if (is_its && stages_chain_cnt(d, f) == 1)
			detach_everywhere(d, item->target_idx, probe_detach_point, f->point);
	}
	item->is_withdrawn = true;
}

static void detach_function(struct daemon *d, struct operation *o, double max_ratio)
{
	double cost_ns = (double)o->cost.call_ns;

	detach_everywhere(d, o->target_idx, probe_detach_series, o->series);
	snprintf(o->probe_text, sizeof(o->probe_text),
		 "detached (over budget): %.2f%% of a CPU at %.0f calls/s, %.4g%% allowed",
		 o->budget.cost_ratio * 100, cost_ns > 0 ? o->budget.cost_ratio * 1e9 / cost_ns : 0,
		 max_ratio * 100);
}

/* Segments and shares stand behind their operation. */
static void detach_parts(struct daemon *d, const struct operation *whole)
{
	for (size_t i = (size_t)(whole - d->operations) + 1; i < d->operation_cnt; i++) {
		struct operation *part = &d->operations[i];

		if (!operations_is_part(part))
			return;
		part->is_detached = true;
		memcpy(part->probe_text, whole->probe_text, sizeof(part->probe_text));
	}
}

static void detach(struct daemon *d, struct operation *o, double max_ratio)
{
	if (o->chain)
		withdraw(d, o, max_ratio);
	else
		detach_function(d, o, max_ratio);
	o->is_detached = true;
	detach_parts(d, o);
	if (d->output->on_detached)
		d->output->on_detached(o, d->output->context);
	else
		daemon_message(d, "\"%s\" is %s", o->name, o->probe_text);
}

static void look_at_target(struct daemon *d, size_t target_idx, struct budget_item **items)
{
	struct target *target = &d->targets[target_idx];
	double max_ratio = target->config->max_overhead_ratio;
	size_t cnt = 0;

	target->overhead_ratio = 0;
	for (size_t i = 0; i < d->operation_cnt; i++) {
		struct operation *o = &d->operations[i];

		if ((o->kind != OPERATION_FUNCTION && !o->chain) || o->target_idx != target_idx ||
		    o->is_detached)
			continue;
		target->overhead_ratio += o->budget.cost_ratio;
		items[cnt++] = &o->budget;
	}
	if (max_ratio <= 0 || !budget_look(&target->budget, max_ratio, items, cnt))
		return;
	for (size_t i = 0; i < d->operation_cnt; i++) {
		struct operation *o = &d->operations[i];

		if (o->budget.is_chosen && !o->is_detached && o->target_idx == target_idx)
			detach(d, o, max_ratio);
	}
}

void overhead_look(struct daemon *d, uint64_t now_mono_ns)
{
	uint64_t passed_ns = now_mono_ns - d->overhead_mono_ns;
	struct budget_item **items;

	if (!d->overhead_mono_ns) {
		d->overhead_mono_ns = d->start_mono_ns;
		passed_ns = now_mono_ns - d->start_mono_ns;
	}
	if (passed_ns < LOOK_NS || !d->operation_cnt)
		return;
	items = calloc(d->operation_cnt, sizeof(struct budget_item *));
	if (!items)
		return; /* looked at again in a second */
	d->overhead_mono_ns = now_mono_ns;
	for (size_t i = 0; i < d->operation_cnt; i++)
		measure(&d->operations[i], passed_ns);
	measure_chains(d, passed_ns);
	for (size_t i = 0; i < d->config->target_cnt; i++)
		look_at_target(d, i, items);
	free(items);
}

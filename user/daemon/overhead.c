/* SPDX-License-Identifier: Apache-2.0 */
/* Calls per second times what one costs here: what it takes from a target, in CPUs. */
#include <stdio.h>
#include <stdlib.h>

#include "base/time_units.h"
#include "daemon/overhead.h"

#define LOOK_NS (NS_PER_S - NS_PER_S / 10) /* a timer may be early against the reading before */

static void measure(struct operation *o, uint64_t passed_ns)
{
	uint64_t entries = o->counted.total->entries;
	uint64_t cost_ns = (entries - o->overhead_entries) * o->cost.call_ns;

	o->overhead_entries = entries;
	o->budget.cost_ratio = (double)cost_ns / (double)passed_ns;
}

static void detach(struct daemon *d, struct operation *o, double max_ratio)
{
	double cost_ns = (double)o->cost.call_ns;

	for (size_t i = 0; i < d->traced_cnt; i++) {
		const struct traced *t = &d->traced[i];

		for (; t && t->target_idx == o->target_idx; t = t->late)
			probe_detach_series(t->group, o->series);
	}
	for (size_t i = 0; i < d->file_cnt; i++) {
		if (d->files[i].target_idx == o->target_idx)
			probe_detach_series(d->files[i].group, o->series);
	}
	o->is_detached = true;
	snprintf(o->probe_text, sizeof(o->probe_text),
		 "detached (over budget): %.2f%% of a CPU at %.0f calls/s, %.4g%% allowed",
		 o->budget.cost_ratio * 100, cost_ns > 0 ? o->budget.cost_ratio * 1e9 / cost_ns : 0,
		 max_ratio * 100);
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

		if (o->kind != OPERATION_FUNCTION || o->target_idx != target_idx || o->is_detached)
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
	for (size_t i = 0; i < d->config->target_cnt; i++)
		look_at_target(d, i, items);
	free(items);
}

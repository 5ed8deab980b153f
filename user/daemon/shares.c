/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of kind share: what the one before them spent in each state of its thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/operations.h"
#include "daemon/processes.h"
#include "daemon/shares.h"
#include "probe/sched.h"

static size_t wanted_cnt(const struct daemon *d)
{
	size_t cnt = 0;

	for (size_t i = 0; i < d->config->target_cnt; i++) {
		const struct daemon_target *target = &d->config->targets[i];

		for (size_t f = 0; f < target->function_cnt; f++)
			cnt += target->functions[f].wants_breakdown;
	}
	return cnt;
}

static bool chain_wants(const struct daemon_config *config)
{
	for (size_t i = 0; i < config->chain_cnt; i++) {
		if (config->chains[i].wants_breakdown)
			return true;
	}
	return false;
}

int shares_start(struct daemon *d, struct fault *why)
{
	int err;

	if (!wanted_cnt(d) && !chain_wants(d->config))
		return 0;
	err = sched_open(&d->sched, why);
	if (!err && sched_missing_states(d->sched))
		daemon_message(d, "%s", sched_missing_reason(d->sched));
	return err;
}

static size_t plan_cnt(const struct daemon *d, const struct traced *t)
{
	const struct daemon_target *target = d->targets[t->target_idx].config;
	size_t cnt = 0;

	for (size_t i = 0; t->plans && i < target->function_cnt; i++)
		cnt += target->functions[i].wants_breakdown ? t->plans[i].cnt : 0;
	return cnt;
}

size_t shares_series_cnt(const struct daemon *d, const struct traced *opened, size_t cnt)
{
	size_t function_cnt = processes_may_come(d) ? wanted_cnt(d) : 0;

	for (size_t i = 0; i < cnt; i++)
		function_cnt += plan_cnt(d, &opened[i]);
	return TS_STATE_CNT * function_cnt;
}

static bool has_room_for_label(const struct operation *o)
{
	return o->label_cnt < OPERATION_LABEL_MAX;
}

int shares_add(struct daemon *d, const struct operation *whole, const struct ts_series *stripes,
	       size_t stripe_cnt)
{
	for (int state = 0; state < TS_STATE_CNT; state++) {
		struct operation *o = operations_add(
			d, whole->name, stripes + (size_t)state * stripe_cnt, stripe_cnt);

		if (!o || !has_room_for_label(whole))
			return -ENOMEM;
		o->kind = OPERATION_SHARE;
		o->target_idx = whole->target_idx;
		o->target = whole->target ? strdup(whole->target) : NULL;
		if (whole->target && !o->target)
			return -ENOMEM;
		memcpy(o->labels, whole->labels, sizeof(o->labels));
		o->label_cnt = whole->label_cnt;
		operations_add_label(o, "state", sched_state_name(state));
	}
	return 0;
}

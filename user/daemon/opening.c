/* SPDX-License-Identifier: Apache-2.0 */
/* The programs of a trace are loaded, sized for what was found, in an order in which each finds the
 * maps that it shares. */
#include "daemon/chains.h"
#include "daemon/operations.h"
#include "daemon/processes.h"
#include "daemon/rpc.h"
#include "daemon/shares.h"
#include "daemon/slow_calls.h"
#include "daemon/traced.h"

static bool has_functions(const struct daemon *d)
{
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		if (d->config->targets[i].function_cnt)
			return true;
	}
	return d->chains && d->chains->function_cnt;
}

static int open_probe(struct daemon *d, const struct traced *opened, size_t cnt, struct fault *why)
{
	size_t function_cnt = 0;
	struct probe_options options = {.level = d->config->level, .sched = d->sched};
	bool may_come = processes_may_come(d);

	for (size_t i = 0; i < cnt; i++)
		function_cnt += traced_plan_cnt(d, &opened[i]);
	if (may_come && has_functions(d))
		function_cnt += d->config->spare_cnt;
	d->function_operation_max = (uint32_t)function_cnt;
	d->series_max = (uint32_t)(function_cnt + shares_series_cnt(d, opened, cnt));
	d->operation_max = d->series_max + rpc_operation_max(d) + chain_operations_max(d);
	options.series_cnt = d->series_max;
	options.slowest = d->slowest;
	options.chains = d->chains ? d->chains->probe : NULL;
	/* It also tells of processes that start: needed without functions, too. */
	return has_functions(d) || may_come ? probe_open(&options, &d->probe, why) : 0;
}

int opening_load(struct daemon *d, const struct traced *opened, size_t cnt, struct fault *why)
{
	int err = shares_start(d, why);

	err = err ? err : slow_calls_start(d, why);
	err = err ? err : chains_open(d, why);
	err = err ? err : open_probe(d, opened, cnt, why);
	if (!err && rpc_is_used(d))
		err = rpc_start(d, why);
	return err ? err : operations_start(d, why);
}

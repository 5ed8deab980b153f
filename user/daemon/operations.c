/* SPDX-License-Identifier: Apache-2.0 */
/* Operations: one series in the kernel each, its last snapshot, its windows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/chains.h"
#include "daemon/operations.h"
#include "daemon/places.h"
#include "daemon/rpc.h"
#include "daemon/shares.h"
#include "daemon/slow_calls.h"

static const char *const kinds[] = {
	[OPERATION_FUNCTION] = "function",     [OPERATION_RPC_CLIENT] = "rpc_client",
	[OPERATION_RPC_SERVER] = "rpc_server", [OPERATION_SEGMENT] = "segment",
	[OPERATION_ORDER] = "order",	       [OPERATION_FEED] = "feed",
	[OPERATION_CHAIN] = "chain",	       [OPERATION_SPAN] = "span",
	[OPERATION_SHARE] = "share",
};

const char *operations_kind_name(enum operation_kind kind)
{
	return kinds[kind];
}

bool operations_is_part(const struct operation *operation)
{
	return operation->kind == OPERATION_SEGMENT || operation->kind == OPERATION_SHARE;
}

int operations_start(struct daemon *d, struct fault *why)
{
	d->operations = calloc(d->operation_max, sizeof(*d->operations));
	d->now = calloc(1, sizeof(*d->now));
	d->reading = calloc(1, sizeof(*d->reading));
	if (!d->operations || !d->now || !d->reading)
		return fault_set(why, -ENOMEM, "out of memory");
	snapshot_init(d->now);
	window_init(d->reading);
	return 0;
}

int operations_counted_init(struct counted *counted, const struct ts_series *stripes,
			    size_t stripe_cnt)
{
	counted->stripes = stripes;
	counted->stripe_cnt = stripe_cnt;
	/* Zeroed by the kernel page by page as they are used: most of their buckets never are. */
	counted->last = calloc(1, sizeof(*counted->last));
	counted->interval = calloc(1, sizeof(*counted->interval));
	counted->total = calloc(1, sizeof(*counted->total));
	if (!counted->last || !counted->interval || !counted->total)
		return -ENOMEM;
	snapshot_init(counted->last);
	window_init(counted->interval);
	window_init(counted->total);
	return 0;
}

static void counted_fini(struct counted *counted)
{
	free(counted->last);
	free(counted->interval);
	free(counted->total);
	*counted = (struct counted){0};
}

static void operation_fini(struct operation *o)
{
	free(o->name);
	free(o->full_name);
	free(o->file);
	free(o->target);
	free(o->also);
	free(o->pids);
	counted_fini(&o->counted);
	if (o->rpc)
		counted_fini(&o->rpc->connect);
	free(o->rpc);
	free(o->slowest);
	free(o->chain);
}

void operations_fini(struct daemon *d)
{
	for (size_t i = 0; i < d->operation_cnt; i++)
		operation_fini(&d->operations[i]);
	free(d->operations);
	free(d->now);
	free(d->reading);
	d->operations = NULL;
	d->operation_cnt = 0;
}

static bool operation_is(const struct operation *o, const struct operation_wish *wish)
{
	return o->kind == OPERATION_FUNCTION && o->place_idx == wish->place_idx &&
	       strcmp(o->full_name, wish->plan->full_name) == 0 &&
	       strcmp(o->file, wish->plan->file) == 0 && strcmp(o->target, wish->target) == 0;
}

/* Whether a result is judged that the caller has room for. */
static bool error_needs_memory(const struct ts_error *error)
{
	for (uint32_t i = 0; i < error->term_cnt; i++) {
		if (error->terms[i].source == TS_SOURCE_MEMORY)
			return true;
	}
	return false;
}

/* Why the first result that the expression reads and that has no known type has none. */
static const char *unknown_reason(const struct error_expression *e,
				  const struct return_types *returns)
{
	for (uint32_t i = 0; i < e->term_cnt; i++) {
		size_t idx = e->terms[i].value_idx;

		if (idx < returns->cnt && !returns->items[idx].value.is_known)
			return returns->items[idx].reason;
	}
	return "";
}

static int operation_error(struct daemon *d, struct operation *o,
			   const struct daemon_function *function,
			   const struct operation_plan *plan, struct fault *why)
{
	const struct error_expression *e = function->error;
	const struct return_types *returns = &plan->returns;
	struct error_value values[ERROR_VALUE_MAX];
	struct ts_error compiled;
	struct fault reason;
	const char *detail;
	int err;

	if (!e)
		return 0;
	if (returns->lost_reason[0])
		return fault_set(why, -ENOTSUP, "--error cannot judge \"%s\": %s", plan->name,
				 returns->lost_reason);
	for (size_t i = 0; i < returns->cnt; i++)
		values[i] = returns->items[i].value;
	err = error_expression_compile(e, values, returns->cnt, &compiled, &reason);
	detail = unknown_reason(e, returns);
	if (err)
		return fault_set(why, err, "--error \"%s\" for \"%s\": %s%s%s%s",
				 function->error_text, plan->name, reason.text,
				 detail[0] ? " (" : "", detail, detail[0] ? ")" : "");
	o->needs_result = error_needs_memory(&compiled);
	return probe_add_error(d->probe, &compiled, &o->error, why);
}

static int operation_name(struct operation *o, const struct operation_wish *wish)
{
	const char *given = wish->function->name;

	o->name = strdup(given ? given : wish->plan->name);
	/* Several functions under one name that was given: told apart by a label. */
	if (!given || !wish->is_one_of_many)
		return o->name ? 0 : -ENOMEM;
	o->labels[0].name = "function";
	snprintf(o->labels[0].value, sizeof(o->labels[0].value), "%s", wish->plan->name);
	o->label_cnt = 1;
	return o->name ? 0 : -ENOMEM;
}

static int operation_init(struct daemon *d, struct operation *o, const struct operation_wish *wish,
			  struct fault *why)
{
	const struct operation_plan *plan = wish->plan;

	o->full_name = strdup(plan->full_name);
	o->file = strdup(plan->file);
	o->target = strdup(wish->target);
	o->place_idx = wish->place_idx;
	o->target_idx = places_target(d, wish->place_idx);
	o->series = d->series_cnt;
	o->shares = wish->function->wants_breakdown ? o->series + 1 : 0;
	o->slow_operation = slow_calls_slots_of_function(d, d->function_operation_cnt);
	o->uncovered_copies = plan->uncovered_copies;
	if (plan->also)
		o->also = strdup(plan->also);
	if ((plan->also && !o->also) || operation_name(o, wish) || !o->full_name || !o->file ||
	    !o->target ||
	    operations_counted_init(&o->counted, probe_series(d->probe, o->series),
				    probe_stripe_cnt(d->probe)))
		return fault_set(why, -ENOMEM, "out of memory");
	places_label(d, o->place_idx, o);
	probe_describe(d->probe, &plan->copies[0], o->probe_text, sizeof(o->probe_text));
	memcpy(o->exit_reason, plan->copies[0].reason, sizeof(o->exit_reason));
	o->exit_reason[sizeof(o->exit_reason) - 1] = '\0';
	return operation_error(d, o, wish->function, plan, why);
}

/* Takes back what was added since there were so many. */
static void remove_from(struct daemon *d, size_t cnt)
{
	while (d->operation_cnt > cnt)
		operation_fini(&d->operations[--d->operation_cnt]);
}

static int add_function(struct daemon *d, const struct operation_wish *wish, struct fault *why)
{
	size_t before_cnt = d->operation_cnt;
	struct operation *o = &d->operations[before_cnt];
	int err;

	memset(o, 0, sizeof(*o));
	d->operation_cnt++;
	err = operation_init(d, o, wish, why);
	if (!err && o->shares &&
	    shares_add(d, o, probe_series(d->probe, o->shares), probe_stripe_cnt(d->probe)))
		err = fault_set(why, -ENOMEM, "out of memory");
	if (err) {
		remove_from(d, before_cnt);
		return err;
	}
	d->function_operation_cnt++;
	d->series_cnt += o->shares ? 1 + TS_STATE_CNT : 1;
	return 0;
}

int operations_find(struct daemon *d, const struct operation_wish *wish, uint32_t *ret_idx,
		    struct fault *why)
{
	size_t before_cnt = d->operation_cnt;
	uint32_t series_cnt = wish->function->wants_breakdown ? 1 + TS_STATE_CNT : 1;
	int err = 0;

	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (operation_is(&d->operations[i], wish)) {
			*ret_idx = (uint32_t)i;
			return 0;
		}
	}
	if (wish->function->wants_breakdown)
		err = probe_check_breakdown(wish->plan, why);
	if (err)
		return err;
	if (d->function_operation_cnt == d->function_operation_max ||
	    d->series_max - d->series_cnt < series_cnt)
		return fault_set(why, -ENOSPC, "more than %u functions: raise %s",
				 d->function_operation_max,
				 d->config->is_tolerant ? "operation_max" : "--max-functions");
	err = add_function(d, wish, why);
	if (!err)
		*ret_idx = (uint32_t)before_cnt;
	return err;
}

struct operation *operations_add(struct daemon *d, const char *name,
				 const struct ts_series *stripes, size_t stripe_cnt)
{
	struct operation *o;

	if (d->operation_cnt == d->operation_max)
		return NULL;
	o = &d->operations[d->operation_cnt];
	memset(o, 0, sizeof(*o));
	o->name = strdup(name);
	if (!o->name || operations_counted_init(&o->counted, stripes, stripe_cnt)) {
		operation_fini(o);
		return NULL;
	}
	d->operation_cnt++;
	return o;
}

struct operation_label *operations_add_label(struct operation *o, const char *name,
					     const char *value)
{
	struct operation_label *label = &o->labels[o->label_cnt];

	if (!value[0] || o->label_cnt == OPERATION_LABEL_MAX)
		return NULL;
	label->name = name;
	snprintf(label->value, sizeof(label->value), "%s", value);
	o->label_cnt++;
	return label;
}

int operations_add_pid(struct operation *o, pid_t pid)
{
	pid_t *pids;

	o->live_cnt++;
	for (size_t i = 0; i < o->pid_cnt; i++) {
		if (o->pids[i] == pid)
			return 0;
	}
	if (o->pid_cnt == OPERATION_PID_MAX) {
		o->pids[o->pid_next++ % OPERATION_PID_MAX] = pid;
		return 0;
	}
	pids = reallocarray(o->pids, o->pid_cnt + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	o->pids = pids;
	o->pids[o->pid_cnt++] = pid;
	return 0;
}

static void counted_read(struct daemon *d, struct counted *c, uint64_t duration_ns)
{
	struct snapshot *before = c->last;

	snapshot_read(d->now, c->stripes, c->stripe_cnt);
	if (snapshot_is_same(before, d->now)) {
		c->interval->duration_ns += duration_ns;
		c->total->duration_ns += duration_ns;
		return;
	}
	window_between(d->reading, before, d->now, duration_ns);
	window_merge(c->interval, d->reading);
	window_merge(c->total, d->reading);
	c->last = d->now;
	d->now = before;
}

void operations_read(struct daemon *d, uint64_t now_mono_ns, bool is_end)
{
	uint64_t duration_ns = now_mono_ns - d->read_mono_ns;

	if (d->sock)
		rpc_read(d, is_end);
	chain_operations_read(d);
	for (size_t i = 0; i < d->operation_cnt; i++) {
		counted_read(d, &d->operations[i].counted, duration_ns);
		if (d->operations[i].rpc)
			counted_read(d, &d->operations[i].rpc->connect, duration_ns);
	}
	d->read_mono_ns = now_mono_ns;
}

void operations_begin_interval(struct daemon *d, uint64_t now_mono_ns)
{
	for (size_t i = 0; i < d->operation_cnt; i++) {
		window_clear(d->operations[i].counted.interval);
		if (d->operations[i].rpc)
			window_clear(d->operations[i].rpc->connect.interval);
	}
	rpc_begin_interval(d);
	chain_operations_begin_interval(d);
	d->interval_mono_ns = now_mono_ns;
}

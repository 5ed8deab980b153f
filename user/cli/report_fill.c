/* SPDX-License-Identifier: Apache-2.0 */
/* One report operation for each of the daemon's, in its order: segments follow their endpoint. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report_fill.h"

static void fill_rpc(struct report_rpc *r, const struct rpc *rpc, const struct daemon_view *view,
		     bool is_interval)
{
	const struct rpc_figures *f = is_interval ? &rpc->interval : &rpc->total;

	*r = (struct report_rpc){
		.sent_at = view->hooks == SOCK_HOOKS_RAW_TP ? "end" : "start",
		.bytes_sent = f->bytes_sent,
		.bytes_received = f->bytes_received,
		.retransmits = f->retransmits,
		.unsolicited_bytes = f->unsolicited_bytes,
		.arrivals_missed = f->arrivals_missed,
		.resets = f->resets,
		.unread_requests = f->unread_requests,
		.datagrams_dropped = f->datagrams_dropped,
		.queue_bytes = f->queue_bytes,
		.queue_max_bytes = f->queue_max_bytes,
		.queue_limit_bytes = f->queue_limit_bytes,
		.srtt_ns = f->srtt_ns,
		.untimed = f->untimed,
		.parsed = &rpc->parsed,
	};
	stats_of(&r->connect, is_interval ? rpc->connect.interval : rpc->connect.total, 0);
}

static void fill_chain(struct report_operation *r, const struct chain_figures *chain,
		       bool is_interval)
{
	const struct ts_chain_counts *c = is_interval ? &chain->interval : &chain->total;

	r->chain = chain->config;
	r->followed = (struct report_chain){
		.overtaken = c->overtaken,
		.timed_out = c->timed_out,
		.unread_keys = c->unread_keys,
		.unsplit = c->unsplit,
		.arrivals_missed = c->arrivals_missed,
		.unmatched = c->unmatched,
	};
	memcpy(r->followed.stopped_at, c->stopped_at, sizeof(r->followed.stopped_at));
}

static void fill_operation(struct report_operation *r, const struct operation *o,
			   const struct daemon_view *view, bool is_interval)
{
	const struct window *w = is_interval ? o->counted.interval : o->counted.total;

	*r = (struct report_operation){
		.name = o->name,
		.kind = operations_kind_name(o->kind),
		.target = o->target,
		.pids = o->pids,
		.pid_cnt = o->pid_cnt,
		.is_segment = o->kind == OPERATION_SEGMENT,
		.is_share = o->kind == OPERATION_SHARE,
		.is_split = o->shares,
		.has_rpc = o->rpc != NULL,
		.protocol = o->protocol,
		.window = w,
		.uncovered_copies = o->uncovered_copies,
		.also = o->also,
		.probe = o->probe_text,
		.probe_cost_ns = o->cost.call_ns,
		.probe_inner_ns = o->cost.inner_ns,
	};
	for (size_t i = 0; i < o->label_cnt; i++)
		r->labels[r->label_cnt++] =
			(struct report_label){o->labels[i].name, o->labels[i].value};
	if (!is_interval)
		r->slowest = o->slowest;
	if (o->rpc)
		fill_rpc(&r->rpc, o->rpc, view, is_interval);
	if (o->chain)
		fill_chain(r, o->chain, is_interval);
	stats_of(&r->stats, w, o->cost.inner_ns);
}

int report_fill(struct report *report, const struct daemon_view *view, bool is_interval)
{
	struct report_operation *operations =
		reallocarray(report->operations, view->operation_cnt + 1, sizeof(*operations));

	if (!operations)
		return -ENOMEM;
	report->operations = operations;
	report->operation_cnt = view->operation_cnt;
	report->is_interval = is_interval;
	report->start_wall_ns = is_interval ? view->interval_start_wall_ns : view->start_wall_ns;
	report->end_wall_ns = view->now_wall_ns;
	report->has_slowest = view->has_slowest && !is_interval;
	report->slowest_dropped = view->slowest_dropped;
	report->slowest_mono_ns = view->start_mono_ns;
	report->slowest_wall_ns = view->start_wall_ns;
	for (size_t i = 0; i < view->operation_cnt; i++) {
		fill_operation(&operations[i], &view->operations[i], view, is_interval);
		if (operations[i].is_share && i) { /* of the same processes */
			operations[i].pids = operations[i - 1].pids;
			operations[i].pid_cnt = operations[i - 1].pid_cnt;
		}
	}
	return 0;
}

void report_fill_free(struct report *report)
{
	free(report->operations);
	report->operations = NULL;
}

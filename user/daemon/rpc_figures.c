/* SPDX-License-Identifier: Apache-2.0 */
/* What endpoints have beside their latencies. */
#include "daemon/rpc.h"

void rpc_figures_read(struct rpc *rpc)
{
	const struct ts_endpoint_figures *live = rpc->live;
	const struct rpc_figures *start = &rpc->interval_start;
	struct rpc_figures *t = &rpc->total;

	*t = (struct rpc_figures){
		.bytes_sent = live->bytes_sent,
		.bytes_received = live->bytes_received,
		.retransmits = live->retransmits,
		.unsolicited_bytes = live->unsolicited_bytes,
		.arrivals_missed = live->arrivals_missed,
		.resets = live->resets,
		.unread_requests = live->unread_requests,
		.datagrams_dropped = live->datagrams_dropped,
		.queue_bytes = live->queue_bytes,
		.queue_max_bytes = live->queue_max_bytes,
		.queue_limit_bytes = live->queue_limit_bytes,
		.srtt_ns = live->srtt_us * 1000,
		.untimed = rpc->untimed,
	};
	rpc->interval = *t;
	rpc->interval.bytes_sent -= start->bytes_sent;
	rpc->interval.bytes_received -= start->bytes_received;
	rpc->interval.retransmits -= start->retransmits;
	rpc->interval.unsolicited_bytes -= start->unsolicited_bytes;
	rpc->interval.arrivals_missed -= start->arrivals_missed;
	rpc->interval.resets -= start->resets;
	rpc->interval.unread_requests -= start->unread_requests;
	rpc->interval.datagrams_dropped -= start->datagrams_dropped;
	rpc->interval.untimed -= start->untimed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the traced processes: which ports they serve, and endpoints as operations. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/internal.h"
#include "target/hosts.h"
#include "target/listeners.h"

/* An endpoint's total and at most three segments. */
#define OPERATIONS_PER_ENDPOINT 4
/* An answer that nothing has followed for so long is taken as complete. */
#define IDLE_NS 1000000000ULL

struct segment {
	enum ts_rpc_series series;
	const char *from;
	const char *to;
};

static const struct segment client_segments[] = {
	{TS_RPC_SEGMENT_1, "sent", "arrived"},
	{TS_RPC_SEGMENT_2, "arrived", "read"},
	{TS_RPC_SEGMENT_3, "read", "complete"},
};
static const struct segment server_segments[] = {
	{TS_RPC_SEGMENT_1, "arrived", "read"},
	{TS_RPC_SEGMENT_2, "read", "sent"},
};

size_t rpc_operation_max(const struct daemon *d)
{
	return d->config->wants_rpc ? (TS_ENDPOINT_MAX + 1) * OPERATIONS_PER_ENDPOINT : 0;
}

int rpc_start(struct daemon *d, struct fault *why)
{
	return sock_open(d->config->hooks, &d->sock, why);
}

int rpc_add_process(struct daemon *d, pid_t pid, struct fault *why)
{
	struct listeners listeners;
	int err = listeners_read(pid, &listeners, why);

	for (size_t i = 0; !err && i < listeners.port_cnt; i++)
		err = sock_add_listener(d->sock, listeners.netns, listeners.ports[i]);
	if (!err)
		err = sock_add_target(d->sock, pid);
	return err && !why->text[0]
		       ? fault_set(why, err, "cannot watch the connections of process %d: %s", pid,
				   strerror(-err))
		       : err;
}

/* "tcp 10.0.0.1:9878", "tcp exchange:9878" where the host's name is known, "tcp :9878" of a server.
 */
static void endpoint_name(const struct ts_endpoint_key *key, char *name, size_t name_bytes)
{
	char address[INET6_ADDRSTRLEN] = "", host[256];

	if (key->role == TS_ROLE_NONE) {
		snprintf(name, name_bytes, "tcp (all others)");
		return;
	}
	if (key->role == TS_ROLE_SERVER) {
		snprintf(name, name_bytes, "tcp :%u", key->port);
		return;
	}
	inet_ntop(key->family, key->address, address, sizeof(address));
	if (hosts_find(address, host, sizeof(host)))
		snprintf(name, name_bytes, "tcp %s:%u", host, key->port);
	else
		snprintf(name, name_bytes, strchr(address, ':') ? "tcp [%s]:%u" : "tcp %s:%u",
			 address, key->port);
	text_clean(name);
}

static struct operation *add_operation(struct daemon *d, const char *name, uint32_t endpoint,
				       enum ts_rpc_series series)
{
	struct operation *o = operations_add(d, name, sock_series(d->sock, endpoint, series),
					     sock_stripe_cnt(d->sock));

	if (!o)
		return NULL;
	o->target = strdup(d->traced_cnt ? process_name(d->traced[0].process) : "");
	for (size_t i = 0; o->target && i < d->traced_cnt; i++) {
		if (operations_add_pid(o, d->traced[i].pid))
			return NULL;
	}
	snprintf(o->probe_text, sizeof(o->probe_text), "%s", sock_hooks_name(sock_hooks(d->sock)));
	return o->target ? o : NULL;
}

static bool add_endpoint(struct daemon *d, const struct sock_endpoint *e)
{
	bool is_server = e->key.role == TS_ROLE_SERVER;
	const struct segment *segments = is_server ? server_segments : client_segments;
	size_t segment_cnt = is_server ? 2 : 3;
	struct operation *o;
	char name[320];

	endpoint_name(&e->key, name, sizeof(name));
	o = add_operation(d, name, e->idx, TS_RPC_TOTAL);
	if (!o)
		return false;
	o->kind = is_server ? OPERATION_RPC_SERVER : OPERATION_RPC_CLIENT;
	o->rpc = calloc(1, sizeof(*o->rpc));
	if (!o->rpc ||
	    operations_counted_init(&o->rpc->connect, sock_series(d->sock, e->idx, TS_RPC_CONNECT),
				    sock_stripe_cnt(d->sock)))
		return false;
	o->rpc->live = sock_figures(d->sock, e->idx);
	for (size_t i = 0; i < segment_cnt; i++) {
		o = add_operation(d, name, e->idx, segments[i].series);
		if (!o)
			return false;
		o->kind = OPERATION_SEGMENT;
		o->from = segments[i].from;
		o->to = segments[i].to;
	}
	return true;
}

static void read_figures(struct rpc *rpc)
{
	const struct ts_endpoint_figures *live = rpc->live;
	struct rpc_figures *t = &rpc->total, *i = &rpc->interval;
	const struct rpc_figures *start = &rpc->interval_start;

	t->bytes_sent = live->bytes_sent;
	t->bytes_received = live->bytes_received;
	t->retransmits = live->retransmits;
	t->unsolicited_bytes = live->unsolicited_bytes;
	t->arrivals_missed = live->arrivals_missed;
	t->srtt_ns = live->srtt_us * 1000;
	i->bytes_sent = t->bytes_sent - start->bytes_sent;
	i->bytes_received = t->bytes_received - start->bytes_received;
	i->retransmits = t->retransmits - start->retransmits;
	i->unsolicited_bytes = t->unsolicited_bytes - start->unsolicited_bytes;
	i->arrivals_missed = t->arrivals_missed - start->arrivals_missed;
	i->srtt_ns = t->srtt_ns;
}

void rpc_read(struct daemon *d, bool is_end)
{
	struct sock_endpoint fresh[16];
	size_t cnt;

	sock_settle(d->sock, is_end ? 0 : IDLE_NS);
	do {
		cnt = sock_new_endpoints(d->sock, fresh, sizeof(fresh) / sizeof(fresh[0]));
		for (size_t i = 0; i < cnt; i++) {
			if (!add_endpoint(d, &fresh[i]))
				daemon_message(d, "out of memory: an endpoint is not shown");
		}
	} while (cnt == sizeof(fresh) / sizeof(fresh[0]));
	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (d->operations[i].rpc)
			read_figures(d->operations[i].rpc);
	}
	if (is_end && sock_dropped_connections(d->sock))
		daemon_message(
			d, "%llu connections were not measured: there were more than %d at once",
			(unsigned long long)sock_dropped_connections(d->sock), TS_CONN_MAX);
}

void rpc_begin_interval(struct daemon *d)
{
	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (d->operations[i].rpc)
			d->operations[i].rpc->interval_start = d->operations[i].rpc->total;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the traced processes: which ports they serve, and endpoints as operations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/chains.h"
#include "daemon/operations.h"
#include "daemon/places.h"
#include "daemon/processes.h"
#include "daemon/rpc.h"
#include "target/listeners.h"

/* An endpoint's total, at most three segments, and what nobody asked for. */
#define OPERATIONS_PER_ENDPOINT 5
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

static bool wants_streams(const struct daemon *d)
{
	for (size_t i = 0; i < d->endpoint_cnt; i++) {
		if (d->endpoints[i].protocol)
			return true;
	}
	return !d->endpoint_cnt && d->config->protocol;
}

size_t rpc_operation_max(const struct daemon *d)
{
	size_t cnt = (TS_ENDPOINT_MAX + 1) * OPERATIONS_PER_ENDPOINT;

	if (!rpc_is_wanted(d->config))
		return 0;
	return wants_streams(d) ? cnt + PARSED_MAX * OPERATIONS_PER_ENDPOINT : cnt;
}

/* A file that is replaced is known again when the first process of the new one is looked at. */
static int add_executable(struct daemon *d, size_t target_idx)
{
	int err = sock_add_executable(d->sock, d->config->targets[target_idx].match->exe,
				      (uint8_t)(target_idx + 1));

	return err == -ENOENT ? 0 : err; /* not installed yet */
}

static int add_executables(struct daemon *d, struct fault *why)
{
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		int err = 0;

		bool is_used = d->config->targets[i].wants_rpc || chains_want_sockets(d, i);

		if (is_used && processes_are_by_file(d, i))
			err = add_executable(d, i);
		if (err)
			return fault_set(why, err, "cannot watch \"%s\": %s",
					 d->config->targets[i].match->exe, strerror(-err));
	}
	return 0;
}

int rpc_start(struct daemon *d, struct fault *why)
{
	struct ts_endpoint_filter filters[TS_FILTER_MAX];
	const struct sock_options options = {.hooks = d->config->hooks,
					     .filters = filters,
					     .filter_cnt = d->endpoint_cnt,
					     .wants_stream = d->config->protocol != PROTOCOL_NONE,
					     .chains = d->chains ? d->chains->probe : NULL,
					     .points =
						     d->chains ? d->chains->endpoint_points : NULL};
	int err;

	for (size_t i = 0; i < options.filter_cnt; i++) {
		filters[i] = d->endpoints[i].filter;
		filters[i].wants_stream = d->endpoints[i].protocol != PROTOCOL_NONE;
	}
	err = sock_open(&options, &d->sock, why);
	if (!err)
		err = add_executables(d, why);
	if (!err && wants_streams(d) && streams_start(d))
		err = fault_set(why, -ENOMEM, "out of memory");
	return err;
}

int rpc_add_process(struct daemon *d, const struct traced *t, struct fault *why)
{
	const struct ts_target target = {.number = (uint8_t)(t->place_idx + 1),
					 .chains = (uint8_t)(t->target_idx + 1),
					 .is_by_file = t->is_by_file};
	struct listeners listeners;
	int err = sock_add_target(d->sock, t->pid, &target);

	/* From now on the kernel hears when it listens: none between the two is missed. */
	if (!err)
		err = listeners_read(t->pid, &listeners, why);
	for (size_t i = 0; !err && i < listeners.port_cnt; i++)
		err = sock_add_listener(d->sock, listeners.netns, listeners.ports[i],
					target.number);
	if (!err && target.is_by_file)
		err = add_executable(d, t->target_idx);
	return err && !why->text[0]
		       ? fault_set(why, err, "cannot watch the connections of process %d: %s",
				   t->pid, strerror(-err))
		       : err;
}

static struct operation *add_operation(struct daemon *d, const struct ts_endpoint_key *key,
				       const char *name, const struct ts_series *stripes,
				       size_t stripe_cnt)
{
	struct operation *o = operations_add(d, name, stripes, stripe_cnt);

	if (!o)
		return NULL;
	/* The endpoint that all others share has no target of its own. */
	o->place_idx = key->target ? key->target - 1U : 0;
	o->target_idx = places_target(d, o->place_idx);
	places_label(d, o->place_idx, o);
	snprintf(o->probe_text, sizeof(o->probe_text), "%s", sock_hooks_name(sock_hooks(d->sock)));
	return rpc_set_target(d, o) ? NULL : o;
}

/* Of what came over the network. */
static void add_label(struct operation *o, const char *name, const char *value)
{
	struct operation_label *label = operations_add_label(o, name, value);

	if (label)
		text_clean(label->value);
}

static size_t get_segments(bool is_asker, const struct segment **ret_segments)
{
	*ret_segments = is_asker ? client_segments : server_segments;
	return is_asker ? 3 : 2;
}

static bool add_segments(struct daemon *d, const struct sock_endpoint *e, const char *name)
{
	const struct segment *segments;
	size_t cnt = get_segments(e->key.role != TS_ROLE_SERVER, &segments);

	for (size_t i = 0; i < cnt; i++) {
		struct operation *o = add_operation(
			d, &e->key, name, sock_series(d->sock, e->idx, segments[i].series),
			sock_stripe_cnt(d->sock));

		if (!o)
			return false;
		o->kind = OPERATION_SEGMENT;
		add_label(o, "from", segments[i].from);
		add_label(o, "to", segments[i].to);
	}
	return true;
}

static void find_name(struct daemon *d, const struct sock_endpoint *e, enum operation_kind kind,
		      char *name, size_t name_bytes)
{
	const char *transport = e->key.transport == TS_TRANSPORT_UDP ? "udp" : "tcp";
	const struct rpc_kind named = {kind, transport, true};
	char path[TS_LOCAL_NAME_MAX + 1];

	rpc_operation_name(d, &e->key, &named, name, name_bytes);
	if (e->key.transport != TS_TRANSPORT_UNIX)
		return;
	sock_local_name(d->sock, e->idx, path, sizeof(path));
	snprintf(name, name_bytes, "unix %s", path);
	text_clean(name);
}

static bool add_endpoint(struct daemon *d, const struct sock_endpoint *e)
{
	enum operation_kind kind = e->key.role == TS_ROLE_SERVER ? OPERATION_RPC_SERVER
				   : e->key.role == TS_ROLE_FEED ? OPERATION_FEED
								 : OPERATION_RPC_CLIENT;
	bool is_feed = kind == OPERATION_FEED;
	size_t stripe_cnt = sock_stripe_cnt(d->sock);
	struct operation *o;
	char name[320];

	d->endpoint_keys[e->idx] = e->key;
	if (!rpc_is_shown(d, &e->key))
		return true;
	find_name(d, e, kind, name, sizeof(name));
	o = add_operation(d, &e->key, name,
			  sock_series(d->sock, e->idx, is_feed ? TS_RPC_FEED : TS_RPC_TOTAL),
			  stripe_cnt);
	if (!o)
		return false;
	o->kind = kind;
	o->rpc = calloc(1, sizeof(*o->rpc));
	if (!o->rpc ||
	    operations_counted_init(&o->rpc->connect, sock_series(d->sock, e->idx, TS_RPC_CONNECT),
				    stripe_cnt))
		return false;
	o->rpc->live = sock_figures(d->sock, e->idx);
	o->rpc->endpoint = e->idx;
	o->rpc->given_name = rpc_given_name(d, &e->key);
	o->rpc->has_feed = is_feed;
	return is_feed || add_segments(d, e, name);
}

void rpc_find_endpoints(struct daemon *d)
{
	struct sock_endpoint fresh[16];
	size_t cnt;

	do {
		cnt = sock_new_endpoints(d->sock, fresh, sizeof(fresh) / sizeof(fresh[0]));
		for (size_t i = 0; i < cnt; i++) {
			if (!add_endpoint(d, &fresh[i]))
				daemon_message(d, "out of memory: an endpoint is not shown");
		}
	} while (cnt == sizeof(fresh) / sizeof(fresh[0]));
}

static void add_labels(struct operation *o, const struct parsed *p)
{
	o->protocol = protocol_name(p->protocol);
	add_label(o, "until", p->until);
	add_label(o, "method", p->labels.method);
	add_label(o, "route", p->labels.route);
	add_label(o, "status", p->labels.status);
	add_label(o, "trading_pair", p->labels.trading_pair);
	add_label(o, "order_type", p->labels.order_type);
	add_label(o, "side", p->labels.side);
	add_label(o, "encrypted", p->is_encrypted ? "true" : "");
}

bool rpc_add_parsed(struct daemon *d, const struct parsed *p)
{
	const struct segment *segments;
	const struct ts_endpoint_key *key = &d->endpoint_keys[p->endpoint];
	struct operation *o;
	size_t segment_cnt;
	char name[320];

	/* A record can be of an endpoint that came up after the last look. */
	if (key->role == TS_ROLE_NONE)
		rpc_find_endpoints(d);
	if (!rpc_is_shown(d, key))
		return true;
	rpc_operation_name(d, key, &(struct rpc_kind){p->kind, protocol_name(p->protocol), false},
			   name, sizeof(name));
	o = add_operation(d, key, name, &p->series[TS_RPC_TOTAL], 1);
	if (!o)
		return false;
	o->kind = p->kind;
	add_labels(o, p);
	segment_cnt = p->kind == OPERATION_FEED ? 0 : get_segments(p->is_asker, &segments);
	for (size_t i = 0; i < segment_cnt; i++) {
		o = add_operation(d, key, name, &p->series[segments[i].series], 1);
		if (!o)
			return false;
		o->kind = OPERATION_SEGMENT;
		add_label(o, "from", segments[i].from);
		add_label(o, "to", segments[i].to);
		add_labels(o, p);
	}
	return true;
}

static struct operation *operation_of(struct daemon *d, uint32_t endpoint)
{
	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (d->operations[i].rpc && d->operations[i].rpc->endpoint == endpoint)
			return &d->operations[i];
	}
	return NULL;
}

static struct rpc *rpc_of(struct daemon *d, uint32_t endpoint)
{
	struct operation *o = operation_of(d, endpoint);

	return o ? o->rpc : NULL;
}

const char *rpc_name(struct daemon *d, uint32_t endpoint)
{
	struct operation *o = operation_of(d, endpoint);

	return o ? o->name : "";
}

struct protocol_counts *rpc_counts(struct daemon *d, uint32_t endpoint)
{
	struct rpc *rpc = rpc_of(d, endpoint);

	return rpc ? &rpc->parsed : NULL;
}

void rpc_set_encrypted(struct daemon *d, uint32_t endpoint)
{
	struct operation *o = operation_of(d, endpoint);
	const struct operation *end = d->operations + d->operation_cnt, *first = o;

	if (!o || o->rpc->is_encrypted)
		return;
	o->rpc->is_encrypted = true;
	/* Its segments stand behind it. */
	for (; o < end && (o == first || (o->kind == OPERATION_SEGMENT && !o->protocol)); o++)
		add_label(o, "encrypted", "true");
}

void rpc_count_untimed(struct daemon *d, uint32_t endpoint)
{
	struct rpc *rpc = rpc_of(d, endpoint);

	if (rpc)
		rpc->untimed++;
}

/* Data that comes without being asked for makes the endpoint a feed. */
static void find_feed(struct daemon *d, struct operation *endpoint)
{
	struct rpc *rpc = endpoint->rpc;
	struct operation *o;

	if (rpc->has_feed || !rpc->live->unsolicited_bytes)
		return;
	rpc->has_feed = true;
	o = add_operation(d, &d->endpoint_keys[rpc->endpoint], endpoint->name,
			  sock_series(d->sock, rpc->endpoint, TS_RPC_FEED),
			  sock_stripe_cnt(d->sock));
	if (o)
		o->kind = OPERATION_FEED;
	if (o && rpc->is_encrypted)
		add_label(o, "encrypted", "true");
}

void rpc_read_stream(struct daemon *d)
{
	if (!d->streams)
		return;
	openssl_look_again(d, false);
	/* Records name their endpoints by number. */
	rpc_find_endpoints(d);
	streams_read(d, false);
}

void rpc_read(struct daemon *d, bool is_end)
{
	sock_settle(d->sock, is_end ? 0 : IDLE_NS);
	openssl_look_again(d, true);
	rpc_find_endpoints(d);
	if (d->streams) {
		streams_read(d, is_end);
		streams_tell(d, is_end);
	}
	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (!d->operations[i].rpc)
			continue;
		rpc_figures_read(d->operations[i].rpc);
		find_feed(d, &d->operations[i]);
	}
	if (is_end)
		losses_say(d);
}

void rpc_begin_interval(struct daemon *d)
{
	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (d->operations[i].rpc)
			d->operations[i].rpc->interval_start = d->operations[i].rpc->total;
	}
}

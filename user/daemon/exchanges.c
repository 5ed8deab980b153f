/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges that parsers tell -> when each of their parts passed -> operations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/chain_joins.h"
#include "daemon/streams.h"
#include "measure/recorder.h"

/* Times of one exchange; 0: not known. */
struct moments {
	uint64_t sent_ns;
	uint64_t arrived_ns;
	uint64_t read_ns;
	uint64_t complete_ns;
};

static uint64_t time_at(const struct stream_times *times, uint64_t position)
{
	uint64_t ns;

	return stream_times_find(times, position, &ns) ? ns : 0;
}

/* Packets before the last one have smaller positions: differences are signed. */
static uint64_t arrived_position(const struct connection *c, uint32_t sequence)
{
	return c->arrived_position + (uint64_t)(int64_t)(int32_t)(sequence - c->arrived_sequence);
}

static uint64_t arrival_at(const struct connection *c, uint64_t position)
{
	uint32_t sequence = c->sequence_base + (uint32_t)position;

	if (c->is_plain)
		return time_at(&c->plain_arrived, position);
	return c->has_base && c->arrived.cnt ? time_at(&c->arrived, arrived_position(c, sequence))
					     : 0;
}

/* Positions begin well above 0, since packets can come out of order. */
#define FIRST_ARRIVED_POSITION (1ULL << 32)

void streams_arrive(struct connection *c, const struct ts_stream_record *r)
{
	if (!c->arrived_position) {
		c->arrived_position = FIRST_ARRIVED_POSITION;
	} else {
		uint64_t position = arrived_position(c, r->sequence);

		if (position <= c->arrived_position)
			return; /* again, or late */
		c->arrived_position = position;
	}
	c->arrived_sequence = r->sequence;
	stream_times_add(&c->arrived, c->arrived_position, r->mono_ns);
}

void streams_read_plain(struct connection *c, const struct ts_stream_record *r, uint64_t position)
{
	uint64_t ns =
		c->arrived.cnt ? time_at(&c->arrived, arrived_position(c, r->sequence - 1)) : 0;

	stream_times_add(&c->plain_arrived, position, ns ? ns : r->mono_ns);
}

static void find_moments(const struct connection *c, const struct protocol_exchange *e,
			 struct moments *m)
{
	bool is_client = e->asker == c->own && !e->is_push;
	uint64_t begin = is_client || e->is_push ? e->response_begin : e->request_begin;

	m->read_ns = time_at(&c->read, begin);
	m->arrived_ns = arrival_at(c, begin);
	if (!m->arrived_ns || m->arrived_ns > m->read_ns)
		m->arrived_ns = m->read_ns;
	m->sent_ns = is_client ? time_at(&c->sent, e->request_begin)
			       : time_at(&c->sent, e->response_end - 1);
	/* The answer can be in the kernel before the send that asked for it is over. */
	if (is_client && m->arrived_ns < m->sent_ns)
		m->arrived_ns = m->sent_ns < m->read_ns ? m->sent_ns : m->read_ns;
	if (is_client && m->sent_ns > m->arrived_ns)
		m->sent_ns = m->arrived_ns;
	/* A server's other thread can send the answer before the read of the request is over. */
	if (!is_client && !e->is_push && m->sent_ns && m->sent_ns < m->read_ns)
		m->read_ns = m->sent_ns;
	if (m->arrived_ns > m->read_ns)
		m->arrived_ns = m->read_ns;
	m->complete_ns = is_client ? time_at(&c->read, e->response_end - 1) : m->sent_ns;
}

static void record(struct parsed *p, enum ts_rpc_series which, uint64_t from_ns, uint64_t to_ns)
{
	recorder_add(&p->series[which], (int64_t)(to_ns - from_ns));
}

static void record_exchange(struct parsed *p, const struct protocol_exchange *e,
			    const struct moments *m)
{
	if (p->kind == OPERATION_FEED) {
		record(p, TS_RPC_TOTAL, m->arrived_ns, m->read_ns);
	} else if (!p->is_asker) {
		record(p, TS_RPC_SEGMENT_1, m->arrived_ns, m->read_ns);
		record(p, TS_RPC_SEGMENT_2, m->read_ns, m->sent_ns);
		record(p, TS_RPC_TOTAL, m->arrived_ns, m->sent_ns);
	} else {
		record(p, TS_RPC_SEGMENT_1, m->sent_ns, m->arrived_ns);
		record(p, TS_RPC_SEGMENT_2, m->arrived_ns, m->read_ns);
		record(p, TS_RPC_SEGMENT_3, m->read_ns, m->complete_ns);
		record(p, TS_RPC_TOTAL, m->sent_ns, m->complete_ns);
	}
	p->series[TS_RPC_TOTAL].errors += e->is_error;
}

static enum operation_kind kind_of(const struct connection *c, const struct protocol_exchange *e)
{
	if (e->is_push)
		return OPERATION_FEED;
	if (e->until)
		return OPERATION_ORDER;
	return e->asker == c->own ? OPERATION_RPC_CLIENT : OPERATION_RPC_SERVER;
}

static bool is_same(const struct parsed *p, const struct connection *c, enum operation_kind kind,
		    const struct protocol_exchange *e, const struct protocol_labels *labels)
{
	return p->endpoint == c->endpoint && p->kind == kind && p->is_encrypted == c->is_plain &&
	       p->is_asker == (e->asker == c->own) &&
	       strcmp(p->until, e->until ? e->until : "") == 0 &&
	       memcmp(&p->labels, labels, sizeof(p->labels)) == 0;
}

static struct parsed *find_parsed(struct connection *c, const struct protocol_exchange *e)
{
	enum operation_kind kind = kind_of(c, e);
	struct protocol_labels labels = e->labels;
	struct streams *s = c->streams;
	struct parsed *p;

	rpc_choose_labels(s->daemon, c->endpoint, &labels);
	for (size_t i = 0; i < s->parsed_cnt; i++) {
		if (is_same(&s->parsed[i], c, kind, e, &labels))
			return &s->parsed[i];
	}
	if (s->parsed_cnt == PARSED_MAX)
		return NULL;
	p = &s->parsed[s->parsed_cnt];
	*p = (struct parsed){.endpoint = c->endpoint,
			     .kind = kind,
			     .protocol = protocol_kind(c->protocol),
			     .is_asker = e->asker == c->own,
			     .is_encrypted = c->is_plain,
			     .labels = labels};
	snprintf(p->until, sizeof(p->until), "%s", e->until ? e->until : "");
	p->series = calloc(TS_RPC_SERIES_CNT, sizeof(*p->series));
	if (!p->series || !rpc_add_parsed(s->daemon, p)) {
		free(p->series);
		return NULL;
	}
	s->parsed_cnt++;
	return p;
}

bool streams_have_chains(struct daemon *d, uint32_t endpoint)
{
	/* A record can be of an endpoint that came up after the last look. */
	if (d->joins && d->endpoint_keys[endpoint].role == TS_ROLE_NONE)
		rpc_find_endpoints(d);
	return d->joins && chain_joins_has(d->joins, d->endpoint_keys[endpoint].filter);
}

/* A request, or the first answer to one, has passed: for chains that know it by its id. */
static void pass_chains(struct connection *c, const struct protocol_exchange *e)
{
	struct daemon *d = c->streams->daemon;
	struct chain_joins_message m = {
		.filter = d->endpoint_keys[c->endpoint].filter,
		.is_sent = (e->asker == c->own) == e->is_request,
		.is_answer = !e->is_request,
		.tgid = c->tgid,
		.image = c->image,
		.conn = c->id,
		.request_begin = e->request_begin,
		.id = e->id,
	};

	m.ns = time_at(m.is_sent ? &c->sent_ends : &c->read,
		       (e->is_request ? e->request_end : e->response_end) - 1);
	if (m.ns)
		chain_joins_pass(d->joins, &m);
}

void streams_on_exchange(const struct protocol_exchange *e, void *context)
{
	struct connection *c = context;
	struct streams *s = c->streams;
	struct moments m;
	struct parsed *p;

	if (c->has_chains && !e->is_push && (e->is_request || e->is_first))
		pass_chains(c, e);
	if (e->is_request)
		return;
	/* A push of the target itself is nothing that it waits for. */
	if (e->is_push && e->asker != c->own)
		return;
	find_moments(c, e, &m);
	if (!m.read_ns || (!e->is_push && (!m.sent_ns || !m.complete_ns))) {
		rpc_count_untimed(s->daemon, c->endpoint);
		return;
	}
	p = find_parsed(c, e);
	if (p) {
		record_exchange(p, e, &m);
		return;
	}
	rpc_count_untimed(s->daemon, c->endpoint);
	if (!s->has_said_full)
		daemon_message(s->daemon,
			       "more than %d kinds of requests: further ones are not told apart, "
			       "only counted",
			       PARSED_MAX);
	s->has_said_full = true;
}

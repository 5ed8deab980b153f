/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections whose protocol is known: records of the kernel -> parsers -> exchanges -> their times
 * -> operations, one for each set of labels.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/internal.h"
#include "measure/recorder.h"
#include "measure/stream_times.h"
#include "protocol/protocol.h"

#define CONNECTION_MAX \
	16384 /* with parsers; each has at most PROTOCOL_CONNECTION_BYTES and its times */
/* Skipped without one message: more than any that a trace begins in the midst of. */
#define FOREIGN_BYTES 65536
#define TABLE_SLOTS   (2 * CONNECTION_MAX)

struct connection {
	uint64_t id;
	struct streams *streams;
	struct protocol *protocol;
	enum protocol_side own; /* the side that the target is */
	uint32_t endpoint;
	uint64_t position[PROTOCOL_SIDE_CNT];
	/* What TCP's sequence numbers, 32 bits wide, mean: at position 0 of what is received … */
	uint32_t sequence_base;
	bool has_base;
	/* … and at the last packet that arrived, whose own position counts from the first one. */
	uint32_t arrived_sequence;
	uint64_t arrived_position;
	struct stream_times sent;
	struct stream_times read;
	struct stream_times arrived;
	struct protocol_counts told; /* already added to the endpoint's */
};

struct streams {
	struct daemon *daemon;
	enum protocol_kind kind;
	struct connection *table[TABLE_SLOTS]; /* open addressing by id */
	size_t connection_cnt;
	struct parsed parsed[PARSED_MAX];
	size_t parsed_cnt;
	bool has_said_full;
	bool has_said_foreign;
};

int streams_start(struct daemon *d)
{
	d->streams = calloc(1, sizeof(*d->streams));
	if (!d->streams)
		return -ENOMEM;
	d->streams->daemon = d;
	d->streams->kind = d->config->protocol;
	return 0;
}

static void connection_free(struct connection *c)
{
	protocol_free(c->protocol);
	stream_times_fini(&c->sent);
	stream_times_fini(&c->read);
	stream_times_fini(&c->arrived);
	free(c);
}

static size_t slot_of(const struct streams *s, uint64_t id)
{
	size_t slot = (id * 0x9e3779b97f4a7c15ULL) >> 40 & (TABLE_SLOTS - 1);

	while (s->table[slot] && s->table[slot]->id != id)
		slot = (slot + 1) & (TABLE_SLOTS - 1);
	return slot;
}

/* Closes the hole that an entry leaves in its run. */
static void table_remove(struct streams *s, size_t slot)
{
	size_t next = slot;

	s->table[slot] = NULL;
	s->connection_cnt--;
	for (;;) {
		struct connection *moved;

		next = (next + 1) & (TABLE_SLOTS - 1);
		moved = s->table[next];
		if (!moved)
			return;
		s->table[next] = NULL;
		s->table[slot_of(s, moved->id)] = moved;
	}
}

/* Adds what a connection's parser has counted since the last time to its endpoint. */
static void tell_counts(struct connection *c)
{
	const struct protocol_counts *now = protocol_counts(c->protocol);
	struct protocol_counts *sum = rpc_counts(c->streams->daemon, c->endpoint);

	if (!sum)
		return;
	protocol_counts_add(sum, now, &c->told);
	c->told = *now;
}

void streams_stop(struct daemon *d)
{
	struct streams *s = d->streams;

	if (!s)
		return;
	for (size_t i = 0; i < TABLE_SLOTS; i++) {
		if (s->table[i])
			connection_free(s->table[i]);
	}
	for (size_t i = 0; i < s->parsed_cnt; i++)
		free(s->parsed[i].series);
	free(s);
	d->streams = NULL;
}

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

	return c->has_base && c->arrived.cnt ? time_at(&c->arrived, arrived_position(c, sequence))
					     : 0;
}

/* Positions begin well above 0, since packets can come out of order. */
#define FIRST_ARRIVED_POSITION (1ULL << 32)

static void arrive(struct connection *c, const struct ts_stream_record *r)
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
		    const struct protocol_exchange *e)
{
	return p->endpoint == c->endpoint && p->kind == kind &&
	       p->is_asker == (e->asker == c->own) &&
	       strcmp(p->until, e->until ? e->until : "") == 0 &&
	       memcmp(&p->labels, &e->labels, sizeof(p->labels)) == 0;
}

static struct parsed *find_parsed(struct connection *c, const struct protocol_exchange *e)
{
	enum operation_kind kind = kind_of(c, e);
	struct streams *s = c->streams;
	struct parsed *p;

	for (size_t i = 0; i < s->parsed_cnt; i++) {
		if (is_same(&s->parsed[i], c, kind, e))
			return &s->parsed[i];
	}
	if (s->parsed_cnt == PARSED_MAX)
		return NULL;
	p = &s->parsed[s->parsed_cnt];
	*p = (struct parsed){.endpoint = c->endpoint,
			     .kind = kind,
			     .protocol = protocol_kind(c->protocol),
			     .is_asker = e->asker == c->own,
			     .labels = e->labels};
	snprintf(p->until, sizeof(p->until), "%s", e->until ? e->until : "");
	p->series = calloc(TS_RPC_SERIES_CNT, sizeof(*p->series));
	if (!p->series || !rpc_add_parsed(s->daemon, p)) {
		free(p->series);
		return NULL;
	}
	s->parsed_cnt++;
	return p;
}

static void on_exchange(const struct protocol_exchange *e, void *context)
{
	struct connection *c = context;
	struct streams *s = c->streams;
	struct moments m;
	struct parsed *p;

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

static struct connection *connection_new(struct streams *s, const struct ts_stream_record *r)
{
	struct connection *c;

	if (s->connection_cnt == CONNECTION_MAX)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->id = r->conn;
	c->streams = s;
	c->endpoint = r->endpoint;
	c->own = r->role == TS_ROLE_SERVER ? PROTOCOL_SERVER : PROTOCOL_CLIENT;
	c->protocol = protocol_new(s->kind, r->is_whole, on_exchange, c);
	if (!c->protocol) {
		free(c);
		return NULL;
	}
	s->table[slot_of(s, r->conn)] = c;
	s->connection_cnt++;
	return c;
}

static void lose(struct connection *c)
{
	for (int side = 0; side < PROTOCOL_SIDE_CNT; side++)
		protocol_lose(c->protocol, side, c->position[side]);
	stream_times_clear(&c->sent);
	stream_times_clear(&c->read);
}

/* Said once: what was asked for is not what this endpoint speaks. */
static void say_foreign(struct connection *c)
{
	const struct protocol_counts *counts = protocol_counts(c->protocol);
	struct streams *s = c->streams;
	bool is_other = protocol_kind(c->protocol) == PROTOCOL_NONE && s->kind != PROTOCOL_AUTO;
	bool makes_no_sense =
		!counts->requests && !counts->pushes && counts->skipped_bytes > FOREIGN_BYTES;

	if (s->has_said_foreign || !(is_other || makes_no_sense))
		return;
	s->has_said_foreign = true;
	daemon_message(s->daemon,
		       "a connection of \"%s\" does not speak %s: it is counted by direction only",
		       rpc_name(s->daemon, c->endpoint), protocol_name(s->kind));
}

static void take(struct connection *c, const struct ts_stream_record *r, const void *payload)
{
	enum protocol_side other = c->own == PROTOCOL_CLIENT ? PROTOCOL_SERVER : PROTOCOL_CLIENT;

	switch (r->kind) {
	case TS_STREAM_SENT:
		c->position[c->own] += r->bytes;
		stream_times_add(&c->sent, c->position[c->own],
				 r->start_ns ? r->start_ns : r->mono_ns);
		protocol_feed(c->protocol, c->own, payload, r->captured, r->bytes);
		break;
	case TS_STREAM_RECEIVED:
		c->position[other] += r->bytes;
		c->sequence_base = r->sequence - (uint32_t)c->position[other];
		c->has_base = true;
		stream_times_add(&c->read, c->position[other], r->mono_ns);
		protocol_feed(c->protocol, other, payload, r->captured, r->bytes);
		break;
	case TS_STREAM_ARRIVED:
		arrive(c, r);
		break;
	default:
		break;
	}
}

void streams_take(const struct ts_stream_record *r, const void *payload, void *context)
{
	struct daemon *d = context;
	struct streams *s = d->streams;
	size_t slot = slot_of(s, r->conn);
	struct connection *c = s->table[slot];

	if (!c && r->kind != TS_STREAM_CLOSED)
		c = connection_new(s, r);
	if (!c)
		return;
	if (r->has_gap)
		lose(c);
	if (r->kind != TS_STREAM_CLOSED) {
		take(c, r, payload);
		say_foreign(c);
		return;
	}
	protocol_end(c->protocol);
	tell_counts(c);
	table_remove(s, slot_of(s, r->conn));
	connection_free(c);
}

void streams_tell(struct daemon *d)
{
	for (size_t i = 0; i < TABLE_SLOTS; i++) {
		if (d->streams->table[i])
			tell_counts(d->streams->table[i]);
	}
}

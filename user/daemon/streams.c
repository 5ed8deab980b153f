/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the kernel, in the order of their connections, to the parsers. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "daemon/chain_joins.h"
#include "daemon/streams.h"

int streams_start(struct daemon *d)
{
	d->streams = calloc(1, sizeof(*d->streams));
	if (!d->streams)
		return -ENOMEM;
	d->streams->daemon = d;
	return 0;
}

static void connection_free(struct connection *c)
{
	for (size_t i = 0; i < c->held_cnt; i++)
		free(c->held[i]);
	protocol_free(c->protocol);
	stream_times_fini(&c->sent);
	stream_times_fini(&c->sent_ends);
	stream_times_fini(&c->read);
	stream_times_fini(&c->arrived);
	stream_times_fini(&c->plain_arrived);
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

/* NULL: out of memory. */
static struct protocol *parser_new(struct connection *c, bool is_whole)
{
	struct protocol *protocol = protocol_new(c->kind, is_whole, streams_on_exchange, c);

	if (protocol && c->has_chains)
		protocol_tell_requests(protocol);
	return protocol;
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
	c->kind = rpc_protocol(s->daemon, r->endpoint);
	c->has_chains = streams_have_chains(s->daemon, r->endpoint);
	c->protocol = parser_new(c, r->is_whole);
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
	stream_times_clear(&c->sent_ends);
	stream_times_clear(&c->read);
	stream_times_clear(&c->plain_arrived);
}

/* The first plain text of an encrypted connection: what was seen before is nothing to parse. */
static void open_up(struct connection *c, const struct ts_stream_record *r)
{
	struct protocol *protocol = parser_new(c, r->is_whole);

	if (!protocol)
		return; /* tried again with the next record */
	tell_counts(c);
	protocol_free(c->protocol);
	c->protocol = protocol;
	c->told = (struct protocol_counts){0};
	c->is_plain = true;
	memset(c->position, 0, sizeof(c->position));
	stream_times_clear(&c->sent);
	stream_times_clear(&c->sent_ends);
	stream_times_clear(&c->read);
	rpc_set_encrypted(c->streams->daemon, c->endpoint);
}

/* Said once: that a protocol was asked for has no effect here. */
static void say_encrypted(struct connection *c)
{
	struct streams *s = c->streams;

	if (!c->is_encrypted || c->is_plain || s->has_said_encrypted)
		return;
	s->has_said_encrypted = true;
	daemon_message(s->daemon,
		       "connections of \"%s\" are encrypted, and not by an OpenSSL that could be "
		       "looked into: they are timed by direction only",
		       rpc_name(s->daemon, c->endpoint));
}

static void find_encrypted(struct connection *c)
{
	if (c->is_encrypted || protocol_kind(c->protocol) != PROTOCOL_ENCRYPTED)
		return;
	c->is_encrypted = true;
	rpc_set_encrypted(c->streams->daemon, c->endpoint);
}

/* Said once: what was asked for is not what this endpoint speaks. */
static void say_foreign(struct connection *c)
{
	const struct protocol_counts *counts = protocol_counts(c->protocol);
	struct streams *s = c->streams;
	bool is_other = protocol_kind(c->protocol) == PROTOCOL_NONE && c->kind != PROTOCOL_AUTO;
	bool makes_no_sense =
		!counts->requests && !counts->pushes && counts->skipped_bytes > FOREIGN_BYTES;

	if (s->has_said_foreign || !(is_other || makes_no_sense))
		return;
	s->has_said_foreign = true;
	daemon_message(s->daemon,
		       "a connection of \"%s\" does not speak %s: it is counted by direction only",
		       rpc_name(s->daemon, c->endpoint), protocol_name(c->kind));
}

static void take(struct connection *c, const struct ts_stream_record *r, const void *payload)
{
	enum protocol_side other = c->own == PROTOCOL_CLIENT ? PROTOCOL_SERVER : PROTOCOL_CLIENT;

	if (r->kind != TS_STREAM_ARRIVED) {
		c->tgid = r->tgid;
		c->image = r->image;
	}
	switch (r->kind) {
	case TS_STREAM_SENT:
		c->position[c->own] += r->bytes;
		stream_times_add(&c->sent, c->position[c->own],
				 r->start_ns ? r->start_ns : r->mono_ns);
		if (c->has_chains)
			stream_times_add(&c->sent_ends, c->position[c->own], r->mono_ns);
		protocol_feed(c->protocol, c->own, payload, r->captured, r->bytes);
		break;
	case TS_STREAM_RECEIVED:
		c->position[other] += r->bytes;
		c->sequence_base = r->sequence - (uint32_t)c->position[other];
		c->has_base = true;
		stream_times_add(&c->read, c->position[other], r->mono_ns);
		if (r->is_plain)
			streams_read_plain(c, r, c->position[other]);
		protocol_feed(c->protocol, other, payload, r->captured, r->bytes);
		break;
	case TS_STREAM_ARRIVED:
		streams_arrive(c, r);
		break;
	default:
		break;
	}
}

static bool is_early(const struct connection *c, const struct ts_stream_record *r)
{
	return !r->is_plain && c->has_sent && (int32_t)(r->sent_sequence - c->sent_sequence) > 0;
}

/* Takes what was held and is not early any more; all of it where the queue is to be emptied. */
static void release(struct connection *c, bool wants_all)
{
	size_t done = 0;

	while (done < c->held_cnt && (wants_all || !is_early(c, c->held[done]))) {
		take(c, c->held[done], c->held[done] + 1);
		free(c->held[done++]);
	}
	c->held_cnt -= done;
	memmove(c->held, c->held + done, c->held_cnt * sizeof(struct ts_stream_record *));
}

static bool hold(struct connection *c, const struct ts_stream_record *r, const void *payload)
{
	struct ts_stream_record *copy;

	if (c->held_cnt == HELD_MAX)
		return false;
	copy = malloc(sizeof(*copy) + r->captured);
	if (!copy)
		return false;
	*copy = *r;
	memcpy(copy + 1, payload, r->captured);
	c->held[c->held_cnt++] = copy;
	return true;
}

/* Sends and receives in the order of the connection, whichever call was over first. */
static void take_in_order(struct connection *c, const struct ts_stream_record *r,
			  const void *payload)
{
	if (r->kind == TS_STREAM_RECEIVED && (c->held_cnt || is_early(c, r))) {
		if (hold(c, r, payload))
			return;
		release(c, true);
	}
	take(c, r, payload);
	if (r->kind != TS_STREAM_SENT || r->is_plain)
		return;
	c->sent_sequence = r->sequence;
	c->has_sent = true;
	release(c, false);
}

/* A record of the kernel; context is the daemon. */
static void take_record(const struct ts_stream_record *r, const void *payload, void *context)
{
	struct daemon *d = context;
	struct streams *s = d->streams;
	size_t slot = slot_of(s, r->conn);
	struct connection *c = s->table[slot];

	if (!c && r->kind != TS_STREAM_CLOSED)
		c = connection_new(s, r);
	if (!c)
		return;
	if (r->has_gap || r->is_plain || r->kind == TS_STREAM_CLOSED)
		release(c, true);
	if (r->is_plain && !c->is_plain)
		open_up(c, r);
	if (r->has_gap)
		lose(c);
	if (r->kind != TS_STREAM_CLOSED) {
		take_in_order(c, r, payload);
		say_foreign(c);
		find_encrypted(c);
		return;
	}
	say_encrypted(c);
	protocol_end(c->protocol);
	tell_counts(c);
	table_remove(s, slot_of(s, r->conn));
	connection_free(c);
}

void streams_read(struct daemon *d, bool wants_all)
{
	uint64_t now_ns = clock_mono_ns();
	bool has_more;

	do
		has_more = sock_read_stream(d->sock, take_record, d);
	while (has_more && wants_all);
	/* What was sent or read in time may be in what is left. */
	if (d->joins && !has_more)
		chain_joins_settle(d->joins, now_ns);
}

void streams_tell(struct daemon *d, bool is_end)
{
	for (size_t i = 0; i < TABLE_SLOTS; i++) {
		struct connection *c = d->streams->table[i];

		if (c)
			tell_counts(c);
		if (c && is_end)
			say_encrypted(c);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The room's face: the table of parsers, the life of a connection. */
#include <stdlib.h>
#include <string.h>

#include "protocol/connection.h"
#include "protocol/detection.h"

const struct parser *const protocol_parsers[] = {
	&parser_fix, &parser_http, &parser_jsonrpc, &parser_websocket, &parser_redis, NULL,
};

struct protocol *protocol_new(enum protocol_kind kind, bool is_from_start, protocol_exchange_fn fn,
			      void *context)
{
	struct protocol *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->budget.limit_bytes = PROTOCOL_CONNECTION_BYTES - sizeof(*p);
	exchanges_init(&p->exchanges, &p->budget, fn, context);
	connection_become(p, kind);
	if (p->kind != kind) {
		protocol_free(p);
		return NULL;
	}
	for (int side = 0; side < PROTOCOL_SIDE_CNT; side++) {
		struct stream *stream = &p->streams[side];

		stream->is_joined = stream->is_lost = stream->is_begun = !is_from_start;
	}
	return p;
}

void protocol_free(struct protocol *p)
{
	if (!p)
		return;
	connection_become(p, PROTOCOL_NONE);
	free(p);
}

void protocol_tell_requests(struct protocol *p)
{
	p->exchanges.tells_requests = true;
}

void protocol_feed(struct protocol *p, enum protocol_side side, const void *data, size_t captured,
		   size_t total)
{
	struct piece piece = {side, p->streams[side].end, data, captured, total};

	p->streams[side].end += total;
	connection_read(p, piece);
}

void protocol_lose(struct protocol *p, enum protocol_side side, uint64_t position)
{
	struct stream *stream = &p->streams[side];

	stream->end = position;
	stream->is_begun = true;
	if (p->kind == PROTOCOL_NONE || p->kind == PROTOCOL_ENCRYPTED)
		return;
	if (p->kind == PROTOCOL_AUTO) {
		detection_lose(p, side);
		return;
	}
	connection_skip(p, side, stream->window_bytes);
	stream->is_joined = true;
	if (!stream->is_lost)
		connection_lose(p, side);
}

void protocol_end(struct protocol *p)
{
	if (p->parser && p->parser->end)
		p->parser->end(p->state, &p->exchanges);
	exchanges_fini(&p->exchanges);
}

enum protocol_kind protocol_kind(const struct protocol *p)
{
	return p->kind;
}

const struct protocol_counts *protocol_counts(const struct protocol *p)
{
	return &p->exchanges.counts;
}

size_t protocol_memory_bytes(const struct protocol *p)
{
	return sizeof(*p) + p->budget.used_bytes;
}

void protocol_counts_add(struct protocol_counts *sum, const struct protocol_counts *now,
			 const struct protocol_counts *before)
{
	sum->requests += now->requests - before->requests;
	sum->responses += now->responses - before->responses;
	sum->pushes += now->pushes - before->pushes;
	sum->answered += now->answered - before->answered;
	sum->unanswered += now->unanswered - before->unanswered;
	sum->unmatched_responses += now->unmatched_responses - before->unmatched_responses;
	sum->desynchronised += now->desynchronised - before->desynchronised;
	sum->resynchronised += now->resynchronised - before->resynchronised;
	sum->skipped_bytes += now->skipped_bytes - before->skipped_bytes;
	sum->unparsed_messages += now->unparsed_messages - before->unparsed_messages;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: a stream in step is its parser's; one that was lost is searched for the beginning of a
 * message, byte by byte, in a window that is as long as the parser may look.
 */
#include <string.h>

#include "protocol/connection.h"
#include "protocol/detection.h"

/* That many bytes read in step show that the stream is what was said: no parser takes so many of
 * another protocol. */
#define PROOF_BYTES 8
/*
 * Searched in vain, they show that it is not. From its start on, a stream has a message soon; one
 * that was joined may be in the midst of a large one.
 */
#define GIVE_UP_BYTES	     (4U << 10)
#define GIVE_UP_JOINED_BYTES (1U << 20)
/* A connection that goes on changing its protocol is not understood (HTTP -> WebSocket is one). */
#define UPGRADE_CNT_MAX 4

static const struct parser *parser_of(enum protocol_kind kind)
{
	for (int i = 0; protocol_parsers[i]; i++) {
		if (protocol_parsers[i]->kind == kind)
			return protocol_parsers[i];
	}
	return NULL;
}

void connection_become(struct protocol *p, enum protocol_kind kind)
{
	if (p->parser)
		budget_free(&p->budget, p->state, p->parser->state_bytes);
	p->parser = parser_of(kind);
	p->state = NULL;
	p->kind = kind;
	if (p->parser) {
		p->state = budget_alloc(&p->budget, p->parser->state_bytes);
		if (!p->state) {
			p->parser = NULL;
			p->kind = PROTOCOL_NONE;
		}
	}
	if (p->kind == PROTOCOL_NONE || p->kind == PROTOCOL_ENCRYPTED)
		exchanges_fini(&p->exchanges);
}

void connection_lose(struct protocol *p, enum protocol_side side)
{
	struct stream *stream = &p->streams[side];

	stream->is_lost = stream->is_counted = true;
	stream->encrypted = (struct encrypted){0};
	p->exchanges.counts.desynchronised++;
	exchanges_forget(&p->exchanges);
	p->parser->reset(p->state, side);
}

void connection_regain(struct protocol *p, enum protocol_side side)
{
	struct stream *stream = &p->streams[side];

	p->exchanges.counts.resynchronised += stream->is_counted;
	stream->is_lost = stream->is_counted = false;
	exchanges_forget(&p->exchanges);
}

void connection_skip(struct protocol *p, enum protocol_side side, size_t bytes)
{
	struct stream *stream = &p->streams[side];
	const struct stream *other = &p->streams[!side];
	uint64_t vain_bytes = stream->vain_bytes += bytes, limit_bytes = GIVE_UP_BYTES;

	stream->window_bytes -= (uint16_t)bytes;
	stream->window_position += bytes;
	memmove(stream->window, stream->window + bytes, stream->window_bytes);
	p->exchanges.counts.skipped_bytes += bytes;
	if (stream->is_joined) {
		limit_bytes = GIVE_UP_JOINED_BYTES;
		vain_bytes = other->read_bytes < PROOF_BYTES ? vain_bytes + other->vain_bytes : 0;
	}
	if (stream->read_bytes < PROOF_BYTES && vain_bytes > limit_bytes)
		connection_become(p, PROTOCOL_NONE);
}

/* What a parser asked for: both sides begin anew. */
static void upgrade(struct protocol *p, enum protocol_kind kind)
{
	connection_become(p, ++p->upgrade_cnt > UPGRADE_CNT_MAX ? PROTOCOL_NONE : kind);
	for (int side = 0; side < PROTOCOL_SIDE_CNT; side++)
		p->streams[side] = (struct stream){.end = p->streams[side].end};
}

/* Each of these takes bytes of a piece and returns how many, so that another takes the rest. */
static size_t read_in_step(struct protocol *p, const struct piece *piece)
{
	struct stream *stream = &p->streams[piece->side];
	size_t used = p->parser->feed(p->state, piece, &p->exchanges);
	enum protocol_kind kind;

	stream->read_bytes += used < PROOF_BYTES ? (uint32_t)used : PROOF_BYTES;
	if (stream->read_bytes > PROOF_BYTES)
		stream->read_bytes = PROOF_BYTES;
	if (p->parser->upgraded && p->parser->upgraded(p->state, &kind))
		upgrade(p, kind);
	else if (used < piece->total) {
		/* What was not captured says nothing about what is spoken. */
		stream->is_joined |= used >= piece->captured;
		connection_lose(p, piece->side);
	}
	return used;
}

static struct piece piece_behind(const struct piece *piece, size_t used)
{
	size_t captured = used < piece->captured ? used : piece->captured;

	return (struct piece){
		.side = piece->side,
		.position = piece->position + used,
		.data = piece->data ? piece->data + captured : NULL,
		.captured = piece->captured - captured,
		.total = piece->total - used,
	};
}

void connection_keep(struct stream *stream, uint64_t position, uint8_t byte)
{
	if (!stream->window_bytes)
		stream->window_position = position;
	stream->window[stream->window_bytes++] = byte;
}

struct piece connection_window(const struct protocol *p, enum protocol_side side)
{
	const struct stream *stream = &p->streams[side];

	return (struct piece){
		.side = side,
		.position = stream->window_position,
		.data = stream->window,
		.captured = stream->window_bytes,
		.total = stream->window_bytes,
	};
}

/* Reads the window from its beginning on; what cannot be read is put back. */
static void read_window_in_step(struct protocol *p, enum protocol_side side)
{
	struct stream *stream = &p->streams[side];
	struct piece piece = connection_window(p, side);
	uint8_t bytes[PARSER_LOOK_BYTES];
	size_t used;

	memcpy(bytes, stream->window, piece.total);
	piece.data = bytes;
	stream->window_bytes = 0;
	used = read_in_step(p, &piece);
	if (used == piece.total)
		return;
	piece = piece_behind(&piece, used);
	if (!stream->is_lost) {
		connection_read(p, piece);
		return;
	}
	for (size_t i = 0; i < piece.total; i++)
		connection_keep(stream, piece.position + i, bytes[used + i]);
	if (!used)
		connection_skip(p, side, 1);
}

/* Looks for a message in the window of a lost stream. False: more bytes are needed. */
static bool look(struct protocol *p, enum protocol_side side)
{
	struct stream *stream = &p->streams[side];

	while (p->parser && stream->is_lost) {
		struct piece piece = connection_window(p, side);
		enum beginning beginning;

		if (!piece.total)
			return false;
		beginning = p->parser->begins(p->state, &piece);
		if (beginning == BEGINNING_MAYBE && piece.total < PARSER_LOOK_BYTES)
			return false;
		if (beginning != BEGINNING_YES) {
			connection_skip(p, side, 1);
			continue;
		}
		connection_regain(p, side);
		read_window_in_step(p, side);
	}
	return true;
}

void connection_read_window(struct protocol *p, enum protocol_side side)
{
	if (!p->streams[side].window_bytes)
		return;
	if (p->streams[side].is_lost)
		look(p, side);
	else
		read_window_in_step(p, side);
}

static size_t search(struct protocol *p, const struct piece *piece)
{
	struct stream *stream = &p->streams[piece->side];

	for (size_t i = 0; i < piece->captured; i++) {
		if (encrypted_take(&stream->encrypted, piece->data[i])) {
			connection_become(p, PROTOCOL_ENCRYPTED);
			return i + 1;
		}
		connection_keep(stream, piece->position + i, piece->data[i]);
		if (look(p, piece->side))
			return i + 1;
	}
	encrypted_skip(&stream->encrypted, piece->total - piece->captured);
	if (piece->captured < piece->total)
		connection_skip(p, piece->side, stream->window_bytes);
	p->exchanges.counts.skipped_bytes += piece->total - piece->captured;
	return piece->total;
}

/* The first bytes of a connection are kept while they can be those of TLS. */
static size_t begin(struct protocol *p, const struct piece *piece)
{
	struct stream *stream = &p->streams[piece->side];
	uint8_t bytes[TS_TLS_HEADER_BYTES];
	size_t used;

	for (used = 0; used < piece->captured; used++) {
		enum beginning beginning = encrypted_begins(&stream->encrypted, piece->data[used]);

		if (beginning == BEGINNING_NO)
			break;
		if (beginning == BEGINNING_MAYBE)
			continue;
		connection_become(p, PROTOCOL_ENCRYPTED);
		return used + 1;
	}
	if (used == piece->total)
		return used;
	stream->is_begun = true;
	if (stream->encrypted.header_bytes) {
		struct piece kept = {.side = piece->side,
				     .position = piece->position + used -
						 stream->encrypted.header_bytes,
				     .data = bytes,
				     .captured = stream->encrypted.header_bytes,
				     .total = stream->encrypted.header_bytes};

		memcpy(bytes, stream->encrypted.header, sizeof(bytes));
		stream->encrypted = (struct encrypted){0};
		connection_read(p, kept);
	}
	return used;
}

void connection_read(struct protocol *p, struct piece piece)
{
	while (piece.total && p->kind != PROTOCOL_NONE && p->kind != PROTOCOL_ENCRYPTED) {
		size_t used;

		if (!p->streams[piece.side].is_begun)
			used = begin(p, &piece);
		else if (p->kind == PROTOCOL_AUTO)
			used = detection_read(p, &piece);
		else if (p->streams[piece.side].is_lost)
			used = search(p, &piece);
		else
			used = read_in_step(p, &piece);
		piece = piece_behind(&piece, used);
	}
}

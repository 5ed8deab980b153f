/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection speaks, told by its first bytes. */
#include "protocol/detection.h"

/* To be found in the midst of a stream, a beginning must be surer than at its start. */
#define DECIDED_MIDWAY 90

/* The best that the parsers think of the window; *ret_kind is whose that is. */
static int recognise(const struct piece *window, enum protocol_kind *ret_kind)
{
	int best = 0;

	for (int i = 0; protocol_parsers[i]; i++) {
		const struct parser *parser = protocol_parsers[i];
		int sure = parser->recognise ? parser->recognise(window) : 0;

		if (sure <= best)
			continue;
		best = sure;
		*ret_kind = parser->kind;
	}
	return best;
}

/* It is known what is spoken: what was kept is read. */
static void decide(struct protocol *p, enum protocol_side side, enum protocol_kind kind)
{
	connection_become(p, kind);
	if (p->kind == PROTOCOL_NONE)
		return;
	if (p->streams[side].is_lost)
		connection_regain(p, side);
	if (p->streams[!side].is_dead)
		connection_lose(p, !side);
	/* What the other side said came before the byte that told. */
	connection_read_window(p, !side);
	connection_read_window(p, side);
}

/* The first bytes of a side are nothing that is known. */
static void die(struct protocol *p, enum protocol_side side)
{
	struct stream *stream = &p->streams[side];

	connection_skip(p, side, stream->window_bytes);
	stream->is_dead = true;
	if (p->streams[!side].is_dead)
		connection_become(p, PROTOCOL_NONE);
}

/* Looks at the first bytes of a side. False: more are needed. */
static bool guess(struct protocol *p, enum protocol_side side)
{
	struct stream *stream = &p->streams[side];

	while (p->kind == PROTOCOL_AUTO && !stream->is_dead) {
		struct piece piece = connection_window(p, side);
		enum protocol_kind kind = PROTOCOL_NONE;
		int sure;

		if (!piece.total)
			return false;
		sure = recognise(&piece, &kind);
		if (sure >= (stream->is_midway ? DECIDED_MIDWAY : PARSER_DECIDED))
			decide(p, side, kind);
		else if (sure && piece.total < PARSER_LOOK_BYTES)
			return false;
		else if (!stream->is_joined)
			die(p, side);
		else {
			stream->is_midway = true;
			connection_skip(p, side, 1);
		}
	}
	return true;
}

/* Only at the beginning of a stream a guess is good, and it is not there any more. */
void detection_lose(struct protocol *p, enum protocol_side side)
{
	struct stream *stream = &p->streams[side];

	connection_skip(p, side, stream->window_bytes);
	p->exchanges.counts.desynchronised += !stream->is_lost;
	stream->is_counted |= !stream->is_lost;
	stream->is_lost = stream->is_joined = stream->is_midway = true;
}

size_t detection_read(struct protocol *p, const struct piece *piece)
{
	struct stream *stream = &p->streams[piece->side];

	for (size_t i = 0; !stream->is_dead && i < piece->captured; i++) {
		if (stream->is_lost && encrypted_take(&stream->encrypted, piece->data[i])) {
			connection_become(p, PROTOCOL_ENCRYPTED);
			return i + 1;
		}
		connection_keep(stream, piece->position + i, piece->data[i]);
		if (guess(p, piece->side))
			return i + 1;
	}
	if (stream->is_dead) {
		p->exchanges.counts.skipped_bytes += piece->total;
		return piece->total;
	}
	if (piece->captured < piece->total) {
		encrypted_skip(&stream->encrypted, piece->total - piece->captured);
		detection_lose(p, piece->side);
		p->exchanges.counts.skipped_bytes += piece->total - piece->captured;
	}
	return piece->total;
}

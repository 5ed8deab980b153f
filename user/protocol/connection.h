/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading of one connection, in step or lost; inside user/protocol.
 */
#ifndef TICKSCOPE_PROTOCOL_CONNECTION_H
#define TICKSCOPE_PROTOCOL_CONNECTION_H

#include "protocol/encrypted.h"
#include "protocol/exchanges.h"

/* All there are, in the order in which they are asked what they recognise; NULL ends them. */
extern const struct parser *const protocol_parsers[];

struct stream {
	uint64_t end;	/* behind all bytes that were seen */
	bool is_joined; /* not seen from its start on */
	bool is_lost;
	bool is_counted; /* this loss is one of counts.desynchronised */
	bool is_dead;	 /* auto: its first bytes are nothing that is known */
	bool is_midway;	 /* auto: the window is not at the first byte any more */
	bool is_begun;	 /* its first bytes are not those of TLS, or were not seen */
	struct encrypted encrypted;
	uint32_t read_bytes; /* in step, up to PROOF_BYTES */
	uint64_t vain_bytes; /* captured and skipped */
	/* Bytes that were seen and not read: auto: the first ones; lost: those being looked at. */
	uint64_t window_position;
	uint16_t window_bytes;
	uint8_t window[PARSER_LOOK_BYTES];
};

struct protocol {
	enum protocol_kind kind;
	uint8_t upgrade_cnt;
	const struct parser *parser;
	void *state;
	struct budget budget;
	struct stream streams[PROTOCOL_SIDE_CNT];
	struct exchanges exchanges;
};

/* From here on the connection speaks this; PROTOCOL_NONE where there is no memory for it. */
void connection_become(struct protocol *p, enum protocol_kind kind);
/* Reads all bytes of the piece, with whatever reads them. */
void connection_read(struct protocol *p, struct piece piece);

/* A side is in step no more: what follows is searched for a message. */
void connection_lose(struct protocol *p, enum protocol_side side);
/* It goes on with the first byte of a message. */
void connection_regain(struct protocol *p, enum protocol_side side);

/* Adds a byte to the window. */
void connection_keep(struct stream *stream, uint64_t position, uint8_t byte);
struct piece connection_window(const struct protocol *p, enum protocol_side side);
/* Gives up the first bytes of the window; searched enough of them, the connection too. */
void connection_skip(struct protocol *p, enum protocol_side side, size_t bytes);
/* Reads what the window of a side holds, in step or searching. */
void connection_read_window(struct protocol *p, enum protocol_side side);

#endif

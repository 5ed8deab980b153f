/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside user/protocol: what a parser is. A new protocol is one file that defines a parser, and one
 * line in the table of protocol.c.
 */
#ifndef TICKSCOPE_PROTOCOL_PARSER_H
#define TICKSCOPE_PROTOCOL_PARSER_H

#include "protocol/protocol.h"

/* Bytes of a side's stream: `captured` of them at data, then total - captured unknown ones. */
struct piece {
	enum protocol_side side;
	uint64_t position; /* of the first one in that stream */
	const uint8_t *data;
	size_t captured;
	size_t total;
};

/* A message that a parser has recognised. */
struct message {
	enum protocol_side side; /* who sent it */
	uint64_t begin;
	uint64_t end;
	struct protocol_labels labels;
	struct protocol_id id; /* where it has one that chains can know */
	bool is_error;
};

/* What a parser tells; implemented in exchanges.c, which keeps what waits for an answer. */
struct exchanges;

/* A request that will be answered in the order of requests. */
void exchanges_ask(struct exchanges *x, const struct message *request);
/*
 * Answers the oldest request of the other side that waits in order. False: none is known to wait
 * (counted). Of the labels, the request's stand; the response fills those that are empty, and
 * always says the status.
 */
bool exchanges_answer(struct exchanges *x, const struct message *response);
/*
 * The request of `asker` that the next response in order will answer: begin, end and labels. False:
 * none is known to wait, so a response that comes now is early (its request is still being sent:
 * ask first, with the end so far), or answers what was not seen.
 */
bool exchanges_oldest(const struct exchanges *x, enum protocol_side asker,
		      struct message *ret_request);

/*
 * A request with an id. An id that waits already keeps its first request; the second is counted as
 * unanswered.
 */
void exchanges_ask_id(struct exchanges *x, uint64_t id, const struct message *request);
/*
 * Answers the request of the other side with this id, or alias. `until` tells several answers
 * apart: each counts once, a second one is not told again; NULL: there is one. It points to static
 * text, always the same for the same word. is_last: nothing more will come. False: no such id
 * (counted).
 */
bool exchanges_answer_id(struct exchanges *x, uint64_t id, const char *until, bool is_last,
			 const struct message *response);
bool exchanges_has_id(const struct exchanges *x, enum protocol_side asker, uint64_t id);
/* What waits under `id` is also known by `alias`, and not by an earlier alias any more. */
void exchanges_alias_id(struct exchanges *x, enum protocol_side asker, uint64_t id, uint64_t alias);
/* What waits under `id` waits under new_id instead. */
void exchanges_rename_id(struct exchanges *x, enum protocol_side asker, uint64_t id,
			 uint64_t new_id);
/* Nothing more will come for it. */
void exchanges_close_id(struct exchanges *x, enum protocol_side asker, uint64_t id);

/* That many more answers in order will come for the request just asked; they tell nothing. */
void exchanges_expect(struct exchanges *x, enum protocol_side asker, uint32_t answer_cnt);
/* Those for the request just answered will not come: it was refused. */
void exchanges_expect_none(struct exchanges *x, enum protocol_side asker);

/* A message that nobody asked for. */
void exchanges_push(struct exchanges *x, const struct message *pushed);
/* To count damaged or unreadable messages. */
struct protocol_counts *exchanges_counts(struct exchanges *x);

enum beginning { BEGINNING_NO = 0, BEGINNING_MAYBE, BEGINNING_YES };

/* What PARSER_DECIDED says is settled; less means that more bytes are needed. */
#define PARSER_DECIDED 50
/* No beginning and no recognition needs more bytes than these; what needs more is neither. */
#define PARSER_LOOK_BYTES 1024
/* Of a parser's state, both directions together: leaves the rest of 64 KiB to what waits. */
#define PARSER_STATE_BYTES (16U << 10)

struct parser {
	enum protocol_kind kind;
	size_t state_bytes; /* zeroed; for both directions together; <= PARSER_STATE_BYTES */
	/*
	 * Takes bytes of a stream, any number, and returns how many: fewer than piece->total means
	 * that the byte behind them cannot follow (or is unknown and was needed), so that the
	 * side's stream is lost there. Where exactly may depend on the bytes only, never on how
	 * they were split into pieces.
	 */
	size_t (*feed)(void *state, const struct piece *piece, struct exchanges *x);
	/* A side's stream is lost; what is fed of it next begins with a message. */
	void (*reset)(void *state, enum protocol_side side);
	/*
	 * Does a message of a lost stream begin with the first of these bytes (all captured)?
	 * MAYBE: more are needed. More bytes never turn YES into NO, or NO into YES.
	 */
	enum beginning (*begins)(const void *state, const struct piece *piece);
	/*
	 * How sure it is that a connection speaks it whose side began with these bytes (all
	 * captured): 0 it does not, 1 … 49 more bytes are needed to tell, 50 … 100 it does. Called
	 * with each length from 1 up, until a parser is sure. NULL: never found out, only told.
	 */
	int (*recognise)(const struct piece *piece);
	/*
	 * Asked behind each feed: from the first byte that it did not take, and in what the other
	 * side sends next, the connection speaks another protocol (PROTOCOL_NONE: one that nobody
	 * here reads). feed has to stop there. NULL: it always stays what it is.
	 */
	bool (*upgraded)(const void *state, enum protocol_kind *ret_kind);
	/* The connection has ended: tells what only that completes. NULL: nothing is. */
	void (*end)(void *state, struct exchanges *x);
};

extern const struct parser parser_fix, parser_http, parser_jsonrpc, parser_websocket, parser_redis;

#endif

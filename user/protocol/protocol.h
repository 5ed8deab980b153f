/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a connection -> requests with their responses. Pure: no I/O and no clock. Positions in
 * the two streams stand for times, which the caller keeps. Any split of a stream into pieces gives
 * the same exchanges; memory is bounded, and whatever is given up is counted.
 */
#ifndef TICKSCOPE_PROTOCOL_PROTOCOL_H
#define TICKSCOPE_PROTOCOL_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/protocol_names.h"

/* Who sent: the side that opened the connection, or the one that accepted it. */
enum protocol_side { PROTOCOL_CLIENT = 0, PROTOCOL_SERVER = 1, PROTOCOL_SIDE_CNT };

#define PROTOCOL_LABEL_BYTES 64

/*
 * Empty where the protocol has none. Bounded in number by the parsers (templated routes …). Told
 * ones have zeros behind their ends, so that memcmp compares them.
 */
struct protocol_labels {
	char method[PROTOCOL_LABEL_BYTES]; /* GET, eth_call, HGETALL, NewOrderSingle … */
	char route[PROTOCOL_LABEL_BYTES];  /* /api/v3/order/{id} */
	char status[PROTOCOL_LABEL_BYTES]; /* 200, ok, error, OrdStatus … */
	char trading_pair[PROTOCOL_LABEL_BYTES];
	char order_type[PROTOCOL_LABEL_BYTES];
	char side[PROTOCOL_LABEL_BYTES];
};

/* What a message calls itself (ClOrdID; the id of JSON-RPC), for who knows it by that elsewhere. */
struct protocol_id {
	uint64_t hash;	 /* of its text: see message_id.h */
	uint64_t number; /* that the text ends in, where has_number */
	bool is_there;
	bool has_number;
};

/* A request and what came back; positions are counts of bytes since the connection was first seen.
 */
struct protocol_exchange {
	const char *until; /* of an order: "ack", "fill", "filled", "cancel_ack" …; NULL: an RPC */
	enum protocol_side asker;
	bool is_push;	 /* no request: a message that was pushed to `asker`; response_* are set */
	bool is_request; /* protocol_tell_requests: asked, and nothing has come back yet */
	bool is_first;	 /* nothing came back for this request before */
	bool is_error;
	uint64_t request_begin; /* first byte of the request in the asker's stream */
	uint64_t request_end;	/* behind its last byte */
	uint64_t response_begin;
	uint64_t response_end;
	struct protocol_id id; /* of the request where is_request, else of the response */
	struct protocol_labels labels;
};

/*
 * What was seen, and what could not be told; all only grow. What waits now is
 * requests - answered - unanswered.
 */
struct protocol_counts {
	uint64_t requests;
	uint64_t responses; /* messages, whatever number of requests each answers */
	uint64_t pushes;
	uint64_t answered;	      /* requests that had their first answer */
	uint64_t unanswered;	      /* given up: too many waited, out of step, or the end came */
	uint64_t unmatched_responses; /* answers to nothing that was seen */
	uint64_t desynchronised;      /* times that a stream was lost */
	uint64_t resynchronised;      /* times that it was found again */
	uint64_t skipped_bytes;	      /* seen while lost */
	uint64_t unparsed_messages;   /* whole, but compressed, binary, or damaged inside */
};

/* The exchange and its texts are valid during the call only. */
typedef void (*protocol_exchange_fn)(const struct protocol_exchange *exchange, void *context);

struct protocol;

/*
 * A connection. is_from_start: both streams are seen from their first byte; else they are lost
 * until a message's beginning is recognised. fn is called, in protocol_feed, for each exchange that
 * is complete. NULL: out of memory. Memory is taken as it is needed, at most
 * PROTOCOL_CONNECTION_BYTES; where there is no more, the oldest requests are given up, and counted.
 *
 * Where answers have the order of requests, a connection that was joined midway or lost bytes is
 * out of step: its exchanges are counted, but told only from the first request on that is made
 * when nothing seems to wait.
 */
#define PROTOCOL_CONNECTION_BYTES (64U << 10)
struct protocol *protocol_new(enum protocol_kind kind, bool is_from_start, protocol_exchange_fn fn,
			      void *context);
void protocol_free(struct protocol *protocol);
/* From now on fn is also called for each request that has an id, as soon as it is whole. */
void protocol_tell_requests(struct protocol *protocol);

/*
 * The next `total` bytes of a side's stream, of which the first `captured` are at data; the rest is
 * known to have been there and nothing more (a body that was cut).
 */
void protocol_feed(struct protocol *protocol, enum protocol_side side, const void *data,
		   size_t captured, size_t total);
/*
 * An unknown number of bytes of a side is missing: its stream is lost, and requests that wait in
 * order are given up. position: where it goes on.
 */
void protocol_lose(struct protocol *protocol, enum protocol_side side, uint64_t position);
/* The connection has ended: what still waits is unanswered. */
void protocol_end(struct protocol *protocol);

/*
 * What it turned out to be: differs from what was asked for with PROTOCOL_AUTO (which it stays
 * until that is known), or after an upgrade. PROTOCOL_NONE: the bytes are not what was said, or
 * speak nothing that is known here; nothing more will be told. PROTOCOL_ENCRYPTED: likewise, since
 * they are TLS.
 */
enum protocol_kind protocol_kind(const struct protocol *protocol);
const struct protocol_counts *protocol_counts(const struct protocol *protocol);
/* Adds to a sum what has been counted from `before` to `now`. */
void protocol_counts_add(struct protocol_counts *sum, const struct protocol_counts *now,
			 const struct protocol_counts *before);
/* What it holds now; never more than PROTOCOL_CONNECTION_BYTES. */
size_t protocol_memory_bytes(const struct protocol *protocol);

#endif

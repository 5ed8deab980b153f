/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the JSON of one message says: calls, answers, pushed events, one or a batch of them. Reads
 * JSON-RPC 1.0 and 2.0 and what exchanges made of it ({"id":1,"status":200,"result":{}}); knows
 * nothing of what carried the text.
 */
#ifndef TICKSCOPE_PROTOCOL_JSON_CALLS_H
#define TICKSCOPE_PROTOCOL_JSON_CALLS_H

#include "protocol/json_scan.h"
#include "protocol/parser.h"

/* Batches are held until their message has ended. Nodes refuse longer ones (geth: 1000, others
 * 50 to 100); what is beyond is counted as unparsed. */
#define JSON_CALLS_MAX 128
/* Different methods of one batch; further ones are OTHER. */
#define JSON_CALLS_NAME_CNT 8

enum json_call_flags {
	JSON_CALL_HAS_ID = 1,
	JSON_CALL_NULL_ID = 2,
	JSON_CALL_IS_ANSWER = 4, /* has a result, an error, or a status */
	JSON_CALL_IS_ERROR = 8,
	JSON_CALL_IS_OPEN = 16, /* its end was not seen: what is missing may yet have been there */
};

enum json_call_id_flags {
	JSON_CALL_ID_IS_TEXT = 1,    /* "1" is another id than 1 */
	JSON_CALL_ID_HAS_NUMBER = 2, /* id_number */
	JSON_CALL_ID_IS_LONG = 4,    /* longer than what chains know ids by */
};

enum json_call_role {
	JSON_CALL_UNKNOWN = 0, /* cut before what says it */
	JSON_CALL_REQUEST,
	JSON_CALL_ANSWER,
	JSON_CALL_PUSH,
	JSON_CALL_NOTIFICATION, /* of the client: nothing comes back */
};

/* One object of the message. */
struct json_call {
	uint64_t id;	    /* hash of its value */
	uint64_t id_number; /* that the value ends in, where id_flags says so */
	uint16_t status;    /* number of "status"; 0: none */
	uint8_t name;	    /* which of the names; 0: none */
	uint8_t name_rank;
	uint8_t flags;
	uint8_t id_flags;
};

struct json_calls {
	struct json_scan scan;
	uint32_t call_cnt;
	uint32_t untold_cnt; /* objects beyond JSON_CALLS_MAX */
	bool is_open;	     /* calls[call_cnt] is being read */
	bool is_damaged;     /* not JSON from some place on */
	bool is_cut;	     /* bytes were missing; nothing behind them is read */
	uint8_t name_cnt;
	struct json_call calls[JSON_CALLS_MAX + 1];
	char names[JSON_CALLS_NAME_CNT][PROTOCOL_LABEL_BYTES];
};

/* A new message. */
void json_calls_begin(struct json_calls *calls);
/*
 * The next bytes of its text, from *used on. True: a document has ended there, and more may follow;
 * false: all are taken, or nothing more is to be read (is_damaged: from *used on; is_cut).
 */
bool json_calls_feed(struct json_calls *calls, const uint8_t *data, size_t bytes, size_t *used);
/* The next bytes are not known, and what comes behind them is not to be read. */
void json_calls_cut(struct json_calls *calls);
/* The message has ended; an object that was cut is kept as open, a damaged one is not kept. */
void json_calls_end(struct json_calls *calls);

/* What tells it from the other ids of its connection. */
uint64_t json_calls_id(const struct json_call *call);
/* What chains know it by. */
struct protocol_id json_calls_name(const struct json_call *call);

enum json_call_role json_calls_role(const struct json_call *call, enum protocol_side side);
/* Writes is_error, and method (of what is not an answer) or status (of an answer), into message. */
void json_calls_label(const struct json_calls *calls, const struct json_call *call,
		      enum json_call_role role, struct message *message);
/* Some of the ended message was not understood. */
bool json_calls_is_unparsed(const struct json_calls *calls);

/*
 * Tells all of an ended message where ids pair: a WebSocket, a bare connection. carrier says side,
 * begin and end. Counts what was not understood.
 */
void json_calls_tell(const struct json_calls *calls, const struct message *carrier,
		     struct exchanges *x);

#endif

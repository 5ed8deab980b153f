/* SPDX-License-Identifier: Apache-2.0 */
/* What FIX messages are found by, what they answer, and how they are told. */
#ifndef TICKSCOPE_PROTOCOL_FIX_KEYS_H
#define TICKSCOPE_PROTOCOL_FIX_KEYS_H

#include "protocol/fix_message.h"

/* What a key stands for; requests that are not about orders have the tag of their id. */
enum fix_key {
	FIX_KEY_ORDER = 1U << 16, /* above all tags */
	FIX_KEY_CANCEL,
	FIX_KEY_REPLACE,
	FIX_KEY_ORDER_ID,
	FIX_KEY_LOGON,
	FIX_KEY_NUMBER, /* of a message; plus its enum fix_way */
};

/* Requests that can be refused by their number or id. */
enum fix_way {
	FIX_WAY_ORDER = 0,
	FIX_WAY_CANCEL,
	FIX_WAY_REPLACE,
	FIX_WAY_OTHER,
	FIX_WAY_CNT,
};

/* Answers of orders, as exchanges_answer_id wants them: always the same text. */
extern const char fix_keys_ack[], fix_keys_fill[], fix_keys_filled[];
extern const char fix_keys_cancel_ack[], fix_keys_canceled[];
extern const char fix_keys_replace_ack[], fix_keys_replaced[];

uint64_t fix_keys_of(uint32_t class, uint64_t value);
/* The class of such a request (0: it depends on the request), and what its first answer is. */
enum fix_key fix_keys_class(enum fix_way way);
const char *fix_keys_until(enum fix_way way);

struct message fix_keys_request(const struct fix_message *m);
struct message fix_keys_response(const struct fix_message *m, const char *status, bool is_error);
/* Who asked what this answers. */
enum protocol_side fix_keys_asker(const struct fix_message *m);

#endif

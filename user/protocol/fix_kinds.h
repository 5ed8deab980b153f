/* SPDX-License-Identifier: Apache-2.0 */
/* FIX 4.0 to 5.0SP2 in tables: what messages mean for timing, and the words of its codes. */
#ifndef TICKSCOPE_PROTOCOL_FIX_KINDS_H
#define TICKSCOPE_PROTOCOL_FIX_KINDS_H

#include <stdbool.h>
#include <stdint.h>

/* Of MsgType; the standard's have one or two, private ones (U…) up to three. */
#define FIX_TYPE_BYTES 4

enum fix_role {
	FIX_ASK = 1,   /* a request, answered under the value of the same tag */
	FIX_ASK_LEVEL, /* likewise, where QuoteResponseLevel (301) asks for an answer */
	FIX_ANSWER,
	FIX_REFUSAL, /* an answer that is an error */
	FIX_PUSH,    /* nobody asks for it */
	FIX_ORDER,
	FIX_CANCEL,
	FIX_REPLACE,
	FIX_REPORT,
	FIX_CANCEL_REJECT,
	FIX_REJECT, /* of any message, by its number */
	FIX_LOGON,
	FIX_LOGOUT,
};

/* A kind of message, and one way to find what it belongs to; there are up to FIX_KIND_ROW_CNT rows.
 */
struct fix_kind {
	const char type[FIX_TYPE_BYTES];
	const char *name;
	enum fix_role role;
	uint16_t tag;	    /* of the id that requests and answers share */
	uint16_t error_tag; /* where this has the value, the answer is a refusal */
	char error_value;
	bool is_stream; /* more of them come than were asked for */
};

#define FIX_KIND_ROW_CNT 3

/* The first row of this type, and how many there are; NULL: it is nothing to be timed. */
const struct fix_kind *fix_kinds_find(const char *type, int *ret_cnt);
/* The tag of the data whose length this tag has (data may contain the delimiter); 0: none. */
uint32_t fix_kinds_data_tag(uint32_t length_tag);

/* Words for the codes of OrdType, Side and OrdStatus: "" for 0, "other" for unknown ones. */
const char *fix_kinds_order_type(char code);
const char *fix_kinds_side(char code);
const char *fix_kinds_status(char code);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What of a FIX message matters for timing, gathered field by field. */
#ifndef TICKSCOPE_PROTOCOL_FIX_MESSAGE_H
#define TICKSCOPE_PROTOCOL_FIX_MESSAGE_H

#include "protocol/fix_kinds.h"
#include "protocol/parser.h"

/* Kept of a value: what a label holds. */
#define FIX_TEXT_BYTES PROTOCOL_LABEL_BYTES

struct fix_field {
	uint32_t tag;
	uint32_t bytes;		   /* of the value */
	uint64_t hash;		   /* of the whole value; never 0 */
	char text[FIX_TEXT_BYTES]; /* its beginning, terminated */
};

/* Ids are hashes of values, 0 where there is none; codes are characters, likewise. */
struct fix_message {
	enum protocol_side side;
	uint64_t begin;
	uint64_t end;
	const struct fix_kind *kinds; /* NULL: not to be timed */
	int kind_cnt;
	uint64_t ids[FIX_KIND_ROW_CNT]; /* by the rows of its kind */
	uint64_t client_order_id;	/* 11 */
	uint64_t second_order_id;	/* 11 of the other side of a cross */
	struct protocol_id client_order_name;
	struct protocol_id second_order_name;
	uint64_t original_id;	  /* 41 */
	uint64_t order_id;	  /* 37, but for what says that there is none */
	uint64_t rejected_id;	  /* 379 */
	uint64_t number;	  /* 34 */
	uint64_t rejected_number; /* 45 */
	bool has_type;
	bool is_repeat;			    /* 43=Y or 97=Y */
	bool is_refusal;		    /* by the error tag of its kind */
	bool is_duplicate_order;	    /* 103=6 */
	bool is_nothing_left;		    /* 151 is zero */
	bool is_unsubscription;		    /* 263=2 */
	char exec_type;			    /* 150 */
	char transaction;		    /* 20: ExecTransType, up to 4.2 */
	char order_status;		    /* 39 */
	char order_type;		    /* 40 */
	char order_side;		    /* 54 */
	char second_side;		    /* 54 of the other side of a cross */
	char response_level;		    /* 301 */
	char rejected_type[FIX_TYPE_BYTES]; /* 372 */
	char symbol[FIX_TEXT_BYTES];	    /* 55 */
};

/*
 * Notes a field. False: an order of a list is whole, to be told; then the field begins the next one
 * and is to be noted again after fix_message_next_order.
 */
bool fix_message_note(struct fix_message *message, const struct fix_field *field);
/* Forgets what belongs to one order of a list. */
void fix_message_next_order(struct fix_message *message);

#endif

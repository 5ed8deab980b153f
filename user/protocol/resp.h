/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where messages of RESP2 and RESP3 begin and end (https://redis.io/docs/latest/develop/reference/
 * protocol-spec/), and the few words and numbers of them that say what they are. One direction.
 *
 * Nesting needs no stack: an aggregate adds its elements to those that the message still has. The
 * streamed types of RESP3 (`$?`, `*?`) are not read: Redis has never sent them.
 */
#ifndef TICKSCOPE_PROTOCOL_RESP_H
#define TICKSCOPE_PROTOCOL_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/parser.h"

/* Of a word that matters: the longest command of Redis has 17, of its modules about 20. */
#define RESP_WORD_BYTES 32
/* A command and two arguments: CLIENT REPLY OFF. */
#define RESP_WORD_CNT 3

struct resp_word {
	char text[RESP_WORD_BYTES + 1]; /* terminated */
	uint8_t bytes;
	bool is_cut; /* it is longer, or not all of it is known */
};

struct resp {
	/* Of the message: to be read when it is whole. */
	uint64_t begin;
	uint8_t type; /* its first byte, behind attributes; a command in one line has none */
	uint64_t element_cnt; /* of an array or push; the words of a command in one line */
	struct resp_word words[RESP_WORD_CNT]; /* the first elements of it that are strings */
	uint64_t third; /* its third element, where that is a positive number; else 0 */

	/* Where the reading stands. */
	bool is_open; /* inside of a message */
	bool is_negative;
	bool is_in_word; /* of a line */
	uint8_t phase;
	uint8_t element_type;
	uint8_t digit_cnt;
	uint32_t line_bytes;
	uint64_t number;
	uint64_t bulk_bytes;  /* still to come */
	uint64_t left_cnt;    /* elements of the message still to come */
	uint64_t element_idx; /* 0: the message itself */
};

enum resp_event {
	RESP_MORE = 0, /* all bytes are taken */
	RESP_COMMAND,  /* a client's message is whole */
	RESP_REPLY,    /* a server's message is whole */
	RESP_LOST,     /* the next byte cannot follow, or is unknown and needed */
};

/* Goes on at piece[*used] up to the next event, and moves *used behind what it took. */
enum resp_event resp_next(struct resp *resp, const struct piece *piece, size_t *used);
/* Does a command, or a reply, begin with these bytes? */
enum beginning resp_begins(const struct piece *piece);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of RESP, byte by byte but for the contents of strings, which are skipped. */
#include <string.h>

#include "protocol/parser.h"
#include "protocol/resp.h"

/* 512 MB is the default of proto-max-bulk-len, which can be raised; what has more digits is none.
 */
#define DIGIT_CNT_MAX 15
/* Elements of a message; Redis takes no command with more than 2^31, and no reply comes near. */
#define ELEMENT_CNT_MAX (1ULL << 40)
/* PROTO_INLINE_MAX_SIZE of Redis; status and error lines are shorter too. */
#define LINE_BYTES_MAX (64U << 10)

enum phase {
	PHASE_TYPE = 0,
	PHASE_NUMBER,
	PHASE_NUMBER_LF,
	PHASE_LINE, /* of a status, an error, a number in text */
	PHASE_LINE_LF,
	PHASE_BULK,
	PHASE_BULK_CR,
	PHASE_BULK_LF,
	PHASE_INLINE, /* a command in one line */
};

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

/* The word that the bytes of this element belong to, or NULL. */
static struct resp_word *word_of(struct resp *resp)
{
	if (!resp->element_idx || resp->element_idx > RESP_WORD_CNT)
		return NULL;
	return &resp->words[resp->element_idx - 1];
}

static void add_to_word(struct resp_word *word, const uint8_t *data, size_t bytes)
{
	size_t room = RESP_WORD_BYTES - word->bytes;

	if (bytes > room) {
		word->is_cut = true;
		bytes = room;
	}
	if (!bytes)
		return;
	memcpy(word->text + word->bytes, data, bytes);
	word->bytes += (uint8_t)bytes;
}

static void open_message(struct resp *resp, uint64_t position)
{
	memset(resp, 0, sizeof(*resp));
	resp->begin = position;
	resp->is_open = true;
	resp->left_cnt = 1;
}

/* An element is whole. */
static void close_element(struct resp *resp)
{
	resp->phase = PHASE_TYPE;
	if (resp->type)
		resp->element_idx++;
	if (--resp->left_cnt == 0)
		resp->is_open = false;
}

static bool add_elements(struct resp *resp, uint64_t cnt)
{
	if (cnt > ELEMENT_CNT_MAX - resp->left_cnt)
		return false;
	resp->left_cnt += cnt;
	return true;
}

/* A line with a number ends: of a length, or a number itself. */
static bool end_number(struct resp *resp)
{
	bool is_message = resp->type && !resp->element_idx;
	bool is_null = resp->is_negative;

	if (resp->element_type == ':') {
		if (resp->element_idx == 3)
			resp->third = resp->is_negative ? 0 : resp->number;
		close_element(resp);
		return true;
	}
	if (is_null && (resp->number != 1 || !strchr("*$", resp->element_type)))
		return false;
	if (strchr("$!=", resp->element_type)) {
		resp->bulk_bytes = is_null ? 0 : resp->number;
		resp->phase = resp->bulk_bytes ? PHASE_BULK : PHASE_BULK_CR;
		if (is_null)
			close_element(resp);
		return true;
	}
	if (is_message)
		resp->element_cnt = is_null ? 0 : resp->number;
	if (resp->element_type == '|') {
		/* What it describes follows, and is an element itself. */
		resp->phase = PHASE_TYPE;
		return add_elements(resp, resp->number * 2);
	}
	if (!is_null &&
	    !add_elements(resp, resp->element_type == '%' ? resp->number * 2 : resp->number))
		return false;
	close_element(resp);
	return true;
}

static bool take_number(struct resp *resp, uint8_t byte)
{
	if (is_digit(byte)) {
		resp->number = resp->number * 10 + (byte - '0');
		/* A number as a value may have more digits: its size says nothing. */
		return ++resp->digit_cnt <= (resp->element_type == ':' ? 20 : DIGIT_CNT_MAX);
	}
	if (byte == '\r' && resp->digit_cnt) {
		resp->phase = PHASE_NUMBER_LF;
		return true;
	}
	if (resp->digit_cnt || resp->line_bytes++)
		return false;
	resp->is_negative = byte == '-';
	return byte == '-' || (byte == '+' && resp->element_type == ':');
}

/* The first byte of an element. */
static bool take_type(struct resp *resp, enum protocol_side side, uint8_t byte)
{
	bool is_number = byte && strchr("*$:!=%~>|", byte);

	resp->element_type = byte;
	resp->number = 0;
	resp->digit_cnt = 0;
	resp->line_bytes = 0;
	resp->is_negative = false;
	/* Only what attributes describe is left of it: the message itself. */
	if (!resp->type && resp->left_cnt == 1 && byte != '|')
		resp->type = byte;
	if (side == PROTOCOL_CLIENT) {
		resp->phase = PHASE_NUMBER;
		if (resp->element_idx || resp->left_cnt > 1)
			return byte == '$';
		if (byte == '*')
			return true;
		resp->phase = PHASE_INLINE;
		resp->type = 0;
		return is_letter(byte) || byte == ' ' || byte == '\t';
	}
	resp->phase = is_number ? PHASE_NUMBER : PHASE_LINE;
	return is_number || (byte && strchr("+-_#,(", byte));
}

static bool take_line(struct resp *resp, uint8_t byte)
{
	struct resp_word *word = word_of(resp);

	if (byte == '\r') {
		resp->phase = PHASE_LINE_LF;
		return true;
	}
	if (byte == '\n' || ++resp->line_bytes > LINE_BYTES_MAX)
		return false;
	if (word)
		add_to_word(word, &byte, 1);
	return true;
}

/* A command in one line: its words are separated by blanks. */
static bool take_inline(struct resp *resp, uint8_t byte)
{
	if (++resp->line_bytes > LINE_BYTES_MAX)
		return false;
	if (byte == '\n') {
		resp->is_open = false;
		return true;
	}
	if (byte == ' ' || byte == '\t' || byte == '\r') {
		resp->is_in_word = false;
		return true;
	}
	if (byte < ' ' || byte == 0x7f)
		return false;
	if (!resp->is_in_word) {
		resp->is_in_word = true;
		resp->element_idx = ++resp->element_cnt;
	}
	if (word_of(resp))
		add_to_word(word_of(resp), &byte, 1);
	return true;
}

static bool take_lf(struct resp *resp, uint8_t byte)
{
	if (byte != '\n')
		return false;
	if (resp->phase == PHASE_NUMBER_LF)
		return end_number(resp);
	close_element(resp);
	return true;
}

static bool take(struct resp *resp, enum protocol_side side, uint8_t byte)
{
	switch ((enum phase)resp->phase) {
	case PHASE_TYPE:
		if (!take_type(resp, side, byte))
			return false;
		return resp->phase != PHASE_INLINE || take_inline(resp, byte);
	case PHASE_NUMBER:
		return take_number(resp, byte);
	case PHASE_LINE:
		return take_line(resp, byte);
	case PHASE_INLINE:
		return take_inline(resp, byte);
	case PHASE_BULK_CR:
		resp->phase = PHASE_BULK_LF;
		return byte == '\r';
	case PHASE_NUMBER_LF:
	case PHASE_LINE_LF:
	case PHASE_BULK_LF:
		return take_lf(resp, byte);
	case PHASE_BULK:
		break;
	}
	return false;
}

/* Bytes of a string; those that were not captured are missing in its word. */
static void take_bulk(struct resp *resp, const struct piece *piece, size_t *used)
{
	size_t bytes = piece->total - *used, known = 0;
	struct resp_word *word = word_of(resp);

	if (bytes > resp->bulk_bytes)
		bytes = resp->bulk_bytes;
	if (*used < piece->captured)
		known = piece->captured - *used < bytes ? piece->captured - *used : bytes;
	if (word) {
		word->is_cut |= known < bytes;
		if (known)
			add_to_word(word, piece->data + *used, known);
	}
	*used += bytes;
	resp->bulk_bytes -= bytes;
	if (!resp->bulk_bytes)
		resp->phase = PHASE_BULK_CR;
}

enum resp_event resp_next(struct resp *resp, const struct piece *piece, size_t *used)
{
	while (*used < piece->total) {
		uint8_t byte;

		if (resp->phase == PHASE_BULK) {
			take_bulk(resp, piece, used);
			continue;
		}
		/* What follows a string is known without having been seen. */
		if (*used < piece->captured)
			byte = piece->data[*used];
		else if (resp->phase == PHASE_BULK_CR)
			byte = '\r';
		else if (resp->phase == PHASE_BULK_LF)
			byte = '\n';
		else
			return RESP_LOST;
		if (!resp->is_open) {
			/* An empty line between commands means nothing. */
			if (piece->side == PROTOCOL_CLIENT && (byte == '\r' || byte == '\n')) {
				(*used)++;
				continue;
			}
			open_message(resp, piece->position + *used);
		}
		if (!take(resp, piece->side, byte))
			return RESP_LOST;
		(*used)++;
		if (!resp->is_open)
			return piece->side == PROTOCOL_CLIENT ? RESP_COMMAND : RESP_REPLY;
	}
	return RESP_MORE;
}

/* Reads digits and the end of their line. */
static enum beginning read_count(const struct piece *piece, size_t *used, uint64_t *ret_count)
{
	size_t digit_cnt = 0;

	for (*ret_count = 0; *used < piece->total; (*used)++, digit_cnt++) {
		uint8_t byte = piece->data[*used];

		if (!is_digit(byte))
			break;
		if (digit_cnt == DIGIT_CNT_MAX)
			return BEGINNING_NO;
		*ret_count = *ret_count * 10 + (byte - '0');
	}
	for (const char *end = "\r\n"; *end; end++, (*used)++) {
		if (*used == piece->total)
			return BEGINNING_MAYBE;
		if (!digit_cnt || piece->data[*used] != (uint8_t)*end)
			return BEGINNING_NO;
	}
	return BEGINNING_YES;
}

/* An array of strings, the first of which can be the name of a command. */
static enum beginning command_begins(const struct piece *piece)
{
	size_t used = 0;
	uint64_t cnt = 0;

	for (const char *type = "*$"; *type; type++) {
		enum beginning is_count;

		if (used == piece->total)
			return BEGINNING_MAYBE;
		if (piece->data[used++] != (uint8_t)*type)
			return BEGINNING_NO;
		is_count = read_count(piece, &used, &cnt);
		if (is_count != BEGINNING_YES)
			return is_count;
		if (!cnt)
			return BEGINNING_NO;
	}
	if (cnt > RESP_WORD_BYTES)
		return BEGINNING_NO;
	for (; used < piece->total; used++, cnt--) {
		uint8_t byte = piece->data[used];

		if (!cnt)
			return byte == '\r' ? BEGINNING_YES : BEGINNING_NO;
		if (!is_letter(byte) && !is_digit(byte) && !strchr("_.-", byte))
			return BEGINNING_NO;
	}
	return BEGINNING_MAYBE;
}

/*
 * One line of any type, to its end. An element of an array looks the same as a reply of its own:
 * until the array's end, more answers are counted than came, which being out of step allows for.
 */
static enum beginning reply_begins(const struct piece *piece)
{
	const char *allowed = NULL; /* NULL: anything that can be printed */

	if (!piece->data[0] || !strchr("+-_#,(*$:!=%~>|", piece->data[0]))
		return BEGINNING_NO;
	if (strchr("*$:!=%~>|(", piece->data[0]))
		allowed = "-0123456789";
	else if (piece->data[0] == '#')
		allowed = "tf";
	else if (piece->data[0] == '_')
		allowed = "";
	for (size_t i = 1; i < piece->total; i++) {
		uint8_t byte = piece->data[i];

		if (byte == '\n' && piece->data[i - 1] == '\r')
			return i > 2 || piece->data[0] == '_' ? BEGINNING_YES : BEGINNING_NO;
		if (piece->data[i - 1] == '\r')
			return BEGINNING_NO;
		if (byte != '\r' &&
		    (byte < ' ' || byte > '~' || (allowed && !strchr(allowed, byte))))
			return BEGINNING_NO;
	}
	return BEGINNING_MAYBE;
}

enum beginning resp_begins(const struct piece *piece)
{
	return piece->side == PROTOCOL_CLIENT ? command_begins(piece) : reply_begins(piece);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The framing of FIX (tag=value, FIX Session Layer): 8=…, 9=length of what follows, that much, and
 * 10=checksum. Tags count at the beginning of fields only; data with a length of its own may
 * contain anything. What a message means is the business of fix_orders.c.
 */
#include <string.h>

#include "protocol/fix_orders.h"

#define SOH 0x01
/* 8=FIXT.1.1 is the longest there is. */
#define VERSION_BYTES_MAX 12
/* Lists of all instruments of a market have some MiB. */
#define BODY_BYTES_MAX (16U << 20)
/* 10=123 and the delimiter. */
#define TRAILER_BYTES 7
/* Tags have up to five digits. */
#define TAG_MAX 1000000U

/* FNV-1a. */
#define HASH_BASIS 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL

enum phase {
	PHASE_BEGIN = 0, /* 8=FIX */
	PHASE_VERSION,
	PHASE_LENGTH_TAG, /* 9= */
	PHASE_LENGTH,
	PHASE_TAG,
	PHASE_VALUE,
	PHASE_DATA, /* a value with a length of its own */
	PHASE_SKIP, /* the rest of a field without a tag, or of a body of which bytes are missing */
	PHASE_TRAILER,
};

/* One direction. */
struct reader {
	uint8_t phase;
	uint8_t match_cnt; /* bytes of a fixed text that were there */
	uint8_t sum;
	uint8_t said_sum;
	bool is_cut;	     /* bytes of the body are missing */
	bool is_damaged;     /* its fields are not where its length says */
	uint32_t body_bytes; /* still to come */
	uint32_t data_tag;   /* expected next, with data_bytes; 0: none */
	uint32_t data_bytes;
	uint64_t field_begin; /* position */
	struct fix_field field;
	struct fix_message message;
};

struct fix {
	struct reader readers[PROTOCOL_SIDE_CNT];
};

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static void begin_message(struct reader *reader, enum protocol_side side, uint64_t position)
{
	memset(reader, 0, sizeof(*reader));
	reader->message.side = side;
	reader->message.begin = position;
}

/* The next byte of a text that has to be there. False: it is another one. */
static bool match(struct reader *reader, const char *text, enum phase next, uint8_t byte)
{
	if (byte != (uint8_t)text[reader->match_cnt])
		return false;
	if (text[++reader->match_cnt])
		return true;
	reader->match_cnt = 0;
	reader->phase = (uint8_t)next;
	return true;
}

static bool take_version(struct reader *reader, uint8_t byte)
{
	if (byte == SOH) {
		bool has_version = reader->match_cnt > 0;

		reader->match_cnt = 0;
		reader->phase = PHASE_LENGTH_TAG;
		return has_version;
	}
	if (!reader->match_cnt && byte != '.' && byte != 'T')
		return false;
	return reader->match_cnt++ < VERSION_BYTES_MAX &&
	       (is_digit(byte) || (byte >= 'A' && byte <= 'Z') || byte == '.');
}

static void begin_field(struct reader *reader, uint64_t position)
{
	reader->phase = PHASE_TAG;
	reader->field.tag = 0;
	reader->field_begin = position;
}

static bool take_length(struct reader *reader, uint64_t position, uint8_t byte)
{
	if (is_digit(byte)) {
		reader->match_cnt = 1;
		reader->body_bytes = reader->body_bytes * 10 + (uint32_t)(byte - '0');
		return reader->body_bytes <= BODY_BYTES_MAX;
	}
	if (byte != SOH || !reader->match_cnt || !reader->body_bytes)
		return false;
	reader->match_cnt = 0;
	reader->message.end = position + 1 + reader->body_bytes + TRAILER_BYTES;
	begin_field(reader, position + 1);
	return true;
}

/* A message begins where another has not ended: its length was wrong, or bytes are missing. */
static void restart(struct reader *reader, struct exchanges *x)
{
	struct protocol_counts *counts = exchanges_counts(x);

	counts->unparsed_messages++;
	counts->desynchronised++;
	counts->resynchronised++;
	begin_message(reader, reader->message.side, reader->field_begin);
	reader->match_cnt = 2;
	reader->sum = '8' + '=';
}

static void begin_value(struct reader *reader)
{
	struct fix_field *field = &reader->field;

	/* MsgType is the first one. */
	reader->is_damaged |= !reader->message.has_type && field->tag != 35;
	field->bytes = 0;
	field->hash = HASH_BASIS;
	field->text[0] = '\0';
	/* The delimiter comes behind the data. */
	reader->phase = reader->data_tag == field->tag && reader->data_bytes &&
					reader->data_bytes < reader->body_bytes - 1
				? PHASE_DATA
				: PHASE_VALUE;
}

static void take_tag(struct reader *reader, uint64_t position, uint8_t byte, struct exchanges *x)
{
	struct fix_field *field = &reader->field;

	if (is_digit(byte) && field->tag < TAG_MAX) {
		field->tag = field->tag * 10 + (uint32_t)(byte - '0');
		return;
	}
	if (byte == '=' && field->tag == 8) {
		restart(reader, x);
		return;
	}
	if (byte == '=' && field->tag) {
		begin_value(reader);
		return;
	}
	reader->is_damaged = true;
	if (byte == SOH)
		begin_field(reader, position + 1);
	else
		reader->phase = PHASE_SKIP;
}

/* The number in the field, cut at what a body can have. */
static uint32_t number_of(const struct fix_field *field)
{
	uint32_t number = 0;

	for (const char *digit = field->text; is_digit((uint8_t)*digit); digit++) {
		if (number <= BODY_BYTES_MAX)
			number = number * 10 + (uint32_t)(*digit - '0');
	}
	return number;
}

static void end_field(struct reader *reader, uint64_t position, struct exchanges *x)
{
	struct fix_field *field = &reader->field;

	if (!field->hash)
		field->hash = 1;
	if (!fix_message_note(&reader->message, field)) {
		fix_orders_take_listed(&reader->message, x);
		fix_message_next_order(&reader->message);
		fix_message_note(&reader->message, field);
	}
	reader->data_tag = fix_kinds_data_tag(field->tag);
	if (reader->data_tag)
		reader->data_bytes = number_of(field);
	begin_field(reader, position + 1);
}

static void take_value(struct reader *reader, uint8_t byte)
{
	struct fix_field *field = &reader->field;

	if (field->bytes < FIX_TEXT_BYTES - 1) {
		field->text[field->bytes] = (char)byte;
		field->text[field->bytes + 1] = '\0';
	}
	field->bytes++;
	field->hash = (field->hash ^ byte) * HASH_PRIME;
}

/* A byte of the body, the last one where body_bytes is 1. */
static void take_body(struct reader *reader, uint64_t position, uint8_t byte, struct exchanges *x)
{
	switch ((enum phase)reader->phase) {
	case PHASE_TAG:
		take_tag(reader, position, byte, x);
		/* It began anew. */
		if (reader->phase == PHASE_BEGIN)
			return;
		break;
	case PHASE_VALUE:
		if (byte == SOH)
			end_field(reader, position, x);
		else
			take_value(reader, byte);
		break;
	case PHASE_DATA:
		if (--reader->data_bytes == 0)
			reader->phase = PHASE_VALUE;
		break;
	default:
		if (byte == SOH && !reader->is_cut)
			begin_field(reader, position + 1);
		break;
	}
	if (--reader->body_bytes == 0) {
		reader->is_damaged |= !reader->is_cut && byte != SOH;
		reader->phase = PHASE_TRAILER;
	}
}

/* The message is whole. */
static void end_message(struct reader *reader, struct exchanges *x)
{
	bool is_wrong = reader->sum != reader->said_sum && !reader->is_cut;

	if (is_wrong || reader->is_damaged || !reader->message.has_type)
		exchanges_counts(x)->unparsed_messages++;
	else
		fix_orders_take(&reader->message, x);
	memset(reader, 0, sizeof(*reader));
}

static bool take_trailer(struct reader *reader, uint8_t byte, struct exchanges *x)
{
	uint8_t idx = reader->match_cnt++;

	if (idx < 3)
		return byte == (uint8_t) "10="[idx];
	if (idx < TRAILER_BYTES - 1) {
		reader->said_sum = (uint8_t)(reader->said_sum * 10 + (byte - '0'));
		return is_digit(byte);
	}
	if (byte != SOH)
		return false;
	end_message(reader, x);
	return true;
}

static bool take(struct reader *reader, const struct piece *piece, size_t at, struct exchanges *x)
{
	uint64_t position = piece->position + at;
	uint8_t byte = piece->data[at];

	if (reader->phase == PHASE_TRAILER)
		return take_trailer(reader, byte, x);
	if (reader->phase == PHASE_BEGIN && !reader->match_cnt)
		begin_message(reader, piece->side, position);
	reader->sum += byte;
	switch ((enum phase)reader->phase) {
	case PHASE_BEGIN:
		return match(reader, "8=FIX", PHASE_VERSION, byte);
	case PHASE_VERSION:
		return take_version(reader, byte);
	case PHASE_LENGTH_TAG:
		return match(reader, "9=", PHASE_LENGTH, byte);
	case PHASE_LENGTH:
		return take_length(reader, position, byte);
	default:
		take_body(reader, position, byte, x);
		return true;
	}
}

/* Bytes that were not captured: of a body and of what ends it they are not needed. 0: they are. */
static size_t take_unknown(struct reader *reader, size_t bytes, struct exchanges *x)
{
	if (reader->phase < PHASE_TAG)
		return 0;
	reader->is_cut = true;
	if (reader->phase == PHASE_TRAILER) {
		if (++reader->match_cnt == TRAILER_BYTES)
			end_message(reader, x);
		return 1;
	}
	if (bytes > reader->body_bytes)
		bytes = reader->body_bytes;
	reader->body_bytes -= (uint32_t)bytes;
	reader->phase = reader->body_bytes ? PHASE_SKIP : PHASE_TRAILER;
	return bytes;
}

static size_t fix_feed(void *state, const struct piece *piece, struct exchanges *x)
{
	struct reader *reader = &((struct fix *)state)->readers[piece->side];
	size_t used = 0;

	while (used < piece->captured) {
		if (!take(reader, piece, used, x))
			return used;
		used++;
	}
	while (used < piece->total) {
		size_t bytes = take_unknown(reader, piece->total - used, x);

		if (!bytes)
			return used;
		used += bytes;
	}
	return used;
}

static void fix_reset(void *state, enum protocol_side side)
{
	struct fix *fix = state;

	memset(&fix->readers[side], 0, sizeof(fix->readers[side]));
}

/* The header and the tag of the first field; nothing else looks like that. */
static enum beginning fix_begins(const void *state, const struct piece *piece)
{
	struct reader reader;

	(void)state;
	if (piece->data[0] != '8')
		return BEGINNING_NO;
	memset(&reader, 0, sizeof(reader));
	for (size_t i = 0; i < piece->total; i++) {
		if (reader.phase == PHASE_TAG && piece->data[i] == '=')
			return reader.field.tag == 35 ? BEGINNING_YES : BEGINNING_NO;
		/* Nothing can be told before the end of a field. */
		if (reader.phase > PHASE_TAG || !take(&reader, piece, i, NULL))
			return BEGINNING_NO;
	}
	return BEGINNING_MAYBE;
}

static int fix_recognise(const struct piece *piece)
{
	static const int sure[] = {
		[BEGINNING_NO] = 0,
		[BEGINNING_MAYBE] = PARSER_DECIDED - 1,
		[BEGINNING_YES] = 100,
	};

	return sure[fix_begins(NULL, piece)];
}

const struct parser parser_fix = {
	.kind = PROTOCOL_FIX,
	.state_bytes = sizeof(struct fix),
	.feed = fix_feed,
	.reset = fix_reset,
	.begins = fix_begins,
	.recognise = fix_recognise,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket (RFC 6455): text messages are JSON that pairs by id, or is pushed. What is compressed
 * (RFC 7692) or binary is counted and not read. The handshake is left to http.c.
 */
#include "protocol/json_calls.h"

#include <string.h>

#define HEADER_BYTES_MAX 14
/* Unmasked at a time. */
#define UNMASK_BYTES 512
/* Of a text: enough for its first member's name. */
#define FRONT_BYTES 40

enum opcode { OP_CONTINUATION = 0, OP_TEXT, OP_BINARY, OP_CLOSE = 8, OP_PING, OP_PONG };

enum { BIT_FIN = 0x80, BIT_RSV1 = 0x40, BITS_RSV23 = 0x30, BITS_OPCODE = 0x0f, BIT_MASK = 0x80 };

struct frames {
	uint8_t header[HEADER_BYTES_MAX];
	uint8_t header_bytes;
	bool is_begun; /* a frame was seen */
	bool is_in_payload;
	bool is_in_message;  /* one has begun; control frames may come in between */
	bool is_unread;	     /* that message is binary or compressed */
	uint64_t left_bytes; /* of the frame's payload */
	uint8_t mask_at;     /* bytes that were unmasked, modulo 256 */
	uint64_t begin;	     /* of the message */
	struct json_calls calls;
};

struct websocket {
	bool is_handshake; /* the first bytes are HTTP */
	struct frames sides[PROTOCOL_SIDE_CNT];
};

static uint8_t opcode_of(const struct frames *f)
{
	return f->header[0] & BITS_OPCODE;
}

static bool is_control(uint8_t opcode)
{
	return opcode >= OP_CLOSE;
}

/* A first byte that no frame has, wherever it stands. */
static bool is_first_byte(uint8_t byte)
{
	uint8_t opcode = byte & BITS_OPCODE;

	if (byte & BITS_RSV23)
		return false;
	if (is_control(opcode))
		return opcode <= OP_PONG && (byte & BIT_FIN) && !(byte & BIT_RSV1);
	return opcode <= OP_BINARY && (opcode != OP_CONTINUATION || !(byte & BIT_RSV1));
}

/* Bytes of the whole header, as far as the first two say. */
static size_t header_bytes_of(const uint8_t header[2])
{
	uint8_t length = header[1] & 0x7f;
	size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;

	return 2 + length_bytes + (header[1] & BIT_MASK ? 4 : 0);
}

/* False: not in the fewest bytes, as it has to be (RFC 6455 5.2), or beyond 2^63. */
static bool read_length(const uint8_t *header, uint64_t *ret_bytes)
{
	uint8_t length = header[1] & 0x7f;
	uint64_t bytes = 0;

	if (length < 126) {
		*ret_bytes = length;
		return true;
	}
	for (size_t i = 0; i < (length == 126 ? 2 : 8); i++)
		bytes = bytes << 8 | header[2 + i];
	*ret_bytes = bytes;
	return length == 126 ? bytes > 125 : bytes > 0xffff && !(bytes >> 63);
}

/* The clients mask, the servers do not (RFC 6455 5.1). */
static bool is_second_byte(const uint8_t header[2], enum protocol_side side)
{
	if (!(header[1] & BIT_MASK) != (side == PROTOCOL_SERVER))
		return false;
	return !is_control(header[0] & BITS_OPCODE) || (header[1] & 0x7f) <= 125;
}

/* Whether the byte can follow in the header is known with it, not later. */
static bool take_header(struct frames *f, enum protocol_side side, uint8_t byte)
{
	uint8_t opcode;

	f->header[f->header_bytes++] = byte;
	opcode = opcode_of(f);
	if (f->header_bytes == 1)
		return is_first_byte(byte) &&
		       (is_control(opcode) || (opcode == OP_CONTINUATION) == f->is_in_message);
	if (f->header_bytes == 2 && !is_second_byte(f->header, side))
		return false;
	if (f->header_bytes < header_bytes_of(f->header))
		return true;
	if (!read_length(f->header, &f->left_bytes))
		return false;
	f->is_begun = f->is_in_payload = true;
	f->mask_at = 0;
	if (opcode == OP_TEXT || opcode == OP_BINARY) {
		f->is_in_message = true;
		f->is_unread = opcode == OP_BINARY || (f->header[0] & BIT_RSV1);
		json_calls_begin(&f->calls);
	}
	return true;
}

static void read_text(struct json_calls *calls, const uint8_t *text, size_t bytes)
{
	size_t used = 0;

	/* Several documents in a message are as good as a batch. */
	while (json_calls_feed(calls, text, bytes, &used))
		;
}

static void read_masked(struct frames *f, const uint8_t *data, size_t bytes)
{
	const uint8_t *mask = f->header + header_bytes_of(f->header) - 4;
	uint8_t plain[UNMASK_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < bytes; i++) {
		plain[used++] = data[i] ^ mask[f->mask_at++ % 4];
		if (used < sizeof(plain))
			continue;
		read_text(&f->calls, plain, used);
		used = 0;
	}
	read_text(&f->calls, plain, used);
}

static void take_payload(struct frames *f, const uint8_t *data, size_t bytes)
{
	if (is_control(opcode_of(f)) || f->is_unread || f->calls.is_cut || f->calls.is_damaged)
		return;
	if (!data)
		json_calls_cut(&f->calls);
	else if (f->header[1] & BIT_MASK)
		read_masked(f, data, bytes);
	else
		read_text(&f->calls, data, bytes);
}

static void end_frame(struct frames *f, enum protocol_side side, uint64_t end, struct exchanges *x)
{
	struct message carrier = {.side = side, .begin = f->begin, .end = end};

	f->header_bytes = 0;
	f->is_in_payload = false;
	if (is_control(opcode_of(f)) || !(f->header[0] & BIT_FIN))
		return;
	f->is_in_message = false;
	if (f->is_unread) {
		exchanges_counts(x)->unparsed_messages++;
		return;
	}
	json_calls_end(&f->calls);
	json_calls_tell(&f->calls, &carrier, x);
}

/* GET … and HTTP/1.1 …: neither G nor H begins a frame. */
static bool is_handshake(const struct frames *f, enum protocol_side side, uint8_t byte)
{
	return !f->is_begun && !f->header_bytes && byte == (side == PROTOCOL_CLIENT ? 'G' : 'H');
}

static size_t feed(void *state, const struct piece *piece, struct exchanges *x)
{
	struct websocket *w = state;
	struct frames *f = &w->sides[piece->side];
	size_t used = 0;

	for (;;) {
		bool is_known = used < piece->captured;
		size_t bytes;

		if (f->is_in_payload && !f->left_bytes)
			end_frame(f, piece->side, piece->position + used, x);
		if (used == piece->total)
			return used;
		if (!f->is_in_payload) {
			if (!is_known)
				return used;
			if (!f->header_bytes && !f->is_in_message)
				f->begin = piece->position + used;
			if (is_handshake(f, piece->side, piece->data[used])) {
				w->is_handshake = true;
				return used;
			}
			if (!take_header(f, piece->side, piece->data[used]))
				return used;
			used++;
			continue;
		}
		bytes = (is_known ? piece->captured : piece->total) - used;
		if (bytes > f->left_bytes)
			bytes = (size_t)f->left_bytes;
		take_payload(f, is_known ? piece->data + used : NULL, bytes);
		f->left_bytes -= bytes;
		used += bytes;
	}
}

static void reset(void *state, enum protocol_side side)
{
	struct websocket *w = state;

	memset(&w->sides[side], 0, sizeof(w->sides[side]));
}

/* How a text begins: what JSON may be, an object with a member is. */
enum front { FRONT_OTHER = 0, FRONT_SHORT, FRONT_JSON, FRONT_MEMBER };

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static enum front front_of(const char *text, size_t bytes)
{
	size_t at = 0;

	if (!bytes)
		return FRONT_SHORT;
	if (text[at] == '[' && ++at == bytes)
		return FRONT_SHORT;
	if (text[at] != '{')
		return at && is_one_of(text[at], "[]\"-0123456789tfn \t\r\n") ? FRONT_JSON
									      : FRONT_OTHER;
	if (++at == bytes)
		return FRONT_SHORT;
	if (text[at] != '"')
		return is_one_of(text[at], "} \t\r\n") ? FRONT_JSON : FRONT_OTHER;
	do
		if (++at == bytes)
			return bytes == FRONT_BYTES ? FRONT_JSON : FRONT_SHORT;
	while (text[at] >= ' ' && text[at] != '"' && text[at] != '\\');
	if (text[at] != '"')
		return text[at] == '\\' ? FRONT_JSON : FRONT_OTHER;
	if (++at == bytes)
		return FRONT_SHORT;
	return text[at] == ':'			? FRONT_MEMBER
	       : is_one_of(text[at], " \t\r\n") ? FRONT_JSON
						: FRONT_OTHER;
}

/*
 * The header of a text message, and how its text begins: the first byte occurs in no text, and in
 * binary data it is rarely followed by both a right length and a right beginning. Other messages
 * are not looked for: nothing is told of them.
 */
static enum front look(const struct piece *piece)
{
	size_t header_bytes = piece->captured < 2 ? 2 : header_bytes_of(piece->data), bytes = 0;
	uint64_t payload_bytes;
	char text[FRONT_BYTES];
	enum front front;

	if ((piece->data[0] & ~BIT_FIN) != OP_TEXT)
		return FRONT_OTHER;
	if (piece->captured >= 2 && !is_second_byte(piece->data, piece->side))
		return FRONT_OTHER;
	if (piece->captured < header_bytes)
		return FRONT_SHORT;
	if (!read_length(piece->data, &payload_bytes))
		return FRONT_OTHER;
	for (; bytes < sizeof(text) && bytes < payload_bytes; bytes++) {
		size_t at = header_bytes + bytes;

		if (at == piece->captured)
			break;
		text[bytes] = (char)piece->data[at];
		if (piece->side == PROTOCOL_CLIENT)
			text[bytes] ^= (char)piece->data[header_bytes - 4 + bytes % 4];
	}
	front = front_of(text, bytes);
	return front == FRONT_SHORT && bytes == payload_bytes ? FRONT_OTHER : front;
}

static enum beginning begins(const void *state, const struct piece *piece)
{
	enum front front = look(piece);

	(void)state;
	if (front == FRONT_SHORT)
		return BEGINNING_MAYBE;
	return front == FRONT_OTHER ? BEGINNING_NO : BEGINNING_YES;
}

static int recognise(const struct piece *piece)
{
	static const int sure[] = {
		[FRONT_OTHER] = 0, [FRONT_SHORT] = 10, [FRONT_JSON] = 70, [FRONT_MEMBER] = 95};

	return sure[look(piece)];
}

static bool upgraded(const void *state, enum protocol_kind *ret_kind)
{
	const struct websocket *w = state;

	*ret_kind = PROTOCOL_HTTP;
	return w->is_handshake;
}

const struct parser parser_websocket = {
	.kind = PROTOCOL_WEBSOCKET,
	.state_bytes = sizeof(struct websocket),
	.feed = feed,
	.reset = reset,
	.begins = begins,
	.recognise = recognise,
	.upgraded = upgraded,
};

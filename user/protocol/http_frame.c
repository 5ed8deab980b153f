/* SPDX-License-Identifier: Apache-2.0 */
/* From the head of a message to its end: RFC 9112 sections 6 and 7. */
#include "protocol/http.h"

#include <string.h>

enum phase {
	IN_HEAD = 0,
	IN_LENGTH, /* left_bytes of the body */
	IN_CHUNK_LINE,
	IN_CHUNK,
	BEHIND_CHUNK, /* its line end */
	IN_TRAILER,
	UNTIL_CLOSE,
	AT_END,
	BEHIND_END, /* END was said; the message can still be asked for */
	LOST,
};

void http_reset(struct http *h, enum protocol_side side)
{
	memset(&h->streams[side], 0, sizeof(h->streams[side]));
}

/* Between its head and its end. */
static bool is_in_body(const struct http_stream *s)
{
	return s->phase > IN_HEAD && s->phase < AT_END;
}

bool http_is_upgraded(const struct http *h, enum protocol_kind *ret_kind)
{
	*ret_kind = h->upgrade == HTTP_UPGRADE_WEBSOCKET ? PROTOCOL_WEBSOCKET : PROTOCOL_NONE;
	return h->upgrade != HTTP_UPGRADE_NONE;
}

bool http_is_ended_by_close(const struct http *h)
{
	return h->streams[PROTOCOL_SERVER].phase == UNTIL_CLOSE;
}

bool http_is_answered_early(struct http *h)
{
	struct http_stream *s = &h->streams[PROTOCOL_CLIENT];

	if (!is_in_body(s) || s->is_told)
		return false;
	s->is_told = true;
	return true;
}

void http_fill(const struct http *h, enum protocol_side side, struct message *ret_message)
{
	memset(ret_message, 0, sizeof(*ret_message));
	ret_message->side = side;
	ret_message->begin = h->streams[side].begin;
	ret_message->end = h->streams[side].seen;
}

void http_label(const struct http *h, enum protocol_side side, struct message *message)
{
	const struct http_head *head = &h->streams[side].head;
	struct protocol_labels *l = &message->labels;

	if (side == PROTOCOL_CLIENT) {
		memcpy(l->method, head->method, sizeof(l->method));
		memcpy(l->route, head->route, sizeof(l->route));
		return;
	}
	l->status[0] = (char)('0' + head->status / 100);
	l->status[1] = (char)('0' + head->status / 10 % 10);
	l->status[2] = (char)('0' + head->status % 10);
	l->status[3] = '\0';
	message->is_error = head->status >= 400;
}

/*
 * The method of the request that the response answers; "": not known. A request that waits without
 * a route is a call in its body, made by POST. Out of step nothing is known to wait: then it is the
 * request seen last, unless requests are sent ahead of their responses.
 */
static const char *asked_method(const struct http *h, const struct exchanges *x,
				struct message *request)
{
	if (exchanges_oldest(x, PROTOCOL_CLIENT, request))
		return request->labels.route[0] ? request->labels.method : "POST";
	return h->is_asked ? h->asked_method : "";
}

static enum phase body_by_fields(const struct http_head *head)
{
	if (head->is_chunked)
		return IN_CHUNK_LINE;
	if (head->has_transfer_coding) /* before the length, which then does not count */
		return head->is_response ? UNTIL_CLOSE : LOST;
	if (head->has_length)
		return head->length_bytes ? IN_LENGTH : AT_END;
	return head->is_response ? UNTIL_CLOSE : AT_END;
}

static enum phase body_of_response(struct http *h, const struct exchanges *x)
{
	struct http_stream *s = &h->streams[PROTOCOL_SERVER];
	uint16_t status = s->head.status;
	struct message request;
	const char *method;

	if (status == 101) {
		s->upgrade = s->head.is_for_websocket ? HTTP_UPGRADE_WEBSOCKET : HTTP_UPGRADE_OTHER;
		return AT_END;
	}
	if (status < 200) {
		s->is_told = true; /* the response itself is still to come */
		return AT_END;
	}
	if (status == 204 || status == 304)
		return AT_END;
	method = asked_method(h, x, &request);
	if (!strcmp(method, "HEAD"))
		return AT_END;
	if (!strcmp(method, "CONNECT") && status < 300) {
		s->upgrade = HTTP_UPGRADE_OTHER;
		return AT_END;
	}
	return body_by_fields(&s->head);
}

static void begin_chunk_line(struct http_stream *s)
{
	s->phase = IN_CHUNK_LINE;
	s->left_bytes = 0;
	s->line_bytes = 0;
	s->digit_cnt = 0;
	s->is_extension = false;
}

static void begin_body(struct http *h, enum protocol_side side, const struct exchanges *x)
{
	struct http_stream *s = &h->streams[side];

	if (side == PROTOCOL_SERVER)
		s->phase = body_of_response(h, x);
	else if (!strcmp(s->head.method, "CONNECT"))
		s->phase = AT_END;
	else
		s->phase = body_by_fields(&s->head);
	s->left_bytes = s->head.length_bytes;
	if (s->phase == IN_CHUNK_LINE)
		begin_chunk_line(s);
}

static bool take_chunk_line(struct http_stream *s, uint8_t byte)
{
	uint8_t lower = byte | 0x20;
	int digit = byte >= '0' && byte <= '9'	   ? byte - '0'
		    : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
						   : -1;

	if (++s->line_bytes > HTTP_CHUNK_LINE_BYTES_MAX)
		return false;
	if (byte == '\n') {
		s->phase = s->left_bytes ? IN_CHUNK : IN_TRAILER;
		s->line_bytes = 0;
		s->is_line_empty = true;
		return s->digit_cnt > 0;
	}
	if (s->is_extension)
		return byte >= ' ' || byte == '\t';
	if (digit < 0) {
		s->is_extension = s->digit_cnt && (byte == ';' || byte == ' ' || byte == '\t');
		return s->is_extension;
	}
	s->left_bytes = s->left_bytes << 4 | (uint64_t)digit;
	return ++s->digit_cnt < 16; /* 2^60 bytes */
}

/* One byte of what frames the body; false: it cannot follow. */
static bool take_framing(struct http_stream *s, uint8_t byte)
{
	if (s->has_cr && byte != '\n')
		return false;
	s->has_cr = byte == '\r';
	if (s->has_cr)
		return true;
	if (s->phase == IN_CHUNK_LINE)
		return take_chunk_line(s, byte);
	if (s->phase == BEHIND_CHUNK) {
		begin_chunk_line(s);
		return byte == '\n';
	}
	if (byte != '\n') {
		s->is_line_empty = false;
		return ++s->line_bytes <= HTTP_HEAD_BYTES_MAX && (byte >= ' ' || byte == '\t');
	}
	if (s->is_line_empty)
		s->phase = AT_END;
	s->is_line_empty = true;
	return true;
}

static bool take_byte(struct http *h, const struct piece *piece, const struct exchanges *x,
		      size_t *used)
{
	struct http_stream *s = &h->streams[piece->side];
	uint8_t byte;

	if (s->phase == IN_HEAD && *used < piece->captured)
		*used += http_head_take_run(&s->head, piece->data + *used, piece->captured - *used);
	if (*used >= piece->captured) {
		s->seen = piece->position + *used;
		return *used == piece->total;
	}
	byte = piece->data[*used];
	if (s->phase == IN_HEAD) {
		s->head.is_response = piece->side == PROTOCOL_SERVER;
		if (!http_head_is_begun(&s->head))
			s->begin = piece->position + *used;
		if (!http_head_take(&s->head, byte))
			return false;
	} else if (!take_framing(s, byte)) {
		return false;
	}
	++*used;
	s->seen = piece->position + *used;
	if (s->phase == IN_HEAD && http_head_is_whole(&s->head))
		begin_body(h, piece->side, x);
	return true;
}

/* Known bytes of the body first, then unknown ones. */
static void take_body(struct http_stream *s, const struct piece *piece, size_t *used,
		      struct http_body *ret_body)
{
	bool is_known = *used < piece->captured;
	size_t bytes = (is_known ? piece->captured : piece->total) - *used;

	if (s->phase != UNTIL_CLOSE) {
		if (bytes > s->left_bytes)
			bytes = (size_t)s->left_bytes;
		s->left_bytes -= bytes;
		if (!s->left_bytes)
			s->phase = s->phase == IN_LENGTH ? AT_END : BEHIND_CHUNK;
	}
	ret_body->data = is_known ? piece->data + *used : NULL;
	ret_body->bytes = bytes;
	*used += bytes;
	s->seen = piece->position + *used;
}

static void note_end(struct http *h, enum protocol_side side)
{
	const struct http_stream *s = &h->streams[side];

	if (s->is_told)
		return;
	h->is_asked = side == PROTOCOL_CLIENT;
	if (h->is_asked)
		memcpy(h->asked_method, s->head.method, sizeof(h->asked_method));
}

/* What the end of the side's message brings: HTTP_MORE goes on. */
static enum http_event take_end(struct http *h, enum protocol_side side)
{
	struct http_stream *s = &h->streams[side];

	if (s->phase == AT_END) {
		s->phase = BEHIND_END;
		note_end(h, side);
		if (!s->is_told)
			return HTTP_END;
	}
	if (s->phase == BEHIND_END) {
		h->upgrade = s->upgrade;
		http_reset(h, side);
	}
	return h->upgrade || s->phase == LOST ? HTTP_LOST : HTTP_MORE;
}

enum http_event http_next(struct http *h, const struct piece *piece, const struct exchanges *x,
			  size_t *used, struct http_body *ret_body)
{
	struct http_stream *s = &h->streams[piece->side];
	bool is_head;

	for (;;) {
		enum http_event event = take_end(h, piece->side);

		if (event != HTTP_MORE || *used == piece->total)
			return event;
		if (s->phase == IN_LENGTH || s->phase == IN_CHUNK || s->phase == UNTIL_CLOSE) {
			take_body(s, piece, used, ret_body);
			return HTTP_BODY;
		}
		is_head = s->phase == IN_HEAD;
		if (!take_byte(h, piece, x, used))
			break;
		if (is_head && s->phase != IN_HEAD && !s->is_told)
			return HTTP_HEAD;
	}
	s->phase = LOST;
	return HTTP_LOST;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1: responses have the order of requests; labels are method, route and status. What is in
 * the bodies does not matter here.
 */
#include "protocol/http.h"

#include <string.h>

static void tell_request(const struct http *h, struct exchanges *x)
{
	struct message request;

	http_fill(h, PROTOCOL_CLIENT, &request);
	http_label(h, PROTOCOL_CLIENT, &request);
	exchanges_ask(x, &request);
}

static void tell_response(struct http *h, struct exchanges *x)
{
	struct message response, request;

	if (!exchanges_oldest(x, PROTOCOL_CLIENT, &request) && http_is_answered_early(h))
		tell_request(h, x);
	http_fill(h, PROTOCOL_SERVER, &response);
	http_label(h, PROTOCOL_SERVER, &response);
	(void)exchanges_answer(x, &response);
}

static size_t feed(void *state, const struct piece *piece, struct exchanges *x)
{
	struct http *h = state;
	enum http_event event;
	struct http_body body;
	size_t used = 0;

	do {
		event = http_next(h, piece, x, &used, &body);
		if (event == HTTP_END && piece->side == PROTOCOL_CLIENT)
			tell_request(h, x);
		else if (event == HTTP_END)
			tell_response(h, x);
	} while (event != HTTP_MORE && event != HTTP_LOST);
	return used;
}

static void reset(void *state, enum protocol_side side)
{
	http_reset(state, side);
}

static enum beginning begins(const void *state, const struct piece *piece)
{
	(void)state;
	return http_begins(piece);
}

enum beginning http_carries_jsonrpc(const struct piece *piece)
{
	static const char post[] = "POST ", blank[] = "\r\n\r\n", member[] = "\"jsonrpc\"";
	const char *data = (const char *)piece->data, *body;
	size_t bytes = piece->captured, post_bytes = sizeof(post) - 1;
	bool is_all = bytes >= PARSER_LOOK_BYTES;

	if (memcmp(data, post, bytes < post_bytes ? bytes : post_bytes) != 0)
		return BEGINNING_NO;
	body = memmem(data, bytes, blank, sizeof(blank) - 1);
	if (!body || body + sizeof(blank) - 1 == data + bytes)
		return is_all ? BEGINNING_NO : BEGINNING_MAYBE;
	body += sizeof(blank) - 1;
	if (*body != '{' && *body != '[')
		return BEGINNING_NO;
	if (memmem(body, (size_t)(data + bytes - body), member, sizeof(member) - 1))
		return BEGINNING_YES;
	return is_all ? BEGINNING_NO : BEGINNING_MAYBE;
}

/* Of what may be either, JSON-RPC is the better answer: it says more. */
static int recognise(const struct piece *piece)
{
	enum beginning is_http = http_begins(piece);

	if (is_http != BEGINNING_YES)
		return is_http == BEGINNING_NO ? 0 : 10;
	if (piece->side == PROTOCOL_CLIENT && http_carries_jsonrpc(piece) == BEGINNING_MAYBE)
		return 40;
	return 90;
}

static bool upgraded(const void *state, enum protocol_kind *ret_kind)
{
	return http_is_upgraded(state, ret_kind);
}

static void end(void *state, struct exchanges *x)
{
	if (http_is_ended_by_close(state))
		tell_response(state, x);
}

const struct parser parser_http = {
	.kind = PROTOCOL_HTTP,
	.state_bytes = sizeof(struct http),
	.feed = feed,
	.reset = reset,
	.begins = begins,
	.recognise = recognise,
	.upgraded = upgraded,
	.end = end,
};

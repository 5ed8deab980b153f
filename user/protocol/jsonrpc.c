/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC in HTTP bodies, or one document after another. In HTTP the order of messages pairs (many
 * programs send "id":1 for ever), and ids only tell the calls of a batch apart; without HTTP, ids
 * pair. What is carried by a WebSocket is left to websocket.c.
 *
 * A request without a call (GET, a notification alone, a body that cannot be read) is told as HTTP
 * tells it: with method, route and status code. Whether a request that waits is one of those is
 * said by its route: calls have none.
 */
#include "protocol/batches.h"
#include "protocol/http.h"
#include "protocol/json_calls.h"

#include <string.h>

enum transport { TRANSPORT_UNKNOWN = 0, TRANSPORT_HTTP, TRANSPORT_BARE, TRANSPORT_WEBSOCKET };

/* Of a direction. */
struct jsonrpc_stream {
	enum transport transport;
	bool is_http;	/* sure: a head was whole */
	bool has_body;	/* of HTTP */
	uint64_t begin; /* of a bare document */
	struct json_calls calls;
};

struct jsonrpc {
	struct jsonrpc_stream streams[PROTOCOL_SIDE_CNT];
	struct http http;
	struct batches batches;
};

_Static_assert(sizeof(struct jsonrpc) <= PARSER_STATE_BYTES, "as parser.h demands");

static bool is_encoded(const struct jsonrpc *s, enum protocol_side side)
{
	return s->streams[side].has_body && s->http.streams[side].head.is_encoded;
}

static void count_unparsed(struct jsonrpc *s, enum protocol_side side, bool is_unknown,
			   struct exchanges *x)
{
	if (is_unknown || is_encoded(s, side) || json_calls_is_unparsed(&s->streams[side].calls))
		exchanges_counts(x)->unparsed_messages++;
}

/* What comes back for it in an answer of its own. */
static bool is_asked(const struct json_call *call)
{
	enum json_call_role role = json_calls_role(call, PROTOCOL_CLIENT);

	return role == JSON_CALL_REQUEST || role == JSON_CALL_UNKNOWN;
}

static void tell_request(struct jsonrpc *s, struct exchanges *x)
{
	struct json_calls *calls = &s->streams[PROTOCOL_CLIENT].calls;
	bool is_unknown = false;
	struct message request;
	uint32_t call_cnt = 0;

	json_calls_end(calls);
	http_fill(&s->http, PROTOCOL_CLIENT, &request);
	for (uint32_t i = 0; i < calls->call_cnt; i++) {
		const struct json_call *call = &calls->calls[i];

		if (!is_asked(call))
			continue;
		json_calls_label(calls, call, JSON_CALL_REQUEST, &request);
		if (!request.labels.method[0]) {
			memcpy(request.labels.method, "OTHER", sizeof("OTHER"));
			is_unknown = true;
		}
		request.id = json_calls_name(call);
		exchanges_ask(x, &request);
		if (calls->scan.is_batch)
			batches_keep(&s->batches, request.begin, call, call_cnt);
		call_cnt++;
	}
	if (!call_cnt) {
		http_label(&s->http, PROTOCOL_CLIENT, &request);
		exchanges_ask(x, &request);
	}
	count_unparsed(s, PROTOCOL_CLIENT, is_unknown, x);
}

/* The status of one call; answer: NULL where the response has none for it. */
static void label_answer(const struct jsonrpc *s, const struct json_call *answer,
			 struct message *response)
{
	const struct json_calls *answers = &s->streams[PROTOCOL_SERVER].calls;
	bool is_readable = !is_encoded(s, PROTOCOL_SERVER) && !answers->is_cut &&
			   !answers->is_damaged && !answers->untold_cnt;

	memset(&response->labels, 0, sizeof(response->labels));
	response->id = answer ? json_calls_name(answer) : (struct protocol_id){0};
	response->is_error = false;
	if (answer)
		json_calls_label(answers, answer, JSON_CALL_ANSWER, response);
	else
		response->is_error = is_readable;
	if (s->http.streams[PROTOCOL_SERVER].head.status >= 400)
		response->is_error = true;
	if (response->is_error)
		memcpy(response->labels.status, "error", sizeof("error"));
}

static uint32_t answer_cnt_of(const struct json_calls *answers)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < answers->call_cnt; i++)
		cnt += json_calls_role(&answers->calls[i], PROTOCOL_SERVER) == JSON_CALL_ANSWER;
	return cnt;
}

/* None of the requests that wait is known to be this response's. */
static void tell_unmatched(struct jsonrpc *s, struct message *response, struct exchanges *x)
{
	uint32_t answer_cnt = answer_cnt_of(&s->streams[PROTOCOL_SERVER].calls);

	http_label(&s->http, PROTOCOL_SERVER, response);
	do
		(void)exchanges_answer(x, response);
	while (answer_cnt && --answer_cnt);
}

/*
 * Calls that were given up, since too many waited, have left gaps: those have to be answered like
 * all others, or the next response would be.
 */
static void tell_answers(struct jsonrpc *s, uint64_t begin, struct message *response,
			 struct exchanges *x)
{
	const struct json_calls *answers = &s->streams[PROTOCOL_SERVER].calls;
	uint32_t answer_cnt = answer_cnt_of(answers);
	bool is_unknown = false;
	struct message request;
	struct batches_pairing pairing;
	uint32_t known_cnt = batches_pair(&s->batches, begin, answers, &pairing);

	for (uint32_t i = 0; i < JSON_CALLS_MAX; i++) {
		int answer_idx = pairing.answers[i];
		bool is_gap = !exchanges_oldest(x, PROTOCOL_CLIENT, &request);

		bool is_more = is_gap ? i < answer_cnt : request.begin == begin;

		if (known_cnt ? i == known_cnt : !is_more)
			break;
		label_answer(s, answer_idx < 0 ? NULL : &answers->calls[answer_idx], response);
		is_unknown |= !response->labels.status[0];
		(void)exchanges_answer(x, response);
	}
	/* An error page is no JSON, and need not be: the status code says it all. */
	if (s->http.streams[PROTOCOL_SERVER].head.status < 400)
		count_unparsed(s, PROTOCOL_SERVER, is_unknown, x);
}

static void tell_response(struct jsonrpc *s, struct exchanges *x)
{
	struct message request, response;

	json_calls_end(&s->streams[PROTOCOL_SERVER].calls);
	if (!exchanges_oldest(x, PROTOCOL_CLIENT, &request) && http_is_answered_early(&s->http)) {
		json_calls_cut(&s->streams[PROTOCOL_CLIENT].calls);
		tell_request(s, x);
	}
	http_fill(&s->http, PROTOCOL_SERVER, &response);
	if (!exchanges_oldest(x, PROTOCOL_CLIENT, &request)) {
		tell_unmatched(s, &response, x);
	} else if (request.labels.route[0]) {
		http_label(&s->http, PROTOCOL_SERVER, &response);
		(void)exchanges_answer(x, &response);
	} else {
		tell_answers(s, request.begin, &response, x);
	}
}

/* Several documents in a body are as good as a batch. */
static void read_body(struct json_calls *calls, const struct http_body *body)
{
	size_t used = 0;

	if (!body->data)
		json_calls_cut(calls);
	else
		while (json_calls_feed(calls, body->data, body->bytes, &used))
			;
}

static size_t feed_http(struct jsonrpc *s, const struct piece *piece, struct exchanges *x)
{
	enum protocol_side side = piece->side;
	struct http_body body;
	size_t used = 0;

	for (;;) {
		switch (http_next(&s->http, piece, x, &used, &body)) {
		case HTTP_HEAD:
			json_calls_begin(&s->streams[side].calls);
			s->streams[side].has_body = false;
			s->streams[side].is_http = true;
			break;
		case HTTP_BODY:
			s->streams[side].has_body = true;
			if (!s->http.streams[side].head.is_encoded)
				read_body(&s->streams[side].calls, &body);
			break;
		case HTTP_END:
			if (side == PROTOCOL_CLIENT)
				tell_request(s, x);
			else
				tell_response(s, x);
			break;
		default:
			return used;
		}
	}
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t feed_bare(struct jsonrpc_stream *s, const struct piece *piece, struct exchanges *x)
{
	struct json_calls *calls = &s->calls;
	struct message carrier = {.side = piece->side};
	size_t used = 0;

	while (used < piece->captured) {
		if (!json_scan_is_open(&calls->scan)) {
			if (is_space(piece->data[used])) {
				used++;
				continue;
			}
			s->begin = piece->position + used;
		}
		if (json_calls_feed(calls, piece->data, piece->captured, &used)) {
			json_calls_end(calls);
			carrier.begin = s->begin;
			carrier.end = piece->position + used;
			json_calls_tell(calls, &carrier, x);
			json_calls_begin(calls);
		}
		if (calls->is_damaged)
			break;
	}
	return used;
}

/* By the first byte of a message. */
static enum transport transport_of(uint8_t byte)
{
	if (byte == '{' || byte == '[' || is_space(byte))
		return TRANSPORT_BARE;
	if (byte >= 'A' && byte <= 'Z')
		return TRANSPORT_HTTP;
	return (byte & 0x7f) == 1 ? TRANSPORT_WEBSOCKET : TRANSPORT_UNKNOWN; /* a text frame */
}

static size_t feed(void *state, const struct piece *piece, struct exchanges *x)
{
	struct jsonrpc *s = state;
	struct jsonrpc_stream *stream = &s->streams[piece->side];

	if (stream->transport == TRANSPORT_UNKNOWN && piece->captured)
		stream->transport = transport_of(piece->data[0]);
	if (stream->transport == TRANSPORT_HTTP)
		return feed_http(s, piece, x);
	return stream->transport == TRANSPORT_BARE ? feed_bare(stream, piece, x) : 0;
}

/* Bodies look like bare documents: what was HTTP is searched for nothing else. */
static void reset(void *state, enum protocol_side side)
{
	struct jsonrpc *s = state;
	bool is_http = s->streams[side].is_http;

	http_reset(&s->http, side);
	memset(&s->streams[side], 0, sizeof(s->streams[side]));
	s->streams[side].is_http = is_http;
	if (is_http)
		s->streams[side].transport = TRANSPORT_HTTP;
}

/* An object, or an array of them, with a member of JSON-RPC at its front. */
static enum beginning begins_bare(const uint8_t *data, size_t bytes)
{
	static const char *const fronts[] = {"\"jsonrpc\"", "\"id\"", "\"method\"", "\"result\"",
					     "\"error\""};
	bool is_in_array = false;
	size_t at = 0;

	if (data[0] != '{' && data[0] != '[')
		return BEGINNING_NO;
	for (; at < bytes && data[at] != '{'; at++) {
		if (is_in_array ? !is_space(data[at]) : data[at] != '[')
			return BEGINNING_NO;
		is_in_array = true;
	}
	if (at < bytes)
		at++;
	while (at < bytes && is_space(data[at]))
		at++;
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		size_t front_bytes = strlen(fronts[i]);

		if (bytes - at >= front_bytes && !memcmp(data + at, fronts[i], front_bytes))
			return BEGINNING_YES;
		if (bytes - at < front_bytes && !memcmp(data + at, fronts[i], bytes - at))
			return BEGINNING_MAYBE;
	}
	return BEGINNING_NO;
}

static enum beginning begins(const void *state, const struct piece *piece)
{
	const struct jsonrpc *s = state;
	enum transport transport = s->streams[piece->side].transport;

	if (transport == TRANSPORT_UNKNOWN)
		transport = transport_of(piece->data[0]);
	switch (transport) {
	case TRANSPORT_HTTP:
		return http_begins(piece);
	case TRANSPORT_BARE:
		return begins_bare(piece->data, piece->captured);
	case TRANSPORT_WEBSOCKET:
		return parser_websocket.begins(NULL, piece);
	default:
		return BEGINNING_NO;
	}
}

static int recognise(const struct piece *piece)
{
	enum beginning is_bare = begins_bare(piece->data, piece->captured);
	enum beginning is_carried = BEGINNING_NO;

	if (piece->side == PROTOCOL_CLIENT)
		is_carried = http_carries_jsonrpc(piece);
	if (is_carried == BEGINNING_YES)
		return 95;
	/* Good enough at the start of a stream; in its midst, bodies of anything look so. */
	if (is_bare == BEGINNING_YES)
		return 80;
	return is_bare == BEGINNING_MAYBE || is_carried == BEGINNING_MAYBE ? 10 : 0;
}

static bool upgraded(const void *state, enum protocol_kind *ret_kind)
{
	const struct jsonrpc *s = state;

	*ret_kind = PROTOCOL_WEBSOCKET;
	return s->streams[PROTOCOL_CLIENT].transport == TRANSPORT_WEBSOCKET ||
	       s->streams[PROTOCOL_SERVER].transport == TRANSPORT_WEBSOCKET ||
	       http_is_upgraded(&s->http, ret_kind);
}

static void end(void *state, struct exchanges *x)
{
	struct jsonrpc *s = state;

	if (http_is_ended_by_close(&s->http))
		tell_response(s, x);
}

const struct parser parser_jsonrpc = {
	.kind = PROTOCOL_JSONRPC,
	.state_bytes = sizeof(struct jsonrpc),
	.feed = feed,
	.reset = reset,
	.begins = begins,
	.recognise = recognise,
	.upgraded = upgraded,
	.end = end,
};

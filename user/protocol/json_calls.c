/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the members at the top of a JSON message to what it asks, answers, or announces. All keys
 * that count are shorter than JSON_KEY_BYTES, so that one that was cut is none of them.
 */
#include "protocol/json_calls.h"
#include "protocol/message_id.h"

#include <string.h>

/* names[n] is the name n + NAME_FIRST. */
enum { NAME_NONE = 0, NAME_OTHER, NAME_FIRST };

/*
 * Members that name what a message is, the best first. Those from "e" to "stream" mark what a
 * server pushes (Binance: e, stream; MEXC and Kraken: channel; Bybit: topic), even where it has
 * an "id" of its own. The last three are the methods of exchanges that do not speak JSON-RPC (OKX:
 * op, event; KuCoin, Coinbase: type).
 */
static const char *const name_keys[] = {
	"", "method", "e", "channel", "topic", "stream", "op", "event", "type",
};
enum { RANK_METHOD = 1, RANK_PUSHED_FIRST = 2, RANK_PUSHED_LAST = 5 };

void json_calls_begin(struct json_calls *c)
{
	json_scan_init(&c->scan);
	c->call_cnt = 0;
	c->untold_cnt = 0;
	c->is_open = c->is_damaged = c->is_cut = false;
	c->name_cnt = 0;
}

/* A label: letters, digits, and what joins them in method names (order.place, $/cancel, rpc:x). */
static bool is_identifier(const char *text)
{
	const char *c = text;

	for (; *c; c++) {
		char lower = (char)(*c | 0x20);

		if (!(lower >= 'a' && lower <= 'z') && !(*c >= '0' && *c <= '9') &&
		    !strchr("_.:/-$@", *c))
			return false;
	}
	return c > text;
}

static uint8_t name_index(struct json_calls *c, const char *text, bool is_cut)
{
	if (is_cut || !is_identifier(text))
		return NAME_OTHER;
	for (uint8_t i = 0; i < c->name_cnt; i++)
		if (!strcmp(c->names[i], text))
			return (uint8_t)(i + NAME_FIRST);
	if (c->name_cnt == JSON_CALLS_NAME_CNT)
		return NAME_OTHER;
	memcpy(c->names[c->name_cnt], text, strlen(text) + 1);
	return (uint8_t)(c->name_cnt++ + NAME_FIRST);
}

_Static_assert(JSON_TEXT_BYTES <= PROTOCOL_LABEL_BYTES, "what the scan keeps fits a label");

static void take_name(struct json_calls *c, struct json_call *call)
{
	const char *text = c->scan.text, *kind;

	for (size_t rank = RANK_METHOD; rank < sizeof(name_keys) / sizeof(name_keys[0]); rank++) {
		if (strcmp(c->scan.key, name_keys[rank]) != 0)
			continue;
		if (call->name && call->name_rank <= rank)
			return;
		/* Of "btcusdt@depth@100ms" the kind alone: a label is not for each instrument. */
		kind = !strcmp(name_keys[rank], "stream") ? strchr(text, '@') : NULL;
		call->name = name_index(c, kind ? kind + 1 : text, c->scan.is_text_cut);
		call->name_rank = (uint8_t)rank;
		return;
	}
}

/* A value begins. */
static void take_key(const struct json_scan *s, struct json_call *call)
{
	if (!strcmp(s->key, "result")) {
		call->flags |= JSON_CALL_IS_ANSWER;
	} else if (!strcmp(s->key, "error")) {
		/* Of JSON-RPC 1.0, and of many since: null means that there is none. */
		call->flags |= JSON_CALL_IS_ANSWER;
		if (s->type != JSON_NULL && s->type != JSON_FALSE)
			call->flags |= JSON_CALL_IS_ERROR;
	}
}

/* Three digits, as of HTTP; 0: something else. */
static uint16_t status_number(const char *text)
{
	uint16_t number = 0;

	for (int i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		number = (uint16_t)(number * 10 + (text[i] - '0'));
	}
	return text[3] || number < 100 ? 0 : number;
}

static void take_id(struct json_call *call, const struct json_scan *s)
{
	call->flags &= (uint8_t) ~(JSON_CALL_HAS_ID | JSON_CALL_NULL_ID);
	call->id_flags = 0;
	call->id = s->hash;
	if (s->type == JSON_STRING || s->type == JSON_NUMBER)
		call->flags |= JSON_CALL_HAS_ID;
	else if (s->type == JSON_NULL)
		call->flags |= JSON_CALL_NULL_ID;
	if (s->type == JSON_STRING)
		call->id_flags |= JSON_CALL_ID_IS_TEXT;
	if (s->is_text_cut)
		call->id_flags |= JSON_CALL_ID_IS_LONG;
	else if (message_id_number(s->text, strlen(s->text), &call->id_number))
		call->id_flags |= JSON_CALL_ID_HAS_NUMBER;
}

uint64_t json_calls_id(const struct json_call *call)
{
	return call->id ^ (call->id_flags & JSON_CALL_ID_IS_TEXT);
}

struct protocol_id json_calls_name(const struct json_call *call)
{
	return (struct protocol_id){
		.hash = call->id,
		.number = call->id_number,
		.has_number = call->id_flags & JSON_CALL_ID_HAS_NUMBER,
		.is_there = (call->flags & JSON_CALL_HAS_ID) &&
			    !(call->id_flags & JSON_CALL_ID_IS_LONG),
	};
}

static void take_scalar(struct json_calls *c, struct json_call *call)
{
	const struct json_scan *s = &c->scan;

	if (!strcmp(s->key, "id")) {
		take_id(call, s);
	} else if (!strcmp(s->key, "status")) {
		call->flags |= JSON_CALL_IS_ANSWER;
		if (s->type == JSON_NUMBER)
			call->status = status_number(s->text);
		if (call->status >= 400 || !strcmp(s->text, "error"))
			call->flags |= JSON_CALL_IS_ERROR;
	} else if (s->type == JSON_STRING) {
		take_name(c, call);
	}
}

bool json_calls_feed(struct json_calls *c, const uint8_t *data, size_t bytes, size_t *used)
{
	struct json_call *call = &c->calls[c->call_cnt];
	enum json_event event = JSON_MORE;

	while (!c->is_cut && !c->is_damaged) {
		event = json_scan_next(&c->scan, data, bytes, used);
		if (event == JSON_MORE || event == JSON_END)
			return event == JSON_END;
		switch (event) {
		case JSON_OPEN:
			memset(call, 0, sizeof(*call));
			c->is_open = true;
			break;
		case JSON_KEY:
			take_key(&c->scan, call);
			break;
		case JSON_SCALAR:
			take_scalar(c, call);
			break;
		case JSON_CLOSE:
			c->is_open = false;
			/* The one behind the last place is read, but not kept. */
			if (c->call_cnt < JSON_CALLS_MAX)
				call = &c->calls[++c->call_cnt];
			else
				c->untold_cnt++;
			break;
		default:
			c->is_damaged = true;
		}
	}
	return false;
}

void json_calls_cut(struct json_calls *c)
{
	c->is_cut = true;
}

void json_calls_end(struct json_calls *c)
{
	c->is_damaged |= json_scan_is_open(&c->scan) && !c->is_cut;
	if (c->is_open && !c->is_damaged) {
		c->calls[c->call_cnt].flags |= JSON_CALL_IS_OPEN;
		if (c->call_cnt < JSON_CALLS_MAX)
			c->call_cnt++;
		else
			c->untold_cnt++;
	}
	c->is_open = false;
}

enum json_call_role json_calls_role(const struct json_call *call, enum protocol_side side)
{
	bool has_id = call->flags & JSON_CALL_HAS_ID;
	bool is_open = call->flags & JSON_CALL_IS_OPEN;
	bool is_pushed =
		call->name_rank >= RANK_PUSHED_FIRST && call->name_rank <= RANK_PUSHED_LAST;

	/* Some servers repeat the method in the answer: the result decides. */
	if ((call->flags & JSON_CALL_IS_ANSWER) && (has_id || (call->flags & JSON_CALL_NULL_ID)))
		return JSON_CALL_ANSWER;
	if (has_id && (call->name_rank == RANK_METHOD || side == PROTOCOL_CLIENT))
		return JSON_CALL_REQUEST;
	if (has_id)
		return is_pushed ? JSON_CALL_PUSH : JSON_CALL_ANSWER;
	/* The id may have been behind the cut; that of a server's event is not missed. */
	if (is_open && (side == PROTOCOL_CLIENT || !call->name))
		return JSON_CALL_UNKNOWN;
	return side == PROTOCOL_SERVER ? JSON_CALL_PUSH : JSON_CALL_NOTIFICATION;
}

/* "" where it has none, "OTHER" where that is no identifier or one too many. */
static const char *name_of(const struct json_calls *c, const struct json_call *call)
{
	if (call->name == NAME_NONE)
		return "";
	return call->name == NAME_OTHER ? "OTHER" : c->names[call->name - NAME_FIRST];
}

void json_calls_label(const struct json_calls *c, const struct json_call *call,
		      enum json_call_role role, struct message *message)
{
	struct protocol_labels *l = &message->labels;
	const char *text = name_of(c, call);

	message->is_error = call->flags & JSON_CALL_IS_ERROR;
	if (role != JSON_CALL_ANSWER) {
		memcpy(l->method, text, strlen(text) + 1);
		return;
	}
	if (call->status) {
		l->status[0] = (char)('0' + call->status / 100);
		l->status[1] = (char)('0' + call->status / 10 % 10);
		l->status[2] = (char)('0' + call->status % 10);
		l->status[3] = '\0';
		return;
	}
	/* Cut before either a result or an error: not known. */
	text = message->is_error ? "error" : "ok";
	if ((call->flags & JSON_CALL_IS_OPEN) && !(call->flags & JSON_CALL_IS_ANSWER))
		text = "";
	memcpy(l->status, text, strlen(text) + 1);
}

bool json_calls_is_unparsed(const struct json_calls *c)
{
	return c->is_damaged || c->untold_cnt ||
	       (c->is_cut && c->scan.is_batch && json_scan_is_open(&c->scan));
}

void json_calls_tell(const struct json_calls *c, const struct message *carrier, struct exchanges *x)
{
	bool is_unparsed = json_calls_is_unparsed(c) || (c->is_cut && !c->call_cnt);

	for (uint32_t i = 0; i < c->call_cnt; i++) {
		const struct json_call *call = &c->calls[i];
		enum json_call_role role = json_calls_role(call, carrier->side);
		struct message message = *carrier;

		json_calls_label(c, call, role, &message);
		is_unparsed |= role == JSON_CALL_UNKNOWN ||
			       (role == JSON_CALL_ANSWER && !message.labels.status[0]);
		message.id = json_calls_name(call);
		if (role == JSON_CALL_REQUEST)
			exchanges_ask_id(x, json_calls_id(call), &message);
		else if (role == JSON_CALL_ANSWER)
			exchanges_answer_id(x, json_calls_id(call), NULL, true, &message);
		else if (role == JSON_CALL_PUSH)
			exchanges_push(x, &message);
	}
	exchanges_counts(x)->unparsed_messages += is_unparsed;
}

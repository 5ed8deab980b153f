/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks what, in FIX. Everything is found by keys: an order, a cancel and a replace by ClOrdID,
 * other requests by the id that their answers repeat; a refusal may name only the number of the
 * message (MsgSeqNum), so that until its first answer each has that as an alias. Later an order's
 * alias is its OrderID, by which some venues report fills without the ClOrdID.
 *
 * Once a replace is accepted, the order is known by the ClOrdID of the replace, and its fills still
 * answer the order as it was sent first.
 */
#include "protocol/fix_keys.h"
#include "protocol/fix_orders.h"
#include "protocol/fix_reports.h"

/* A request under this key, or under its number. */
static void ask(const struct fix_message *m, enum fix_way way, uint64_t id, struct exchanges *x)
{
	struct message request = fix_keys_request(m);

	/* A question about an order is not the order. */
	if (way == FIX_WAY_OTHER)
		request.id = (struct protocol_id){0};
	exchanges_ask_id(x, id, &request);
	if (m->number)
		exchanges_alias_id(x, m->side, id, fix_keys_of(FIX_KEY_NUMBER + way, m->number));
}

static void ask_order(const struct fix_message *m, struct exchanges *x)
{
	enum fix_way way = m->kinds->role == FIX_CANCEL	   ? FIX_WAY_CANCEL
			   : m->kinds->role == FIX_REPLACE ? FIX_WAY_REPLACE
							   : FIX_WAY_ORDER;
	struct fix_message other;

	if (!m->client_order_id) {
		exchanges_counts(x)->unparsed_messages++;
		return;
	}
	ask(m, way, fix_keys_of(fix_keys_class(way), m->client_order_id), x);
	if (!m->second_order_id)
		return;
	other = *m;
	other.client_order_id = m->second_order_id;
	other.client_order_name = m->second_order_name;
	other.second_order_id = 0;
	other.order_side = m->second_side;
	ask_order(&other, x);
}

/* A request that is not about an order, unless it wants no answer. */
static void ask_other(const struct fix_message *m, struct exchanges *x)
{
	for (int i = 0; i < m->kind_cnt; i++) {
		bool is_level = m->kinds[i].role == FIX_ASK_LEVEL;

		if ((m->kinds[i].role != FIX_ASK && !is_level) || !m->ids[i])
			continue;
		if (m->is_unsubscription ||
		    (is_level && m->response_level != '1' && m->response_level != '2'))
			return;
		ask(m, FIX_WAY_OTHER, fix_keys_of(m->kinds[i].tag, m->ids[i]), x);
		return;
	}
	if (m->kinds->role == FIX_ASK)
		exchanges_counts(x)->unparsed_messages++;
}

enum fix_answer fix_orders_answer(const struct fix_message *m, struct exchanges *x)
{
	bool is_error = m->is_refusal || m->kinds->role == FIX_REFUSAL;
	const char *status = is_error ? "rejected" : "ok";
	struct message response = fix_keys_response(
		m, m->order_status ? fix_kinds_status(m->order_status) : status, is_error);
	enum fix_answer result = FIX_NO_ID;

	for (int i = 0; i < m->kind_cnt; i++) {
		uint64_t id = fix_keys_of(m->kinds[i].tag, m->ids[i]);

		if (!m->ids[i] || m->kinds[i].role == FIX_ASK_LEVEL)
			continue;
		result = FIX_NOT_ASKED;
		if (!exchanges_has_id(x, fix_keys_asker(m), id))
			continue;
		exchanges_answer_id(x, id, NULL, true, &response);
		return FIX_ANSWERED;
	}
	return result;
}

static void take_answer(const struct fix_message *m, struct exchanges *x)
{
	enum fix_answer result = fix_orders_answer(m, x);
	struct message message;

	if (result == FIX_ANSWERED)
		return;
	message = fix_keys_request(m);
	if (m->kinds->is_stream)
		exchanges_push(x, &message);
	else if (result == FIX_NOT_ASKED)
		exchanges_answer_id(x, fix_keys_of(0, 0), NULL, true, &message);
}

static void take_cancel_reject(const struct fix_message *m, struct exchanges *x)
{
	struct message response = fix_keys_response(m, fix_kinds_status(m->order_status), true);
	enum fix_way way = FIX_WAY_CANCEL;

	if (!exchanges_has_id(x, fix_keys_asker(m),
			      fix_keys_of(FIX_KEY_CANCEL, m->client_order_id)))
		way = FIX_WAY_REPLACE;
	exchanges_answer_id(x, fix_keys_of(fix_keys_class(way), m->client_order_id),
			    fix_keys_until(way), true, &response);
}

/* The key of what is refused, by the id it had; only BusinessMessageReject says that. */
static uint64_t rejected_key(const struct fix_message *m, enum fix_way way)
{
	const struct fix_kind *kind;
	int cnt = 0;

	if (!m->rejected_id)
		return 0;
	if (way != FIX_WAY_OTHER)
		return fix_keys_of(fix_keys_class(way), m->rejected_id);
	kind = fix_kinds_find(m->rejected_type, &cnt);
	return kind ? fix_keys_of(kind->tag, m->rejected_id) : 0;
}

static void take_reject(const struct fix_message *m, struct exchanges *x)
{
	struct message response = fix_keys_response(m, "rejected", true);

	for (int i = 0; i < FIX_WAY_CNT * 2; i++) {
		enum fix_way way = i % FIX_WAY_CNT;
		uint64_t key = i < FIX_WAY_CNT
				       ? fix_keys_of(FIX_KEY_NUMBER + way, m->rejected_number)
				       : rejected_key(m, way);

		if (i < FIX_WAY_CNT && !m->rejected_number)
			continue;
		if (!key || !exchanges_has_id(x, fix_keys_asker(m), key))
			continue;
		exchanges_answer_id(x, key, fix_keys_until(way), true, &response);
		return;
	}
	exchanges_answer_id(x, fix_keys_of(0, 0), NULL, true, &response);
}

/* The session's opener is the connection's. */
static void take_logon(const struct fix_message *m, struct exchanges *x)
{
	bool is_logon = m->kinds->role == FIX_LOGON;
	uint64_t key = fix_keys_of(FIX_KEY_LOGON, 0);
	struct message message;

	if (m->side == PROTOCOL_CLIENT && is_logon) {
		message = fix_keys_request(m);
		exchanges_ask_id(x, key, &message);
	} else if (m->side == PROTOCOL_SERVER && exchanges_has_id(x, PROTOCOL_CLIENT, key)) {
		message = fix_keys_response(m, is_logon ? "ok" : "rejected", !is_logon);
		exchanges_answer_id(x, key, NULL, true, &message);
	}
}

void fix_orders_take_listed(const struct fix_message *m, struct exchanges *x)
{
	if (!m->is_repeat)
		ask_order(m, x);
}

void fix_orders_take(const struct fix_message *m, struct exchanges *x)
{
	struct message message;

	/* Sent again: its time says nothing. */
	if (!m->kinds || m->is_repeat)
		return;
	switch (m->kinds->role) {
	case FIX_ASK:
	case FIX_ASK_LEVEL:
		ask_other(m, x);
		break;
	case FIX_ANSWER:
	case FIX_REFUSAL:
		take_answer(m, x);
		ask_other(m, x);
		break;
	case FIX_PUSH:
		message = fix_keys_request(m);
		exchanges_push(x, &message);
		break;
	case FIX_ORDER:
	case FIX_CANCEL:
	case FIX_REPLACE:
		ask_order(m, x);
		break;
	case FIX_REPORT:
		fix_reports_take(m, x);
		break;
	case FIX_CANCEL_REJECT:
		take_cancel_reject(m, x);
		break;
	case FIX_REJECT:
		take_reject(m, x);
		break;
	case FIX_LOGON:
	case FIX_LOGOUT:
		take_logon(m, x);
		break;
	}
}

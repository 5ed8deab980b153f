/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and messages for exchanges.c. */
#include <string.h>

#include "protocol/fix_keys.h"

const char fix_keys_ack[] = "ack", fix_keys_fill[] = "fill", fix_keys_filled[] = "filled";
const char fix_keys_cancel_ack[] = "cancel_ack", fix_keys_canceled[] = "canceled";
const char fix_keys_replace_ack[] = "replace_ack", fix_keys_replaced[] = "replaced";

/* Mixes all bits of both (the finalizer of MurmurHash3). */
uint64_t fix_keys_of(uint32_t class, uint64_t value)
{
	uint64_t key = value ^ (class * 0x9e3779b97f4a7c15ULL);

	key = (key ^ (key >> 33)) * 0xff51afd7ed558ccdULL;
	key = (key ^ (key >> 33)) * 0xc4ceb9fe1a85ec53ULL;
	return key ^ (key >> 33);
}

enum fix_key fix_keys_class(enum fix_way way)
{
	static const enum fix_key classes[FIX_WAY_CNT] = {
		[FIX_WAY_ORDER] = FIX_KEY_ORDER,
		[FIX_WAY_CANCEL] = FIX_KEY_CANCEL,
		[FIX_WAY_REPLACE] = FIX_KEY_REPLACE,
	};

	return classes[way];
}

const char *fix_keys_until(enum fix_way way)
{
	static const char *const untils[FIX_WAY_CNT] = {
		[FIX_WAY_ORDER] = fix_keys_ack,
		[FIX_WAY_CANCEL] = fix_keys_cancel_ack,
		[FIX_WAY_REPLACE] = fix_keys_replace_ack,
	};

	return untils[way];
}

static void set_text(char *label, const char *text)
{
	memcpy(label, text, strlen(text) + 1);
}

struct message fix_keys_request(const struct fix_message *m)
{
	struct message message = {
		.side = m->side, .begin = m->begin, .end = m->end, .id = m->client_order_name};

	set_text(message.labels.method, m->kinds->name);
	set_text(message.labels.trading_pair, m->symbol);
	set_text(message.labels.order_type, fix_kinds_order_type(m->order_type));
	set_text(message.labels.side, fix_kinds_side(m->order_side));
	return message;
}

struct message fix_keys_response(const struct fix_message *m, const char *status, bool is_error)
{
	struct message message = fix_keys_request(m);

	message.is_error = is_error;
	set_text(message.labels.status, status);
	return message;
}

enum protocol_side fix_keys_asker(const struct fix_message *m)
{
	return m->side == PROTOCOL_CLIENT ? PROTOCOL_SERVER : PROTOCOL_CLIENT;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of FIX messages. Where a field repeats, in a group, its first value is the one that
 * counts. */
#include <string.h>

#include "protocol/fix_message.h"
#include "protocol/message_id.h"

static void copy_code(char *code, const struct fix_field *field)
{
	if (!*code && field->bytes)
		*code = field->bytes == 1 ? field->text[0] : '?';
}

static void copy_id(uint64_t *id, const struct fix_field *field)
{
	if (!*id && field->bytes)
		*id = field->hash;
}

static void copy_type(char *type, const struct fix_field *field)
{
	if (field->bytes < FIX_TYPE_BYTES)
		memcpy(type, field->text, field->bytes + 1);
}

static void copy_symbol(char *symbol, const struct fix_field *field)
{
	if (*symbol)
		return;
	memcpy(symbol, field->text, sizeof(field->text));
	for (; *symbol; symbol++) {
		if (*symbol < ' ' || *symbol > '~')
			*symbol = '?';
	}
}

/* What chains know it by: of one that does not fit, nothing. */
static void copy_name(struct protocol_id *name, const struct fix_field *field)
{
	if (!name->is_there && field->bytes && field->bytes < FIX_TEXT_BYTES)
		message_id_set(name, field->text, field->bytes);
}

/* Of a sequence number, which may have leading zeros. */
static void copy_number(uint64_t *number, const struct fix_field *field)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < field->bytes; i++) {
		if (i == FIX_TEXT_BYTES - 1 || field->text[i] < '0' || field->text[i] > '9')
			return;
		value = value * 10 + (uint64_t)(field->text[i] - '0');
	}
	*number = value;
}

static bool is_zero(const struct fix_field *field)
{
	return field->bytes && field->bytes == strspn(field->text, "0.") &&
	       field->bytes < FIX_TEXT_BYTES;
}

/* An OrderID that says that there is none: some refuse an order without giving it a number. */
static bool is_none(const struct fix_field *field)
{
	return is_zero(field) || strcmp(field->text, "NONE") == 0 ||
	       strcmp(field->text, "UNKNOWN") == 0;
}

static bool is_type(const struct fix_message *message, const char *type)
{
	return message->kinds && strcmp(message->kinds[0].type, type) == 0;
}

static void note_kind(struct fix_message *message, const struct fix_field *field)
{
	for (int i = 0; i < message->kind_cnt; i++) {
		const struct fix_kind *kind = &message->kinds[i];

		if (kind->tag == field->tag)
			copy_id(&message->ids[i], field);
		if (kind->error_tag == field->tag && field->bytes == 1 &&
		    field->text[0] == kind->error_value)
			message->is_refusal = true;
	}
}

/* What an order, or the report of one, says. */
static void note_order(struct fix_message *message, const struct fix_field *field)
{
	switch (field->tag) {
	case 11:
		if (message->client_order_id && message->kinds &&
		    message->kinds[0].role == FIX_ORDER) {
			copy_id(&message->second_order_id, field);
			copy_name(&message->second_order_name, field);
		} else {
			copy_id(&message->client_order_id, field);
			copy_name(&message->client_order_name, field);
		}
		break;
	case 20:
		copy_code(&message->transaction, field);
		break;
	case 37:
		if (!is_none(field))
			copy_id(&message->order_id, field);
		break;
	case 39:
		copy_code(&message->order_status, field);
		break;
	case 40:
		copy_code(&message->order_type, field);
		break;
	case 41:
		copy_id(&message->original_id, field);
		break;
	case 54:
		if (message->order_side)
			copy_code(&message->second_side, field);
		copy_code(&message->order_side, field);
		break;
	case 103:
		message->is_duplicate_order = strcmp(field->text, "6") == 0;
		break;
	case 150:
		copy_code(&message->exec_type, field);
		break;
	case 151:
		message->is_nothing_left = is_zero(field);
		break;
	}
}

static void note_session(struct fix_message *message, const struct fix_field *field)
{
	switch (field->tag) {
	case 34:
		copy_number(&message->number, field);
		break;
	case 35:
		if (message->has_type)
			break;
		message->has_type = true;
		if (field->bytes && field->bytes < FIX_TYPE_BYTES)
			message->kinds = fix_kinds_find(field->text, &message->kind_cnt);
		break;
	case 43:
	case 97:
		message->is_repeat |= field->text[0] == 'Y';
		break;
	case 45:
		copy_number(&message->rejected_number, field);
		break;
	case 55:
		copy_symbol(message->symbol, field);
		break;
	case 263:
		message->is_unsubscription = strcmp(field->text, "2") == 0;
		break;
	case 301:
		copy_code(&message->response_level, field);
		break;
	case 372:
		copy_type(message->rejected_type, field);
		break;
	case 379:
		copy_id(&message->rejected_id, field);
		break;
	}
}

bool fix_message_note(struct fix_message *message, const struct fix_field *field)
{
	if (field->tag == 11 && message->client_order_id && is_type(message, "E"))
		return false;
	note_kind(message, field);
	note_order(message, field);
	note_session(message, field);
	return true;
}

void fix_message_next_order(struct fix_message *message)
{
	message->client_order_id = 0;
	message->client_order_name = (struct protocol_id){0};
	message->order_type = message->order_side = '\0';
	message->symbol[0] = '\0';
}

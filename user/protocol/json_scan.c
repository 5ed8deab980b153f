/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan is a machine with one step for each byte (strings are passed over in runs), so that a
 * split falls nowhere in particular. Grammar: RFC 8259, but for numbers, of which only the
 * characters are checked, and for UTF-8, which is left to whoever prints.
 */
#include "protocol/json_scan.h"

#include <string.h>

enum json_state {
	AT_DOCUMENT = 0,
	AT_FIRST_VALUE, /* or ] */
	AT_VALUE,
	AT_FIRST_KEY, /* or } */
	AT_KEY,
	AT_COLON,
	AT_COMMA, /* or a closing bracket */
	IN_KEY,
	IN_KEY_ESCAPE,
	IN_STRING,
	IN_STRING_ESCAPE,
	IN_NUMBER,
	IN_LITERAL,
	AT_END, /* the last bracket is closed, and that has not been said yet */
	DAMAGED,
};

/* FNV-1a: no key is needed, since a collision pairs at worst two waiting ids of one connection. */
#define HASH_BASIS 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL

void json_scan_init(struct json_scan *s)
{
	memset(s, 0, sizeof(*s));
}

bool json_scan_is_open(const struct json_scan *s)
{
	return s->depth > 0;
}

/* Directly inside of an object that counts. */
static bool is_inside_message(const struct json_scan *s)
{
	unsigned int level = s->is_batch ? 2 : 1;

	return s->depth == level && (s->objects >> (level - 1) & 1);
}

static void hash_byte(struct json_scan *s, uint8_t byte)
{
	s->hash = (s->hash ^ byte) * HASH_PRIME;
}

/* One unescaped byte of the key or the value that is being read. */
static void put_byte(struct json_scan *s, uint8_t byte)
{
	if (!is_inside_message(s))
		return;
	if (s->state == IN_KEY || s->state == IN_KEY_ESCAPE) {
		if (s->key_bytes + 1U < sizeof(s->key))
			s->key[s->key_bytes++] = (char)byte;
		else
			s->is_key_cut = true;
		return;
	}
	hash_byte(s, byte);
	if (s->text_bytes + 1U < sizeof(s->text))
		s->text[s->text_bytes++] = (char)byte;
	else
		s->is_text_cut = true;
}

/* In UTF-8, so that an escaped id equals the same one written plainly. */
static void put_code_point(struct json_scan *s, uint32_t c)
{
	if (c < 0x80) {
		put_byte(s, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		put_byte(s, (uint8_t)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			put_byte(s, (uint8_t)(0xe0 | c >> 12));
		} else {
			put_byte(s, (uint8_t)(0xf0 | c >> 18));
			put_byte(s, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		}
		put_byte(s, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	put_byte(s, (uint8_t)(0x80 | (c & 0x3f)));
}

/* A high surrogate that nothing completed is kept as it is: it tells ids apart, no more. */
static void flush_surrogate(struct json_scan *s)
{
	uint16_t high = s->high_surrogate;

	s->high_surrogate = 0;
	if (high)
		put_code_point(s, high);
}

static void put_code_unit(struct json_scan *s, uint16_t unit)
{
	if (unit >= 0xdc00 && unit < 0xe000 && s->high_surrogate) {
		uint32_t high = s->high_surrogate - 0xd800U;

		s->high_surrogate = 0;
		put_code_point(s, 0x10000 + (high << 10) + (unit - 0xdc00U));
		return;
	}
	flush_surrogate(s);
	if (unit >= 0xd800 && unit < 0xdc00)
		s->high_surrogate = unit;
	else
		put_code_point(s, unit);
}

/* The byte behind a backslash, or a digit of \uXXXX; false: none of the escapes that there are. */
static bool take_escape(struct json_scan *s, uint8_t byte)
{
	static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	uint8_t unescaped_state = s->state == IN_KEY_ESCAPE ? IN_KEY : IN_STRING;
	const char *found;

	if (s->hex_left) {
		uint8_t lower = byte | 0x20;
		int digit = byte >= '0' && byte <= '9'	   ? byte - '0'
			    : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
							   : -1;

		if (digit < 0)
			return false;
		s->code_unit = (uint16_t)(s->code_unit << 4 | digit);
		if (--s->hex_left)
			return true;
		put_code_unit(s, s->code_unit);
		s->state = unescaped_state;
		return true;
	}
	if (byte == 'u') {
		s->hex_left = 4;
		return true;
	}
	found = byte ? strchr(escapes, byte) : NULL;
	if (!found)
		return false;
	flush_surrogate(s);
	put_byte(s, (uint8_t)meant[found - escapes]);
	s->state = unescaped_state;
	return true;
}

static enum json_event damaged(struct json_scan *s)
{
	s->state = DAMAGED;
	return JSON_DAMAGED;
}

static enum json_event end_scalar(struct json_scan *s)
{
	s->state = AT_COMMA;
	s->text[s->text_bytes] = '\0';
	return is_inside_message(s) ? JSON_SCALAR : JSON_MORE;
}

/* Bytes of a string up to its end, an escape, or the end of the piece. */
static enum json_event take_string(struct json_scan *s, const uint8_t *data, size_t bytes,
				   size_t *used)
{
	for (; *used < bytes; ++*used) {
		uint8_t byte = data[*used];

		if (byte == '\\') {
			++*used;
			s->state = s->state == IN_KEY ? IN_KEY_ESCAPE : IN_STRING_ESCAPE;
			return JSON_MORE;
		}
		if (byte < 0x20) {
			++*used;
			return damaged(s);
		}
		flush_surrogate(s);
		if (byte != '"') {
			put_byte(s, byte);
			continue;
		}
		++*used;
		if (s->state == IN_STRING)
			return end_scalar(s);
		s->key[s->key_bytes] = '\0';
		s->state = AT_COLON;
		return JSON_MORE;
	}
	return JSON_MORE;
}

static enum json_event take_literal(struct json_scan *s, uint8_t byte)
{
	static const char *const literals[] = {
		[JSON_TRUE] = "true", [JSON_FALSE] = "false", [JSON_NULL] = "null"};
	const char *literal = literals[s->type];

	if (byte != (uint8_t)literal[s->literal_bytes++])
		return damaged(s);
	if (is_inside_message(s)) {
		hash_byte(s, byte);
		s->text[s->text_bytes++] = (char)byte;
	}
	return literal[s->literal_bytes] ? JSON_MORE : end_scalar(s);
}

static bool is_of_number(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte && strchr("+-.eE", byte));
}

static enum json_type type_by_first(uint8_t byte)
{
	switch (byte) {
	case '"':
		return JSON_STRING;
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return byte == '-' || (byte >= '0' && byte <= '9') ? JSON_NUMBER : JSON_NONE;
	}
}

static enum json_event open_bracket(struct json_scan *s, enum json_type type)
{
	uint64_t bit = s->depth < JSON_DEPTH_MAX ? 1ULL << s->depth : 0;

	if (!bit)
		return damaged(s);
	if (!s->depth)
		s->is_batch = type == JSON_ARRAY;
	s->depth++;
	s->objects = type == JSON_OBJECT ? s->objects | bit : s->objects & ~bit;
	s->state = type == JSON_OBJECT ? AT_FIRST_KEY : AT_FIRST_VALUE;
	return is_inside_message(s) ? JSON_OPEN : JSON_MORE;
}

/* The first byte of a value. JSON_KEY goes before what the value itself brings. */
static enum json_event begin_value(struct json_scan *s, uint8_t byte)
{
	enum json_type type = type_by_first(byte);
	bool is_member = is_inside_message(s);
	enum json_event event;

	if (type == JSON_NONE || (!s->depth && type < JSON_OBJECT))
		return damaged(s);
	s->type = type;
	if (type >= JSON_OBJECT) {
		event = open_bracket(s, type);
		return is_member && event != JSON_DAMAGED ? JSON_KEY : event;
	}
	s->hash = HASH_BASIS;
	s->text_bytes = 0;
	s->is_text_cut = false;
	s->literal_bytes = 0;
	s->state = type == JSON_STRING ? IN_STRING : type == JSON_NUMBER ? IN_NUMBER : IN_LITERAL;
	if (type == JSON_NUMBER)
		put_byte(s, byte);
	else if (type != JSON_STRING)
		(void)take_literal(s, byte); /* its first letter chose the type */
	return is_member ? JSON_KEY : JSON_MORE;
}

static enum json_event close_bracket(struct json_scan *s, uint8_t byte)
{
	bool is_object = s->objects >> (s->depth - 1) & 1;
	bool is_message = is_object && is_inside_message(s);

	if (is_object != (byte == '}'))
		return damaged(s);
	s->depth--;
	s->state = s->depth ? AT_COMMA : AT_END;
	return is_message ? JSON_CLOSE : JSON_MORE;
}

/* A byte between the tokens. */
static enum json_event take_structure(struct json_scan *s, uint8_t byte)
{
	bool is_object;

	if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
		return JSON_MORE;
	switch (s->state) {
	case AT_FIRST_VALUE:
		return byte == ']' ? close_bracket(s, byte) : begin_value(s, byte);
	case AT_DOCUMENT:
	case AT_VALUE:
		return begin_value(s, byte);
	case AT_FIRST_KEY:
		if (byte == '}')
			return close_bracket(s, byte);
		/* fall through */
	case AT_KEY:
		if (byte != '"')
			return damaged(s);
		s->state = IN_KEY;
		s->key_bytes = 0;
		s->is_key_cut = false;
		return JSON_MORE;
	case AT_COLON:
		if (byte != ':')
			return damaged(s);
		s->state = AT_VALUE;
		return JSON_MORE;
	default: /* AT_COMMA */
		if (byte == '}' || byte == ']')
			return close_bracket(s, byte);
		is_object = s->objects >> (s->depth - 1) & 1;
		s->state = is_object ? AT_KEY : AT_VALUE;
		return byte == ',' ? JSON_MORE : damaged(s);
	}
}

enum json_event json_scan_next(struct json_scan *s, const uint8_t *data, size_t bytes, size_t *used)
{
	enum json_event event = JSON_MORE;

	while (event == JSON_MORE && s->state != AT_END && s->state != DAMAGED && *used < bytes) {
		switch (s->state) {
		case IN_KEY:
		case IN_STRING:
			event = take_string(s, data, bytes, used);
			break;
		case IN_KEY_ESCAPE:
		case IN_STRING_ESCAPE:
			event = take_escape(s, data[(*used)++]) ? JSON_MORE : damaged(s);
			break;
		case IN_NUMBER:
			/* The byte behind a number belongs to what follows. */
			if (is_of_number(data[*used]))
				put_byte(s, data[(*used)++]);
			else
				event = end_scalar(s);
			break;
		case IN_LITERAL:
			event = take_literal(s, data[(*used)++]);
			break;
		default:
			event = take_structure(s, data[(*used)++]);
		}
	}
	if (event == JSON_DAMAGED)
		--*used;
	if (event != JSON_MORE || (s->state != AT_END && s->state != DAMAGED))
		return event;
	if (s->state == DAMAGED)
		return JSON_DAMAGED;
	s->state = AT_DOCUMENT;
	return JSON_END;
}

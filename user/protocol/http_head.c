/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a message, byte by byte: RFC 9112 sections 2 to 6, and of the fields those that frame
 * the message or say what its body is.
 */
#include "protocol/http.h"
#include "protocol/route.h"

#include <string.h>

enum head_state {
	AT_BEGINNING = 0, /* empty lines before it are passed over (RFC 9112 2.2) */
	IN_FIRST_LINE,
	AT_LINE, /* its first byte tells a new field from a folded one */
	IN_FIELD,
	WHOLE,
};

/* Of the request line. */
enum { PART_METHOD = 0, PART_TARGET, PART_VERSION };

#define VERSION	      "HTTP/1."
#define VERSION_BYTES 8

static const char *const methods[] = {"GET",   "POST",	"PUT",	   "DELETE", "HEAD",
				      "PATCH", "TRACE", "OPTIONS", "CONNECT"};
#define METHOD_CNT (sizeof(methods) / sizeof(methods[0]))

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_token(uint8_t byte)
{
	uint8_t lower = byte | 0x20;

	return is_digit(byte) || (lower >= 'a' && lower <= 'z') ||
	       (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_version_byte(uint8_t byte, size_t at)
{
	if (at + 1 < VERSION_BYTES)
		return byte == (uint8_t)VERSION[at];
	return at + 1 == VERSION_BYTES && is_digit(byte);
}

/* HTTP/1.x SP three digits, and behind a space whatever there is. */
static bool is_status_line_byte(uint8_t byte, size_t at)
{
	if (at < VERSION_BYTES)
		return is_version_byte(byte, at);
	if (at == VERSION_BYTES || at == VERSION_BYTES + 4)
		return byte == ' ';
	return at > VERSION_BYTES + 4 || is_digit(byte);
}

static bool take_request_line(struct http_head *h, uint8_t byte)
{
	if (byte == ' ' && h->part < PART_VERSION && h->part_bytes) {
		h->part++;
		h->part_bytes = 0;
		return true;
	}
	switch (h->part) {
	case PART_METHOD:
		return is_token(byte) && ++h->part_bytes <= HTTP_METHOD_BYTES_MAX;
	case PART_TARGET:
		h->part_bytes = 1; /* one is as good as many */
		return byte > ' ';
	default:
		return is_version_byte(byte, h->part_bytes++);
	}
}

static void keep(struct http_head *h, uint8_t byte)
{
	if (h->line_bytes < sizeof(h->line))
		h->line[h->line_bytes++] = (char)byte;
	else
		h->is_line_cut = true;
}

static bool end_request_line(struct http_head *h)
{
	const char *end = h->line + h->line_bytes;
	const char *method_end = memchr(h->line, ' ', h->line_bytes), *target, *target_end;
	const char *method = "OTHER";

	if (h->part != PART_VERSION || h->part_bytes != VERSION_BYTES || !method_end)
		return false;
	for (size_t i = 0; i < METHOD_CNT; i++) {
		size_t bytes = strlen(methods[i]);

		if (bytes == (size_t)(method_end - h->line) && !memcmp(methods[i], h->line, bytes))
			method = methods[i];
	}
	memcpy(h->method, method, strlen(method) + 1);
	target = method_end + 1;
	target_end = memchr(target, ' ', (size_t)(end - target));
	route_template(target, (size_t)((target_end ? target_end : end) - target), h->route);
	return true;
}

static bool end_status_line(struct http_head *h)
{
	const char *code = h->line + VERSION_BYTES + 1;

	if (h->line_bytes < VERSION_BYTES + 4)
		return false;
	h->status = (uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + code[2] - '0');
	return h->status >= 100;
}

/* A field's value, or one element of its list. */
struct text {
	const char *text;
	size_t bytes;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text trimmed(const char *text, size_t bytes)
{
	while (bytes && is_blank(text[0])) {
		text++;
		bytes--;
	}
	while (bytes && is_blank(text[bytes - 1]))
		bytes--;
	return (struct text){.text = text, .bytes = bytes};
}

/* Without regard to case; name is in lower case. */
static bool is_word(struct text t, const char *name)
{
	size_t i = 0;

	for (; i < t.bytes && name[i]; i++) {
		char c = t.text[i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != name[i])
			return false;
	}
	return i == t.bytes && !name[i];
}

/* Takes the first element of a list off it; false: there is none left. */
static bool next_element(struct text *list, struct text *ret_element)
{
	const char *comma;
	size_t bytes;

	if (!list->bytes)
		return false;
	comma = memchr(list->text, ',', list->bytes);
	bytes = comma ? (size_t)(comma - list->text) : list->bytes;
	*ret_element = trimmed(list->text, bytes);
	bytes += comma != NULL;
	list->text += bytes;
	list->bytes -= bytes;
	return true;
}

/* Several lengths are one if they are equal (RFC 9112 6.3), else nobody knows the framing. */
static bool take_length(struct http_head *h, struct text value)
{
	struct text element;

	if (!value.bytes)
		return false;
	while (next_element(&value, &element)) {
		uint64_t number = 0;

		for (size_t i = 0; i < element.bytes; i++) {
			if (!is_digit((uint8_t)element.text[i]) || number > UINT64_MAX / 100)
				return false;
			number = number * 10 + (uint64_t)(element.text[i] - '0');
		}
		if (!element.bytes || (h->has_length && number != h->length_bytes))
			return false;
		h->has_length = true;
		h->length_bytes = number;
	}
	return true;
}

static void take_transfer_coding(struct http_head *h, struct text value)
{
	struct text element;

	while (next_element(&value, &element)) {
		if (!element.bytes || is_word(element, "identity"))
			continue;
		h->has_transfer_coding = true;
		h->is_chunked = is_word(element, "chunked");
	}
}

static bool end_field(struct http_head *h)
{
	const char *colon = memchr(h->line, ':', h->line_bytes);
	struct text name, value, element;

	if (!h->line_bytes)
		return true; /* there was none yet */
	if (!colon)
		return false;
	name = trimmed(h->line, (size_t)(colon - h->line));
	value = trimmed(colon + 1, h->line_bytes - (size_t)(colon + 1 - h->line));
	for (size_t i = 0; i < name.bytes; i++)
		if (!is_token((uint8_t)name.text[i]))
			return false;
	if (is_word(name, "content-length"))
		return !h->is_line_cut && take_length(h, value);
	if (is_word(name, "transfer-encoding"))
		take_transfer_coding(h, value);
	else if (is_word(name, "content-encoding"))
		h->is_encoded = value.bytes && !is_word(value, "identity");
	else if (is_word(name, "upgrade"))
		while (next_element(&value, &element))
			h->is_for_websocket |= is_word(element, "websocket");
	return name.bytes > 0;
}

static void begin_line(struct http_head *h)
{
	h->line_bytes = 0;
	h->is_line_cut = false;
}

static bool end_line(struct http_head *h)
{
	switch (h->state) {
	case AT_BEGINNING:
		return true;
	case IN_FIRST_LINE:
		if (!(h->is_response ? end_status_line(h) : end_request_line(h)))
			return false;
		begin_line(h);
		h->state = AT_LINE;
		return true;
	case AT_LINE:
		if (!end_field(h))
			return false;
		h->state = WHOLE;
		return true;
	default:
		h->state = AT_LINE;
		return true;
	}
}

/* A byte that ends no line. */
static bool take_text(struct http_head *h, uint8_t byte)
{
	if ((byte < ' ' && byte != '\t') || byte == 0x7f)
		return false;
	if (h->state == AT_LINE) {
		if (!is_blank((char)byte)) {
			if (!end_field(h))
				return false;
			begin_line(h);
		} else if (!h->line_bytes) {
			return false; /* folds nothing */
		}
		h->state = IN_FIELD;
	}
	if (h->state == AT_BEGINNING)
		h->state = IN_FIRST_LINE;
	if (h->state == IN_FIRST_LINE) {
		if (h->is_response ? !is_status_line_byte(byte, h->line_bytes)
				   : !take_request_line(h, byte))
			return false;
	}
	keep(h, byte);
	return true;
}

bool http_head_take(struct http_head *h, uint8_t byte)
{
	if (h->head_bytes++ >= HTTP_HEAD_BYTES_MAX || (h->has_cr && byte != '\n'))
		return false;
	h->has_cr = byte == '\r';
	if (h->has_cr)
		return true;
	return byte == '\n' ? end_line(h) : take_text(h, byte);
}

size_t http_head_take_run(struct http_head *h, const uint8_t *data, size_t bytes)
{
	size_t run = 0, kept = sizeof(h->line) - h->line_bytes;

	if (h->state != IN_FIELD || h->has_cr)
		return 0;
	if (bytes > HTTP_HEAD_BYTES_MAX - h->head_bytes)
		bytes = HTTP_HEAD_BYTES_MAX - h->head_bytes;
	while (run < bytes && data[run] >= ' ' && data[run] != 0x7f)
		run++;
	h->head_bytes += (uint32_t)run;
	h->is_line_cut |= kept < run;
	kept = kept < run ? kept : run;
	memcpy(h->line + h->line_bytes, data, kept);
	h->line_bytes = (uint16_t)(h->line_bytes + kept);
	return run;
}

bool http_head_is_begun(const struct http_head *h)
{
	return h->state != AT_BEGINNING;
}

bool http_head_is_whole(const struct http_head *h)
{
	return h->state == WHOLE;
}

/* Of the candidate for a request line: what decides is its method and where its version stands. */
static enum beginning begins_request(const uint8_t *data, size_t bytes)
{
	size_t method_bytes = 0, at, target;

	for (size_t i = 0; i < METHOD_CNT; i++) {
		size_t length_bytes = strlen(methods[i]);

		if (!memcmp(methods[i], data, bytes < length_bytes ? bytes : length_bytes))
			method_bytes = length_bytes;
	}
	if (!method_bytes)
		return BEGINNING_NO;
	if (bytes <= method_bytes)
		return BEGINNING_MAYBE;
	if (data[method_bytes] != ' ')
		return BEGINNING_NO;
	target = at = method_bytes + 1;
	while (at < bytes && data[at] > ' ' && data[at] != 0x7f)
		if (++at - target == HTTP_TARGET_LOOK_BYTES)
			return BEGINNING_YES; /* the version is too far away to look for */
	if (at == bytes)
		return BEGINNING_MAYBE;
	if (data[at] != ' ' || at == target)
		return BEGINNING_NO;
	for (size_t i = 0; i < VERSION_BYTES; i++) {
		if (++at == bytes)
			return BEGINNING_MAYBE;
		if (!is_version_byte(data[at], i))
			return BEGINNING_NO;
	}
	return BEGINNING_YES;
}

static enum beginning begins_response(const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		bool is_end = i == VERSION_BYTES + 4;

		if (!is_status_line_byte(data[i], i) &&
		    !(is_end && (data[i] == '\r' || data[i] == '\n')))
			return BEGINNING_NO;
		if (is_end)
			return BEGINNING_YES;
	}
	return BEGINNING_MAYBE;
}

enum beginning http_begins(const struct piece *piece)
{
	return piece->side == PROTOCOL_CLIENT ? begins_request(piece->data, piece->captured)
					      : begins_response(piece->data, piece->captured);
}

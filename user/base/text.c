/* SPDX-License-Identifier: Apache-2.0 */
/* Cleans and cuts UTF-8. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

static const char ellipsis[] = "\342\200\246"; /* … */

/* Length of the UTF-8 character at text, 0 where there is none (RFC 3629: shortest form, no
 * surrogates). */
static size_t character_bytes(const unsigned char *text, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t bytes = text[0] < 0x80	    ? 1
		       : text[0] >> 5 == 6  ? 2
		       : text[0] >> 4 == 14 ? 3
		       : text[0] >> 3 == 30 ? 4
					    : 0;
	uint32_t code;

	if (!bytes)
		return 0;
	code = bytes == 1 ? text[0] : text[0] & (0x7fU >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return bytes;
}

/* Characters that are not shown, or that change how others are: C0, C1, zero width, bidirectional,
 * line separators, BOM. */
static bool is_steering(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff9 && code <= 0xfffb) || code >= 0xe0000;
}

void text_clean(char *text)
{
	unsigned char *at = (unsigned char *)text;

	while (*at) {
		uint32_t code = 0;
		size_t bytes = character_bytes(at, &code);

		if (!bytes || is_steering(code)) {
			bytes = bytes ? bytes : 1;
			memset(at, '?', bytes);
		}
		at += bytes;
	}
}

size_t text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* Bytes of the first `columns` characters. */
static size_t bytes_of_columns(const char *text, size_t columns)
{
	size_t bytes = 0;

	while (text[bytes] && columns) {
		bytes++;
		while (((unsigned char)text[bytes] & 0xc0) == 0x80)
			bytes++;
		columns--;
	}
	return bytes;
}

void text_cut(const char *text, size_t columns, char *cut, size_t cut_bytes)
{
	size_t total = text_columns(text), head_bytes, tail_bytes, head, tail;
	const char *tail_text;

	if (total <= columns && strlen(text) < cut_bytes) {
		memcpy(cut, text, strlen(text) + 1);
		return;
	}
	head = columns / 2;
	tail = columns > head ? columns - head - 1 : 0;
	head_bytes = bytes_of_columns(text, head);
	tail_text = text + bytes_of_columns(text, total - tail);
	tail_bytes = strlen(tail_text);
	if (!columns || head_bytes + tail_bytes + sizeof(ellipsis) > cut_bytes) {
		cut[0] = '\0';
		return;
	}
	memcpy(cut, text, head_bytes);
	memcpy(cut + head_bytes, ellipsis, sizeof(ellipsis) - 1);
	memcpy(cut + head_bytes + sizeof(ellipsis) - 1, tail_text, tail_bytes + 1);
}

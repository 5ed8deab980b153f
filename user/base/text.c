/* SPDX-License-Identifier: Apache-2.0 */
/* Cleans and cuts UTF-8. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

static const char ellipsis[] = "\342\200\246"; /* … */

struct range {
	uint32_t first;
	uint32_t last;
};

/* Characters that are not shown, or that change how others are shown. */
static const struct range steering[] = {
	{0, 0x1f},	    /* C0 */
	{0x7f, 0x9f},	    /* delete, C1 */
	{0xad, 0xad},	    /* soft hyphen */
	{0x34f, 0x34f},	    /* combining grapheme joiner */
	{0x61c, 0x61c},	    /* Arabic letter mark: bidirectional */
	{0x115f, 0x1160},   /* Hangul fillers: blank */
	{0x17b4, 0x17b5},   /* Khmer inherent vowels: invisible */
	{0x180b, 0x180f},   /* Mongolian selectors and separator */
	{0x200b, 0x200f},   /* zero width, bidirectional marks */
	{0x2028, 0x202e},   /* separators of lines and paragraphs, bidirectional overrides */
	{0x2060, 0x206f},   /* word joiner, bidirectional isolates */
	{0x2800, 0x2800},   /* empty Braille pattern: blank */
	{0x3164, 0x3164},   /* Hangul filler */
	{0xfe00, 0xfe0f},   /* variation selectors */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xffa0, 0xffa0},   /* Hangul filler, half width */
	{0xfff0, 0xfffb},   /* unassigned, interlinear annotations */
	{0x1bca0, 0x1bca3}, /* shorthand format controls */
	{0x1d173, 0x1d17a}, /* musical format controls */
	{0xe0000, 0x10ffff} /* tags, selectors, private planes */
};

/* Characters of two columns (Unicode Standard Annex #11, W and F); emoji ranges are taken whole. */
static const struct range wide[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},	{0x23e9, 0x23f3}, {0x25fd, 0x25fe},
	{0x2614, 0x27bf},   {0x2b1b, 0x2b55},	{0x2e80, 0x303e}, {0x3041, 0xa4cf},
	{0xa960, 0xa97f},   {0xac00, 0xd7a3},	{0xf900, 0xfaff}, {0xfe10, 0xfe19},
	{0xfe30, 0xfe6f},   {0xff00, 0xff60},	{0xffe0, 0xffe6}, {0x16fe0, 0x1b2ff},
	{0x1f000, 0x1faff}, {0x20000, 0x3fffd},
};

#define COUNT(ranges) (sizeof(ranges) / sizeof((ranges)[0]))

static bool is_among(uint32_t code, const struct range *ranges, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

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

void text_clean(char *text)
{
	unsigned char *at = (unsigned char *)text;

	while (*at) {
		uint32_t code = 0;
		size_t bytes;

		if (*at >= ' ' && *at <= '~') { /* nearly all that there is */
			at++;
			continue;
		}
		bytes = character_bytes(at, &code);
		if (!bytes || is_among(code, steering, COUNT(steering))) {
			bytes = bytes ? bytes : 1;
			memset(at, '?', bytes);
		}
		at += bytes;
	}
}

const char *text_find_invalid(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t code;

	while (*at) {
		size_t bytes = character_bytes(at, &code);

		if (!bytes)
			return (const char *)at;
		at += bytes;
	}
	return NULL;
}

/* Bytes of the first character, at least 1, and its columns; text is not at its end. */
static size_t step(const char *text, size_t *ret_columns)
{
	uint32_t code = 0;
	size_t bytes = character_bytes((const unsigned char *)text, &code);

	*ret_columns = is_among(code, wide, COUNT(wide)) ? 2 : 1;
	return bytes ? bytes : 1;
}

size_t text_columns(const char *text)
{
	size_t total = 0, columns;

	while (*text) {
		text += step(text, &columns);
		total += columns;
	}
	return total;
}

/* Bytes of as many characters from the start as fit into both limits. */
static size_t head_of(const char *text, size_t columns, size_t bytes_max)
{
	size_t bytes = 0, wanted;

	while (text[bytes]) {
		size_t length = step(text + bytes, &wanted);

		if (wanted > columns || bytes + length > bytes_max)
			break;
		columns -= wanted;
		bytes += length;
	}
	return bytes;
}

/* The end of the text, as many characters as fit into both limits; total is the columns of all. */
static const char *tail_of(const char *text, size_t total, size_t columns, size_t bytes_max)
{
	size_t bytes = strlen(text), dropped;

	while (*text && (total > columns || bytes > bytes_max)) {
		size_t length = step(text, &dropped);

		total -= dropped;
		bytes -= length;
		text += length;
	}
	return text;
}

void text_cut(const char *text, size_t columns, char *cut, size_t cut_bytes)
{
	size_t total = text_columns(text), mark_bytes = sizeof(ellipsis) - 1, head_bytes, room;
	const char *tail;

	if (total <= columns && strlen(text) < cut_bytes) {
		memcpy(cut, text, strlen(text) + 1);
		return;
	}
	if (!columns || mark_bytes + 1 > cut_bytes) {
		cut[0] = '\0';
		return;
	}
	room = cut_bytes - mark_bytes - 1;
	head_bytes = head_of(text, columns / 2, room - room / 2);
	tail = tail_of(text, total, columns - columns / 2 - 1, room - head_bytes);
	memcpy(cut, text, head_bytes);
	memcpy(cut + head_bytes, ellipsis, mark_bytes);
	memcpy(cut + head_bytes + mark_bytes, tail, strlen(tail) + 1);
}

#define DISTANCE_BYTES 64 /* longer names are compared by their beginnings */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t text_distance(const char *wanted, const char *name, size_t limit)
{
	size_t row[DISTANCE_BYTES + 1], length = smaller(strlen(name), DISTANCE_BYTES);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; i < DISTANCE_BYTES && wanted[i]; i++) {
		size_t diagonal = row[0], best = i + 1;

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			bool is_same = tolower((unsigned char)wanted[i]) ==
				       tolower((unsigned char)name[j]);
			size_t edit_cnt =
				smaller(diagonal + !is_same, smaller(row[j], row[j + 1]) + 1);

			diagonal = row[j + 1];
			row[j + 1] = edit_cnt;
			best = smaller(best, edit_cnt);
		}
		if (best >= limit)
			return limit;
	}
	return smaller(row[length], limit);
}

bool text_is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

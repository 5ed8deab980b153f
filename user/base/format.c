/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded formatting. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"

/* Length without a last character that was cut in its midst. */
static size_t whole_characters(const char *text, size_t length)
{
	size_t first = length;
	unsigned char lead;
	size_t needed;

	while (first && length - first < 3 && ((unsigned char)text[first - 1] & 0xc0) == 0x80)
		first--;
	if (!first)
		return length;
	lead = (unsigned char)text[first - 1];
	needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	return length - (first - 1) < needed ? first - 1 : length;
}

size_t format_text(char *text, size_t room, const char *format, ...)
{
	va_list args;
	size_t length;
	int wanted;

	if (!room)
		return 0;
	text[0] = '\0';
	va_start(args, format);
	wanted = vsnprintf(text, room, format, args);
	va_end(args);
	length = strlen(text);
	if (wanted >= 0 && (size_t)wanted >= room) {
		length = whole_characters(text, length);
		text[length] = '\0';
	}
	return length;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of FIX, framed here, since length and checksum are nobody's to count: "C BODY" or "S BODY"
 * (who sends; | stands for the delimiter), "C! BYTES" (as they are), or "C~N BODY" (all but the
 * last N bytes were captured).
 */
#ifndef TICKSCOPE_TESTS_FIX_LINES_H
#define TICKSCOPE_TESTS_FIX_LINES_H

#include "delivery.h"

#define LINE_BYTES 2048

static size_t add_text(char *message, size_t used, const char *text)
{
	for (; *text; text++)
		message[used++] = *text == '|' ? '\001' : *text;
	return used;
}

static size_t frame(char *message, const char *version, const char *body)
{
	char text[64];
	size_t used;
	uint8_t sum = 0;

	snprintf(text, sizeof(text), "8=%s|9=%zu|", version, strlen(body));
	used = add_text(message, 0, text);
	used = add_text(message, used, body);
	for (size_t i = 0; i < used; i++)
		sum += (uint8_t)message[i];
	snprintf(text, sizeof(text), "10=%03d|", sum);
	return add_text(message, used, text);
}

static struct line line_of(const char *text, const char *version, char *message)
{
	struct line line = {.text = message};
	const char *body = strchr(text, ' ') + 1;

	line.side = *text == 'C' ? PROTOCOL_CLIENT : PROTOCOL_SERVER;
	if (text[1] == '!')
		line.bytes = add_text(message, 0, body);
	else
		line.bytes = frame(message, version, body);
	if (text[1] == '~')
		line.unknown_bytes = strtoul(text + 2, NULL, 10);
	assert_true(line.bytes >= line.unknown_bytes);
	line.bytes -= line.unknown_bytes;
	return line;
}

#endif

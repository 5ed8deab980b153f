/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for FIX, whose messages are framed here: length and checksum are nobody's to count. */
#ifndef TICKSCOPE_TESTS_FIX_ROWS_H
#define TICKSCOPE_TESTS_FIX_ROWS_H

#include "conversation.h"

#define LINE_BYTES 2048

/*
 * A row is a conversation whose lines are written as "C BODY" or "S BODY" (who sends; | stands for
 * the delimiter; header and trailer are made here), "C! BYTES" (as they are), or "C~N BODY" (all
 * but the last N bytes were captured).
 */
struct row {
	const char *name;
	const char *lines[LINE_CNT];
	const char *told;
	const char *counted;
	const char *version; /* NULL: FIX.4.4 */
	bool is_joined;
};

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

static void check_rows(const struct row *rows, size_t cnt)
{
	static char messages[LINE_CNT][LINE_BYTES];

	for (size_t i = 0; i < cnt; i++) {
		struct conversation c = {
			.name = rows[i].name,
			.kind = PROTOCOL_FIX,
			.told = rows[i].told,
			.counted = rows[i].counted,
			.is_joined = rows[i].is_joined,
		};

		for (int k = 0; k < LINE_CNT && rows[i].lines[k]; k++)
			c.lines[k] =
				line_of(rows[i].lines[k],
					rows[i].version ? rows[i].version : "FIX.4.4", messages[k]);
		check_conversations(&c, 1);
	}
}

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

#define ORDER(id)    "35=D|34=2|11=" id "|55=EUR/USD|54=1|40=2|38=10|44=1.1|"
#define REPORT(id)   "35=8|34=2|37=X1|11=" id "|17=1|55=EUR/USD|54=1|"
#define NEW(id)	     REPORT(id) "150=0|39=0|151=10|"
#define PARTIAL(id)  REPORT(id) "150=F|39=1|32=4|151=6|"
#define FILLED(id)   REPORT(id) "150=F|39=2|32=6|151=0|"
#define CANCELED(id) REPORT(id) "150=4|39=4|151=0|"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations in JSON-RPC, as texts and what carries them. */
#ifndef TICKSCOPE_TESTS_JSONRPC_ROWS_H
#define TICKSCOPE_TESTS_JSONRPC_ROWS_H

#include "conversation.h"

/* Heads of what carries a body; its length comes next. */
#define BARE	    ""
#define POST	    "POST /key HTTP/1.1\r\nContent-Length: "
#define POST_CHUNK  "POST /key HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
#define OK	    "HTTP/1.1 200 OK\r\nContent-Length: "
#define OK_CHUNK    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define OK_GZIP	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
#define BAD_GATEWAY "HTTP/1.1 502 Bad Gateway\r\nContent-Length: "

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

struct part {
	enum protocol_side side;
	const char *head;
	const char *text;
	size_t unknown_bytes; /* of the body, behind the text */
};

#define PART(side, head, text, unknown)              \
	{                                            \
		PROTOCOL_##side, head, text, unknown \
	}
#define CLIENT(head, text)  PART(CLIENT, head, text, 0)
#define SERVER(head, text)  PART(SERVER, head, text, 0)
#define ASK(text)	    PART(CLIENT, POST, text, 0)
#define ANSWER(text)	    PART(SERVER, OK, text, 0)
#define ASK_CUT(text, n)    PART(CLIENT, POST, text, n)
#define ANSWER_CUT(text, n) PART(SERVER, OK, text, n)

struct row {
	struct conversation c;
	struct part parts[LINE_CNT];
};

static struct line line_of(const struct part *p)
{
	size_t body_bytes = strlen(p->text) + p->unknown_bytes, room = strlen(p->text) + 200;
	char *to = malloc(room);
	int bytes;

	assert_non_null(to);
	if (!p->head[0])
		bytes = snprintf(to, room, "%s", p->text);
	else if (strstr(p->head, "chunked"))
		bytes = snprintf(to, room, "%s%zx\r\n%s\r\n0\r\n\r\n", p->head, body_bytes,
				 p->text);
	else
		bytes = snprintf(to, room, "%s%zu\r\n\r\n%s", p->head, body_bytes, p->text);
	return (struct line){p->side, to, (size_t)bytes, p->unknown_bytes};
}

static void check_rows(const struct row *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct conversation c = rows[i].c;
		int line_cnt = 0;

		c.kind = c.kind ? c.kind : PROTOCOL_JSONRPC;
		for (; line_cnt < LINE_CNT && rows[i].parts[line_cnt].text; line_cnt++)
			c.lines[line_cnt] = line_of(&rows[i].parts[line_cnt]);
		check_conversations(&c, 1);
		while (line_cnt--)
			free((void *)(uintptr_t)c.lines[line_cnt].text);
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket frames, and the JSON in them: requests by id, what is pushed, what is not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "protocol/parser.h"

/* What a line is: a frame with this text, or bytes as they stand. */
enum { RAW = -1, TEXT = 0x81, TEXT_FIRST = 0x01, MORE = 0x00, LAST = 0x80, PING = 0x89 };

struct frame {
	enum protocol_side side;
	int first_byte; /* RAW: the text as it stands */
	const char *text;
	size_t text_bytes;
	size_t pad_bytes;     /* of spaces behind it */
	size_t unknown_bytes; /* of those, the last were not captured */
};

#define FRAME(side, first, text, pad, unknown)                    \
	{                                                         \
		side, first, text, sizeof(text) - 1, pad, unknown \
	}
#define CLIENT(first, text)   FRAME(PROTOCOL_CLIENT, first, text, 0, 0)
#define SERVER(first, text)   FRAME(PROTOCOL_SERVER, first, text, 0, 0)
#define PADDED(side, text, n) FRAME(side, TEXT, text, n, 0)
#define CUT(side, text, n)    FRAME(side, TEXT, text, n, n)

struct row {
	struct conversation c;
	struct frame frames[LINE_CNT];
};

static size_t write_header(uint8_t *to, const struct frame *f, size_t bytes)
{
	uint8_t mask = f->side == PROTOCOL_CLIENT ? 0x80 : 0;
	size_t used = 2;

	to[0] = (uint8_t)f->first_byte;
	if (bytes < 126) {
		to[1] = (uint8_t)(mask | bytes);
	} else if (bytes <= 0xffff) {
		to[1] = mask | 126;
		to[used++] = (uint8_t)(bytes >> 8);
		to[used++] = (uint8_t)bytes;
	} else {
		to[1] = mask | 127;
		for (int shift = 56; shift >= 0; shift -= 8)
			to[used++] = (uint8_t)((uint64_t)bytes >> shift);
	}
	return used;
}

static struct line line_of(const struct frame *f)
{
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	size_t text_bytes = f->text_bytes, bytes = text_bytes + f->pad_bytes, used = 0;
	uint8_t *to = malloc(bytes + 14);

	assert_non_null(to);
	if (f->first_byte != RAW) {
		used = write_header(to, f, bytes);
		if (f->side == PROTOCOL_CLIENT) {
			memcpy(to + used, mask, sizeof(mask));
			used += sizeof(mask);
		}
	}
	memcpy(to + used, f->text, text_bytes);
	memset(to + used + text_bytes, ' ', f->pad_bytes);
	for (size_t i = 0; f->side == PROTOCOL_CLIENT && f->first_byte != RAW && i < bytes; i++)
		to[used + i] ^= mask[i % 4];
	return (struct line){f->side, (char *)to, used + bytes - f->unknown_bytes,
			     f->unknown_bytes};
}

static void check_rows(const struct row *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct conversation c = rows[i].c;
		int line_cnt = 0;

		c.kind = c.kind ? c.kind : PROTOCOL_WEBSOCKET;
		for (; line_cnt < LINE_CNT && rows[i].frames[line_cnt].text; line_cnt++)
			c.lines[line_cnt] = line_of(&rows[i].frames[line_cnt]);
		check_conversations(&c, 1);
		while (line_cnt--)
			free((void *)(uintptr_t)c.lines[line_cnt].text);
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static const struct row calls[] = {
	{{.name = "Binance", .told = "order.place - 200 0>1\norder.cancel - 400! 2>3\n"},
	 {CLIENT(TEXT, "{\"id\":\"a-1\",\"method\":\"order.place\",\"params\":{\"id\":7}}"),
	  SERVER(TEXT, "{\"id\":\"a-1\",\"status\":200,\"result\":{\"status\":\"NEW\"}}"),
	  CLIENT(TEXT, "{\"id\":2,\"method\":\"order.cancel\",\"params\":{}}"),
	  SERVER(TEXT, "{\"id\":2,\"status\":400,\"error\":{\"code\":-2011}}")}},
	{{.name = "JSON-RPC, in any order", .told = "b - ok 1>3\na - error! 0>4\nc - ok 2>5\n"},
	 {CLIENT(TEXT, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}"),
	  CLIENT(TEXT, "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"method\":\"b\"}"),
	  CLIENT(TEXT, "{\"jsonrpc\":\"2.0\",\"method\":\"c\",\"id\":3}"),
	  SERVER(TEXT, "{\"jsonrpc\":\"2.0\",\"result\":[],\"id\":\"1\"}"),
	  SERVER(TEXT, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1},\"id\":1}"),
	  SERVER(TEXT, "{\"result\":1,\"error\":null,\"id\":3}")}},
	{{.name = "batch", .told = "b - error! 0>1\na - ok 0>1\n"},
	 {CLIENT(TEXT, "[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"},"
		       "{\"method\":\"notification\"}]"),
	  SERVER(TEXT, "[{\"id\":2,\"error\":{}},{\"id\":1,\"result\":0}]")}},
	{{.name = "what an error is",
	  .told = "a - 429! 0>4\nb - error! 1>5\nc - ok 2>6\nd - ok 3>7\n"},
	 {CLIENT(TEXT, "{\"id\":1,\"method\":\"a\"}"), CLIENT(TEXT, "{\"id\":2,\"method\":\"b\"}"),
	  CLIENT(TEXT, "{\"id\":3,\"method\":\"c\"}"), CLIENT(TEXT, "{\"id\":4,\"method\":\"d\"}"),
	  SERVER(TEXT, "{\"id\":1,\"status\":429}"),
	  SERVER(TEXT, "{\"id\":2,\"status\":\"error\"}"),
	  SERVER(TEXT, "{\"id\":3,\"status\":\"ok\"}"),
	  SERVER(TEXT, "{\"id\":4,\"error\":false,\"status\":1000}")}},
	{{.name = "a server that asks", .told = "server roots/list - ok 0>1\n"},
	 {SERVER(TEXT, "{\"id\":1,\"method\":\"roots/list\"}"),
	  CLIENT(TEXT, "{\"id\":1,\"result\":[]}")}},
	{{.name = "other exchanges",
	  .told = "order - ok 0>1\nsubscribe - ok 2>3\nadd_order - ok 4>5\n"},
	 {CLIENT(TEXT, "{\"id\":\"15\",\"op\":\"order\",\"args\":[]}"), /* OKX */
	  SERVER(TEXT, "{\"id\":\"15\",\"op\":\"order\",\"code\":\"0\",\"data\":[]}"),
	  CLIENT(TEXT, "{\"id\":\"16\",\"type\":\"subscribe\"}"), /* KuCoin */
	  SERVER(TEXT, "{\"id\":\"16\",\"type\":\"ack\"}"),
	  CLIENT(TEXT, "{\"method\":\"add_order\",\"id\":17}"), /* like Kraken */
	  SERVER(TEXT, "{\"method\":\"add_order\",\"result\":{},\"id\":17}")}},
	{{.name = "methods that are no identifiers",
	  .told = "OTHER - ok 0>2\nOTHER - ok 1>3\n- - ok 4>5\n"},
	 {CLIENT(TEXT, "{\"id\":1,\"method\":\"a b\"}"),
	  CLIENT(TEXT, "{\"id\":2,\"method\":\"0123456789012345678901234567890123456789"
		       "012345678901234567890123\"}"),
	  SERVER(TEXT, "{\"id\":1,\"result\":0}"), SERVER(TEXT, "{\"id\":2,\"result\":0}"),
	  CLIENT(TEXT, "{\"id\":3}"), SERVER(TEXT, "{\"id\":3,\"result\":0}")}},
	{{.name = "nothing that pairs",
	  .told = "a - ok 0>4\n",
	  .counted = "unanswered 1 unmatched 3"},
	 {CLIENT(TEXT, "{\"id\":1,\"method\":\"a\"}"),
	  CLIENT(TEXT, "{\"id\":null,\"method\":\"b\"}"),
	  CLIENT(TEXT, "{\"id\":4,\"method\":\"c\"}"), SERVER(TEXT, "{\"id\":null,\"error\":{}}"),
	  SERVER(TEXT, "{\"id\":1,\"result\":0}"), SERVER(TEXT, "{\"id\":1,\"result\":0}"),
	  SERVER(TEXT, "{\"id\":5,\"result\":0}")}},
};

static void test_calls(void **state)
{
	(void)state;
	CHECK(calls);
}

static const struct row pushes[] = {
	{{.name = "what names them",
	  .told = "push trade 0\npush depth@100ms 1\npush eth_subscription 2\n"
		  "push push.deal 3\npush orders 4\npush - 5\npush OTHER 6\n"
		  "push snapshot! 7\n"},
	 {SERVER(TEXT, "{\"stream\":\"x\",\"e\":\"trade\",\"E\":1,\"s\":\"BTCUSDT\"}"),
	  SERVER(TEXT, "{\"stream\":\"btcusdt@depth@100ms\",\"data\":{\"e\":\"x\"}}"),
	  SERVER(TEXT, "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\","
		       "\"params\":{\"subscription\":\"0x1\",\"id\":3}}"),
	  SERVER(TEXT, "{\"channel\":\"push.deal\",\"type\":\"update\"}"),
	  SERVER(TEXT, "{\"id\":\"59232\",\"topic\":\"orders\"}"),
	  SERVER(TEXT, "{\"arg\":{\"channel\":\"tickers\"}}"), SERVER(TEXT, "{\"e\":\"<script>\"}"),
	  SERVER(TEXT, "{\"error\":\"x\",\"type\":\"snapshot\"}")}},
	{{.name = "several in a message", .told = "push a 0\npush b 0\npush c 1\npush d 1\n"},
	 {SERVER(TEXT, "[{\"e\":\"a\"},{\"e\":\"b\"}]"),
	  SERVER(TEXT, "{\"e\":\"c\"}\n{\"e\":\"d\"}")}},
	{{.name = "what the client announces", .told = ""},
	 {CLIENT(TEXT, "{\"method\":\"sub.deal\",\"param\":{}}"), CLIENT(TEXT, "{}"),
	  CLIENT(TEXT, "")}},
};

static void test_pushes(void **state)
{
	(void)state;
	CHECK(pushes);
}

static const struct row frames[] = {
	{{.name = "fragments, and control frames between",
	  .told = "abc - ok 0..4>5..9\npush x 10\n"},
	 {CLIENT(TEXT_FIRST, "{\"id\":1,\"met"), CLIENT(PING, "0123"), CLIENT(MORE, ""),
	  CLIENT(MORE, "hod\":\"a"), CLIENT(LAST, "bc\"}"), SERVER(TEXT_FIRST, ""),
	  SERVER(0x8a, "pong"), SERVER(MORE, "{\"id\":1,"), SERVER(0x88, "\003\350"),
	  SERVER(LAST, "\"result\":2}"), SERVER(TEXT, "{\"e\":\"x\"}")}},
	{{.name = "lengths", .told = "a - ok 0>1\nb - ok 2>3\n"},
	 {PADDED(PROTOCOL_CLIENT, "{\"id\":1,\"method\":\"a\"}", 104), /* 125 */
	  PADDED(PROTOCOL_SERVER, "{\"id\":1,\"result\":{}}", 107),    /* 126 */
	  PADDED(PROTOCOL_CLIENT, "{\"id\":2,\"method\":\"b\"}", 600),
	  PADDED(PROTOCOL_SERVER, "{\"id\":2,\"result\":{}}", 1000)}},
	{{.name = "what is not read", .told = "push x 7\n", .counted = "unparsed 5"},
	 {SERVER(0xc1, "{\"e\":\"y\"}"), SERVER(0x82, "{\"e\":\"y\"}"), SERVER(0x41, "compressed"),
	  SERVER(LAST, "{\"e\":\"y\"}"), SERVER(TEXT, "pong"), SERVER(TEXT, "{\"e\":\"y\""),
	  SERVER(TEXT, " "), SERVER(TEXT, "{\"e\":\"x\"}")}},
	{{.name = "cut bodies",
	  .told = "a - ok 0>1\npush y 4\nc - - 5>6\n",
	  .counted = "unparsed 3"},
	 {CUT(PROTOCOL_CLIENT, "{\"id\":1,\"method\":\"a\",", 90),
	  CUT(PROTOCOL_SERVER, "{\"id\":1,\"result\":\"abc", 300),
	  CUT(PROTOCOL_CLIENT, "{\"method\":\"b\",", 30), /* the id is not known */
	  CUT(PROTOCOL_SERVER, "{\"result\":{\"x\":1", 30),
	  CUT(PROTOCOL_SERVER, "{\"e\":\"y\",\"bids\":[", 300),
	  CLIENT(TEXT, "{\"id\":3,\"method\":\"c\"}"),
	  CUT(PROTOCOL_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":3,", 20)}},
	{{.name = "a cut batch", .told = "a - ok 0>1\n", .counted = "unparsed 1"},
	 {CUT(PROTOCOL_CLIENT, "[{\"id\":1,\"method\":\"a\"},{", 50),
	  SERVER(TEXT, "{\"id\":1,\"result\":1}")}},
};

static void test_frames(void **state)
{
	(void)state;
	CHECK(frames);
}

/* A message too long to cut it at every byte. */
static void test_large(void **state)
{
	static const struct row row = {
		{.name = "64-bit length", .told = "push x 0\npush y 1\n"},
		{PADDED(PROTOCOL_SERVER, "{\"e\":\"x\"}", 65527), SERVER(TEXT, "{\"e\":\"y\"}")}};
	struct conversation c = row.c;
	struct delivery d = {.how = "line by line", .lines = c.lines};

	(void)state;
	c.kind = PROTOCOL_WEBSOCKET;
	for (int i = 0; i < 2; i++)
		c.lines[i] = line_of(&row.frames[i]);
	assert_int_equal(c.lines[0].bytes, 65536 + 10);
	check_delivery(&c, &d);
	d.how = "byte by byte";
	d.split = SPLIT_BYTES;
	check_delivery(&c, &d);
	for (int i = 0; i < 2; i++)
		free((void *)(uintptr_t)c.lines[i].text);
}

#define FOUND SERVER(TEXT, "{\"e\":\"x\"}")

static const struct row losses[] = {
	{{.name = "reserved bits", .told = "push x 1\n", .counted = "lost 1 found 1 skipped 2"},
	 {SERVER(RAW, "\221\101"), FOUND}},
	{{.name = "reserved opcode", .told = "push x 1\n", .counted = "lost 1 found 1 skipped 2"},
	 {SERVER(RAW, "\203\101"), FOUND}},
	{{.name = "masked by a server",
	  .told = "push x 1\n",
	  .counted = "lost 1 found 1 skipped 3"},
	 {SERVER(RAW, "\201\202ab"), FOUND}},
	{{.name = "length in too many bytes",
	  .told = "push x 2\n",
	  .counted = "lost 1 found 1 skipped 4"},
	 {SERVER(PING, ""), SERVER(RAW, "\201\176\000\175abc"), FOUND}},
	{{.name = "length in too many bytes",
	  .told = "push x 1\n",
	  .counted = "lost 1 found 1 skipped 1"},
	 {SERVER(RAW, "\201\177\0\0\0\0\0\0\377\377"), FOUND}},
	{{.name = "beyond 2^63", .told = "push x 1\n", .counted = "lost 1 found 1 skipped 1"},
	 {SERVER(RAW, "\201\177\200\0\0\0\0\0\0\1"), FOUND}},
	{{.name = "long control frame",
	  .told = "push x 1\n",
	  .counted = "lost 1 found 1 skipped 2"},
	 {SERVER(RAW, "\211\176\001"), FOUND}},
	{{.name = "compressed control frame",
	  .told = "push x 1\n",
	  .counted = "lost 1 found 1 skipped 2"},
	 {SERVER(RAW, "\311\001"), FOUND}},
	{{.name = "reserved control frame",
	  .told = "push x 1\n",
	  .counted = "lost 1 found 1 skipped 2"},
	 {SERVER(RAW, "\213\001"), FOUND}},
	{{.name = "compressed continuation",
	  .told = "push x 2\n",
	  .counted = "lost 1 found 1 skipped 4"},
	 {SERVER(0x41, "zz"), SERVER(RAW, "\300\002zz"), FOUND}},
	{{.name = "no text to know it by",
	  .told = "push x 4\n",
	  .counted = "lost 1 found 1 skipped 16"},
	 {SERVER(RAW, "\203\101"), SERVER(TEXT, "{"), SERVER(TEXT, "{\"a"), SERVER(TEXT, "word"),
	  FOUND}},
	{{.name = "control frame in fragments",
	  .told = "push x 1\n",
	  .counted = "lost 1 found 1 skipped 2"},
	 {SERVER(RAW, "\011\101"), FOUND}},
	{{.name = "continuation of nothing",
	  .told = "push x 1\n",
	  .counted = "lost 1 found 1 skipped 7"},
	 {SERVER(LAST, "12345"), FOUND}},
	{{.name = "a message within a message", .told = "push x 1\n", .counted = "lost 1 found 1"},
	 {SERVER(TEXT_FIRST, "{\"id\":1"), FOUND}},
	{{.name = "joined midway",
	  .is_joined = true,
	  .told = "push x 1\na - ok 3>4\n",
	  .counted = "skipped 12"},
	 {SERVER(RAW, "\"rest\"}"), FOUND, CLIENT(RAW, "rest}"),
	  CLIENT(TEXT, "{\"id\":1,\"method\":\"a\"}"), SERVER(TEXT, "{\"id\":1,\"result\":1}")}},
};

static void test_losses(void **state)
{
	(void)state;
	CHECK(losses);
}

static const struct row handshake[] = {
	{{.name = "asked for as WebSocket", .told = "GET /ws 101 0>1\na - ok 2>3\n"},
	 {CLIENT(RAW, "GET /ws?x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
	  SERVER(RAW, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
	  CLIENT(TEXT, "{\"id\":1,\"method\":\"a\"}"), SERVER(TEXT, "{\"id\":1,\"result\":1}")}},
	{{.name = "recognised midway",
	  .kind = PROTOCOL_AUTO,
	  .is_joined = true,
	  .told = "push x 1\n",
	  .counted = "skipped 5",
	  .kind_at_end = PROTOCOL_WEBSOCKET},
	 {SERVER(RAW, "rest}"), FOUND}},
	{{.name = "recognised",
	  .kind = PROTOCOL_AUTO,
	  .told = "a - ok 0>1\n",
	  .kind_at_end = PROTOCOL_WEBSOCKET},
	 {CLIENT(TEXT, "{\"id\":1,\"method\":\"a\"}"), SERVER(TEXT, "{\"id\":1,\"result\":1}")}},
};

static void test_handshake(void **state)
{
	(void)state;
	CHECK(handshake);
}

/* How sure it is, and that it is not before it can be. */
static void test_recognition(void **state)
{
	static const struct {
		struct frame frame;
		size_t decided_bytes; /* of these it is first as sure as at the end */
		int sure;
	} rows[] = {
		{SERVER(TEXT, "{\"id\":1}"), 8, 95},
		{SERVER(TEXT_FIRST, "[{ \"id\":1}]"), 5, 70},
		{SERVER(TEXT, "[{\"id\":1}]"), 9, 95},
		{SERVER(TEXT, "[1,\"hb\"]"), 4, 70},
		{SERVER(TEXT, "{}"), 4, 70},
		{SERVER(TEXT, "{\"a\\u0062\":1}"), 6, 70},
		{SERVER(TEXT, "{\"0123456789012345678901234567890123456789\":1}"), 42, 70},
		{CLIENT(TEXT, "{\"id\":1}"), 12, 95},
		{PADDED(PROTOCOL_SERVER, "{\"id\":1}", 200), 10, 95},
		{SERVER(TEXT, "{"), 3, 0},
		{SERVER(TEXT, ""), 2, 0},
		{SERVER(TEXT, "pong"), 3, 0},
		{SERVER(TEXT, "{1"), 4, 0},
		{SERVER(TEXT, "[x"), 4, 0},
		{SERVER(TEXT, "{\"id\"1"), 8, 0},
		{SERVER(0x82, "{\"id\":1}"), 1, 0},
		{SERVER(0xc1, "{\"id\":1}"), 1, 0},
		{SERVER(PING, "{\"id\":1}"), 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line line = line_of(&rows[i].frame);
		struct piece piece = {.side = line.side, .data = (const uint8_t *)line.text};

		for (size_t bytes = 1; bytes <= line.bytes; bytes++) {
			int should = bytes < rows[i].decided_bytes ? 10 : rows[i].sure;

			piece.captured = piece.total = bytes;
			if (parser_websocket.recognise(&piece) != should)
				fail_msg("row %zu, %zu bytes: %d", i, bytes,
					 parser_websocket.recognise(&piece));
		}
		free((void *)(uintptr_t)line.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),	    cmocka_unit_test(test_pushes),
		cmocka_unit_test(test_frames),	    cmocka_unit_test(test_large),
		cmocka_unit_test(test_losses),	    cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_recognition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

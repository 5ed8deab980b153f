/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC as bare documents, handed to WebSocket, joined midway, and more of it than fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jsonrpc_rows.h"
#include "protocol/json_calls.h"

static const struct row bare[] = {
	{{.name = "concatenated and on lines",
	  .told = "b - ok 2>4\na - ok 0>6\npush tick 8\nc - error! 9>10\n"},
	 {CLIENT(BARE, "{\"id\":1,\"method\":\"a\"}"), CLIENT(BARE, "\n"),
	  CLIENT(BARE, "{\"id\":2,\"method\":\"b\"}"), CLIENT(BARE, "\r\n"),
	  SERVER(BARE, "{\"id\":2,\"result\":1}"), SERVER(BARE, " "),
	  SERVER(BARE, "{\"id\":1,\"result\":1}"), SERVER(BARE, "\n\n"),
	  SERVER(BARE, "{\"method\":\"tick\",\"params\":{}}"),
	  CLIENT(BARE, "[{\"id\":3,\"method\":\"c\"}]"),
	  SERVER(BARE, "[{\"id\":3,\"error\":{}}]")}},
	{{.name = "damaged, and found again",
	  .told = "a - ok 2>3\n",
	  .counted = "unanswered 1 lost 1 found 1 skipped 8"},
	 {CLIENT(BARE, "{\"id\":1,\"method\":\"z\"}"), CLIENT(BARE, "{\"id\":1,}garbage"),
	  CLIENT(BARE, "{\"id\":2,\"method\":\"a\"}"), SERVER(BARE, "{\"id\":2,\"result\":1}")}},
	{{.name = "cut", .told = "", .counted = "unanswered 1 lost 1 found 1 skipped 30"},
	 {{PROTOCOL_CLIENT, BARE, "{\"id\":1,\"method\":\"z\",", 30},
	  CLIENT(BARE, "{\"id\":2,\"method\":\"a\"}")}},
	{{.name = "joined midway",
	  .is_joined = true,
	  .told = "a - ok 1>2\n",
	  .counted = "skipped 9"},
	 {CLIENT(BARE, "],\"x\":{}}"),
	  CLIENT(BARE, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"a\"}"),
	  SERVER(BARE, "{\"result\":1,\"id\":2}")}},
	{{.name = "recognised",
	  .kind = PROTOCOL_AUTO,
	  .kind_at_end = PROTOCOL_JSONRPC,
	  .told = "a - ok 0>1\n"},
	 {CLIENT(BARE, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"a\"}"),
	  SERVER(BARE, "{\"result\":1,\"id\":2}")}},
};

static void test_bare(void **state)
{
	(void)state;
	CHECK(bare);
}

static const struct row carriers[] = {
	{{.name = "recognised in a body",
	  .kind = PROTOCOL_AUTO,
	  .kind_at_end = PROTOCOL_JSONRPC,
	  .told = "a - ok 0>1\n"},
	 {ASK("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"a\"}"),
	  ANSWER("{\"result\":1,\"id\":2}")}},
	{{.name = "WebSocket behind its handshake",
	  .kind_at_end = PROTOCOL_WEBSOCKET,
	  .told = "GET /ws 101 0>1\npush x 2\n"},
	 {CLIENT(BARE, "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
	  SERVER(BARE, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
	  SERVER(BARE, "\201\016{\"method\":\"x\"}")}},
	{{.name = "WebSocket, joined midway",
	  .is_joined = true,
	  .kind_at_end = PROTOCOL_WEBSOCKET,
	  .told = "push x 1\n",
	  .counted = "skipped 5"},
	 {SERVER(BARE, "rest}"), SERVER(BARE, "\201\016{\"method\":\"x\"}")}},
	{{.name = "batch while out of step",
	  .is_joined = true,
	  .told = "c - ok 2>3\n",
	  .counted = "unanswered 2 unmatched 1"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"}]"),
	  ANSWER("[{\"id\":1,\"result\":1},{\"id\":2,\"result\":1}]"),
	  ASK("{\"id\":1,\"method\":\"c\"}"), ANSWER("{\"id\":1,\"result\":1}")}},
	{{.name = "a body taken for bare documents, until HTTP is found",
	  .is_joined = true,
	  .told = "a - ok 3>4\nb - ok 5>6\n",
	  .counted = "unanswered 1 unmatched 2 lost 1 found 1"},
	 {SERVER(BARE, "{\"id\":1,\"result\":1}"), ASK("{\"id\":1,\"method\":\"z\"}"),
	  ANSWER("{\"id\":1,\"result\":1}"), ASK("{\"id\":1,\"method\":\"a\"}"),
	  ANSWER("{\"id\":1,\"result\":1}"), ASK("{\"id\":1,\"method\":\"b\"}"),
	  ANSWER("{\"id\":1,\"result\":1}")}},
	{{.name = "bodies of HTTP are not searched for documents",
	  .told = "c - ok 5>6\n",
	  .counted = "unanswered 2 unmatched 1 lost 1 found 1 skipped 22"},
	 {ASK("{\"id\":1,\"method\":\"a\"}"),
	  {PROTOCOL_SERVER, BARE, OK_CHUNK "5\r\n[", 5},
	  SERVER(BARE, "{\"id\":1,\"result\":1}\r\n"),
	  ASK("{\"id\":1,\"method\":\"b\"}"),
	  ANSWER("{\"id\":1,\"result\":1}"),
	  ASK("{\"id\":1,\"method\":\"c\"}"),
	  ANSWER("{\"id\":1,\"result\":1}")}},
	{{.name = "a body of HTTP, joined midway",
	  .kind = PROTOCOL_AUTO,
	  .is_joined = true,
	  .told = "",
	  .counted = "unmatched 1 skipped 11",
	  .kind_at_end = PROTOCOL_HTTP},
	 {SERVER(BARE, ":{\"id\":42}\n"), ANSWER(X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50
							 X50 X50 X50 X50 X50 X50 X50 X50 X50)}},
	{{.name = "HTTP, joined midway",
	  .is_joined = true,
	  .told = "b - ok 3>4\n",
	  .counted = "unanswered 1 unmatched 1 skipped 5"},
	 {SERVER(BARE, "rest}"), ASK("{\"id\":1,\"method\":\"a\"}"),
	  ANSWER("{\"id\":1,\"result\":1}"), ASK("{\"id\":1,\"method\":\"b\"}"),
	  ANSWER("{\"id\":1,\"result\":1}")}},
};

static void test_carriers(void **state)
{
	(void)state;
	CHECK(carriers);
}

/* Of a batch beyond the limit the rest is counted; methods beyond theirs are OTHER. */
static void test_limits(void **state)
{
	char text[16384], *told = calloc(1, 16384);
	struct conversation c = {.name = "limits", .kind = PROTOCOL_JSONRPC};
	struct part parts[2] = {ASK(text), ANSWER("{\"id\":null,\"error\":{}}")};
	struct delivery d = {.how = "line by line", .lines = c.lines};
	size_t used = 0, told_bytes = 0;

	(void)state;
	assert_non_null(told);
	for (int i = 0; i <= JSON_CALLS_MAX; i++) {
		bool is_other = i % 10 >= JSON_CALLS_NAME_CNT;

		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s{\"id\":%d,\"method\":\"m%d\"}", i ? "," : "[", i,
					 i % 10);
		if (i == JSON_CALLS_MAX)
			break;
		told_bytes += (size_t)snprintf(
			told + told_bytes, 16384 - told_bytes,
			is_other ? "OTHER - error! 0>1\n" : "m%d - error! 0>1\n", i % 10);
	}
	text[used++] = ']';
	text[used] = '\0';
	c.told = told;
	c.counted = "unparsed 1";
	for (int i = 0; i < 2; i++)
		c.lines[i] = line_of(&parts[i]);
	check_delivery(&c, &d);
	d.how = "byte by byte";
	d.split = SPLIT_BYTES;
	check_delivery(&c, &d);
	for (int i = 0; i < 2; i++)
		free((void *)(uintptr_t)c.lines[i].text);
	free(told);
}

/* Writes a batch of as many calls as one may have. */
static struct line batch_of(enum protocol_side side, const char *head, const char *member)
{
	char *text = malloc(JSON_CALLS_MAX * 40);
	struct part part = {.side = side, .head = head, .text = text};
	size_t used = 0;
	struct line line;

	assert_non_null(text);
	for (int i = 0; i < JSON_CALLS_MAX; i++)
		used += (size_t)snprintf(text + used, 40, "%c{\"id\":%d,\"%s\":\"x\"}",
					 i ? ',' : '[', i, member);
	text[used++] = ']';
	text[used] = '\0';
	line = line_of(&part);
	free(text);
	return line;
}

struct told {
	uint32_t exchange_cnt;
	struct protocol_exchange last;
};

static void keep_last(const struct protocol_exchange *exchange, void *context)
{
	struct told *told = context;

	told->exchange_cnt++;
	told->last = *exchange;
}

/* Calls beyond what can wait are given up, and nobody else's request gets their answers. */
static void test_many(void **state)
{
	enum { BATCH_CNT = 50 };
	static const struct part parts[] = {ASK("{\"id\":1,\"method\":\"last\"}"),
					    ANSWER("{\"id\":1,\"result\":1}")};
	struct line lines[] = {batch_of(PROTOCOL_CLIENT, POST, "method"), line_of(&parts[0]),
			       batch_of(PROTOCOL_SERVER, OK, "result"), line_of(&parts[1])};
	struct told told = {0};
	struct protocol *p = protocol_new(PROTOCOL_JSONRPC, true, keep_last, &told);
	const struct protocol_counts *counts;

	(void)state;
	assert_non_null(p);
	counts = protocol_counts(p);
	for (int i = 0; i < 4; i++) {
		for (int k = 0; k < (i % 2 ? 1 : BATCH_CNT); k++)
			protocol_feed(p, lines[i].side, lines[i].text, lines[i].bytes,
				      lines[i].bytes);
	}
	assert_int_equal(counts->requests, BATCH_CNT * JSON_CALLS_MAX + 1);
	assert_int_equal(counts->answered, told.exchange_cnt);
	assert_int_equal(counts->answered + counts->unanswered, counts->requests);
	assert_in_range(counts->unanswered, 1, counts->requests - 1000);
	assert_string_equal(told.last.labels.method, "x");
	/* In step again with the first request that is made when nothing waits. */
	for (int i = 1; i < 4; i += 2)
		protocol_feed(p, lines[i].side, lines[i].text, lines[i].bytes, lines[i].bytes);
	assert_string_equal(told.last.labels.method, "last");
	assert_int_equal(told.last.request_end - told.last.request_begin, lines[1].bytes);
	assert_int_equal(told.last.response_end - told.last.response_begin, lines[3].bytes);
	assert_int_equal(told.last.response_begin, BATCH_CNT * lines[2].bytes + lines[3].bytes);
	protocol_free(p);
	for (int i = 0; i < 4; i++)
		free((void *)(uintptr_t)lines[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_carriers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

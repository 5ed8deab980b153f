/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC in HTTP bodies: calls, batches, and what cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jsonrpc_rows.h"

static const struct row http_calls[] = {
	{{.name = "one after another", .told = "eth_call - ok 0>1\neth_gasPrice - error! 2>3\n"},
	 {ASK("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{}]}"),
	  ANSWER("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x\"}"),
	  ASK("{\"method\":\"eth_gasPrice\",\"id\":1}"),
	  ANSWER("{\"error\":{\"code\":-32000,\"message\":\"no\"},\"id\":1}")}},
	/* Many programs have one id for ever: in HTTP the order counts. */
	{{.name = "pipeline with the same id", .told = "a - ok 0>3\nb - error! 1>4\nc - ok 2>5\n"},
	 {ASK("{\"id\":1,\"method\":\"a\"}"), ASK("{\"id\":1,\"method\":\"b\"}"),
	  ASK("{\"id\":1,\"method\":\"c\"}"), ANSWER("{\"id\":1,\"result\":1}"),
	  ANSWER("{\"id\":1,\"error\":{}}"), ANSWER("{\"id\":7,\"result\":1}")}},
	{{.name = "chunks", .told = "a - ok 0>1\n"},
	 {CLIENT(POST_CHUNK, "{\"id\":1,\"method\":\"a\"}\n"),
	  SERVER(OK_CHUNK, "{\"id\":1,\"result\":1}\n")}},
	{
		{.name = "HTTP errors",
		 .told = "a - error! 0>1\nb - error! 2>3\nc - error! 2>3\n"
			 "d - error! 4>5\n"},
		{ASK("{\"id\":1,\"method\":\"a\"}"), SERVER(BAD_GATEWAY, "<html>"),
		 ASK("[{\"id\":1,\"method\":\"b\"},{\"id\":2,\"method\":\"c\"}]"),
		 SERVER(BAD_GATEWAY, ""), ASK("{\"id\":1,\"method\":\"d\"}"),
		 SERVER(BAD_GATEWAY, "{\"id\":1,\"result\":1}")},
	},
	{{.name = "early reply",
	  .told = "OTHER - error! 0>1\na - ok 3>4\n",
	  .counted = "unparsed 1"},
	 {CLIENT(BARE, "POST / HTTP/1.1\r\nContent-Length: 23\r\n\r\n{\"id\":1,"),
	  SERVER(BAD_GATEWAY, ""), CLIENT(BARE, "\"method\":\"a\"  }"),
	  ASK("{\"id\":1,\"method\":\"a\"}"), ANSWER("{\"id\":1,\"result\":1}")}},
	{{.name = "until the end", .told = "a - error! 0>1..2\n"},
	 {ASK("{\"id\":1,\"method\":\"a\"}"), SERVER(BARE, "HTTP/1.1 200 OK\r\n\r\n{\"id\":1,"),
	  SERVER(BARE, "\"error\":{}}")}},
	{{.name = "answers to nothing", .told = "a - ok 1>2\n", .counted = "unmatched 2"},
	 {ANSWER("[{\"id\":1,\"result\":1},{\"id\":2,\"result\":1}]"),
	  ASK("{\"id\":1,\"method\":\"a\"}"), ANSWER("{\"id\":1,\"result\":1}"),
	  ANSWER("{\"id\":1,\"result\":1}")}},
};

static void test_http_calls(void **state)
{
	(void)state;
	CHECK(http_calls);
}

static const struct row batches[] = {
	{{.name = "by id, in any order", .told = "a - error! 0>1\nb - ok 0>1\na - ok 0>1\n"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":\"x\",\"method\":\"b\"},"
	      "{\"id\":3,\"method\":\"a\"}]"),
	  ANSWER("[{\"id\":\"x\",\"result\":1},{\"id\":3,\"result\":1},"
		 "{\"id\":1,\"error\":{}}]")}},
	{{.name = "the same id: by position", .told = "a - ok 0>1\nb - error! 0>1\nc - ok 0>1\n"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":1,\"method\":\"b\"},"
	      "{\"id\":1,\"method\":\"c\"}]"),
	  ANSWER("[{\"id\":1,\"result\":1},{\"id\":1,\"error\":{}},{\"id\":1,\"result\":1}"
		 "]")}},
	{{.name = "other ids: what is left, by position",
	  .told = "a - error! 0>1\nb - ok 0>1\nc - ok 0>1\n"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"},"
	      "{\"id\":3,\"method\":\"c\"}]"),
	  ANSWER("[{\"id\":2,\"result\":1},{\"id\":null,\"error\":{}},"
		 "{\"id\":\"3\",\"result\":1}]")}},
	{{.name = "pipelined",
	  .told = "a - error! 0>3\nb - ok 0>3\nc - ok 1>4\n"
		  "a - error! 2>5\nb - ok 2>5\n"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"}]"),
	  ASK("{\"id\":1,\"method\":\"c\"}"),
	  ASK("[{\"id\":2,\"method\":\"a\"},{\"id\":1,\"method\":\"b\"}]"),
	  ANSWER("[{\"id\":2,\"result\":1},{\"id\":1,\"error\":{}}]"),
	  ANSWER("{\"id\":1,\"result\":1}"),
	  ANSWER("[{\"id\":1,\"result\":1},{\"id\":2,\"error\":{}}]")}},
	{{.name = "one error for all", .told = "a - error! 0>1\nb - error! 0>1\n"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"}]"),
	  ANSWER("{\"id\":null,\"error\":{\"code\":-32600}}")}},
	{{.name = "an answer is missing", .told = "a - error! 0>1\nb - ok 0>1\n"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"}]"),
	  ANSWER("[{\"id\":2,\"result\":1}]")}},
	{{.name = "notifications", .told = "b - ok 0>1\nPOST /key 200 2>3\n"},
	 {ASK("[{\"method\":\"a\"},{\"id\":2,\"method\":\"b\"},{\"method\":\"c\"}]"),
	  ANSWER("[{\"id\":2,\"result\":1}]"), ASK("{\"method\":\"a\"}"), ANSWER("")}},
	{{.name = "empty", .told = "POST /key 200 0>1\n"},
	 {ASK("[]"), ANSWER("{\"id\":null,\"error\":{}}")}},
};

static void test_batches(void **state)
{
	(void)state;
	CHECK(batches);
}

static const struct row unreadable[] = {
	{{.name = "not JSON-RPC",
	  .told = "GET /health 200 0>1\nPOST /key 200 2>3\n"
		  "HEAD /a 200 4>5\na - ok 6>7\n",
	  .counted = "unparsed 1"},
	 {CLIENT(BARE, "GET /health HTTP/1.1\r\n\r\n"), ANSWER("ok"), ASK("a=1"), ANSWER("{}"),
	  CLIENT(BARE, "HEAD /a HTTP/1.1\r\n\r\n"),
	  SERVER(BARE, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
	  ASK("{\"id\":1,\"method\":\"a\"}"), ANSWER("{\"id\":1,\"result\":1}")}},
	/* A call may have the name of an HTTP method. */
	{{.name = "a call named HEAD", .told = "HEAD - ok 0>1\n"},
	 {ASK("{\"id\":1,\"method\":\"HEAD\"}"), ANSWER("{\"id\":1,\"result\":1}")}},
	{{.name = "compressed",
	  .told = "a - - 0>1\nb - - 2>3\nc - - 2>3\nd - ok 4>5\n",
	  .counted = "unparsed 2"},
	 {ASK("{\"id\":1,\"method\":\"a\"}"), SERVER(OK_GZIP, "{\"id\":1,\"error\":{}}"),
	  ASK("[{\"id\":1,\"method\":\"b\"},{\"id\":2,\"method\":\"c\"}]"),
	  SERVER(OK_GZIP, "{\"id\":1,\"error\":{}}"), ASK("{\"id\":1,\"method\":\"d\"}"),
	  ANSWER("{\"id\":1,\"result\":1}")}},
	{{.name = "compressed, but empty", .told = "a - error! 0>1\n"},
	 {ASK("{\"id\":1,\"method\":\"a\"}"),
	  SERVER(BARE, "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n")}},
	{{.name = "damaged", .told = "a - - 0>1\nPOST /key 200 2>3\n", .counted = "unparsed 2"},
	 {ASK("{\"id\":1,\"method\":\"a\"}"), ANSWER("{\"id\":1,\"result\":}"),
	  ASK("{\"id\":1,\"method\":\"a\""), ANSWER("{\"id\":1,\"result\":1}")}},
	{{.name = "cut",
	  .told = "sendTransaction - ok 0>1\na - ok 2>3\nOTHER - ok 4>5\n"
		  "b - - 6>7\nc - error! 8>9\n",
	  .counted = "unparsed 2"},
	 {ASK_CUT("{\"jsonrpc\":\"2.0\",\"method\":\"sendTransaction\",\"params\":[\"AA", 99),
	  ANSWER("{\"id\":1,\"result\":1}"),
	  ASK("{\"id\":1,\"method\":\"a\"}"),
	  ANSWER_CUT("{\"jsonrpc\":\"2.0\",\"result\":\"0x00", 200),
	  ASK_CUT("{\"params\":[", 30),
	  ANSWER("{\"id\":1,\"result\":1}"),
	  ASK("{\"id\":1,\"method\":\"b\"}"),
	  ANSWER_CUT("{\"jsonrpc\":\"2.0\",", 30),
	  ASK("{\"id\":1,\"method\":\"c\"}"),
	  {PROTOCOL_SERVER, BAD_GATEWAY, "{\"jsonrpc\":", 30}}},
	{{.name = "cut behind the batch", .told = "a - ok 0>1\n"},
	 {ASK_CUT("[{\"id\":1,\"method\":\"a\"}]", 30),
	  ANSWER_CUT("[{\"id\":1,\"result\":1}]", 30)}},
	{{.name = "cut batches",
	  .told = "a - ok 0>1\nb - - 0>1\nc - ok 2>3\n",
	  .counted = "unparsed 2"},
	 {ASK("[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"}]"),
	  ANSWER_CUT("[{\"id\":1,\"result\":1},", 30), ASK_CUT("[{\"id\":1,\"method\":\"c\"},", 30),
	  ANSWER("[{\"id\":2,\"error\":{}},{\"id\":1,\"result\":1}]")}},
};

static void test_unreadable(void **state)
{
	(void)state;
	CHECK(unreadable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_calls),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

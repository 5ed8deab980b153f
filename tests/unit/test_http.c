/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1: where messages begin and end, what they are labelled, what is lost and found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

#define OK_EMPTY   S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static const struct conversation lengths[] = {
	{
		.name = "two exchanges",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
			  C("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
			  S("HTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n")},
		.told = "GET /a 200 0>1\nPOST /b 404! 2>3\n",
	},
	{
		.name = "pipeline",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.1\r\n\r\n"), C("GET /b HTTP/1.1\r\n\r\n"),
			  C("HEAD /c HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
			  S("HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nxy"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")},
		.told = "GET /a 200 0>3\nGET /b 500! 1>4\nHEAD /c 200 2>5\n",
	},
	{
		.name = "no body whatever the fields say",
		.kind = PROTOCOL_HTTP,
		.lines = {C("HEAD /a HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
			  C("GET /b HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
			  C("DELETE /c HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n")},
		.told = "HEAD /a 200 0>1\nGET /b 304 2>3\nDELETE /c 204 4>5\n",
	},
	{
		.name = "interim responses",
		.kind = PROTOCOL_HTTP,
		.lines = {C("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\n"
			    "Content-Length: 4\r\n\r\nbody"),
			  S("HTTP/1.1 100 Continue\r\n\r\n"),
			  S("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
			  S("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")},
		.told = "PUT /a 201 0>3\n",
	},
	{
		.name = "100-continue before the body",
		.kind = PROTOCOL_HTTP,
		.lines = {C("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\n"
			    "Content-Length: 4\r\n\r\n"),
			  S("HTTP/1.1 100 Continue\r\n\r\n"), C("body"), OK_EMPTY},
		.told = "PUT /a 200 0..2>3\n",
	},
	{
		.name = "until the end",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.0\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nHTTP/1.1 200 "
			    "OK\r\nContent-Length: 0\r\n\r\n"),
			  S("more")},
		.told = "GET /a 200 0>1..2\n",
	},
	{
		.name = "early reply",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 8\r\n\r\nabc"),
			  S("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"), C("defgh"),
			  C("GET /b HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "POST /a 413! 0>1\nGET /b 200 3>4\n",
	},
	{
		.name = "early reply, and another",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 8\r\n\r\nabc"),
			  S("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
			  S("HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n"), C("defgh")},
		.told = "POST /a 413! 0>1\n",
		.counted = "unmatched 1",
	},
	{
		.name = "early reply that ends after the request",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), C("cd"), S("ok")},
		.told = "POST /a 200 0..2>1..3\n",
	},
	{
		.name = "a reply in the midst of the next request",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.1\r\n\r\n"),
			  C("POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"), OK_EMPTY, C("cd"),
			  OK_EMPTY},
		.told = "GET /a 200 0>2\nPOST /b 200 1..3>4\n",
	},
	{
		.name = "lenient lines",
		.kind = PROTOCOL_HTTP,
		.lines = {C("\r\n\n"), C("GET /a HTTP/1.1\nHost: x\nX-Folded: a,\n\tb\n\n"),
			  S("HTTP/1.1 200\r\nContent-Length:\t 2 \r\n\r\nok")},
		.told = "GET /a 200 1>2\n",
	},
	{
		.name = "methods",
		.kind = PROTOCOL_HTTP,
		.lines = {C("PROPFIND /a HTTP/1.1\r\n\r\n"), C("OPTIONS * HTTP/1.1\r\n\r\n"),
			  C("get /b HTTP/1.1\r\n\r\n"), C("GET http://h:80/c?d HTTP/1.1\r\n\r\n"),
			  OK_EMPTY, OK_EMPTY, S("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"),
			  OK_EMPTY},
		.told = "OTHER /a 200 0>4\nOPTIONS * 200 1>5\nOTHER /b 400! 2>6\n"
			"GET /c 200 3>7\n",
	},
	{
		.name = "answers to nothing",
		.kind = PROTOCOL_HTTP,
		.lines = {S("HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n"),
			  C("GET /a HTTP/1.1\r\n\r\n"), C("GET /b HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "GET /a 200 1>3\n",
		.counted = "unanswered 1 unmatched 1",
	},
};

static void test_lengths(void **state)
{
	(void)state;
	check_conversations(ROWS(lengths));
}

static const struct conversation chunks[] = {
	{
		.name = "a chunk of which most is not known",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.1\r\n\r\n"),
			  S_CUT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\nabc",
				19997),
			  S("\r\n3\r\nxyz\r\n0\r\n\r\n"), C("GET /b HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")},
		.told = "GET /a 200 0>1..2\nGET /b 404! 3>4\n",
	},
	{
		.name = "extensions and trailers",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
			    "1;name=\"v\"\r\nx\r\n0\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
			    "A \r\n0\r\n\r\nHTTP/\r\n00d\nabc\r\n0\r\n\r\nxyz\r\n"
			    "0;last\r\nX-Sum: 1\r\nX: 2\r\n\r\n"),
			  C("GET /b HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n")},
		.told = "POST /a 200 0>1\nGET /b 200 2>3\n",
	},
	{
		.name = "before the length",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 4\r\n"
			    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
			    "Content-Length: 4\r\n\r\n0\r\n\r\n"),
			  C("GET /b HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n"
			    "Content-Length: 4\r\n\r\nbody"),
			  C("GET /c HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "POST /a 200 0>1\nGET /b 200 2>3\nGET /c 200 4>5\n",
	},
	{
		.name = "a coding that is not chunked",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
			    "Transfer-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"),
			  S("all of it")},
		.told = "GET /a 200 0>1..2\n",
	},
	{
		.name = "lengths that are one",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 2, 2\r\n"
			    "Content-Length: 02\r\n\r\nab"),
			  OK_EMPTY},
		.told = "POST /a 200 0>1\n",
	},
	{
		.name = "a body that was cut",
		.kind = PROTOCOL_HTTP,
		.lines = {C_CUT("POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", 7),
			  S_CUT("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n", 30),
			  C("GET /b HTTP/1.1\r\n\r\n"),
			  S_CUT("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
				"chunked\r\n\r\n14\r\n",
				20),
			  S("\r\n0\r\n\r\n")},
		.told = "POST /a 200 0>1\nGET /b 200 2>3..4\n",
	},
	{
		.name = "until the end, and cut",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.1\r\n\r\n"), S_CUT("HTTP/1.0 200 OK\r\n\r\n", 30),
			  S_CUT("<p>", 5)},
		.told = "GET /a 200 0>1..2\n",
	},
};

static void test_chunks(void **state)
{
	(void)state;
	check_conversations(ROWS(chunks));
}

/* Where nobody knows where the message ends, nobody claims to. */
static const struct conversation losses[] = {
	{
		.name = "a chunk's size was not captured",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /a HTTP/1.1\r\n\r\n"),
			  S_CUT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 9),
			  S("0\r\n\r\n"), C("GET /b HTTP/1.1\r\n\r\n"), OK_EMPTY,
			  C("GET /c HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "GET /c 200 5>6\n",
		.counted = "unanswered 2 unmatched 1 lost 1 found 1 skipped 14",
	},
	{
		.name = "different lengths",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 2\r\n"
			    "Content-Length: 3\r\n\r\nabc"),
			  S("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"),
			  C("GET /b HTTP/1.1\r\n\r\n"), OK_EMPTY, C("GET /c HTTP/1.1\r\n\r\n"),
			  OK_EMPTY},
		.told = "GET /c 200 4>5\n",
		.counted = "unanswered 1 unmatched 2 lost 1 found 1 skipped 4",
	},
	{
		.name = "a request's coding that is not chunked",
		.kind = PROTOCOL_HTTP,
		.lines = {C("POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"), C("abc")},
		.told = "",
		.counted = "lost 1 skipped 3",
	},
	{
		.name = "a long request line, found",
		.kind = PROTOCOL_HTTP,
		.is_joined = true,
		.lines = {C("GET /\177"), C("POST /a\177 HTTP/1.1"), OK_EMPTY,
			  C("GET "
			    "/a?"
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"
			    "ef0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
			    "cdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
			    "abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567"
			    "89abcdef0123456789abcdef HTTP/1.1\r\n\r\n"),
			  OK_EMPTY, C("GET /b HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "GET /b 200 5>6\n",
		.counted = "unanswered 1 unmatched 2 skipped 23",
	},
	{
		.name = "joined midway",
		.kind = PROTOCOL_HTTP,
		.is_joined = true,
		.lines = {S("\"rest\":1}"), OK_EMPTY, C("rest=1"),
			  C("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"), OK_EMPTY,
			  C("GET /b HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "GET /b 200 5>6\n",
		.counted = "unanswered 1 unmatched 2 skipped 15",
	},
	{
		.name = "HEAD while out of step",
		.kind = PROTOCOL_HTTP,
		.is_joined = true,
		.lines = {C("HEAD /a HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
			  C("HEAD /b HTTP/1.1\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")},
		.told = "HEAD /b 200 2>3\n",
		.counted = "unanswered 1 unmatched 1",
	},
};

static void test_losses(void **state)
{
	(void)state;
	check_conversations(ROWS(losses));
}

static const struct conversation upgrades[] = {
	{
		.name = "CONNECT",
		.kind = PROTOCOL_HTTP,
		.lines = {C("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), C("\026\003\001"),
			  S("\026\003\003")},
		.told = "CONNECT {authority} 200 0>1\n",
		.kind_at_end = PROTOCOL_END,
	},
	{
		.name = "CONNECT that failed",
		.kind = PROTOCOL_HTTP,
		.lines = {C("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
			  S("HTTP/1.1 407 Who\r\nContent-Length: 2\r\n\r\n??"),
			  C("GET / HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "CONNECT {authority} 407! 0>1\nGET / 200 2>3\n",
	},
	{
		.name = "WebSocket",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
			  S("HTTP/1.1 101 Switching Protocols\r\n"
			    "Connection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"),
			  S("\201\007{\"e\":1}"), S("\201\011{\"e\":\"x\"}"),
			  C("\201\210\0\0\0\0{\"id\":1}")},
		.told = "GET /ws 101 0>1\npush - 2\npush x 3\n",
		.counted = "unanswered 1",
		.kind_at_end = PROTOCOL_WEBSOCKET,
	},
	{
		.name = "refused WebSocket",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
			  S("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"),
			  C("GET / HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "GET /ws 403! 0>1\nGET / 200 2>3\n",
	},
	{
		.name = "another protocol",
		.kind = PROTOCOL_HTTP,
		.lines = {C("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"),
			  S("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
			  S("\0\0\0\004\0\0\0\0\0")},
		.told = "GET / 101 0>1\n",
		.kind_at_end = PROTOCOL_END,
	},
};

static void test_upgrades(void **state)
{
	(void)state;
	check_conversations(ROWS(upgrades));
}

static const struct conversation recognition[] = {
	{
		.name = "by the request",
		.kind = PROTOCOL_AUTO,
		.lines = {C("GET /a HTTP/1.1\r\n\r\n"), OK_EMPTY},
		.told = "GET /a 200 0>1\n",
		.kind_at_end = PROTOCOL_HTTP,
	},
	{
		.name = "by the response to a body that says nothing",
		.kind = PROTOCOL_AUTO,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 8\r\n\r\n{\"a\": 1}"), OK_EMPTY},
		.told = "POST /a 200 0>1\n",
		.kind_at_end = PROTOCOL_HTTP,
	},
	{
		.name = "a form",
		.kind = PROTOCOL_AUTO,
		.lines = {C("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\na=1")},
		.told = "",
		.counted = "unanswered 1",
		.kind_at_end = PROTOCOL_HTTP,
	},
};

static void test_recognition(void **state)
{
	(void)state;
	check_conversations(ROWS(recognition));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),	    cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_losses),	    cmocka_unit_test(test_upgrades),
		cmocka_unit_test(test_recognition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

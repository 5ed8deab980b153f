/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection speaks, streams that are lost, memory that is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"
#include "protocol/connection.h"

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

#define PING  "*1\r\n$4\r\nPING\r\n"
#define ORDER "8=FIX.4.4\0019=25\00135=D\00111=A\00155=X\00154=1\00140=2\00110=118\001"
#define ACK   "8=FIX.4.4\0019=26\00135=8\00137=X\00111=A\001150=0\00139=0\00110=157\001"
#define TOLD  "NewOrderSingle - new (ack X limit buy) "

static size_t allocation_cnt, failing_allocation = SIZE_MAX;

void *__real_calloc(size_t cnt, size_t bytes);
void *__wrap_calloc(size_t cnt, size_t bytes);
void *__wrap_calloc(size_t cnt, size_t bytes)
{
	return allocation_cnt++ >= failing_allocation ? NULL : __real_calloc(cnt, bytes);
}

static void test_names(void **state)
{
	static const char *const names[] = {
		"none", "fix", "http", "jsonrpc", "websocket", "redis", "auto",
	};

	(void)state;
	for (int i = 0; i < PROTOCOL_END; i++) {
		assert_string_equal(protocol_name((enum protocol_kind)i), names[i]);
		assert_int_equal(protocol_parse(names[i]), i);
	}
	assert_int_equal(protocol_parse("FIX"), PROTOCOL_END);
	assert_int_equal(protocol_parse(""), PROTOCOL_END);
	for (int i = 0; protocol_parsers[i]; i++)
		assert_true(protocol_parsers[i]->state_bytes <= PARSER_STATE_BYTES);
}

static const struct conversation auto_rows[] = {
	{
		.name = "Redis",
		.kind = PROTOCOL_AUTO,
		.lines = {C(PING), S("+PONG\r\n"), C(PING), S("+PONG\r\n")},
		.told = "PING - ok 0>1\nPING - ok 2>3\n",
		.kind_at_end = PROTOCOL_REDIS,
	},
	{
		.name = "FIX",
		.kind = PROTOCOL_AUTO,
		.lines = {C(ORDER), S(ACK)},
		.told = TOLD "0>1\n",
		.kind_at_end = PROTOCOL_FIX,
	},
	{
		.name = "FIX, and the acceptor's bytes come first",
		.kind = PROTOCOL_AUTO,
		.lines = {S("8=FI"), C(ORDER), S("X.4.4\0019=5\00135=0\00110=163\001"), S(ACK)},
		.told = TOLD "1>3\n",
		.kind_at_end = PROTOCOL_FIX,
	},
	{
		.name = "HTTP",
		.kind = PROTOCOL_AUTO,
		.lines = {C("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
			  S("HTTP/1.1 204 No Content\r\n\r\n")},
		.told = "GET /a 204 0>1\n",
		.kind_at_end = PROTOCOL_HTTP,
	},
	{
		.name = "JSON-RPC whose version stands behind much else",
		.kind = PROTOCOL_AUTO,
		.lines = {C("POST / HTTP/1.1\r\nHost: node.example.net\r\nContent-Length: 175\r\n"
			    "User-Agent: a client that says much of itself, version 1.2.3\r\n\r\n"),
			  C("{\"id\":1,\"method\":\"eth_call\",\"params\":["
			    "\"0123456789abcdef0123456789"
			    "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789012345"
			    "67"
			    "89abcdef0123456789a\"],\"jsonrpc\":\"2.0\"}"),
			  S("HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n"
			    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":0}")},
		.told = "eth_call - ok 0..1>2\n",
		.kind_at_end = PROTOCOL_JSONRPC,
	},
	{
		.name = "nothing known",
		.kind = PROTOCOL_AUTO,
		.lines = {C("\026\004\001"), S("\026\003\005"), C(PING), S("+PONG\r\n")},
		.told = "",
		.counted = "skipped 4",
		.kind_at_end = PROTOCOL_END,
	},
	{
		.name = "one side is not known, the other tells",
		.kind = PROTOCOL_AUTO,
		.lines = {C("\001\002"), S(ACK), C("\003" ORDER), S(ACK)},
		.told = TOLD "@3..2>3\n",
		.counted = "unmatched 1 lost 1 found 1 skipped 3",
		.kind_at_end = PROTOCOL_FIX,
	},
	{
		.name = "a side that was not known has lost its place",
		.kind = PROTOCOL_AUTO,
		.lines = {C("\001\002"), S(ACK), C(ORDER), S(ACK)},
		.told = TOLD "2>3\n",
		.counted = "unmatched 1 lost 1 found 1 skipped 2",
		.kind_at_end = PROTOCOL_FIX,
	},
	{
		.name = "not sure yet",
		.kind = PROTOCOL_AUTO,
		.lines = {C("8=FIX.4.4\0019=25\001"), S("8=F")},
		.told = "",
	},
	{
		.name = "joined in the midst of a message",
		.kind = PROTOCOL_AUTO,
		.is_joined = true,
		.lines = {C("A\00155=X\00110=000\001"), S("8=\001"), C(ORDER), S(ACK)},
		.told = TOLD "2>3\n",
		.counted = "skipped 17",
		.kind_at_end = PROTOCOL_FIX,
	},
	{
		.name = "joined, and the one side tells what the other has begun to say",
		.kind = PROTOCOL_AUTO,
		.is_joined = true,
		.lines = {S("8=FI"), C(ORDER), S("X.4.4\0019=5\00135=0\00110=163\001"), S(ACK)},
		.told = TOLD "1>3\n",
		.kind_at_end = PROTOCOL_FIX,
	},
	{
		.name = "the beginning was not captured",
		.kind = PROTOCOL_AUTO,
		.lines = {C_CUT("8=FIX", 20), S(ACK), C(ORDER), S(ACK)},
		.told = TOLD "2>3\n",
		.counted = "unmatched 1 lost 1 found 1 skipped 25",
		.kind_at_end = PROTOCOL_FIX,
	},
	{
		.name = "an upgrade",
		.kind = PROTOCOL_AUTO,
		.lines = {C("GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: "
			    "websocket\r\n\r\n"),
			  S("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
			    "Upgrade: websocket\r\n\r\n")},
		.told = "GET /ws 101 0>1\n",
		.kind_at_end = PROTOCOL_WEBSOCKET,
	},
};

static void test_auto(void **state)
{
	(void)state;
	check_conversations(ROWS(auto_rows));
}

static void ignore(const struct protocol_exchange *exchange, void *context)
{
	(void)exchange;
	(void)context;
}

/* Feeds bytes that are no message's beginning, and says what it is taken for then. */
static enum protocol_kind feed_nothing(struct protocol *p, enum protocol_side side, size_t bytes)
{
	uint8_t *nothing = test_calloc(bytes, 1);

	protocol_feed(p, side, nothing, bytes, bytes);
	test_free(nothing);
	return protocol_kind(p);
}

/* Not what was said: it falls back, and nothing more is told. */
static void test_wrong_protocol(void **state)
{
	struct protocol *p = protocol_new(PROTOCOL_FIX, true, ignore, NULL);

	(void)state;
	assert_int_equal(feed_nothing(p, PROTOCOL_CLIENT, 4096), PROTOCOL_FIX);
	assert_int_equal(feed_nothing(p, PROTOCOL_CLIENT, 1), PROTOCOL_NONE);
	assert_int_equal(protocol_counts(p)->skipped_bytes, 4097);
	protocol_feed(p, PROTOCOL_CLIENT, ORDER, sizeof(ORDER) - 1, sizeof(ORDER) - 1);
	protocol_lose(p, PROTOCOL_SERVER, 77);
	protocol_end(p);
	assert_int_equal(protocol_counts(p)->requests, 0);
	assert_int_equal(protocol_memory_bytes(p) < 4096, 1);
	protocol_free(p);

	/* What was right once stays. */
	p = protocol_new(PROTOCOL_FIX, true, ignore, NULL);
	protocol_feed(p, PROTOCOL_CLIENT, ORDER, sizeof(ORDER) - 1, sizeof(ORDER) - 1);
	assert_int_equal(feed_nothing(p, PROTOCOL_CLIENT, 3U << 20), PROTOCOL_FIX);
	/* Each side has to show it. */
	assert_int_equal(protocol_counts(p)->unanswered, 0);
	assert_int_equal(feed_nothing(p, PROTOCOL_SERVER, 4097), PROTOCOL_NONE);
	assert_int_equal(protocol_counts(p)->unanswered, 1);
	protocol_free(p);

	/* In the midst of something large the search is longer, */
	p = protocol_new(PROTOCOL_FIX, false, ignore, NULL);
	assert_int_equal(feed_nothing(p, PROTOCOL_CLIENT, 1U << 19), PROTOCOL_FIX);
	assert_int_equal(feed_nothing(p, PROTOCOL_SERVER, 1U << 19), PROTOCOL_FIX);
	assert_int_equal(feed_nothing(p, PROTOCOL_SERVER, 1), PROTOCOL_NONE);
	protocol_free(p);

	/* and does not end where the other side is understood. */
	p = protocol_new(PROTOCOL_FIX, false, ignore, NULL);
	protocol_feed(p, PROTOCOL_CLIENT, ORDER, sizeof(ORDER) - 1, sizeof(ORDER) - 1);
	assert_int_equal(feed_nothing(p, PROTOCOL_SERVER, 3U << 20), PROTOCOL_FIX);
	protocol_free(p);

	/* What was not captured says nothing. */
	p = protocol_new(PROTOCOL_FIX, true, ignore, NULL);
	protocol_feed(p, PROTOCOL_CLIENT, "8=F", 3, 5U << 20);
	assert_int_equal(feed_nothing(p, PROTOCOL_CLIENT, 4097), PROTOCOL_FIX);
	protocol_free(p);

	p = protocol_new(PROTOCOL_FIX, true, ignore, NULL);
	protocol_lose(p, PROTOCOL_CLIENT, 5);
	assert_int_equal(feed_nothing(p, PROTOCOL_CLIENT, 4097), PROTOCOL_FIX);
	protocol_free(p);

	p = protocol_new(PROTOCOL_AUTO, false, ignore, NULL);
	assert_int_equal(feed_nothing(p, PROTOCOL_CLIENT, 1U << 20), PROTOCOL_AUTO);
	assert_int_equal(feed_nothing(p, PROTOCOL_SERVER, 1), PROTOCOL_NONE);
	protocol_free(p);
	protocol_free(NULL);
}

static void keep(const struct protocol_exchange *exchange, void *context)
{
	*(struct protocol_exchange *)context = *exchange;
}

/* Bytes are missing: positions go on where the caller says, and nothing waits in order any more. */
static void test_lose(void **state)
{
	struct protocol_exchange told = {0};
	struct protocol *p = protocol_new(PROTOCOL_REDIS, true, keep, &told);
	const struct protocol_counts *counts = protocol_counts(p);

	(void)state;
	protocol_feed(p, PROTOCOL_CLIENT, PING PING, 28, 28);
	protocol_feed(p, PROTOCOL_SERVER, "+PO", 3, 3);
	protocol_lose(p, PROTOCOL_SERVER, 1000);
	assert_int_equal(counts->unanswered, 2);
	assert_int_equal(counts->desynchronised, 1);
	protocol_feed(p, PROTOCOL_SERVER, "NG\r\n+PONG\r\n", 11, 11);
	assert_int_equal(counts->resynchronised, 1);
	assert_int_equal(counts->unmatched_responses, 1);
	assert_int_equal(counts->skipped_bytes, 4);
	protocol_feed(p, PROTOCOL_CLIENT, PING, 14, 14);
	assert_int_equal(counts->answered, 0);
	protocol_feed(p, PROTOCOL_SERVER, "+PONG\r\n", 7, 7);
	assert_int_equal(counts->answered, 1);
	assert_int_equal(told.request_begin, 28);
	assert_int_equal(told.request_end, 42);
	assert_int_equal(told.response_begin, 1011);
	assert_int_equal(told.response_end, 1018);
	protocol_lose(p, PROTOCOL_CLIENT, 5ULL << 40);
	protocol_feed(p, PROTOCOL_CLIENT, "*1\r\n$4\r", 7, 7);
	protocol_lose(p, PROTOCOL_CLIENT, 6ULL << 40);
	protocol_feed(p, PROTOCOL_CLIENT, "\nPING\r\n", 7, 7);
	assert_int_equal(counts->desynchronised, 2);
	assert_int_equal(counts->resynchronised, 1);
	assert_int_equal(counts->requests, 3);
	protocol_free(p);

	p = protocol_new(PROTOCOL_AUTO, true, keep, &told);
	protocol_feed(p, PROTOCOL_CLIENT, "*1\r\n$4\r", 7, 7);
	protocol_lose(p, PROTOCOL_CLIENT, 50);
	protocol_feed(p, PROTOCOL_CLIENT, "\nPING\r\n", 7, 7);
	assert_int_equal(protocol_kind(p), PROTOCOL_AUTO);
	protocol_feed(p, PROTOCOL_CLIENT, PING, 14, 14);
	assert_int_equal(protocol_kind(p), PROTOCOL_REDIS);
	assert_int_equal(protocol_counts(p)->desynchronised, 1);
	assert_int_equal(protocol_counts(p)->skipped_bytes, 14);
	protocol_free(p);
}

/* What waits in order is given up as soon as a byte cannot follow. */
static void test_forget(void **state)
{
	struct protocol *p = protocol_new(PROTOCOL_REDIS, true, ignore, NULL);

	(void)state;
	protocol_feed(p, PROTOCOL_CLIENT, PING, 14, 14);
	protocol_feed(p, PROTOCOL_SERVER, "?", 1, 1);
	assert_int_equal(protocol_counts(p)->unanswered, 1);
	protocol_free(p);
}

static const char *const conversation[][2] = {
	{PING PING PING PING, "+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n"},
	{ORDER, ACK},
	{"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n"},
};

/* Whatever allocation fails, all is either told or counted. */
static void test_no_memory(void **state)
{
	static const enum protocol_kind kinds[] = {PROTOCOL_REDIS, PROTOCOL_FIX, PROTOCOL_AUTO};

	(void)state;
	for (int i = 0; i < 3; i++) {
		size_t total = SIZE_MAX;

		for (size_t failing = 0; failing <= total; failing++) {
			struct protocol *p;

			allocation_cnt = 0;
			failing_allocation = failing;
			p = protocol_new(kinds[i], true, ignore, NULL);
			for (int k = 0; p && k < 200; k++)
				protocol_feed(p, PROTOCOL_CLIENT, conversation[i][0],
					      strlen(conversation[i][0]),
					      strlen(conversation[i][0]));
			for (int k = 0; p && k < 200; k++)
				protocol_feed(p, PROTOCOL_SERVER, conversation[i][1],
					      strlen(conversation[i][1]),
					      strlen(conversation[i][1]));
			if (p) {
				const struct protocol_counts *c = protocol_counts(p);

				protocol_end(p);
				assert_int_equal(c->requests, c->answered + c->unanswered);
			} else {
				assert_true(failing < 2);
			}
			if (allocation_cnt <= failing)
				total = failing;
			failing_allocation = SIZE_MAX;
			protocol_free(p);
		}
		assert_true(total > 3);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	       cmocka_unit_test(test_auto),
		cmocka_unit_test(test_wrong_protocol), cmocka_unit_test(test_lose),
		cmocka_unit_test(test_no_memory),      cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

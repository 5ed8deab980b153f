/* SPDX-License-Identifier: Apache-2.0 */
/* What an HTTP head may be, byte by byte; framing that cannot be; paths as labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/http.h"
#include "protocol/route.h"

/* A head that cannot be is refused at the first byte that says so. */
static void test_heads(void **state)
{
	static const struct {
		const char *text;
		int refused_at; /* -1: whole with its last byte */
	} rows[] = {
		{"GET / HTTP/1.1\r\n\r\n", -1},
		{"GET / HTTP/1.0\n\n", -1},
		{"HTTP/1.1 200\r\n\r\n", -1},
		{"HTTP/1.1 200 \r\n\r\n", -1},
		{"HTTP/1.1 200 Na\303\257ve\r\nA:\r\n\r\n", -1},
		{"\026\003\001", 0},
		{" GET", 0},
		{"GET  /", 4},
		{"GET / x HTTP/1.1", 6},
		{"GET /\r\n", 6}, /* HTTP/0.9 */
		{"GET / HTTP/2.0", 11},
		{"PRI * HTTP/2.0", 11},
		{"GET / HTTP/1.10", 14},
		{"GET / HTTP/1.1\rX", 15},
		{"GET / HTTP/1.1\r\nA: b\rc", 21},
		{"GET /\001", 5},
		{"GET / HTTP/1.1\r\n X: 1", 16}, /* folds nothing */
		{"GET / HTTP/1.1\r\nX\r\n\r\n", 20},
		{"GET / HTTP/1.1\r\nX y: 1\r\n\r\n", 25},
		{"GET / HTTP/1.1\r\n: 1\r\nX: 1", 21},
		{"GET / HTTP/1.1\r\nX: \200\177", 20},
		{"ABCDEFGHIJKLMNOPQRSTUVWX /", 26},
		{"ABCDEFGHIJKLMNOPQRSTUVWXY /", 24},
		{"HTTP/1.1 20 OK", 11},
		{"HTTP/1.1 2000", 12},
		{"HTTP/1.1 099 OK\r\n", 16},
		{"HTTP/2 200", 5},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nX", 37},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1,\r\n\r\n", -1},
		{"HTTP/1.1 200 OK\r\nContent-Length: ,1\r\nX", 37},
		{"HTTP/1.1 200 OK\r\nContent-Length:\r\nX", 34},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\nX", 38},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\nX", 38},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\nX", 55},
		{"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_head head = {.is_response = !strncmp(rows[i].text, "HTTP", 4)};
		int bytes = (int)strlen(rows[i].text), at = 0;

		while (at < bytes && http_head_take(&head, (uint8_t)rows[i].text[at]))
			at++;
		if (at != (rows[i].refused_at < 0 ? bytes : rows[i].refused_at) ||
		    http_head_is_whole(&head) != (rows[i].refused_at < 0))
			fail_msg("\"%s\": %d", rows[i].text, at);
	}
}

/* Byte by byte, or in runs as far as there are any. */
static bool take_all(struct http_head *head, const char *text, size_t bytes, bool has_runs)
{
	for (size_t i = 0; i < bytes; i++) {
		if (has_runs)
			i += http_head_take_run(head, (const uint8_t *)text + i, bytes - i);
		if (i < bytes && !http_head_take(head, (uint8_t)text[i]))
			return false;
	}
	return true;
}

/* Of a long head all is read, up to a limit. */
static void test_long_heads(void **state)
{
	static const char begin[] = "GET /a HTTP/1.1\r\nX-Long: ";
	static const char end[] = "\r\nContent-Length: 5\r\n\r\n";
	static const struct {
		size_t head_bytes;
		bool is_whole;
	} rows[] = {{600, true},
		    {100000, true},
		    {HTTP_HEAD_BYTES_MAX, true},
		    {HTTP_HEAD_BYTES_MAX + 1, false}};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		size_t bytes = rows[i / 2].head_bytes;
		struct http_head head = {0};
		char *text = malloc(bytes);

		assert_non_null(text);
		memset(text, 'x', bytes);
		memcpy(text, begin, sizeof(begin) - 1);
		memcpy(text + bytes - (sizeof(end) - 1), end, sizeof(end) - 1);
		assert_int_equal(take_all(&head, text, bytes, i % 2), rows[i / 2].is_whole);
		assert_int_equal(http_head_is_whole(&head), rows[i / 2].is_whole);
		if (rows[i / 2].is_whole)
			assert_int_equal(head.length_bytes, 5);
		free(text);
	}
}

/* A length that is longer than what is kept of a line is none. */
static void test_long_length(void **state)
{
	static const char begin[] = "GET /a HTTP/1.1\r\nContent-Length: ";

	(void)state;
	for (int zero_cnt = 400; zero_cnt <= 600; zero_cnt += 200) {
		struct http_head head = {0};
		bool is_taken = true;

		for (size_t i = 0; i < strlen(begin); i++)
			is_taken &= http_head_take(&head, (uint8_t)begin[i]);
		for (int i = 0; i < zero_cnt; i++)
			is_taken &= http_head_take(&head, '0');
		assert_true(is_taken);
		assert_true(http_head_take(&head, '5'));
		assert_true(http_head_take(&head, '\n'));
		assert_int_equal(http_head_take(&head, '\n'), zero_cnt < HTTP_LINE_BYTES - 20);
	}
}

static void ignore(const struct protocol_exchange *exchange, void *context)
{
	(void)exchange;
	(void)context;
}

static void test_framing_refusals(void **state)
{
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	static const struct {
		const char *body;
		int refused_at; /* in the body; -1: never */
	} rows[] = {
		{"5\r\nhello\r\n0\r\n\r\n", -1},
		{"fffffffffffffff\r\n", -1},
		{"0000000000000005\r\n", 15}, /* beyond 60 bits, were they not zeroes */
		{"\r\n", 1},
		{";x\r\n", 0},
		{"g\r\n", 0},
		{"5 5\r\nhello", -1}, /* as an extension: nobody sends it */
		{"-5\r\n", 0},
		{"5\rx", 2},
		{"5;\001\r\n", 2},
		{"5\r\nhellox", 8},
		{"5\r\nhello\rx", 9},
		{"0\r\nX: \001", 6},
		{"0\r\nX: 1\r\n\rx", 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct protocol *p = protocol_new(PROTOCOL_HTTP, true, ignore, NULL);
		int bytes = (int)strlen(rows[i].body), at = 0;

		assert_non_null(p);
		protocol_feed(p, PROTOCOL_SERVER, CHUNKED, sizeof(CHUNKED) - 1,
			      sizeof(CHUNKED) - 1);
		for (; at < bytes && !protocol_counts(p)->desynchronised; at++)
			protocol_feed(p, PROTOCOL_SERVER, rows[i].body + at, 1, 1);
		if (protocol_counts(p)->desynchronised)
			at--;
		if (at != (rows[i].refused_at < 0 ? bytes : rows[i].refused_at))
			fail_msg("\"%s\": %d", rows[i].body, at);
		protocol_free(p);
	}
#undef CHUNKED
}

static void test_routes(void **state)
{
	static const char *const rows[][2] = {
		{"/", "/"},
		{"", "/"},
		{"/api/v3/order", "/api/v3/order"},
		{"/api/v3/order?symbol=BTCUSDT&signature=0123456789abcdef", "/api/v3/order"},
		{"/api/v3/ticker/24hr", "/api/v3/ticker/24hr"},
		{"/api/v3/order/42", "/api/v3/order/{id}"},
		{"/order/42/fills/", "/order/{id}/fills/"},
		{"/a//b", "/a//b"},
		{"/v1beta1/x#fragment", "/v1beta1/x"},
		{"/order/123e4567-e89b-12d3-a456-426614174000", "/order/{id}"},
		{"/order/deadbeef", "/order/{id}"},
		{"/order/DEADBEEF/x", "/order/{id}/x"},
		{"/order/face", "/order/face"},
		{"/tx/0xab", "/tx/{id}"},
		{"/tx/0x", "/tx/0x"},
		{"/account/So11111111111111111111111111111111111111112", "/account/{id}"},
		{"/key/c2VjcmV0LWtleS1pbi1hLXBhdGg9PQ==", "/key/{id}"},
		{"/getMultipleAccountsInformation", "/getMultipleAccountsInformation"},
		{"/oauth2/token", "/oauth2/token"},
		{"/eth2/level2/p2p", "/eth2/level2/p2p"},
		{"/user/order1234", "/user/{id}"},
		{"/user/ORD-000123", "/user/{id}"},
		{"/user/a1b2c", "/user/{id}"},
		{"/day/2026-01-31", "/day/{id}"},
		{"/price/1.5", "/price/{id}"},
		{"/klines/5m", "/klines/5m"},
		{"/name/J%C3%B6rg", "/name/{id}"},
		{"/name/J\303\266rg", "/name/{id}"},
		{"/name/a\"b\\c", "/name/{id}"},
		{"/cart;jsessionid=A1B2C3D4/items;x", "/cart/items"},
		{"http://host:8080/api/order/7?x", "/api/order/{id}"},
		{"https://host", "/"},
		{"http://host?q", "/"},
		{"wss://host/ws/btcusdt", "/ws/btcusdt"},
		{"host:443", "{authority}"},
		{"*", "*"},
		{"/key/abcdefghijKLMNOPqrst1", "/key/{id}"},
		/* 61 bytes and what says that there is more fit; one more does not. */
		{"/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
		 "/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"},
		{"/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz/b",
		 "/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz/*"},
		{"/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "/*"},
		{"/x/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "/x/*"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char route[PROTOCOL_LABEL_BYTES];

		route_template(rows[i][0], strlen(rows[i][0]), route);
		assert_string_equal(route, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),	    cmocka_unit_test(test_long_heads),
		cmocka_unit_test(test_long_length), cmocka_unit_test(test_framing_refusals),
		cmocka_unit_test(test_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

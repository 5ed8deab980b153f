/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of RESP: what cannot follow is found at the very byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/resp.h"

static void ignore(const struct protocol_exchange *exchange, void *context)
{
	(void)exchange;
	(void)context;
}

static void test_wrong_bytes(void **state)
{
	static const struct {
		enum protocol_side side;
		const char *text;
		size_t right_bytes; /* all of it: nothing is wrong */
	} rows[] = {
		{PROTOCOL_CLIENT, "*1x", 2},
		{PROTOCOL_CLIENT, "*\r", 1},
		{PROTOCOL_CLIENT, "*1\r\r", 3},
		{PROTOCOL_CLIENT, "*1\r\n:", 4},
		{PROTOCOL_CLIENT, "*1\r\n$4\r\nPINGx", 12},
		{PROTOCOL_CLIENT, "*1\r\n$4\r\nPING\rx", 13},
		{PROTOCOL_CLIENT, "*--1", 2},
		{PROTOCOL_CLIENT, "*-2\r\n", 4},
		{PROTOCOL_CLIENT, "*+1", 1},
		{PROTOCOL_CLIENT, "*1\r\n$999999999999999\r\n", 22},
		{PROTOCOL_CLIENT, "*1\r\n$9999999999999999\r\n", 20},
		{PROTOCOL_CLIENT, "\001", 0},
		{PROTOCOL_CLIENT, "get\001", 3},
		{PROTOCOL_CLIENT, "post x\n", 6},
		{PROTOCOL_CLIENT, "Host: x\n", 7},
		{PROTOCOL_SERVER, "x", 0},
		{PROTOCOL_SERVER, "\n", 0},
		{PROTOCOL_SERVER, "+x\n", 2},
		{PROTOCOL_SERVER, "+x\rx", 3},
		{PROTOCOL_SERVER, "$-2\r\n", 4},
		{PROTOCOL_SERVER, "%-1\r\n", 4},
		{PROTOCOL_SERVER, "$?", 1},
		{PROTOCOL_SERVER, "*2\r\n:x", 5},
		{PROTOCOL_SERVER, ":+5\r\n:-18446744073709551615\r\n", 29},
		{PROTOCOL_SERVER, ":123456789012345678901", 21},
		{PROTOCOL_SERVER, "*999999999999\r\n*999999999999\r\n", 29},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct protocol *p = protocol_new(PROTOCOL_REDIS, true, ignore, NULL);
		size_t bytes = strlen(rows[i].text);
		const struct protocol_counts *counts = protocol_counts(p);

		for (size_t k = 0; k < bytes; k++)
			protocol_feed(p, rows[i].side, rows[i].text + k, 1, 1);
		if (counts->desynchronised != (rows[i].right_bytes < bytes) ||
		    counts->skipped_bytes > bytes - rows[i].right_bytes)
			fail_msg("row %zu: lost %d, skipped %d", i, (int)counts->desynchronised,
				 (int)counts->skipped_bytes);
		protocol_lose(p, rows[i].side, bytes);
		if (counts->skipped_bytes != bytes - rows[i].right_bytes)
			fail_msg("row %zu: skipped %d", i, (int)counts->skipped_bytes);
		protocol_free(p);
	}
}

/* Lines end somewhere. */
static void test_long_lines(void **state)
{
	static const struct {
		enum protocol_side side;
		char first;
	} rows[] = {{PROTOCOL_CLIENT, 'x'}, {PROTOCOL_SERVER, '+'}};
	uint8_t *line = test_malloc(1U << 16);

	(void)state;
	memset(line, 'x', 1U << 16);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct protocol *p = protocol_new(PROTOCOL_REDIS, true, ignore, NULL);
		size_t left = rows[i].side == PROTOCOL_SERVER;

		line[0] = (uint8_t)rows[i].first;
		protocol_feed(p, rows[i].side, line, 1U << 16, 1U << 16);
		if (left)
			protocol_feed(p, rows[i].side, "x", 1, 1);
		assert_int_equal(protocol_counts(p)->desynchronised, 0);
		protocol_feed(p, rows[i].side, "x", 1, 1);
		assert_int_equal(protocol_counts(p)->desynchronised, 1);
		protocol_free(p);
	}
	test_free(line);
}

/* Where a lost stream goes on. */
static void test_beginnings(void **state)
{
	static const struct { /* NOLINT: in the order in which rows read */
		enum protocol_side side;
		const char *text;
		enum beginning beginning; /* of all of it; of less MAYBE or the same */
	} rows[] = {
		{PROTOCOL_CLIENT, "*1\r\n$4\r\nPING\r", BEGINNING_YES},
		{PROTOCOL_CLIENT, "*12\r\n$6\r\nAz9_.-\r", BEGINNING_YES},
		{PROTOCOL_CLIENT, "*1\r\n$32\r\nABCDEFGHIJKLMNOPQRSTUVWXYZ012345\r", BEGINNING_YES},
		{PROTOCOL_CLIENT, "*1\r\n$33\r\n", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*1\r\n$4\r\nPI ", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*1\r\n$4\r\nPINGx", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*1\rx", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*\r", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*0\r\n", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*1\r\n$0\r\n", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*1\r\n+", BEGINNING_NO},
		{PROTOCOL_CLIENT, "*1234567890123456", BEGINNING_NO},
		{PROTOCOL_CLIENT, "P", BEGINNING_NO},
		{PROTOCOL_SERVER, "+ OK~\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, "-ERR x\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, ":-1\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, "$-1\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, "_\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, "#t\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, ",1.5\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, ">2\r\n", BEGINNING_YES},
		{PROTOCOL_SERVER, "+\r\n", BEGINNING_NO},
		{PROTOCOL_SERVER, "+x\n", BEGINNING_NO},
		{PROTOCOL_SERVER, "+x\rx", BEGINNING_NO},
		{PROTOCOL_SERVER, "+\037", BEGINNING_NO},
		{PROTOCOL_SERVER, "+\177", BEGINNING_NO},
		{PROTOCOL_SERVER, ":1x", BEGINNING_NO},
		{PROTOCOL_SERVER, "_x", BEGINNING_NO},
		{PROTOCOL_SERVER, "#x", BEGINNING_NO},
		{PROTOCOL_SERVER, "x", BEGINNING_NO},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct piece piece = {.side = rows[i].side, .data = (const uint8_t *)rows[i].text};
		size_t bytes = strlen(rows[i].text);

		for (piece.total = 1; piece.total <= bytes; piece.total++) {
			enum beginning beginning, expected;

			piece.captured = piece.total;
			beginning = resp_begins(&piece);
			expected = piece.total < bytes ? BEGINNING_MAYBE : rows[i].beginning;
			if (beginning != expected)
				fail_msg("row %zu, %zu bytes: %d", i, piece.total, (int)beginning);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_bytes),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_beginnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

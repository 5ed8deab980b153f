/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of RESP: what cannot follow is found at the very byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/protocol.h"

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

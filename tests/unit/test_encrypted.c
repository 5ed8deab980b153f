/* SPDX-License-Identifier: Apache-2.0 */
/* TLS is told from what was said, and from plain text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

#define PING   "*1\r\n$4\r\nPING\r\n"
#define HELLO  "\026\003\001\000\003\001\000\000"
#define RECORD "\027\003\003\000\004\000\000\000\000"

static const struct conversation encrypted_rows[] = {
	{
		.name = "TLS from its first byte on, instead of what was said",
		.kind = PROTOCOL_REDIS,
		.lines = {C(HELLO), S(HELLO), C(RECORD), S(RECORD), C(PING)},
		.told = "",
		.kind_at_end = PROTOCOL_ENCRYPTED,
	},
	{
		.name = "TLS, found out",
		.kind = PROTOCOL_AUTO,
		.lines = {C(HELLO), S(HELLO)},
		.told = "",
		.kind_at_end = PROTOCOL_ENCRYPTED,
	},
	{
		.name = "the largest record, and one that is cut",
		.kind = PROTOCOL_FIX,
		.lines = {C_CUT("\026\003\004\110\000", 18432), S_CUT(HELLO, 100)},
		.told = "",
		.kind_at_end = PROTOCOL_ENCRYPTED,
	},
	{
		.name = "a header that is none: its length",
		.kind = PROTOCOL_REDIS,
		.lines = {S("\026\003\001\110\001"), C(PING), S("+PONG\r\n"), C(PING),
			  S("+PONG\r\n")},
		.told = "PING - ok 3>4\n",
		.counted = "unanswered 1 unmatched 1 lost 1 found 1 skipped 5",
	},
	{
		.name = "an empty record, too",
		.kind = PROTOCOL_REDIS,
		.lines = {C("\026\003\001\000\000" PING)},
		.told = "",
		.counted = "unanswered 1 lost 1 found 1 skipped 5",
	},
	{
		.name = "joined midway: four records in a row tell",
		.kind = PROTOCOL_REDIS,
		.is_joined = true,
		.lines = {C("abc" RECORD), C(RECORD RECORD), C(RECORD)},
		.told = "",
		.counted = "skipped 34",
		.kind_at_end = PROTOCOL_ENCRYPTED,
	},
	{
		.name = "joined midway: what is inside need not be seen",
		.kind = PROTOCOL_AUTO,
		.is_joined = true,
		.lines = {S_CUT("\027\003\003\001\000", 256), S_CUT("\027\003\003\001\000", 256),
			  S_CUT("\027\003\003\001\000ab", 254), S("\025\003\003\000\002")},
		.told = "",
		.counted = "skipped 787",
		.kind_at_end = PROTOCOL_ENCRYPTED,
	},
	{
		.name = "joined midway: three records and a gap do not",
		.kind = PROTOCOL_REDIS,
		.is_joined = true,
		.lines = {C(RECORD RECORD RECORD "x" RECORD), C(PING), S("+PONG\r\n"), C(PING),
			  S("+PONG\r\n")},
		.told = "PING - ok 3>4\n",
		.counted = "unanswered 1 unmatched 1 skipped 37",
	},
	{
		.name = "plain text first, as where TLS is asked for",
		.kind = PROTOCOL_REDIS,
		.lines = {C(PING), S("+PONG\r\n"), C(HELLO RECORD RECORD RECORD)},
		.told = "PING - ok 0>1\n",
		.counted = "lost 1 skipped 30",
		.kind_at_end = PROTOCOL_ENCRYPTED,
	},
};

static void test_encrypted(void **state)
{
	(void)state;
	check_conversations(encrypted_rows, sizeof(encrypted_rows) / sizeof(encrypted_rows[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encrypted),
	};

	return cmocka_run_group_tests_name("encrypted", tests, NULL, NULL);
}

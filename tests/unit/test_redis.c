/* SPDX-License-Identifier: Apache-2.0 */
/* Redis: commands and replies through pipelines, what has no reply, what was lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conversation.h"

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

#define PING "*1\r\n$4\r\nPING\r\n"
#define GET  "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"

static void test_replies(void **state)
{
	static const struct conversation rows[] = {
		{
			.name = "each type of RESP2",
			.kind = PROTOCOL_REDIS,
			.lines = {C(PING), S("+PONG\r\n"),
				  C("*3\r\n$3\r\nset\r\n$1\r\nk\r\n$2\r\n\r\n\r\n"),
				  S("-ERR no\r\n"), C("*2\r\n$4\r\nIncr\r\n$1\r\nk\r\n"),
				  S(":-42\r\n"), C(GET), S("$6\r\n+a\r\n:1\r\n"), C(GET),
				  S("$-1\r\n"), C("*2\r\n$4\r\nMGET\r\n$1\r\nk\r\n"),
				  S("*3\r\n$1\r\nv\r\n$-1\r\n*2\r\n:-1\r\n*0\r\n"), C(GET),
				  S("*-1\r\n")},
			.told = "PING - ok 0>1\nSET - error! 2>3\nINCR - ok 4>5\nGET - ok 6>7\n"
				"GET - ok 8>9\nMGET - ok 10>11\nGET - ok 12>13\n",
		},
		{
			.name = "commands in one line",
			.kind = PROTOCOL_REDIS,
			.lines = {C("PING\r\n"), S("+PONG\r\n"), C("  set  k \"a b\"\n"),
				  S("+OK\r\n"), C(GET), S("$-1\r\n")},
			.told = "PING - ok 0>1\nSET - ok 2>3\nGET - ok 4>5\n",
		},
		{
			.name = "each type of RESP3",
			.kind = PROTOCOL_REDIS,
			.lines = {C("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"),
				  S("%2\r\n$5\r\nproto\r\n:3\r\n+x\r\n~2\r\n#t\r\n_\r\n"), C(GET),
				  S(",3.14\r\n"), C(GET), S("(3492890328409238509324850943\r\n"),
				  C(GET), S("=7\r\ntxt:abc\r\n"), C(GET), S("!5\r\nERR x\r\n"),
				  C(GET),
				  S("|1\r\n+key\r\n*2\r\n:1\r\n:2\r\n*2\r\n|1\r\n+a\r\n+b\r\n:"
				    "1\r\n_\r\n"),
				  C(PING), S("|1\r\n+key\r\n-x\r\n-ERR\r\n")},
			.told = "HELLO - ok 0>1\nGET - ok 2>3\nGET - ok 4>5\nGET - ok 6>7\n"
				"GET - error! 8>9\nGET - ok 10>11\nPING - error! 12>13\n",
		},
		{
			.name = "a pipeline",
			.kind = PROTOCOL_REDIS,
			.lines = {C(PING), C(GET), C(PING), S("+PONG\r\n"), C(GET),
				  S("$1\r\nv\r\n"), S("+PONG\r\n"), S("$-1\r\n")},
			.told = "PING - ok 0>3\nGET - ok 1>5\nPING - ok 2>6\nGET - ok 4>7\n",
		},
		{
			.name = "a transaction",
			.kind = PROTOCOL_REDIS,
			.lines = {C("*1\r\n$5\r\nMULTI\r\n"), C(GET), C(PING),
				  C("*1\r\n$4\r\nEXEC\r\n"), S("+OK\r\n"), S("+QUEUED\r\n"),
				  S("+QUEUED\r\n"), S("*2\r\n-WRONGTYPE\r\n+PONG\r\n"), C(PING),
				  S("+PONG\r\n")},
			.told = "MULTI - ok 0>4\nGET - ok 1>5\nPING - ok 2>6\nEXEC - ok 3>7\n"
				"PING - ok 8>9\n",
		},
	};

	(void)state;
	check_conversations(ROWS(rows));
}

static void test_commands(void **state)
{
	static const struct conversation rows[] = {
		{
			.name = "names",
			.kind = PROTOCOL_REDIS,
			.lines = {C("*3\r\n$6\r\nclient\r\n$7\r\nSETNAME\r\n$1\r\nx\r\n"),
				  S("+OK\r\n"), C("*1\r\n$9\r\nft.search\r\n"), S("*0\r\n"),
				  C("*1\r\n$3\r\na b\r\n"), S("-ERR\r\n"), C("*1\r\n$0\r\n\r\n"),
				  S("-ERR\r\n"),
				  C("*1\r\n$32\r\nABCDEFGHIJKLMNOPQRSTUVWXYZ012345\r\n"),
				  S("-ERR\r\n"),
				  C("*1\r\n$33\r\nABCDEFGHIJKLMNOPQRSTUVWXYZ0123456\r\n"),
				  S("-ERR\r\n"), C("*1\r\n$5\r\n\303\251\001\r\n\r\n"),
				  S("-ERR\r\n")},
			.told = "CLIENT - ok 0>1\nFT.SEARCH - ok 2>3\nOTHER - error! 4>5\n"
				"OTHER - error! 6>7\nABCDEFGHIJKLMNOPQRSTUVWXYZ012345 - error! "
				"8>9\n"
				"OTHER - error! 10>11\nOTHER - error! 12>13\n",
		},
		{
			.name = "commands in one line",
			.kind = PROTOCOL_REDIS,
			.lines = {C("ping\r\n"), S("+PONG\r\n"), C("  GET\tk \n"), S("$-1\r\n"),
				  C("\r\n\n"), C("quit\n"), S("+OK\r\n")},
			.told = "PING - ok 0>1\nGET - ok 2>3\nQUIT - ok 5>6\n",
		},
		{
			.name = "nothing asked",
			.kind = PROTOCOL_REDIS,
			.lines = {C("*0\r\n*-1\r\n"), C(PING), S("+PONG\r\n")},
			.told = "PING - ok 1>2\n",
		},
		{
			.name = "values that were cut",
			.kind = PROTOCOL_REDIS,
			.lines = {C_CUT("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\nabc", 99),
				  S("+OK\r\n"), C(GET), S_CUT("$100\r\n", 102),
				  C_CUT("*1\r\n$4\r\nPI", 4), S("+PONG\r\n"), C(PING),
				  S("+PONG\r\n")},
			.told = "SET - ok 0>1\nGET - ok 2>3\nOTHER - ok 4>5\nPING - ok 6>7\n",
		},
	};

	(void)state;
	check_conversations(ROWS(rows));
}

static void test_without_reply(void **state)
{
	static const struct conversation rows[] = {
		{
			.name = "replies switched off and on",
			.kind = PROTOCOL_REDIS,
			.lines = {C("*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n"), C(GET),
				  C(PING), C("*3\r\n$6\r\nclient\r\n$5\r\nreply\r\n$2\r\non\r\n"),
				  S("+OK\r\n"), C(GET), S("$-1\r\n")},
			.told = "CLIENT - ok 3>4\nGET - ok 5>6\n",
		},
		{
			.name = "one reply skipped",
			.kind = PROTOCOL_REDIS,
			.lines = {C("client reply skip\n"), C(GET), C(PING), S("+PONG\r\n")},
			.told = "PING - ok 2>3\n",
		},
		{
			.name = "a second skip extends the first",
			.kind = PROTOCOL_REDIS,
			.lines = {C("client reply skip\n"), C("client reply skip\n"), C(GET),
				  C(PING), S("+PONG\r\n")},
			.told = "PING - ok 3>4\n",
		},
		{
			.name = "RESET ends off",
			.kind = PROTOCOL_REDIS,
			.lines = {C("client reply off\n"), C("reset\n"), S("+RESET\r\n"), C(PING),
				  S("+PONG\r\n")},
			.told = "RESET - ok 1>2\nPING - ok 3>4\n",
		},
		{
			.name = "replication is no RESP",
			.kind = PROTOCOL_REDIS,
			.lines = {C("*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n"),
				  S("+FULLRESYNC x 0\r\n$5\r\nREDIS\r\n")},
			.told = "",
			.counted = "unanswered 1",
			.kind_at_end = PROTOCOL_END,
		},
	};

	(void)state;
	check_conversations(ROWS(rows));
}

/* 64 bytes. */
#define LONG "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/="

static const struct conversation losses_rows[] = {
	{
		.name = "joined between two rounds",
		.kind = PROTOCOL_REDIS,
		.is_joined = true,
		.lines = {C(GET), S("$-1\r\n"), C(GET), S("$-1\r\n"), C(PING), S("+PONG\r\n")},
		.told = "GET - ok 2>3\nPING - ok 4>5\n",
		.counted = "unanswered 1 unmatched 1",
	},
	{
		.name = "joined in a pipeline: what was asked before is answered first",
		.kind = PROTOCOL_REDIS,
		.is_joined = true,
		.lines = {C("xyz\r\n"), C(GET), C(GET), S("+PONG\r\n"), S("+PONG\r\n"),
			  S("$1\r\nv\r\n"), S("$1\r\nv\r\n"), C(PING), C(GET), S("+PONG\r\n"),
			  S("$-1\r\n")},
		.told = "PING - ok 7>9\nGET - ok 8>10\n",
		.counted = "unanswered 2 unmatched 4 skipped 5",
	},
	{
		.name = "the replies are lost: the next round is in step again",
		.kind = PROTOCOL_REDIS,
		.lines = {C(GET), S("?!\r\n$1\r\nv\r\n"), C(PING), S("+PONG\r\n"), C(GET),
			  S("$-1\r\n")},
		.told = "PING - ok 2>3\nGET - ok 4>5\n",
		.counted = "unanswered 1 unmatched 1 lost 1 found 1 skipped 4",
	},
	{
		.name = "the replies of several rounds are lost",
		.kind = PROTOCOL_REDIS,
		.lines = {C(GET), S("?"), C(GET), S("?"), C(GET), C(GET), S("?+OK\r\n"), C(PING),
			  S("+PONG\r\n")},
		.told = "PING - ok 7>8\n",
		.counted = "unanswered 4 unmatched 1 lost 1 found 1 skipped 3",
	},
	{
		.name = "found, but wrong behind its beginning, and lost again",
		.kind = PROTOCOL_REDIS,
		.lines = {C(GET), S("?%-1\r\n+OK\r\n"), C(PING), S("+PONG\r\n"), C(PING), S("?"),
			  S("?+PONG\r\n"), C(PING), S("+PONG\r\n")},
		.told = "PING - ok 2>3\nPING - ok 7>8\n",
		.counted = "unanswered 2 unmatched 2 lost 3 found 3 skipped 4",
	},
	{
		.name = "a beginning, and unknown bytes",
		.kind = PROTOCOL_REDIS,
		.lines = {C(GET), S_CUT("?+PO", 4), S("NG\r\n+PONG\r\n"), C(PING), S("+PONG\r\n")},
		.told = "PING - ok 3>4\n",
		.counted = "unanswered 1 unmatched 1 lost 1 found 1 skipped 12",
	},
	{
		.name = "too long to be looked at",
		.kind = PROTOCOL_REDIS,
		.lines = {C(GET),
			  S("?+" LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG
				    LONG LONG LONG LONG "\r\n+PONG\r\n"),
			  C(PING), S("+PONG\r\n")},
		.told = "PING - ok 2>3\n",
		.counted = "unanswered 1 unmatched 1 lost 1 found 1 skipped 1092",
	},
	{
		.name = "the length was not captured",
		.kind = PROTOCOL_REDIS,
		.lines = {C(GET), S_CUT("$1", 6), C(GET), S("$1\r\nv\r\n"), C(PING),
			  S("+PONG\r\n")},
		.told = "PING - ok 4>5\n",
		.counted = "unanswered 2 unmatched 1 lost 1 found 1 skipped 6",
	},
	{
		.name = "nothing wrong is taken for a beginning",
		.kind = PROTOCOL_REDIS,
		.lines = {C(PING), S("+PONG\r\n"), C("*1\r\n+PING\r\n"), C("*1x\r\n"),
			  C("*1\r\n$4\r\nPINGxx"), C("*1\r\n$-5\r\n"), C("*+1\r\n"), C("\001\r\n"),
			  C("*1\r\n$9999999999999999\r\n"), C(PING), S("+PONG\r\n"), C(PING),
			  S("+PONG\r\n")},
		.told = "PING - ok 0>1\nPING - ok 11>12\n",
		.counted = "unanswered 1 unmatched 1 lost 1 found 1 skipped 66",
	},
	{
		.name = "HTTP to a Redis",
		.kind = PROTOCOL_REDIS,
		.lines = {C("POST / HTTP/1.1\r\n"), C("Host: x\r\n\r\n"), C(PING), S("+PONG\r\n"),
			  C(PING), S("+PONG\r\n")},
		.told = "PING - ok 4>5\n",
		.counted = "unanswered 1 unmatched 1 lost 1 found 1 skipped 12",
	},
};

static void test_losses(void **state)
{
	(void)state;
	check_conversations(ROWS(losses_rows));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_without_reply),
		cmocka_unit_test(test_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

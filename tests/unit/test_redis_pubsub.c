/* SPDX-License-Identifier: Apache-2.0 */
/* Redis: subscriptions, whose confirmations answer and whose messages nobody asked for. */
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

#define MESSAGE			   "$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"
#define SUBSCRIBED(channel, cnt)   "$9\r\nsubscribe\r\n$1\r\n" channel "\r\n:" cnt "\r\n"
#define UNSUBSCRIBED(channel, cnt) "$11\r\nunsubscribe\r\n" channel "\r\n:" cnt "\r\n"

static const struct conversation subscriptions_rows[] = {
	{
		.name = "RESP2",
		.kind = PROTOCOL_REDIS,
		.lines = {C("subscribe a b\n"), S("*3\r\n" SUBSCRIBED("a", "1")),
			  S("*3\r\n" MESSAGE), S("*3\r\n" SUBSCRIBED("b", "2")),
			  C("*1\r\n$4\r\nping\r\n"), S("*3\r\n" MESSAGE),
			  S("*2\r\n$4\r\npong\r\n$0\r\n\r\n"), C("unsubscribe\n"),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\na", "1")),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\nb", "0")), C(GET), S("*3\r\n" MESSAGE)},
		.told = "SUBSCRIBE - ok 0>1\npush MESSAGE 2\npush MESSAGE 5\nPING - ok "
			"4>6\n"
			"UNSUBSCRIBE - ok 7>8\nGET - ok 10>11\n",
	},
	{
		.name = "RESP3",
		.kind = PROTOCOL_REDIS,
		.lines = {C("subscribe a b\n"), C(GET), S(">3\r\n" SUBSCRIBED("a", "1")),
			  S(">3\r\n" SUBSCRIBED("b", "2")), S(">3\r\n" MESSAGE),
			  S("*3\r\n" MESSAGE), S(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"),
			  C("unsubscribe a b\n"), C(PING), S(">3\r\n" UNSUBSCRIBED("$1\r\na", "1")),
			  S(">3\r\n" UNSUBSCRIBED("$1\r\nb", "0")), S("+PONG\r\n")},
		.told = "SUBSCRIBE - ok 0>2\npush MESSAGE 4\nGET - ok 1>5\n"
			"push INVALIDATE 6\nUNSUBSCRIBE - ok 7>9\nPING - ok 8>11\n",
	},
	{
		.name = "nothing to unsubscribe from",
		.kind = PROTOCOL_REDIS,
		.lines = {C("unsubscribe\n"), C(PING), S("*3\r\n" UNSUBSCRIBED("$-1", "0")),
			  S("+PONG\r\n")},
		.told = "UNSUBSCRIBE - ok 0>2\nPING - ok 1>3\n",
	},
	{
		.name = "one and all of several channels",
		.kind = PROTOCOL_REDIS,
		.lines = {C("subscribe a\nsubscribe b c\nunsubscribe a\nunsubscribe\n"),
			  S("*3\r\n" SUBSCRIBED("a", "1") "*3\r\n" SUBSCRIBED("b", "2")),
			  S("*3\r\n" SUBSCRIBED("c", "3")),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\na", "2")),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\nb", "1")),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\nc", "0")), C("unsubscribe d\n"),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\nd", "0")), C(PING), S("+PONG\r\n")},
		.told = "SUBSCRIBE - ok 0..@12>1..@30\nSUBSCRIBE - ok @12..@26>@30..1\n"
			"UNSUBSCRIBE - ok @26..@40>3\nUNSUBSCRIBE - ok @40..0>4\n"
			"UNSUBSCRIBE - ok 6>7\nPING - ok 8>9\n",
	},
	{
		.name = "lost while confirmations were to follow",
		.kind = PROTOCOL_REDIS,
		.lines = {C("subscribe a b\n"), S("*3\r\n" SUBSCRIBED("a", "1")),
			  S("*3\r\n" SUBSCRIBED("b", "2")), C("unsubscribe\n"),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\na", "1")), S("?"), C(PING), S("+PONG\r\n"),
			  C("unsubscribe b\n"), S("*3\r\n" UNSUBSCRIBED("$1\r\nb", "0"))},
		.told = "SUBSCRIBE - ok 0>1\nUNSUBSCRIBE - ok 3>4\nUNSUBSCRIBE - ok 8>9\n",
		.counted = "unanswered 1 unmatched 1 lost 1 found 1 skipped 1",
	},
	{
		.name = "all channels, then all patterns",
		.kind = PROTOCOL_REDIS,
		.lines = {C("subscribe a b\npsubscribe p\n"), S("*3\r\n" SUBSCRIBED("a", "1")),
			  S("*3\r\n" SUBSCRIBED("b", "2")),
			  S("*3\r\n$10\r\npsubscribe\r\n$1\r\np\r\n:3\r\n"),
			  C("unsubscribe\npunsubscribe\nunsubscribe\n"),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\na", "2")),
			  S("*3\r\n" UNSUBSCRIBED("$1\r\nb", "1")),
			  S("*3\r\n$12\r\npunsubscribe\r\n$1\r\np\r\n:0\r\n"),
			  S("*3\r\n" UNSUBSCRIBED("$-1", "0")), C(PING), S("+PONG\r\n")},
		.told = "SUBSCRIBE - ok 0..@14>1\nPSUBSCRIBE - ok @14..0>3\n"
			"UNSUBSCRIBE - ok 4..@39>5\nPUNSUBSCRIBE - ok @39..@52>7\n"
			"UNSUBSCRIBE - ok @52..4>8\nPING - ok 9>10\n",
	},
	{
		.name = "refused: one error for all channels",
		.kind = PROTOCOL_REDIS,
		.lines = {C("subscribe a b c\n"), C(PING), S("-NOPERM\r\n"), S("+PONG\r\n"),
			  C("subscribe\n"), S("-ERR\r\n"), C("subscribe a b\n"),
			  S("*3\r\n" SUBSCRIBED("a", "1")), S("*3\r\n" SUBSCRIBED("b", "2")),
			  C("unsubscribe a\n"), S("*3\r\n" UNSUBSCRIBED("$1\r\na", "1")),
			  C("unsubscribe b\n"), S("*3\r\n" UNSUBSCRIBED("$1\r\nb", "0"))},
		.told = "SUBSCRIBE - error! 0>2\nPING - ok 1>3\nSUBSCRIBE - error! 4>5\n"
			"SUBSCRIBE - ok 6>7\nUNSUBSCRIBE - ok 9>10\nUNSUBSCRIBE - ok 11>12\n",
	},
	{
		.name = "RESET ends what was begun",
		.kind = PROTOCOL_REDIS,
		.lines = {C("multi\nmonitor\n"), S("+OK\r\n"), S("+QUEUED\r\n"), C("subscribe a\n"),
			  S("*3\r\n" SUBSCRIBED("a", "1")), C("reset\n"), S("+RESET\r\n"),
			  S("+x\r\n"), C(GET), S("*3\r\n" MESSAGE), C("subscribe a b\n"),
			  S("*3\r\n" SUBSCRIBED("a", "1")), S("*3\r\n" SUBSCRIBED("b", "2")),
			  C(PING), S("+PONG\r\n")},
		.told = "MULTI - ok 0..@6>1\nMONITOR - ok @6..0>2\nSUBSCRIBE - ok 3>4\n"
			"RESET - ok 5>6\nGET - ok 8>9\nSUBSCRIBE - ok 10>11\nPING - ok 13>14\n",
		.counted = "unmatched 1",
	},
	{
		.name = "EXEC ends a transaction",
		.kind = PROTOCOL_REDIS,
		.lines = {C("multi\nexec\n"), S("+OK\r\n"), S("*0\r\n"), C("subscribe a b\n"),
			  S(">3\r\n+subscribe\r\n+a\r\n:1\r\n"),
			  S(">3\r\n+subscribe\r\n+b\r\n:2\r\n"), C(PING), S("+PONG\r\n")},
		.told = "MULTI - ok 0..@6>1\nEXEC - ok @6..0>2\nSUBSCRIBE - ok 3>4\nPING - ok "
			"6>7\n",
	},
	{
		.name = "a cluster takes a shard's channel away",
		.kind = PROTOCOL_REDIS,
		.lines = {C("ssubscribe a\n"), S("*3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:1\r\n"),
			  C(PING), S("*3\r\n$12\r\nsunsubscribe\r\n$1\r\na\r\n:0\r\n"),
			  S("*2\r\n$4\r\npong\r\n$0\r\n\r\n")},
		.told = "SSUBSCRIBE - ok 0>1\npush SUNSUBSCRIBE 3\nPING - ok 2>4\n",
	},
	{
		.name = "lists that look like it",
		.kind = PROTOCOL_REDIS,
		.lines = {C(GET), C(PING), S("*3\r\n" SUBSCRIBED("a", "1")), S("+PONG\r\n")},
		.told = "GET - ok 0>2\nPING - ok 1>3\n",
	},
	{
		.name = "in a transaction a subscription is queued like all else",
		.kind = PROTOCOL_REDIS,
		.lines = {C("multi\n"), S("+OK\r\n"), C("subscribe a b c\n"), S("+QUEUED\r\n"),
			  C("discard\n"), S("+OK\r\n"), C(PING), S("+PONG\r\n")},
		.told = "MULTI - ok 0>1\nSUBSCRIBE - ok 2>3\nDISCARD - ok 4>5\n"
			"PING - ok 6>7\n",
	},
	{
		.name = "monitor",
		.kind = PROTOCOL_REDIS,
		.lines = {C("monitor\n"), S("+OK\r\n"),
			  S("+1700000000.1 [0 127.0.0.1:1] \"GET\" \"k\"\r\n"), C(GET),
			  S("$-1\r\n")},
		.told = "MONITOR - ok 0>1\npush MONITOR 2\nGET - ok 3>4\n",
	},
};

static void test_subscriptions(void **state)
{
	(void)state;
	check_conversations(ROWS(subscriptions_rows));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* FIX: refusals, other requests, and streams that are cut or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fix_rows.h"

static void test_refusals(void **state)
{
	static const struct row rows[] = {
		{
			.name = "by the number of the message",
			.lines = {"C 35=D|34=7|11=A|55=X|54=1|40=1|",
				  "C 35=F|34=8|41=Z|11=B|55=X|54=1|",
				  "C 35=G|34=9|41=Z|11=C|55=X|54=1|40=2|",
				  "C 35=V|34=10|262=q|263=1|55=X|", "S 35=3|34=1|45=8x|",
				  "S 35=3|34=1|45=8|58=no|", "S 35=j|34=2|45=10|372=V|380=3|",
				  "S 35=3|34=3|45=0007|372=D|", "S 35=j|34=4|45=9|372=G|",
				  "S 35=3|34=5|45=77|"},
			.told = "OrderCancelRequest - rejected! (cancel_ack X - buy) 1>5\n"
				"MarketDataRequest - rejected! (- X - -) 3>6\n"
				"NewOrderSingle - rejected! (ack X market buy) 0>7\n"
				"OrderCancelReplaceRequest - rejected! (replace_ack X limit buy) "
				"2>8\n",
			.counted = "unmatched 2",
		},
		{
			.name = "by the id, where the number says nothing",
			.lines = {"C 35=D|11=A|55=X|54=1|40=1|", "C 35=R|131=q|55=X|",
				  "S 35=j|372=R|379=q|380=0|", "S 35=j|45=99|372=D|379=A|380=0|",
				  "S 35=j|372=D|379=A|380=0|"},
			.told = "QuoteRequest - rejected! (- X - -) 1>2\n"
				"NewOrderSingle - rejected! (ack X market buy) 0>3\n",
			.counted = "unmatched 1",
		},
		{
			.name = "only what was not answered has its number",
			.lines = {("C " ORDER("A")), ("S " NEW("A")), "S 35=3|45=2|"},
			.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n",
			.counted = "unmatched 1",
		},
	};

	(void)state;
	check_rows(ROWS(rows));
}

static void test_repeats(void **state)
{
	static const struct row rows[] = {
		{
			.name = "neither begin nor end anything",
			.lines = {"C 35=D|34=2|43=Y|11=A|55=X|54=1|40=1|", ("S " NEW("A")),
				  ("C " ORDER("B")), "S 35=8|34=3|43=Y|37=X|11=B|150=0|39=0|",
				  "S 35=8|34=3|97=Y|37=X|11=B|150=0|39=0|",
				  "S 35=8|34=4|43=N|37=X|11=B|150=0|39=0|",
				  "C 35=4|34=2|123=Y|36=9|", "C 35=4|34=2|43=Y|36=9|11=B|"},
			.told = "NewOrderSingle - new (ack EUR/USD limit buy) 2>5\n",
			.counted = "unmatched 1",
		},
	};

	(void)state;
	check_rows(ROWS(rows));
}

static const struct row others_rows[] = {
	{
		.name = "the session",
		.lines = {"C 35=A|34=1|98=0|108=30|", "S 35=A|34=1|98=0|108=30|",
			  "C 35=1|34=2|112=TEST|", "S 35=1|34=2|112=TEST|", "S 35=0|34=3|112=TEST|",
			  "C 35=0|34=3|112=TEST|", "S 35=0|34=4|", "C 35=2|34=4|7=1|16=0|",
			  "C 35=5|34=5|", "S 35=5|34=5|"},
		.told = "Logon - ok 0>1\n"
			"TestRequest - ok 2>4\n"
			"server TestRequest - ok 3>5\n",
	},
	{
		.name = "a logon that is refused",
		.lines = {"C 35=A|34=1|98=0|108=30|", "S 35=5|34=1|58=no|"},
		.told = "Logon - rejected! 0>1\n",
	},
	{
		.name = "market data",
		.lines = {"C 35=V|262=q|263=1|264=1|267=1|269=0|146=2|55=X|55=Y|",
			  "S 35=W|262=q|55=X|268=0|", "S 35=X|262=q|268=1|279=0|55=X|",
			  "C 35=V|262=r|263=1|55=Z|", "S 35=Y|262=r|281=0|",
			  "C 35=V|262=q|263=2|55=X|", "S 35=X|268=1|55=Y|", "S 35=Y|262=s|",
			  "S 35=B|148=x|"},
		.told = "MarketDataRequest - ok (- X - -) 0>1\n"
			"push MarketDataIncrementalRefresh (- X - -) 2\n"
			"MarketDataRequest - rejected! (- Z - -) 3>4\n"
			"push MarketDataIncrementalRefresh (- Y - -) 6\n"
			"push News 8\n",
		.counted = "unmatched 1",
	},
	{
		.name = "quotes",
		.lines = {"C 35=R|131=q|146=1|55=X|", "S 35=S|131=q|117=1|55=X|",
			  "S 35=S|117=2|55=X|", "S 35=S|117=3|301=2|55=X|", "C 35=AI|117=3|297=5|",
			  "S 35=i|117=4|", "C 35=b|117=4|297=0|", "C 35=R|131=r|55=X|",
			  "S 35=AG|131=r|658=1|"},
		.told = "QuoteRequest - ok (- X - -) 0>1\n"
			"push Quote (- X - -) 2\n"
			"push Quote (- X - -) 3\n"
			"server Quote - rejected! (- X - -) 3>4\n"
			"server MassQuote - ok 5>6\n"
			"QuoteRequest - rejected! (- X - -) 7>8\n",
	},
	{
		.name = "questions about orders are no events of theirs",
		.lines = {("C " ORDER("A")), "C 35=H|11=A|55=EUR/USD|54=1|",
			  "S 35=8|37=X|11=A|150=I|39=A|", "C 35=H|790=s|11=A|",
			  "S 35=8|37=X|11=A|790=s|150=I|39=A|", "C 35=AF|584=m|585=7|",
			  "S 35=8|37=X|11=A|584=m|150=I|39=A|", ("S " NEW("A")),
			  "C 35=q|11=Q|530=7|", "S 35=r|11=Q|37=Y|530=7|531=0|"},
		.told = "OrderStatusRequest - pending_new (- EUR/USD - buy) 1>2\n"
			"OrderStatusRequest - pending_new 3>4\n"
			"OrderMassStatusRequest - pending_new 5>6\n"
			"NewOrderSingle - new (ack EUR/USD limit buy) 0>7\n"
			"OrderMassCancelRequest - rejected! 8>9\n",
	},
	{
		.name = "a list, and a cross",
		.lines = {"C "
			  "35=E|34=5|66=L|394=3|73=3|11=A|67=1|55=X|54=1|40=1|11=B|67=2|55="
			  "Y|54=2|"
			  "40=2|"
			  "11=C|67=3|55=Z|54=5|40=3|",
			  "S 35=8|37=1|11=B|150=0|39=0|", "S 35=8|37=2|11=A|150=0|39=0|",
			  "S 35=8|37=3|11=C|150=0|39=0|",
			  "C 35=s|34=6|548=K|552=2|54=1|11=D|54=2|11=E|55=W|40=2|",
			  "S 35=8|37=4|11=D|150=0|39=0|", "S 35=8|37=5|11=E|150=0|39=0|"},
		.told = "NewOrderList - new (ack Y limit sell) 0>1\n"
			"NewOrderList - new (ack X market buy) 0>2\n"
			"NewOrderList - new (ack Z stop sell_short) 0>3\n"
			"NewOrderCross - new (ack W limit buy) 4>5\n"
			"NewOrderCross - new (ack W limit sell) 4>6\n",
	},
};

static void test_others(void **state)
{
	(void)state;
	check_rows(ROWS(others_rows));
}

static void test_fields(void **state)
{
	static const struct row rows[] = {
		{
			.name = "only whole tags count",
			.lines = {"C 35=D|211=Z|711=Z|1011=Z|58=x11=Z 11=Z|11=A|54=1|40=2|55=X|",
				  "S " NEW("Z"), ("S " NEW("A"))},
			.told = "NewOrderSingle - new (ack X limit buy) 0>2\n",
			.counted = "unmatched 1",
		},
		{
			.name = "data may contain anything",
			.lines = {"C 35=D|95=14|96=a|11=Z|10=000||11=A|54=1|40=2|55=X|",
				  "S "
				  "35=8|93=4|89=|11=|354=11|355=8=FIX.4.4|9|37=X|11=A|150=0|39=0|",
				  "C 35=D|212=3|58=x|213=y|11=B|54=1|40=2|55=X|", "S " NEW("B"),
				  "C 35=D|95=9999|96=x|11=C|54=1|40=2|55=X|", "S " NEW("C")},
			.told = "NewOrderSingle - new (ack X limit buy) 0>1\n"
				"NewOrderSingle - new (ack X limit buy) 2>3\n"
				"NewOrderSingle - new (ack X limit buy) 4>5\n",
		},
		{
			.name = "an order without an id",
			.lines = {"C 35=D|55=X|54=1|40=2|", "C 35=D|11=|55=X|54=1|40=2|",
				  "C 35=V|263=1|"},
			.told = "",
			.counted = "unparsed 3",
		},
		{
			.name = "long values",
			.lines = {"C "
				  "35=D|11="
				  "0123456789012345678901234567890123456789012345678901234567890123"
				  "456789A|"
				  "55="
				  "0123456789012345678901234567890123456789012345678901234567890123"
				  "456789|"
				  "54=1|40=1|",
				  "S 35=8|37=X|11="
				  "0123456789012345678901234567890123456789012345678901234567890123"
				  "456789B|"
				  "150=0|39=0|",
				  "S 35=8|37=X|11="
				  "0123456789012345678901234567890123456789012345678901234567890123"
				  "456789A|"
				  "150=0|39=0|"},
			.told = "NewOrderSingle - new (ack "
				"012345678901234567890123456789012345678901234567890123456789012 "
				"market "
				"buy) 0>2\n",
			.counted = "unmatched 1",
		},
	};

	(void)state;
	check_rows(ROWS(rows));
}

static const struct row damage_rows[] = {
	{
		.name = "several messages at once, and one that is joined",
		.lines = {"C! xx|55=X|10=123|", ("C " ORDER("A")), "S! 0=000|", ("S " NEW("A"))},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 1>3\n",
		.counted = "skipped 21",
		.is_joined = true,
	},
	{
		.name = "the checksum is wrong",
		.lines = {"C! 8=FIX.4.4|9=25|35=D|11=A|55=X|54=1|40=2|10=000|", ("S " NEW("A")),
			  "C " ORDER("B"), "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 2>3\n",
		.counted = "unmatched 1 unparsed 1",
	},
	{
		.name = "the length is too short",
		.lines = {"C! 8=FIX.4.4|9=20|35=D|11=A|55=X|54=1|40=2|10=000|", "C " ORDER("B"),
			  "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 1>2\n",
		.counted = "lost 1 found 1 skipped 12",
	},
	{
		.name = "the length is too long: the next message begins inside",
		.lines = {"C! 8=FIX.4.4|9=40|35=D|11=A|55=X|54=1|40=2|10=000|", "C " ORDER("B"),
			  "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 1>2\n",
		.counted = "lost 1 found 1 unparsed 1",
	},
	{
		.name = "fields that are none",
		.lines = {"C 35=D|11=A|=x|55=X|", "C 35=D|11=A|x=x|55=X|", "C 35=D||11=A|",
			  "C 11=A|35=D|", "C 35=D|11=A|99999999=1|", "C 35=D|11=A|11",
			  "C " ORDER("B"), "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 6>7\n",
		.counted = "unparsed 6",
	},
	{
		.name = "fields that are none, and the next message begins inside",
		.lines = {"C! 8=FIX.4.4|9=46|35=D||11=A|55=X|54=1|40=2|10=000|", "C " ORDER("A"),
			  "C! 8=FIX.4.4|9=48|35=D|x=x|11=B|55=X|54=1|40=2|10=000|", "C " ORDER("B"),
			  "S " NEW("A"), "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 1>4\n"
			"NewOrderSingle - new (ack EUR/USD limit buy) 3>5\n",
		.counted = "lost 2 found 2 unparsed 2",
	},
	{
		.name = "garbage between messages",
		.lines = {("C " ORDER("A")), "C! 8=FIX.4.4|9=5|8=", ("S " NEW("A")),
			  "C! |9=5|35=D|8=FIX8=FIX.4.4|9=|", "C " ORDER("B"), "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>2\n"
			"NewOrderSingle - new (ack EUR/USD limit buy) 4>5\n",
		.counted = "lost 2 found 2 skipped 28 unparsed 1",
	},
	{
		.name = "cut: what was captured counts, the rest is skipped by its length",
		.lines = {"C~40 "
			  "35=D|34=2|11=A|55=X|54=1|40=2|44=1|58="
			  "0123456789012345678901234567890|",
			  "S~12 " NEW("A"), "C " ORDER("B"), "S " FILLED("B")},
		.told = "NewOrderSingle - new (ack X limit buy) 0>1\n"
			"NewOrderSingle - filled (ack EUR/USD limit buy) 2>3\n"
			"NewOrderSingle - filled (fill EUR/USD limit buy) 2>3\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 2>3\n",
	},
	{
		.name = "cut in a value, which does not count then",
		.lines = {"C~14 35=D|34=2|55=X|54=1|40=2|11=ABCDEF|", "S " NEW("ABCDEF"),
			  "C~4 35=D|34=2|11=B|55=X|54=1|40=2|", "S~1 " NEW("B")},
		.told = "NewOrderSingle - new (ack X limit buy) 2>3\n",
		.counted = "unmatched 1 unparsed 1",
	},
	{
		.name = "cut in the head: only the next message is read",
		.lines = {"C~70 " ORDER("A"), ("S " NEW("A")), "C " ORDER("B"), "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 2>3\n",
		.counted = "unmatched 1 lost 1 found 1 skipped 70",
	},
};

static void test_damage(void **state)
{
	(void)state;
	check_rows(ROWS(damage_rows));
}

static void ignore(const struct protocol_exchange *exchange, void *context)
{
	(void)exchange;
	(void)context;
}

/* What cannot follow is found at the very byte. */
static void test_wrong_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t right_bytes; /* all of it: nothing is wrong */
	} rows[] = {
		{"9", 0},
		{"8=FIY", 4},
		{"8=FIX|", 5},
		{"8=FIX4", 5},
		{"8=FIX.4.4x", 9},
		{"8=FIX.AZ09.T|9=5|", 17},
		{"8=FIX.12345678901|9=5|", 22},
		{"8=FIX.123456789012|", 17},
		{"8=FIX.4.4|8", 10},
		{"8=FIX.4.4|9=|", 12},
		{"8=FIX.4.4|9=0|", 13},
		{"8=FIX.4.4|9=5x", 13},
		{"8=FIX.4.4|9=16777216|", 21},
		{"8=FIX.4.4|9=16777217|", 19},
		{"8=FIX.4.4|9=5|35=0|1x", 20},
		{"8=FIX.4.4|9=5|35=0|10=1x3|", 23},
		{"8=FIX.4.4|9=5|35=0|10=/63|", 22},
		{"8=FIX.4.4|9=5|35=0|10=1634", 25},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct protocol *p = protocol_new(PROTOCOL_FIX, true, ignore, NULL);
		size_t bytes = strlen(rows[i].text);
		char text[64];

		add_text(text, 0, rows[i].text);
		protocol_feed(p, PROTOCOL_CLIENT, text, bytes, bytes);
		protocol_lose(p, PROTOCOL_CLIENT, bytes);
		if (protocol_counts(p)->skipped_bytes != bytes - rows[i].right_bytes)
			fail_msg("%s: skipped %d", rows[i].text,
				 (int)protocol_counts(p)->skipped_bytes);
		protocol_free(p);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_others),	 cmocka_unit_test(test_fields),
		cmocka_unit_test(test_damage),	 cmocka_unit_test(test_wrong_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

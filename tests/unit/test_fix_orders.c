/* SPDX-License-Identifier: Apache-2.0 */
/* FIX: orders, what changes them, and their answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fix_rows.h"

static const struct row orders_rows[] = {
	{
		.name = "acknowledged, filled in parts",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "S " PARTIAL("A"), "S " PARTIAL("A"),
			  "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - partially_filled (fill EUR/USD limit buy) 0>2\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>4\n",
	},
	{
		.name = "filled at once",
		.lines = {"C " ORDER("A"), "S " FILLED("A")},
		.told = "NewOrderSingle - filled (ack EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - filled (fill EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>1\n",
	},
	{
		.name = "pending before it is new",
		.lines = {"C " ORDER("A"), "S " REPORT("A") "150=A|39=A|", "S " NEW("A")},
		.told = "NewOrderSingle - pending_new (ack EUR/USD limit buy) 0>1\n",
	},
	{
		.name = "refused",
		.lines = {"C " ORDER("A"), "S " REPORT("A") "150=8|39=8|103=1|", "S " NEW("A")},
		.told = "NewOrderSingle - rejected! (ack EUR/USD limit buy) 0>1\n",
		.counted = "unmatched 1",
	},
	{
		.name = "answers in another order",
		.lines = {"C " ORDER("A"), "C 35=D|34=3|11=B|55=X|54=2|40=1|", "S " FILLED("B"),
			  "S " NEW("A")},
		.told = "NewOrderSingle - filled (ack X market sell) 1>2\n"
			"NewOrderSingle - filled (fill X market sell) 1>2\n"
			"NewOrderSingle - filled (filled X market sell) 1>2\n"
			"NewOrderSingle - new (ack EUR/USD limit buy) 0>3\n",
	},
	{
		.name = "the acceptor sends the orders",
		.lines = {"S " ORDER("A"), "C " FILLED("A")},
		.told = "server NewOrderSingle - filled (ack EUR/USD limit buy) 0>1\n"
			"server NewOrderSingle - filled (fill EUR/USD limit buy) 0>1\n"
			"server NewOrderSingle - filled (filled EUR/USD limit buy) 0>1\n",
	},
	{
		.name = "the same id from both sides",
		.lines = {"C " ORDER("A"), "S " ORDER("A"), "S " NEW("A"), "C " NEW("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>2\n"
			"server NewOrderSingle - new (ack EUR/USD limit buy) 1>3\n",
	},
	{
		.name = "later reports name the order only",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "S 35=8|34=3|37=X1|150=F|39=1|151=1|",
			  "S 35=8|34=4|37=X1|11=|150=F|39=2|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - partially_filled (fill EUR/USD limit buy) 0>2\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>3\n",
	},
	{
		.name = "an OrderID that is none joins nothing",
		.lines = {"C " ORDER("A"), "S 35=8|37=NONE|11=A|150=0|39=0|",
			  "S 35=8|37=NONE|11=B|150=8|39=8|", "S 35=8|37=0|150=F|39=2|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n",
		.counted = "unmatched 2",
	},
	{
		.name = "a duplicate is refused: the order lives on",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "C " ORDER("A"),
			  "S 35=8|37=0|11=A|150=8|39=8|103=6|", "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - filled (fill EUR/USD limit buy) 0>4\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>4\n",
		.counted = "unanswered 1",
	},
	{
		.name = "nothing left although the status says that a cancel is under way",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "S " REPORT("A") "150=F|39=6|151=0.00|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - pending_cancel (fill EUR/USD limit buy) 0>2\n"
			"NewOrderSingle - pending_cancel (filled EUR/USD limit buy) 0>2\n",
	},
	{
		.name = "expired: what comes later is nobody's",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "S " REPORT("A") "150=C|39=C|",
			  "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n",
		.counted = "unmatched 1",
	},
	{
		.name = "a duplicate of what has no answer yet",
		.lines = {("C " ORDER("A")), "S 35=8|37=0|11=A|150=8|39=8|103=6|"},
		.told = "NewOrderSingle - rejected! (ack EUR/USD limit buy) 0>1\n",
	},
	{
		.name = "an empty field does not say what the one before it says",
		.lines = {("C " ORDER("A")), "S " NEW("A"),
			  "S 35=8|37=X1|11=A|150=8|39=8|58=6|103=|", "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n",
		.counted = "unmatched 1",
	},
	{
		.name = "nothing left, and no status",
		.lines = {("C " ORDER("A")), "S 35=8|37=X1|11=A|150=F|151=0|", "S " FILLED("A")},
		.told = "NewOrderSingle - - (ack EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - - (fill EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - - (filled EUR/USD limit buy) 0>1\n",
		.counted = "unmatched 1",
	},
	{
		.name = "cancelled, and no status",
		.lines = {("C " ORDER("A")), "S " NEW("A"), "S 35=8|37=X1|11=A|150=4|",
			  "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n",
		.counted = "unmatched 1",
	},
	{
		.name = "no answer",
		.lines = {"C " ORDER("A"), "C " ORDER("B"), "S " NEW("B")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 1>2\n",
		.counted = "unanswered 1",
	},
};

static void test_orders(void **state)
{
	(void)state;
	check_rows(ROWS(orders_rows));
}

static void test_old_versions(void **state)
{
	static const struct row rows[] = {
		{
			.name = "4.0 has no ExecType",
			.lines = {("C " ORDER("A")), "S 35=8|37=X|20=0|11=A|39=0|",
				  "S 35=8|37=X|20=0|11=A|39=1|", "S 35=8|37=X|20=1|11=A|39=2|",
				  "S 35=8|37=X|20=0|11=A|39=2|"},
			.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
				"NewOrderSingle - partially_filled (fill EUR/USD limit buy) 0>2\n",
			.counted = "unmatched 1",
			.version = "FIX.4.0",
		},
		{
			.name = "4.2 has fills of its own",
			.lines = {("C " ORDER("A")), "S 35=8|37=X|20=3|11=A|150=0|39=0|",
				  "S 35=8|37=X|20=0|11=A|150=1|39=1|",
				  "S 35=8|37=X|20=2|11=A|150=1|39=1|",
				  "S 35=8|37=X|20=0|11=A|150=2|39=2|"},
			.told = "NewOrderSingle - partially_filled (ack EUR/USD limit buy) 0>2\n"
				"NewOrderSingle - partially_filled (fill EUR/USD limit buy) 0>2\n"
				"NewOrderSingle - filled (filled EUR/USD limit buy) 0>4\n",
			.version = "FIX.4.2",
		},
		{
			.name = "FIXT, codes without a word",
			.lines = {"C 35=D|11=A|55=X|54=Z|40=W|", "S 35=8|37=X|11=A|150=0|39=a|",
				  "C 35=D|11=B|55=A ~\303\177|54=12|40=M|",
				  "S 35=8|37=Y|11=B|150=0|39=0|"},
			.told = "NewOrderSingle - other (ack X other other) 0>1\n"
				"NewOrderSingle - new (ack A ~?? next_fund_valuation_point other) "
				"2>3\n",
			.version = "FIXT.1.1",
		},
	};

	(void)state;
	check_rows(ROWS(rows));
}

#define CANCEL(id, order)  "35=F|34=3|41=" order "|11=" id "|55=EUR/USD|54=1|"
#define REPLACE(id, order) "35=G|34=4|41=" order "|11=" id "|55=EUR/USD|54=1|40=2|"

static const struct row changes_rows[] = {
	{
		.name = "cancelled",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "C " CANCEL("B", "A"),
			  "S " REPORT("B") "41=A|150=6|39=6|", "S " CANCELED("B") "41=A|",
			  "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelRequest - pending_cancel (cancel_ack EUR/USD - buy) "
			"2>3\n"
			"OrderCancelRequest - canceled (canceled EUR/USD - buy) 2>4\n",
		.counted = "unmatched 1",
	},
	{
		.name = "cancelled at once",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "C " CANCEL("B", "A"),
			  "S " CANCELED("B") "41=A|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelRequest - canceled (cancel_ack EUR/USD - buy) 2>3\n"
			"OrderCancelRequest - canceled (canceled EUR/USD - buy) 2>3\n",
	},
	{
		.name = "too late to cancel",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "C " CANCEL("B", "A"), "S " FILLED("A"),
			  "S 35=9|37=X1|11=B|41=A|39=2|434=1|102=0|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"NewOrderSingle - filled (fill EUR/USD limit buy) 0>3\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>3\n"
			"OrderCancelRequest - filled! (cancel_ack EUR/USD - buy) 2>4\n",
	},
	{
		.name = "a fill with the ClOrdID of the cancel under way",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "C " CANCEL("B", "A"),
			  "S 35=8|37=X9|11=B|41=A|150=F|39=6|151=2|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelRequest - pending_cancel (cancel_ack EUR/USD - buy) "
			"2>3\n"
			"NewOrderSingle - pending_cancel (fill EUR/USD limit buy) 0>3\n",
	},
	{
		.name = "cancelled, and only the ClOrdID says which",
		.lines = {("C " ORDER("A")), "S " NEW("A"), "C " CANCEL("B", "A"),
			  "S 35=8|11=B|41=A|150=4|39=4|", "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelRequest - canceled (cancel_ack EUR/USD - buy) 2>3\n"
			"OrderCancelRequest - canceled (canceled EUR/USD - buy) 2>3\n",
		.counted = "unmatched 1",
	},
	{
		.name = "cancelled, and only the OrderID says which",
		.lines = {("C " ORDER("A")), "S " NEW("A"), "C " CANCEL("B", "A"),
			  "S 35=8|11=B|37=X1|150=4|39=4|", "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelRequest - canceled (cancel_ack EUR/USD - buy) 2>3\n"
			"OrderCancelRequest - canceled (canceled EUR/USD - buy) 2>3\n",
		.counted = "unmatched 1",
	},
	{
		.name = "what a cancel under way says is not the order's first answer",
		.lines = {("C " ORDER("A")), "C " CANCEL("B", "A"),
			  "S 35=8|37=Z|11=B|41=A|150=6|39=6|", "S " NEW("A")},
		.told = "OrderCancelRequest - pending_cancel (cancel_ack EUR/USD - buy) 1>2\n"
			"NewOrderSingle - new (ack EUR/USD limit buy) 0>3\n",
	},
	{
		.name = "cancelled by the venue",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "S " CANCELED("A"), "S " FILLED("A")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n",
		.counted = "unmatched 1",
	},
	{
		.name = "replaced twice; fills answer the order as it was sent first",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "C " REPLACE("B", "A"),
			  "S " REPORT("B") "41=A|150=E|39=E|", "S " REPORT("B") "41=A|150=5|39=0|",
			  "C " REPLACE("C", "B"), "S 35=8|37=X2|11=C|41=B|150=5|39=0|",
			  "S " FILLED("C")},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelReplaceRequest - pending_replace (replace_ack EUR/USD "
			"limit "
			"buy) 2>3\n"
			"OrderCancelReplaceRequest - new (replaced EUR/USD limit buy) 2>4\n"
			"OrderCancelReplaceRequest - new (replace_ack EUR/USD limit buy) "
			"5>6\n"
			"OrderCancelReplaceRequest - new (replaced EUR/USD limit buy) 5>6\n"
			"NewOrderSingle - filled (fill EUR/USD limit buy) 0>7\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>7\n",
	},
	{
		.name = "not replaced",
		.lines = {("C " ORDER("A")), "S " NEW("A"), "C " REPLACE("B", "A"),
			  "S 35=8|37=Z|11=B|41=A|150=E|39=E|", "S 35=9|37=X1|11=B|41=A|39=0|434=2|",
			  "S 35=8|37=Z|11=A|150=F|39=2|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelReplaceRequest - pending_replace (replace_ack EUR/USD limit "
			"buy) 2>3\n"
			"NewOrderSingle - filled (fill EUR/USD limit buy) 0>5\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>5\n",
	},
	{
		.name = "not replaced, at once",
		.lines = {("C " ORDER("A")), "S " NEW("A"), "C " REPLACE("B", "A"),
			  "S 35=9|37=X1|11=B|41=A|39=0|434=2|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelReplaceRequest - new! (replace_ack EUR/USD limit buy) 2>3\n",
	},
	{
		.name = "a new OrderID with the replace",
		.lines = {"C " ORDER("A"), "S " NEW("A"), "C " REPLACE("B", "A"),
			  "S 35=8|37=X2|11=B|41=A|150=5|39=5|", "S 35=8|37=X2|150=F|39=2|"},
		.told = "NewOrderSingle - new (ack EUR/USD limit buy) 0>1\n"
			"OrderCancelReplaceRequest - replaced (replace_ack EUR/USD limit "
			"buy) 2>3\n"
			"OrderCancelReplaceRequest - replaced (replaced EUR/USD limit buy) "
			"2>3\n"
			"NewOrderSingle - filled (fill EUR/USD limit buy) 0>4\n"
			"NewOrderSingle - filled (filled EUR/USD limit buy) 0>4\n",
	},
};

static void test_changes(void **state)
{
	(void)state;
	check_rows(ROWS(changes_rows));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_old_versions),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

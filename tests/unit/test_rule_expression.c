/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: text -> tree, shown back in prefix form; what is wrong, with its column. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/rule_expression.h"
#include "config/rule_unit.h"

static const char *const operators[] = {
	[RULE_NODE_NEGATE] = "neg", [RULE_NODE_ADD] = "+",    [RULE_NODE_SUBTRACT] = "-",
	[RULE_NODE_MULTIPLY] = "*", [RULE_NODE_DIVIDE] = "/", [RULE_NODE_LT] = "<",
	[RULE_NODE_LE] = "<=",	    [RULE_NODE_GT] = ">",     [RULE_NODE_GE] = ">=",
	[RULE_NODE_EQ] = "==",	    [RULE_NODE_NE] = "!=",    [RULE_NODE_NOT] = "not",
	[RULE_NODE_AND] = "and",    [RULE_NODE_OR] = "or",
};

static void show_metric(FILE *out, const struct rule_metric *m)
{
	fprintf(out, "%s<%s", m->is_rate ? "rate" : "", m->name);
	for (size_t i = 0; i < m->label_cnt; i++)
		fprintf(out, "|%s=%s", m->labels[i].name, m->labels[i].value);
	fprintf(out, "%s:%s", m->is_connect ? " connect" : "", m->metric);
	if (m->statistic == RULE_QUANTILE)
		fprintf(out, "=%g", m->quantile);
	if (m->statistic == RULE_VALUE)
		fprintf(out, "?");
	if (m->span_ns)
		fprintf(out, " %gs", (double)m->span_ns / 1e9);
	fprintf(out, ">");
}

static void show(FILE *out, const struct rule_expression *e, uint16_t idx)
{
	const struct rule_node *n = &e->nodes[idx];

	if (n->type == RULE_NODE_NUMBER) {
		fprintf(out, "%g%s", n->number, rule_unit_name(n->unit));
	} else if (n->type == RULE_NODE_METRIC) {
		show_metric(out, &e->metrics[n->metric]);
	} else {
		fprintf(out, "(%s ", operators[n->type]);
		show(out, e, n->left);
		if (n->type != RULE_NODE_NOT && n->type != RULE_NODE_NEGATE) {
			fprintf(out, " ");
			show(out, e, n->right);
		}
		fprintf(out, ")");
	}
}

static const struct {
	const char *text, *tree;
} trees[] = {
	{"node_rpc.p99 > 200ms", "(> <node_rpc:p99=0.99> 2e+08ns)"},
	{"node_rpc.p99>200ms", "(> <node_rpc:p99=0.99> 2e+08ns)"},
	{"node_rpc.p99 > 200ms and rate(node_rpc.errors[5m]) > 1",
	 "(and (> <node_rpc:p99=0.99> 2e+08ns) (> rate<node_rpc:errors 300s> 1))"},
	{"a.count > 1 or b.count > 2 and c.count > 3",
	 "(or (> <a:count> 1) (and (> <b:count> 2) (> <c:count> 3)))"},
	{"(a.count > 1 or b.count > 2) and c.count > 3",
	 "(and (or (> <a:count> 1) (> <b:count> 2)) (> <c:count> 3))"},
	{"not not a.count == 1", "(not (not (== <a:count> 1)))"},
	{"not (a.count < 1) and b.errors != 0", "(and (not (< <a:count> 1)) (!= <b:errors> 0))"},
	{"a.count - b.count - 1 <= 2*c.count/d.count",
	 "(<= (- (- <a:count> <b:count>) 1) (/ (* 2 <c:count>) <d:count>))"},
	{"a.count + b.count * 2 >= -(-3)", "(>= (+ <a:count> (* <b:count> 2)) (neg (neg 3)))"},
	{"circuit_breaker_state == 1", "(== <:circuit_breaker_state?> 1)"},
	{"host.memory_used_ratio[1m] > 85%", "(> <host:memory_used_ratio? 60s> 0.85ratio)"},
	{"host.memory_used_ratio > 0.85", "(> <host:memory_used_ratio?> 0.85)"},
	{"engine.cpu_percent > 80", "(> <engine:cpu_percent?> 80)"},
	{"engine.memory_bytes > 2GiB", "(> <engine:memory_bytes?> 2.14748e+09bytes)"},
	{"engine.memory_bytes > 2147483648", "(> <engine:memory_bytes?> 2.14748e+09)"},
	{"desk::Executor::execute_trade.p999 > 1.5ms",
	 "(> <desk::Executor::execute_trade:p999=0.999> 1.5e+06ns)"},
	{"my-op.p50>1us and 2us<my-op.p5",
	 "(and (> <my-op:p50=0.5> 1000ns) (< 2000ns <my-op:p5=0.05>))"},
	{"a.count-b.count > 0", "(> (- <a:count> <b:count>) 0)"},
	{"x - y > 0", "(> (- <:x?> <:y?>) 0)"},
	{"x -y > 0", "(> (- <:x?> <:y?>) 0)"},
	{"\"http 10.0.0.1:80 \\\"x\\\"\".error_rate > 5%",
	 "(> <http 10.0.0.1:80 \"x\":error_rate> 0.05ratio)"},
	{"node{method=\"getSlot\", status = \"a\\nb\\\\\"}.p95 > 1s",
	 "(> <node|method=getSlot|status=a\nb\\:p95=0.95> 1e+09ns)"},
	{"pool_free{pool=\"main\"} < 3", "(< <|pool=main:pool_free?> 3)"},
	{"node.connect.p99 > 1s", "(> <node connect:p99=0.99> 1e+09ns)"},
	{"connect.count > 1", "(> <connect:count> 1)"},
	{"rate.count > 1", "(> <rate:count> 1)"},
	{"notable.count > 1", "(> <notable:count> 1)"},
	{"\"and\".count > 1", "(> <and:count> 1)"},
	{"rate(bytes_in_total[1m]) > 3MB / 1", "(> rate<:bytes_in_total? 60s> (/ 3e+06bytes 1))"},
	{"rate(a.sum) > 0.5", "(> rate<a:sum> 0.5)"},
	{"a.p99 / b.p99 > 3", "(> (/ <a:p99=0.99> <b:p99=0.99>) 3)"},
	{"a.p99 > 3 * a.p50", "(> <a:p99=0.99> (* 3 <a:p50=0.5>))"},
	{"a.p99 > 0", "(> <a:p99=0.99> 0)"},
	{"a.mean > 1e-3s", "(> <a:mean> 1e+06ns)"},
	{"a.rate < 1000 / 60", "(< <a:rate> (/ 1000 60))"},
	{"a.p99 > 10\302\265s", "(> <a:p99=0.99> 10000ns)"},
	{"(a.p99) > (1ms)", "(> <a:p99=0.99> 1e+06ns)"},
	{"a.count\n  >\t1\n", "(> <a:count> 1)"},
	{"a.p > 1", "(> <a:p?> 1)"},
	{"a.p0 > 1", "(> <a:p0?> 1)"},
};

static void test_trees(void **state)
{
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		struct rule_expression *e = NULL;
		char tree[512] = "";
		size_t column = 0;
		FILE *out;

		if (rule_expression_parse(trees[i].text, &e, &column, &why) != 0)
			fail_msg("%s: column %zu: %s", trees[i].text, column, why.text);
		out = fmemopen(tree, sizeof(tree), "w");
		show(out, e, e->root);
		fclose(out);
		assert_string_equal(tree, trees[i].tree);
		rule_expression_free(e);
	}
}

static const struct {
	const char *text;
	enum rule_unit unit;
} numbers[] = {
	{"a.p99", RULE_UNIT_NS},
	{"1 - a.error_rate", RULE_UNIT_RATIO},
	{"(a.sum + b.sum) / a.count", RULE_UNIT_NS},
	{"a.errors / a.count", RULE_UNIT_UNKNOWN},
	{"-a.rate * 60", RULE_UNIT_PER_S},
	{"rate(a.count[1m])", RULE_UNIT_PER_S},
	{"breaker_state", RULE_UNIT_UNKNOWN},
	{"5", RULE_UNIT_NONE},
};

static const struct {
	const char *text;
	size_t column;
	const char *said;
} no_numbers[] = {
	{"a.p99 > 1ms", 1, "\"a.p99 > 1ms\" is a condition, where a number is needed"},
	{"not a.count > 1", 1, "is a condition, where a number is needed"},
	{"a.p99 + a.count", 9, "\"a.p99\" is a time, this is not"},
	{"a.p99 b", 7, "expected and, or, an operator, or the end"},
	{"", 1, "expected a number or a metric"},
};

static void test_numbers(void **state)
{
	struct rule_expression *e = NULL;
	struct fault why;
	size_t column = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (rule_expression_parse_number(numbers[i].text, &e, &column, &why) != 0)
			fail_msg("%s: column %zu: %s", numbers[i].text, column, why.text);
		assert_int_equal(rule_unit_of_expression(e), numbers[i].unit);
		rule_expression_free(e);
	}
	for (size_t i = 0; i < sizeof(no_numbers) / sizeof(no_numbers[0]); i++) {
		if (rule_expression_parse_number(no_numbers[i].text, &e, &column, &why) != -EINVAL)
			fail_msg("%s: accepted", no_numbers[i].text);
		if (column != no_numbers[i].column || !strstr(why.text, no_numbers[i].said))
			fail_msg("%s: column %zu: %s", no_numbers[i].text, column, why.text);
	}
}

static const struct {
	const char *text;
	size_t column;
	const char *said;
} refusals[] = {
	{"", 1, "expected a number or a metric, as in node_rpc.p99, not the end"},
	{"   ", 4, "not the end"},
	{"a.p99", 1, "\"a.p99\" is a number, not a condition: compare it, as in \"a.p99 > 0\""},
	{"a.count > 1 and 5", 17, "\"5\" is a number, not a condition"},
	{"not a.count", 5, "\"a.count\" is a number, not a condition"},
	{"(a.count > 1) + 1 > 2", 1, "\"(a.count > 1)\" is a condition"},
	{"-(a.count > 1) > 2", 2, "is a condition, where a number is needed"},
	{"a.count >", 10, "expected a number or a metric, as in node_rpc.p99, not the end"},
	{"a.count => 1", 9, "expected and, or, an operator, or the end, not \"=\""},
	{"a.count > > 1", 11, "expected a number or a metric, as in node_rpc.p99, not \">\""},
	{"1 < a.count < 5", 13, "expected and, or, an operator, or the end, not \"<\""},
	{"a.count > 1 && b.count > 1", 13, "expected and, or, an operator, or the end, not \"&\""},
	{"a.count > and", 11, "expected a number or a metric, not \"and\""},
	{"a.count > 1 garbage", 13, "not \"garbage\""},
	{"(a.count > 1", 13, "expected \")\", not the end"},
	{"a. > 1", 4, "expected a metric: count errors"},
	{"a.count > 1q", 12, "\"q\" is no unit: use ns us ms s m h d"},
	{"a.count > 0x10", 12, "\"x10\" is no unit"},
	{"a.count > 1e999", 11, "\"1e999\" is too large"},
	{"a.p99 > 200", 9, "\"a.p99\" is a time: write a unit, as in 200ms"},
	{"200 < a.p99", 1, "\"a.p99\" is a time: write a unit, as in 200ms"},
	{"a.p99 > b.count", 9, "\"a.p99\" is a time, this is not"},
	{"a.p99 + 1 > 5ms", 9, "\"a.p99\" is a time: write a unit, as in 1ms"},
	{"a.error_rate > 5", 16, "\"a.error_rate\" is a ratio: write 5%"},
	{"a.errors > 5%", 12, "\"a.errors\" is a plain number, not a ratio"},
	{"a.count > 5ms", 11, "\"a.count\" is a plain number, not a time"},
	{"engine.cpu_percent > 80%", 22,
	 "\"engine.cpu_percent\" counts in percent itself: write 80"},
	{"a.p99 > 5MiB", 9, "a time and bytes do not go together"},
	{"a.count[0s] > 1", 9, "out of range"},
	{"a.count[2h] > 1", 9, "out of range"},
	{"a.count[five] > 1", 9, "is not a duration"},
	{"a.count[5m > 1", 12, "expected \"]\", not \">\""},
	{"a{} .count > 1", 3, "expected the name of a label, not \"}\""},
	{"a{x} > 1", 4, "expected =, not \"}\""},
	{"a{x=1} > 1", 5, "expected a text in quotes, not \"1\""},
	{"a{x=\"1\" y=\"2\"} > 1", 9, "expected \",\" or \"}\", not \"y\""},
	{"a{x=\"1\",x=\"2\"} > 1", 9, "the label \"x\" stands here twice"},
	{"a{x=\"1} > 1", 5, "this quote is not closed"},
	{"a{x=\"\\q\"} > 1", 6, "\\ stands before"},
	{"\"\".p99 > 1", 1, "a name in quotes is empty"},
	{"\"\303\251\303\251\".p99 > 1", 12, "is a time: write a unit"},
	{"rate(a.p99[5m]) > 1", 6,
	 "rate() is of what only grows: count, errors, sum, or a value; "
	 "not of \"p99\""},
	{"rate(5) > 1", 6, "expected a metric, as in rate(node_rpc.errors[5m])"},
	{"rate(a.count > 1", 14, "expected \")\", not \">\""},
	{"a.connect.bytes_sent > 1", 3, "connect has count errors rate"},
	{"a.count > 1 and \001", 17, "expected a number or a metric"},
	{"a{l1=\"\",l2=\"\",l3=\"\",l4=\"\",l5=\"\",l6=\"\",l7=\"\",l8=\"\",l9=\"\"} > 1", 51,
	 "at most 8 labels"},
};

static void test_refusals(void **state)
{
	struct rule_expression *e = NULL;
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		size_t column = 0;

		if (rule_expression_parse(refusals[i].text, &e, &column, &why) != -EINVAL)
			fail_msg("%s: accepted", refusals[i].text);
		if (column != refusals[i].column || !strstr(why.text, refusals[i].said))
			fail_msg("%s: column %zu, not %zu: %s", refusals[i].text, column,
				 refusals[i].column, why.text);
	}
	assert_null(e);
}

/* Long and deep texts are refused, and what is just below the limits is not. */
static void test_limits(void **state)
{
	static const struct {
		const char *part, *middle, *close;
		size_t cnt_ok, cnt_refused;
		const char *said;
	} rows[] = {
		{"(", "a.count", ")", 23, 25, "nested more than 24 deep"},
		{"-", "a.count", "", 24, 25, "nested more than 24 deep"},
		{"1 + ", "2", "", 30, 32, "more than 64 parts"},
		{"a.count + ", "2", "", 16, 17, "at most 16 metrics"},
		{"                ", "a.count", "", 63, 64, "at most 1024 bytes"},
		{"abcdefgh", "x.count", "", 23, 24, "a name has at most 191 bytes"},
	};
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int is_refused = 0; is_refused < 2; is_refused++) {
			struct rule_expression *e = NULL;
			size_t cnt = is_refused ? rows[i].cnt_refused : rows[i].cnt_ok, column;
			char text[4096];
			FILE *out = fmemopen(text, sizeof(text), "w");

			for (size_t k = 0; k < cnt; k++)
				fputs(rows[i].part, out);
			fputs(rows[i].middle, out);
			for (size_t k = 0; k < cnt; k++)
				fputs(rows[i].close, out);
			fputs(" > 1", out);
			fclose(out);
			if (rule_expression_parse(text, &e, &column, &why) !=
			    (is_refused ? -EINVAL : 0))
				fail_msg("row %zu, %zu times: %s", i, cnt, why.text);
			if (is_refused && !strstr(why.text, rows[i].said))
				fail_msg("row %zu: %s", i, why.text);
			rule_expression_free(e);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

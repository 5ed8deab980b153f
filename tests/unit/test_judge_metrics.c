/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics of rules are, over which series: each row is a rule that holds or not for one
 * population of windows and values. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/alert_text.h"
#include "judge/source.h"
#include "judge_stream.h"

/* Ten seconds of it. */
static void feed(struct stream *s)
{
	static const struct {
		struct series_id id;
		uint64_t cnt, ms, errors;
	} series[] = {
		{{"engine", "node", "rpc_client", "method=\"getSlot\",status=\"ok\""}, 60, 10, 0},
		{{"engine", "node", "rpc_client", "method=\"send\",status=\"error\""}, 40, 100, 4},
		{{"backup", "node", "rpc_client", "method=\"send\",status=\"ok\""}, 100, 20, 0},
		{{"engine", "node", "connect", ""}, 2, 3, 1},
		{{"engine", "node", "segment", "from=\"sent\",to=\"arrived\""}, 100, 7, 0},
		{{"engine", "node", "share", "state=\"on_cpu\""}, 100, 1, 0},
		{{"engine", "rare", "function", ""}, 0, 1, 0},
		{{"engine", "desk::execute", "function", ""}, 5, 250, 0},
	};

	for (int n = 0; n < 10; n++) {
		s->s++;
		for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++)
			stream_calls(s, &series[i].id, series[i].cnt, series[i].ms * STREAM_MS,
				     series[i].errors);
		stream_value(s, "engine", "cpu_percent", 10.0 * n);
		stream_value(s, "engine", "memory_bytes", 1e9);
		stream_value(s, "backup", "memory_bytes", 2e9);
		stream_value(s, "host", "memory_used_ratio", 0.9);
		stream_value(s, "engine", "circuit_breaker_state", n == 9);
		stream_value(s, "engine", "fills_total", n < 5 ? 100 + n : n);
	}
	judge_feed_value(s->judge,
			 &(struct value_id){{"engine", "node", "value", ""}, "retransmits"},
			 stream_mono(s), 3);
	judge_evaluate(s->judge, stream_mono(s), stream_wall(s));
}

static const struct {
	const char *text;
	enum { NO, YES, UNKNOWN } is;
} rows[] = {
	/* All series of the operation, both targets; not its connects, segments and shares. */
	{"node.count == 2000", YES},
	{"node.count[5s] == 1000", YES},
	{"node.errors == 40", YES},
	{"node.error_rate == 2%", YES},
	{"node.rate == 200", YES},
	{"node.sum == 66s", YES},
	{"node.mean == 33ms", YES},
	{"node.min == 10ms", YES},
	{"node.max == 100ms", YES},
	{"node.p50 > 19ms and node.p50 < 21ms", YES},
	{"node.p99 > 99ms and node.p99 < 101ms", YES},
	{"node.p9999 > 0", UNKNOWN},
	{"rate(node.errors[5s]) == 4", YES},
	{"rate(node.sum) == 6.6", YES},
	{"node{method=\"send\"}.count == 1400", YES},
	{"node{method=\"send\",status=\"ok\"}.count == 1000", YES},
	{"node{method=\"none\"}.count >= 0", UNKNOWN},
	{"node.connect.count == 20", YES},
	{"node.connect.error_rate == 0.5", YES},
	{"node{from=\"sent\"}.mean == 7ms", YES},
	{"node{to=\"arrived\"}.count == 1000", YES},
	{"node{state=\"on_cpu\"}.mean == 1ms", YES},
	/* Nothing happened: known to be 0, but no latency. */
	{"rare.rate == 0", YES},
	{"rare.count == 0", YES},
	{"rare.mean > 0", UNKNOWN},
	{"rare.max > 0", UNKNOWN},
	{"rare.error_rate > 0", UNKNOWN},
	/* One slow call is enough for a maximum. */
	{"desk::execute.max[1s] > 200ms", YES},
	{"desk::execute.mean[1s] > 200ms", UNKNOWN},
	{"absent.rate < 5", UNKNOWN},
	/* Values. */
	{"engine.cpu_percent == 90", YES},
	{"engine.cpu_percent[10s] == 45", YES},
	{"engine.cpu_percent[4s] == 75", YES},
	{"circuit_breaker_state == 1", YES},
	{"host.memory_used_ratio > 85%", YES},
	{"memory_bytes == 3GB", YES},
	{"engine.memory_bytes == 1GB", YES},
	{"cpu_percent == 90", YES},
	{"node.retransmits == 3", YES},
	/* A counter that began anew: 4 and then 5 to 9. */
	{"rate(engine.fills_total[10s]) == 1.3", YES},
	/* Logic of what is not known. */
	{"absent.rate < 5 or node.count > 1", YES},
	{"absent.rate < 5 and node.count > 1", UNKNOWN},
	{"absent.rate < 5 and node.count < 1", NO},
	{"absent.rate < 5 or node.count < 1", UNKNOWN},
	{"not absent.rate < 5", UNKNOWN},
	{"not node.count < 1", YES},
	{"node.count / rare.count > 1", UNKNOWN},
	{"node.p99 > 3 * node.p50", YES},
	{"node.errors != 40", NO},
	{"node.errors <= 39", NO},
	{"200ms < desk::execute.max", YES},
	{"-node.errors + 50 >= 10", YES},
	{"node.count - desk::execute.count * 2 == 1900", YES},
};

/* The rule holds, its opposite does not; where it is unknown, neither does. */
static void test_metrics(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char opposite[256];
		struct stream s;

		format_text(opposite, sizeof(opposite), "not (%s)", rows[i].text);
		stream_init(&s);
		s.config.judge.over_ns = 10 * STREAM_S;
		stream_rule(&s, "is", rows[i].text);
		stream_rule(&s, "not", opposite);
		stream_start(&s);
		/* What a span needs is kept from the first evaluation on; these are forgotten. */
		stream_value(&s, "engine", "cpu_percent", 0);
		stream_value(&s, "engine", "fills_total", 95);
		s.s = 20;
		stream_evaluate(&s);
		feed(&s);
		if (strcmp(s.said, rows[i].is == YES  ? "30 fired* is warning"
				   : rows[i].is == NO ? "30 fired* not warning"
						      : "") != 0)
			fail_msg("%s: %s", rows[i].text, s.said);
		stream_fini(&s);
	}
}

/* The same as numbers, without a rule. */
static const struct {
	const char *text;
	double number; /* NAN: not known */
} numbers_alone[] = {
	{"node.count", 2000},
	{"node.mean", 33e6},
	{"node.count[5s]", 1000},
	{"1 - node.error_rate", 0.98},
	{"node.rate * 60", 12000},
	{"node{method=\"send\"}.count / node.count", 0.7},
	{"-node.errors + 50", 10},
	{"circuit_breaker_state", 1},
	{"memory_bytes", 3e9},
	{"node.p9999", NAN},
	{"rare.mean", NAN},
	{"absent.rate", NAN},
	{"absent_value", NAN},
	{"node.count / rare.count", NAN},
	{"node.count + absent.rate * 1s / 1s", NAN},
};

static void test_numbers_alone(void **state)
{
	struct stream s;

	(void)state;
	stream_init(&s);
	stream_start(&s);
	feed(&s);
	for (size_t i = 0; i < sizeof(numbers_alone) / sizeof(numbers_alone[0]); i++) {
		struct rule_expression *e = NULL;
		struct fault why;
		size_t column;
		double is;

		if (rule_expression_parse_number(numbers_alone[i].text, &e, &column, &why))
			fail_msg("%s: %s", numbers_alone[i].text, why.text);
		is = judge_number(s.judge, e, stream_mono(&s), 10 * STREAM_S);
		if (isnan(numbers_alone[i].number)
			    ? !isnan(is)
			    : fabs(is - numbers_alone[i].number) > 1e-12 * numbers_alone[i].number)
			fail_msg("%s: %.17g", numbers_alone[i].text, is);
		rule_expression_free(e);
	}
	stream_fini(&s);
}

/* Each value of a label for itself, each target for itself. */
static void test_by(void **state)
{
	static char *by_method[] = {"method"}, *by_target[] = {"target"};
	static char *by_both[] = {"target", "method"};
	static const struct {
		char **by;
		size_t by_cnt;
		const char *text, *target, *labels;
	} tables[] = {
		{by_method, 1, "node.count == 600", "engine", "method=\"getSlot\""},
		{by_target, 1, "node.error_rate == 4%", "engine", ""},
		{by_both, 2, "node.count == 1000", "backup", "method=\"send\""},
		{by_target, 1, "memory_bytes == 2GB and host.memory_used_ratio > 0.5", "backup",
		 ""},
		{by_method, 1, "node.count == 600 and engine.cpu_percent > 1", "engine",
		 "method=\"getSlot\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct config_rule *rule;
		struct stream s;

		stream_init(&s);
		s.config.judge.over_ns = 10 * STREAM_S;
		rule = stream_rule(&s, "r", tables[i].text);
		rule->by = tables[i].by;
		rule->by_cnt = tables[i].by_cnt;
		stream_start(&s);
		feed(&s);
		assert_string_equal(s.said, "10 fired* r warning");
		assert_string_equal(s.last.target, tables[i].target);
		assert_string_equal(s.last.labels, tables[i].labels);
		stream_fini(&s);
	}
}

/* The newest windows that hold so many, however long they took. */
static void test_over_samples(void **state)
{
	static const struct series_id id = {"engine", "op", "function", ""};
	struct config_rule *rule;
	struct stream s;

	(void)state;
	stream_init(&s);
	rule = stream_rule(&s, "r", "op.mean > 20ms");
	rule->over_samples = 100;
	stream_start(&s);
	for (int i = 0; i < 60; i++) {
		s.s++;
		stream_calls(&s, &id, 5, (i < 30 ? 10 : 40) * STREAM_MS, 0);
		stream_evaluate(&s);
	}
	/* 100 of them take 20 s: a third is slow at 37. */
	assert_string_equal(s.said, "37 fired* r warning");
	stream_fini(&s);
}

/* A value that no one reads any more is not known. */
static void test_stale_values(void **state)
{
	struct stream s;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "breaker == 1");
	stream_start(&s);
	stream_value(&s, "engine", "breaker", 0);
	stream_evaluate(&s);
	s.s = 14;
	stream_evaluate(&s);
	stream_value(&s, "engine", "breaker", 1);
	s.s = 30;
	stream_evaluate(&s);
	assert_string_equal(s.said, "");
	stream_value(&s, "engine", "breaker", 1);
	stream_evaluate(&s);
	assert_string_equal(s.said, "30 fired* r warning");
	assert_string_equal(s.last.title, "breaker is 1");
	stream_fini(&s);
}

/* Beyond the limits: refused and counted, what was there goes on. */
static void test_sources_are_bounded(void **state)
{
	struct judge_callbacks callbacks = {stream_hear, stream_notice, NULL};
	struct window *window = calloc(1, sizeof(*window));
	struct judge_counters counters;
	struct stream s;
	char name[32];

	(void)state;
	window_init(window);
	window->duration_ns = STREAM_S;
	stream_init(&s);
	callbacks.context = &s;
	assert_int_equal(judge_new(&s.config, &callbacks, &s.judge), 0);
	for (int i = 0; i < SOURCE_SERIES_MAX + 5; i++) {
		struct series_id id = {"engine", name, "function", ""};

		format_text(name, sizeof(name), "f%d", i);
		judge_feed(s.judge, &id, stream_mono(&s), window);
	}
	stream_value(&s, "engine", "cpu_percent", 5);
	stream_value(&s, "engine", "nothing", __builtin_nan(""));
	judge_count(s.judge, &counters);
	assert_int_equal(counters.refused_windows, 5);
	assert_int_equal(counters.sources, SOURCE_SERIES_MAX + 1);
	/* An hour of silence later there is room again. */
	s.s = 1;
	stream_evaluate(&s);
	s.s = 3700;
	stream_evaluate(&s);
	judge_count(s.judge, &counters);
	/* Of the system check. */
	assert_int_equal(counters.sources, 4);
	stream_fini(&s);
	free(window);
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *unit, *text;
	} numbers[] = {
		{312e6, "ns", "312ms"},
		{-1500, "ns", "-1.50us"},
		{0.052, "ratio", "5.2%"},
		{1610612736, "bytes", "1.50GiB"},
		{512, "bytes", "512B"},
		{80, "percent", "80%"},
		{12.34, "per_s", "12.34/s"},
		{3, "", "3"},
		{__builtin_nan(""), "ns", "unknown"},
		{1e300, "ns", "104166d16h"},
	};
	char text[ALERT_TEXT_NUMBER_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_string_equal(alert_text_number(numbers[i].value, numbers[i].unit, text),
				    numbers[i].text);
	for (int i = ALERT_INFO; i <= ALERT_CRITICAL; i++)
		assert_int_equal(alert_severity_parse(alert_severity_name((enum alert_severity)i)),
				 i);
	for (int i = ALERT_PENDING; i <= ALERT_RESOLVED; i++)
		assert_int_equal(alert_state_parse(alert_state_name((enum alert_state)i)), i);
	assert_int_equal(alert_severity_parse("loud"), 0);
	assert_int_equal(alert_state_parse(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_numbers_alone),
		cmocka_unit_test(test_by),
		cmocka_unit_test(test_over_samples),
		cmocka_unit_test(test_stale_values),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_sources_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

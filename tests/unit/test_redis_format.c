/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in Redis: units, plain decimals, days, operations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/agent_redis_format.h"

#define S 1000000000ULL

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{0, "0"},
		{-0.0, "-0"},
		{1, "1"},
		{100, "100"},
		{12.5, "12.5"},
		{0.000001, "0.000001"},
		{0.0000004, "0"},
		{-3.25, "-3.25"},
		{1e20, "100000000000000000000"},
		{123456789.123456, "123456789.123456"},
	};
	char text[AGENT_REDIS_FORMAT_NUMBER_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(agent_redis_format_number(rows[i].value, text), rows[i].text);
	assert_int_equal(strlen(agent_redis_format_number(1.7e308, text)), 309);
	assert_int_equal(strlen(agent_redis_format_number(-1.7e308, text)), 310);
}

static void test_units(void **state)
{
	static const struct {
		enum config_dashboard_key key;
		enum rule_unit unit;
		double value, shown;
	} rows[] = {
		{CONFIG_TRADE_LATENCY_P99, RULE_UNIT_NS, 12345678, 12.345678},
		{CONFIG_NODE_LATENCY_P99, RULE_UNIT_NS, 1e9, 1000},
		{CONFIG_NODE_LATENCY_P99, RULE_UNIT_UNKNOWN, 1e6, 1},
		{CONFIG_SUCCESS_RATE, RULE_UNIT_RATIO, 0.9995, 99.95},
		{CONFIG_SUCCESS_RATE, RULE_UNIT_PERCENT, 99.95, 99.95},
		{CONFIG_MEV_AVOIDANCE_RATE, RULE_UNIT_NONE, 1, 100},
		{CONFIG_SLIPPAGE_ACCURACY, RULE_UNIT_UNKNOWN, 1.0 / 3, 33.333333},
		{CONFIG_TRADES_PER_MINUTE, RULE_UNIT_PER_S, 2.5, 150},
		{CONFIG_TRADES_PER_MINUTE, RULE_UNIT_NONE, 2.5, 2.5},
		{CONFIG_CIRCUIT_BREAKER_STATE, RULE_UNIT_UNKNOWN, 1, 1},
		{CONFIG_ACTIVE_CONNECTIONS, RULE_UNIT_NONE, 17, 17},
		{CONFIG_ACTIVE_CONNECTIONS, RULE_UNIT_NONE, 1e305, 1e305},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double shown = agent_redis_format_value(rows[i].key, rows[i].unit, rows[i].value);

		assert_true(shown == rows[i].shown);
	}
	assert_false(signbit(agent_redis_format_value(CONFIG_SUCCESS_RATE, RULE_UNIT_RATIO, -0.0)));
	assert_true(isnan(agent_redis_format_value(CONFIG_SUCCESS_RATE, RULE_UNIT_RATIO, NAN)));
	for (int i = 0; i < CONFIG_DASHBOARD_KEY_CNT; i++)
		assert_non_null(agent_redis_format_name((enum config_dashboard_key)i));
}

/* Midnight in UTC, whatever the time zone of the host is. */
static void test_days(void **state)
{
	static const struct {
		uint64_t wall_s;
		const char *day;
	} rows[] = {
		{0, "19700101"},	  {86399, "19700101"},	    {86400, "19700102"},
		{1767225599, "20251231"}, {1767225600, "20260101"}, {1835395199, "20280228"},
		{1835395200, "20280229"},
	};
	char text[AGENT_REDIS_FORMAT_DAY_BYTES];

	(void)state;
	assert_int_equal(setenv("TZ", "EST-14", 1), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(agent_redis_format_day(rows[i].wall_s * S, text), rows[i].day);
		assert_string_equal(agent_redis_format_day(rows[i].wall_s * S + S - 1, text),
				    rows[i].day);
	}
}

static void expect_json_take(json_t *json, const char *expected)
{
	char *text;

	assert_non_null(json);
	text = json_dumps(json, AGENT_REDIS_FORMAT_JSON);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void test_operations(void **state)
{
	const struct series_id id = {
		.target = "engine",
		.operation = "a\"\n\xff",
		.kind = "rpc_client",
		.labels = "method=\"GET\",route=\"/\\\"x\\\"\"",
	};
	struct window *w = calloc(1, sizeof(*w));

	(void)state;
	assert_non_null(w);
	window_init(w);
	expect_json_take(agent_redis_format_operation(&id, w),
			 "{\"name\":\"a\\\"??\",\"kind\":\"rpc_client\",\"labels\":{\"method\":"
			 "\"GET\",\"route\":\"/\\\"x\\\"\"},\"count\":0,\"rate_per_s\":0.0,"
			 "\"errors\":0,\"error_ratio\":null,\"p50_ms\":null,\"p95_ms\":null,"
			 "\"p99_ms\":null}");
	/* 100 values of 100 ns: exact, and just enough for a p99. */
	w->duration_ns = 10 * S;
	w->entries = w->returns = w->count = 100;
	w->errors = 1;
	w->buckets[100] = 100;
	w->octaves = 1;
	w->min_ns = w->max_ns = 100;
	w->sum_ns = 10000;
	expect_json_take(agent_redis_format_operation(&id, w),
			 "{\"name\":\"a\\\"??\",\"kind\":\"rpc_client\",\"labels\":{\"method\":"
			 "\"GET\",\"route\":\"/\\\"x\\\"\"},\"count\":100,\"rate_per_s\":10.0,"
			 "\"errors\":1,\"error_ratio\":0.01,\"p50_ms\":0.0001,\"p95_ms\":0.0001,"
			 "\"p99_ms\":0.0001}");
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

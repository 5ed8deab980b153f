/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts as JSON, their words, and instants as text. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wall_time.h"
#include "wire/wire.h"

static void test_words(void **state)
{
	(void)state;
	for (enum alert_severity s = ALERT_INFO; s <= ALERT_CRITICAL; s++)
		assert_int_equal(alert_severity_parse(alert_severity_name(s)), s);
	for (enum alert_state s = ALERT_PENDING; s <= ALERT_RESOLVED; s++)
		assert_int_equal(alert_state_parse(alert_state_name(s)), s);
	assert_int_equal(alert_severity_parse("Critical"), 0);
	assert_int_equal(alert_severity_parse(""), 0);
	assert_int_equal(alert_state_parse("none"), 0);
	assert_string_equal(alert_severity_name(0), "none");
	assert_string_equal(alert_state_name(9), "none");
}

static void test_instants(void **state)
{
	static const struct {
		uint64_t wall_ns;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000000000Z"},
		{1790000000123456789, "2026-09-21T14:13:20.123456789Z"},
		{951782400000000001, "2000-02-29T00:00:00.000000001Z"},
		{UINT64_MAX, "2554-07-21T23:34:33.709551615Z"},
	};
	char text[WALL_TIME_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(wall_time_text(rows[i].wall_ns, text), rows[i].text);
}

static struct alert full(void)
{
	return (struct alert){
		.id = "ab-1",
		.rule = "r",
		.state = ALERT_FIRING,
		.severity = ALERT_CRITICAL,
		.operation = "op",
		.target = "engine",
		.labels = "a=\"x\\\"y\",b=\"\\n\"",
		.metric = "op.p99",
		.value = 2.5,
		.threshold = 2,
		.unit = "ns",
		.title = "t",
		.message = "m",
		.description = "d\ne",
		.suggested_actions = "one\ntwo\n",
		.runbook = "http://r",
		.group = "g",
		.correlation_id = "c",
		.started_ns = 1000000000,
		.fired_ns = 2000000000,
		.ended_ns = 3000000000,
		.acknowledged_ns = 4000000000,
		.acknowledged_by = "ann",
		.flap_cnt = 3,
	};
}

static void expect_json(const struct alert *a, const char *expected)
{
	json_t *o = wire_alert(a);
	char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, expected);
	free(text);
	json_decref(o);
}

static void test_every_member(void **state)
{
	struct alert a = full();

	(void)state;
	expect_json(
		&a,
		"{\"acknowledged_at\":\"1970-01-01T00:00:04.000000000Z\","
		"\"acknowledged_by\":\"ann\",\"correlation_id\":\"c\",\"description\":\"d\\ne\","
		"\"ended_at\":\"1970-01-01T00:00:03.000000000Z\","
		"\"fired_at\":\"1970-01-01T00:00:02.000000000Z\",\"flaps\":3,\"group\":\"g\","
		"\"id\":\"ab-1\",\"labels\":{\"a\":\"x\\\"y\",\"b\":\"\\n\"},\"message\":\"m\","
		"\"metric\":\"op.p99\",\"operation\":\"op\",\"rule\":\"r\",\"runbook\":\"http://"
		"r\",\"severity\":\"critical\","
		"\"started_at\":\"1970-01-01T00:00:01.000000000Z\",\"state\":\"firing\","
		"\"suggested_actions\":[\"one\",\"two\"],\"target\":\"engine\",\"threshold\":2.0,"
		"\"title\":\"t\",\"unit\":\"ns\",\"value\":2.5}");
}

/* What is not known is null; what JSON cannot say is made fit. */
static void test_gaps_and_hostile_text(void **state)
{
	struct alert a = {.id = "x",
			  .state = ALERT_RESOLVED,
			  .severity = ALERT_INFO,
			  .title = "bad \xff byte",
			  .value = NAN,
			  .threshold = INFINITY};

	(void)state;
	expect_json(
		&a,
		"{\"acknowledged_at\":null,\"acknowledged_by\":null,\"correlation_id\":null,"
		"\"description\":\"\",\"ended_at\":null,\"fired_at\":null,\"flaps\":0,\"group\":"
		"null,\"id\":\"x\",\"labels\":{},\"message\":\"\",\"metric\":\"\",\"operation\":"
		"null,\"rule\":\"\",\"runbook\":null,\"severity\":\"info\",\"started_at\":null,"
		"\"state\":\"resolved\",\"suggested_actions\":[],\"target\":null,\"threshold\":"
		"null,\"title\":\"bad ? byte\",\"unit\":\"\",\"value\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_instants),
		cmocka_unit_test(test_every_member),
		cmocka_unit_test(test_gaps_and_hostile_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

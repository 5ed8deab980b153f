/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of an agent: right ones, and those that no agent should give. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/top_read.h"

#define REST  ",\"values\":[],\"alerts\":[]}"
#define HEAD  "{\"now_ns\":5000000000,\"windows\":["
#define NAMES "\"target\":\"t\",\"operation\":\"f\",\"kind\":\"function\",\"labels\":\"\""
#define TIMES ",\"start_ns\":3000000000,\"duration_ns\":1000000000,\"probe_inner_ns\":7"
/* An empty window: version, no counter, checksum. */
#define PACKED ",\"packed\":\"0100006c44ca0b\""

static int read_windows(struct top_model *m, const char *text, struct fault *why)
{
	size_t bytes = strlen(text);
	char *copy = malloc(bytes ? bytes : 1); /* nothing behind it */
	int err;

	assert_non_null(copy);
	for (size_t i = 0; i < bytes; i++)
		copy[i] = text[i];
	err = top_read_windows(m, copy, bytes, why);
	free(copy);
	return err;
}

static const struct {
	const char *text;
	const char *said; /* NULL: taken */
} windows[] = {
	{HEAD "]" REST, NULL},
	{"", "no JSON"},
	{"\x1b[2J", "no JSON"},
	{"[]", "no JSON object"},
	{"7", "no JSON"},
	{"{}", "without its time"},
	{"{\"error\":\"no such request\"}", "no such request"},
	{"{\"error\":7}", ""},
	{"{\"now_ns\":-1,\"windows\":[]" REST, "without its time"},
	{"{\"now_ns\":1.5,\"windows\":[]" REST, "without its time"},
	{"{\"now_ns\":1}", "without \"windows\""},
	{"{\"now_ns\":1,\"windows\":{}" REST, "without \"windows\""},
	{"{\"now_ns\":1,\"windows\":[],\"alerts\":[]}", "without \"values\""},
	{"{\"now_ns\":1,\"windows\":[],\"values\":[]}", "without \"alerts\""},
	{HEAD "7]" REST, "no objects"},
	{HEAD "{}]" REST, "without its operation"},
	{HEAD "{" NAMES "}]" REST, "or its times"},
	{HEAD "{" NAMES TIMES "}]" REST, "hexadecimal"},
	{HEAD "{" NAMES TIMES ",\"packed\":7}]" REST, "hexadecimal"},
	{HEAD "{" NAMES TIMES ",\"packed\":\"\"}]" REST, "hexadecimal"},
	{HEAD "{" NAMES TIMES ",\"packed\":\"010\"}]" REST, "hexadecimal"},
	{HEAD "{" NAMES TIMES ",\"packed\":\"0g\"}]" REST, "hexadecimal"},
	{HEAD "{" NAMES TIMES ",\"packed\":\"01000000000000\"}]" REST, "damaged"},
	{HEAD "{" NAMES ",\"start_ns\":-3,\"duration_ns\":1,\"probe_inner_ns\":7" PACKED "}]" REST,
	 "or its times"},
	{HEAD "],\"values\":[{\"name\":\"x\",\"value\":\"y\"}],\"alerts\":[]}", "number"},
	{HEAD "],\"values\":[{\"value\":1}],\"alerts\":[]}", "name or number"},
	{HEAD "],\"values\":[{\"name\":\"x\",\"value\":null}],\"alerts\":[]}", NULL},
	{HEAD "],\"values\":[],\"alerts\":[{}]}", "an alert without"},
	{HEAD
	 "],\"values\":[],\"alerts\":[{\"rule\":\"r\",\"state\":\"firing\",\"severity\":\"x\"}]}",
	 "an alert without"},
	{HEAD
	 "],\"values\":[],\"alerts\":[{\"rule\":\"r\",\"state\":\"firing\",\"severity\":\"info\","
	 "\"labels\":{\"1\":2,\"no label\":\"x\"}}]}",
	 NULL},
};

static void test_windows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct top_model *m = top_model_new();
		struct fault why = {{0}};
		int err = read_windows(m, windows[i].text, &why);

		if (windows[i].said ? err != -EPROTO || !strstr(why.text, windows[i].said) : err)
			fail_msg("%s: %d, %s", windows[i].text, err, why.text);
		if (strchr(why.text, '\x1b'))
			fail_msg("%s", windows[i].text);
		top_model_free(m);
	}
}

static void test_right_answer(void **state)
{
	static const char answer[] =
		HEAD "{" NAMES TIMES PACKED "}],\"values\":["
		     "{\"target\":\"host\",\"operation\":\"\",\"labels\":\"\",\"name\":\"load_1m\","
		     "\"value\":1.5},"
		     "{\"target\":\"host\",\"operation\":\"f\",\"labels\":\"\",\"name\":\"x\","
		     "\"value\":2}],"
		     "\"alerts\":[{\"rule\":\"r\\u001b\",\"state\":\"firing\",\"severity\":"
		     "\"critical\",\"operation\":\"f\",\"target\":null,\"labels\":{\"b\":\"2\","
		     "\"a\":\"1\"},\"acknowledged_by\":\"kim\"}]}";
	struct top_model *m = top_model_new();
	struct fault why;
	double value;

	(void)state;
	for (int again = 0; again < 2; again++) { /* the same is replaced, not added */
		assert_int_equal(read_windows(m, answer, &why), 0);
		assert_int_equal(m->series_cnt, 1);
		assert_int_equal(m->series[0]->probe_inner_ns, 7);
		assert_int_equal(m->last_ns, 3000000000);
		assert_int_equal(m->value_cnt, 2);
		assert_int_equal(m->alert_cnt, 1);
	}
	assert_true(top_model_value(m, "host", "load_1m", &value) && value == 1.5);
	assert_false(top_model_value(m, "host", "x", &value)); /* of an operation */
	assert_string_equal(m->alerts[0].rule, "r?");
	assert_string_equal(m->alerts[0].labels, "a=\"1\",b=\"2\"");
	assert_string_equal(m->alerts[0].target, "");
	assert_true(m->alerts[0].is_acknowledged);
	/* A clock that steps back a little is one, further it is another time. */
	assert_int_equal(read_windows(m, "{\"now_ns\":4500000000,\"windows\":[]" REST, &why), 0);
	assert_int_equal(m->series_cnt, 1);
	assert_int_equal(m->alert_cnt, 0);
	assert_int_equal(read_windows(m, "{\"now_ns\":3000000000,\"windows\":[]" REST, &why), 0);
	assert_int_equal(m->series_cnt, 0);
	assert_int_equal(m->last_ns, 0);
	top_model_free(m);
}

#define STATUS "{\"schema\":\"tickscope.status/1\""

static const struct {
	const char *text;
	int err;
	double health;
	const char *trouble;
} statuses[] = {
	{"{}", -EPROTO, -1, ""},
	{"{\"schema\":\"tickscope.status/2\"}", -EPROTO, -1, ""},
	{STATUS "}", 0, -1, ""},
	{STATUS ",\"health\":{\"score\":null}}", 0, -1, ""},
	{STATUS ",\"health\":{\"score\":81}}", 0, 81, ""},
	{STATUS ",\"health\":7,\"targets\":7,\"sinks\":[7],\"operations\":[7],\"self\":[]}", 0, -1,
	 ""},
	{STATUS ",\"targets\":[{\"name\":\"a\",\"state\":\"traced\"},{\"name\":\"b\",\"state\":"
		"\"waiting\"},{\"name\":\"c\",\"state\":\"failed\"}]}",
	 0, -1, "target b: waiting"},
	{STATUS ",\"sinks\":[{\"name\":\"q\\u001b\",\"state\":\"degraded\"}]}", 0, -1,
	 "sink q?: degraded"},
	{STATUS ",\"channels\":[{\"name\":\"u\",\"state\":\"unused\"},{\"name\":\"d\",\"state\":"
		"\"down\"}]}",
	 0, -1, "channel d: down"},
};

static void test_statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct top_model *m = top_model_new();
		struct fault why;
		int err = top_read_status(m, statuses[i].text, strlen(statuses[i].text), &why);

		if (err != statuses[i].err || m->agent.health != statuses[i].health ||
		    strcmp(m->agent.trouble, statuses[i].trouble) != 0)
			fail_msg("%s: %d, %g, \"%s\"", statuses[i].text, err, m->agent.health,
				 m->agent.trouble);
		top_model_free(m);
	}
}

/* The status finds the series that it is about, and the processes of targets. */
static void test_probes(void **state)
{
	static const char answer[] =
		STATUS ",\"host\":\"h\",\"targets\":[{\"name\":\"t\",\"state\":\"traced\","
		       "\"processes\":[{\"pid\":7},{\"pid\":\"x\"},{\"pid\":99999999999},7]}],"
		       "\"operations\":[{\"target\":\"t\",\"name\":\"f\",\"kind\":\"function\","
		       "\"labels\":{},\"probe\":\"at f+4\",\"probe_cost_ns\":930},"
		       "{\"target\":\"t\",\"name\":\"absent\",\"kind\":\"function\",\"labels\":{},"
		       "\"probe\":\"x\"}]}";
	struct top_model *m = top_model_new();
	struct fault why;

	(void)state;
	assert_int_equal(read_windows(m, HEAD "{" NAMES TIMES PACKED "}]" REST, &why), 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(top_read_status(m, answer, strlen(answer), &why), 0);
		assert_int_equal(m->series_cnt, 1);
		assert_string_equal(m->series[0]->probe, "at f+4");
		assert_int_equal(m->series[0]->probe_cost_ns, 930);
		assert_int_equal(m->series[0]->probe_inner_ns, 7);
		assert_int_equal(m->target_cnt, 1);
		assert_int_equal(m->targets[0].pid_cnt, 1);
		assert_int_equal(m->targets[0].pids[0], 7);
	}
	top_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_right_answer),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

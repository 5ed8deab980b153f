/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that every agent has about itself: silent while it is well, fired in time, resolved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/builtin.h"
#include "config_case.h"
#include "judge_stream.h"

static const struct {
	const char *rule, *value, *severity;
	uint64_t fires_s; /* this many seconds after its value is no longer 0 */
} rows[] = {
	{"tickscope_history_failing", "history_failing", "critical", 1},
	{"tickscope_channel_down", "channels_down", "warning", 1},
	{"tickscope_windows_dropped", "dropped_windows_per_s", "critical", 1},
	{"tickscope_sink_failing", "sinks_failing", "warning", 61},
	{"tickscope_over_budget", "probes_over_budget", "warning", 1},
	{"tickscope_sink_dropped", "sink_dropped_per_s", "critical", 1},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void seconds(struct stream *s, size_t bad_idx, uint64_t cnt)
{
	for (; cnt; cnt--) {
		s->s++;
		for (size_t i = 0; i < ROWS; i++)
			stream_value(s, "tickscope", rows[i].value, i == bad_idx ? 2 : 0);
		stream_evaluate(s);
	}
}

static void test_rules(void **state)
{
	struct config *config = config_of("level: perf\n", config_no_env, NULL);

	(void)state;
	assert_int_equal(config->rule_cnt, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		struct judge_callbacks callbacks = {stream_hear, stream_notice, NULL};
		struct stream s = {0};
		unsigned long long fires_s = 200 + rows[i].fires_s;
		char expected[256];

		callbacks.context = &s;
		assert_string_equal(config->rules[i].file, BUILTIN_NAME);
		assert_int_equal(judge_new(config, &callbacks, &s.judge), 0);
		seconds(&s, ROWS, 200);
		assert_string_equal(s.said, "");
		seconds(&s, i, rows[i].fires_s);
		format_text(expected, sizeof(expected), "%llu fired* %s %s", fires_s, rows[i].rule,
			    rows[i].severity);
		assert_string_equal(s.said, expected);
		seconds(&s, ROWS, 30);
		assert_non_null(strstr(s.said, " resolved* "));
		judge_free(s.judge);
	}
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules)};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The life of alerts, second by second: streams that make naive engines flap or miss. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_stream.h"

static const struct series_id op = {"engine", "op", "function", ""};

/* One second: g good, b bad, e empty window, s bad but with few samples, . nothing. */
static void second(struct stream *s, char what)
{
	s->s++;
	if (what == 'g')
		stream_calls(s, &op, 100, 10 * STREAM_MS, 0);
	else if (what == 'b')
		stream_calls(s, &op, 100, 500 * STREAM_MS, 0);
	else if (what == 's')
		stream_calls(s, &op, 5, 500 * STREAM_MS, 0);
	else if (what == 'e')
		stream_calls(s, &op, 0, 0, 0);
	stream_evaluate(s);
}

/* "g5b20(bg)3": five good, twenty bad, bad and good three times. */
static const char *play(struct stream *s, const char *pattern)
{
	const char *at = pattern;

	while (*at && *at != ')') {
		const char *unit = at;
		unsigned long cnt = 1;
		char *end;

		if (*at == '(') {
			for (at++; *at != ')'; at++)
				;
		}
		at++;
		if (*at >= '0' && *at <= '9') {
			cnt = strtoul(at, &end, 10);
			at = end;
		}
		for (unsigned long i = 0; i < cnt; i++) {
			if (*unit == '(')
				play(s, unit + 1);
			else
				second(s, *unit);
		}
	}
	return at;
}

static const struct {
	const char *name, *pattern;
	uint64_t for_s, keep_s, cooldown_s;
	const char *said;
} lives[] = {
	{"good", "g200", 0, 10, 60, ""},
	{"bad at once", "g5b20g20", 0, 10, 60, "6 fired* r warning, 36 resolved* r warning"},
	{"one bad second", "g5b1g30", 0, 10, 60, "6 fired* r warning, 17 resolved* r warning"},
	{"one bad second with for", "g5b1g30", 5, 10, 60, ""},
	{"burst shorter than for", "g5b29g30", 30, 10, 60, ""},
	{"for reached", "g5b31g5", 30, 10, 60, "36 fired* r warning"},
	{"bursts that each are too short", "(b20g1)10", 30, 10, 60, ""},
	{"oscillates each second", "(bg)100g20", 0, 10, 60,
	 "1 fired* r warning, 210 resolved* r warning"},
	{"oscillates each second with for", "(bg)100", 5, 10, 60, ""},
	/* Down 15 s, up 15 s: told twice, then it stays until quiet for the cooldown. */
	{"oscillates slowly", "(b15g15)10g100", 0, 10, 60,
	 "1 fired* r warning, 26 resolved* r warning, 31 fired r warning, 61 again* r warning, "
	 "346 resolved* r warning"},
	{"fires again after the cooldown", "b5g80b5g80", 0, 10, 60,
	 "1 fired* r warning, 16 resolved* r warning, 86 fired* r warning, 101 resolved* r "
	 "warning"},
	{"no cooldown", "b1g20b1g20", 0, 10, 0,
	 "1 fired* r warning, 12 resolved* r warning, 22 fired* r warning, 33 resolved* r warning"},
	{"no hysteresis", "b1g1", 0, 0, 60, "1 fired* r warning, 2 resolved* r warning"},
	/* Nothing known neither fires nor resolves, and stops the clocks. */
	{"gap while it fires", "b5.600b5g20", 0, 10, 60,
	 "1 fired* r warning, 621 resolved* r warning"},
	{"empty while it fires", "b5e600g20", 0, 10, 60,
	 "1 fired* r warning, 616 resolved* r warning"},
	{"gap while pending", "b20.60b5g20", 30, 10, 60, ""},
	{"gap while pending, then enough", "b20.60b15g1", 30, 10, 60, "91 fired* r warning"},
	{"gap while quiet", "b5g5.60g5b1g30", 0, 10, 60,
	 "1 fired* r warning, 87 resolved* r warning"},
	{"too few samples", "s100", 0, 10, 60, ""},
	{"too few samples to resolve", "b5s100g10", 0, 10, 60, "1 fired* r warning"},
	{"nothing for an hour", "b5.3601", 0, 10, 60,
	 "1 fired* r warning, 3605 resolved* r warning"},
	{"nothing at all", ".100", 0, 10, 60, ""},
};

static void test_lives(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct stream *s = malloc(sizeof(*s));
		struct config_rule *rule;

		stream_init(s);
		s->config.judge.cooldown_ns = lives[i].cooldown_s * STREAM_S;
		s->config.judge.keep_firing_ns = lives[i].keep_s * STREAM_S;
		rule = stream_rule(s, "r", "op.p90 > 200ms");
		rule->for_ns = lives[i].for_s * STREAM_S;
		stream_start(s);
		play(s, lives[i].pattern);
		if (strcmp(s->said, lives[i].said) != 0)
			fail_msg("%s:\n  %s\nnot\n  %s", lives[i].name, s->said, lives[i].said);
		stream_fini(s);
		free(s);
	}
}

/* A flapping alert keeps its id; one after the cooldown has another. */
static void test_ids(void **state)
{
	struct stream s;
	char first[ALERT_ID_BYTES];

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	play(&s, "b5g20");
	memcpy(first, s.last.id, sizeof(first));
	assert_int_equal(s.last.flap_cnt, 0);
	play(&s, "b5");
	assert_string_equal(s.last.id, first);
	assert_int_equal(s.last.flap_cnt, 1);
	play(&s, "g200b1");
	assert_string_not_equal(s.last.id, first);
	assert_int_equal(s.last.flap_cnt, 0);
	stream_fini(&s);
}

/* The wall clock steps back an hour: durations stay right, times stay in order, ids differ. */
static void test_clock_steps_back(void **state)
{
	struct stream s;
	char first[ALERT_ID_BYTES];

	(void)state;
	stream_init(&s);
	s.config.judge.cooldown_ns = 0;
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	play(&s, "b5");
	s.wall_step_s = -3600;
	play(&s, "g11");
	assert_string_equal(s.said, "1 fired* r warning, 16 resolved* r warning");
	assert_true(s.last.ended_ns >= s.last.fired_ns);
	memcpy(first, s.last.id, sizeof(first));
	/* The very second in which the first one began. */
	s.wall_step_s = -16;
	play(&s, "b1");
	assert_string_not_equal(s.last.id, first);
	stream_fini(&s);
}

/* Windows that come late count where they belong; those of more than a minute ago do not. */
static void test_late_windows(void **state)
{
	struct judge_counters counters;
	struct stream s;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.count[20s] >= 1000");
	stream_start(&s);
	play(&s, "g5.4");
	assert_string_equal(s.said, "");
	for (int i = 0; i < 4; i++) {
		s.s -= 1;
		stream_calls(&s, &op, 200, STREAM_MS, 0);
	}
	s.s += 4;
	play(&s, "g1");
	assert_string_equal(s.said, "10 fired* r warning");
	s.s += 100;
	stream_calls(&s, &op, 1, STREAM_MS, 0);
	s.s -= 70;
	stream_calls(&s, &op, 1, STREAM_MS, 0);
	judge_count(s.judge, &counters);
	assert_int_equal(counters.late_windows, 1);
	stream_fini(&s);
}

/* Windows end a few milliseconds before they are judged, now and then in the second before. */
static void test_ends_of_windows(void **state)
{
	struct stream s;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	for (int n = 0; n < 100; n++) {
		s.s++;
		stream_calls(&s, &op, 100, 500 * STREAM_MS, 0);
		judge_evaluate(s.judge, stream_mono(&s) + (n % 3 + 1) * STREAM_MS, stream_wall(&s));
		if (n == 0)
			assert_string_equal(s.said, "1 fired* r warning");
	}
	assert_int_equal(s.last.state, ALERT_FIRING);
	for (int n = 0; n < 12; n++) {
		s.s++;
		stream_calls(&s, &op, 100, STREAM_MS, 0);
		judge_evaluate(s.judge, stream_mono(&s) + (3 - n % 3) * STREAM_MS, stream_wall(&s));
	}
	/* Known in each of those seconds: quiet for ten of them, and the odd millisecond. */
	assert_string_equal(s.said, "1 fired* r warning, 112 resolved* r warning");
	stream_fini(&s);
}

/* A latency that drifts from 100 to 300 ms in a quarter of an hour, 10 % up and down around it: one
 * alert, as it crosses the limit. */
static void test_slow_drift(void **state)
{
	static const int jitter[] = {0, 7, -4, 10, -10, 3, -8, 5};
	struct config_rule *rule;
	struct stream s;

	(void)state;
	stream_init(&s);
	rule = stream_rule(&s, "r", "op.p90 > 200ms");
	rule->for_ns = 5 * STREAM_S;
	rule->over_ns = 10 * STREAM_S;
	stream_start(&s);
	for (int n = 0; n < 900; n++) {
		int64_t us = (100000 + n * 200000 / 900) * (100 + jitter[n % 8]) / 100;

		s.s++;
		stream_calls(&s, &op, 100, (uint64_t)us * 1000, 0);
		stream_evaluate(&s);
	}
	assert_int_equal(s.told_cnt, 1);
	assert_non_null(strstr(s.said, " fired* r warning"));
	/* 10 % above is 200 ms when the middle is 182. */
	assert_true(strtoull(s.said, NULL, 10) >= 360 && strtoull(s.said, NULL, 10) <= 400);
	stream_fini(&s);
}

static void count_alert(void *context, const struct alert *alert)
{
	size_t *cnt = context;

	cnt[alert->state]++;
}

/* A thousand at once: each told once, each resolved once, all still to be seen. */
static void test_thousand(void **state)
{
	struct stream *s = malloc(sizeof(*s));
	size_t cnt[4] = {0};
	char labels[64];

	(void)state;
	stream_init(s);
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {"r0", "r1", "r2", "r3"};
		static const char *const texts[] = {"o0.mean > 1ms", "o1.mean > 1ms",
						    "o2.mean > 1ms", "o3.mean > 1ms"};
		static char *by[] = {"pair"};
		struct config_rule *rule = stream_rule(s, names[i], texts[i]);

		rule->by = by;
		rule->by_cnt = 1;
	}
	stream_start(s);
	for (int n = 0; n < 30; n++) {
		s->s++;
		for (int i = 0; i < 1000; i++) {
			const char *const names[] = {"o0", "o1", "o2", "o3"};
			struct series_id id = {"engine", names[i % 4], "rpc_client", labels};

			format_text(labels, sizeof(labels), "pair=\"%d\"", i / 4);
			stream_calls(s, &id, 20, n < 5 ? 5 * STREAM_MS : STREAM_MS / 2, 0);
		}
		stream_evaluate(s);
		if (n == 0)
			assert_int_equal(s->told_cnt, 1000);
	}
	assert_int_equal(s->told_cnt, 2000);
	judge_each_alert(s->judge, count_alert, cnt);
	assert_int_equal(cnt[ALERT_RESOLVED], 1000);
	assert_int_equal(cnt[ALERT_FIRING], 0);
	stream_fini(s);
	free(s);
}

/* More values of a label than are judged: the rest is counted, and said once. */
static void test_instances_are_bounded(void **state)
{
	static char *by[] = {"pair"};
	struct judge_counters counters;
	struct config_rule *rule;
	struct stream *s = malloc(sizeof(*s));
	char labels[64];

	(void)state;
	stream_init(s);
	rule = stream_rule(s, "r", "o.mean > 1ms");
	rule->by = by;
	rule->by_cnt = 1;
	stream_start(s);
	for (int n = 0; n < 3; n++) {
		s->s++;
		for (int i = 0; i < JUDGE_INSTANCE_MAX + 44; i++) {
			struct series_id id = {"engine", "o", "rpc_client", labels};

			format_text(labels, sizeof(labels), "pair=\"%d\"", i);
			stream_calls(s, &id, 20, STREAM_MS / 2, 0);
		}
		stream_evaluate(s);
	}
	judge_count(s->judge, &counters);
	assert_int_equal(counters.instances, JUDGE_INSTANCE_MAX);
	assert_int_equal(counters.refused_instances, 44);
	assert_string_equal(s->notices,
			    "1 rule \"r\": more than 256 values of its labels, the rest "
			    "is not judged\n");
	stream_fini(s);
	free(s);
}

static void test_no_data(void **state)
{
	struct judge_counters counters;
	struct stream s;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.p90 > 200ms and mev.avoided_ratio < 80%");
	stream_start(&s);
	play(&s, "b40");
	assert_string_equal(s.notices, "16 rule \"r\": no data: nothing measures "
				       "\"mev.avoided_ratio\" so far; the rule waits for it\n");
	judge_count(s.judge, &counters);
	assert_int_equal(counters.rules_no_data, 1);
	assert_string_equal(s.said, "");
	s.notices[0] = '\0';
	stream_value(&s, "mev", "avoided_ratio", 0.5);
	play(&s, "b3");
	assert_string_equal(s.notices, "41 rule \"r\" has data now\n");
	assert_string_equal(s.said, "41 fired* r warning");
	stream_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_clock_steps_back),
		cmocka_unit_test(test_late_windows),
		cmocka_unit_test(test_slow_drift),
		cmocka_unit_test(test_ends_of_windows),
		cmocka_unit_test(test_thousand),
		cmocka_unit_test(test_instances_are_bounded),
		cmocka_unit_test(test_no_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

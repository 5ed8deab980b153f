/* SPDX-License-Identifier: Apache-2.0 */
/* Contracts: their levels, what they are judged over, violations, health, trends, the system. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/report.h"
#include "judge/rules.h"
#include "judge/violations.h"
#include "judge_stream.h"

static const struct series_id op = {"engine", "op", "function", ""};

static void test_levels(void **state)
{
	static const struct {
		struct config_limit limit;
		double warning, critical;
	} rows[] = {
		{{"latency", "mean", 30e6, false}, 45e6, 60e6},
		{{"error_rate", "error_rate", 0.02, false}, 0.03, 0.04},
		{{"error_rate", "error_rate", 0, false}, 0.05, 0.10},
		{{"throughput", "rate", 30, true}, 20, 15},
		{{"throughput", "rate", 0.9, true}, 0.6, 0.45},
		{{"batch_size", "batch_size", 6, true}, 4, 3},
		{{"hit_rate", "hit_rate", 0.96, true}, 0.94, 0.92},
		{{"hit_rate", "hit_rate", 1, true}, 0.985, 0.98},
		{{"uptime", "uptime_ratio", 0.999, true}, 0.995, 0.99},
		{{"uptime", "uptime_ratio", 0.9, true}, 0.85, 0.8},
		{{"memory", "memory_bytes", 100e6, false}, 150e6, 200e6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct level levels[LEVEL_MAX];

		assert_int_equal(rules_levels(&rows[i].limit, levels), 3);
		assert_int_equal(levels[0].severity, ALERT_INFO);
		assert_true(levels[0].threshold == rows[i].limit.limit);
		if (fabs(levels[1].threshold - rows[i].warning) > 1e-9 ||
		    fabs(levels[2].threshold - rows[i].critical) > 1e-9)
			fail_msg("row %zu: %g %g", i, levels[1].threshold, levels[2].threshold);
	}
}

struct contracted {
	struct stream s;
	struct config_operation operation;
	struct config_target target;
};

static struct contracted *start(const struct config_limit *limit, bool is_of_target)
{
	struct contracted *c = calloc(1, sizeof(*c));

	stream_init(&c->s);
	c->operation.name = (char *)"op";
	c->target.name = (char *)"engine";
	c->s.config.operations = &c->operation;
	c->s.config.operation_cnt = 1;
	c->s.config.targets = &c->target;
	c->s.config.target_cnt = 1;
	if (is_of_target) {
		c->target.contract.limits[0] = *limit;
		c->target.contract.limit_cnt = 1;
	} else {
		c->operation.contract.limits[0] = *limit;
		c->operation.contract.limit_cnt = 1;
	}
	stream_start(&c->s);
	return c;
}

static void end(struct contracted *c)
{
	stream_fini(&c->s);
	free(c);
}

static void seconds(struct contracted *c, uint64_t cnt, uint64_t calls, uint64_t ms)
{
	for (uint64_t i = 0; i < cnt; i++) {
		c->s.s++;
		stream_calls(&c->s, &op, calls, ms * STREAM_MS, 0);
		stream_evaluate(&c->s);
	}
}

static const struct config_limit mean_30ms = {"latency", "mean", 30e6, false};
static const struct config_limit p99_200ms = {"p99", "p99", 200e6, false};

/* 40 ms are a violation, 50 a warning, 70 critical: one alert, told when it begins and rises. */
static void test_severity_rises(void **state)
{
	struct contracted *c = start(&mean_30ms, false);
	char id[ALERT_ID_BYTES];

	(void)state;
	seconds(c, 60, 100, 20);
	assert_string_equal(c->s.said, "");
	seconds(c, 60, 100, 40);
	assert_string_equal(c->s.said, "91 fired* op.latency info");
	memcpy(id, c->s.last.id, sizeof(id));
	assert_string_equal(c->s.last.operation, "op");
	assert_string_equal(c->s.last.group, "op");
	c->s.said[0] = '\0';
	seconds(c, 60, 100, 50);
	seconds(c, 60, 100, 70);
	assert_string_equal(c->s.said, "151 now* op.latency warning, 211 now* op.latency critical");
	assert_string_equal(c->s.last.id, id);
	c->s.said[0] = '\0';
	/* Lower for the cooldown: that is kept, and told to nobody. */
	seconds(c, 130, 100, 50);
	assert_string_equal(c->s.said, "301 now op.latency warning");
	c->s.said[0] = '\0';
	seconds(c, 30, 100, 1);
	assert_string_equal(c->s.said, "381 resolved* op.latency warning");
	end(c);
}

/* One bad moment among many calls is none, many slow calls are told at once. */
static void test_both_spans(void **state)
{
	struct contracted *c = start(&p99_200ms, false);

	(void)state;
	seconds(c, 60, 1000, 20);
	c->s.s++;
	stream_calls(&c->s, &op, 1000, 20 * STREAM_MS, 0);
	stream_calls(&c->s, &op, 100, 900 * STREAM_MS, 0);
	stream_evaluate(&c->s);
	assert_string_equal(c->s.said, "");
	seconds(c, 10, 1000, 20);
	assert_string_equal(c->s.said, "");
	seconds(c, 1, 1000, 900);
	assert_string_equal(c->s.said, "72 fired* op.p99 critical");
	assert_string_equal(c->s.last.title, "op.p99 is above 200ms");
	seconds(c, 11, 1000, 20);
	assert_string_equal(c->s.said, "72 fired* op.p99 critical, 83 resolved* op.p99 critical");
	end(c);
}

/* Four calls a minute: the last 100 are what there is. */
static void test_rare_calls(void **state)
{
	struct contracted *c = start(&mean_30ms, false);

	(void)state;
	for (int i = 0; i < 110; i++) {
		c->s.s += 15;
		stream_calls(&c->s, &op, 1, 40 * STREAM_MS, 0);
		stream_evaluate(&c->s);
		if (i < 98)
			assert_string_equal(c->s.said, "");
	}
	assert_string_equal(c->s.said, "1500 fired* op.latency info");
	end(c);
}

static void test_throughput(void **state)
{
	static const struct config_limit limit = {"throughput", "rate", 100, true};
	struct contracted *c = start(&limit, false);

	(void)state;
	seconds(c, 60, 120, 1);
	assert_string_equal(c->s.said, "");
	/* Nothing comes any more, and that is known. */
	seconds(c, 60, 0, 1);
	assert_string_equal(c->s.said, "71 fired* op.throughput info, 87 now* op.throughput "
				       "warning, 96 now* op.throughput critical");
	assert_string_equal(c->s.last.message,
			    "op.rate is 48/s, below the contract of 100/s (2.1 times)");
	end(c);
}

static void test_target_values(void **state)
{
	static const struct config_limit limit = {"memory", "memory_bytes", 100e6, false};
	struct contracted *c = start(&limit, true);

	(void)state;
	for (int i = 0; i < 200; i++) {
		c->s.s++;
		stream_value(&c->s, "other", "memory_bytes", 900e6);
		/* A peak of a second is no breach of the mean. */
		stream_value(&c->s, "engine", "memory_bytes",
			     i == 50   ? 500e6
			     : i < 100 ? 80e6
				       : 250e6);
		stream_evaluate(&c->s);
	}
	assert_string_equal(c->s.said,
			    "105 fired* engine.memory info, 125 now* engine.memory warning, "
			    "143 now* engine.memory critical");
	assert_string_equal(c->s.last.target, "engine");
	assert_string_equal(c->s.last.operation, "");
	assert_non_null(strstr(c->s.last.message, "above the contract of 95.37MiB"));
	end(c);
}

/* A contract for what is not configured waits, has no score, and is judged when it comes. */
static void test_unowned(void **state)
{
	struct config_unowned unowned[] = {
		{.operation = (char *)"later", .contract = {{{"latency", "mean", 30e6, false}}, 1}},
		{.target = (char *)"later", .contract = {{{"cpu", "cpu_percent", 50, false}}, 1}},
	};
	static const struct series_id later = {"engine", "later", "function", ""};
	struct report_system system;
	struct stream s;

	(void)state;
	stream_init(&s);
	s.config.unowned = unowned;
	s.config.unowned_cnt = 2;
	stream_start(&s);
	for (int i = 0; i < 20; i++) {
		s.s++;
		stream_evaluate(&s);
	}
	assert_non_null(strstr(s.notices, "16 rule \"later.latency\": no data"));
	assert_non_null(strstr(s.notices, "16 rule \"later.cpu\": no data"));
	report_system(s.judge, stream_mono(&s), &system);
	assert_true(isnan(system.score));
	stream_calls(&s, &later, 100, 35 * STREAM_MS, 0);
	stream_value(&s, "later", "cpu_percent", 80);
	stream_evaluate(&s);
	stream_value(&s, "later", "cpu_percent", 80);
	stream_evaluate(&s);
	assert_string_equal(s.said, "20 fired* later.latency info, 20 fired* later.cpu warning");
	report_system(s.judge, stream_mono(&s), &system);
	assert_false(isnan(system.score));
	stream_fini(&s);
}

static void test_violations(void **state)
{
	struct violations *v = calloc(1, sizeof(*v));
	const uint64_t minute_ns = 60 * STREAM_S;

	(void)state;
	for (uint64_t m = 100; m < 3000; m++)
		violations_add(v, m * minute_ns);
	assert_int_equal(violations_count(v, 2999 * minute_ns, VIOLATIONS_5M_NS), 5);
	assert_int_equal(violations_count(v, 2999 * minute_ns, VIOLATIONS_DAY_NS), 1440);
	assert_int_equal(violations_count(v, 3001 * minute_ns, VIOLATIONS_5M_NS), 3);
	assert_int_equal(violations_count(v, 9000 * minute_ns, VIOLATIONS_DAY_NS), 0);
	violations_add(v, 9000 * minute_ns);
	violations_add(v, 9000 * minute_ns);
	assert_int_equal(violations_count(v, 9000 * minute_ns, VIOLATIONS_DAY_NS), 2);
	free(v);
}

static void test_scores(void **state)
{
	static const struct {
		struct report_component c;
		double score;
	} rows[] = {
		{{.mean_ns = 20e6, .latency_limit_ns = 30e6, .error_ratio = 0}, 100},
		{{.mean_ns = 33e6, .latency_limit_ns = 30e6, .error_ratio = 0}, 90},
		{{.mean_ns = 90e6, .latency_limit_ns = 30e6, .error_ratio = 0}, 50},
		{{.mean_ns = 20e6, .latency_limit_ns = 30e6, .error_ratio = 0.05}, 95},
		{{.mean_ns = 20e6, .latency_limit_ns = 30e6, .error_ratio = 0.5}, 70},
		{{.mean_ns = 20e6, .latency_limit_ns = 30e6, .violations_5m = 3}, 85},
		{{.mean_ns = 90e6, .latency_limit_ns = 30e6, .error_ratio = 1, .violations_5m = 9},
		 0},
		{{.mean_ns = NAN, .latency_limit_ns = NAN, .error_ratio = NAN}, 100},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report_component c = rows[i].c;

		report_score(&c);
		if (fabs(c.score - rows[i].score) > 1e-6)
			fail_msg("row %zu: %g, not %g", i, c.score, rows[i].score);
	}
}

static void test_trends(void **state)
{
	static const struct {
		double before, after;
		enum report_trend latency, errors;
	} rows[] = {
		{100, 100, REPORT_STABLE, REPORT_STABLE},
		{100, 120, REPORT_STABLE, REPORT_STABLE},
		{100, 121, REPORT_INCREASING, REPORT_STABLE},
		{100, 151, REPORT_INCREASING, REPORT_INCREASING},
		{100, 80, REPORT_STABLE, REPORT_STABLE},
		{100, 79, REPORT_DECREASING, REPORT_STABLE},
		{100, 49, REPORT_DECREASING, REPORT_DECREASING},
		{NAN, 49, REPORT_TREND_UNKNOWN, REPORT_TREND_UNKNOWN},
		{0, 1, REPORT_TREND_UNKNOWN, REPORT_INCREASING},
		{0, 0, REPORT_TREND_UNKNOWN, REPORT_STABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(report_trend_of_latency(rows[i].before, rows[i].after),
				 rows[i].latency);
		assert_int_equal(report_trend_of_errors(rows[i].before, rows[i].after),
				 rows[i].errors);
	}
	assert_string_equal(report_trend_name(REPORT_INCREASING), "increasing");
}

static void take_component(void *context, const struct report_component *component)
{
	*(struct report_component *)context = *component;
}

/* The whole report of a stream: 45 s fast, 15 s slower with errors. */
static void test_report(void **state)
{
	struct contracted *c = start(&mean_30ms, false);
	struct report_component component = {0};
	struct report_system system;

	(void)state;
	seconds(c, 45, 100, 20);
	for (int i = 0; i < 15; i++) {
		c->s.s++;
		stream_calls(&c->s, &op, 100, 80 * STREAM_MS, 10);
		judge_evaluate(c->s.judge, stream_mono(&c->s), stream_wall(&c->s));
	}
	report_each_component(c->s.judge, stream_mono(&c->s), take_component, &component);
	assert_string_equal(component.name, "op");
	assert_int_equal(component.count, 6000);
	assert_true(component.mean_ns == 35e6);
	assert_true(fabs(component.error_ratio - 0.025) < 1e-9);
	assert_true(fabs(component.rate_per_min - 6000) < 1e-6);
	assert_true(fabs(component.p99_ns - 80e6) < 0.4e6);
	assert_int_equal(component.latency_trend, REPORT_INCREASING);
	assert_int_equal(component.error_trend, REPORT_INCREASING);
	assert_int_equal(component.violations_5m, 1);
	assert_int_equal(component.alerts, 1);
	assert_true(fabs(component.score - (100 - 100.0 / 6 - 2.5 - 5)) < 1e-6);
	report_system(c->s.judge, stream_mono(&c->s), &system);
	assert_true(system.score == component.score);
	assert_true(fabs(system.requests_per_s - 100) < 1e-6);
	assert_true(system.uptime_ratio == 1);
	assert_int_equal(system.alerts, 1);
	assert_int_equal(system.violations_24h, 1);
	end(c);
}

/* Down for 30 of 300 s: known as such, and no contract of 99.9 % holds then. */
static void test_uptime(void **state)
{
	static const struct config_limit limit = {"uptime", "uptime_ratio", 0.999, true};
	struct contracted *c = start(&limit, true);
	struct report_component component = {0};

	(void)state;
	seconds(c, 200, 10, 1);
	for (int i = 0; i < 30; i++) {
		c->s.s++;
		stream_evaluate(&c->s);
	}
	seconds(c, 70, 10, 1);
	report_each_component(c->s.judge, stream_mono(&c->s), take_component, &component);
	/* Two seconds are not yet taken for missing. */
	assert_true(fabs(component.uptime_ratio - 272.0 / 300) < 1e-9);
	assert_non_null(strstr(c->s.said, "fired* engine.uptime"));
	assert_non_null(strstr(c->s.said, "now* engine.uptime critical"));
	end(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),	   cmocka_unit_test(test_severity_rises),
		cmocka_unit_test(test_both_spans), cmocka_unit_test(test_rare_calls),
		cmocka_unit_test(test_throughput), cmocka_unit_test(test_target_values),
		cmocka_unit_test(test_violations), cmocka_unit_test(test_scores),
		cmocka_unit_test(test_trends),	   cmocka_unit_test(test_report),
		cmocka_unit_test(test_uptime),	   cmocka_unit_test(test_unowned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

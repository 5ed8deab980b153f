/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed: the JSON read back by a parser, the table line by line. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/report.h"

static struct report_operation operation_of(struct window *w, const char *name)
{
	static const pid_t pids[] = {4242, 4243};
	struct report_operation o = {.name = name,
				     .kind = "function",
				     .target = "engine",
				     .pids = pids,
				     .pid_cnt = 2,
				     .window = w,
				     .probe = "uprobe session at f+4 (push)",
				     .probe_cost_ns = 930,
				     .probe_inner_ns = 100};

	stats_of(&o.stats, w, o.probe_inner_ns);
	return o;
}

static struct window *window_with(uint64_t ns, uint64_t count)
{
	struct window *w = calloc(1, sizeof(*w));
	uint32_t bucket = ts_bucket_of(ns);

	window_init(w);
	w->buckets[bucket] = count;
	w->octaves = 1ULL << (bucket >> TS_BUCKET_SUB_BITS);
	w->count = w->entries = w->returns = count;
	w->sum_ns = ns * count;
	w->min_ns = w->max_ns = ns;
	w->duration_ns = 2000000000;
	return w;
}

static json_t *written(const struct report *r)
{
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	json_error_t error;
	json_t *json;

	assert_int_equal(report_write_json(r, out), 0);
	fclose(out);
	assert_int_equal(text[bytes - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + bytes - 1);
	json = json_loads(text, 0, &error);
	free(text);
	assert_non_null(json);
	return json;
}

static void test_json(void **state)
{
	struct window *w = window_with(10000, 150);
	struct report_operation o = operation_of(w, "f(\"quoted\\ \303\251\")");
	struct report r = {.host = "h",
			   .kernel = "6.12.1",
			   .start_wall_ns = 1767225600000000001ULL,
			   .end_wall_ns = 1767225602000000000ULL,
			   .operations = &o,
			   .operation_cnt = 1};
	json_t *json = written(&r), *op = json_array_get(json_object_get(json, "operations"), 0);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "schema")),
			    "tickscope.summary/1");
	assert_string_equal(json_string_value(json_object_get(json, "start")),
			    "2026-01-01T00:00:00.000000001Z");
	assert_true(json_is_false(json_object_get(json, "interval")));
	assert_string_equal(json_string_value(json_object_get(op, "name")),
			    "f(\"quoted\\ \303\251\")");
	assert_int_equal(json_integer_value(json_object_get(op, "count")), 150);
	assert_true(json_real_value(json_object_get(op, "rate_per_s")) == 75.0);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(op, "percentiles_ns"), "p50")),
		10000);
	assert_true(json_is_null(json_object_get(json_object_get(op, "percentiles_ns"), "p999")));
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(op, "percentiles_net_ns"), "p50")),
			 9900);
	assert_int_equal(json_array_size(json_object_get(op, "pids")), 2);
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(op, "quality"), "probe_cost_ns")),
			 930);
	assert_true(json_is_object(json_object_get(op, "labels")));
	json_decref(json);
	w->nested_hits = 3;
	o = operation_of(w, "f");
	json = written(&r);
	op = json_array_get(json_object_get(json, "operations"), 0);
	assert_true(json_is_null(json_object_get(op, "percentiles_net_ns")));
	json_decref(json);
	free(w);
}

static void test_json_empty(void **state)
{
	struct window *w = window_with(1, 0);
	struct report_operation o;
	struct report r = {.host = "h", .kernel = "k", .operations = &o, .operation_cnt = 1};
	json_t *json, *op;

	(void)state;
	w->octaves = 0;
	w->min_ns = UINT64_MAX;
	w->max_ns = 0;
	o = operation_of(w, "never");
	json = written(&r);
	op = json_array_get(json_object_get(json, "operations"), 0);
	assert_true(json_is_null(json_object_get(op, "min_ns")));
	assert_true(json_is_null(json_object_get(op, "mean_ns")));
	json_decref(json);
	free(w);
}

static void test_table(void **state)
{
	struct window *w = window_with(1500000, 2000);
	struct report_operation o =
		operation_of(w, "desk::Executor::execute_trade(desk::Order const&, std::string)");
	struct report r = {.operations = &o, .operation_cnt = 1};
	struct report_style style = {.columns = 130};
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	w->unwound = 2;
	w->entries += 2;
	o = operation_of(w, "desk::Executor::execute_trade(desk::Order const&, std::string)");
	assert_int_equal(report_write_table(&r, &style, out), 3);
	fclose(out);
	assert_non_null(strstr(text, "     2,000      1000         0    1.50ms    1.50ms    1.50ms "
				     "   1.50ms    1.50ms    1.50ms u\n"));
	assert_non_null(strstr(text, "u  calls left by an exception"));
	assert_non_null(strstr(text, "\342\200\246")); /* the name was cut, and says so */
	free(text);
	free(w);
}

static void test_histogram(void **state)
{
	struct window *w = window_with(1500000, 2000);
	struct report_operation o = operation_of(w, "f");
	struct report r = {.operations = &o, .operation_cnt = 1};
	struct report_style style = {.columns = 100, .is_ascii = true};
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	report_write_histograms(&r, &style, out);
	fclose(out);
	assert_non_null(strstr(text, "2,000 100.00% |####"));
	assert_non_null(strstr(text, "p50 p90 p95 p99 p99.9"));
	free(text);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_empty),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

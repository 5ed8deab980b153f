/* SPDX-License-Identifier: Apache-2.0 */
/* Counters and histograms: each bound, what adds up, what is part of something else. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prometheus_parts.h"
#include "sink/prometheus_bounds.h"

#define S_NS 1000000000ULL

/* Every bound of every histogram: cumulative, and what is on the wrong side is near it. */
static void test_exact_bounds(void **state)
{
	static const struct config_prometheus config = {.series_max = 34};
	const struct series_id id = {"engine", "risk", "function", ""};
	struct prometheus *p = new_sink(&config);
	struct window *w = new_window();
	uint64_t below = 0;
	char *page;

	(void)state;
	/* On both sides of each power of two. */
	for (int bit = 1; bit <= 41; bit++) {
		add_time(w, (1ULL << bit) - 1, (uint64_t)bit);
		add_time(w, 1ULL << bit, 100U + (uint64_t)bit);
	}
	w->errors = 3;
	w->dropped = 4;
	prometheus_begin(p);
	prometheus_window(p, &id, w);
	prometheus_end(p);
	page = page_of(p, PROMETHEUS_TEXT);
	for (int bit = 1; bit <= 41; bit++) {
		char name[256];

		below += (uint64_t)bit;
		if (bit >= PROMETHEUS_EXACT_FIRST_BIT && bit <= PROMETHEUS_EXACT_LAST_BIT) {
			snprintf(name, sizeof(name),
				 "tickscope_operation_duration_seconds_bucket{operation=\"risk\","
				 "target=\"engine\",kind=\"function\",le=\"%.15g\"}",
				 (double)((1ULL << bit) - 1) / 1e9);
			assert_true(sample(page, name) == (double)below);
		}
		below += 100U + (uint64_t)bit;
	}
	assert_int_equal(below, w->count);
	assert_true(sample(page, "tickscope_operation_duration_seconds_bucket" OF_RISK
				 ",le=\"+Inf\"}") == (double)below);
	assert_true(sample(page, "tickscope_operation_duration_seconds_count" OF_RISK "}") ==
		    (double)below);
	assert_true(sample(page, "tickscope_operation_duration_seconds_sum" OF_RISK "}") ==
		    (double)w->sum_ns / 1e9);
	assert_true(sample(page, "tickscope_operation_errors_total" OF_RISK "}") == 3);
	assert_true(sample(page, "tickscope_operation_dropped_total" OF_RISK "}") == 4);
	assert_true(sample(page, "tickscope_agent_series") == 34);
	free(page);
	free(w);
	prometheus_free(p);
}

static void test_mapped_bounds(void **state)
{
	(void)state;
	for (size_t f = 0; f < CONFIG_FAMILY_CNT; f++) {
		struct prometheus_bounds b;

		prometheus_bounds_mapped(&prometheus_mapped_families[f], &b);
		for (size_t i = 0; i < b.cnt; i++) {
			uint64_t last = ts_bucket_high(b.end_idx[i] - 1);
			uint64_t first = ts_bucket_low(b.end_idx[i]);

			assert_true(!i || b.ns[i] > b.ns[i - 1]);
			/* 0.39 % is 1/256: half of a bucket. */
			assert_true(last <= b.ns[i] + b.ns[i] / 256);
			assert_true(first + b.ns[i] / 256 >= b.ns[i]);
		}
	}
}

/* Series that the labels of a family do not tell apart are added up; parts of others are not. */
static void test_mapped(void **state)
{
	static const struct config_prometheus config = {
		.series_max = 1000,
		.families = {[CONFIG_FAMILY_ORDER_ROUND_TRIP_TIME] = "orders",
			     [CONFIG_FAMILY_API_REQUEST_DURATION] = "api*",
			     [CONFIG_FAMILY_CPU_USAGE] = "eng*"},
	};
	static const struct series_id ids[] = {
		{"engine", "orders", "order", "side=\"buy\",until=\"ack\""},
		{"engine", "orders", "order", "side=\"buy\",until=\"fill\""},
		{"engine", "orders", "order", "encrypted=\"true\",side=\"buy\",until=\"fill\""},
		{"engine", "orders", "segment", "from=\"sent\",side=\"buy\",until=\"fill\""},
		{"engine", "api_a", "rpc_server", "method=\"GET\",route=\"/x\",status=\"200\""},
		{"other", "api_b", "rpc_server", "method=\"GET\",route=\"/x\",status=\"200\""},
		{"other", "api_b", "connect", ""},
	};
	static const char *const targets[] = {"engine", "engine2", "tickscope", "host"};
	struct prometheus *p = new_sink(&config);
	struct window *w = new_window();
	char *page;

	(void)state;
	prometheus_begin(p);
	add_time(w, 26 * S_NS / 1000, 10);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		prometheus_window(p, &ids[i], w);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		prometheus_value(p,
				 &(struct value_id){{targets[i], "", "value", ""}, "cpu_percent"},
				 25 + (double)i);
	prometheus_end(p);
	page = page_of(p, PROMETHEUS_OPENMETRICS);
#define ORDERS "order_round_trip_time_seconds"
#define BUYS   "{trading_pair=\"\",order_type=\"\",side=\"buy\""
	assert_true(sample(page, ORDERS "_bucket" BUYS ",le=\"0.01\"}") == 0);
	assert_true(sample(page, ORDERS "_bucket" BUYS ",le=\"0.05\"}") == 20);
	assert_true(sample(page, ORDERS "_bucket" BUYS ",le=\"10.0\"}") == 20);
	assert_true(sample(page, ORDERS "_count" BUYS "}") == 20);
	assert_true(sample(page, ORDERS "_sum" BUYS "}") == 0.52);
	assert_true(sample(page, "api_request_duration_seconds_count{endpoint=\"/x\",method="
				 "\"GET\",status=\"200\"}") == 20);
	assert_true(sample(page, "cpu_usage_percent{component=\"engine\"}") == 25);
	assert_true(sample(page, "cpu_usage_percent{component=\"engine2\"}") == 26);
	assert_null(strstr(page, "component=\"tickscope\""));
	assert_null(strstr(page, "component=\"host\""));
	free(page);
	free(w);
	prometheus_free(p);
}

/* Unwound counts that turn out to be missed exits are lost; no counter ever goes back. */
static void test_losses(void **state)
{
	static const struct {
		uint64_t unwound, missed, lost; /* counted in this second */
		double told_unwound, told_lost;
	} rows[] = {
		{2, 0, 0, 2, 0}, /* exceptions */
		{0, 1, 0, 2, 1}, /* which of them it was is known later */
		{1, 0, 0, 2, 1}, {3, 0, 5, 5, 6}, {0, 0, 0, 5, 6},
	};
	static const struct config_prometheus config = {.series_max = 34};
	const struct series_id id = {"engine", "risk", "function", ""};
	struct prometheus *p = new_sink(&config);
	struct window *w = new_window();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *page;

		w->unwound = rows[i].unwound;
		w->missed_exits = rows[i].missed;
		w->lost = rows[i].lost;
		prometheus_begin(p);
		prometheus_window(p, &id, w);
		prometheus_end(p);
		page = page_of(p, PROMETHEUS_TEXT);
		assert_true(sample(page, "tickscope_operation_unwound_total" OF_RISK "}") ==
			    rows[i].told_unwound);
		assert_true(sample(page, "tickscope_operation_lost_total" OF_RISK "}") ==
			    rows[i].told_lost);
		free(page);
	}
	free(w);
	prometheus_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_bounds),
		cmocka_unit_test(test_mapped_bounds),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

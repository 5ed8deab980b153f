/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of small registries, whole, in both formats; limits; who gets which format. */
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

#define OWN_TEXT                                                                                \
	"# HELP tickscope_build_info The agent that answers.\n"                                 \
	"# TYPE tickscope_build_info gauge\n"                                                   \
	"tickscope_build_info{host=\"desk\\\"1\",version=\"" TICKSCOPE_VERSION "\"} 1\n"        \
	"# HELP tickscope_agent_series Series that count against max_series.\n"                 \
	"# TYPE tickscope_agent_series gauge\n"                                                 \
	"tickscope_agent_series %d\n"                                                           \
	"# HELP tickscope_agent_refused_series_total Operations and values that are not here, " \
	"since max_series was reached.\n"                                                       \
	"# TYPE tickscope_agent_refused_series_total counter\n"                                 \
	"tickscope_agent_refused_series_total %d\n"

static void assert_page(struct prometheus *p, enum prometheus_format format, const char *wanted)
{
	char *page = page_of(p, format);

	assert_string_equal(page, wanted);
	free(page);
}

/* Values only, so that the whole page can stand here. */
static void test_values(void **state)
{
	static const struct config_prometheus config = {.series_max = 100};
	const struct value_id cpu = {{"engine", "", "value", ""}, "cpu_percent"};
	const struct value_id memory = {{"host", "", "value", ""}, "memory_available_bytes"};
	const struct value_id srtt = {{"engine", "node", "value", "zone=\"\316\274\""}, "srtt_ns"};
	const struct value_id odd = {{"a\\b\"c\nd\377e", "", "value", "le=\"1\",target=\"x\""},
				     "slippage"};
	const struct value_id own = {{"tickscope", "", "value", ""}, "threads"};
	struct prometheus *p = new_sink(&config);
	char wanted[4096];

	(void)state;
	prometheus_begin(p);
	prometheus_value(p, &odd, -0.1);
	prometheus_value(p, &cpu, 150);
	prometheus_value(p, &memory, 123456789012);
	prometheus_value(p, &srtt, 250000);
	prometheus_value(p, &own, 5);
	snprintf(wanted, sizeof(wanted), OWN_TEXT, 5, 0);
	assert_page(p, PROMETHEUS_TEXT, wanted); /* the second is not over */
	prometheus_end(p);
	snprintf(wanted, sizeof(wanted), OWN_TEXT "%s", 5, 0,
		 "# HELP tickscope_target_cpu_ratio Of the target: CPU time used per second, in "
		 "CPUs: 1 is one of them.\n"
		 "# TYPE tickscope_target_cpu_ratio gauge\n"
		 "tickscope_target_cpu_ratio{target=\"engine\"} 1.5\n"
		 "# HELP tickscope_endpoint_srtt_seconds Round trip time as TCP measures it, "
		 "smoothed.\n"
		 "# TYPE tickscope_endpoint_srtt_seconds gauge\n"
		 "tickscope_endpoint_srtt_seconds{operation=\"node\",target=\"engine\","
		 "zone=\"\316\274\"} 0.00025\n"
		 "# HELP tickscope_host_memory_available_bytes Memory that programs could still "
		 "have.\n"
		 "# TYPE tickscope_host_memory_available_bytes gauge\n"
		 "tickscope_host_memory_available_bytes 123456789012\n"
		 "# HELP tickscope_agent_threads Threads of the agent.\n"
		 "# TYPE tickscope_agent_threads gauge\n"
		 "tickscope_agent_threads 5\n"
		 "# HELP tickscope_value Values that have no family of their own.\n"
		 "# TYPE tickscope_value gauge\n"
		 "tickscope_value{name=\"slippage\",operation=\"\",target=\"a\\\\b\\\"c\\nd?e\","
		 "exported_le=\"1\",exported_target=\"x\"} -0.1\n");
	assert_page(p, PROMETHEUS_TEXT, wanted);
	/* What does not come any more is gone. */
	prometheus_begin(p);
	prometheus_value(p, &cpu, NAN);
	prometheus_end(p);
	snprintf(wanted, sizeof(wanted), OWN_TEXT, 5, 0);
	assert_page(p, PROMETHEUS_TEXT, wanted);
	prometheus_free(p);
}

#define OWN_OPENMETRICS                                                                  \
	"# TYPE tickscope_build info\n"                                                  \
	"# HELP tickscope_build The agent that answers.\n"                               \
	"tickscope_build_info{host=\"desk\\\"1\",version=\"" TICKSCOPE_VERSION "\"} 1\n" \
	"# TYPE tickscope_agent_series gauge\n"

static void test_openmetrics(void **state)
{
	static const struct config_prometheus config = {
		.series_max = 100,
		.families = {[CONFIG_FAMILY_MARKET_DATA_UPDATES] = "md_*",
			     [CONFIG_FAMILY_MEMORY_USAGE] = "*"},
	};
	const struct value_id memory = {{"engine", "", "value", ""}, "memory_bytes"};
	const struct series_id feed = {"engine", "md_feed", "feed",
				       "method=\"tick\",trading_pair=\"A/B\""};
	struct prometheus *p = new_sink(&config);
	struct window *w = new_window();
	char *page;

	(void)state;
	prometheus_begin(p);
	add_time(w, 5000, 7);
	prometheus_window(p, &feed, w);
	prometheus_window(p, &feed, w);
	prometheus_value(p, &memory, 4096);
	prometheus_end(p);
	page = page_of(p, PROMETHEUS_OPENMETRICS);
	assert_ptr_equal(strstr(page, OWN_OPENMETRICS), page);
	assert_non_null(strstr(page,
			       "\n# TYPE tickscope_operation_duration_seconds histogram\n"
			       "# UNIT tickscope_operation_duration_seconds seconds\n"
			       "# HELP tickscope_operation_duration_seconds Time that calls, "
			       "requests or connects took.\n"
			       "tickscope_operation_duration_seconds_bucket{operation=\"md_feed\","
			       "target=\"engine\",kind=\"feed\",method=\"tick\",trading_pair="
			       "\"A/B\",le=\"1.023e-06\"} 0\n"));
	assert_non_null(strstr(page, "\n# TYPE tickscope_operation_errors counter\n"
				     "# HELP tickscope_operation_errors Calls that were errors.\n"
				     "tickscope_operation_errors_total{"));
	assert_non_null(strstr(page,
			       "\n# TYPE market_data_updates counter\n"
			       "# HELP market_data_updates Market data updates that the engine "
			       "read.\n"
			       "market_data_updates_total{trading_pair=\"A/B\",update_type=\"tick\""
			       "} 14\n"
			       "# TYPE memory_usage_bytes gauge\n"
			       "# UNIT memory_usage_bytes bytes\n"
			       "# HELP memory_usage_bytes Resident memory of a component.\n"
			       "memory_usage_bytes{component=\"engine\"} 4096\n"
			       "# TYPE tickscope_target_memory_bytes gauge\n"));
	assert_string_equal(page + strlen(page) - 7, "\n# EOF\n");
	assert_null(strstr(page, "\n\n"));
	free(page);
	free(w);
	prometheus_free(p);
}

static void test_limits(void **state)
{
	static const struct config_prometheus config = {.series_max = 2 * 34 + 1};
	struct prometheus *p = new_sink(&config);
	struct window *w = new_window();
	struct sink_status status;
	char *page, name[32];

	(void)state;
	add_time(w, 5, 1);
	for (int round = 0; round < 3; round++) {
		prometheus_begin(p);
		for (int i = 0; i < 5; i++) {
			const struct series_id id = {"engine", name, "function", ""};

			snprintf(name, sizeof(name), "f%d", i);
			prometheus_window(p, &id, w);
		}
		for (int i = 0; i < 3; i++) {
			const struct value_id id = {{"engine", "", "value", ""}, name};

			snprintf(name, sizeof(name), "v%d", i);
			prometheus_value(p, &id, i);
		}
		prometheus_end(p);
	}
	page = page_of(p, PROMETHEUS_TEXT);
	assert_true(sample(page, "tickscope_agent_series") == 69);
	assert_true(sample(page, "tickscope_agent_refused_series_total") == 5);
	assert_true(sample(page, "tickscope_operation_duration_seconds_count{operation=\"f1\","
				 "target=\"engine\",kind=\"function\"}") == 3);
	assert_null(strstr(page, "\"f2\""));
	assert_true(sample(page, "tickscope_value{name=\"v0\",operation=\"\",target=\"engine\"}") ==
		    0);
	prometheus_status(p, &status);
	assert_int_equal(status.state, SINK_OK);
	assert_int_equal(status.sent_cnt, 1);
	assert_int_equal(status.refused_cnt, 5);
	assert_non_null(strstr(status.last_error, "max_series"));
	free(page);
	/* What is refused is remembered, but not without end. */
	for (int i = 0; i < 10000; i++) {
		const struct series_id id = {"engine", name, "function", ""};

		snprintf(name, sizeof(name), "g%d", i);
		prometheus_window(p, &id, w);
	}
	prometheus_status(p, &status);
	assert_true(status.refused_cnt > 4000 && status.refused_cnt < 5000);
	free(w);
	prometheus_free(p);
}

static void test_accept(void **state)
{
	static const struct {
		const char *accept;
		enum prometheus_format format;
	} rows[] = {
		{NULL, PROMETHEUS_TEXT},
		{"", PROMETHEUS_TEXT},
		{"*/*", PROMETHEUS_TEXT},
		{"text/html,*/*;q=0.1", PROMETHEUS_TEXT},
		{"application/openmetrics-text", PROMETHEUS_OPENMETRICS},
		{"APPLICATION/OpenMetrics-Text ; Version=1.0.0", PROMETHEUS_OPENMETRICS},
		/* Prometheus 2.42 and 3. */
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version="
		 "0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 PROMETHEUS_OPENMETRICS},
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
		 "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;"
		 "escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		 PROMETHEUS_OPENMETRICS},
		{"application/openmetrics-text;version=2.0.0", PROMETHEUS_TEXT},
		{"application/openmetrics-text;version=0.0.1", PROMETHEUS_TEXT},
		{"application/openmetrics-text;q=0", PROMETHEUS_TEXT},
		{"application/openmetrics-text;q=0.4,text/plain;q=0.5", PROMETHEUS_TEXT},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.499", PROMETHEUS_OPENMETRICS},
		{"application/openmetrics-text;q=1e9,text/plain", PROMETHEUS_TEXT},
		{"application/openmetrics-text;q=99999999999999999999", PROMETHEUS_TEXT},
		{";,;;,q=,application/openmetrics-text;q=", PROMETHEUS_TEXT},
		{",,,;version=1.0.0", PROMETHEUS_TEXT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (prometheus_format_of(rows[i].accept) != rows[i].format)
			fail_msg("\"%s\"", rows[i].accept);
	}
	assert_string_equal(prometheus_content_type(PROMETHEUS_TEXT),
			    "text/plain; version=0.0.4; charset=utf-8");
	assert_string_equal(prometheus_content_type(PROMETHEUS_OPENMETRICS),
			    "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_accept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of the Prometheus sink fails in turn: nothing is used that is not there, what
 * failed is told, and the next page is whole. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prometheus_parts.h"

/* Allocations that still succeed; negative: all do. */
static long left = -1;
static bool has_failed;

static bool fails(void)
{
	if (left < 0 || left-- > 0)
		return false;
	left = -1;
	has_failed = true;
	return true;
}

void *__real_calloc(size_t cnt, size_t bytes);
void *__wrap_calloc(size_t cnt, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__real_reallocarray(void *old, size_t cnt, size_t bytes);
void *__wrap_reallocarray(void *old, size_t cnt, size_t bytes);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

void *__wrap_calloc(size_t cnt, size_t bytes)
{
	return fails() ? NULL : __real_calloc(cnt, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return fails() ? NULL : __real_realloc(old, bytes);
}

void *__wrap_reallocarray(void *old, size_t cnt, size_t bytes)
{
	return fails() ? NULL : __real_reallocarray(old, cnt, bytes);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static const struct config_prometheus config = {
	.series_max = 1000,
	.families = {[CONFIG_FAMILY_SIGNAL_GENERATION] = "risk", [CONFIG_FAMILY_CPU_USAGE] = "*"},
};

static void count_second(struct prometheus *p, struct window *w)
{
	const struct series_id id = {"engine", "risk", "function", ""};
	const struct value_id cpu = {{"engine", "", "value", ""}, "cpu_percent"};
	const struct value_id other = {{"engine", "", "value", ""}, "slippage"};

	prometheus_begin(p);
	prometheus_window(p, &id, w);
	prometheus_value(p, &cpu, 50);
	prometheus_value(p, &other, 1);
	prometheus_end(p);
}

/* One that works: what it holds is what was kept, or refused and counted. */
static void check_page(struct prometheus *p)
{
	struct sink_status status;
	size_t bytes, series_cnt = 0;
	char *page, *text;

	assert_int_equal(prometheus_page(p, PROMETHEUS_TEXT, &page, &bytes), 0);
	text = strndup(page, bytes);
	free(page);
	prometheus_status(p, &status);
	series_cnt += strstr(text, "\ntickscope_operation_duration_seconds_count{") != NULL;
	series_cnt += strstr(text, "\nsignal_generation_seconds_count{") != NULL;
	series_cnt += strstr(text, "\ncpu_usage_percent{") != NULL;
	series_cnt += strstr(text, "\ntickscope_target_cpu_ratio{") != NULL;
	series_cnt += strstr(text, "\ntickscope_value{") != NULL;
	assert_int_equal(series_cnt + status.refused_cnt, 5);
	free(text);
}

static void test_each(void **state)
{
	struct window *w = new_window();
	long allocation_cnt = 0;

	(void)state;
	add_time(w, 5000, 1);
	do {
		struct prometheus *p = NULL;
		struct fault why;
		size_t bytes;
		char *page;
		int err;

		has_failed = false;
		left = allocation_cnt++;
		err = prometheus_new(&config, "desk", &p, &why);
		assert_int_equal(err, has_failed ? -ENOMEM : 0);
		if (err)
			continue;
		/* What has no memory in one second is tried again in the next. */
		count_second(p, w);
		count_second(p, w);
		if (!has_failed) {
			err = prometheus_page(p, PROMETHEUS_OPENMETRICS, &page, &bytes);
			assert_int_equal(err, has_failed ? -ENOMEM : 0);
			if (!err)
				free(page);
		}
		left = -1;
		check_page(p);
		prometheus_free(p);
	} while (has_failed);
	assert_true(allocation_cnt > 20);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

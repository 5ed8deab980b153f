/* SPDX-License-Identifier: Apache-2.0 */
/* The slowest as JSON, and as blocks that keep to the width of a terminal. */
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

#include "base/text.h"
#include "cli/report_slowest.h"
#include "daemon/daemon.h"

#define WALL_NS 1767225600000000000ULL /* 2026-01-01T00:00:00Z */
#define MONO_NS 1000000000ULL

static char long_name[300];

/* Two calls: the slower one was told last, so that it is in the second place. */
static void fill(struct slow_list *list)
{
	struct slow_call *slower = &list->calls[1], *other = &list->calls[0];

	*list = (struct slow_list){.order = {.max = 8}};
	assert_int_equal(longest_add(&list->order, 2000), 0);
	assert_int_equal(longest_add(&list->order, 7000), 1);
	other->event = (struct ts_slow_event){.end_ns = MONO_NS + 5000,
					      .duration_ns = 2000,
					      .tgid = 4242,
					      .cpu = TS_SLOW_CPU_UNKNOWN};
	slower->event = (struct ts_slow_event){.end_ns = MONO_NS + 123456789,
					       .duration_ns = 7000,
					       .tgid = 4242,
					       .tid = 4243,
					       .cpu = 3,
					       .stage_cnt = 3,
					       .frame_cnt = 3,
					       .has_sums = 1};
	slower->event.times_ns[0] = 100;
	slower->event.times_ns[1] = 1100;
	slower->event.times_ns[2] = 7100;
	slower->event.sums.ns[TS_STATE_ON_CPU] = 6000;
	slower->event.sums.ns[TS_STATE_RUNNABLE] = 1000;
	slower->event.frames[1] = 0x7f0000001234;
	slower->names[0] = "desk::submit+0x1f";
	slower->names[2] = long_name;
}

static struct chain chain_of(void)
{
	struct chain chain = {.stage_cnt = 3};

	chain.stages[0].text = "recv md";
	chain.stages[1].text = "enter desk::submit";
	chain.stages[2].text = "send exchange";
	return chain;
}

static struct report_operation operation_of(const struct slow_list *list, const struct chain *chain)
{
	struct report_operation o = {
		.name = "tick_to_trade", .kind = "chain", .slowest = list, .chain = chain};

	o.labels[0] = (struct report_label){"function", "f"};
	o.label_cnt = 1;
	return o;
}

static void check_json(const struct report *report, const char *expected)
{
	json_t *got = report_slowest_json(report), *wanted = json_loads(expected, 0, NULL);

	assert_non_null(wanted);
	if (!json_equal(got, wanted))
		fail_msg("%s", json_dumps(got, JSON_COMPACT));
	json_decref(got);
	json_decref(wanted);
}

static void test_json(void **state)
{
	struct slow_list list;
	struct chain chain = chain_of();
	struct report_operation operations[2] = {operation_of(NULL, NULL),
						 operation_of(&list, &chain)};
	struct report report = {.operations = operations,
				.operation_cnt = 2,
				.slowest_mono_ns = MONO_NS,
				.slowest_wall_ns = WALL_NS};

	(void)state;
	fill(&list);
	list.calls[1].names[2] = "main+0x2";
	check_json(&report,
		   "[{\"operation\":\"tick_to_trade\",\"labels\":{\"function\":\"f\"},"
		   "\"at\":\"2026-01-01T00:00:00.123456789Z\",\"duration_ns\":7000,\"pid\":4242,"
		   "\"tid\":4243,\"cpu\":3,\"segments\":["
		   "{\"from\":\"recv md\",\"to\":\"enter desk::submit\",\"duration_ns\":1000},"
		   "{\"from\":\"enter desk::submit\",\"to\":\"send exchange\",\"duration_ns\":6000}"
		   "],\"shares\":{\"on_cpu\":6000,\"runnable\":1000,\"blocked_socket\":0,"
		   "\"blocked_futex\":0,\"blocked_disk\":0,\"blocked_sleep\":0,"
		   "\"blocked_other\":0,\"interrupted\":0,\"page_fault\":0},"
		   "\"stack\":[\"desk::submit+0x1f\",\"0x7f0000001234\",\"main+0x2\"]},"
		   "{\"operation\":\"tick_to_trade\",\"labels\":{\"function\":\"f\"},"
		   "\"at\":\"2026-01-01T00:00:00.000005000Z\",\"duration_ns\":2000,\"pid\":4242,"
		   "\"tid\":null,\"cpu\":null,\"segments\":[],\"shares\":{},\"stack\":[]}]");
	report.operation_cnt = 1;
	check_json(&report, "[]");
}

/* What is written, line by line; fails the test where one is too wide. */
static char *written(const struct report *report, size_t columns)
{
	const struct report_style style = {.columns = columns};
	char *text, *copy, *line, *rest;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	report_slowest_write(report, &style, out);
	fclose(out);
	copy = strdup(text);
	assert_non_null(copy);
	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (text_columns(line) > columns)
			fail_msg("%zu columns: \"%s\"", columns, line);
	}
	free(copy);
	return text;
}

static void test_text(void **state)
{
	struct slow_list list;
	struct chain chain = chain_of();
	struct report_operation operation = operation_of(&list, &chain);
	struct report report = {.operations = &operation,
				.operation_cnt = 1,
				.slowest_mono_ns = MONO_NS,
				.slowest_wall_ns = WALL_NS};
	char *text;

	(void)state;
	fill(&list);
	list.calls[1].names[2] = "main+0x2";
	text = written(&report, 100);
	assert_string_equal(
		text, "\nThe slowest of tick_to_trade\n"
		      "    7.00us  until 00:00:00.123456 UTC, thread 4243 of process 4242, CPU 3\n"
		      "            1.00us to enter desk::submit, 6.00us to send exchange\n"
		      "            on_cpu 6.00us, runnable 1.00us\n"
		      "            desk::submit+0x1f < 0x7f0000001234 < main+0x2\n"
		      "    2.00us  until 00:00:00.000005 UTC, process 4242\n");
	free(text);
	report.slowest_dropped = 1234;
	text = written(&report, 100);
	assert_non_null(strstr(text, "1,234 slow calls could not be told"));
	free(text);
}

static void test_width(void **state)
{
	struct slow_list list;
	struct chain chain = chain_of();
	struct report_operation operation = operation_of(&list, &chain);
	struct report report = {.operations = &operation,
				.operation_cnt = 1,
				.slowest_dropped = 1,
				.slowest_mono_ns = MONO_NS,
				.slowest_wall_ns = WALL_NS};

	(void)state;
	memset(long_name, 'n', sizeof(long_name) - 1);
	operation.name = long_name;
	chain.stages[1].text = long_name;
	fill(&list);
	list.calls[1].event.frame_cnt = TS_SLOW_STACK_MAX;
	for (size_t i = 0; i < TS_SLOW_STACK_MAX; i++)
		list.calls[1].names[i] = i % 3 ? "desk::Executor::execute_trade+0x1f" : long_name;
	for (size_t columns = 40; columns < 400; columns++)
		free(written(&report, columns));
}

/* The next one from the same place says so; from the same addresses of another process it does not.
 */
static void test_same(void **state)
{
	struct slow_list list;
	struct report_operation operation = operation_of(&list, NULL);
	struct report report = {.operations = &operation, .operation_cnt = 1};
	char *text;

	(void)state;
	fill(&list);
	list.calls[0].event.frame_cnt = 3;
	memcpy(list.calls[0].event.frames, list.calls[1].event.frames,
	       sizeof(list.calls[0].event.frames));
	text = written(&report, 400);
	assert_non_null(strstr(text, "from the same place"));
	free(text);
	list.calls[0].event.tgid++;
	text = written(&report, 400);
	assert_null(strstr(text, "from the same place"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_same),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

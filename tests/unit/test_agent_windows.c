/* SPDX-License-Identifier: Apache-2.0 */
/* The last minute for live views: every interval once, whatever the timer does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/agent_answers.h"
#include "daemon/agent_internal.h"
#include "judge_stream.h"
#include "measure/packed.h"
#include <tickscope/bucket.h>

#define WALL_NS (STREAM_WALL_S * STREAM_S)

struct fixture {
	struct stream stream;
	struct agent agent;
	struct agent_series series;
	struct agent_operation operation;
	struct window *window, *total;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct operation o = {.name = (char *)"f", .target = (char *)"engine"};

	stream_init(&f->stream);
	stream_start(&f->stream);
	assert_int_equal(agent_series_init(&f->series, &o, false), 0);
	f->operation.total = &f->series;
	f->agent.judge = f->stream.judge;
	f->agent.operations = &f->operation;
	f->agent.operation_cnt = 1;
	f->window = calloc(1, sizeof(struct window));
	f->total = calloc(1, sizeof(struct window));
	window_init(f->window);
	window_init(f->total);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	agent_series_fini(&f->series);
	stream_fini(&f->stream);
	free(f->window);
	free(f->total);
	free(f);
	return 0;
}

/* An interval of cnt calls of a microsecond that ended at mono_ms, the idx-th. */
static void feed(struct fixture *f, uint64_t mono_ms, uint64_t cnt, uint64_t idx)
{
	uint64_t now_ns =
		agent_windows_moment(&f->agent, mono_ms * STREAM_MS, WALL_NS + idx * STREAM_S);
	uint32_t bucket = ts_bucket_of(1000);
	struct window *w = f->window;

	window_clear(w);
	w->duration_ns = STREAM_S;
	w->entries = w->returns = w->count = cnt;
	if (cnt) {
		w->sum_ns = cnt * 1000;
		w->min_ns = w->max_ns = 1000;
		w->octaves = 1ULL << (bucket / 128);
		w->buckets[bucket] = cnt;
	}
	agent_series_add(&f->series, w);
	f->series.recent = judge_feed(f->agent.judge, &f->series.id, now_ns, w);
}

/* The calls of each window since the idx-th interval, "3 0 7": 0 where there is no window. */
static void assert_live(struct fixture *f, uint64_t since_idx, const uint64_t *cnts, size_t cnt)
{
	json_t *answer = agent_windows(&f->agent, WALL_NS + since_idx * STREAM_S);
	json_t *list = json_object_get(answer, "windows");
	size_t at = 0;

	for (size_t i = 0; i < cnt; i++) {
		const json_t *item = json_array_get(list, at);
		uint8_t bytes[PACKED_MAX_BYTES];
		const char *hex;

		if (!cnts[i])
			continue;
		assert_int_equal(json_integer_value(json_object_get(item, "start_ns")),
				 WALL_NS + (since_idx + i) * STREAM_S);
		assert_int_equal(json_integer_value(json_object_get(item, "duration_ns")),
				 STREAM_S);
		hex = json_string_value(json_object_get(item, "packed"));
		for (size_t k = 0; k < strlen(hex) / 2; k++) {
			char digits[3] = {hex[2 * k], hex[2 * k + 1], '\0'};

			bytes[k] = (uint8_t)strtoul(digits, NULL, 16);
		}
		window_clear(f->total);
		assert_int_equal(packed_merge(f->total, bytes, strlen(hex) / 2), 0);
		assert_int_equal(f->total->count, cnts[i]);
		at++;
	}
	assert_int_equal(json_array_size(list), at);
	json_decref(answer);
}

/* More than a minute: the last 60 are there, and from any of them on. */
static void test_minute(void **state)
{
	struct fixture *f = *state;
	uint64_t cnts[75];

	for (uint64_t i = 0; i < 75; i++) {
		cnts[i] = i % 5 ? i : 0;
		feed(f, 5000300 + i * 1000, cnts[i], i);
	}
	assert_live(f, 15, &cnts[15], 60);
	assert_live(f, 70, &cnts[70], 5);
	assert_live(f, 74, &cnts[74], 1);
	assert_live(f, 75, NULL, 0);
	agent_series_recent(&f->series, 5, f->total);
	assert_int_equal(f->total->count, 71 + 72 + 73 + 74);
	assert_int_equal(f->total->duration_ns, 5 * STREAM_S);
	agent_series_recent(&f->series, 1, f->total);
	assert_int_equal(f->total->count, 74);
}

/* Intervals that end by turns a little before and after a second, or two in one: each is its own.
 */
static void test_late_timer(void **state)
{
	static const uint64_t ends_ms[] = {5000020, 5000980, 5001999, 5003001,
					   5003999, 5004990, 5005960, 5007001};
	static const uint64_t cnts[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cnts) / sizeof(cnts[0]); i++)
		feed(f, ends_ms[i], cnts[i], i);
	assert_live(f, 0, cnts, sizeof(cnts) / sizeof(cnts[0]));
	agent_series_recent(&f->series, 60, f->total);
	assert_int_equal(f->total->count, 36);
}

/* What is left of an interval when the configuration is replaced. */
static void test_rest(void **state)
{
	struct fixture *f = *state;
	uint64_t before_ns, rest_ns;

	before_ns = agent_windows_moment(&f->agent, 5000100 * STREAM_MS, WALL_NS);
	assert_int_equal(before_ns, 5000100 * STREAM_MS);
	rest_ns = agent_windows_moment(&f->agent, 5000400 * STREAM_MS, WALL_NS + 1);
	assert_int_equal(rest_ns, 5000400 * STREAM_MS);
	/* Both are kept as one second, that is told once. */
	assert_int_equal(f->agent.moment_next, 1);
	assert_int_equal(f->agent.moments[0].start_wall_ns, WALL_NS);
	/* Time never goes back, not after it was ahead of the clock. */
	before_ns = agent_windows_moment(&f->agent, 5000990 * STREAM_MS, WALL_NS + 2);
	assert_int_equal(before_ns, 5001000 * STREAM_MS + 1);
	assert_int_equal(agent_windows_moment(&f->agent, 5000995 * STREAM_MS, WALL_NS + 3),
			 before_ns + 1);
	assert_int_equal(f->agent.moment_next, 2);
}

/* What the judge does not take is not in live views, and nothing is read of it. */
static void test_unknown(void **state)
{
	struct fixture *f = *state;

	feed(f, 5000100, 3, 0);
	f->series.recent = NULL;
	assert_live(f, 0, NULL, 0);
	f->total->count = 9;
	agent_series_recent(&f->series, 5, f->total);
	assert_int_equal(f->total->count, 0);
}

static void take_window(void *context, const struct store_window *window)
{
	*(uint64_t *)context += window->window->unwound;
}

static void take_no_value(void *context, const struct value_id *id, const struct store_value *value)
{
	(void)context;
	(void)id;
	(void)value;
}

/* A call whose thread ended when nothing else was counted any more. */
static void test_unwound_alone(void **state)
{
	static const struct agent_batch_taker taker = {take_window, take_no_value};
	struct fixture *f = *state;
	struct operation o = {.kind = OPERATION_FUNCTION};
	uint64_t unwound = 0;
	json_t *answer;

	f->agent.view.operations = &o;
	feed(f, 5000300, 0, 0);
	agent_second_batch(&f->agent, &taker, &unwound);
	assert_true(window_is_empty(f->series.open));
	assert_int_equal(unwound, 0);
	f->window->unwound = 1;
	agent_series_add(&f->series, f->window);
	f->series.recent =
		judge_feed(f->agent.judge, &f->series.id,
			   agent_windows_moment(&f->agent, 5001300 * STREAM_MS, WALL_NS + STREAM_S),
			   f->window);
	agent_second_batch(&f->agent, &taker, &unwound);
	assert_int_equal(unwound, 1);
	answer = agent_windows(&f->agent, WALL_NS);
	assert_int_equal(json_array_size(json_object_get(answer, "windows")), 1);
	json_decref(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_minute, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_timer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwound_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

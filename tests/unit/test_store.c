/* SPDX-License-Identifier: Apache-2.0 */
/* The history: what is written is what is read, at any mix of resolutions, over restarts and steps
 * of the clock. */
#include "history_sums.h"
#include "store/history_batch.h"

/* Spans of every kind over five hours, with a restart in the middle of a minute. */
static void test_any_span(void **state)
{
	enum { BATCHES = 1800 };
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;
	struct sums rows;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	for (uint64_t i = 0; i < BATCHES; i++) {
		/* As a loop that is never quite on time. */
		write_batch(s, &t,
			    START_NS + i * 10 * SECOND_NS + 3 * SECOND_NS +
				    next_random() % SECOND_NS);
		if (i == 1000 || i == 1003) {
			close_store(s);
			options.run_id = i == 1000 ? "second" : "third";
			s = open_store(&options);
		}
	}
	flush(s);
	h = open_history(&p);
	rows = check_span(h, &t, 0, UINT64_MAX);
	assert_int_equal(rows.rows[0] + rows.rows[1], 0);
	assert_int_equal(rows.rows[2], 5 * SERIES_CNT);
	/* 0:58:10 to 3:01:30: five batches, a minute, two hours, a minute, three batches. */
	rows = check_span(h, &t, START_NS + 3490 * SECOND_NS,
			  START_NS + 3 * HOUR_NS + 90 * SECOND_NS);
	assert_int_equal(rows.rows[0], (5 + 3) * SERIES_CNT);
	assert_int_equal(rows.rows[1], (1 + 1) * SERIES_CNT);
	assert_int_equal(rows.rows[2], 2 * SERIES_CNT);
	for (int i = 0; i < 300; i++) {
		uint64_t since_ns = START_NS + next_random() % (5 * HOUR_NS);
		uint64_t unit_ns = i % 3 == 0 ? SECOND_NS : i % 3 == 1 ? MINUTE_NS : 1;

		since_ns -= since_ns % unit_ns;
		check_span(h, &t, since_ns, since_ns + next_random() % (5 * HOUR_NS));
	}
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

struct steps {
	const struct truth *truth;
	const struct history_list *list;
	uint64_t step_ns;
	uint64_t at_ns; /* of the step that is being added up; 0: none */
	struct window *totals[SERIES_CNT];
};

static void check_step(struct steps *s)
{
	struct window *expected[SERIES_CNT];

	for (size_t i = 0; i < SERIES_CNT; i++)
		expected[i] = window_new();
	expect_span(s->truth, s->at_ns, s->at_ns + s->step_ns, expected);
	for (size_t i = 0; i < SERIES_CNT; i++) {
		assert_memory_equal(s->totals[i], expected[i], sizeof(struct window));
		window_clear(s->totals[i]);
		free(expected[i]);
	}
}

static int add_to_step(void *context, const struct history_window *w)
{
	struct steps *s = context;
	uint64_t step_ns = w->start_wall_ns - w->start_wall_ns % s->step_ns;

	assert_true(step_ns >= s->at_ns);
	if (s->at_ns && step_ns != s->at_ns)
		check_step(s);
	s->at_ns = step_ns;
	return packed_merge(s->totals[series_idx_of(&s->list->items[w->series_idx])], w->packed,
			    w->packed_bytes);
}

static void test_steps(void **state)
{
	static const uint64_t steps_ns[] = {10 * SECOND_NS, 30 * SECOND_NS, MINUTE_NS,
					    90 * SECOND_NS, 10 * MINUTE_NS, HOUR_NS,
					    7 * SECOND_NS};
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;
	struct history_list list;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	for (uint64_t i = 0; i < 800; i++)
		write_batch(s, &t, START_NS + i * 10 * SECOND_NS + 1);
	flush(s);
	h = open_history(&p);
	list = list_all(h);
	for (size_t i = 0; i < sizeof(steps_ns) / sizeof(steps_ns[0]); i++) {
		struct history_span span = {START_NS, UINT64_MAX, steps_ns[i]};
		struct steps steps = {&t, &list, steps_ns[i], 0, {NULL}};

		for (size_t n = 0; n < SERIES_CNT; n++)
			steps.totals[n] = window_new();
		assert_int_equal(history_windows(h, &list, &span, add_to_step, &steps), 0);
		check_step(&steps);
		assert_true(steps.at_ns > START_NS);
		for (size_t n = 0; n < SERIES_CNT; n++)
			free(steps.totals[n]);
	}
	history_list_fini(&list);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

/* Series by name, glob, label. */
static void test_filter(void **state)
{
	static const struct {
		struct history_filter filter;
		size_t cnt;
	} rows[] = {
		{{0}, 3},
		{{.operation = "desk::Executor::execute_trade"}, 1},
		{{.operation = "main.(*Book).Match"}, 1},
		{{.operation = "*"}, 3},
		{{.operation = "desk*"}, 1},
		{{.operation = "desk"}, 0},
		{{.kind = "function"}, 2},
		{{.kind = "func"}, 0},
		{{.target = "feed*"}, 1},
		{{.target = "engine", .kind = "function"}, 1},
		{{.labels = "method=\"GET\""}, 1},
		{{.labels = "method=\"POST\""}, 0},
		{{.labels = "method=\"GET\",status=\"200\""}, 1},
		{{.is_value = true}, 1},
		{{.is_value = true, .name = "cpu_*"}, 1},
		{{.is_value = true, .name = "memory*"}, 0},
	};
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	write_batch(s, &t, START_NS);
	store_batch_begin(s, START_NS + 10 * SECOND_NS, false);
	store_batch_value(s, &(struct value_id){{"engine", "", "value", ""}, "cpu_percent"},
			  &(struct store_value){1, 1, 1, 1});
	store_batch_end(s);
	flush(s);
	h = open_history(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct history_list list;
		struct fault why;

		assert_int_equal(history_list(h, &rows[i].filter, &list, &why), 0);
		if (list.cnt != rows[i].cnt)
			fail_msg("row %zu: %zu series, not %zu", i, list.cnt, rows[i].cnt);
		history_list_fini(&list);
	}
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

/* Starts of a run only grow; after a long step back there is a new run. */
static void test_clock_steps(void **state)
{
	static const struct {
		uint64_t said_ns;
		uint64_t kept_ns;
		const char *run_id;
	} rows[] = {
		{START_NS, START_NS, "run"},
		{START_NS + 10 * SECOND_NS, START_NS + 10 * SECOND_NS, "run"},
		{START_NS + 10 * SECOND_NS, START_NS + 10 * SECOND_NS + 1000, "run"},
		{START_NS + 5 * SECOND_NS, START_NS + 10 * SECOND_NS + 2000, "run"},
		{START_NS + 15 * SECOND_NS, START_NS + 15 * SECOND_NS, "run"},
		{START_NS + HOUR_NS, START_NS + HOUR_NS, "run"},
		{START_NS + 20 * SECOND_NS, START_NS + 20 * SECOND_NS, "run.2"},
		{START_NS + 30 * SECOND_NS, START_NS + 30 * SECOND_NS, "run.2"},
		{START_NS - DAY_NS, START_NS - DAY_NS, "run.3"},
		{START_NS + 10 * SECOND_NS, START_NS + 10 * SECOND_NS, "run.3"},
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;
	struct history_batch batch = {.id = 0};

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	for (size_t i = 0; i < ROWS; i++) {
		write_batch(s, &t, rows[i].said_ns);
		for (size_t n = 0; n < SERIES_CNT; n++)
			t.entries[t.cnt - 1 - n].start_ns = rows[i].kept_ns;
	}
	flush(s);
	h = open_history(&p);
	for (size_t i = 0; i < ROWS; i++) {
		int64_t before = batch.id;

		assert_int_equal(history_batch_after(h, batch.id, &batch), 1);
		assert_true(batch.id > before);
		assert_true(batch.start_wall_ns == rows[i].kept_ns);
		assert_string_equal(batch.run_id, rows[i].run_id);
	}
	assert_int_equal(history_batch_after(h, batch.id, &batch), 0);
	check_span(h, &t, 0, UINT64_MAX);
	check_span(h, &t, START_NS, START_NS + MINUTE_NS);
	check_span(h, &t, START_NS + 10 * SECOND_NS, START_NS + 10 * SECOND_NS + 1);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_span),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_clock_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The last hour of a series and of a value, against plain sums over all that was added. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/rolling.h"
#include "measure/rolling_value.h"
#include <tickscope/bucket.h>

#define S 1000000000ULL

/* Calls of `ns` in a window of a second. */
static void fill(struct window *w, uint64_t cnt, uint64_t ns, uint64_t errors)
{
	uint32_t bucket = ts_bucket_of(ns);

	window_clear(w);
	w->duration_ns = S;
	w->errors = errors;
	w->count = w->entries = w->returns = cnt;
	if (!cnt)
		return;
	w->sum_ns = cnt * ns;
	w->min_ns = w->max_ns = ns;
	w->octaves = 1ULL << (bucket / 128);
	w->buckets[bucket] = cnt;
}

struct fixture {
	struct rolling *rolling;
	struct window *window, *scratch, *total;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->rolling = rolling_new();
	f->window = calloc(1, sizeof(struct window));
	f->scratch = calloc(1, sizeof(struct window));
	f->total = calloc(1, sizeof(struct window));
	window_init(f->window);
	window_init(f->scratch);
	window_init(f->total);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rolling_free(f->rolling);
	free(f->window);
	free(f->scratch);
	free(f->total);
	free(f);
	return 0;
}

/* The window that ends with second s, counted from 1. */
static void add(struct fixture *f, uint64_t s, uint64_t cnt)
{
	fill(f->window, cnt, 1000 + s, cnt / 10);
	assert_int_equal(rolling_add(f->rolling, s * S, f->window, f->scratch), 0);
}

/* Each second s has s % 7 calls: what a span says is what was added, in whole periods. */
static void test_spans(void **state)
{
	/* Where the far end of a span lies when the newest second is `now_s`. */
	static const struct {
		uint64_t now_s, span_s, first_s;
	} rows[] = {
		{5, 10, 1},	     {60, 60, 1},	{65, 10, 56},
		{65, 60, 6},	     {127, 1, 127},	{127, 60, 68},
		{127, 61, 67},	     {127, 70, 51}, /* beyond a minute: tens */
		{500, 300, 201},     {503, 300, 201},	{3600, 3600, 1},
		{3599, 3600, 1},     {5000, 900, 4101}, {5007, 3600, 1381}, /* minutes */
		{10000, 3600, 6361},
	};
	struct fixture *f = *state;
	uint64_t s = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t count = 0, errors = 0, sum_ns = 0;
		struct rolling_totals t;

		if (rows[i].now_s < s) {
			/* Rows go forward; this one begins anew. */
			rolling_free(f->rolling);
			f->rolling = rolling_new();
			s = 0;
		}
		while (s < rows[i].now_s) {
			s++;
			add(f, s, s % 7 * 10);
		}
		for (uint64_t k = rows[i].first_s; k <= s; k++) {
			count += k % 7 * 10;
			errors += k % 7;
			sum_ns += k % 7 * 10 * (1000 + k);
		}
		rolling_sum(f->rolling, s * S, rows[i].span_s * S, &t);
		window_clear(f->total);
		rolling_merge(f->rolling, s * S, rows[i].span_s * S, f->total);
		if (t.count != count || t.errors != errors || t.sum_ns != sum_ns ||
		    t.duration_ns != (s - rows[i].first_s + 1) * S)
			fail_msg("row %zu: count %llu of %llu, %llu s", i,
				 (unsigned long long)t.count, (unsigned long long)count,
				 (unsigned long long)(t.duration_ns / S));
		assert_int_equal(f->total->count, count);
		assert_int_equal(f->total->errors, errors);
		assert_int_equal(f->total->sum_ns, sum_ns);
		assert_int_equal(f->total->duration_ns, t.duration_ns);
		assert_int_equal(f->total->max_ns, t.max_ns);
		assert_int_equal(f->total->min_ns, t.min_ns);
	}
}

/* A gap is no data; what was before it is not taken for what is in it. */
static void test_gap(void **state)
{
	struct fixture *f = *state;
	struct rolling_totals t;

	for (uint64_t s = 1; s <= 100; s++)
		add(f, s, 10);
	add(f, 500, 10);
	rolling_sum(f->rolling, 500 * S, 60 * S, &t);
	assert_int_equal(t.count, 10);
	assert_int_equal(t.duration_ns, S);
	rolling_sum(f->rolling, 400 * S, 60 * S, &t);
	assert_int_equal(t.duration_ns, 0);
	rolling_sum(f->rolling, 500 * S, 600 * S, &t);
	assert_int_equal(t.count, 1010);
	add(f, 100000, 10);
	rolling_sum(f->rolling, 100000 * S, 3600 * S, &t);
	assert_int_equal(t.count, 10);
}

/* Late by less than a minute: counted where it belongs, in the coarser periods too. */
static void test_late(void **state)
{
	struct fixture *f = *state;
	struct rolling_totals t;

	for (uint64_t s = 1; s <= 100; s++)
		if (s != 55)
			add(f, s, 10);
	rolling_sum(f->rolling, 100 * S, 60 * S, &t);
	assert_int_equal(t.count, 590);
	add(f, 55, 7);
	rolling_sum(f->rolling, 100 * S, 60 * S, &t);
	assert_int_equal(t.count, 597);
	rolling_sum(f->rolling, 100 * S, 100 * S, &t);
	assert_int_equal(t.count, 997);
	/* Two windows that end in one second add up; at one instant, their time does not. */
	add(f, 100, 3);
	rolling_sum(f->rolling, 100 * S, S, &t);
	assert_int_equal(t.count, 13);
	assert_int_equal(t.duration_ns, S);
	fill(f->window, 5, 1000, 0);
	assert_int_equal(rolling_add(f->rolling, 100 * S - S / 2, f->window, f->scratch), 0);
	rolling_sum(f->rolling, 100 * S, S, &t);
	assert_int_equal(t.count, 18);
	assert_int_equal(t.duration_ns, 2 * S);
	fill(f->window, 1, 5, 0);
	assert_int_equal(rolling_add(f->rolling, 40 * S, f->window, f->scratch), -ESTALE);
	assert_int_equal(rolling_newest_ns(f->rolling), 100 * S);
}

static void test_samples(void **state)
{
	static const struct {
		uint64_t samples, span_s;
	} rows[] = {{1, 1}, {10, 1}, {11, 2}, {100, 10}, {590, 59}, {601, 70}, {3000, 0}};
	struct fixture *f = *state;

	for (uint64_t s = 1; s <= 130; s++)
		add(f, s, 10);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rolling_span_of(f->rolling, 130 * S, rows[i].samples),
				 rows[i].span_s * S);
}

/* 200 series with 100 buckets each, a whole hour of them. */
static void test_memory(void **state)
{
	struct fixture *f = *state;

	for (uint64_t s = 1; s <= 3700; s++) {
		window_clear(f->window);
		f->window->duration_ns = S;
		f->window->count = f->window->entries = f->window->returns = 5050;
		f->window->min_ns = ts_bucket_low(1400);
		f->window->max_ns = ts_bucket_high(1499);
		f->window->sum_ns = 5050 * f->window->max_ns;
		for (uint32_t i = 0; i < 100; i++) {
			f->window->buckets[1400 + i] = i + 1;
			f->window->octaves |= 1ULL << ((1400 + i) / 128);
		}
		assert_int_equal(rolling_add(f->rolling, s * S, f->window, f->scratch), 0);
	}
	if (200 * rolling_bytes(f->rolling) >= 20 * 1024 * 1024)
		fail_msg("200 series take %zu bytes", 200 * rolling_bytes(f->rolling));
	print_message("200 series of 100 buckets: %zu KiB\n",
		      200 * rolling_bytes(f->rolling) / 1024);
}

static void test_values(void **state)
{
	struct rolling_value *r = rolling_value_new();
	struct rolling_value_span span;

	(void)state;
	assert_false(rolling_value_sum(r, 10 * S, 60 * S, &span));
	for (uint64_t s = 1; s <= 4000; s++)
		assert_true(rolling_value_add(r, s * S, (double)s));
	assert_true(rolling_value_sum(r, 4000 * S, 10 * S, &span));
	assert_int_equal(span.cnt, 10);
	assert_true(span.mean == 3995.5 && span.min == 3991 && span.max == 4000 &&
		    span.last == 4000 && span.increase == 10 && span.duration_ns == 10 * S);
	assert_true(rolling_value_sum(r, 4000 * S, 600 * S, &span));
	assert_true(span.cnt == 600 && span.mean == 3700.5 && span.increase == 600);
	assert_true(rolling_value_sum(r, 4000 * S, 3600 * S, &span));
	/* 4000 s are 66 minutes and 40 s: the newest minute is not over. */
	assert_true(span.cnt == 59 * 60 + 40 && span.last == 4000);
	/* Began anew: it counts from 0. */
	assert_true(rolling_value_add(r, 4001 * S, 5));
	assert_true(rolling_value_sum(r, 4001 * S, 2 * S, &span));
	assert_true(span.increase == 6 && span.min == 5);
	assert_false(rolling_value_add(r, 3900 * S, 5));
	assert_false(rolling_value_add(r, 4002 * S, (double)__builtin_nan("")));
	/* 200 s of nothing. */
	assert_false(rolling_value_sum(r, 4300 * S, 60 * S, &span));
	rolling_value_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_spans, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_samples, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

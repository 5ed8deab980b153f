/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets, windows and statistics: bounds, quantiles against exact ranks, wrapping, merging,
 * identities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/stats.h"

static void check_bucket(uint64_t value)
{
	uint32_t idx = ts_bucket_of(value);
	uint64_t low = ts_bucket_low(idx), high = ts_bucket_high(idx),
		 middle = low + (high - low) / 2;

	assert_true(idx < TS_BUCKET_CNT);
	assert_true(low <= value && value <= high);
	/* 0.39 %: half a bucket of 1/128 of its octave's start. */
	assert_true((middle > value ? middle - value : value - middle) * 256 <= value);
}

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void test_bucket_bounds(void **state)
{
	(void)state;
	for (int bit = 0; bit <= TS_BUCKET_TOP_BIT; bit++) {
		for (int64_t off = -1; off <= 1; off++)
			check_bucket((1ULL << bit) + (uint64_t)off);
	}
	for (int i = 0; i < 100000; i++)
		check_bucket(next_random() >> (22 + next_random() % 42));
	check_bucket(3600ULL * 1000000000ULL);
	assert_int_equal(ts_bucket_of(1ULL << 42), TS_BUCKET_CNT - 1);
	assert_int_equal(ts_bucket_of(UINT64_MAX), TS_BUCKET_CNT - 1);
	assert_int_equal(ts_bucket_high(TS_BUCKET_CNT - 1), (1ULL << 42) - 1);
	for (uint32_t i = 0; i + 1 < TS_BUCKET_CNT; i++)
		assert_int_equal(ts_bucket_high(i) + 1, ts_bucket_low(i + 1));
}

struct fixture {
	struct ts_series stripes[2];
	struct snapshot before, after;
	struct window window, total;
};

static struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snapshot_init(&f->before);
	snapshot_init(&f->after);
	window_init(&f->window);
	window_init(&f->total);
	return f;
}

/* As the BPF side counts one call. */
static void record(struct fixture *f, size_t stripe, uint64_t ns)
{
	struct ts_series *s = &f->stripes[stripe];
	uint32_t bucket = ts_bucket_of(ns);

	s->entries++;
	s->octaves |= 1ULL << (bucket >> TS_BUCKET_SUB_BITS);
	s->buckets[bucket]++;
	s->sum_ns += ns;
	s->returns++;
	s->max_ns = ns > s->max_ns ? ns : s->max_ns;
	s->inverse_min_ns = ~ns > s->inverse_min_ns ? ~ns : s->inverse_min_ns;
}

static void read_window(struct fixture *f)
{
	snapshot_read(&f->after, f->stripes, 2);
	window_between(&f->window, &f->before, &f->after, 1000000000);
	window_merge(&f->total, &f->window);
	memcpy(&f->before, &f->after, sizeof(f->before));
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* What distributions look like: uniform, exponential-like over many octaves, two peaks, one value.
 */
static uint64_t draw(int distribution)
{
	switch (distribution) {
	case 0:
		return 1000 + next_random() % 1000000;
	case 1:
		return 1 + (next_random() >> (25 + next_random() % 35));
	case 2:
		return next_random() % 10 ? 5000 + next_random() % 100
					  : 90000000 + next_random() % 1000000;
	default:
		return 777777;
	}
}

static void test_quantiles(void **state)
{
	enum { N = 20000 };
	uint64_t *values = malloc(N * sizeof(*values));

	(void)state;
	for (int distribution = 0; distribution < 4; distribution++) {
		struct fixture *f = fixture_new();

		for (int i = 0; i < N; i++) {
			values[i] = draw(distribution);
			record(f, (size_t)i % 2, values[i]);
		}
		read_window(f);
		qsort(values, N, sizeof(*values), compare);
		assert_int_equal(f->window.count, N);
		for (int i = 0; i < STATS_QUANTILE_CNT; i++) {
			double q = stats_quantiles[i].q;
			uint64_t rank = (uint64_t)(q * N + 0.999999), exact = values[rank - 1], got;

			assert_true(window_quantile(&f->window, q, &got));
			assert_true((got > exact ? got - exact : exact - got) * 250 <= exact);
		}
		assert_int_equal(f->window.min_ns, values[0]);
		assert_int_equal(f->window.max_ns, values[N - 1]);
		free(f);
	}
	free(values);
}

/* A percentile of too few samples is not known: count * (1 - q) < 1. */
static void test_null_quantiles(void **state)
{
	static const struct {
		uint64_t count;
		double q;
		bool is_known;
	} rows[] = {{0, 0.5, false},	   {1, 0.5, false},	 {2, 0.5, true},
		    {9, 0.9, false},	   {10, 0.9, true},	 {99, 0.99, false},
		    {100, 0.99, true},	   {999, 0.999, false},	 {1000, 0.999, true},
		    {9999, 0.9999, false}, {10000, 0.9999, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = fixture_new();
		uint64_t ns;

		for (uint64_t n = 0; n < rows[i].count; n++)
			record(f, 0, 1000);
		read_window(f);
		assert_int_equal(window_quantile(&f->window, rows[i].q, &ns), rows[i].is_known);
		if (rows[i].is_known)
			assert_int_equal(
				ns, 1000); /* the bucket's midpoint is kept inside [min, max] */
		free(f);
	}
}

/* A bucket of 32 bits may wrap between two readings; the difference is right all the same. */
static void test_wrap(void **state)
{
	struct fixture *f = fixture_new();
	uint32_t bucket = ts_bucket_of(5000);

	(void)state;
	f->stripes[0].octaves = f->stripes[1].octaves = 1ULL << (bucket >> TS_BUCKET_SUB_BITS);
	f->stripes[0].buckets[bucket] = UINT32_MAX - 1;
	f->stripes[1].buckets[bucket] = UINT32_MAX;
	read_window(f);
	for (int i = 0; i < 10; i++)
		record(f, (size_t)i % 2, 5000);
	read_window(f);
	assert_int_equal(f->window.count, 10);
	free(f);
}

/* Minimum and maximum of a window: bounds of its outermost buckets, sharpened where the lifetime
 * value moved in it. */
static void test_bounds(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	record(f, 0, 100003);
	read_window(f);
	assert_int_equal(f->window.min_ns, 100003);
	assert_int_equal(f->window.max_ns, 100003);
	record(f, 0, 100003);
	record(f, 1, 300001); /* a new maximum, an old minimum */
	read_window(f);
	assert_int_equal(f->window.min_ns, ts_bucket_low(ts_bucket_of(100003)));
	assert_int_equal(f->window.max_ns, 300001);
	read_window(f);
	assert_int_equal(f->window.count, 0);
	assert_int_equal(f->total.count, 3);
	assert_int_equal(f->total.min_ns, ts_bucket_low(ts_bucket_of(100003)));
	free(f);
}

/* Two calls in these buckets between two snapshots. */
static struct fixture *fixture_with_calls(uint32_t low_bucket, uint32_t high_bucket)
{
	struct fixture *f = fixture_new();

	f->after.octaves = 1ULL << (low_bucket >> TS_BUCKET_SUB_BITS) |
			   1ULL << (high_bucket >> TS_BUCKET_SUB_BITS);
	f->after.buckets[low_bucket]++;
	f->after.buckets[high_bucket]++;
	return f;
}

/*
 * The kernel counts a call in its bucket before it raises the lifetime maximum. Read in between, a
 * maximum that moved is that of another call: it is the window's only where it lies in the
 * outermost bucket.
 */
static void test_lifetime_maximum(void **state)
{
	enum { LAST = TS_BUCKET_CNT - 1 };
	const uint32_t bucket = ts_bucket_of(1000000);
	const uint64_t low = ts_bucket_low(bucket), high = ts_bucket_high(bucket);
	const uint64_t top_low = ts_bucket_low(LAST), top = 1ULL << 42;
	const struct {
		const char *what;
		uint32_t bucket;    /* of the longest call; the other took 5000 ns */
		uint64_t before_ns; /* lifetime maxima */
		uint64_t after_ns;
		uint64_t max_ns; /* of the window */
	} rows[] = {
		{"none yet", bucket, 0, 0, high},
		{"moved, of the other call", bucket, 0, 5000, high},
		{"moved, just below the bucket", bucket, 5000, low - 1, high},
		{"moved, the bucket's first value", bucket, 5000, low, low},
		{"moved, inside the bucket", bucket, 5000, low + 1, low + 1},
		{"moved, the bucket's last value", bucket, 5000, high, high},
		{"moved, of no call in the window", bucket, 5000, high + 1, high},
		{"inside the bucket, not moved", bucket, low + 1, low + 1, high},
		{"last bucket, none yet", LAST, 0, 0, top - 1},
		{"last bucket, moved just below it", LAST, 0, top_low - 1, top - 1},
		{"last bucket, moved to its first value", LAST, 0, top_low, top_low},
		{"last bucket, moved inside its width", LAST, 0, top - 2, top - 2},
		{"last bucket, moved to 2^42", LAST, 0, top, top},
		{"last bucket, moved beyond its width", LAST, top, 1ULL << 50, 1ULL << 50},
		{"last bucket, not moved", LAST, 1ULL << 50, 1ULL << 50, top - 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = fixture_with_calls(ts_bucket_of(5000), rows[i].bucket);

		f->before.max_ns = rows[i].before_ns;
		f->after.max_ns = rows[i].after_ns;
		window_between(&f->window, &f->before, &f->after, 1);
		if (f->window.max_ns != rows[i].max_ns)
			fail_msg("%s: %llu", rows[i].what, (unsigned long long)f->window.max_ns);
		free(f);
	}
}

/* The same of the minimum, which lies in the first bucket that counted. */
static void test_lifetime_minimum(void **state)
{
	const uint32_t bucket = ts_bucket_of(1000000);
	const uint64_t low = ts_bucket_low(bucket), high = ts_bucket_high(bucket);
	const struct {
		const char *what;
		uint64_t before_ns; /* lifetime minima */
		uint64_t after_ns;
		uint64_t min_ns; /* of the window */
	} rows[] = {
		{"none yet", UINT64_MAX, UINT64_MAX, low},
		{"moved, of the other call", UINT64_MAX, 90000000, low},
		{"moved, just above the bucket", UINT64_MAX, high + 1, low},
		{"moved, the bucket's last value", UINT64_MAX, high, high},
		{"moved, inside the bucket", 90000000, low + 1, low + 1},
		{"moved, the bucket's first value", UINT64_MAX, low, low},
		{"moved, of no call in the window", UINT64_MAX, low - 1, low},
		{"inside the bucket, not moved", low + 1, low + 1, low},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = fixture_with_calls(bucket, ts_bucket_of(90000000));

		f->before.min_ns = rows[i].before_ns;
		f->after.min_ns = rows[i].after_ns;
		window_between(&f->window, &f->before, &f->after, 1);
		if (f->window.min_ns != rows[i].min_ns)
			fail_msg("%s: %llu", rows[i].what, (unsigned long long)f->window.min_ns);
		free(f);
	}
}

/* Merging windows is adding them: the parts give the same as the whole. */
static void test_merge(void **state)
{
	struct fixture *f = fixture_new(), *whole = fixture_new();

	(void)state;
	for (int part = 0; part < 5; part++) {
		for (int i = 0; i < 1000; i++) {
			uint64_t ns = draw(1);

			record(f, (size_t)i % 2, ns);
			record(whole, 0, ns);
		}
		read_window(f);
	}
	read_window(whole);
	assert_memory_equal(f->total.buckets, whole->total.buckets, sizeof(f->total.buckets));
	assert_int_equal(f->total.count, whole->total.count);
	assert_int_equal(f->total.sum_ns, whole->total.sum_ns);
	assert_int_equal(f->total.octaves, whole->total.octaves);
	window_clear(&f->total);
	window_init(&whole->window);
	for (size_t i = 0; i < TS_BUCKET_CNT; i++)
		assert_int_equal(f->total.buckets[i], 0);
	free(f);
	free(whole);
}

static void test_quality(void **state)
{
	struct fixture *f = fixture_new();
	struct stats s;

	(void)state;
	for (int i = 0; i < 100; i++)
		record(f, 0, 1000);
	f->stripes[0].entries += 20; /* 5 unwound, of which 2 because their exit could not be looked
					up; 3 lost; 12 running */
	f->stripes[0].unwound = 5;
	f->stripes[0].missed_exits = 2;
	f->stripes[1].lost = 3;
	f->stripes[0].unpaired_returns = 1;
	read_window(f);
	stats_of(&s, &f->window, 400);
	assert_int_equal(s.quality.entries, 120);
	assert_int_equal(s.quality.unwound, 3);
	assert_int_equal(s.quality.lost, 5);
	assert_int_equal(s.quality.in_flight, 12);
	assert_int_equal(s.quality.unpaired_entries, 8);
	assert_int_equal(s.quality.entries, s.quality.returns + s.quality.unwound +
						    (uint64_t)s.quality.in_flight + s.quality.lost);
	assert_int_equal(s.count + s.quality.dropped, s.quality.returns);
	assert_true(s.quality.below_noise);
	assert_int_equal(s.quantile_net_ns[STATS_P50], 600);
	assert_true(s.quantile_ns[STATS_P999] == STATS_NULL);
	stats_of(&s, &f->window, 333);
	assert_false(s.quality.below_noise);
	f->window.nested_hits = 1;
	stats_of(&s, &f->window, 333);
	assert_true(s.quantile_net_ns[STATS_P50] == STATS_NULL);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket_bounds),	 cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_null_quantiles),	 cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_bounds),		 cmocka_unit_test(test_lifetime_maximum),
		cmocka_unit_test(test_lifetime_minimum), cmocka_unit_test(test_merge),
		cmocka_unit_test(test_quality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

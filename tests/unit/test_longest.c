/* SPDX-License-Identifier: Apache-2.0 */
/* The longest of many durations: against sorting all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "measure/longest.h"

#define DURATION_CNT 5000

static int compare_descending(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a > b ? -1 : a < b;
}

/* range: small ones give many equal durations. */
static void check_against_sorted(size_t max, uint64_t range, size_t cnt)
{
	static uint64_t all[DURATION_CNT];
	struct longest longest = {.max = max};
	uint64_t kept[TS_SLOWEST_MAX] = {0}, seed = range;

	for (size_t i = 0; i < cnt; i++) {
		size_t place;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		all[i] = (seed >> 20) % range;
		place = longest_add(&longest, all[i]);
		if (place == LONGEST_NONE)
			continue;
		assert_true(place < max);
		kept[place] = all[i];
	}
	qsort(all, cnt, sizeof(all[0]), compare_descending);
	assert_int_equal(longest.cnt, cnt < max ? cnt : max);
	for (size_t i = 0; i < longest.cnt; i++) {
		assert_int_equal(longest.durations_ns[i], all[i]);
		assert_int_equal(kept[longest.places[i]], all[i]);
	}
}

static void test_sorted(void **state)
{
	static const size_t maxes[] = {1, 2, 8, 31, TS_SLOWEST_MAX};
	static const uint64_t ranges[] = {1, 3, 100, 1000000007};
	static const size_t cnts[] = {0, 1, 2, 7, 33, 500, DURATION_CNT};

	(void)state;
	for (size_t m = 0; m < sizeof(maxes) / sizeof(maxes[0]); m++) {
		for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
			for (size_t c = 0; c < sizeof(cnts) / sizeof(cnts[0]); c++)
				check_against_sorted(maxes[m], ranges[r], cnts[c]);
		}
	}
}

/* Of equal durations the first stays; each place has one owner. */
static void test_places(void **state)
{
	struct longest longest = {.max = 3};

	(void)state;
	assert_int_equal(longest_add(&longest, 10), 0);
	assert_int_equal(longest_add(&longest, 20), 1);
	assert_int_equal(longest_add(&longest, 10), 2);
	assert_int_equal(longest_add(&longest, 10), LONGEST_NONE);
	assert_int_equal(longest_add(&longest, 15), 2); /* the second 10 goes */
	assert_int_equal(longest_add(&longest, 12), 0); /* then the first */
	assert_int_equal(longest_add(&longest, 11), LONGEST_NONE);
	assert_int_equal(longest.durations_ns[0], 20);
	assert_int_equal(longest.durations_ns[1], 15);
	assert_int_equal(longest.durations_ns[2], 12);
	assert_int_equal(longest.places[0], 1);
	assert_int_equal(longest.places[1], 2);
	assert_int_equal(longest.places[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

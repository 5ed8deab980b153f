/* SPDX-License-Identifier: Apache-2.0 */
/* Which probes have to go when they cost too much: by looks, without a clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/budget.h"

#define ITEM_CNT 4

struct look {
	double costs[ITEM_CNT];
	size_t chosen_cnt;
};

static void run(double max_ratio, const struct look *looks, size_t look_cnt,
		unsigned int expected_mask)
{
	struct budget budget = {0};
	struct budget_item items[ITEM_CNT] = {{0}}, *list[ITEM_CNT];
	unsigned int mask = 0;

	for (size_t l = 0; l < look_cnt; l++) {
		size_t cnt = 0;

		for (size_t i = 0; i < ITEM_CNT; i++) {
			if (items[i].is_chosen)
				continue;
			items[i].cost_ratio = looks[l].costs[i];
			list[cnt++] = &items[i];
		}
		assert_int_equal(budget_look(&budget, max_ratio, list, cnt), looks[l].chosen_cnt);
	}
	for (size_t i = 0; i < ITEM_CNT; i++)
		mask |= (unsigned int)items[i].is_chosen << i;
	assert_int_equal(mask, expected_mask);
}

#define RUN(max, mask, ...)                                                  \
	do {                                                                 \
		const struct look looks[] = {__VA_ARGS__};                   \
		run((max), looks, sizeof(looks) / sizeof(looks[0]), (mask)); \
	} while (0)

static void test_dearest_first(void **state)
{
	(void)state;
	RUN(0.25, 2, {{0.125, 0.5, 0.0625}, 0}, {{0.125, 0.5, 0.0625}, 0},
	    {{0.125, 0.5, 0.0625}, 1});
	/* Two have to go; what is left fits exactly. */
	RUN(0.25, 3, {{1, 2, 0.25, 0}, 0}, {{1, 2, 0.25, 0}, 0}, {{1, 2, 0.25, 0}, 2});
	/* One alone that is too dear. */
	RUN(0.25, 1, {{0.5}, 0}, {{0.5}, 0}, {{0.5}, 1});
}

static void test_patience(void **state)
{
	(void)state;
	/* Two seconds, and then it fits: the count begins anew. */
	RUN(0.25, 0, {{1}, 0}, {{1}, 0}, {{0.25}, 0}, {{1}, 0}, {{1}, 0});
	RUN(0.25, 1, {{1}, 0}, {{1}, 0}, {{0.25}, 0}, {{1}, 0}, {{1}, 0}, {{1}, 1});
	/* What goes is what was dear over all three, not in the last of them. */
	RUN(0.5, 1, {{4, 0.25}, 0}, {{4, 0.25}, 0}, {{0.25, 1}, 1});
	/* After some went, the others have three seconds of their own. */
	RUN(0.25, 3, {{1, 0.125}, 0}, {{1, 0.125}, 0}, {{1, 0.125}, 1}, {{0, 0.5}, 0},
	    {{0, 0.5}, 0}, {{0, 0.5}, 1});
}

static void test_within(void **state)
{
	(void)state;
	RUN(0.25, 0, {{0.125, 0.125}, 0}, {{0.125, 0.125}, 0}, {{0.125, 0.125}, 0},
	    {{0.125, 0.125}, 0});
	RUN(0.25, 0, {{0}, 0}, {{0}, 0}, {{0}, 0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dearest_first),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

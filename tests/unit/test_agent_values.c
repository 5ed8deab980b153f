/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the agent: found again, aged, summed up for the history. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/agent_values.h"

static struct value_id id_of(const char *target, const char *labels, const char *name)
{
	return (struct value_id){
		.of = {.target = target, .operation = "", .kind = "value", .labels = labels},
		.name = name};
}

static void test_sums(void **state)
{
	const struct value_id cpu = id_of("engine", "", "cpu_percent");
	const struct value_id other = id_of("engine", "disk=\"a\"", "cpu_percent");
	struct agent_values values = {0};
	const struct agent_value *v;

	(void)state;
	assert_int_equal(agent_values_set(&values, &cpu, 30), 0);
	assert_int_equal(agent_values_set(&values, &other, 7), 0);
	agent_values_age(&values);
	assert_int_equal(agent_values_set(&values, &cpu, 10), 0);
	assert_int_equal(values.cnt, 2);
	v = &values.items[0];
	assert_true(v->is_fresh && v->now == 10 && v->cnt == 2 && v->sum == 40);
	assert_true(v->min == 10 && v->max == 30);
	/* Not set since: what was last is known, but not as of now. */
	assert_true(!values.items[1].is_fresh && values.items[1].now == 7);
	assert_true(v->age_s == 0 && values.items[1].age_s == 1);
	agent_values_close(&values);
	assert_int_equal(agent_values_set(&values, &cpu, 20), 0);
	assert_true(v->cnt == 1 && v->sum == 20 && v->min == 20 && v->max == 20);
	agent_values_fini(&values);
}

/* Set in any order, each is found; beyond the limit none is added, and none is lost. */
static void test_many(void **state)
{
	struct agent_values values = {0};
	char name[32];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < AGENT_VALUE_MAX; i++) {
			struct value_id id = id_of("engine", "", name);

			/* 2731 and 4096 have no common factor: each number comes once. */
			snprintf(name, sizeof(name), "value_%d",
				 round == 1 ? i * 2731 % AGENT_VALUE_MAX : i);
			assert_int_equal(agent_values_set(&values, &id, i), 0);
		}
		assert_int_equal(values.cnt, AGENT_VALUE_MAX);
	}
	for (int i = 0; i < AGENT_VALUE_MAX; i++)
		assert_int_equal(values.items[i].cnt, 3);
	{
		struct value_id id = id_of("engine", "", "one more");

		assert_int_equal(agent_values_set(&values, &id, 1), -ENOSPC);
	}
	assert_int_equal(values.cnt, AGENT_VALUE_MAX);
	agent_values_fini(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

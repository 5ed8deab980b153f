/* SPDX-License-Identifier: Apache-2.0 */
/* When a component is unhealthy, and when it is well again: check by check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "judge/health.h"

static const struct health_limits limits = {.failure_threshold = 3, .recovery_threshold = 2};

/* Letters in: "." a good check, "x" one that fails. Letters out, for each: h(ealthy), f(ailing),
 * u(nhealthy), r(ecovering); upper case where a change is told. */
static void run(const struct health_limits *with, const char *checks, const char *expected)
{
	struct health health = {.cnt = 0};
	char said[64] = "";

	for (size_t i = 0; checks[i]; i++) {
		const struct health_finding finding = {
			"history", checks[i] == 'x' ? "the disk is full" : NULL, 1000 + i};
		enum health_change change = health_check(&health, with, &finding);
		const struct health_component *c = health_find(&health, "history");

		assert_non_null(c);
		said[i] = health_state_name(c->state)[0];
		if (change == HEALTH_BROKE)
			assert_int_equal(c->state, HEALTH_BAD);
		if (change == HEALTH_RECOVERED)
			assert_int_equal(c->state, HEALTH_GOOD);
		if (change != HEALTH_SAME) {
			said[i] -= 'a' - 'A';
			assert_int_equal(c->since_wall_ns, 1000 + i);
		}
		assert_int_equal(c->check_cnt, i + 1);
		assert_int_equal(health_bad_cnt(&health),
				 said[i] == 'u' || said[i] == 'U' || said[i] == 'r');
	}
	assert_string_equal(said, expected);
}

static void test_thresholds(void **state)
{
	const struct health_limits once = {1, 1};

	(void)state;
	run(&limits, "....", "hhhh");
	run(&limits, "xx.xx.", "ffhffh");
	run(&limits, "xxx", "ffU");
	run(&limits, ".xxxxx..", "hffUuurH");
	run(&limits, "xxx.x.x..x", "ffUrururHf");
	run(&once, "x.xx.", "UHUuH");
}

static void test_reasons(void **state)
{
	struct health health = {.cnt = 0};
	struct health_finding finding = {"sink questdb", "refused", 5};
	char longer[2 * HEALTH_REASON_BYTES];

	(void)state;
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	health_check(&health, &limits, &finding);
	finding.reason = NULL;
	health_check(&health, &limits, &finding);
	assert_string_equal(health_find(&health, "sink questdb")->reason, "refused");
	assert_int_equal(health_find(&health, "sink questdb")->failure_cnt, 1);
	finding.reason = longer;
	health_check(&health, &limits, &finding);
	assert_int_equal(strlen(health.components[0].reason), HEALTH_REASON_BYTES - 1);
	assert_null(health_find(&health, "sink"));
}

/* Components that are gone are forgotten, others keep their counts; one too many changes nothing.
 */
static void test_components(void **state)
{
	struct health health = {.cnt = 0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (char name[] = "a"; name[0] < 'a' + HEALTH_COMPONENT_MAX + 3; name[0]++) {
			const struct health_finding finding = {name, "broken", 1};
			enum health_change change;

			if (name[0] == 'b' && round == 1)
				continue;
			change = health_check(&health, &limits, &finding);
			if (round < 2 || name[0] == 'b' || name[0] >= 'a' + HEALTH_COMPONENT_MAX)
				assert_int_equal(change, HEALTH_SAME);
			else
				assert_int_equal(change, HEALTH_BROKE);
		}
		health_sweep(&health);
		assert_int_equal(health.cnt, HEALTH_COMPONENT_MAX - (round == 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_components),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

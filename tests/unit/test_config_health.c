/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of the agent's own limits, and what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_case.h"

#define SEC 1000000000ULL

static const char *variables(const char *name)
{
	return strcmp(name, "TICKSCOPE_HEALTH_WATCHDOG") == 0 ? "1m" : NULL;
}

static void test_defaults(void **state)
{
	struct config *c = config_of("level: perf\n", config_no_env, NULL);

	(void)state;
	assert_null(c->health.listen);
	assert_null(c->disable_file);
	assert_int_equal(c->health.interval_ns, 30 * SEC);
	assert_int_equal(c->health.timeout_ns, 10 * SEC);
	assert_int_equal(c->health.failure_threshold, 3);
	assert_int_equal(c->health.recovery_threshold, 2);
	assert_int_equal(c->health.max_memory_bytes, 256 << 20);
	assert_int_equal(c->health.watchdog_ns, 30 * SEC);
	config_free(c);
}

static void test_values(void **state)
{
	struct config *c =
		config_of("targets:\n"
			  " - {name: a, match: {pid: 1}, max_overhead: 2.5%}\n"
			  " - {name: b, match: {pid: 2}}\n"
			  "health: {listen: ':9465', watchdog: 0s, recovery_threshold: 1}\n"
			  "disable_file: /run/off\n",
			  config_no_env, NULL);

	(void)state;
	assert_true(c->targets[0].max_overhead_percent == 2.5);
	assert_true(c->targets[1].max_overhead_percent == 0);
	assert_string_equal(c->health.listen, ":9465");
	assert_int_equal(c->health.watchdog_ns, 0);
	assert_int_equal(c->health.recovery_threshold, 1);
	assert_string_equal(c->disable_file, "/run/off");
	config_free(c);
	c = config_of("level: perf\n", variables, NULL);
	assert_int_equal(c->health.watchdog_ns, 60 * SEC);
	config_free(c);
}

#define TARGET "targets: [{name: a, match: {pid: 1}, max_overhead: "

static const struct config_case cases[] = {
	{"health: {watchdog: 1s}\n",
	 "desk.yaml:1:9: \"watchdog\" is at least 3s, or 0s for none: the loop turns once a "
	 "second\n"},
	{"health: {watchdog: 3s}\n", NULL},
	{"health: {timeout: 1s}\n",
	 "desk.yaml:1:19: \"timeout\": \"1s\" is out of range: from 2.00s to 1h00m\n"},
	{"health: {failure_threshold: 0}\n",
	 "desk.yaml:1:29: \"failure_threshold\": \"0\" is out of range: from 1 to 100\n"},
	{"health: {max_memory: 1MiB}\n",
	 "desk.yaml:1:22: \"max_memory\": \"1MiB\" is out of range: from 16MiB to 1TiB\n"},
	{TARGET "0%}]\n", "desk.yaml:1:52: \"max_overhead\": nothing can be kept within \"0%\"\n"},
	{TARGET "1}]\n",
	 "desk.yaml:1:52: \"max_overhead\": \"1\" is not a percentage: write it like 80%\n"},
	{TARGET "150%}]\n", NULL},
};

static void test_cases(void **state)
{
	(void)state;
	CONFIG_CASES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}

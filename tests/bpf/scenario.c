/* SPDX-License-Identifier: Apache-2.0 */
/* Traces a program on every attach level that this kernel has, with both ways of seeing a return
 * where both are harmless, and compares the counts. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"
#include "scenario.h"

/* What the program says about the function. */
static const json_t *truth_of(const struct scenario *s, const json_t *truth)
{
	const json_t *functions = json_object_get(truth, "functions");
	const json_t *own = json_object_get(functions, s->truth ? s->truth : s->function);

	if (s->truth && !own)
		fail_msg("the program says nothing about \"%s\"", s->truth);
	return own ? own : truth;
}

static void check_counts(const struct scenario *s, const json_t *summary, const json_t *truth)
{
	const json_t *operations = json_object_get(summary, "operations");
	const json_t *operation = json_array_get(operations, 0);

	assert_int_equal(json_array_size(operations), 1);
	check_identities(operation);
	assert_int_equal(json_number_at(operation, "quality.lost"), 0);
	assert_int_equal(json_number_at(operation, "quality.in_flight"), 0);
	assert_int_equal(json_number_at(operation, "quality.unpaired_returns"), 0);
	assert_int_equal(json_number_at(operation, "count"), json_number_at(truth, "count"));
	assert_int_equal(json_number_at(operation, "quality.unwound"),
			 json_number_at(truth, "unwound"));
	if (s->flags & HAS_ERRORS)
		assert_int_equal(json_number_at(operation, "errors"),
				 json_number_at(truth, "errors"));
}

/* Of a summary's only operation: "uprobe multi at plain_leaf+4 (push), 1 exit". */
static bool is_by_exits(const json_t *summary)
{
	const json_t *operation = json_array_get(json_object_get(summary, "operations"), 0);
	const json_t *quality = json_object_get(operation, "quality");

	return strstr(json_string_value(json_object_get(quality, "probe")), "), ");
}

/* Traces one run of a target from before its first call to after its last. True: returns were seen
 * at exit instructions. */
static bool run_scenario(const struct scenario *s, const char *level, const char *exit_policy)
{
	struct child *target = target_start(s->program, s->mode, s->count, s->threads);
	char pid[16];
	const char *args[HARNESS_ARG_MAX] = {"trace",	  "-p",	    pid,       "-f",
					     s->function, "--json", "--level", level};
	size_t arg_cnt = 8;
	struct child *tracer;
	json_t *summary, *truth;
	bool has_exits;

	snprintf(pid, sizeof(pid), "%d", target->pid);
	if (exit_policy) {
		args[arg_cnt++] = "--exit";
		args[arg_cnt++] = exit_policy;
	}
	if (s->error) {
		args[arg_cnt++] = "--error";
		args[arg_cnt++] = s->error;
	}
	print_message("# level %s, exit %s\n", level, exit_policy ? exit_policy : "auto");
	tracer = trace_start(args, target, &truth);
	if (s->flags & ENDS_FIRST)
		child_send(target, "end\n");
	else if (!(s->flags & ENDS_ITSELF))
		kill(tracer->pid, SIGINT);
	summary = trace_summary(tracer);
	assert_int_equal(child_finish(target), 0);
	check_counts(s, summary, truth_of(s, truth));
	has_exits = is_by_exits(summary);
	json_decref(summary);
	json_decref(truth);
	child_free(target);
	return has_exits;
}

static void test_scenario(void **state)
{
	const struct scenario *s = *state;
	bool is_brief = getenv("TEST_BRIEF"); /* a slow machine: tests/kernels */
	const char *const *levels = available_levels();
	bool has_exits = false;

	for (size_t i = 0; levels[i]; i++) {
		if (i && s->flags & TWO_LEVELS && (levels[i + 1] || is_brief))
			continue;
		has_exits = run_scenario(s, levels[i], NULL);
	}
	if (is_brief && s->flags & TWO_LEVELS)
		return;
	/* How a return is seen is the same on all levels; one of them with each way forced is
	 * enough, and on a slow machine with the way that was not taken. */
	if (!is_brief || !has_exits)
		assert_true(run_scenario(s, levels[0], "safe"));
	if (!(s->flags & SAFE_ONLY) && (!is_brief || has_exits))
		assert_false(run_scenario(s, levels[0], "fast"));
}

#define SCENARIO_MAX 128

int scenarios_run(const char *group, const struct scenario *scenarios, size_t cnt, int argc,
		  char **argv)
{
	static char names[SCENARIO_MAX][128];
	static struct CMUnitTest tests[SCENARIO_MAX];
	size_t used = 0;

	for (size_t i = 0; i < cnt && i < SCENARIO_MAX; i++) {
		const struct scenario *s = &scenarios[i];

		snprintf(names[i], sizeof(names[i]), "%s %s: %s%s%s", s->program, s->mode,
			 s->function, s->error ? " " : "", s->error ? s->error : "");
		if (argc > 1 && !strstr(names[i], argv[1]))
			continue;
		if (s->flags & NOT_BRIEF && getenv("TEST_BRIEF"))
			continue;
		tests[used++] = (struct CMUnitTest){.name = names[i],
						    .test_func = test_scenario,
						    .initial_state = (void *)(uintptr_t)s};
	}
	return _cmocka_run_group_tests(group, tests, used, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * N calls give N samples, and the program is none the worse: every way a frame can be entered and
 * left, on every attach level that this kernel has, with both ways of seeing a return where both
 * are harmless.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

enum {
	SAFE_ONLY = 1, /* --exit=fast would kill this program, or lose calls: that is why it is not
			  the default */
	ENDS_ITSELF = 2, /* the program ends in its last call */
	HAS_ERRORS = 4,
};

struct scenario {
	const char *program;
	const char *mode;
	const char *count;
	const char *threads;
	const char *function;
	const char *error;
	int flags;
};

static const struct scenario scenarios[] = {
	{"plain", "leaf", "2000", "1", "plain_leaf", "ret < 0", HAS_ERRORS},
	{"plain", "leaf", "1000", "4", "plain_leaf", NULL, 0},
	{"plain", "caller", "500", "2", "plain_caller", NULL, 0},
	{"plain", "switch", "800", "1", "plain_switch", NULL, 0},
	{"plain", "bool", "400", "1", "plain_bool", "ret == 0", HAS_ERRORS},
	{"plain-cet", "leaf", "500", "2", "plain_leaf", "(i32)ret < 0", HAS_ERRORS},
	{"plain-cet", "switch", "400", "1", "plain_switch", NULL, 0},
	{"plain-nop", "leaf", "500", "2", "plain_leaf", "ret < 0", HAS_ERRORS},
	{"plain-nop5", "leaf", "500", "2", "plain_leaf", "ret < 0", HAS_ERRORS},
	{"plain-static", "leaf", "500", "2", "plain_leaf", "ret < 0", HAS_ERRORS},
	{"plain-nopie", "switch", "400", "1", "plain_switch", NULL, 0},
	{"plain-stripped", "leaf", "500", "2", "plain_leaf", "(i32)ret < 0", HAS_ERRORS},
	{"plain-O0", "switch", "400", "1", "plain_switch", NULL, 0},
	{"plain-O0", "leaf", "500", "2", "plain_leaf", "ret < 0", HAS_ERRORS},
	{"plain-O3", "caller", "400", "1", "plain_caller", NULL, 0},
	{"uses_library", "x", "500", NULL, "libtarget:library_work", "ret == 1", 0},
	{"frames", "longjmp", "400", NULL, "jumper", NULL, SAFE_ONLY},
	{"frames", "recursion", "200", NULL, "recurse", NULL, SAFE_ONLY},
	{"frames", "coroutines-heap", "240", NULL, "parked", NULL, SAFE_ONLY},
	{"frames", "coroutines-mapped", "240", NULL, "parked", NULL, SAFE_ONLY},
	{"frames", "coroutines-threads", "120", NULL, "parked", NULL, SAFE_ONLY},
	{"frames", "tail-direct", "500", NULL, "tail_direct", NULL, 0},
	{"frames", "tail-direct", "500", NULL, "tail_end", NULL, 0},
	{"frames", "tail-indirect", "500", NULL, "tail_indirect", NULL, 0},
	{"frames", "tail-conditional", "500", NULL, "tail_conditional", NULL, 0},
	{"frames", "thread-exit", "60", NULL, "quitter", NULL, SAFE_ONLY},
	{"frames", "cancel", "20", NULL, "canceled", NULL, SAFE_ONLY},
	{"frames", "signal", "200", NULL, "handled", NULL, 0},
	{"frames", "signal-altstack", "200", NULL, "handled", NULL, 0},
	{"frames", "fork", "40", NULL, "forker", NULL, 0},
	{"frames", "fork", "40", NULL, "handled", NULL, 0},
	{"frames", "vfork", "20", NULL, "handled", NULL, 0},
	{"frames", "exit", "100", NULL, "leaver", NULL, ENDS_ITSELF},
	{"exceptions", "thrower", "300", NULL, "desk::thrower", NULL, SAFE_ONLY},
	{"exceptions", "passed-through", "300", NULL, "desk::passed_through", NULL, SAFE_ONLY},
	{"exceptions", "deep", "90", NULL, "desk::deep", NULL, SAFE_ONLY},
	{"exceptions", "catcher", "300", NULL, "desk::catcher", NULL, SAFE_ONLY},
	{"exceptions", "rethrower", "300", NULL, "desk::rethrower", NULL, SAFE_ONLY},
	{"exceptions", "guarded", "300", NULL, "desk::guarded(int)", NULL, SAFE_ONLY},
	{"exceptions", "last", "30", NULL, "desk::thrower", NULL, SAFE_ONLY | ENDS_ITSELF},
	{"exceptions", "thread", "30", NULL, "desk::thrower", NULL, SAFE_ONLY},
	{"exceptions", "thunk", "200", NULL, "desk::Order::size", NULL, 0},
	{"exceptions", "overload", "200", NULL, "desk::overloaded(int)", NULL, 0},
	{"exceptions", "overload", "200", NULL, "desk::generic<int>", NULL, 0},
};
enum { SCENARIO_CNT = sizeof(scenarios) / sizeof(scenarios[0]) };

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

/* Traces one run of a target from before its first call to after its last. */
static void run_scenario(const struct scenario *s, const char *level, const char *exit_policy)
{
	struct child *target = target_start(s->program, s->mode, s->count, s->threads);
	char pid[16];
	const char *args[HARNESS_ARG_MAX] = {"trace",	  "-p",	    pid,       "-f",
					     s->function, "--json", "--level", level};
	size_t arg_cnt = 8;
	struct child *tracer;
	json_t *summary, *truth;
	int status;

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
	tracer = tickscope_start(args);
	if (!child_await_err(tracer, "attached"))
		fail_msg("not attached: %s", tracer->err_text);
	child_send(target, "go\n");
	if (!child_await_out(target, "}\n"))
		fail_msg("the target ended with %d: %s", child_finish(target), target->err_text);
	truth = last_json(target->out_text);
	if (!(s->flags & ENDS_ITSELF))
		kill(tracer->pid, SIGINT);
	status = child_finish(tracer);
	if (status != 0)
		fail_msg("tickscope ended with %d: %s", status, tracer->err_text);
	assert_int_equal(child_finish(target), 0);
	summary = last_json(tracer->out_text);
	check_counts(s, summary, truth);
	json_decref(summary);
	json_decref(truth);
	child_free(tracer);
	child_free(target);
}

static void test_scenario(void **state)
{
	const struct scenario *s = *state;

	const char *const *levels = available_levels();

	for (size_t i = 0; levels[i]; i++)
		run_scenario(s, levels[i], NULL);
	/* How a return is seen is the same on all levels; one of them with each way forced is
	 * enough. */
	run_scenario(s, levels[0], "safe");
	if (!(s->flags & SAFE_ONLY))
		run_scenario(s, levels[0], "fast");
}

int main(int argc, char **argv)
{
	static char names[SCENARIO_CNT][128];
	struct CMUnitTest tests[SCENARIO_CNT];
	size_t cnt = 0;

	/* With an argument: only the scenarios whose name contains it. */
	for (size_t i = 0; i < SCENARIO_CNT; i++) {
		const struct scenario *s = &scenarios[i];

		snprintf(names[i], sizeof(names[i]), "%s %s: %s", s->program, s->mode, s->function);
		if (argc > 1 && !strstr(names[i], argv[1]))
			continue;
		tests[cnt++] = (struct CMUnitTest){.name = names[i],
						   .test_func = test_scenario,
						   .initial_state = (void *)(uintptr_t)s};
	}
	return _cmocka_run_group_tests("exact", tests, cnt, NULL, NULL);
}

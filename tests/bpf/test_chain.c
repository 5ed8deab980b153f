/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains over a program that knows what became of each: as many began, completed, were overtaken,
 * timed out or were lost, and stopped where they did, whatever they are recognised by, on every
 * level and every kind of hook that the kernel has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define GO_CHAIN     "enter main.chainBegin key goroutine, enter main.chainMiddle, enter main.chainEnd"
#define GO_NET_CHAIN "recv 127.0.0.1 key goroutine, enter main.chainBegin, send 127.0.0.1"
#define BY_NUMBER    "enter first key arg2, enter second, enter third"

struct scenario {
	const char *name;
	const char *program;
	const char *mode;
	const char *count;
	const char *threads;
	const char *chain;
	int flags;
};

enum {
	OF_SOCKETS = 1,
	NOT_BRIEF = 2, /* left out on a slow machine: what it is about does not differ by kernel */
	EXECUTES = 4,  /* another image in the middle, which waits until it is traced */
};

static const struct scenario scenarios[] = {
	{"thread", "chain", "thread", "200", "4",
	 "enter first, enter second, enter slow, return slow, enter third", 0},
	{"returns", "chain", "thread", "200", "2", "enter first, return second, enter third",
	 NOT_BRIEF},
	{"skip", "chain", "skip", "200", "4", "enter first, enter second, enter third", 0},
	{"number", "chain", "handed", "300", "4", BY_NUMBER, 0},
	{"field", "chain", "handed", "300", "4",
	 "enter first key *(u64*)(*(u64*)(arg3+8)+8), enter second, enter third", 0},
	{"half of a field", "chain", "handed", "300", "4",
	 "enter first key *(u32*)(*(u64*)(arg3+8)+8), enter second, enter third", NOT_BRIEF},
	{"text", "chain", "handed", "300", "4",
	 "enter first key str(arg4), enter second, enter third", 0},
	{"string", "chain", "handed", "300", "4",
	 "enter first key stdstring(arg3+16), enter second, enter third", 0},
	{"number, then text", "chain", "handed", "300", "4",
	 "enter first key arg2, enter second then_key str(arg4), enter third", NOT_BRIEF},
	{"text, then string", "chain", "handed", "300", "4",
	 "enter first key str(arg4), enter second key stdstring(arg3+16), enter third key "
	 "str(arg4)",
	 NOT_BRIEF},
	{"rekeyed", "chain", "rekeyed", "300", "4",
	 "enter first, enter second then_key arg2, enter third then_key thread, return slow", 0},
	{"full", "chain", "full", "17000", "1", BY_NUMBER, NOT_BRIEF},
	{"one key", "chain", "one-key", "500", "4", BY_NUMBER, NOT_BRIEF},
	{"time out", "chain", "time-out", "200", "1", BY_NUMBER, 0},
	{"fork", "chain", "fork", "20", "1", BY_NUMBER, NOT_BRIEF},
	{"thread exit", "chain", "thread-exit", "10", "4", "enter first, enter second", 0},
	{"socket", "chain", "socket", "200", "1", "recv 127.0.0.1, enter first, send 127.0.0.1",
	 OF_SOCKETS},
	{"goroutine", "godesk", "chain", "100", "4", GO_CHAIN, 0},
	{"goroutine 1.20", "godesk-1.20", "chain", "100", "4", GO_CHAIN, NOT_BRIEF},
	{"goroutine 1.27", "godesk-1.27-stripped", "chain", "100", "4", GO_CHAIN, NOT_BRIEF},
	{"goroutine's socket", "godesk", "chain-net", "100", "4", GO_NET_CHAIN, OF_SOCKETS},
	{"goroutine's socket 1.20", "godesk-1.20", "chain-net", "100", "4", GO_NET_CHAIN,
	 OF_SOCKETS | NOT_BRIEF},
	{"exec", "chain_exec", "thread", "100", NULL, "enter first, enter second, enter third",
	 EXECUTES},
	{"exec, by number", "chain_exec", "number", "300", NULL, BY_NUMBER, EXECUTES | NOT_BRIEF},
};
#define EVERY_LEVEL_CNT 2
enum { SCENARIO_CNT = sizeof(scenarios) / sizeof(scenarios[0]) };

struct outcome {
	json_int_t begun, completed, overtaken, timed_out, lost, in_flight, stopped;
};

static const json_t *find_whole(const json_t *summary)
{
	const json_t *operation;
	size_t i;

	json_array_foreach(json_object_get(summary, "operations"), i, operation)
	{
		if (strcmp(json_string_value(json_object_get(operation, "kind")), "chain") == 0)
			return operation;
	}
	fail_msg("no chain in %s", json_dumps(summary, JSON_COMPACT));
	return NULL;
}

/* Each pair of stages has as many times as the whole, and at least as long ones as the program made
 * sure of; their sums are the whole's. */
static void check_segments(const json_t *summary, const json_t *whole, json_int_t spin_ns)
{
	const json_t *o;
	json_int_t sum_ns = 0, cnt = 0;
	size_t i;

	json_array_foreach(json_object_get(summary, "operations"), i, o)
	{
		const char *to;

		if (strcmp(json_string_value(json_object_get(o, "kind")), "segment") != 0)
			continue;
		to = json_string_value(json_object_get(json_object_get(o, "labels"), "to"));
		assert_non_null(to);
		assert_int_equal(json_number_at(o, "count"), json_number_at(whole, "count"));
		sum_ns += json_number_at(o, "sum_ns");
		cnt++;
		if (spin_ns && (strcmp(to, "enter second") == 0 || strcmp(to, "return slow") == 0))
			assert_true(json_number_at(o, "min_ns") >= spin_ns);
	}
	assert_true(cnt > 0);
	assert_int_equal(sum_ns, json_number_at(whole, "sum_ns"));
}

static void read_outcome(struct outcome *o, const json_t *whole)
{
	const json_t *stopped = json_object_get(json_object_get(whole, "quality"), "stopped_at");
	const char *stage;
	const json_t *cnt;

	*o = (struct outcome){
		.begun = json_number_at(whole, "quality.begun"),
		.completed = json_number_at(whole, "quality.completed"),
		.overtaken = json_number_at(whole, "quality.overtaken"),
		.timed_out = json_number_at(whole, "quality.timed_out"),
		.lost = json_number_at(whole, "quality.lost"),
		.in_flight = json_number_at(whole, "quality.in_flight"),
	};
	json_object_foreach((json_t *)stopped, stage, cnt) o->stopped += json_integer_value(cnt);
}

/* Stages stand in the order of the chain. */
static void check_stopped(const json_t *whole, const json_t *truth)
{
	const json_t *stopped = json_object_get(json_object_get(whole, "quality"), "stopped_at");
	const json_t *expected = json_object_get(truth, "stopped"), *cnt;
	const char *stage;
	size_t i = 0;

	json_object_foreach((json_t *)stopped, stage, cnt)
	{
		const json_t *wanted = json_array_get(expected, i++);

		if (wanted && json_integer_value(wanted) != json_integer_value(cnt))
			fail_msg("stopped at %s: %d, in truth %d", stage,
				 (int)json_integer_value(cnt), (int)json_integer_value(wanted));
	}
}

static void check(const json_t *summary, const json_t *truth)
{
	const json_t *whole = find_whole(summary);
	struct outcome o;

	read_outcome(&o, whole);
	check_identities(whole);
	assert_int_equal(o.begun, o.completed + o.overtaken + o.timed_out + o.in_flight + o.lost);
	assert_int_equal(o.stopped, o.overtaken + o.timed_out);
	assert_int_equal(json_number_at(whole, "quality.unread_keys"), 0);
	check_segments(summary, whole, json_number_at(truth, "spin_ns"));
	if (json_object_get(truth, "inner_ns"))
		assert_in_range(json_number_at(whole, "sum_ns"), json_number_at(truth, "inner_ns"),
				json_number_at(truth, "outer_ns"));
	assert_int_equal(o.begun, json_number_at(truth, "begun"));
	if (json_number_at(truth, "completed") < 0) { /* left to chance */
		assert_true(o.completed > 0);
		assert_int_equal(o.in_flight, 0);
		return;
	}
	assert_int_equal(o.completed, json_number_at(truth, "completed"));
	assert_int_equal(o.lost, json_number_at(truth, "lost"));
	assert_int_equal(o.in_flight, json_number_at(truth, "open"));
	if (json_number_at(truth, "timed_out") < 0) {
		assert_int_equal(o.timed_out + o.overtaken, o.begun);
	} else {
		assert_int_equal(o.overtaken, json_number_at(truth, "overtaken"));
		assert_int_equal(o.timed_out, json_number_at(truth, "timed_out"));
	}
	check_stopped(whole, truth);
}

/* Lets the target run to its truth. */
static struct child *start(const struct scenario *s, const char *const args[], struct child *target,
			   json_t **ret_truth)
{
	struct child *tracer;

	if (!(s->flags & EXECUTES))
		return trace_start(args, target, ret_truth);
	tracer = trace_attach(args);
	child_send(target, "go\n");
	if (!child_await_err(tracer, "is traced"))
		fail_msg("not attached again: %s", tracer->err_text);
	*ret_truth = target_truth(target);
	return tracer;
}

static void run(const struct scenario *s, const char *option, const char *value)
{
	struct child *target = target_start(s->program, s->mode, s->count, s->threads);
	bool is_timed = strcmp(s->mode, "time-out") == 0 || strcmp(s->mode, "thread-exit") == 0;
	char pid[16];
	const char *args[] = {"trace",	"-p",	  pid,	       "--chain",
			      s->chain, "--json", "--timeout", is_timed ? "1s" : "60s",
			      option,	value,	  NULL,	       NULL,
			      NULL,	NULL};
	json_t *summary, *truth;

	if (s->flags & OF_SOCKETS) { /* all at once: the deepest stack of frames in the kernel */
		args[10] = "--breakdown";
		args[11] = "--slowest";
		args[12] = "4";
	}
	snprintf(pid, sizeof(pid), "%d", target->pid);
	print_message("# %s %s\n", option, value);
	summary = trace_stop(start(s, args, target, &truth));
	check(summary, truth);
	if (s->flags & OF_SOCKETS)
		assert_int_equal(json_array_size(json_object_get(summary, "slowest")), 4);
	target_release(target);
	json_decref(summary);
	json_decref(truth);
}

/* How a stage is seen matters for sockets and for the first scenarios; the others take turns. */
static bool is_turn(const struct scenario *s, const char *const *values, size_t value_idx)
{
	size_t scenario_idx = (size_t)(s - scenarios), cnt = 0;

	if (s->flags & OF_SOCKETS || scenario_idx < EVERY_LEVEL_CNT)
		return is_hooks_turn(value_idx, scenario_idx);
	while (values[cnt])
		cnt++;
	return scenario_idx % cnt == value_idx;
}

static void test_scenario(void **state)
{
	const struct scenario *s = *state;
	const char *const *values = s->flags & OF_SOCKETS ? available_hooks() : available_levels();

	for (size_t i = 0; values[i]; i++) {
		if (is_turn(s, values, i))
			run(s, s->flags & OF_SOCKETS ? "--hooks" : "--level", values[i]);
	}
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[SCENARIO_CNT];
	size_t cnt = 0;

	for (size_t i = 0; i < SCENARIO_CNT; i++) {
		if ((argc > 1 && !strstr(scenarios[i].name, argv[1])) ||
		    (scenarios[i].flags & NOT_BRIEF && getenv("TEST_BRIEF")))
			continue;
		tests[cnt++] =
			(struct CMUnitTest){.name = scenarios[i].name,
					    .test_func = test_scenario,
					    .initial_state = (void *)(uintptr_t)&scenarios[i]};
	}
	return _cmocka_run_group_tests("chain", tests, cnt, NULL, NULL);
}
